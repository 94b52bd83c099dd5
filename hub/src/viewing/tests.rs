//! Watching, with a device that sends pictures and a browser that receives them over real sockets.
#![expect(clippy::unwrap_used, reason = "tests")]

mod history;
mod scene;

use axum::http::{Method, StatusCode};
use scene::Scene;
use serde_json::json;

use super::page::TileWord;
use super::*;
use crate::sharing::{RevokeAsked, RevokeReason, RevokeScope};
use crate::testing::client;
use crate::world::PremisesId;

#[tokio::test]
async fn what_is_not_shared_is_not_shown() {
    let mut scene = Scene::new().await;
    scene.open_wall().await;
    let tile = scene.show(0).await;
    assert_eq!(tile.state, TileWord::Ended);
    assert_eq!(tile.reason.as_deref(), Some("not shared"));
    assert_eq!(scene.recorded("viewing-started").await, 0);
}

#[tokio::test]
async fn a_view_is_on_record_before_its_first_frame_and_owners_are_told() {
    let mut scene = Scene::new().await;
    let press = scene.live().await;
    scene.open_wall().await;
    let tile = scene.show(0).await;
    assert_eq!(tile.state, TileWord::Connecting);
    assert_eq!(scene.recorded("viewing-started").await, 1);
    assert!(scene.page(press).on_wall_at.is_none(), "no frame yet");
    scene.publish().await;
    scene.until_picture().await;
    let viewing = &scene.viewing();
    scene
        .settled(|| viewing.tiles(&scene.operator)[0].state == TileWord::Live)
        .await;
    scene
        .settled(|| scene.page(press).on_wall_at.is_some())
        .await;
    let seen = viewing.viewings(&scene.owner).remove(0);
    assert_eq!((seen.badge.as_str(), seen.ended_at), ("417", None));
    assert!(seen.first_frame_at.is_some());
    let history = viewing.history(&scene.owner, None).await.unwrap();
    assert_eq!(history.viewings[0].id, seen.id);
}

#[tokio::test]
async fn saying_the_same_of_a_tile_is_one_viewing() {
    let mut scene = Scene::new().await;
    scene.live().await;
    scene.open_wall().await;
    let first = scene.show(0).await;
    let again = scene.show(0).await;
    assert_eq!(again.viewing_id, first.viewing_id);
    assert_eq!(scene.recorded("viewing-started").await, 1);
}

#[tokio::test]
async fn a_hidden_tile_is_paused_and_no_viewing() {
    let mut scene = Scene::new().await;
    scene.live().await;
    scene.open_wall().await;
    scene.publish().await;
    scene.show(0).await;
    scene.until_picture().await;
    let hidden = TileAsked {
        visible: false,
        ..scene.asked()
    };
    let tile = scene.set(0, hidden).await;
    assert_eq!(tile.state, TileWord::Paused);
    assert!(tile.viewing_id.is_none());
    scene.silence().await;
    let seen = scene.viewing().viewings(&scene.owner).remove(0);
    assert!(seen.ended_at.is_some());
    scene.show(0).await;
    scene.until_picture().await;
    assert_eq!(scene.recorded("viewing-started").await, 2, "a new viewing");
}

#[tokio::test]
async fn a_stop_ends_the_view_at_once_and_the_tile_says_why() {
    let mut scene = Scene::new().await;
    let press = scene.live().await;
    scene.open_wall().await;
    scene.publish().await;
    scene.show(0).await;
    scene.until_picture().await;
    let asked = RevokeAsked {
        scope: RevokeScope::PressId(press),
        reason: RevokeReason::Owner,
        envelopes: Vec::new(),
    };
    let sharing = scene.test.hub.sharing.clone();
    let stopped = sharing.revoke(&scene.owner, uuid::Uuid::new_v4(), asked);
    stopped.await.unwrap();
    scene.silence().await;
    let viewing = scene.viewing();
    scene
        .settled(|| viewing.tiles(&scene.operator)[0].state == TileWord::Ended)
        .await;
    let tile = viewing.tiles(&scene.operator).remove(0);
    assert_eq!(tile.reason.as_deref(), Some("owner revoked"));
    assert!(viewing.viewings(&scene.owner)[0].ended_at.is_some());
}

#[tokio::test]
async fn signing_out_ends_every_wall_of_the_session() {
    let mut scene = Scene::new().await;
    scene.live().await;
    scene.open_wall().await;
    scene.publish().await;
    scene.show(0).await;
    scene.until_picture().await;
    let identity = &scene.test.hub.identity;
    identity.sign_out(&scene.operator).await;
    scene.silence().await;
    let viewing = scene.viewing();
    scene
        .settled(|| viewing.viewings(&scene.owner)[0].ended_at.is_some())
        .await;
    let (late, offer) = (uuid::Uuid::new_v4(), client_offer());
    let late = viewing.open_wall(&scene.operator, late, &offer).await;
    assert!(late.is_err(), "nothing opens after it");
}

#[tokio::test]
async fn a_wall_does_not_exist_for_another_session() {
    let mut scene = Scene::new().await;
    scene.live().await;
    scene.open_wall().await;
    let other = scene.signed_in("op418").await;
    let (viewing, wall) = (scene.viewing(), scene.wall);
    let set = viewing.set_tile(&other, wall, 0, scene.asked()).await;
    assert_eq!(set.err().unwrap().slug, "unknown-wall");
    let close = viewing.close_wall(&other, wall).await;
    assert_eq!(close.err().unwrap().slug, "unknown-wall");
    let open = viewing.open_wall(&other, wall, &client_offer()).await;
    assert_eq!(open.err().unwrap().kind, crate::error::Kind::Conflict);
    assert!(viewing.tiles(&other).is_empty());
}

#[tokio::test]
async fn bad_calls_are_refused_one_by_one() {
    let mut scene = Scene::new().await;
    scene.open_wall().await;
    let cookie = scene.test.sign_in("op417").await;
    let put = |path: String, body: serde_json::Value| {
        let call = scene.test.console(Method::PUT, &path).cookie(&cookie);
        call.json(&body).send()
    };
    let tile = |camera: Option<uuid::Uuid>| json!({ "cameraId": camera, "size": "small", "visible": true, "audible": false });
    let path = format!("/api/walls/{}/tiles/0", uuid::Uuid::new_v4());
    let answer = put(path, tile(None)).await;
    assert_eq!(answer.problem(), "unknown-wall");
    let path = format!("/api/walls/{}/tiles/0", scene.wall);
    let answer = put(path, tile(Some(uuid::Uuid::new_v4()))).await;
    assert_eq!(answer.problem(), "unknown-camera");
    let path = format!("/api/walls/{}/tiles/900", scene.wall);
    assert_eq!(put(path, tile(None)).await.status, StatusCode::NOT_FOUND);
    let malformed = scene
        .viewing()
        .open_wall(&scene.operator, uuid::Uuid::new_v4(), "v=0\r\nnonsense")
        .await;
    assert_eq!(malformed.err().unwrap().slug, "media-refused");
    let owner = scene.test.sign_in("maria").await;
    let path = format!("/api/walls/{}/tiles/0", scene.wall);
    let call = scene.test.console(Method::PUT, &path).cookie(&owner);
    let answer = call.json(&tile(None)).send().await;
    assert!(answer.status.is_client_error(), "an owner has no wall");
}

#[tokio::test]
async fn without_a_store_a_pressed_share_is_shown_on_the_spool_and_an_alerts_share_is_not() {
    let mut scene = Scene::new().await;
    scene.live().await;
    scene.open_wall().await;
    scene.publish().await;
    scene.test.hub.world.store.close().await;
    let tile = scene.show(0).await;
    assert!(tile.viewing_id.is_some(), "{tile:?}");
    scene.until_picture().await;

    let mut scene = Scene::under(crate::testing::alert_rule(1, false, 0)).await;
    scene.gunshot().await;
    scene.open_wall().await;
    scene.test.hub.world.store.close().await;
    let viewing = scene.viewing();
    let refused = viewing
        .set_tile(&scene.operator, scene.wall, 0, scene.asked())
        .await;
    assert_eq!(refused.err().unwrap().kind, crate::error::Kind::Unavailable);
    assert!(viewing.viewings(&scene.owner).is_empty());
}

#[tokio::test]
async fn a_single_player_plays_what_is_shared_and_nothing_else() {
    let mut scene = Scene::new().await;
    let (viewing, camera) = (scene.viewing(), scene.device.camera(1));
    let offer = client_offer();
    let refused = viewing.open_player(&scene.operator, camera, &offer).await;
    assert_eq!(refused.err().unwrap().slug, "not-shared");
    scene.live().await;
    let playing = viewing.open_player(&scene.operator, camera, &offer).await;
    let (player, _) = playing.unwrap();
    assert_eq!(viewing.viewings(&scene.owner).len(), 1);
    viewing.close_wall(&scene.operator, player).await.unwrap();
    assert!(viewing.viewings(&scene.owner)[0].ended_at.is_some());
}

#[tokio::test]
async fn cameras_say_technical_reasons_and_never_who_said_no() {
    let mut scene = Scene::new().await;
    let availability = |scene: &Scene| {
        let cameras = scene.viewing().cameras(&scene.operator.person);
        serde_json::to_value(cameras[0].availability).unwrap()
    };
    assert_eq!(availability(&scene), "notShared");
    scene.live().await;
    assert_eq!(availability(&scene), "shared");
    let health = crate::devices::Health {
        condition: crate::devices::Condition::WrongPassword,
        reason: None,
    };
    scene
        .test
        .hub
        .devices
        .set_health(scene.device.id, 1, health);
    assert_eq!(availability(&scene), "wrongPassword");
    scene.device.unplug();
    assert_eq!(availability(&scene), "deviceAway");
    assert_eq!(
        scene.viewing().cameras(&scene.operator.person)[0]
            .premises
            .id,
        PremisesId::of_key("shop").0
    );
}

fn client_offer() -> String {
    client::offer(&scene::VIDEO).sdp
}

#[tokio::test]
async fn a_view_that_only_the_record_knows_is_in_the_owners_history_after_a_restart() {
    let mut scene = Scene::new().await;
    scene.live().await;
    scene.open_wall().await;
    scene.publish().await;
    let hub = scene.test.hub.clone();
    let rename = |from: &str, to: &str| {
        let text = format!("ALTER TABLE {from} RENAME TO {to}");
        sqlx::raw_sql(sqlx::AssertSqlSafe(text)).execute(hub.world.store.pool())
    };
    // The store takes records and no rows.
    rename("viewing", "viewing_away").await.unwrap();
    let shown = scene.show(0).await;
    scene.until_picture().await;
    let viewing = scene.viewing();
    let seen = || viewing.viewings(&scene.owner).remove(0);
    scene.settled(|| seen().first_frame_at.is_some()).await;
    let hidden = TileAsked {
        visible: false,
        ..scene.asked()
    };
    scene.set(0, hidden).await;
    while scene.recorded("viewing-ended").await == 0 {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    let before = serde_json::to_value(seen()).unwrap();
    scene.kill_writers().await;
    rename("viewing_away", "viewing").await.unwrap();
    assert!(
        viewing
            .history(&scene.owner, None)
            .await
            .unwrap()
            .viewings
            .is_empty()
    );

    for _ in 0..2 {
        let after = Viewing::open(
            hub.world.clone(),
            hub.audit.clone(),
            hub.registry.clone(),
            hub.devices.clone(),
            hub.sharing.clone(),
            hub.feeds.clone(),
        );
        let after = after.await.unwrap();
        let history = after.history(&scene.owner, None).await.unwrap();
        assert_eq!(history.viewings.len(), 1, "made once");
        assert_eq!(Some(history.viewings[0].id), shown.viewing_id);
        assert_eq!(serde_json::to_value(&history.viewings[0]).unwrap(), before);
    }
}
