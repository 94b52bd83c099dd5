//! Writes viewings behind the memory, and the records of their ends to the audit door. The record of a
//! viewing's beginning does not come this way: it is written before anything is shown.

use tokio_util::sync::CancellationToken;

use super::note::View;
use super::{Viewing, history};
use crate::error::Result;

impl Viewing {
    /// Runs until told to finish; then writes what is left.
    pub async fn keep_written(self, finish: CancellationToken) {
        self.behind.run(finish, || self.write()).await;
    }

    async fn write(&self) -> Result<u64> {
        let (version, views, events) = {
            let mut held = self.held.lock();
            (
                held.version,
                std::mem::take(&mut held.dirty),
                std::mem::take(&mut held.events),
            )
        };
        if let Err(error) = self.write_views(views.values()).await {
            let mut held = self.held.lock();
            for (id, view) in views {
                held.dirty.entry(id).or_insert(view);
            }
            let newer = std::mem::replace(&mut held.events, events);
            held.events.extend(newer);
            return Err(error);
        }
        let mut events = events;
        while let Some(event) = events.pop_front() {
            if let Err(error) = self.audit.append_or_spool(event.clone()).await {
                events.push_front(event);
                let mut held = self.held.lock();
                let newer = std::mem::replace(&mut held.events, events);
                held.events.extend(newer);
                return Err(error);
            }
        }
        Ok(version)
    }

    async fn write_views(&self, views: impl ExactSizeIterator<Item = &View>) -> Result<()> {
        if views.len() == 0 {
            return Ok(());
        }
        let mut transaction = self.world.store.pool().begin().await?;
        for view in views {
            history::put(&mut transaction, view).await?;
        }
        transaction.commit().await?;
        Ok(())
    }
}
