//! Revokes.

use assent_consent::{Reason, Revoke, Scope};

use super::{camera_number, grant_id, revoke_id, trigger_id};
use crate::{WireError, link};

impl TryFrom<&link::Revoke> for Revoke {
    type Error = WireError;

    fn try_from(m: &link::Revoke) -> Result<Self, WireError> {
        Ok(Self {
            id: revoke_id(&m.id)?,
            scope: scope(m)?,
            reason: m.reason().try_into()?,
        })
    }
}

fn scope(m: &link::Revoke) -> Result<Scope, WireError> {
    use link::revoke::Scope as S;
    match m.scope.as_ref().ok_or(WireError::Bad("scope"))? {
        S::Grant(id) => grant_id(id).map(Scope::Grant),
        S::Trigger(id) => trigger_id(id).map(Scope::Trigger),
        S::Camera(number) => camera_number(*number).map(Scope::Camera),
        S::Everything(true) => Ok(Scope::Everything),
        S::Everything(false) => Err(WireError::Bad("scope")),
    }
}

impl From<&Revoke> for link::Revoke {
    fn from(revoke: &Revoke) -> Self {
        use link::revoke::Scope as S;
        let scope = match revoke.scope {
            Scope::Grant(id) => S::Grant(id.0.to_vec()),
            Scope::Trigger(id) => S::Trigger(id.0.to_vec()),
            Scope::Camera(camera) => S::Camera(camera.get().into()),
            Scope::Everything => S::Everything(true),
        };
        let reason = link::revoke::Reason::from(revoke.reason).into();
        Self {
            id: revoke.id.0.to_vec(),
            scope: Some(scope),
            reason,
        }
    }
}

impl TryFrom<link::revoke::Reason> for Reason {
    type Error = WireError;

    fn try_from(reason: link::revoke::Reason) -> Result<Self, WireError> {
        use link::revoke::Reason as R;
        match reason {
            R::Unspecified => Err(WireError::Bad("reason")),
            R::Owner => Ok(Self::Owner),
            R::Cancelled => Ok(Self::Cancelled),
            R::Cleared => Ok(Self::Cleared),
            R::OperatorSignedOut => Ok(Self::OperatorSignedOut),
        }
    }
}

impl From<Reason> for link::revoke::Reason {
    fn from(reason: Reason) -> Self {
        match reason {
            Reason::Owner => Self::Owner,
            Reason::Cancelled => Self::Cancelled,
            Reason::Cleared => Self::Cleared,
            Reason::OperatorSignedOut => Self::OperatorSignedOut,
        }
    }
}
