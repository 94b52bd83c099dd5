//! A no, signed by anybody who is enrolled. It never ages and needs no nonce: said twice, late, or again
//! by somebody who kept it, it closes no more than it did, and opens nothing.

use crate::{
    Addressed, AgencyHash, CameraNumber, GrantId, KeyId, PolicyVersion, Reason, Revoke, RevokeId,
    Scope, TriggerId,
};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedRevoke {
    pub to: Addressed,
    pub id: RevokeId,
    pub scope: RevokeScope,
    pub reason: RevokeReason,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RevokeScope {
    Grant(GrantId),
    Trigger(TriggerId),
    Camera(CameraNumber),
    Everything,
    /// This version of the policy, and all before it, are void.
    Policy(PolicyVersion),
    /// Nothing for this agency until a newer policy.
    Agency(AgencyHash),
    /// Cancelled for good in this epoch.
    Key(KeyId),
}

/// What somebody who signs can say; the other reasons are the hub's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RevokeReason {
    Owner,
    /// Within the first seconds: pressed by mistake.
    Cancelled,
}

impl SignedRevoke {
    /// As the sharing machine knows it; `None` for what is about rules and keys rather than shares.
    #[must_use]
    pub fn of_a_share(&self) -> Option<Revoke> {
        let scope = match self.scope {
            RevokeScope::Grant(id) => Scope::Grant(id),
            RevokeScope::Trigger(id) => Scope::Trigger(id),
            RevokeScope::Camera(camera) => Scope::Camera(camera),
            RevokeScope::Everything => Scope::Everything,
            RevokeScope::Policy(_) | RevokeScope::Agency(_) | RevokeScope::Key(_) => return None,
        };
        Some(Revoke {
            id: self.id,
            scope,
            reason: match self.reason {
                RevokeReason::Owner => Reason::Owner,
                RevokeReason::Cancelled => Reason::Cancelled,
            },
        })
    }
}
