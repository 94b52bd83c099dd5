//! Incidents and alerts as they are remembered.

use time::OffsetDateTime;
use uuid::Uuid;

use crate::registry::Place;
use crate::sharing::AlertAnswer;
use crate::world::{IncidentId, PersonId, PremisesId, Text};

/// What the presser or the detector says beside it.
pub type AlertWords = Text<280>;

/// How grave: what a panic press opens stands above everything.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, utoipa::ToSchema,
)]
#[serde(rename_all = "camelCase")]
#[schema(as = IncidentLevel)]
pub enum Level {
    Alert,
    StaffAlert,
    Panic,
}

/// What raised it. A webhook's own kinds are free text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AlertKind {
    Press,
    Button,
    Message,
    StoppedAtPremises,
    Unplugged,
    Rebooted,
    Hook(String),
}

#[derive(Clone, Debug)]
pub struct NewAlert {
    pub id: Uuid,
    pub premises: PremisesId,
    pub kind: AlertKind,
    /// None: an alarm, which only joins what is open.
    pub level: Option<Level>,
    pub drill: bool,
    pub silent: bool,
    /// How old it was when it arrived.
    pub age_ms: u64,
    pub by: Option<String>,
    pub note: Option<AlertWords>,
    pub place: Option<Place>,
    pub answer: AlertAnswer,
}

#[derive(Clone, Debug)]
pub(super) struct IncidentNote {
    pub(super) id: IncidentId,
    pub(super) premises: PremisesId,
    pub(super) level: Level,
    pub(super) drill: bool,
    pub(super) silent: bool,
    pub(super) opened_at: OffsetDateTime,
    pub(super) cleared: Option<Cleared>,
}

#[derive(Clone, Debug)]
pub(super) struct Cleared {
    pub(super) at: OffsetDateTime,
    pub(super) by: PersonId,
    pub(super) note: Option<String>,
}

#[derive(Clone, Debug)]
pub(super) struct AlertNote {
    pub(super) id: Uuid,
    pub(super) incident: IncidentId,
    pub(super) kind: AlertKind,
    pub(super) raised_at: OffsetDateTime,
    pub(super) age_ms: u64,
    pub(super) by: Option<String>,
    pub(super) note: Option<String>,
    pub(super) place: Option<Place>,
    pub(super) answer: AlertAnswer,
    pub(super) acknowledged: Option<Acknowledged>,
}

#[derive(Clone, Debug)]
pub(super) struct Acknowledged {
    pub(super) badge: String,
    pub(super) by: PersonId,
    pub(super) at: OffsetDateTime,
}

impl NewAlert {
    pub(super) fn noted(self, incident: IncidentId, now: OffsetDateTime) -> AlertNote {
        AlertNote {
            id: self.id,
            incident,
            kind: self.kind,
            raised_at: now,
            age_ms: self.age_ms,
            by: self.by,
            note: self.note.map(AlertWords::into_string),
            place: self.place,
            answer: self.answer,
            acknowledged: None,
        }
    }
}

impl AlertKind {
    pub fn name(&self) -> &str {
        match self {
            AlertKind::Press => "press",
            AlertKind::Button => "button",
            AlertKind::Message => "message",
            AlertKind::StoppedAtPremises => "stoppedAtPremises",
            AlertKind::Unplugged => "unplugged",
            AlertKind::Rebooted => "rebooted",
            AlertKind::Hook(kind) => kind,
        }
    }

    /// A webhook cannot pass itself off as a press: its kinds that read like ours are marked as its own.
    pub fn from_hook(kind: &str) -> Self {
        match Self::parse(kind) {
            AlertKind::Hook(kind) => AlertKind::Hook(kind),
            AlertKind::Press
            | AlertKind::Button
            | AlertKind::Message
            | AlertKind::StoppedAtPremises
            | AlertKind::Unplugged
            | AlertKind::Rebooted => AlertKind::Hook(format!("hook-{kind}")),
        }
    }

    pub(super) fn parse(text: &str) -> Self {
        match text {
            "press" => AlertKind::Press,
            "button" => AlertKind::Button,
            "message" => AlertKind::Message,
            "stoppedAtPremises" => AlertKind::StoppedAtPremises,
            "unplugged" => AlertKind::Unplugged,
            "rebooted" => AlertKind::Rebooted,
            other => AlertKind::Hook(other.to_owned()),
        }
    }
}

impl Level {
    pub(super) fn name(self) -> &'static str {
        match self {
            Level::Alert => "alert",
            Level::StaffAlert => "staffAlert",
            Level::Panic => "panic",
        }
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        [Level::Alert, Level::StaffAlert, Level::Panic]
            .into_iter()
            .find(|level| level.name() == text)
    }
}
