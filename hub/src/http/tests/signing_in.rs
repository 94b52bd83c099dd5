//! Links and sessions.

use crate::identity::Role;
use crate::testing::TestHub;
use crate::world::PersonId;
use axum::http::{Method, StatusCode};
use serde_json::json;
use std::time::Duration;

const LINK: &str = "/api/session/link";

#[tokio::test]
async fn a_link_signs_in_once_and_says_what_to_do_the_second_time() {
    let hub = TestHub::new().await;
    let body = json!({ "token": hub.link_for("maria").await });
    let first = hub.owner(Method::POST, LINK).json(&body).send().await;
    assert_eq!(first.status, StatusCode::OK);
    assert_eq!(first.json["me"]["role"], "owner");
    assert!(
        first.headers["set-cookie"]
            .to_str()
            .unwrap()
            .starts_with("__Host-assent=")
    );
    let second = hub.owner(Method::POST, LINK).json(&body).send().await;
    assert_eq!(
        (second.status, second.problem()),
        (StatusCode::GONE, "link-used")
    );
}

#[tokio::test]
async fn a_lost_answer_can_be_asked_for_again_with_the_same_key() {
    let hub = TestHub::new().await;
    let body = json!({ "token": hub.link_for("maria").await });
    let call = || {
        hub.owner(Method::POST, LINK)
            .with("idempotency-key", "k1")
            .json(&body)
    };
    let first = call().send().await;
    let again = call().send().await;
    assert_eq!(
        (again.status, again.cookie()),
        (StatusCode::OK, first.cookie())
    );
    let other = hub
        .owner(Method::POST, LINK)
        .with("idempotency-key", "k1")
        .json(&json!({ "token": "x" }))
        .send()
        .await;
    assert_eq!(
        (other.status, other.problem()),
        (StatusCode::CONFLICT, "key-reused")
    );
}

#[tokio::test]
async fn an_expired_link_is_gone() {
    let hub = TestHub::new().await;
    let body = json!({ "token": hub.link_for("maria").await });
    hub.test
        .world
        .clock
        .advance(Duration::from_secs(25 * 3_600));
    let answer = hub.owner(Method::POST, LINK).json(&body).send().await;
    assert_eq!(
        (answer.status, answer.problem()),
        (StatusCode::GONE, "link-expired")
    );
}

#[tokio::test]
async fn a_link_opened_on_the_wrong_page_stays_good() {
    let hub = TestHub::new().await;
    let body = json!({ "token": hub.link_for("maria").await });
    let wrong = hub.console(Method::POST, LINK).json(&body).send().await;
    assert_eq!(
        (wrong.status, wrong.problem()),
        (StatusCode::FORBIDDEN, "wrong-page")
    );
    let right = hub.owner(Method::POST, LINK).json(&body).send().await;
    assert_eq!(right.status, StatusCode::OK);
}

#[tokio::test]
async fn signing_out_ends_the_session_for_whoever_holds_it() {
    let hub = TestHub::new().await;
    let cookie = hub.sign_in("op417").await;
    let held = hub
        .hub
        .identity
        .admit(&crate::world::Secret::new(
            cookie.split_once('=').unwrap().1,
        ))
        .unwrap();
    let out = hub
        .console(Method::DELETE, "/api/session")
        .cookie(&cookie)
        .send()
        .await;
    assert_eq!(out.status, StatusCode::NO_CONTENT);
    assert!(held.ended.is_cancelled());
    let after = hub
        .console(Method::GET, "/api/session")
        .cookie(&cookie)
        .send()
        .await;
    assert_eq!(
        (after.status, after.problem()),
        (StatusCode::UNAUTHORIZED, "signed-out")
    );
}

#[tokio::test]
async fn a_lost_role_ends_every_session_at_once() {
    let hub = TestHub::new().await;
    let (one, two) = (hub.sign_in("op417").await, hub.sign_in("op417").await);
    let ended = hub
        .hub
        .identity
        .revoke_role(
            PersonId::of_key("op417"),
            crate::audit::Actor::Administrator,
        )
        .await
        .unwrap();
    assert_eq!(ended, 2);
    for cookie in [one, two] {
        let after = hub
            .console(Method::GET, "/api/session")
            .cookie(&cookie)
            .send()
            .await;
        assert_eq!(after.status, StatusCode::UNAUTHORIZED);
    }
}

#[tokio::test]
async fn an_operators_session_ends_by_silence_and_an_owners_does_not() {
    let hub = TestHub::new().await;
    let (owner, operator) = (hub.sign_in("maria").await, hub.sign_in("op417").await);
    hub.test.world.clock.advance(Duration::from_secs(31 * 60));
    assert_eq!(
        hub.owner(Method::GET, "/api/session")
            .cookie(&owner)
            .send()
            .await
            .status,
        StatusCode::OK
    );
    assert_eq!(
        hub.console(Method::GET, "/api/session")
            .cookie(&operator)
            .send()
            .await
            .status,
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test]
async fn sessions_survive_a_restart_of_the_hub() {
    let hub = TestHub::new().await;
    let cookie = hub.sign_in("maria").await;
    let again = crate::state::Hub::build_in((*hub.hub.config).clone(), hub.test.world.clone())
        .await
        .unwrap();
    let secret = crate::world::Secret::new(cookie.split_once('=').unwrap().1);
    assert_eq!(
        again.identity.admit(&secret).unwrap().person.role,
        Role::Owner
    );
}

#[tokio::test]
async fn a_passkey_challenge_is_for_its_page_and_answered_once() {
    let hub = TestHub::new().await;
    let challenge = hub
        .owner(Method::POST, "/api/session/passkey/challenge")
        .json(&json!({}))
        .send()
        .await;
    assert_eq!(challenge.json["publicKey"]["rpId"], "owner.localhost");
    let body = json!({ "challengeId": challenge.json["challengeId"], "credential": {} });
    let console = hub
        .console(Method::POST, "/api/session/passkey")
        .json(&body)
        .send()
        .await;
    assert_eq!(
        (console.status, console.problem()),
        (StatusCode::GONE, "challenge-over")
    );
    let owner = hub
        .owner(Method::POST, "/api/session/passkey")
        .json(&body)
        .send()
        .await;
    assert_eq!(
        owner.status,
        StatusCode::GONE,
        "a challenge that was tried elsewhere is void"
    );
}

#[tokio::test]
async fn a_new_passkey_is_asked_to_be_discoverable() {
    let hub = TestHub::new().await;
    let cookie = hub.sign_in("maria").await;
    let challenge = hub
        .owner(Method::POST, "/api/passkeys/challenge")
        .cookie(&cookie)
        .json(&json!({}))
        .send()
        .await;
    assert_eq!(
        challenge.json["publicKey"]["authenticatorSelection"]["residentKey"],
        "required"
    );
    assert_eq!(challenge.json["publicKey"]["rp"]["id"], "owner.localhost");
}
