//! Writing behind the memory: whoever changes something wakes the writer, which writes until the store
//! takes it. What is written, and how it is put back when it was not taken, is the slice's own business.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;

use crate::error::Result;

/// Between two tries while the store is away.
const RETRY: Duration = Duration::from_secs(1);
/// Tries to write what is left when the hub stops: a store that is away must not hold it up.
const LAST_TRIES: usize = 3;

/// A handle; clones share everything.
#[derive(Clone)]
pub struct Behind {
    what: &'static str,
    unsaved: Arc<Notify>,
    saved: watch::Sender<u64>,
}

impl Behind {
    pub fn new(what: &'static str) -> Self {
        Self {
            what,
            unsaved: Arc::new(Notify::new()),
            saved: watch::Sender::new(0),
        }
    }

    /// There is something to write.
    pub fn wake(&self) {
        self.unsaved.notify_one();
    }

    /// Waits until everything up to this version of the slice's memory is in the store.
    pub async fn saved(&self, version: u64) {
        let mut saved = self.saved.subscribe();
        // The sender lives as long as self.
        saved.wait_for(|written| *written >= version).await.ok();
    }

    /// Runs until told to finish, then writes what is left. `write` gives the version that it has written.
    pub async fn run<W>(&self, finish: CancellationToken, mut write: impl FnMut() -> W)
    where
        W: Future<Output = Result<u64>>,
    {
        while !finish.is_cancelled() {
            tokio::select! {
                () = self.unsaved.notified() => {}
                () = finish.cancelled() => break,
            }
            while let Err(error) = self.note(write().await) {
                tracing::warn!(%error, what = self.what, "the store did not take it; trying again");
                tokio::select! {
                    () = tokio::time::sleep(RETRY) => {}
                    () = finish.cancelled() => break,
                }
            }
        }
        for _ in 0..LAST_TRIES {
            match self.note(write().await) {
                Ok(()) => return,
                Err(error) => {
                    tracing::error!(%error, what = self.what, "the last changes could not be written")
                }
            }
        }
    }

    fn note(&self, written: Result<u64>) -> Result<()> {
        let version = written?;
        self.saved
            .send_if_modified(|saved| std::mem::replace(saved, version.max(*saved)) < version);
        Ok(())
    }
}
