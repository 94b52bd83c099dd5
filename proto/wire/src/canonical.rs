//! Payloads have one form only: a value together with the very bytes it came in, which are exactly the
//! bytes it would be written as. So a hash or a signature over the bytes is one over the value.

use assent_consent::{Revoke, StandingPolicy, Trigger};
use prost::Message;

use crate::{MAX_ENVELOPE, MAX_POLICY, WireError, link};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Canonical<T> {
    value: T,
    bytes: Vec<u8>,
}

/// What can stand in an envelope.
pub trait Payload: Sized + for<'a> TryFrom<&'a Self::Message, Error = WireError> {
    /// The name in the envelope; part of what will be signed.
    const TYPE: &'static str;
    const MAX_BYTES: usize;
    type Message: Message + Default + for<'a> From<&'a Self>;
}

impl Payload for Trigger {
    const TYPE: &'static str = "trigger";
    const MAX_BYTES: usize = MAX_ENVELOPE;
    type Message = link::Trigger;
}

impl Payload for Revoke {
    const TYPE: &'static str = "revoke";
    const MAX_BYTES: usize = MAX_ENVELOPE;
    type Message = link::Revoke;
}

impl Payload for StandingPolicy {
    const TYPE: &'static str = "policy";
    const MAX_BYTES: usize = MAX_POLICY;
    type Message = link::StandingPolicy;
}

impl<T: Payload> Canonical<T> {
    pub fn decode(bytes: &[u8]) -> Result<Self, WireError> {
        if bytes.len() > T::MAX_BYTES {
            return Err(WireError::TooLong);
        }
        let message = T::Message::decode(bytes).map_err(|_| WireError::NotProtobuf)?;
        let again = Self::of(T::try_from(&message)?);
        // From the parsed value, not from the message: unsorted lists must not pass either.
        if again.bytes != bytes {
            return Err(WireError::NotCanonical);
        }
        Ok(again)
    }

    /// A value of our own making, with the bytes that it is written as.
    #[must_use]
    pub fn of(value: T) -> Self {
        let bytes = T::Message::from(&value).encode_to_vec();
        Self { value, bytes }
    }

    #[must_use]
    pub fn value(&self) -> &T {
        &self.value
    }

    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    #[must_use]
    pub fn into_value(self) -> T {
        self.value
    }
}
