//! An envelope as a page hands it over: bytes in base64url, which are read, and passed on untouched.

use std::sync::Arc;

use assent_consent::{Sealed, Word};
use assent_wire::{MAX_POLICY, WireError, open_word};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::error::{Error, Result};
use crate::world::DeviceId;

/// Envelopes in one call, one a device: more boxes than any premises has.
pub const MOST_ENVELOPES: usize = 8;
/// The longest envelope there is, in base64url.
const LONGEST: usize = MAX_POLICY.div_ceil(3) * 4;

/// Read, and not judged: the signatures under it were looked at by nobody.
#[derive(Clone, Debug)]
pub struct Envelope {
    pub bytes: Arc<[u8]>,
    pub sealed: Sealed,
}

impl Envelope {
    pub fn read(text: &str) -> Result<Self> {
        let bytes = (text.len() <= LONGEST)
            .then(|| URL_SAFE_NO_PAD.decode(text).ok())
            .flatten();
        let bytes = bytes.ok_or_else(|| {
            Error::unprocessable("An envelope is base64url without padding, of 64 KiB at most.")
                .slug("envelope-unreadable")
        })?;
        Self::open(&bytes)
    }

    pub fn open(bytes: &[u8]) -> Result<Self> {
        let sealed = open_word(bytes).map_err(unreadable)?;
        Ok(Self {
            bytes: bytes.into(),
            sealed,
        })
    }

    pub fn word(&self) -> &Word {
        &self.sealed.word
    }

    /// Which device it is for; none of an agency's own papers.
    pub fn device(&self) -> Option<DeviceId> {
        let to = self.sealed.word.addressed()?;
        Some(DeviceId(to.device.0))
    }
}

fn unreadable(error: WireError) -> Error {
    let sentence = match error {
        WireError::FromNewerVersion => {
            "This was signed by a newer version of the page than the hub knows. Ask the hub's operator to update it.".to_owned()
        }
        WireError::TooLong
        | WireError::NotProtobuf
        | WireError::NotCanonical
        | WireError::UnknownType
        | WireError::Bad(_) => format!("An envelope cannot be read: {error}."),
    };
    Error::unprocessable(sentence).slug("envelope-unreadable")
}

/// As the API writes bytes.
pub fn base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
