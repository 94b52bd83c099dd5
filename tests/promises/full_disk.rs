//! A full disk, log and all, at the hub or at the premises: presses open, a yes is taken back, nothing
//! dies, everybody is told, and with space again every record arrives once.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use std::path::Path;
use std::time::Duration;

use assent_tests::town::disk::SmallDisk;
use assent_tests::town::page::Page;
use assent_tests::town::plan::{Store, TownPlan};
use assent_tests::town::sections::Now;
use assent_tests::town::share::{Press, SOON, Scene, alerts, shares};
use reqwest::Method;
use serde_json::Value;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};
use tokio::time::{Instant, sleep};
use uuid::Uuid;

/// Room for an empty store and the spool, or for a device's receipts; the rest is filled.
const DISK_MIB: u32 = 24;
/// The spool is replayed within a few seconds of free space; generous for a debug build on a busy machine.
const REPLAYED_WITHIN: Duration = Duration::from_secs(30);

/// A town whose hub keeps everything on a small disk of its own. None where the store is a server.
async fn town_on(disk: &SmallDisk) -> Option<Scene> {
    let mut plan = TownPlan::one_shop();
    if plan.store == Store::Postgres {
        return None;
    }
    plan.hub_folder = Some(disk.path().to_owned());
    Some(Scene::set(plan).await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_stops_no_press_and_loses_no_record() {
    let disk = SmallDisk::of(DISK_MIB).unwrap();
    let Some(mut scene) = town_on(&disk).await else {
        return;
    };
    let link = scene.town.hub.sign_in_link("luis").await.unwrap();
    let hub = scene.town.hub.http_address();

    disk.fill().unwrap();
    let first = scene.live_press().await.unwrap();
    let wall = scene.watch().await.expect("the picture is shown");
    stopped(&mut scene, &first).await;
    drop(wall);
    let second = scene.live_press().await.unwrap();
    told_of_it(&mut scene).await;
    assert!(Page::sign_in(&link, hub).await.is_err());
    stopped(&mut scene, &second).await;
    assert!(scene.town.hub.process().running());

    disk.free().unwrap();
    each_recorded_once(&scene, disk.path(), &[&first, &second]).await;
    let well = scene
        .operator
        .sees
        .until("the disk is well again", SOON, notice(None));
    well.await.unwrap();
    assert_eq!(ready(&scene).await.0, 200);
    Page::sign_in(&link, hub)
        .await
        .expect("a link that did not sign anybody in stays good");
    let third = scene.live_press().await.unwrap();
    stopped(&mut scene, &third).await;
    assert!(scene.town.hub.process().running());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hub_that_dies_on_a_full_disk_has_lost_no_press_and_no_stop() {
    let disk = SmallDisk::of(DISK_MIB).unwrap();
    let Some(mut scene) = town_on(&disk).await else {
        return;
    };
    disk.fill().unwrap();
    let stopped_before = scene.live_press().await.unwrap();
    stopped(&mut scene, &stopped_before).await;
    let press = scene.live_press().await.unwrap();
    scene.town.hub.kill();
    disk.free().unwrap();
    scene.town.hub.start_again().await.unwrap();
    let alarmed = |now: &Now| {
        alerts(now, "press")
            .into_iter()
            .find(|alert| alert["id"] == press.id.as_str())
    };
    let alarmed = scene
        .operator
        .sees
        .until("operators have the alarm again", SOON, alarmed);
    assert_eq!(alarmed.await.unwrap()["by"], "Maria Lopez");
    // A page that has seen nothing of before.
    let mut other = scene.town.sign_in("luis").await.unwrap().sections();
    let live = |now: &Now| {
        let live: Vec<_> = shares(now)
            .filter(|share| share["state"] == "live")
            .collect();
        (!live.is_empty()).then_some(live)
    };
    let live = other.until("the device is back", SOON, live).await.unwrap();
    assert_eq!(live.len(), 1, "what was stopped stays stopped");
    assert_eq!(live[0]["pressId"], press.id.as_str());
    stopped(&mut scene, &press).await;
    each_recorded_once(&scene, disk.path(), &[&stopped_before, &press]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_at_the_premises_stops_neither_button_nor_stop() {
    let disk = SmallDisk::of(DISK_MIB).unwrap();
    let mut plan = TownPlan::one_shop();
    plan.device_folder = Some(disk.path().to_owned());
    let mut scene = Scene::set(plan).await.unwrap();
    disk.fill().unwrap();

    let device = scene.town.device("shop").unwrap();
    device.press("panic").await.unwrap();
    let live = |now: &Now| {
        shares(now).find(|share| share["cause"] == "button" && share["state"] == "live")
    };
    let live = scene.owner.sees.until("the button's share", SOON, live);
    live.await.unwrap();
    let wall = scene.watch().await.unwrap();
    scene.town.device("shop").unwrap().stop().await.unwrap();
    let ended = |now: &Now| shares(now).find(|share| share["endCause"] == "stoppedAtPremises");
    let ended = scene.owner.sees.until("STOP ends it", SOON, ended);
    ended.await.unwrap();
    drop(wall);
    assert_eq!(alerts(&scene.operator.sees.now(), "button").len(), 1);

    // Its receipts survive the programme, and the phone's press is as good.
    let device = scene.town.device("shop").unwrap();
    assert!(device.running());
    device.start().await.unwrap();
    let press = scene.live_press().await.unwrap();
    stopped(&mut scene, &press).await;
    assert!(scene.town.device("shop").unwrap().running());
    assert_eq!(alerts(&scene.operator.sees.now(), "button").len(), 1);
}

async fn stopped(scene: &mut Scene, press: &Press) {
    scene.revoke(press).await.unwrap();
    scene.share(press, "ended").await.unwrap();
}

/// Waits for the records of these presses and of their revokes: one each, and one of each grant's life.
async fn each_recorded_once(scene: &Scene, disk: &Path, presses: &[&Press]) {
    let until = Instant::now() + REPLAYED_WITHIN;
    loop {
        let mut found = Vec::new();
        for press in presses {
            found.push(records(disk, press).await);
        }
        if found.iter().all(|found| *found == [1, 1, 1, 1]) {
            return;
        }
        assert!(
            Instant::now() < until,
            "records of presses, openings, ends and revokes: {found:?}\n{}",
            scene.town.hub.tail()
        );
        sleep(Duration::from_millis(500)).await;
    }
}

/// How many records the store has of a press, its grant going live, its grant's end, and the revoke.
async fn records(disk: &Path, press: &Press) -> [i64; 4] {
    let options = SqliteConnectOptions::new().filename(disk.join("hub/hub.db"));
    let mut store = options.read_only(true).connect().await.unwrap();
    let about = |class, id: &str| {
        sqlx::query_scalar("SELECT COUNT(*) FROM audit_event WHERE class = $1 AND detail LIKE $2")
            .bind(class)
            .bind(format!("%{id}%"))
    };
    // The rules print ids without dashes, the pages with them.
    let plain = press.id.replace('-', "");
    let live = "SELECT detail FROM audit_event WHERE class = 'grant-live' AND detail LIKE $1";
    let live: Option<String> = sqlx::query_scalar(live)
        .bind(format!("%{plain}%"))
        .fetch_optional(&mut store)
        .await
        .unwrap();
    let live: Value = serde_json::from_str(&live.unwrap_or_default()).unwrap_or_default();
    let grant = Uuid::parse_str(live["grant"].as_str().unwrap_or_default()).unwrap_or_default();
    let found = [
        about("press", &press.id).fetch_one(&mut store).await,
        about("grant-live", &plain).fetch_one(&mut store).await,
        about("grant-ended", &plain).fetch_one(&mut store).await,
        about("revoke", &grant.to_string())
            .fetch_one(&mut store)
            .await,
    ];
    store.close().await.unwrap();
    found.map(Result::unwrap)
}

/// Everybody is told what is wrong and what helps.
async fn told_of_it(scene: &mut Scene) {
    let full = || notice(Some("storeFull"));
    let operators = scene
        .operator
        .sees
        .until("operators are told", SOON, full());
    operators.await.unwrap();
    let owners = scene.owner.sees.until("owners are told", SOON, full());
    owners.await.unwrap();
    let (status, problem) = ready(scene).await;
    assert_eq!(status, 503);
    assert!(problem.contains("disk is full"), "{problem}");
}

fn notice(kind: Option<&str>) -> impl FnMut(&Now) -> Option<()> {
    move |now| (now.get("notice")?["kind"].as_str() == kind).then_some(())
}

async fn ready(scene: &Scene) -> (u16, String) {
    let page = &scene.owner.page;
    let answer = page.call(Method::GET, "readyz", None).await.unwrap();
    (answer.status, answer.text)
}
