//! Writes behind the memory: whatever changed is upserted as whole rows, all changes of a moment in one
//! transaction, again and again until the store takes it. Nothing waits for it except the link's
//! acknowledgements. Records that follow their effect go to the audit door beside it, by a writer of their
//! own: that door has a spool, and must not wait until a store that is away takes the rows.

use std::collections::VecDeque;

use tokio_util::sync::CancellationToken;

use super::Sharing;
use super::held::{Held, Unsaved};
use super::note::{AskNote, GrantNote, PressNote, RevokeNote};
use super::rows;
use crate::audit::Event;
use crate::error::Result;

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
        tokio::join!(
            self.behind.run(finish.clone(), || self.write()),
            self.recording.run(finish, || self.record())
        );
    }

    /// The notes as they are now; `saved` takes it.
    pub fn version(&self) -> u64 {
        self.held.lock().unsaved.version
    }

    /// Waits until everything up to `version` is in the store, and on record.
    pub async fn saved(&self, version: u64) {
        self.behind.saved(version).await;
        self.recording.saved(version).await;
    }

    async fn write(&self) -> Result<u64> {
        let (version, batch, marks) = self.held.lock().take_unsaved();
        if let Err(error) = self.write_batch(&batch).await {
            self.held.lock().put_back(marks);
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

    /// What neither store nor spool took stays for the next time.
    pub(super) async fn record(&self) -> Result<u64> {
        let (version, events) = self.held.lock().take_events();
        let mut events = events.into_iter();
        while let Some(event) = events.next() {
            if let Err(error) = self.audit.append_or_spool(event.clone()).await {
                let left = std::iter::once(event).chain(events);
                self.held.lock().put_events_back(left.collect());
                return Err(error);
            }
        }
        Ok(version)
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
    fn take_unsaved(&mut self) -> (u64, Batch, Unsaved) {
        let version = self.unsaved.version;
        let fresh = Unsaved {
            version,
            events: std::mem::take(&mut self.unsaved.events),
            ..Unsaved::default()
        };
        let marks = std::mem::replace(&mut self.unsaved, fresh);
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
        (version, batch, marks)
    }

    /// After a failed write: the same again, with what changed meanwhile.
    fn put_back(&mut self, marks: Unsaved) {
        self.unsaved.grants.extend(marks.grants);
        self.unsaved.presses.extend(marks.presses);
        self.unsaved.revokes.extend(marks.revokes);
        self.unsaved.asks.extend(marks.asks);
    }

    fn take_events(&mut self) -> (u64, VecDeque<Event>) {
        let events = std::mem::take(&mut self.unsaved.events);
        (self.unsaved.version, events)
    }

    fn put_events_back(&mut self, mut events: VecDeque<Event>) {
        events.append(&mut self.unsaved.events);
        events.truncate(MOST_EVENTS);
        self.unsaved.events = events;
    }
}
