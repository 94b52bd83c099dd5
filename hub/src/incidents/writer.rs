//! Writes incidents and alerts behind the memory, as sharing does: whole rows, one transaction a moment,
//! until the store takes them.

use tokio_util::sync::CancellationToken;

use super::note::{AlertNote, IncidentNote};
use super::{Incidents, rows};
use crate::error::Result;

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
        let (version, incidents, alerts) = self.take_dirty();
        if let Err(error) = self.write_rows(&incidents, &alerts).await {
            let mut held = self.held.lock();
            held.dirty_incidents
                .extend(incidents.iter().map(|note| note.id));
            held.dirty_alerts.extend(alerts.iter().map(|note| note.id));
            return Err(error);
        }
        self.forget();
        Ok(version)
    }

    fn take_dirty(&self) -> (u64, Vec<IncidentNote>, Vec<AlertNote>) {
        let mut held = self.held.lock();
        let incidents = std::mem::take(&mut held.dirty_incidents);
        let alerts = std::mem::take(&mut held.dirty_alerts);
        let incidents = incidents
            .iter()
            .filter_map(|id| held.incidents.get(id).cloned())
            .collect();
        let alerts = alerts
            .iter()
            .filter_map(|id| held.alerts.get(id).cloned())
            .collect();
        (held.version, incidents, alerts)
    }

    async fn write_rows(&self, incidents: &[IncidentNote], alerts: &[AlertNote]) -> Result<()> {
        if incidents.is_empty() && alerts.is_empty() {
            return Ok(());
        }
        let mut transaction = self.world.store.pool().begin().await?;
        for incident in incidents {
            rows::put_incident(&mut transaction, incident).await?;
        }
        for alert in alerts {
            rows::put_alert(&mut transaction, alert).await?;
        }
        transaction.commit().await?;
        Ok(())
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
