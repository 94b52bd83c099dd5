//! The database: SQLite in the data directory, or PostgreSQL by URL, behind one pool and one portable
//! SQL text a query. Slices own their SQL; here are only opening, the settings that durability
//! depends on, migrations, and knowing whether the store is there.

use crate::error::{Error, Result};
use sqlx::any::AnyPoolOptions;
use sqlx::{AnyConnection, AnyPool, Row};
use std::sync::Once;
use std::time::Duration;
use tokio::sync::watch;

/// Enough for readers beside the one writer that SQLite has; PostgreSQL on a small machine likes few too.
const CONNECTIONS: u32 = 8;
/// A press must not hang on a dead store: after this the spool takes over.
const ACQUIRE_WITHIN: Duration = Duration::from_secs(2);
/// How long one statement of SQLite waits for another writer.
const BUSY_MS: u32 = 2_000;

static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("./migrations");
static DRIVERS: Once = Once::new();

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
}

/// A handle; clones share the pool.
#[derive(Clone)]
pub struct Store {
    pool: AnyPool,
    engine: Engine,
    up: watch::Sender<bool>,
}

impl Store {
    /// Opens the store, checks that commits are durable, and brings the tables up to date.
    pub async fn open(url: &str) -> Result<Self> {
        DRIVERS.call_once(sqlx::any::install_default_drivers);
        let engine = engine_of(url)?;
        let options = AnyPoolOptions::new()
            .max_connections(CONNECTIONS)
            .acquire_timeout(ACQUIRE_WITHIN);
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
            up: watch::Sender::new(true),
        })
    }

    pub fn pool(&self) -> &AnyPool {
        &self.pool
    }

    /// For the few statements that need a text of their own on one engine.
    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// Whether the store answered when last asked; pages show it.
    pub fn up(&self) -> watch::Receiver<bool> {
        self.up.subscribe()
    }

    /// Asks the store and tells whoever watches when that changed.
    pub async fn check(&self) -> bool {
        let up = sqlx::query("SELECT 1").execute(&self.pool).await.is_ok();
        self.up
            .send_if_modified(|was| std::mem::replace(was, up) != up);
        up
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
