//! The Town: cameras, CORE devices, owners, operators and a hub, as real processes and real streams, for
//! tests, demo and bench alike. No product code lives here, and the product does not use it.

pub mod cameras;
pub mod oracle;
pub mod picture;
pub mod relay;
pub mod scene;
pub mod signing;
pub mod stamp;
pub mod town;
