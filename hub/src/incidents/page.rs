//! The section `incidents` of the operators' page.

use serde::Serialize;
use time::Duration;
use utoipa::ToSchema;
use uuid::Uuid;

use super::note::{AlertNote, IncidentNote, Level};
use super::{Held, Incidents};
use crate::identity::Person;
use crate::sharing::{AcknowledgedBy, AlertAnswer};
use crate::world::{IncidentId, Stamp};

/// Cleared incidents stay in sight for the hand-over.
const SHOWN_AFTER_CLEAR: Duration = Duration::HOUR;

#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Incident {
    pub id: Uuid,
    pub state: IncidentState,
    pub level: Level,
    pub drill: bool,
    pub silent: bool,
    pub premises: IncidentPremises,
    pub opened_at: Stamp,
    pub cleared_at: Option<Stamp>,
    /// Oldest first.
    pub alerts: Vec<Alert>,
    /// What its grants open now, or are about to.
    pub camera_ids: Vec<Uuid>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum IncidentState {
    Open,
    Cleared,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct IncidentPremises {
    pub id: Uuid,
    pub name: String,
    pub address: String,
    /// Who has a key, in the owner's words.
    pub keyholder: Option<String>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Alert {
    pub id: Uuid,
    /// press, button, message, stoppedAtPremises, unplugged, rebooted, or the kind that a webhook names.
    pub kind: String,
    pub raised_at: Stamp,
    /// How old it was when it arrived.
    pub age_ms: u64,
    pub by: Option<String>,
    pub call_back: Option<String>,
    pub note: Option<String>,
    pub place: Option<AlertPlace>,
    pub acknowledged: Option<AcknowledgedBy>,
    pub answer: AlertAnswer,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, ToSchema)]
pub struct AlertPlace {
    pub lat: f64,
    pub lon: f64,
}

impl Incidents {
    /// Open incidents and those cleared within the last hour, newest first.
    pub fn incidents(&self, person: &Person) -> Vec<Incident> {
        let now = self.world.clock.now();
        let held = self.held.lock();
        let shown = |incident: &&IncidentNote| {
            self.works_for(person, incident.premises)
                && incident
                    .cleared
                    .as_ref()
                    .is_none_or(|cleared| now - cleared.at < SHOWN_AFTER_CLEAR)
        };
        let mut notes: Vec<&IncidentNote> = held.incidents.values().filter(shown).collect();
        notes.sort_by_key(|incident| std::cmp::Reverse((incident.opened_at, incident.id)));
        notes
            .into_iter()
            .map(|note| self.page(&held, note))
            .collect()
    }

    pub(super) fn incident(&self, id: IncidentId) -> Option<Incident> {
        let held = self.held.lock();
        held.incidents.get(&id).map(|note| self.page(&held, note))
    }

    pub(super) fn alert(&self, id: Uuid) -> Option<Alert> {
        let held = self.held.lock();
        let note = held.alerts.get(&id)?;
        let premises = held
            .incidents
            .get(&note.incident)
            .map(|incident| incident.premises)?;
        let call_back = self
            .registry
            .premises(premises)
            .and_then(|premises| premises.call_back.clone());
        Some(alert_page(
            note,
            call_back.map(|number| number.reveal().clone()),
        ))
    }

    fn page(&self, held: &Held, note: &IncidentNote) -> Incident {
        let premises = self.registry.premises(note.premises);
        let call_back = premises
            .as_ref()
            .and_then(|premises| premises.call_back.as_ref())
            .map(|number| number.reveal().clone());
        let mut alerts: Vec<&AlertNote> = held
            .alerts
            .values()
            .filter(|alert| alert.incident == note.id)
            .collect();
        alerts.sort_by_key(|alert| (alert.raised_at, alert.id));
        Incident {
            id: note.id.0,
            state: if note.cleared.is_some() {
                IncidentState::Cleared
            } else {
                IncidentState::Open
            },
            level: note.level,
            drill: note.drill,
            silent: note.silent,
            premises: IncidentPremises {
                id: note.premises.0,
                name: premises
                    .as_ref()
                    .map_or_else(String::new, |premises| premises.name.clone()),
                address: premises
                    .as_ref()
                    .map_or_else(String::new, |premises| premises.address.reveal().clone()),
                keyholder: premises
                    .as_ref()
                    .and_then(|premises| premises.keyholder.as_ref())
                    .map(|name| name.reveal().clone()),
            },
            opened_at: note.opened_at.into(),
            cleared_at: note.cleared.as_ref().map(|cleared| cleared.at.into()),
            alerts: alerts
                .into_iter()
                .map(|alert| alert_page(alert, call_back.clone()))
                .collect(),
            camera_ids: self
                .sharing
                .cameras_of(note.id)
                .into_iter()
                .map(|camera| camera.0)
                .collect(),
        }
    }
}

fn alert_page(note: &AlertNote, call_back: Option<String>) -> Alert {
    Alert {
        id: note.id,
        kind: note.kind.name().to_owned(),
        raised_at: note.raised_at.into(),
        age_ms: note.age_ms,
        by: note.by.clone(),
        call_back,
        note: note.note.clone(),
        place: note.place.map(|place| AlertPlace {
            lat: place.lat,
            lon: place.lon,
        }),
        acknowledged: note.acknowledged.as_ref().map(|ack| AcknowledgedBy {
            badge: ack.badge.clone(),
            at: ack.at.into(),
        }),
        answer: note.answer,
    }
}
