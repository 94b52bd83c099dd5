//! Writes behind the memory: whatever changed is upserted as whole rows, all changes of a moment in one
//! transaction, again and again until the store takes it. Nothing waits for it except the link's
//! acknowledgements. Records that follow their effect go to the audit door here too.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::Sharing;
use super::held::{Held, Unsaved};
use super::note::{AskNote, GrantNote, PressNote, RevokeNote};
use super::rows;
use crate::audit::Event;
use crate::error::Result;

/// Between two tries while the store is away.
const RETRY: Duration = Duration::from_secs(1);
/// Follow-up records that wait for a store that is away; the spool takes the rest.
const MOST_EVENTS: usize = 4_096;
/// Tries to write what is left when the hub stops: a store that is away must not hold it up.
const LAST_TRIES: usize = 3;

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
        while !finish.is_cancelled() {
            tokio::select! {
                () = self.unsaved.notified() => {}
                () = finish.cancelled() => {}
            }
            while !self.write().await {
                tokio::select! {
                    () = tokio::time::sleep(RETRY) => {}
                    () = finish.cancelled() => break,
                }
            }
        }
        for _ in 0..LAST_TRIES {
            if self.write().await {
                return;
            }
        }
        tracing::error!("the store did not take the last changes of sharing; devices will report them again");
    }

    /// The notes as they are now; `saved` takes it.
    pub fn version(&self) -> u64 {
        self.held.lock().unsaved.version
    }

    /// Waits until everything up to `version` is in the store.
    pub async fn saved(&self, version: u64) {
        let mut saved = self.saved.subscribe();
        // The sender lives as long as self.
        saved.wait_for(|written| *written >= version).await.ok();
    }

    /// True when everything that was unsaved is in the store.
    async fn write(&self) -> bool {
        let (version, batch, marks, events) = self.held.lock().take_unsaved();
        if let Err(error) = self.write_batch(&batch).await {
            tracing::warn!(%error, "what is shared could not be written; trying again");
            self.held.lock().put_back(marks, events);
            return false;
        }
        if let Err(left) = self.record(events).await {
            self.held.lock().put_back(Unsaved::default(), left);
            return false;
        }
        self.saved.send_if_modified(|written| std::mem::replace(written, version.max(*written)) < version);
        true
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
    async fn record(&self, events: Vec<Event>) -> std::result::Result<(), Vec<Event>> {
        let mut events = events.into_iter();
        while let Some(event) = events.next() {
            if let Err(error) = self.audit.append_or_spool(event.clone()).await {
                tracing::error!(%error, "a record waits: neither store nor spool takes it");
                return Err(std::iter::once(event).chain(events).take(MOST_EVENTS).collect());
            }
        }
        Ok(())
    }
}

impl Batch {
    fn is_empty(&self) -> bool {
        self.grants.is_empty() && self.presses.is_empty() && self.revokes.is_empty() && self.asks.is_empty()
    }
}

impl Held {
    fn take_unsaved(&mut self) -> (u64, Batch, Unsaved, Vec<Event>) {
        let version = self.unsaved.version;
        let fresh = Unsaved { version, ..Unsaved::default() };
        let mut marks = std::mem::replace(&mut self.unsaved, fresh);
        let events = std::mem::take(&mut marks.events).into();
        let batch = Batch {
            grants: marks.grants.iter().filter_map(|id| self.grants.get(id).cloned()).collect(),
            presses: marks.presses.iter().filter_map(|id| self.presses.get(id).cloned()).collect(),
            revokes: marks.revokes.iter().filter_map(|id| self.revokes.get(id).cloned()).collect(),
            asks: marks.asks.iter().filter_map(|id| self.asks.get(id).cloned()).collect(),
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
