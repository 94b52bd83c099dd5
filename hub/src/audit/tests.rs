//! The door, on both engines, with and without a store.

#![expect(clippy::unwrap_used, reason = "tests")]

use super::{Actor, Audit, Class, Event};
use crate::testing::{TestWorld, on_both_engines};
use sqlx::Row;

fn open(test: &TestWorld) -> Audit {
    Audit::open(test.world.clone(), &test.data_dir()).unwrap()
}

async fn written(test: &TestWorld) -> Vec<(String, String)> {
    let rows = sqlx::query("SELECT id, class FROM audit_event ORDER BY at, id")
        .fetch_all(test.world.store.pool())
        .await
        .unwrap();
    rows.iter().map(|row| (row.get(0), row.get(1))).collect()
}

#[tokio::test]
async fn what_is_appended_is_written_when_the_receipt_is_there() {
    on_both_engines(async |test: &TestWorld| {
        let event =
            Event::new(Class::ViewingStarted, Actor::Hub).detail(serde_json::json!({ "n": 1 }));
        let receipt = open(test).append(event).await.unwrap();
        assert_eq!(
            written(test).await,
            [(receipt.id().to_string(), "viewing-started".to_owned())]
        );
    })
    .await;
}

#[tokio::test]
async fn what_was_spooled_reaches_the_store_once() {
    on_both_engines(async |test: &TestWorld| {
        let audit = open(test);
        let receipt = audit.spool(Event::new(Class::Press, Actor::Hub)).unwrap();
        assert!(written(test).await.is_empty());
        // As after a crash: another process finds the file.
        assert_eq!(open(test).replay().await.unwrap(), 1);
        assert_eq!(open(test).replay().await.unwrap(), 0);
        assert_eq!(
            written(test).await,
            [(receipt.id().to_string(), "press".to_owned())]
        );
    })
    .await;
}

#[tokio::test]
async fn a_press_is_recorded_although_the_store_is_gone() {
    let test = TestWorld::on(crate::world::Engine::Sqlite).await;
    let audit = open(&test);
    test.world.store.close().await;
    assert!(
        audit
            .append(Event::new(Class::ViewingStarted, Actor::Hub))
            .await
            .is_err()
    );
    audit
        .append_or_spool(Event::new(Class::Press, Actor::Hub))
        .await
        .unwrap();
    assert_eq!(open(&test).spool.read().unwrap().0.len(), 1);
}

#[tokio::test]
async fn a_burst_is_recorded_whole() {
    on_both_engines(async |test: &TestWorld| {
        let audit = open(test);
        let appends = (0..300).map(|n| {
            audit.append(
                Event::new(Class::ViewingStarted, Actor::Hub).detail(serde_json::json!({ "n": n })),
            )
        });
        let receipts = futures::future::try_join_all(appends).await.unwrap();
        let ids: std::collections::BTreeSet<String> =
            receipts.iter().map(|r| r.id().to_string()).collect();
        let written: std::collections::BTreeSet<String> =
            written(test).await.into_iter().map(|(id, _)| id).collect();
        assert_eq!(written, ids);
    })
    .await;
}
