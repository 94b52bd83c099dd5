//! Why the gate does not do what it was told, in the order of its steps. Those before, about bytes, are
//! `assent-wire`'s.

use crate::{BadProof, Refusal};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GateRefusal {
    WrongDevice,
    /// Said to the device before it was last reset, or to one that it is not yet.
    WrongEpoch,
    /// Closed before it came: the trigger, the grant, this version of the policy, or the agency.
    Revoked,
    KeyCancelled,
    /// Not given out to this key, too late, or for the second time.
    StaleNonce,
    UnknownKey,
    /// The key is known, and may not say this: its kind, its role, its cameras, too few of them.
    NotAllowed,
    BadSignature,
    WrongOrigin,
    NotVerified,
    /// The device has this version or a later one.
    OldVersion,
    /// It follows a word that the device does not have.
    WrongPrevious,
    /// No policy and no ceiling names this agency.
    UnknownAgency,
    /// It would leave the device without an owner's passkey.
    LastPasskey,
    /// Alerts for more than a year ahead.
    TooFarAhead,
    /// Alert and standing rules, or an operator's certificate, are over, or nobody knows what time it is.
    Expired,
    /// There is nothing that waits for somebody at the device.
    NothingWaits,
    /// What the rules of consent say to it.
    Rules(Refusal),
    AboveCeiling,
}

impl From<BadProof> for GateRefusal {
    fn from(bad: BadProof) -> Self {
        match bad {
            BadProof::BadSignature => Self::BadSignature,
            BadProof::WrongOrigin => Self::WrongOrigin,
            BadProof::NotVerified => Self::NotVerified,
        }
    }
}

impl From<Refusal> for GateRefusal {
    fn from(refusal: Refusal) -> Self {
        Self::Rules(refusal)
    }
}
