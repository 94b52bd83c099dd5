//! Bad input: each gets a problem document that says what is wrong.

use crate::config::Config;
use crate::testing::TestHub;
use axum::http::{Method, StatusCode};
use serde_json::json;

#[tokio::test]
async fn a_call_that_acts_must_carry_a_key() {
    let hub = TestHub::new().await;
    let operator = hub.sign_in("op417").await;
    let call = hub.console(Method::POST, "/api/tickets").cookie(&operator);
    let call = call
        .json(&json!({ "use": "wall" }))
        .without("idempotency-key");
    let refused = call.send().await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    assert_eq!(refused.json["type"], "urn:assent:problem:key-missing");
}

#[tokio::test]
async fn nobody_signed_in_is_401_with_a_problem_and_a_request_id() {
    let hub = TestHub::new().await;
    let answer = hub.owner(Method::GET, "/api/session").send().await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert_eq!(answer.headers["content-type"], "application/problem+json");
    assert_eq!(
        answer.json["requestId"],
        answer.headers["x-request-id"].to_str().unwrap()
    );
}

#[tokio::test]
async fn an_operator_cannot_press_and_an_owner_gets_no_ticket() {
    let hub = TestHub::new().await;
    let (owner, operator) = (hub.sign_in("maria").await, hub.sign_in("op417").await);
    let press = format!("/api/presses/{}", uuid::Uuid::from_u128(7));
    let answer = hub
        .console(Method::PUT, &press)
        .cookie(&operator)
        .json(&json!({}))
        .send()
        .await;
    assert_eq!(
        (answer.status, answer.problem()),
        (StatusCode::FORBIDDEN, "wrong-role")
    );
    let answer = hub
        .owner(Method::POST, "/api/tickets")
        .cookie(&owner)
        .json(&json!({ "use": "wall" }))
        .send()
        .await;
    assert_eq!(
        (answer.status, answer.problem()),
        (StatusCode::FORBIDDEN, "wrong-role")
    );
}

#[tokio::test]
async fn a_cookie_of_one_page_is_nobody_on_the_other() {
    let hub = TestHub::new().await;
    let operator = hub.sign_in("op417").await;
    let answer = hub
        .owner(Method::GET, "/api/session")
        .cookie(&operator)
        .send()
        .await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_call_from_another_origin_changes_nothing() {
    let hub = TestHub::new().await;
    let cookie = hub.sign_in("maria").await;
    for origin in [
        "http://evil.example",
        "http://console.localhost:7400",
        "null",
        "http://owner.localhost:1",
    ] {
        let answer = hub
            .owner(Method::DELETE, "/api/session")
            .with("origin", origin)
            .cookie(&cookie)
            .send()
            .await;
        assert_eq!(
            (answer.status, answer.problem()),
            (StatusCode::FORBIDDEN, "wrong-origin"),
            "{origin}"
        );
    }
    assert_eq!(
        hub.owner(Method::GET, "/api/session")
            .cookie(&cookie)
            .send()
            .await
            .status,
        StatusCode::OK
    );
}

#[tokio::test]
async fn an_unknown_host_is_told_which_names_are_known() {
    let hub = TestHub::new().await;
    for path in ["/", "/api/session"] {
        let answer = hub.call(Method::GET, "evil.example", path).send().await;
        assert_eq!(
            (answer.status, answer.problem()),
            (StatusCode::NOT_FOUND, "unknown-host")
        );
    }
}

#[tokio::test]
async fn a_huge_body_is_refused_whether_announced_or_not() {
    let hub = TestHub::new().await;
    let huge = json!({ "token": "x".repeat(100_000) });
    let announced = hub
        .owner(Method::POST, "/api/session/link")
        .with("content-length", "100013")
        .json(&huge)
        .send()
        .await;
    assert_eq!(
        (announced.status, announced.problem()),
        (StatusCode::PAYLOAD_TOO_LARGE, "too-large")
    );
    let silent = hub
        .owner(Method::POST, "/api/session/link")
        .json(&huge)
        .send()
        .await;
    assert_eq!(
        (silent.status, silent.problem()),
        (StatusCode::PAYLOAD_TOO_LARGE, "too-large")
    );
}

#[tokio::test]
async fn a_body_that_is_not_understood_is_said_to_be() {
    let hub = TestHub::new().await;
    let link = || hub.owner(Method::POST, "/api/session/link");
    let form = link()
        .with("content-type", "text/plain")
        .raw("token=1")
        .send()
        .await;
    assert_eq!(
        (form.status, form.problem()),
        (StatusCode::BAD_REQUEST, "not-json")
    );
    let unknown = link()
        .json(&json!({ "token": "x", "role": "operator" }))
        .send()
        .await;
    assert_eq!(
        (unknown.status, unknown.problem()),
        (StatusCode::BAD_REQUEST, "malformed-body")
    );
    assert!(unknown.json["detail"].as_str().unwrap().contains("role"));
}

#[tokio::test]
async fn an_unknown_call_and_a_wrong_method_are_problems_too() {
    let hub = TestHub::new().await;
    let unknown = hub.owner(Method::GET, "/api/nothing").send().await;
    assert_eq!(
        (unknown.status, unknown.problem()),
        (StatusCode::NOT_FOUND, "no-such-call")
    );
    let method = hub.owner(Method::PATCH, "/api/session").send().await;
    assert_eq!(
        (method.status, method.problem()),
        (StatusCode::METHOD_NOT_ALLOWED, "wrong-method")
    );
}

#[tokio::test]
async fn an_id_that_is_none_is_not_found() {
    let hub = TestHub::new().await;
    let cookie = hub.sign_in("maria").await;
    let answer = hub
        .owner(Method::PUT, "/api/presses/not-an-id")
        .cookie(&cookie)
        .json(&json!({}))
        .send()
        .await;
    assert_eq!(
        (answer.status, answer.problem()),
        (StatusCode::NOT_FOUND, "malformed-id")
    );
}

#[tokio::test]
async fn too_many_sign_ins_are_told_to_wait() {
    let hub = TestHub::new().await;
    let mut last = StatusCode::OK;
    for _ in 0..80 {
        let answer = hub
            .owner(Method::POST, "/api/session/link")
            .json(&json!({ "token": "x" }))
            .send()
            .await;
        last = answer.status;
        if last == StatusCode::TOO_MANY_REQUESTS {
            assert!(answer.headers.contains_key("retry-after"));
            break;
        }
    }
    assert_eq!(last, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn every_answer_carries_the_security_headers() {
    let hub = TestHub::new().await;
    for path in ["/healthz", "/api/session", "/", "/api/nothing"] {
        let answer = hub.owner(Method::GET, path).send().await;
        let policy = answer.headers["content-security-policy"].to_str().unwrap();
        assert!(
            policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe"),
            "{path}"
        );
        assert_eq!(
            answer.headers["x-content-type-options"], "nosniff",
            "{path}"
        );
    }
}

#[tokio::test]
async fn a_port_in_use_is_named_with_what_to_do() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mut config = Config::default();
    config.http.listen = taken.local_addr().unwrap();
    let hub = TestHub::with(config).await;
    let error = crate::http::listen(&hub.front).err().unwrap();
    assert_eq!(error.slug, "cannot-listen");
    assert!(
        error
            .public
            .contains(&taken.local_addr().unwrap().to_string()),
        "{error}"
    );
}

#[tokio::test]
async fn a_second_hub_on_the_same_data_is_refused() {
    let hub = TestHub::new().await;
    let _first = crate::admin::listen(&hub.test.data_dir()).unwrap();
    assert_eq!(
        crate::admin::listen(&hub.test.data_dir())
            .err()
            .unwrap()
            .slug,
        "already-running"
    );
}

#[tokio::test]
async fn numbers_are_for_this_machine_even_behind_a_proxy() {
    let mut config = Config::default();
    config.http.console_host = "console.example".into();
    config.http.owner_host = "owner.example".into();
    let hub = TestHub::with(config).await;
    assert_eq!(
        hub.call(Method::GET, "127.0.0.1:7400", "/metrics")
            .send()
            .await
            .status,
        StatusCode::OK
    );
    assert_eq!(
        hub.call(Method::GET, "console.example", "/metrics")
            .send()
            .await
            .status,
        StatusCode::NOT_FOUND
    );
}
