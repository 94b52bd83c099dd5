//! Writes incidents and alerts behind the memory, as sharing does: whole rows, one transaction a moment,
//! until the store takes them.

use sqlx::{Any, Transaction};
use tokio_util::sync::CancellationToken;

use super::note::{AlertNote, IncidentNote};
use super::{Incidents, rows};
use crate::error::Result;
use crate::world::Row;

/// One row of a batch.
enum Dirty {
    Incident(IncidentNote),
    Alert(AlertNote),
}

impl Row for Dirty {
    async fn put(&self, tx: &mut Transaction<'_, Any>) -> Result<()> {
        match self {
            Dirty::Incident(note) => rows::put_incident(tx, note).await,
            Dirty::Alert(note) => rows::put_alert(tx, note).await,
        }
    }

    fn name(&self) -> String {
        match self {
            Dirty::Incident(note) => format!("incident {}", note.id),
            Dirty::Alert(note) => format!("alert {}", note.id),
        }
    }
}

impl Incidents {
    /// Runs until told to finish; then writes what is left.
    pub async fn keep_written(self, finish: CancellationToken) {
        self.behind.run(finish, || self.write()).await;
    }

    /// The notes as they are now; `saved` takes it.
    pub fn version(&self) -> u64 {
        self.held.lock().version
    }

    /// Waits until everything up to `version` is in the store.
    pub async fn saved(&self, version: u64) {
        self.behind.saved(version).await;
    }

    async fn write(&self) -> Result<u64> {
        let (version, batch) = self.take_dirty();
        if let Err(error) = self.world.store.put_all(&batch).await {
            let mut held = self.held.lock();
            for row in batch {
                match row {
                    Dirty::Incident(note) => held.dirty_incidents.insert(note.id),
                    Dirty::Alert(note) => held.dirty_alerts.insert(note.id),
                };
            }
            return Err(error);
        }
        self.forget();
        Ok(version)
    }

    /// Incidents first: an alert's row names its incident's.
    fn take_dirty(&self) -> (u64, Vec<Dirty>) {
        let mut held = self.held.lock();
        let incidents = std::mem::take(&mut held.dirty_incidents);
        let alerts = std::mem::take(&mut held.dirty_alerts);
        let incidents = incidents
            .iter()
            .filter_map(|id| held.incidents.get(id).cloned().map(Dirty::Incident));
        let alerts = alerts
            .iter()
            .filter_map(|id| held.alerts.get(id).cloned().map(Dirty::Alert));
        (held.version, incidents.chain(alerts).collect())
    }

    fn forget(&self) {
        let old = self.world.clock.now() - rows::REMEMBERED;
        let mut held = self.held.lock();
        let held = &mut *held;
        held.incidents.retain(|id, incident| {
            held.dirty_incidents.contains(id)
                || incident
                    .cleared
                    .as_ref()
                    .is_none_or(|cleared| cleared.at > old)
        });
        held.alerts.retain(|id, alert| {
            held.dirty_alerts.contains(id) || held.incidents.contains_key(&alert.incident)
        });
    }
}
