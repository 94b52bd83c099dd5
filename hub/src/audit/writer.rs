//! The one task that writes the log: whatever waits goes into one transaction, so that a burst costs one
//! commit and the log's own appends never fight each other for SQLite's single writer.

use super::Numbered;
use crate::error::{Error, Result};
use crate::world::Store;
use tokio::sync::{mpsc, oneshot};

/// Appends that wait; more of them wait outside, where each caller has its own bound.
const QUEUE: usize = 1_024;
/// A transaction that takes tens of milliseconds, not more.
const BATCH: usize = 256;

struct Waiting {
    event: Numbered,
    done: oneshot::Sender<Result<()>>,
}

#[derive(Clone)]
pub(super) struct Writer(mpsc::Sender<Waiting>);

impl Writer {
    /// The task ends with the last handle; nobody then waits for it.
    pub(super) fn start(store: Store) -> Self {
        let (queue, waiting) = mpsc::channel(QUEUE);
        tokio::spawn(run(store, waiting));
        Self(queue)
    }

    /// Committed when it returns.
    pub(super) async fn write(&self, event: Numbered) -> Result<()> {
        let (done, answer) = oneshot::channel();
        let gone = || Error::unavailable("The hub is ending.").slug("draining");
        self.0
            .send(Waiting { event, done })
            .await
            .map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }
}

async fn run(store: Store, mut queue: mpsc::Receiver<Waiting>) {
    let mut batch = Vec::with_capacity(BATCH);
    while queue.recv_many(&mut batch, BATCH).await > 0 {
        let written = commit(&store, &batch).await;
        if written.is_err() {
            store.doubt();
        }
        for waiting in batch.drain(..) {
            let answer = match &written {
                Ok(()) => Ok(()),
                Err(error) => Err(error.again()),
            };
            // Whoever gave up waiting spooled it under the same id.
            let _gave_up = waiting.done.send(answer);
        }
    }
}

async fn commit(store: &Store, batch: &[Waiting]) -> Result<()> {
    let mut tx = store.pool().begin().await?;
    for waiting in batch {
        insert(&mut tx, &waiting.event).await?;
    }
    tx.commit().await?;
    Ok(())
}

async fn insert(conn: &mut sqlx::AnyConnection, numbered: &Numbered) -> Result<()> {
    let event = &numbered.event;
    sqlx::query(INSERT)
        .bind(numbered.id.to_string())
        .bind(numbered.at_ms)
        .bind(event.class.name())
        .bind(event.actor.kind())
        .bind(event.actor.id())
        .bind(event.premises.map(|id| id.to_string()))
        .bind(event.camera.map(|id| id.to_string()))
        .bind(event.agency.map(|id| id.to_string()))
        .bind(event.outcome.name())
        .bind(event.detail.to_string())
        .execute(conn)
        .await?;
    Ok(())
}

const INSERT: &str = "INSERT INTO audit_event (id, at, class, actor_kind, actor_id, premises, camera, agency, outcome, detail) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (id) DO NOTHING";
