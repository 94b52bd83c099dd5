//! Triggers: presses, alerts, renewals and approvals.

use assent_consent::{
    AgencyId, Alert, AlertKind, AlertSource, Approval, Level, Note, PersonId, Press, PressedAt,
    RuleId, Trigger, TriggerKind, WallTime,
};

use super::{increasing, numbers, trigger_id};
use crate::{WireError, link};

impl TryFrom<&link::Trigger> for Trigger {
    type Error = WireError;

    fn try_from(m: &link::Trigger) -> Result<Self, WireError> {
        use link::trigger::Kind as K;
        let kind = match m.kind.as_ref().ok_or(WireError::Bad("kind"))? {
            K::Press(press) => TriggerKind::Press(press.try_into()?),
            K::Alert(alert) => TriggerKind::Alert(alert.try_into()?),
            K::Standing(standing) => TriggerKind::Standing(RuleId(standing.rule)),
            K::Approval(approval) => TriggerKind::Approval(approval.try_into()?),
        };
        Ok(Self {
            id: trigger_id(&m.id)?,
            made_at: WallTime(m.made_at_ms),
            kind,
        })
    }
}

impl From<&Trigger> for link::Trigger {
    fn from(trigger: &Trigger) -> Self {
        use link::trigger::Kind as K;
        let kind = match &trigger.kind {
            TriggerKind::Press(press) => K::Press(press.into()),
            TriggerKind::Alert(alert) => K::Alert(alert.into()),
            TriggerKind::Standing(rule) => K::Standing(link::StandingRenewal { rule: rule.0 }),
            TriggerKind::Approval(approval) => K::Approval(approval.into()),
        };
        Self {
            id: trigger.id.0.to_vec(),
            made_at_ms: trigger.made_at.0,
            kind: Some(kind),
        }
    }
}

impl TryFrom<&link::Press> for Press {
    type Error = WireError;

    fn try_from(m: &link::Press) -> Result<Self, WireError> {
        Ok(Self {
            level: m.level().try_into()?,
            silent: m.silent,
            drill: m.drill,
            at: m.at().try_into()?,
            by: PersonId::new(&m.by).map_err(|_| WireError::Bad("by"))?,
            cameras: increasing(&m.cameras)?.into_iter().collect(),
            note: Note::new(&m.note).map_err(|_| WireError::Bad("note"))?,
        })
    }
}

impl From<&Press> for link::Press {
    fn from(press: &Press) -> Self {
        Self {
            level: link::Level::from(press.level).into(),
            silent: press.silent,
            drill: press.drill,
            at: link::PressedAt::from(press.at).into(),
            by: press.by.to_string(),
            cameras: numbers(press.cameras.iter().copied()),
            note: press.note.to_string(),
        }
    }
}

impl TryFrom<&link::Alert> for Alert {
    type Error = WireError;

    fn try_from(m: &link::Alert) -> Result<Self, WireError> {
        Ok(Self {
            kind: AlertKind::new(&m.kind).map_err(|_| WireError::Bad("alert kind"))?,
            agency: AgencyId::new(&m.agency).map_err(|_| WireError::Bad("agency"))?,
            distance_m: m.distance_m,
            source: AlertSource::new(&m.source).map_err(|_| WireError::Bad("source"))?,
        })
    }
}

impl From<&Alert> for link::Alert {
    fn from(alert: &Alert) -> Self {
        Self {
            kind: alert.kind.to_string(),
            agency: alert.agency.to_string(),
            distance_m: alert.distance_m,
            source: alert.source.to_string(),
        }
    }
}

impl TryFrom<&link::Approval> for Approval {
    type Error = WireError;

    fn try_from(m: &link::Approval) -> Result<Self, WireError> {
        Ok(Self {
            of: trigger_id(&m.of_trigger)?,
            alert: m
                .alert
                .as_ref()
                .ok_or(WireError::Bad("alert"))?
                .try_into()?,
            by: PersonId::new(&m.by).map_err(|_| WireError::Bad("by"))?,
        })
    }
}

impl From<&Approval> for link::Approval {
    fn from(approval: &Approval) -> Self {
        Self {
            of_trigger: approval.of.0.to_vec(),
            alert: Some((&approval.alert).into()),
            by: approval.by.to_string(),
        }
    }
}

impl TryFrom<link::Level> for Level {
    type Error = WireError;

    fn try_from(level: link::Level) -> Result<Self, WireError> {
        match level {
            link::Level::Unspecified => Err(WireError::Bad("level")),
            link::Level::StaffAlert => Ok(Self::StaffAlert),
            link::Level::Panic => Ok(Self::Panic),
        }
    }
}

impl From<Level> for link::Level {
    fn from(level: Level) -> Self {
        match level {
            Level::StaffAlert => Self::StaffAlert,
            Level::Panic => Self::Panic,
        }
    }
}

impl TryFrom<link::PressedAt> for PressedAt {
    type Error = WireError;

    fn try_from(at: link::PressedAt) -> Result<Self, WireError> {
        match at {
            link::PressedAt::Unspecified => Err(WireError::Bad("at")),
            link::PressedAt::Phone => Ok(Self::Phone),
            link::PressedAt::Button => Ok(Self::Button),
        }
    }
}

impl From<PressedAt> for link::PressedAt {
    fn from(at: PressedAt) -> Self {
        match at {
            PressedAt::Phone => Self::Phone,
            PressedAt::Button => Self::Button,
        }
    }
}
