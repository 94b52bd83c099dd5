//! Sound leaves the premises only under a rule that grants it, as Opus, and no longer than that; counted
//! on the device's own cable, too.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::time::Duration;

use assent_tests::town::plan::TownPlan;
use assent_tests::town::share::{SOON, Scene, shares};
use assent_tests::town::wall::Wall;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};
use uuid::Uuid;

/// Two seconds of pictures: sound comes fifty times a second, were there any.
const A_WHILE: u64 = 30;

/// Waits for so many more pictures in the first tile.
async fn watch_on(wall: &Wall, pictures: u64) {
    let enough = wall.seen(0).frames + pictures;
    while wall.seen(0).frames < enough {
        wall.next_frame(0, SOON).await.unwrap();
    }
}

/// Waits until sound has come to the wall.
async fn hear(wall: &Wall) {
    let until = Instant::now() + SOON;
    while wall.heard().frames == 0 {
        assert!(Instant::now() < until, "no sound within {SOON:?}");
        sleep(Duration::from_millis(20)).await;
    }
}

/// Waits for the share that the shop's alert opens, in this state.
async fn alert_share(scene: &mut Scene, state: &str) -> Value {
    let found =
        |now: &_| shares(now).find(|share| share["cause"] == "alert" && share["state"] == state);
    let share = scene.owner.sees.until("the alert's share", SOON, found);
    share.await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn sound_leaves_only_while_a_rule_grants_it() {
    // A press shares pictures of camera 1 at the shop; broken glass shares its sound as well.
    let mut scene = Scene::set(TownPlan::one_shop()).await.unwrap();
    let press = scene.live_press().await.unwrap();
    let share = scene.share(&press, "live").await.unwrap();
    assert_eq!(share["rights"]["audio"], false);
    let wall = scene.open_wall(1).await.unwrap();
    wall.listen(0, &scene.camera).await.unwrap();
    watch_on(&wall, A_WHILE).await;
    assert_eq!(wall.heard().frames, 0, "nobody granted sound");
    assert_eq!(scene.town.left(0).unwrap().sound, 0, "nobody granted sound");

    scene.town.alert("shop", "glassBreak").await.unwrap();
    let heard = alert_share(&mut scene, "live").await;
    assert_eq!(heard["rights"]["audio"], true);
    wall.listen(0, &scene.camera).await.unwrap();
    hear(&wall).await;
    assert!(scene.town.left(0).unwrap().sound > 0);

    let revoke = json!({ "scope": { "grantId": heard["id"] }, "reason": "owner" });
    let path = format!("api/revokes/{}", Uuid::new_v4());
    scene.owner.page.put(&path, &revoke).await.unwrap();
    alert_share(&mut scene, "ended").await;
    let left = scene.town.left(0).unwrap().sound;
    // What was under way when the share ended.
    watch_on(&wall, 1).await;
    let heard = wall.heard().frames;
    watch_on(&wall, A_WHILE).await;
    assert_eq!(
        scene.town.left(0).unwrap().sound,
        left,
        "the press grants none"
    );
    assert_eq!(wall.heard().frames, heard, "the press grants none");
}
