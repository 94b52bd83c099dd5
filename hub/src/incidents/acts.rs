//! What operators do with incidents: acknowledge an alert, clear the incident; and what an owner does to
//! one: take the press back. An operator acts on the incidents of the own agency's premises only; others
//! do not exist for them.

use serde_json::json;
use uuid::Uuid;

use super::note::{Acknowledged, Cleared};
use super::page::{Alert, Incident};
use super::{Held, Incidents};
use crate::audit::{Actor, Class, Event};
use crate::error::{Error, Result};
use crate::identity::Person;
use crate::sharing::AlertAnswer;
use crate::world::{IncidentId, PremisesId, Text};

/// What is said at the end; long reports belong to the case.
const LONGEST_NOTE: usize = 1_000;

impl Incidents {
    /// The first operator to do this has the alert; everybody else is shown who that was.
    pub async fn acknowledge(&self, by: &Person, alert: Uuid) -> Result<Alert> {
        let badge = badge_of(by)?;
        let now = self.world.clock.now();
        let first = {
            let mut held = self.held.lock();
            let premises = held
                .premises_of(alert)
                .filter(|premises| self.works_for(by, *premises));
            premises.ok_or_else(no_alert)?;
            held.acknowledge(
                alert,
                Acknowledged {
                    badge: badge.clone(),
                    by: by.id,
                    at: now,
                },
            )
        };
        if first {
            self.sharing.acknowledged(alert, &badge, now);
            self.touched();
            let event = Event::new(Class::Acknowledgement, Actor::Person(by.id))
                .agency(by.agency)
                .detail(json!({ "alert": alert }));
            self.audit.append_or_spool(event).await?;
            tracing::info!(alert.id = %alert, actor = %by.id, "alert acknowledged");
        }
        self.alert(alert).ok_or_else(no_alert)
    }

    /// Ends the incident and every grant of it: first the grants, then the record.
    pub async fn clear(
        &self,
        by: &Person,
        incident: Uuid,
        note: Option<String>,
    ) -> Result<Incident> {
        if note.as_ref().is_some_and(|note| note.len() > LONGEST_NOTE) {
            return Err(Error::invalid("The note is longer than 1,000 bytes."));
        }
        // Nothing ends later because of what stands in a note.
        let note = note.map(|note| Text::<LONGEST_NOTE>::cleaned(&note).into_string());
        let id = IncidentId(incident);
        let now = self.world.clock.now();
        let (premises, first) = {
            let mut held = self.held.lock();
            let known = held
                .incidents
                .get_mut(&id)
                .filter(|known| self.works_for(by, known.premises));
            let known =
                known.ok_or_else(|| Error::not_found("This incident is not known here."))?;
            let first = known.cleared.is_none();
            known.cleared.get_or_insert(Cleared {
                at: now,
                by: by.id,
                note,
            });
            let premises = known.premises;
            held.dirty_incidents.insert(id);
            held.version += 1;
            (premises, first)
        };
        self.sharing.clear(id, by.id).await;
        self.touched();
        if first {
            let event = Event::new(Class::IncidentCleared, Actor::Person(by.id))
                .premises(premises)
                .agency(by.agency);
            self.audit
                .append_or_spool(event.detail(json!({ "incident": incident })))
                .await?;
        }
        self.incident(id)
            .ok_or_else(|| Error::internal("an incident is gone from memory"))
    }

    /// The owner took a press back as a mistake. Operators keep its alert, and read what became of it.
    pub fn taken_back(&self, press: Uuid) {
        {
            let mut held = self.held.lock();
            let Some(alert) = held
                .alerts
                .get_mut(&press)
                .filter(|alert| alert.answer != AlertAnswer::Cancelled)
            else {
                return;
            };
            alert.answer = AlertAnswer::Cancelled;
            held.dirty_alerts.insert(press);
            held.version += 1;
        }
        self.touched();
    }

    pub(super) fn works_for(&self, by: &Person, premises: PremisesId) -> bool {
        by.agency.is_some()
            && self
                .registry
                .premises(premises)
                .map(|premises| premises.agency)
                == by.agency
    }
}

impl Held {
    fn premises_of(&self, alert: Uuid) -> Option<PremisesId> {
        let alert = self.alerts.get(&alert)?;
        self.incidents
            .get(&alert.incident)
            .map(|incident| incident.premises)
    }

    fn acknowledge(&mut self, alert: Uuid, by: Acknowledged) -> bool {
        let Some(note) = self
            .alerts
            .get_mut(&alert)
            .filter(|note| note.acknowledged.is_none())
        else {
            return false;
        };
        note.acknowledged = Some(by);
        self.dirty_alerts.insert(alert);
        self.version += 1;
        true
    }
}

fn badge_of(by: &Person) -> Result<String> {
    by.badge
        .as_ref()
        .map(|badge| badge.0.clone())
        .ok_or_else(|| Error::forbidden("Only an operator with a badge number can do this."))
}

fn no_alert() -> Error {
    Error::not_found("This alert is not known here.")
}
