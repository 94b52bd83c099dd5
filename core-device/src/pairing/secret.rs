//! The secret of a pairing: sixteen random bytes that only the device's screen shows.

use zeroize::Zeroizing;

/// Overwritten in memory when it is dropped. Has no way to be printed.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Secret(Zeroizing<[u8; 16]>);

impl Secret {
    pub(crate) fn random() -> Self {
        Self(Zeroizing::new(rand::random()))
    }

    pub(crate) fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    pub(crate) fn bytes(&self) -> &[u8; 16] {
        &self.0
    }
}
