//! Writes behind the memory: whatever changed is upserted as whole rows, all changes of a moment in one
//! transaction, again and again until the store takes it. Nothing waits for it except the link's
//! acknowledgements. Records that follow their effect go to the audit door here too.

use tokio_util::sync::CancellationToken;

use super::Sharing;
use super::held::{Held, Unsaved};
use super::note::{AskNote, GrantNote, PressNote, RevokeNote};
use super::rows;
use crate::audit::Event;
use crate::error::{Error, Result};

/// Follow-up records that wait for a store and a spool that are both away; beyond it the oldest stand.
const MOST_EVENTS: usize = 4_096;

/// One snapshot of what has to be written.
pub(super) struct Batch {
    pub(super) grants: Vec<GrantNote>,
    pub(super) presses: Vec<PressNote>,
    pub(super) revokes: Vec<RevokeNote>,
    pub(super) asks: Vec<AskNote>,
}

impl Sharing {
    /// Runs until told to finish; then writes what is left.
    pub async fn keep_written(self, finish: CancellationToken) {
        self.behind.run(finish, || self.write()).await;
    }

    /// The notes as they are now; `saved` takes it.
    pub fn version(&self) -> u64 {
        self.held.lock().unsaved.version
    }

    /// Waits until everything up to `version` is in the store.
    pub async fn saved(&self, version: u64) {
        self.behind.saved(version).await;
    }

    async fn write(&self) -> Result<u64> {
        let (version, batch, marks, events) = self.held.lock().take_unsaved();
        if let Err(error) = self.write_batch(&batch).await {
            self.held.lock().put_back(marks, events);
            return Err(error);
        }
        if let Err((error, left)) = self.record(events).await {
            self.held.lock().put_back(Unsaved::default(), left);
            return Err(error);
        }
        Ok(version)
    }

    async fn write_batch(&self, batch: &Batch) -> Result<()> {
        if batch.is_empty() {
            return Ok(());
        }
        let mut transaction = self.world.store.pool().begin().await?;
        for press in &batch.presses {
            rows::put_press(&mut transaction, press).await?;
        }
        for grant in &batch.grants {
            rows::put_grant(&mut transaction, grant).await?;
        }
        for revoke in &batch.revokes {
            rows::put_revoke(&mut transaction, revoke).await?;
        }
        for ask in &batch.asks {
            rows::put_ask(&mut transaction, ask).await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    /// Gives back what neither store nor spool took.
    async fn record(&self, events: Vec<Event>) -> std::result::Result<(), (Error, Vec<Event>)> {
        let mut events = events.into_iter();
        while let Some(event) = events.next() {
            if let Err(error) = self.audit.append_or_spool(event.clone()).await {
                return Err((
                    error,
                    std::iter::once(event)
                        .chain(events)
                        .take(MOST_EVENTS)
                        .collect(),
                ));
            }
        }
        Ok(())
    }
}

impl Batch {
    fn is_empty(&self) -> bool {
        self.grants.is_empty()
            && self.presses.is_empty()
            && self.revokes.is_empty()
            && self.asks.is_empty()
    }
}

impl Held {
    fn take_unsaved(&mut self) -> (u64, Batch, Unsaved, Vec<Event>) {
        let version = self.unsaved.version;
        let fresh = Unsaved {
            version,
            ..Unsaved::default()
        };
        let mut marks = std::mem::replace(&mut self.unsaved, fresh);
        let events = std::mem::take(&mut marks.events).into();
        let batch = Batch {
            grants: marks
                .grants
                .iter()
                .filter_map(|id| self.grants.get(id).cloned())
                .collect(),
            presses: marks
                .presses
                .iter()
                .filter_map(|id| self.presses.get(id).cloned())
                .collect(),
            revokes: marks
                .revokes
                .iter()
                .filter_map(|id| self.revokes.get(id).cloned())
                .collect(),
            asks: marks
                .asks
                .iter()
                .filter_map(|id| self.asks.get(id).cloned())
                .collect(),
        };
        (version, batch, marks, events)
    }

    /// After a failed write: the same again, with what changed meanwhile.
    fn put_back(&mut self, marks: Unsaved, mut events: Vec<Event>) {
        self.unsaved.grants.extend(marks.grants);
        self.unsaved.presses.extend(marks.presses);
        self.unsaved.revokes.extend(marks.revokes);
        self.unsaved.asks.extend(marks.asks);
        events.extend(self.unsaved.events.drain(..));
        self.unsaved.events = events.into();
    }
}
