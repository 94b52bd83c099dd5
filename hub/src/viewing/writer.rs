//! Writes viewings behind the memory; and, beside it, the records of their ends to the audit door, which
//! has a spool and must not wait for a store that is away. The record of a viewing's beginning does not
//! come this way: it is written before anything is shown.

use sqlx::{Any, Transaction};
use tokio_util::sync::CancellationToken;

use super::note::View;
use super::{Viewing, history};
use crate::error::Result;
use crate::world::Row;

impl Row for View {
    async fn put(&self, tx: &mut Transaction<'_, Any>) -> Result<()> {
        history::put(tx, self).await
    }

    fn name(&self) -> String {
        format!("viewing {}", self.id)
    }
}

impl Viewing {
    /// Runs until told to finish; then writes what is left.
    pub async fn keep_written(self, finish: CancellationToken) {
        tokio::join!(
            self.behind.run(finish.clone(), || self.write()),
            self.recording.run(finish, || self.record_ends())
        );
    }

    async fn write(&self) -> Result<u64> {
        let (version, views) = {
            let mut held = self.held.lock();
            (held.version, std::mem::take(&mut held.dirty))
        };
        let views: Vec<View> = views.into_values().collect();
        if let Err(error) = self.world.store.put_all(&views).await {
            self.held.lock().put_back(views);
            return Err(error);
        }
        Ok(version)
    }

    /// What neither store nor spool took stays for the next time.
    pub(super) async fn record_ends(&self) -> Result<u64> {
        let (version, mut events) = {
            let mut held = self.held.lock();
            (held.version, std::mem::take(&mut held.events))
        };
        while let Some(event) = events.pop_front() {
            if let Err(error) = self.audit.append_or_spool(event.clone()).await {
                events.push_front(event);
                self.held.lock().put_events_back(events);
                return Err(error);
            }
        }
        Ok(version)
    }
}
