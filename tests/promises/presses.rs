//! An owner's press never fails on paperwork and never happens twice: hub down, line cut, database
//! dead, page reloaded.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::time::Duration;

use assent_tests::town::plan::{Store, TownPlan};
use assent_tests::town::share::{Press, SOON, Scene, alerts, list, shares};
use tokio::time::sleep;

#[tokio::test(flavor = "multi_thread")]
async fn a_press_made_while_the_hub_is_down_arrives_exactly_once() {
    let mut scene = Scene::set(TownPlan::one_shop()).await.unwrap();
    scene.town.hub.kill();
    scene
        .town
        .device("shop")
        .unwrap()
        .press("panic")
        .await
        .unwrap();
    sleep(Duration::from_secs(2)).await;
    scene.town.hub.start_again().await.unwrap();
    let arrived = |now: &_| alerts(now, "button").pop();
    scene
        .operator
        .sees
        .until("the press arrives", SOON, arrived)
        .await
        .unwrap();
    // Long enough for a second delivery, if there were one.
    scene.town.hub.kill();
    scene.town.hub.start_again().await.unwrap();
    sleep(Duration::from_secs(5)).await;
    scene
        .operator
        .sees
        .until("the press is known", SOON, arrived)
        .await
        .unwrap();
    assert_eq!(alerts(&scene.operator.sees.now(), "button").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_press_from_the_phone_that_is_sent_three_times_is_one_press() {
    let mut scene = Scene::set(TownPlan::one_shop()).await.unwrap();
    let press = Press::new(&scene.premises);
    for _ in 0..3 {
        press
            .send(&scene.owner.page, 0)
            .await
            .unwrap()
            .json()
            .unwrap();
    }
    scene.share(&press, "live").await.unwrap();
    sleep(Duration::from_secs(1)).await;
    let mine = |share: &serde_json::Value| share["pressId"] == press.id.as_str();
    assert_eq!(shares(&scene.owner.sees.now()).filter(mine).count(), 1);
    assert_eq!(alerts(&scene.operator.sees.now(), "press").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_press_older_than_two_minutes_arrives_as_a_message_and_opens_nothing() {
    let mut scene = Scene::set(TownPlan::one_shop()).await.unwrap();
    let press = Press::new(&scene.premises);
    let answer = press
        .send(&scene.owner.page, 121_000)
        .await
        .unwrap()
        .json()
        .unwrap();
    assert_eq!(answer["state"], "message");
    let arrived = |now: &_| alerts(now, "message").pop();
    scene
        .operator
        .sees
        .until("operators read it", SOON, arrived)
        .await
        .unwrap();
    sleep(Duration::from_secs(1)).await;
    assert!(!shares(&scene.owner.sees.now()).any(|share| share["state"] == "live"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_press_stops_the_share_and_says_so() {
    let mut scene = Scene::set(TownPlan::one_shop()).await.unwrap();
    let press = scene.live_press().await.unwrap();
    let cancel = serde_json::json!({ "scope": { "pressId": press.id }, "reason": "cancelled" });
    scene
        .owner
        .page
        .put(&format!("api/revokes/{}", uuid::Uuid::new_v4()), &cancel)
        .await
        .unwrap();
    let share = scene.share(&press, "ended").await.unwrap();
    assert_eq!(share["endCause"], "cancelled");
    let told = |now: &_| {
        alerts(now, "press")
            .pop()
            .filter(|alert| alert["answer"] == "cancelled")
    };
    let told = scene.operator.sees.until("operators read it", SOON, told);
    told.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn co_owners_are_told_of_every_press() {
    let scene = Scene::set(TownPlan::one_shop()).await.unwrap();
    let mut other = scene.town.sign_in("luis").await.unwrap().sections();
    let press = scene.press().await.unwrap();
    let told = |now: &_| list(now, "presses").find(|known| known["id"] == press.id.as_str());
    let told = other
        .until("the co-owner hears of it", SOON, told)
        .await
        .unwrap();
    assert_eq!(told["by"]["name"], "Maria Lopez");
}

#[tokio::test(flavor = "multi_thread")]
async fn acknowledged_is_a_persons_own_act() {
    let mut scene = Scene::set(TownPlan::one_shop()).await.unwrap();
    let press = scene.live_press().await.unwrap();
    let _wall = scene.watch().await.unwrap();
    let mine = |now: &_| list(now, "presses").find(|known| known["id"] == press.id.as_str());
    let seen = |now: &_| mine(now).filter(|known| known["onWallAt"].is_string());
    let known = scene
        .owner
        .sees
        .until("it is on the wall", SOON, seen)
        .await
        .unwrap();
    assert!(
        known["acknowledged"].is_null(),
        "a tile is not a person: {known}"
    );
    let alert = scene
        .operator
        .sees
        .until("the alert is there", SOON, |now| alerts(now, "press").pop())
        .await
        .unwrap();
    let path = format!(
        "api/alerts/{}/acknowledgement",
        alert["id"].as_str().unwrap()
    );
    scene
        .operator
        .page
        .put(&path, &serde_json::json!({}))
        .await
        .unwrap();
    let taken = |now: &_| mine(now).filter(|known| known["acknowledged"]["badge"] == "417");
    scene
        .owner
        .sees
        .until("the owner reads by whom", SOON, taken)
        .await
        .unwrap();
}

/// SQLite has no server to kill; there the full disk is the same promise: see `full_disk.rs`.
#[tokio::test(flavor = "multi_thread")]
async fn a_press_opens_although_the_database_is_dead() {
    let plan = TownPlan::one_shop();
    if plan.store == Store::Sqlite {
        return;
    }
    let mut scene = Scene::set(plan).await.unwrap();
    scene.town.database().unwrap().kill();
    let press = scene.press().await.unwrap();
    scene.share(&press, "live").await.unwrap();
    scene.town.database().unwrap().start_again().await.unwrap();
    let page = &scene.owner.page;
    let known = async || {
        let answer = page.call(reqwest::Method::GET, "api/viewings", None).await;
        answer.is_ok_and(|answer| answer.status == 200)
    };
    while !known().await {
        sleep(Duration::from_millis(200)).await;
    }
    scene.revoke(&press).await.unwrap();
    scene.share(&press, "ended").await.unwrap();
}
