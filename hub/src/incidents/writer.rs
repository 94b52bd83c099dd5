//! Writes incidents and alerts behind the memory, as sharing does: whole rows, one transaction a moment,
//! until the store takes them.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::note::{AlertNote, IncidentNote};
use super::{Incidents, rows};
use crate::error::Result;

/// Between two tries while the store is away.
const RETRY: Duration = Duration::from_secs(1);
/// How often what is old is forgotten.
const FORGET_EVERY: Duration = Duration::from_secs(60);
/// Tries to write what is left when the hub stops.
const LAST_TRIES: usize = 3;

impl Incidents {
    /// Runs until told to finish; then writes what is left.
    pub async fn keep_written(self, finish: CancellationToken) {
        while !finish.is_cancelled() {
            tokio::select! {
                () = self.unsaved.notified() => {}
                () = tokio::time::sleep(FORGET_EVERY) => self.forget(),
                () = finish.cancelled() => {}
            }
            while let Err(error) = self.write().await {
                tracing::warn!(%error, "incidents could not be written; trying again");
                tokio::select! {
                    () = tokio::time::sleep(RETRY) => {}
                    () = finish.cancelled() => break,
                }
            }
        }
        for _ in 0..LAST_TRIES {
            match self.write().await {
                Ok(()) => return,
                Err(error) => tracing::error!(%error, "the last changes of incidents could not be written"),
            }
        }
    }

    /// The notes as they are now; `saved` takes it.
    pub fn version(&self) -> u64 {
        self.held.lock().version
    }

    /// Waits until everything up to `version` is in the store.
    pub async fn saved(&self, version: u64) {
        let mut saved = self.saved.subscribe();
        // The sender lives as long as self.
        saved.wait_for(|written| *written >= version).await.ok();
    }

    async fn write(&self) -> Result<()> {
        let (version, incidents, alerts) = self.take_dirty();
        let written = self.write_rows(&incidents, &alerts).await;
        if written.is_err() {
            let mut held = self.held.lock();
            held.dirty_incidents.extend(incidents.iter().map(|note| note.id));
            held.dirty_alerts.extend(alerts.iter().map(|note| note.id));
            return written;
        }
        self.saved.send_if_modified(|saved| std::mem::replace(saved, version.max(*saved)) < version);
        Ok(())
    }

    fn take_dirty(&self) -> (u64, Vec<IncidentNote>, Vec<AlertNote>) {
        let mut held = self.held.lock();
        let incidents = std::mem::take(&mut held.dirty_incidents);
        let alerts = std::mem::take(&mut held.dirty_alerts);
        let incidents = incidents.iter().filter_map(|id| held.incidents.get(id).cloned()).collect();
        let alerts = alerts.iter().filter_map(|id| held.alerts.get(id).cloned()).collect();
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
            held.dirty_incidents.contains(id) || incident.cleared.as_ref().is_none_or(|cleared| cleared.at > old)
        });
        held.alerts.retain(|id, alert| held.dirty_alerts.contains(id) || held.incidents.contains_key(&alert.incident));
    }
}
