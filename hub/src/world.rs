//! What lies outside the hub's own logic: time, randomness, the store, and the ids that every slice
//! shares. All of it is handed in, so that a test owns it; nothing here knows an owner or a camera.

mod behind;
mod clock;
mod guarded;
mod ids;
mod private;
mod random;
mod rows;
mod stamp;
mod store;
mod text;

pub use behind::Behind;
pub use clock::{Clock, from_millis, millis};
pub use guarded::Guarded;
pub use ids::{
    AgencyId, CameraId, DeviceId, GrantId, IncidentId, PersonId, PremisesId, ViewingId, hash_of_hex,
};
pub use private::Private;
pub use random::{Hash, Random, Secret};
pub use rows::Row;
pub use stamp::Stamp;
pub use store::{Engine, Store, StoreState};
pub use text::Text;

/// Everything that a slice may ask of the outside.
#[derive(Clone)]
pub struct World {
    pub clock: Clock,
    pub random: Random,
    pub store: Store,
}
