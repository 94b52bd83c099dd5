//! How device and phone prove to each other that they know the secret: HKDF (RFC 5869) and HMAC (RFC 2104),
//! both with SHA-256, each side under a name of its own so that nothing said can be said back.

use assent_consent::DeviceId;
use assent_wire::Covered;
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::{hkdf, hmac};

use super::Secret;

const INFO: &[u8] = b"ASSENT-PAIR-v1";

#[derive(Clone, Copy)]
pub(super) enum Side {
    Phone,
    Device,
}

impl Side {
    fn name(self) -> &'static [u8] {
        match self {
            Self::Phone => b"phone\0",
            Self::Device => b"device\0",
        }
    }
}

/// The MAC over what this side says.
///
/// # Errors
/// Never: 32 bytes are one block, and HKDF gives 255 of them.
pub(super) fn cover(
    secret: &Secret,
    device: DeviceId,
    by: Side,
    said: &[u8],
) -> Result<Vec<u8>, Unspecified> {
    let bytes = [by.name(), said].concat();
    let tag = hmac::sign(&key(secret, device)?, &bytes);
    Ok(tag.as_ref().to_vec())
}

/// In constant time.
pub(super) fn covers(secret: &Secret, device: DeviceId, by: Side, covered: Covered<'_>) -> bool {
    let bytes = [by.name(), covered.said].concat();
    key(secret, device).is_ok_and(|key| hmac::verify(&key, &bytes, covered.mac).is_ok())
}

fn key(secret: &Secret, device: DeviceId) -> Result<hmac::Key, Unspecified> {
    let root = hkdf::Salt::new(hkdf::HKDF_SHA256, &device.0).extract(secret.bytes());
    let okm = root.expand(&[INFO], hmac::HMAC_SHA256)?;
    Ok(hmac::Key::from(okm))
}
