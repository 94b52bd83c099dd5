//! The owner's no, and what must be remembered of it. Tombstones are a join-semilattice: taking them in
//! in any order, twice, or merged from elsewhere gives the same set, and a revoke that overtakes the
//! trigger it names still closes it.

use crate::{CameraNumber, EndCause, GrantId, Remembered, RevokeId, TriggerId};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revoke {
    pub id: RevokeId,
    pub scope: Scope,
    pub reason: Reason,
}

/// Grant and trigger name something for ever, even before it is known. Camera and everything mean what
/// is asked or live when the revoke first arrives; standing rules under them stay paused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    Grant(GrantId),
    Trigger(TriggerId),
    Camera(CameraNumber),
    Everything,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    Owner,
    Cancelled,
    Cleared,
    OperatorSignedOut,
}

impl Reason {
    #[must_use]
    pub fn end_cause(self) -> EndCause {
        match self {
            Self::Owner => EndCause::Revoked,
            Self::Cancelled => EndCause::CancelledByOwner,
            Self::Cleared | Self::OperatorSignedOut => EndCause::ClearedByAgency,
        }
    }
}

/// Ids that were closed, newest so many of each kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tombstones {
    revokes: Remembered<RevokeId>,
    triggers: Remembered<TriggerId>,
    grants: Remembered<GrantId>,
}

impl Tombstones {
    /// A trigger opens nothing after two minutes, so only those of the last minutes matter; a thousand
    /// of each kind is years of a household's presses and 48 KiB on the device's disk.
    pub const MOST: usize = 1024;

    /// False when this very revoke was taken in before.
    pub fn take(&mut self, revoke: &Revoke) -> bool {
        if !self.revokes.insert(revoke.id) {
            return false;
        }
        match revoke.scope {
            Scope::Grant(id) => self.grants.insert(id),
            Scope::Trigger(id) => self.triggers.insert(id),
            Scope::Camera(_) | Scope::Everything => true,
        };
        true
    }

    pub fn join(&mut self, other: &Self) {
        self.revokes.extend(other.revokes.iter());
        self.triggers.extend(other.triggers.iter());
        self.grants.extend(other.grants.iter());
    }

    #[must_use]
    pub fn holds_revoke(&self, id: RevokeId) -> bool {
        self.revokes.contains(&id)
    }

    #[must_use]
    pub fn holds_trigger(&self, id: TriggerId) -> bool {
        self.triggers.contains(&id)
    }

    #[must_use]
    pub fn holds_grant(&self, id: GrantId) -> bool {
        self.grants.contains(&id)
    }

    pub fn revokes(&self) -> impl Iterator<Item = RevokeId> + '_ {
        self.revokes.iter()
    }

    pub fn triggers(&self) -> impl Iterator<Item = TriggerId> + '_ {
        self.triggers.iter()
    }

    pub fn grants(&self) -> impl Iterator<Item = GrantId> + '_ {
        self.grants.iter()
    }

    /// What was kept elsewhere, for example on a disk, oldest first.
    #[must_use]
    pub fn restore(
        revokes: impl IntoIterator<Item = RevokeId>,
        triggers: impl IntoIterator<Item = TriggerId>,
        grants: impl IntoIterator<Item = GrantId>,
    ) -> Self {
        let mut kept = Self::default();
        kept.revokes.extend(revokes);
        kept.triggers.extend(triggers);
        kept.grants.extend(grants);
        kept
    }
}

impl Default for Tombstones {
    fn default() -> Self {
        Self {
            revokes: Remembered::at_most(Self::MOST),
            triggers: Remembered::at_most(Self::MOST),
            grants: Remembered::at_most(Self::MOST),
        }
    }
}
