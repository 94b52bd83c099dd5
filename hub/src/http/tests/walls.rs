//! Walls and single players, up to the point where pictures would flow.

use crate::testing::TestHub;
use axum::http::{Method, StatusCode};
use serde_json::json;
use uuid::Uuid;

const WALL: Uuid = Uuid::from_u128(77);

async fn ticket(hub: &TestHub, cookie: &str) -> String {
    let answer = hub
        .console(Method::POST, "/api/tickets")
        .cookie(cookie)
        .json(&json!({ "use": "wall" }))
        .send()
        .await;
    answer.json["ticket"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_malformed_session_description_is_refused_with_a_sentence() {
    let hub = TestHub::new().await;
    let cookie = hub.sign_in("op417").await;
    for offer in ["", "v=0", "not a description at all\r\n"] {
        let path = format!("/api/walls/{WALL}?ticket={}", ticket(&hub, &cookie).await);
        let call = hub
            .console(Method::PUT, &path)
            .cookie(&cookie)
            .with("content-type", "application/sdp");
        let answer = call.raw(offer).send().await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", answer.json);
        assert!(!answer.json["detail"].as_str().unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_ticket_works_once_and_for_its_own_session() {
    let hub = TestHub::new().await;
    let (one, other) = (hub.sign_in("op417").await, hub.sign_in("op418").await);
    let secret = ticket(&hub, &one).await;
    let open = |cookie: String| {
        let call = hub
            .console(Method::PUT, &format!("/api/walls/{WALL}?ticket={secret}"))
            .cookie(&cookie);
        call.with("content-type", "application/sdp")
            .raw("v=0")
            .send()
    };
    let stolen = open(other.clone()).await;
    assert_eq!(
        (stolen.status, stolen.problem()),
        (StatusCode::FORBIDDEN, "ticket-over")
    );
    let used = open(one.clone()).await;
    assert_eq!(
        (used.status, used.problem()),
        (StatusCode::GONE, "ticket-over")
    );
}

#[tokio::test]
async fn a_tile_of_an_unknown_wall_or_camera_is_not_found() {
    let hub = TestHub::new().await;
    let cookie = hub.sign_in("op417").await;
    let tile = |camera: serde_json::Value| {
        let body =
            json!({ "cameraId": camera, "size": "small", "visible": true, "audible": false });
        hub.console(Method::PUT, &format!("/api/walls/{WALL}/tiles/0"))
            .cookie(&cookie)
            .json(&body)
            .send()
    };
    let wall = tile(serde_json::Value::Null).await;
    assert_eq!(
        (wall.status, wall.problem()),
        (StatusCode::NOT_FOUND, "unknown-wall")
    );
    let camera = tile(json!(Uuid::from_u128(5))).await;
    assert_eq!(
        (camera.status, camera.problem()),
        (StatusCode::NOT_FOUND, "unknown-camera")
    );
}

#[tokio::test]
async fn a_player_without_a_good_token_sees_nothing() {
    let hub = TestHub::new().await;
    let path = format!("/whep/{}", Uuid::from_u128(5));
    for authorization in [None, Some("Bearer nonsense"), Some("Basic bWFyaWE6")] {
        let mut call = hub
            .console(Method::POST, &path)
            .with("content-type", "application/sdp");
        if let Some(value) = authorization {
            call = call.with("authorization", value);
        }
        assert_eq!(
            call.raw("v=0").send().await.status,
            StatusCode::UNAUTHORIZED
        );
    }
}
