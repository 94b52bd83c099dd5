//! What unit tests share: a world of their own on either store, and a hub whose calls need no socket.
//! Compiled for tests only; whole-system tests live in the `tests` crate.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod calls;
/// A browser or a device that speaks real WebRTC, shared with the media engine's own tests.
#[path = "../media/tests/loopback/client.rs"]
#[expect(dead_code, reason = "the engine's tests use more of it")]
pub(crate) mod client;
mod device;
mod link;
mod page_stream;
mod postgres;
pub(crate) mod signed;
mod statements;

pub(crate) use calls::{Answer, TestHub};
pub(crate) use device::{TestDevice, alert_rule, key_and_request, policy, request, rule};
pub(crate) use link::{Enrolled, PATIENCE, TestLink, hello};
pub(crate) use page_stream::PageStream;

use crate::world::{Clock, Engine, Random, Store, World};
use std::path::PathBuf;
use tempfile::TempDir;
use time::macros::datetime;

/// A world with a held clock and seeded randomness; its folder goes with it.
pub(crate) struct TestWorld {
    pub(crate) world: World,
    folder: TempDir,
}

impl TestWorld {
    pub(crate) async fn on(engine: Engine) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = match engine {
            Engine::Sqlite => format!(
                "sqlite://{}?mode=rwc",
                folder.path().join("hub.db").display()
            ),
            Engine::Postgres => postgres::fresh_database().await,
        };
        let world = World {
            clock: Clock::held_at(datetime!(2026-11-20 12:00 UTC)),
            random: Random::seeded(417),
            store: Store::open(&url).await.unwrap(),
        };
        Self { world, folder }
    }

    pub(crate) fn data_dir(&self) -> PathBuf {
        self.folder.path().to_owned()
    }
}

/// Runs a test of the store on SQLite, then on PostgreSQL.
pub(crate) async fn on_both_engines(test: impl AsyncFn(&TestWorld)) {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let world = TestWorld::on(engine).await;
        test(&world).await;
        world.world.store.close().await;
    }
}
