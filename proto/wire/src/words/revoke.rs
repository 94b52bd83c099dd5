//! Signed revokes.

use assent_consent::{KeyId, PolicyVersion, RevokeReason, RevokeScope, SignedRevoke};

use super::parts::{addressed, agency, array};
use crate::{WireError, camera_number, grant_id, revoke_id, signed, trigger_id};

impl TryFrom<&signed::Revoke> for SignedRevoke {
    type Error = WireError;

    fn try_from(m: &signed::Revoke) -> Result<Self, WireError> {
        use signed::revoke::Reason as R;
        Ok(Self {
            to: addressed(&m.device, m.epoch)?,
            id: revoke_id(&m.id)?,
            scope: scope(m)?,
            reason: match m.reason() {
                R::Unspecified => return Err(WireError::Bad("reason")),
                R::Owner => RevokeReason::Owner,
                R::Cancelled => RevokeReason::Cancelled,
            },
        })
    }
}

fn scope(m: &signed::Revoke) -> Result<RevokeScope, WireError> {
    use signed::revoke::Scope as S;
    match m.scope.as_ref().ok_or(WireError::Bad("scope"))? {
        S::Grant(id) => grant_id(id).map(RevokeScope::Grant),
        S::Trigger(id) => trigger_id(id).map(RevokeScope::Trigger),
        S::Camera(number) => camera_number(*number).map(RevokeScope::Camera),
        S::Everything(true) => Ok(RevokeScope::Everything),
        S::Policy(version) if *version > 0 => Ok(RevokeScope::Policy(PolicyVersion(*version))),
        S::Everything(false) | S::Policy(_) => Err(WireError::Bad("scope")),
        S::Agency(id) => agency(id).map(RevokeScope::Agency),
        S::Key(id) => array(id, "key").map(KeyId).map(RevokeScope::Key),
    }
}

impl From<&SignedRevoke> for signed::Revoke {
    fn from(revoke: &SignedRevoke) -> Self {
        use signed::revoke::{Reason as R, Scope as S};
        let reason = match revoke.reason {
            RevokeReason::Owner => R::Owner,
            RevokeReason::Cancelled => R::Cancelled,
        };
        Self {
            device: revoke.to.device.0.to_vec(),
            epoch: revoke.to.epoch.get(),
            id: revoke.id.0.to_vec(),
            scope: Some(match revoke.scope {
                RevokeScope::Grant(id) => S::Grant(id.0.to_vec()),
                RevokeScope::Trigger(id) => S::Trigger(id.0.to_vec()),
                RevokeScope::Camera(camera) => S::Camera(camera.get().into()),
                RevokeScope::Everything => S::Everything(true),
                RevokeScope::Policy(version) => S::Policy(version.0),
                RevokeScope::Agency(id) => S::Agency(id.0.to_vec()),
                RevokeScope::Key(id) => S::Key(id.0.to_vec()),
            }),
            reason: reason.into(),
        }
    }
}
