//! The page stream.

use crate::testing::TestHub;
use crate::world::PersonId;
use axum::body::Body;
use axum::http::{Method, Response, StatusCode};
use std::time::Duration;
use tokio_stream::StreamExt;

const WITHIN: Duration = Duration::from_secs(5);

/// Reads until the text holds `wanted`, and gives everything read so far.
async fn read_until(stream: &mut axum::body::BodyDataStream, wanted: &str) -> String {
    let mut text = String::new();
    let read = async {
        while !text.contains(wanted) {
            let Some(chunk) = stream.next().await else {
                panic!("the stream ended after {text:?}")
            };
            text.push_str(std::str::from_utf8(&chunk.unwrap()).unwrap());
        }
    };
    assert!(
        tokio::time::timeout(WITHIN, read).await.is_ok(),
        "no {wanted:?}"
    );
    text
}

fn body(response: Response<Body>) -> axum::body::BodyDataStream {
    assert_eq!(response.status(), StatusCode::OK);
    response.into_body().into_data_stream()
}

#[tokio::test]
async fn an_open_console_is_on_duty_and_owners_see_it_come_and_go() {
    let hub = TestHub::new().await;
    let (owner, operator) = (hub.sign_in("maria").await, hub.sign_in("op417").await);
    let mut owners = body(
        hub.owner(Method::GET, "/api/stream")
            .cookie(&owner)
            .open()
            .await,
    );
    read_until(&mut owners, r#""onDuty":0"#).await;
    let console = hub
        .console(Method::GET, "/api/stream")
        .cookie(&operator)
        .open()
        .await;
    read_until(&mut owners, r#""onDuty":1"#).await;
    drop(console);
    read_until(&mut owners, r#""onDuty":0"#).await;
}

#[tokio::test]
async fn a_page_that_comes_back_is_told_only_what_changed() {
    let hub = TestHub::new().await;
    let owner = hub.sign_in("maria").await;
    let mut stream = body(
        hub.owner(Method::GET, "/api/stream")
            .cookie(&owner)
            .open()
            .await,
    );
    let text = read_until(&mut stream, "event: asks").await;
    let text = text.clone() + &read_until_number(&text, &mut stream).await;
    let last = text
        .lines()
        .filter_map(|l| l.strip_prefix("id: "))
        .next_back()
        .unwrap()
        .to_owned();
    drop(stream);
    let mut again = body(
        hub.owner(Method::GET, "/api/stream")
            .cookie(&owner)
            .with("last-event-id", &last)
            .open()
            .await,
    );
    let _console = hub
        .console(Method::GET, "/api/stream")
        .cookie(&hub.sign_in("op417").await)
        .open()
        .await;
    let text = read_until(&mut again, r#""onDuty":1"#).await;
    assert!(!text.contains("event: premises"), "{text}");
}

/// The rest of the last event, if its number is still on the way.
async fn read_until_number(text: &str, stream: &mut axum::body::BodyDataStream) -> String {
    if text.ends_with("\n\n") {
        String::new()
    } else {
        read_until(stream, "\n\n").await
    }
}

#[tokio::test]
async fn a_stream_ends_with_its_session() {
    let hub = TestHub::new().await;
    let operator = hub.sign_in("op417").await;
    let mut stream = body(
        hub.console(Method::GET, "/api/stream")
            .cookie(&operator)
            .open()
            .await,
    );
    read_until(&mut stream, "event: duty").await;
    hub.hub
        .identity
        .revoke_role(
            PersonId::of_key("op417"),
            crate::audit::Actor::Administrator,
        )
        .await
        .unwrap();
    read_until(&mut stream, "event: bye\ndata: {\"reason\":\"signedOut\"}").await;
    assert!(stream.next().await.is_none());
}

#[tokio::test]
async fn pages_are_told_before_the_hub_goes() {
    let hub = TestHub::new().await;
    let owner = hub.sign_in("maria").await;
    let mut stream = body(
        hub.owner(Method::GET, "/api/stream")
            .cookie(&owner)
            .open()
            .await,
    );
    read_until(&mut stream, "event: asks").await;
    hub.front.draining.cancel();
    let text = read_until(&mut stream, "event: bye").await;
    assert!(text.contains(r#"{"kind":"draining"}"#), "{text}");
    assert_eq!(
        hub.owner(Method::GET, "/readyz").send().await.status,
        StatusCode::SERVICE_UNAVAILABLE
    );
}

#[tokio::test]
async fn one_session_has_a_bounded_number_of_streams() {
    let hub = TestHub::new().await;
    let owner = hub.sign_in("maria").await;
    let mut open = Vec::new();
    let refused = loop {
        let response = hub
            .owner(Method::GET, "/api/stream")
            .cookie(&owner)
            .open()
            .await;
        if response.status() != StatusCode::OK {
            break response.status();
        }
        open.push(response);
        assert!(open.len() < 100, "streams are not bounded");
    };
    assert_eq!(refused, StatusCode::TOO_MANY_REQUESTS);
}
