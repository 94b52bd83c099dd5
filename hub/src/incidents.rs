//! What operators work on: an incident at some premises and the alerts attached to it. The first
//! acknowledgement wins and is a human act; clearing ends every grant of the incident. What raises an
//! alert is `alerts`' business.

mod acts;
mod note;
mod page;
mod rows;
mod writer;

pub use note::{AlertKind, AlertWords, Level, NewAlert};
pub use page::{Alert, Incident};

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use time::OffsetDateTime;
use tokio::sync::watch;
use uuid::Uuid;

use crate::audit::Audit;
use crate::error::Result;
use crate::registry::Registry;
use crate::sharing::{AlertAnswer, Sharing};
use crate::world::{Behind, Guarded, IncidentId, PremisesId, World};
use note::{AlertNote, IncidentNote};

/// Alerts of one incident. A detector that chatters must not fill memory; more are counted as the last.
const MOST_ALERTS: usize = 200;

#[derive(Clone)]
pub struct Incidents {
    world: World,
    audit: Audit,
    registry: Registry,
    sharing: Sharing,
    held: Arc<Guarded<Held>>,
    changed: watch::Sender<u64>,
    behind: Behind,
}

#[derive(Default)]
struct Held {
    incidents: BTreeMap<IncidentId, IncidentNote>,
    alerts: BTreeMap<Uuid, AlertNote>,
    version: u64,
    dirty_incidents: BTreeSet<IncidentId>,
    dirty_alerts: BTreeSet<Uuid>,
}

impl Incidents {
    pub async fn open(
        world: World,
        audit: Audit,
        registry: Registry,
        sharing: Sharing,
    ) -> Result<Self> {
        let held = rows::held(&world).await?;
        Ok(Self {
            world,
            audit,
            registry,
            sharing,
            held: Arc::new(Guarded::new(held)),
            changed: watch::Sender::new(0),
            behind: Behind::new("incidents"),
        })
    }

    /// Wakes when anything here changed.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// Attaches an alert to the open incident at its premises, or opens one. The same alert twice is one.
    pub fn raise(&self, alert: NewAlert) -> IncidentId {
        let incident = {
            let mut held = self.held.lock();
            match held.alerts.get(&alert.id).map(|known| known.incident) {
                Some(incident) => {
                    held.answered_since(&alert);
                    incident
                }
                None => held.take(
                    alert,
                    IncidentId(self.world.random.id()),
                    self.world.clock.now(),
                ),
            }
        };
        self.touched();
        incident
    }

    /// Whether this alert is known, and its incident was cleared.
    pub fn is_over(&self, alert: Uuid) -> bool {
        let held = self.held.lock();
        let known = held.alerts.get(&alert);
        known
            .and_then(|known| held.incidents.get(&known.incident))
            .is_some_and(|incident| incident.cleared.is_some())
    }

    /// The newest open incident at premises, real ones first.
    pub fn open_at(&self, premises: PremisesId) -> Option<(IncidentId, Level)> {
        let held = self.held.lock();
        let open = held
            .incidents
            .values()
            .filter(|incident| incident.premises == premises && incident.cleared.is_none());
        open.max_by_key(|incident| (!incident.drill, incident.opened_at))
            .map(|incident| (incident.id, incident.level))
    }

    /// The open incident that an alert of this kind and level would add nothing to but a line.
    pub fn open_for(&self, premises: PremisesId, drill: bool, level: Level) -> Option<IncidentId> {
        let held = self.held.lock();
        let open = held.incidents.values().filter(|incident| {
            incident.premises == premises
                && incident.cleared.is_none()
                && incident.drill == drill
                && incident.level >= level
        });
        open.max_by_key(|incident| incident.opened_at)
            .map(|incident| incident.id)
    }

    /// Whether an alert that came in at `at` has its place here. One beyond an incident's bound has it too.
    pub fn covers(&self, alert: Uuid, premises: PremisesId, at: OffsetDateTime) -> bool {
        let held = self.held.lock();
        let full = |incident: &IncidentNote| {
            incident.premises == premises
                && incident.opened_at <= at
                && held.count(incident.id) >= MOST_ALERTS
        };
        held.alerts.contains_key(&alert) || held.incidents.values().any(full)
    }

    fn touched(&self) {
        self.changed.send_modify(|number| *number += 1);
        self.behind.wake();
    }
}

impl Held {
    fn take(&mut self, alert: NewAlert, fresh: IncidentId, now: OffsetDateTime) -> IncidentId {
        let same = |incident: &&IncidentNote| {
            let here = incident.premises == alert.premises && incident.cleared.is_none();
            // A drill never hides in a real incident, nor the other way round. An alarm follows what is open.
            here && (alert.level.is_none() || incident.drill == alert.drill)
        };
        let open = self
            .incidents
            .values()
            .filter(same)
            .max_by_key(|incident| (!incident.drill, incident.opened_at))
            .map(|open| open.id);
        let id = open.unwrap_or(fresh);
        let incident = self.incidents.entry(id).or_insert_with(|| IncidentNote {
            id,
            premises: alert.premises,
            level: alert.level.unwrap_or(Level::Alert),
            drill: alert.drill,
            silent: alert.silent,
            opened_at: now,
            cleared: None,
        });
        incident.level = incident.level.max(alert.level.unwrap_or(incident.level));
        incident.silent |= alert.silent;
        if self.count(id) < MOST_ALERTS {
            self.alerts.insert(alert.id, alert.clone().noted(id, now));
            self.dirty_alerts.insert(alert.id);
        }
        self.dirty_incidents.insert(id);
        self.version += 1;
        id
    }

    /// Sent again, because not all owners' policies could be asked the first time.
    fn answered_since(&mut self, again: &NewAlert) {
        let Some(known) = self.alerts.get_mut(&again.id) else {
            return;
        };
        if known.answer != AlertAnswer::Cancelled && again.answer > known.answer {
            known.answer = again.answer;
            self.dirty_alerts.insert(again.id);
            self.version += 1;
        }
    }

    fn count(&self, incident: IncidentId) -> usize {
        let own = |alert: &&AlertNote| alert.incident == incident;
        self.alerts.values().filter(own).count()
    }
}
