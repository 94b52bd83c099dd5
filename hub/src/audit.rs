//! The one door to the record. `append` returns when the event is durable in the store; `spool` when it
//! is durable in a file, for the few things that may not wait for a store: an owner's press. Showing
//! the log to people, and proving it to others, does not belong here.

mod event;
mod read;
mod spool;
mod writer;

pub use event::{Actor, Class, Event, Outcome};
pub use read::Recorded;

use crate::error::{Error, Result};
use crate::world::{World, millis};
use futures::future::try_join_all;
use spool::Spool;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use time::OffsetDateTime;
use uuid::Uuid;
use writer::Writer;

/// How long an owner's press waits for the store before its record goes to the spool.
const STORE_WITHIN: Duration = Duration::from_millis(150);

/// Spooled events that go to the store in one go.
const TOGETHER: usize = 256;

/// Proof that an event is durable. Effects that must be recorded first take it as an argument; only this
/// file makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    id: Uuid,
    at: OffsetDateTime,
}

impl Receipt {
    pub fn id(&self) -> Uuid {
        self.id
    }

    pub fn at(&self) -> OffsetDateTime {
        self.at
    }
}

#[derive(Clone)]
pub struct Audit {
    world: World,
    writer: Writer,
    spool: Arc<Spool>,
}

/// An event that has its id and time, and is on its way to disk.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
struct Numbered {
    id: Uuid,
    at_ms: i64,
    event: Event,
}

impl Audit {
    /// Preallocates the spool in the data directory.
    pub fn open(world: World, data_dir: &Path) -> Result<Self> {
        let spool = Spool::open(&data_dir.join("audit.spool")).map_err(|e| {
            Error::unavailable("The hub cannot prepare its audit spool. Check that the data directory can be written and has 4 MiB free.").because(e)
        })?;
        Ok(Self {
            writer: Writer::start(world.store.clone()),
            world,
            spool: Arc::new(spool),
        })
    }

    /// Durable in the store when it returns.
    pub async fn append(&self, event: Event) -> Result<Receipt> {
        let numbered = self.number(event);
        self.writer.write(numbered.clone()).await?;
        Ok(receipt(&numbered))
    }

    /// Durable in the spool when it returns; needs no store. Blocks for one `fdatasync`.
    pub fn spool(&self, event: Event) -> Result<Receipt> {
        let numbered = self.number(event);
        self.write_spool(&numbered)?;
        Ok(receipt(&numbered))
    }

    /// The store if it answers quickly, the spool if not. An insert that commits after its time is the
    /// same event as the spooled one, by its id.
    pub async fn append_or_spool(&self, event: Event) -> Result<Receipt> {
        let numbered = self.number(event);
        if let Ok(Ok(())) =
            tokio::time::timeout(STORE_WITHIN, self.writer.write(numbered.clone())).await
        {
            return Ok(receipt(&numbered));
        }
        self.write_spool(&numbered)?;
        tracing::warn!(
            event.class = numbered.event.class.name(),
            "store away: recorded in the audit spool"
        );
        Ok(receipt(&numbered))
    }

    /// Brings spooled events into the store. Called at start and whenever the store came back; doing it
    /// twice is doing it once.
    pub async fn replay(&self) -> Result<usize> {
        loop {
            let (events, upto) = self.spool.read().map_err(Error::internal)?;
            for some in events.chunks(TOGETHER) {
                try_join_all(some.iter().map(|event| self.writer.write(event.clone()))).await?;
            }
            // Something was spooled meanwhile: its record has to follow before the file is emptied.
            if self.spool.empty_if(upto).map_err(Error::internal)? {
                return Ok(events.len());
            }
        }
    }

    fn number(&self, event: Event) -> Numbered {
        Numbered {
            id: event.id.unwrap_or_else(|| self.world.random.id()),
            at_ms: millis(self.world.clock.now()),
            event,
        }
    }

    fn write_spool(&self, numbered: &Numbered) -> Result<()> {
        self.spool.push(numbered).map_err(|e| {
            Error::unavailable("The hub can record nothing: store and spool are both away.")
                .slug("not-durable")
                .because(e)
        })
    }
}

fn receipt(numbered: &Numbered) -> Receipt {
    Receipt {
        id: numbered.id,
        at: crate::world::from_millis(numbered.at_ms),
    }
}

#[cfg(test)]
mod tests;
