//! Whatever a camera speaks, the wall gets a picture that a browser can decode, and what the owner has
//! masked is black in it.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::time::Duration;

use assent_tests::cameras::HALL_MASK;
use assent_tests::picture::Picture;
use assent_tests::town::plan::{Store, TownPlan};
use assent_tests::town::share::{SOON, Scene, list};
use assent_tests::town::wall::Wall;
use serde_json::Value;
use tokio::time::{Instant, sleep};

/// Coding noise around black (16 in video range, 0 in full range).
const BLACK_ENOUGH: u8 = 40;
/// What is not masked has light in it.
const LIT: u8 = 90;
const INSIDE: f64 = 0.02;

/// The school: one H.265 camera, one that only does MJPEG and has a mask.
async fn school() -> Scene {
    let mut plan = TownPlan::springfield();
    plan.keep_only(&["school"]).unwrap();
    plan.store = Store::of_this_run();
    Scene::set(plan).await.unwrap()
}

async fn key_frame(wall: &Wall, slot: usize) -> Picture {
    let until = Instant::now() + SOON;
    loop {
        if let Some(key) = wall.seen(slot).key {
            return Picture::decode(&key).unwrap();
        }
        assert!(
            Instant::now() < until,
            "slot {slot} gets no frame to begin with"
        );
        sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn h265_and_mjpeg_cameras_arrive_decodable_and_what_is_masked_is_black() {
    let mut scene = school().await;
    scene.live_press().await.unwrap();
    let shared = |now: &_| {
        let shared = list(now, "cameras").filter(|camera| camera["availability"] == "shared");
        let all: Vec<Value> = shared.collect();
        (all.len() == 2).then_some(all)
    };
    let cameras = scene
        .operator
        .sees
        .until("both cameras are shared", SOON, shared)
        .await
        .unwrap();
    let wall = scene.open_wall(2).await.unwrap();
    for (slot, camera) in cameras.iter().enumerate() {
        wall.show(slot, camera["id"].as_str()).await.unwrap();
        let picture = key_frame(&wall, slot).await;
        assert_eq!(picture.width * 9, picture.height * 16, "{camera}");
        assert!(picture.width >= 640, "{camera}");
        let mask = HALL_MASK;
        let covered = picture.range(
            [mask.x + INSIDE, mask.x + mask.w - INSIDE],
            [mask.y + INSIDE, mask.y + mask.h - INSIDE],
        );
        let rest = picture.range([mask.x + mask.w + INSIDE, 1.0], [0.0, 1.0]);
        assert!(rest.1 > LIT, "{camera}: {rest:?}");
        let is_masked = camera["name"] == "Lincoln 2 Hall";
        assert_eq!(covered.1 < BLACK_ENOUGH, is_masked, "{camera}: {covered:?}");
    }
}
