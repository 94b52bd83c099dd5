//! Signed words on their way between an owner's page and a device: nonces to sign with, and the sets,
//! policies and ceilings that open nothing by themselves. The hub checks their form and whom they are for,
//! so that it bothers no device with rubbish. It cannot check more: whose keys count only the device knows,
//! and the other phones check what the hub kept for them. Presses and stops are `sharing`'s.

mod envelope;
mod nonces;
mod page;
mod presented;
mod refusals;
mod rows;
#[cfg(test)]
mod tests;

pub use envelope::{Envelope, MOST_ENVELOPES, base64url};
pub use page::{KnownWords, Nonce, NonceAsked, WordTaken, WordsAsked, WordsTaken};
pub use refusals::{name, sentence};

use std::sync::Arc;

use crate::devices::{Device, Devices};
use crate::error::{Error, Kind, Result};
use crate::identity::Person;
use crate::registry::Registry;
use crate::world::{DeviceId, Guarded, World};
use nonces::Asked;
use presented::Pending;

#[derive(Clone)]
pub struct Words {
    world: World,
    registry: Registry,
    devices: Devices,
    asked: Arc<Guarded<Asked>>,
    pending: Arc<Guarded<Pending>>,
}

impl Words {
    pub fn new(world: World, registry: Registry, devices: Devices) -> Self {
        Self {
            world,
            registry,
            devices,
            asked: Arc::default(),
            pending: Arc::default(),
        }
    }

    /// The device, if it is this person's. Of all others nobody learns whether there are any.
    fn of(&self, by: &Person, device: DeviceId) -> Result<Device> {
        let known = self.devices.device(device);
        let own = known.filter(|known| known.revoked.is_none() && by.answers_for(known.premises));
        own.ok_or_else(|| Error::not_found("This device is not yours, or not known here."))
    }
}

fn away() -> Error {
    Error::new(
        Kind::Unavailable,
        "Your device is away at the moment. It is asked again as soon as it is back.",
    )
    .slug("device-away")
}
