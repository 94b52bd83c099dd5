//! What may lead to a share: a press, an alert, the owner's yes to an alert, or a standing rule coming
//! round again. A trigger is a proposal with an id; whether it opens anything is in `answer`.

use crate::{Alert, Cause, PersonId, Press, RuleId, TriggerId, WallTime};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trigger {
    pub id: TriggerId,
    /// On the maker's clock, to be shown; its age is measured by those who carry it.
    pub made_at: WallTime,
    pub kind: TriggerKind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TriggerKind {
    Press(Press),
    Alert(Alert),
    /// Made by the device itself, a new one for every renewal.
    Standing(RuleId),
    Approval(Approval),
}

/// The owner's yes to one alert that asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approval {
    pub of: TriggerId,
    pub alert: Alert,
    pub by: PersonId,
}

impl Trigger {
    #[must_use]
    pub fn cause(&self) -> Cause {
        match &self.kind {
            TriggerKind::Press(p) => Cause::Press {
                level: p.level,
                silent: p.silent,
                drill: p.drill,
                at: p.at,
            },
            TriggerKind::Alert(_) => Cause::Alert,
            TriggerKind::Standing(_) => Cause::Standing,
            TriggerKind::Approval(_) => Cause::Approval,
        }
    }

    /// Its own id and, for an approval, that of the alert it answers: a revoke that names either
    /// closes it.
    pub fn names(&self) -> impl Iterator<Item = TriggerId> + use<> {
        let of = match &self.kind {
            TriggerKind::Approval(approval) => Some(approval.of),
            TriggerKind::Press(_) | TriggerKind::Alert(_) | TriggerKind::Standing(_) => None,
        };
        std::iter::once(self.id).chain(of)
    }
}
