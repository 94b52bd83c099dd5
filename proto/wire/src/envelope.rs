//! The envelope that carries an owner's instruction over the link: its type, its canonical payload and,
//! from the consent issue on, its signatures. Whoever carries it cannot change it; whoever opens it
//! learns what it says, not whether to obey.

use assent_consent::{Revoke, StandingPolicy, Trigger};
use prost::Message;

use crate::{Canonical, MAX_ENVELOPE, MAX_POLICY, Payload, WireError, link};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Instruction {
    Trigger(Canonical<Trigger>),
    Revoke(Canonical<Revoke>),
    Policy(Canonical<StandingPolicy>),
}

/// An owner's phone and its passkey, and two more.
const MAX_SIGNATURES: usize = 4;
/// Type, lengths and signatures beside the payload.
const MAX_OVERHEAD: usize = 1024;

/// Reads an envelope, in the order size, parse, canonical.
pub fn open(bytes: &[u8]) -> Result<Instruction, WireError> {
    if bytes.len() > MAX_POLICY + MAX_OVERHEAD {
        return Err(WireError::TooLong);
    }
    let envelope = link::Envelope::decode(bytes).map_err(|_| WireError::NotProtobuf)?;
    let is_policy = envelope.r#type == StandingPolicy::TYPE;
    if !is_policy && bytes.len() > MAX_ENVELOPE {
        return Err(WireError::TooLong);
    }
    if envelope.signatures.len() > MAX_SIGNATURES {
        return Err(WireError::Bad("signatures"));
    }
    if envelope.encode_to_vec() != bytes {
        return Err(WireError::NotCanonical);
    }
    match envelope.r#type.as_str() {
        Trigger::TYPE => Canonical::decode(&envelope.payload).map(Instruction::Trigger),
        Revoke::TYPE => Canonical::decode(&envelope.payload).map(Instruction::Revoke),
        StandingPolicy::TYPE => Canonical::decode(&envelope.payload).map(Instruction::Policy),
        _ => Err(WireError::UnknownType),
    }
}

/// Writes an unsigned envelope.
#[must_use]
pub fn seal<T: Payload>(payload: &Canonical<T>) -> Vec<u8> {
    let envelope = link::Envelope {
        r#type: T::TYPE.to_owned(),
        payload: payload.bytes().to_vec(),
        signatures: Vec::new(),
    };
    envelope.encode_to_vec()
}
