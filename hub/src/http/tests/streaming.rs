//! The page stream.

use crate::audit::Actor;
use crate::testing::{PageStream, TestHub};
use crate::world::PersonId;
use axum::http::{Method, StatusCode};

#[tokio::test]
async fn an_open_console_is_on_duty_and_owners_see_it_come_and_go() {
    let hub = TestHub::new().await;
    let (owner, operator) = (hub.sign_in("maria").await, hub.sign_in("op417").await);
    let mut owners = hub.owner_stream(&owner).await;
    owners.until(r#""onDuty":0"#).await;
    let console = hub.console_stream(&operator).await;
    owners.until(r#""onDuty":1"#).await;
    drop(console);
    owners.until(r#""onDuty":0"#).await;
}

#[tokio::test]
async fn a_page_that_comes_back_is_told_only_what_changed() {
    let hub = TestHub::new().await;
    let owner = hub.sign_in("maria").await;
    let mut stream = hub.owner_stream(&owner).await;
    let text = stream.until("event: asks").await;
    let mut numbers = text.lines().filter_map(|line| line.strip_prefix("id: "));
    let last = numbers.next_back().unwrap();
    drop(stream);
    let call = hub.owner(Method::GET, "/api/stream").cookie(&owner);
    let mut again = PageStream::of(call.with("last-event-id", last).open().await);
    let _console = hub.console_stream(&hub.sign_in("op417").await).await;
    let text = again.until(r#""onDuty":1"#).await;
    assert!(!text.contains("event: premises"), "{text}");
}

#[tokio::test]
async fn a_stream_ends_with_its_session() {
    let hub = TestHub::new().await;
    let operator = hub.sign_in("op417").await;
    let mut stream = hub.console_stream(&operator).await;
    stream.until("event: duty").await;
    let revoking = hub
        .hub
        .identity
        .revoke_role(PersonId::of_key("op417"), Actor::Administrator);
    revoking.await.unwrap();
    let bye = "event: bye\ndata: {\"reason\":\"signedOut\"}";
    stream.until(bye).await;
    assert!(stream.is_over().await);
}

#[tokio::test]
async fn pages_are_told_before_the_hub_goes() {
    let hub = TestHub::new().await;
    let owner = hub.sign_in("maria").await;
    let mut stream = hub.owner_stream(&owner).await;
    stream.until("event: asks").await;
    hub.front.draining.cancel();
    let text = stream.until("event: bye").await;
    assert!(text.contains(r#"{"kind":"draining"}"#), "{text}");
    let ready = hub.owner(Method::GET, "/readyz").send().await;
    assert_eq!(ready.status, StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn one_session_has_a_bounded_number_of_streams() {
    let hub = TestHub::new().await;
    let owner = hub.sign_in("maria").await;
    let mut open = Vec::new();
    let refused = loop {
        let response = hub.ask_owner_stream(&owner).await;
        if response.status() != StatusCode::OK {
            break response.status();
        }
        open.push(response);
        assert!(open.len() < 100, "streams are not bounded");
    };
    assert_eq!(refused, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn a_hub_whose_media_engine_is_gone_is_not_ready() {
    let hub = TestHub::new().await;
    let ready = hub.owner(Method::GET, "/readyz").send().await;
    assert_eq!(ready.status, StatusCode::OK);
    hub.hub.feeds.lose_engine().await;
    let ready = hub.owner(Method::GET, "/readyz").send().await;
    assert_eq!(ready.problem(), "media-down");
}
