//! The words that a key signs: who may say what, what is allowed, a yes, a no. Each is checked once when
//! it is made, so that what a word says is never contradictory; whether it is to be obeyed is the gate's
//! matter, and how it is written is `assent-wire`'s.

mod agency;
mod alert;
mod ceiling;
mod owner_set;
mod policy;
mod receipt;
mod revoke;
mod terms;
#[cfg(test)]
mod tests;
mod trigger;

use std::num::NonZeroU64;

pub use agency::{
    AgencyMember, AgencyRole, AgencySet, AlertKinds, BadAgencySet, OperatorCertificate,
};
pub use alert::{AlertFacts, Place, SignedAlert};
pub use ceiling::{BadCeiling, Ceiling};
pub use owner_set::{BadOwnerSet, KeyKind, Member, OwnerSet, Role};
pub use policy::{Agency, BadSignedPolicy, SignedPolicy};
pub use receipt::SignedReceipt;
pub use revoke::{RevokeReason, RevokeScope, SignedRevoke};
pub use terms::SignedTerms;
pub use trigger::{SignedTrigger, SignedTriggerKind};

use crate::{DeviceId, Nonce, ObjectHash, Signatures, TriggerId};

/// How often a device was reset to what the factory made it, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Epoch(NonZeroU64);

impl Epoch {
    pub const FIRST: Self = Self(NonZeroU64::MIN);

    #[must_use]
    pub fn new(number: u64) -> Option<Self> {
        NonZeroU64::new(number).map(Self)
    }

    #[must_use]
    pub fn get(self) -> u64 {
        self.0.get()
    }

    /// After a factory reset.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

/// Which device, in which of its lives, a word is for. No word is for all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Addressed {
    pub device: DeviceId,
    pub epoch: Epoch,
}

/// A word's place in a line of words that replace each other: the first follows none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Succession {
    version: NonZeroU64,
    previous: Option<ObjectHash>,
}

impl Succession {
    pub const FIRST: Self = Self {
        version: NonZeroU64::MIN,
        previous: None,
    };

    /// `None` for version 0, a first one that follows another, and a later one that follows none.
    #[must_use]
    pub fn new(version: u64, previous: Option<ObjectHash>) -> Option<Self> {
        let version = NonZeroU64::new(version)?;
        let is_first = version == NonZeroU64::MIN;
        (is_first == previous.is_none()).then_some(Self { version, previous })
    }

    #[must_use]
    pub fn version(self) -> u64 {
        self.version.get()
    }

    #[must_use]
    pub fn previous(self) -> Option<ObjectHash> {
        self.previous
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Word {
    OwnerSet(OwnerSet),
    Policy(SignedPolicy),
    Ceiling(Ceiling),
    Terms(SignedTerms),
    Trigger(SignedTrigger),
    Alert(SignedAlert),
    Revoke(SignedRevoke),
    Receipt(SignedReceipt),
    AgencySet(AgencySet),
    Operator(OperatorCertificate),
}

impl Word {
    /// What it is called in the envelope, which is part of what is signed: a name, and the version of its
    /// meaning.
    #[must_use]
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::OwnerSet(_) => "owner-set.1",
            Self::Policy(_) => "policy.1",
            Self::Ceiling(_) => "ceiling.1",
            Self::Terms(_) => "terms.1",
            Self::Trigger(_) => "trigger.1",
            Self::Alert(_) => "alert.1",
            Self::Revoke(_) => "revoke.1",
            Self::Receipt(_) => "receipt.1",
            Self::AgencySet(_) => "agency-set.1",
            Self::Operator(_) => "operator.1",
        }
    }

    /// Under which name it may open something, and what makes it fresh; `None` for words that open nothing
    /// by themselves.
    #[must_use]
    pub fn opening(&self) -> Option<(TriggerId, Nonce)> {
        match self {
            Self::Terms(word) => Some((word.id, word.nonce)),
            Self::Trigger(word) => Some((word.id, word.nonce)),
            Self::Alert(word) => Some((word.id, word.nonce)),
            Self::OwnerSet(_)
            | Self::Policy(_)
            | Self::Ceiling(_)
            | Self::Revoke(_)
            | Self::Receipt(_)
            | Self::AgencySet(_)
            | Self::Operator(_) => None,
        }
    }

    /// Of an agency's own papers `None`: they are for everybody.
    #[must_use]
    pub fn addressed(&self) -> Option<Addressed> {
        match self {
            Self::OwnerSet(word) => Some(word.addressed()),
            Self::Policy(word) => Some(word.addressed()),
            Self::Ceiling(word) => Some(word.addressed()),
            Self::Terms(word) => Some(word.to),
            Self::Trigger(word) => Some(word.to),
            Self::Alert(word) => Some(word.to),
            Self::Revoke(word) => Some(word.to),
            Self::Receipt(word) => Some(word.from),
            Self::AgencySet(_) | Self::Operator(_) => None,
        }
    }
}

/// A word with its name and the signatures under it, not yet judged. Made by whoever read all three out of
/// one envelope; `hash` is that of the very bytes that `word` was read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    pub word: Word,
    pub hash: ObjectHash,
    pub signatures: Signatures,
}
