//! Writes behind the memory: whatever changed is upserted as whole rows, all changes of a moment in one
//! transaction, again and again until the store takes it. Nothing waits for it except the link's
//! acknowledgements. Records that follow their effect go to the audit door beside it, by a writer of their
//! own: that door has a spool, and must not wait until a store that is away takes the rows.

use std::collections::VecDeque;

use sqlx::{Any, Transaction};
use tokio_util::sync::CancellationToken;

use super::held::{Held, Unsaved};
use super::note::{AskNote, GrantNote, PressNote, RevokeNote};
use super::{Sharing, rows, uuid};
use crate::audit::Event;
use crate::error::Result;
use crate::world::Row;

/// Follow-up records that wait for a store and a spool that are both away; beyond it the oldest stand.
const MOST_EVENTS: usize = 4_096;

/// One row of what has to be written, as it is at this moment.
enum Dirty {
    Press(PressNote),
    Grant(GrantNote),
    Revoke(RevokeNote),
    Ask(AskNote),
}

impl Row for Dirty {
    async fn put(&self, tx: &mut Transaction<'_, Any>) -> Result<()> {
        match self {
            Dirty::Press(note) => rows::put_press(tx, note).await,
            Dirty::Grant(note) => rows::put_grant(tx, note).await,
            Dirty::Revoke(note) => rows::put_revoke(tx, note).await,
            Dirty::Ask(note) => rows::put_ask(tx, note).await,
        }
    }

    fn name(&self) -> String {
        match self {
            Dirty::Press(note) => format!("press {}", uuid(note.id.0)),
            Dirty::Grant(note) => format!("grant {}", uuid(note.id.0)),
            Dirty::Revoke(note) => format!("revoke {}", uuid(note.id.0)),
            Dirty::Ask(note) => format!("ask {}", uuid(note.trigger.0)),
        }
    }
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
        if let Err(error) = self.world.store.put_all(&batch).await {
            self.held.lock().put_back(marks);
            return Err(error);
        }
        Ok(version)
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

impl Held {
    fn take_unsaved(&mut self) -> (u64, Vec<Dirty>, Unsaved) {
        let version = self.unsaved.version;
        let fresh = Unsaved {
            version,
            events: std::mem::take(&mut self.unsaved.events),
            ..Unsaved::default()
        };
        let marks = std::mem::replace(&mut self.unsaved, fresh);
        let presses = marks.presses.iter().filter_map(|id| self.presses.get(id));
        let grants = marks.grants.iter().filter_map(|id| self.grants.get(id));
        let revokes = marks.revokes.iter().filter_map(|id| self.revokes.get(id));
        let asks = marks.asks.iter().filter_map(|id| self.asks.get(id));
        let batch = (presses.cloned().map(Dirty::Press))
            .chain(grants.cloned().map(Dirty::Grant))
            .chain(revokes.cloned().map(Dirty::Revoke))
            .chain(asks.cloned().map(Dirty::Ask))
            .collect();
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
