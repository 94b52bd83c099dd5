//! The database: SQLite in the data directory, or PostgreSQL by URL, behind one pool and one portable
//! SQL text a query. Slices own their SQL; here are only opening, the settings that durability
//! depends on, migrations, and knowing whether the store is there.

use crate::error::{Error, Result, means_full};
use sqlx::any::AnyPoolOptions;
use sqlx::{AnyConnection, AnyPool, Connection, Row};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Once};
use std::time::Duration;
use tokio::sync::watch;

/// Enough for readers beside the one writer that SQLite has; PostgreSQL on a small machine likes few too.
const CONNECTIONS: u32 = 8;
/// A press must not hang on a dead store: after this the spool takes over.
const ACQUIRE_WITHIN: Duration = Duration::from_secs(2);
/// How long one statement of SQLite waits for another writer.
const BUSY_MS: u32 = 2_000;
/// While all is well only every so many-th check writes: at one in two seconds, twice a minute, which no
/// memory card minds. A failed record asks for one at once.
const WRITE_EVERY: u32 = 15;

static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("./migrations");
static DRIVERS: Once = Once::new();

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
}

/// What is known about the store since it was last asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreState {
    Up,
    /// It answers, and keeps nothing: no space is left.
    Full,
    Away,
}

/// A handle; clones share the pool.
#[derive(Clone)]
pub struct Store {
    pool: AnyPool,
    engine: Engine,
    state: watch::Sender<StoreState>,
    /// Checks to come before one writes again.
    write_in: Arc<AtomicU32>,
}

impl Store {
    /// Opens the store, checks that commits are durable, and brings the tables up to date.
    pub async fn open(url: &str) -> Result<Self> {
        DRIVERS.call_once(sqlx::any::install_default_drivers);
        let engine = engine_of(url)?;
        let options = AnyPoolOptions::new()
            .max_connections(CONNECTIONS)
            .acquire_timeout(ACQUIRE_WITHIN)
            .after_release(|conn, _| Box::pin(is_clean(conn)));
        let pool = options
            .after_connect(move |conn, _| Box::pin(settle(engine, conn)))
            .connect(url)
            .await
            .map_err(|e| Error::unavailable("The hub cannot open its store. Check store.url and that the folder can be written.").because(e))?;
        assert_durable(engine, &pool).await?;
        MIGRATIONS.run(&pool).await.map_err(|e| {
            Error::unavailable("The store's tables could not be brought up to date.").because(e)
        })?;
        Ok(Self {
            pool,
            engine,
            state: watch::Sender::new(StoreState::Up),
            write_in: Arc::default(),
        })
    }

    pub fn pool(&self) -> &AnyPool {
        &self.pool
    }

    /// For the few statements that need a text of their own on one engine.
    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// What the store said when last asked; pages show it.
    pub fn state(&self) -> StoreState {
        *self.state.borrow()
    }

    /// Whether it answers now, and what is known about its writes; for callers who may not cause any.
    pub async fn ask(&self) -> StoreState {
        match sqlx::query("SELECT 1").execute(&self.pool).await {
            Ok(_) => self.state(),
            Err(error) => state_of(&error),
        }
    }

    /// Asks the store, by a write if the last one failed or lies back a while.
    pub async fn check(&self) -> StoreState {
        let wait = self.write_in.load(Ordering::Relaxed);
        let state = if self.state() == StoreState::Up && wait > 0 {
            self.write_in.store(wait - 1, Ordering::Relaxed);
            self.ask().await
        } else {
            self.write_in.store(WRITE_EVERY, Ordering::Relaxed);
            let write = sqlx::query("UPDATE store_check SET checks = checks + 1");
            match write.execute(&self.pool).await {
                Ok(_) => StoreState::Up,
                Err(error) => state_of(&error),
            }
        };
        self.state.send_replace(state);
        state
    }

    /// A write failed: the next check has to be one.
    pub fn doubt(&self) {
        self.write_in.store(0, Ordering::Relaxed);
    }

    /// Waits for running statements, then closes.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

fn engine_of(url: &str) -> Result<Engine> {
    match url.split_once(':').map(|(scheme, _)| scheme) {
        Some("sqlite") => Ok(Engine::Sqlite),
        Some("postgres" | "postgresql") => Ok(Engine::Postgres),
        _ => Err(Error::invalid(
            "store.url must begin with sqlite: or postgres:.",
        )),
    }
}

fn state_of(error: &sqlx::Error) -> StoreState {
    if means_full(error) {
        StoreState::Full
    } else {
        StoreState::Away
    }
}

/// Only a connection outside any transaction goes back into the pool. SQLite ends a transaction by itself
/// when the disk is full; sqlx's own ROLLBACK then fails and it still counts the transaction as open, so
/// that the next one is a savepoint in nothing, whose rollback keeps the write lock for ever
/// (the counting is <https://github.com/launchbadge/sqlx/issues/3742>). Such a connection is closed.
async fn is_clean(conn: &mut AnyConnection) -> sqlx::Result<bool> {
    // A dropped transaction's rollback is only queued; the answer comes after it.
    conn.ping().await?;
    Ok(!conn.is_in_transaction())
}

async fn settle(engine: Engine, conn: &mut AnyConnection) -> sqlx::Result<()> {
    let text = match engine {
        Engine::Sqlite => format!(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA busy_timeout = {BUSY_MS}"
        ),
        Engine::Postgres => {
            "SET synchronous_commit = on; SET client_min_messages = warning".to_owned()
        }
    };
    sqlx::raw_sql(sqlx::AssertSqlSafe(text))
        .execute(conn)
        .await
        .map(drop)
}

/// Refuses to start on a store whose commit is not on disk when it returns.
async fn assert_durable(engine: Engine, pool: &AnyPool) -> Result<()> {
    let durable = match engine {
        Engine::Sqlite => {
            let synchronous: i64 = sqlx::query("PRAGMA synchronous")
                .fetch_one(pool)
                .await?
                .try_get(0)?;
            let journal: String = sqlx::query("PRAGMA journal_mode")
                .fetch_one(pool)
                .await?
                .try_get(0)?;
            let foreign_keys: i64 = sqlx::query("PRAGMA foreign_keys")
                .fetch_one(pool)
                .await?
                .try_get(0)?;
            synchronous == 2 && journal == "wal" && foreign_keys == 1
        }
        Engine::Postgres => {
            let fsync: String = sqlx::query("SHOW fsync")
                .fetch_one(pool)
                .await?
                .try_get(0)?;
            let commit: String = sqlx::query("SHOW synchronous_commit")
                .fetch_one(pool)
                .await?
                .try_get(0)?;
            fsync == "on" && commit == "on"
        }
    };
    if durable {
        return Ok(());
    }
    Err(Error::unavailable(
        "The store does not keep a commit through a power cut (SQLite needs WAL, synchronous=FULL and foreign keys; PostgreSQL fsync=on).",
    ))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use crate::testing::TestWorld;
    use crate::world::Engine;

    /// A full disk makes SQLite roll back by itself, as this trigger does at 13; 14 is any other failure.
    const FAILS: &str = "CREATE TRIGGER full BEFORE UPDATE ON store_check WHEN NEW.checks = 13 BEGIN SELECT RAISE(ROLLBACK, 'full'); END; \
        CREATE TRIGGER other BEFORE UPDATE ON store_check WHEN NEW.checks = 14 BEGIN SELECT RAISE(ABORT, 'other'); END";
    const SET: &str = "UPDATE store_check SET checks = $1";

    #[tokio::test]
    async fn a_transaction_that_sqlite_ended_by_itself_leaves_no_lock_behind() {
        let test = TestWorld::on(Engine::Sqlite).await;
        let pool = test.world.store.pool();
        sqlx::raw_sql(FAILS).execute(pool).await.unwrap();
        let set = async |to: i64| {
            let mut transaction = pool.begin().await?;
            for checks in [1, to] {
                let set = sqlx::query(SET).bind(checks);
                set.execute(&mut *transaction).await?;
            }
            transaction.commit().await
        };
        for failing in [13, 14, 13, 14] {
            set(failing).await.unwrap_err();
        }
        // Two at once, so that a connection that keeps the lock is not the one that asks for it.
        let (mut one, mut other) = (pool.acquire().await.unwrap(), pool.acquire().await.unwrap());
        for conn in [&mut one, &mut other] {
            sqlx::query(SET).bind(2).execute(&mut **conn).await.unwrap();
        }
        drop((one, other));
        set(3).await.unwrap();
    }
}
