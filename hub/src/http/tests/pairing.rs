//! The mailbox as a phone calls it, with nobody signed in.

use crate::testing::{TestDevice, TestHub};
use axum::http::{Method, StatusCode};

const STRANGER: &str = "0909090909090909090909090909090909090909090909090909090909090909";

#[tokio::test]
async fn a_phone_that_knows_only_the_code_leaves_a_message_and_reads_the_answer() {
    let hub = TestHub::new().await;
    let device = TestDevice::new(&hub.hub, Vec::new()).await;
    let path = format!("/api/mailbox/{}", device.id);
    let leave = hub.call(Method::POST, "owner.localhost:7400", &path);
    let left = leave
        .without("idempotency-key")
        .without("origin")
        .raw(vec![7; 64])
        .send()
        .await;
    assert_eq!(left.status, StatusCode::ACCEPTED, "{}", left.json);
    let hash = left.json["hash"].as_str().unwrap();
    let name: [u8; 32] = sha2::Digest::finalize(sha2::Digest::chain_update(
        <sha2::Sha256 as sha2::Digest>::new(),
        [7; 64],
    ))
    .into();
    hub.hub
        .mailbox
        .answer(device.id, name, vec![8; 64])
        .unwrap();
    let wait = hub.owner(Method::GET, &format!("{path}/{hash}"));
    let answer = wait.open().await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.headers()["content-type"], "application/octet-stream");
    let body = axum::body::to_bytes(answer.into_body(), 1 << 20)
        .await
        .unwrap();
    assert_eq!(body, vec![8; 64]);
}

#[tokio::test]
async fn a_hub_that_goes_away_lets_nobody_wait() {
    let hub = TestHub::new().await;
    hub.front.draining.cancel();
    let path = format!("/api/mailbox/{STRANGER}/{STRANGER}");
    let answer = hub.owner(Method::GET, &path).open().await;
    assert_eq!(answer.status(), StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn a_mailbox_takes_eighty_kibibytes_and_twenty_messages_a_minute() {
    let hub = TestHub::new().await;
    let path = format!("/api/mailbox/{STRANGER}");
    let leave = |body: Vec<u8>| hub.owner(Method::POST, &path).raw(body).send();
    let long = leave(vec![1; (80 << 10) + 1]).await;
    assert_eq!(long.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(leave(vec![1; 3]).await.status, StatusCode::BAD_REQUEST);
    for _ in 0..18 {
        assert_eq!(leave(vec![1; 64]).await.status, StatusCode::ACCEPTED);
    }
    assert_eq!(
        leave(vec![1; 64]).await.status,
        StatusCode::TOO_MANY_REQUESTS
    );
}

#[tokio::test]
async fn names_that_are_none_are_404() {
    let hub = TestHub::new().await;
    for path in ["/api/mailbox/box", "/api/mailbox/0909"] {
        let answer = hub.owner(Method::POST, path).raw(vec![1; 64]).send().await;
        assert_eq!(
            (answer.status, answer.problem()),
            (StatusCode::NOT_FOUND, "malformed-id")
        );
    }
    let path = format!("/api/mailbox/{STRANGER}/x");
    let answer = hub.owner(Method::GET, &path).send().await;
    assert_eq!(answer.problem(), "malformed-id");
}
