//! Killing the hub, the device, the camera or the line in mid-share recovers by itself or ends honestly;
//! nobody has to press anything again, and nothing old is shown as live.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::net::SocketAddr;
use std::time::Duration;

use assent_tests::cameras::Trouble;
use assent_tests::relay::{Line, Relay};
use assent_tests::town::plan::TownPlan;
use assent_tests::town::share::{SOON, Scene, alerts, list};
use tokio::time::sleep;

/// Back-off, attach, offer, first key frame of a camera that makes one every 2 s.
const RECOVERS_WITHIN: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_hub_comes_back_and_the_share_goes_on() {
    let mut scene = Scene::set(TownPlan::one_shop()).await.unwrap();
    let press = scene.live_press().await.unwrap();
    let wall = scene.watch().await.unwrap();
    drop(wall);
    scene.town.hub.kill();
    sleep(Duration::from_secs(1)).await;
    scene.town.hub.start_again().await.unwrap();
    scene.share(&press, "live").await.unwrap();
    let camera = scene.camera.clone();
    let shared = |now: &_| {
        list(now, "cameras")
            .find(|known| known["id"] == camera.as_str() && known["availability"] == "shared")
    };
    scene
        .operator
        .sees
        .until("the camera is shared again", RECOVERS_WITHIN, shared)
        .await
        .unwrap();
    let wall = scene.open_wall(1).await.unwrap();
    wall.show(0, Some(&scene.camera)).await.unwrap();
    wall.next_frame(0, RECOVERS_WITHIN).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_without_power_ends_its_shares_and_operators_know() {
    let mut scene = Scene::set(TownPlan::one_shop()).await.unwrap();
    let press = scene.live_press().await.unwrap();
    let wall = scene.watch().await.unwrap();
    scene.town.device("shop").unwrap().kill();
    wall.silence(0, Duration::from_secs(1), SOON).await.unwrap();
    let unplugged = |now: &_| alerts(now, "unplugged").pop();
    scene
        .operator
        .sees
        .until("operators hear of it", SOON, unplugged)
        .await
        .unwrap();
    scene.town.device("shop").unwrap().start().await.unwrap();
    let share = scene.share(&press, "ended").await.unwrap();
    assert_eq!(
        share["endCause"], "rebooted",
        "a grant does not outlive the device's boot: {share}"
    );
    let rebooted = |now: &_| alerts(now, "rebooted").pop();
    scene
        .operator
        .sees
        .until("operators hear of the reboot", SOON, rebooted)
        .await
        .unwrap();
    scene.live_press().await.unwrap();
    scene.watch().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_camera_that_stops_is_shown_dead_and_comes_back_by_itself() {
    let mut scene = Scene::set(TownPlan::one_shop()).await.unwrap();
    scene.live_press().await.unwrap();
    let wall = scene.watch().await.unwrap();
    scene.town.cameras.all()[0].put(Trouble::Stopped).unwrap();
    wall.silence(0, Duration::from_secs(1), SOON).await.unwrap();
    let camera = scene.camera.clone();
    let state = |wanted: &'static str| {
        let camera = camera.clone();
        move |now: &_| {
            list(now, "cameras")
                .find(|known| known["id"] == camera.as_str() && known["availability"] == wanted)
        }
    };
    let dead = scene
        .operator
        .sees
        .until("the camera is offline", SOON, state("offline"))
        .await
        .unwrap();
    assert!(dead["reason"].is_string(), "operators read why: {dead}");
    scene.town.cameras.all()[0].put(Trouble::None).unwrap();
    scene
        .operator
        .sees
        .until(
            "the camera is shared again",
            RECOVERS_WITHIN,
            state("shared"),
        )
        .await
        .unwrap();
    wall.next_frame(0, RECOVERS_WITHIN).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_camera_that_freezes_is_never_shown_as_live() {
    let mut scene = Scene::set(TownPlan::one_shop()).await.unwrap();
    scene.live_press().await.unwrap();
    let wall = scene.watch().await.unwrap();
    scene.town.cameras.all()[0].put(Trouble::Stalled).unwrap();
    let not_live = |now: &_| {
        list(now, "tiles")
            .find(|tile| tile["wallId"] == wall.id.as_str() && tile["state"] != "live")
    };
    scene
        .operator
        .sees
        .until("the tile says that it stalled", SOON, not_live)
        .await
        .unwrap();
    scene.town.cameras.all()[0].put(Trouble::None).unwrap();
    wall.next_frame(0, RECOVERS_WITHIN).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_line_heals_by_itself_and_the_picture_returns() {
    let mut scene = Scene::set(TownPlan::one_shop()).await.unwrap();
    let press = scene.live_press().await.unwrap();
    let wall = scene.watch().await.unwrap();
    scene.town.cut("shop").unwrap();
    wall.silence(0, Duration::from_secs(1), SOON).await.unwrap();
    sleep(Duration::from_secs(7)).await;
    scene.town.mend("shop").unwrap();
    wall.next_frame(0, RECOVERS_WITHIN).await.unwrap();
    scene.share(&press, "live").await.unwrap();
}

/// A bad mobile uplink: 60 to 100 ms each way and one datagram in fifty lost.
#[tokio::test(flavor = "multi_thread")]
async fn a_picture_over_a_bad_line_still_arrives_and_still_stops() {
    let mut scene = Scene::set(TownPlan::one_shop()).await.unwrap();
    let media = scene.town.hub.ready().media;
    let line = Line {
        seed: 417,
        delay: Duration::from_millis(60),
        jitter: Duration::from_millis(40),
        loss_per_mille: 20,
    };
    let relay = Relay::start(SocketAddr::new(media.ip(), 0), media, line)
        .await
        .unwrap();
    scene
        .town
        .network(0)
        .unwrap()
        .detour(media.port(), relay.address())
        .unwrap();
    let press = scene.live_press().await.unwrap();
    let wall = scene.watch().await.unwrap();
    let before = wall.seen(0).frames;
    sleep(Duration::from_secs(5)).await;
    let frames = wall.seen(0).frames - before;
    assert!(
        frames > 40,
        "{frames} of about 75 frames came over the bad line"
    );
    scene.revoke(&press).await.unwrap();
    wall.silence(0, Duration::from_secs(1), SOON).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn stopping_works_at_the_device_while_the_line_is_cut() {
    let mut scene = Scene::set(TownPlan::one_shop()).await.unwrap();
    let press = scene.live_press().await.unwrap();
    let _wall = scene.watch().await.unwrap();
    scene.town.cut("shop").unwrap();
    scene.town.device("shop").unwrap().stop().await.unwrap();
    scene.town.mend("shop").unwrap();
    let share = scene.share(&press, "ended").await.unwrap();
    assert_eq!(
        share["endCause"], "stoppedAtPremises",
        "and the hub learns why, late: {share}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hub_that_is_asked_to_leave_says_so_and_loses_nothing() {
    let mut scene = Scene::set(TownPlan::one_shop()).await.unwrap();
    let press = scene.live_press().await.unwrap();
    let left = scene
        .town
        .hub
        .process()
        .terminate(Duration::from_secs(20))
        .await
        .unwrap();
    assert!(left.success(), "a drained hub leaves in order: {left}");
    scene.town.hub.start_again().await.unwrap();
    scene.share(&press, "live").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_went_with_the_hub_is_away_and_not_unknown() {
    let mut scene = Scene::set(TownPlan::one_shop()).await.unwrap();
    scene.town.hub.kill();
    scene.town.device("shop").unwrap().kill();
    scene.town.hub.start_again().await.unwrap();
    let away = |now: &_| {
        let premises = list(now, "premises").next()?;
        (premises["deviceState"] == "away").then(|| premises["lastSeenAt"].is_string())
    };
    let away = scene.owner.sees.until("the device is away", SOON, away);
    assert!(away.await.unwrap(), "and when it was last here");
}
