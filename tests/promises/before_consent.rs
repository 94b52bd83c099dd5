//! Nothing leaves the premises before the owner said yes: counted by the kernel, in a network of the
//! device's own, while its cameras are read and warm.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::time::Duration;

use assent_tests::town::plan::TownPlan;
use assent_tests::town::share::{SOON, Scene, list};
use tokio::time::sleep;

/// Pings, their answers and their TCP acknowledgements every 1.5 s, and some health; a picture at
/// 2 Mbit/s would be 250,000.
const QUIET_LINK_BYTES_A_SECOND: u64 = 2_000;
/// TCP acknowledgements of 2.5 Mbit/s a camera and RTSP keep-alives.
const READING_BYTES_A_SECOND: u64 = 40_000;
const WATCHED: Duration = Duration::from_secs(8);

fn count(scene: &Scene) {
    let cameras: Vec<u16> = scene
        .town
        .cameras
        .all()
        .iter()
        .map(|camera| camera.address().port())
        .collect();
    let link = scene.town.hub.link_address().port();
    scene
        .town
        .network(0)
        .unwrap()
        .count(link, &cameras)
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_leaves_the_premises_before_the_owner_says_yes() {
    let mut scene = Scene::set(TownPlan::one_shop()).await.unwrap();
    count(&scene);
    sleep(WATCHED).await;
    let left = scene.town.network(0).unwrap().counted().unwrap();
    assert_eq!(
        left.udp.packets, 0,
        "media goes over UDP, and there is none: {left:?}"
    );
    assert_eq!(
        left.other.packets, 0,
        "nothing goes anywhere else: {left:?}"
    );
    assert!(
        left.link.bytes < QUIET_LINK_BYTES_A_SECOND * WATCHED.as_secs(),
        "{left:?}"
    );
    assert!(
        left.cameras.packets > 0,
        "the cameras are read all the while: {left:?}"
    );
    assert!(
        left.cameras.bytes < READING_BYTES_A_SECOND * WATCHED.as_secs(),
        "{left:?}"
    );

    scene.live_press().await.unwrap();
    let wall = scene.watch().await.unwrap();
    let left = scene.town.network(0).unwrap().counted().unwrap();
    assert!(
        left.udp.bytes > 10_000,
        "the same counters see the picture leave after the yes: {left:?}"
    );
    drop(wall);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_hubs_word_alone_opens_nothing() {
    let mut scene = Scene::set(TownPlan::one_shop()).await.unwrap();
    count(&scene);
    // What the hub knows of the policy is old: it asks the device for what the owner took back there.
    let device = scene.town.device("shop").unwrap();
    device.kill();
    device.forget_rules("press").unwrap();
    let press = scene.press().await.unwrap();
    scene.share(&press, "asked").await.unwrap();
    scene.town.device("shop").unwrap().start().await.unwrap();
    let refused = |now: &_| {
        list(now, "presses")
            .find(|known| known["id"] == press.id.as_str() && known["state"] == "refused")
    };
    let state = scene
        .owner
        .sees
        .until("the press is refused", SOON, refused)
        .await
        .unwrap();
    assert!(
        state["refusal"].is_string(),
        "the owner is told why: {state}"
    );
    sleep(Duration::from_secs(2)).await;
    let left = scene.town.network(0).unwrap().counted().unwrap();
    assert_eq!(left.udp.packets, 0, "{left:?}");
}
