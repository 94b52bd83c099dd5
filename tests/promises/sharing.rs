//! A yes reaches the wall in the time it says, is recorded before it is seen, and a standing yes of the
//! agency's own cameras renews itself.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::time::{Duration, SystemTime};

use assent_tests::town::plan::{PersonPlan, RulePlan, TownPlan};
use assent_tests::town::share::{SOON, Scene, list, shares};
use assent_tests::town::wall::Wall;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tokio::time::Instant;

/// What the product promises is a second; this is a debug build that shares its two cores with cameras.
const ON_THE_WALL_WITHIN: Duration = Duration::from_millis(2_500);

#[tokio::test(flavor = "multi_thread")]
async fn a_press_is_on_the_wall_within_the_time_it_says() {
    let mut scene = Scene::set(TownPlan::one_shop()).await.unwrap();
    let wall = scene.open_wall(1).await.unwrap();
    let pressed = Instant::now();
    let press = scene.press().await.unwrap();
    let camera = scene.camera.clone();
    scene
        .operator
        .sees
        .until("the camera is shared", SOON, |now| {
            list(now, "cameras")
                .find(|known| known["id"] == camera.as_str() && known["availability"] == "shared")
        })
        .await
        .unwrap();
    wall.show(0, Some(&scene.camera)).await.unwrap();
    wall.next_frame(0, SOON).await.unwrap();
    let took = pressed.elapsed();
    assert!(took < ON_THE_WALL_WITHIN, "the picture took {took:?}");
    let share = scene.share(&press, "live").await.unwrap();
    assert!(
        share["endsAt"].is_string(),
        "a share has an end, always: {share}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn every_view_that_delivered_a_frame_has_an_older_record() {
    let mut scene = Scene::set(TownPlan::one_shop()).await.unwrap();
    scene.live_press().await.unwrap();
    let mut walls: Vec<Wall> = Vec::new();
    for _ in 0..3 {
        walls.push(scene.watch().await.unwrap());
    }
    let firsts: Vec<SystemTime> = walls
        .iter()
        .map(|wall| wall.seen(0).first_at.unwrap())
        .collect();
    let page = scene.owner.page.get("api/viewings").await.unwrap();
    let viewings = page["viewings"].as_array().unwrap();
    assert_eq!(
        viewings.len(),
        firsts.len(),
        "the owner sees every view: {viewings:?}"
    );
    let mut recorded: Vec<OffsetDateTime> = viewings
        .iter()
        .map(|viewing| {
            OffsetDateTime::parse(viewing["startedAt"].as_str().unwrap(), &Rfc3339).unwrap()
        })
        .collect();
    recorded.sort();
    for (recorded, first) in recorded.into_iter().zip(firsts) {
        assert!(
            recorded <= OffsetDateTime::from(first),
            "recorded {recorded}, seen {first:?}"
        );
    }
    for viewing in viewings {
        assert_eq!(viewing["badge"], "417", "by whom: {viewing}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_camera_shared_twice_stops_when_the_last_share_ends() {
    let mut scene = Scene::set(TownPlan::one_shop()).await.unwrap();
    let first = scene.live_press().await.unwrap();
    let second = scene.live_press().await.unwrap();
    let wall = scene.watch().await.unwrap();
    scene.revoke(&first).await.unwrap();
    scene.share(&first, "ended").await.unwrap();
    wall.next_frame(0, SOON).await.unwrap();
    scene.revoke(&second).await.unwrap();
    scene.share(&second, "ended").await.unwrap();
    wall.silence(0, Duration::from_secs(1), SOON).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_standing_share_renews_itself_until_it_is_revoked() {
    let mut plan = TownPlan::one_shop();
    plan.premises[0].rules = vec![RulePlan::standing(&[1], 5)];
    plan.people
        .push(PersonPlan::owner("clerk", "Town Clerk", &["shop"]));
    let mut scene = Scene::set(plan).await.unwrap();
    let live = |now: &_| {
        shares(now).find(|share| share["state"] == "live" && share["cause"] == "standing")
    };
    scene
        .operator
        .sees
        .until("the standing share is live", SOON, live)
        .await
        .unwrap();
    let wall = scene.watch().await.unwrap();
    // Two lives of a grant later the picture still runs.
    tokio::time::sleep(Duration::from_secs(11)).await;
    wall.next_frame(0, Duration::from_secs(3)).await.unwrap();

    let revoke =
        serde_json::json!({ "scope": { "premisesId": scene.premises }, "reason": "owner" });
    scene
        .owner
        .page
        .put(&format!("api/revokes/{}", uuid::Uuid::new_v4()), &revoke)
        .await
        .unwrap();
    wall.silence(0, Duration::from_secs(2), SOON).await.unwrap();
}
