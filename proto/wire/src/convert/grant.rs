//! What a device says of its grants: opened, why, and how they ended.

use assent_consent::{Adopted, Cause, EndCause, Terms};

use super::{grant_id, trigger_id};
use crate::{WireError, link};

impl TryFrom<&link::Opened> for Adopted {
    type Error = WireError;

    fn try_from(m: &link::Opened) -> Result<Self, WireError> {
        Ok(Self {
            grant: grant_id(&m.grant_id)?,
            trigger: trigger_id(&m.trigger_id)?,
            cause: m
                .cause
                .as_ref()
                .ok_or(WireError::Bad("cause"))?
                .try_into()?,
            terms: Terms::try_from(m.terms.as_ref().ok_or(WireError::Bad("terms"))?)?,
            remaining_ms: m.remaining_ms,
        })
    }
}

/// A live grant as the device reports it, with the number of its own persisted receipt.
#[must_use]
pub fn opened_message(grant: &Adopted, receipt: u64) -> link::Opened {
    link::Opened {
        grant_id: grant.grant.0.to_vec(),
        trigger_id: grant.trigger.0.to_vec(),
        terms: Some((&grant.terms).into()),
        receipt,
        remaining_ms: grant.remaining_ms,
        cause: Some(grant.cause.into()),
    }
}

impl TryFrom<&link::Cause> for Cause {
    type Error = WireError;

    fn try_from(m: &link::Cause) -> Result<Self, WireError> {
        use link::cause::Kind;
        match m.kind() {
            Kind::Unspecified => Err(WireError::Bad("cause")),
            Kind::ByPress => Ok(Self::Press {
                level: m.level().try_into()?,
                silent: m.silent,
                drill: m.drill,
                at: m.at().try_into()?,
            }),
            Kind::ByAlert => Ok(Self::Alert),
            Kind::ByStandingRule => Ok(Self::Standing),
            Kind::ByApproval => Ok(Self::Approval),
            Kind::ByTerms => Ok(Self::Terms),
        }
    }
}

impl From<Cause> for link::Cause {
    fn from(cause: Cause) -> Self {
        use link::cause::Kind;
        let of = |kind: Kind| Self {
            kind: kind.into(),
            ..Self::default()
        };
        match cause {
            Cause::Press {
                level,
                silent,
                drill,
                at,
            } => Self {
                level: link::Level::from(level).into(),
                silent,
                drill,
                at: link::PressedAt::from(at).into(),
                ..of(Kind::ByPress)
            },
            Cause::Alert => of(Kind::ByAlert),
            Cause::Standing => of(Kind::ByStandingRule),
            Cause::Approval => of(Kind::ByApproval),
            Cause::Terms => of(Kind::ByTerms),
        }
    }
}

impl TryFrom<link::EndCause> for EndCause {
    type Error = WireError;

    fn try_from(cause: link::EndCause) -> Result<Self, WireError> {
        use link::EndCause as E;
        match cause {
            E::Unspecified => Err(WireError::Bad("end cause")),
            E::Revoked => Ok(Self::Revoked),
            E::Expired => Ok(Self::Expired),
            E::ClearedByAgency => Ok(Self::ClearedByAgency),
            E::CancelledByOwner => Ok(Self::CancelledByOwner),
            E::StoppedLocally => Ok(Self::StoppedLocally),
            E::Reboot => Ok(Self::Reboot),
            E::PolicyChanged => Ok(Self::PolicyChanged),
        }
    }
}

impl From<EndCause> for link::EndCause {
    fn from(cause: EndCause) -> Self {
        match cause {
            EndCause::Revoked => Self::Revoked,
            EndCause::Expired => Self::Expired,
            EndCause::ClearedByAgency => Self::ClearedByAgency,
            EndCause::CancelledByOwner => Self::CancelledByOwner,
            EndCause::StoppedLocally => Self::StoppedLocally,
            EndCause::Reboot => Self::Reboot,
            EndCause::PolicyChanged => Self::PolicyChanged,
        }
    }
}
