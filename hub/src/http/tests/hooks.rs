//! Alerts from outside.

use crate::config::{Config, Hook};
use crate::testing::TestHub;
use crate::world::{AgencyId, PremisesId};
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use standardwebhooks::Webhook;
use time::OffsetDateTime;

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

struct Source {
    hub: TestHub,
    _files: tempfile::TempDir,
}

impl Source {
    async fn new() -> Self {
        let files = tempfile::tempdir().unwrap();
        let secret_file = files.path().join("gunshot.secret");
        std::fs::write(&secret_file, SECRET).unwrap();
        let hook = Hook {
            name: "gunshot".into(),
            secret_file,
            agency: AgencyId::of_key("pd"),
        };
        let config = Config {
            hooks: vec![hook],
            ..Config::default()
        };
        Self {
            hub: TestHub::with(config).await,
            _files: files,
        }
    }

    /// A signed call; the signature's time is the machine's, as the library checks it.
    async fn post(&self, id: &str, signed: &Value, sent: &Value) -> crate::testing::Answer {
        let now = OffsetDateTime::now_utc().unix_timestamp();
        let signature = Webhook::new(SECRET)
            .unwrap()
            .sign(id, now, signed.to_string().as_bytes())
            .unwrap();
        let call = self
            .hub
            .call(Method::POST, "hub.example", "/api/hooks/gunshot")
            .with("webhook-id", id);
        let call = call
            .with("webhook-timestamp", &now.to_string())
            .with("webhook-signature", &signature);
        call.json(sent).send().await
    }
}

fn shots() -> Value {
    json!({ "kind": "gunshot", "premisesId": PremisesId::of_key("shop"), "at": "2026-11-20T12:00:00Z" })
}

#[tokio::test]
async fn a_signed_alert_is_taken_and_the_same_again_is_the_same() {
    let source = Source::new().await;
    let first = source.post("msg_1", &shots(), &shots()).await;
    assert_eq!(first.status, StatusCode::ACCEPTED, "{}", first.json);
    let again = source.post("msg_1", &shots(), &shots()).await;
    assert_eq!(again.json, first.json);
    let other = source.post("msg_2", &shots(), &shots()).await;
    assert_ne!(other.json, first.json);
}

#[tokio::test]
async fn a_changed_or_unsigned_alert_is_refused() {
    let source = Source::new().await;
    let mut changed = shots();
    changed["kind"] = "fire".into();
    let answer = source.post("msg_1", &shots(), &changed).await;
    assert_eq!(
        (answer.status, answer.problem()),
        (StatusCode::UNAUTHORIZED, "bad-signature")
    );
    let unsigned = source
        .hub
        .call(Method::POST, "hub.example", "/api/hooks/gunshot")
        .json(&shots())
        .send()
        .await;
    assert_eq!(unsigned.status, StatusCode::UNAUTHORIZED);
    let unknown = source
        .hub
        .call(Method::POST, "hub.example", "/api/hooks/smoke")
        .json(&shots())
        .send()
        .await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn operators_hear_of_an_alert_whatever_the_policy_answers() {
    let source = Source::new().await;
    source.post("msg_1", &shots(), &shots()).await;
    let person = source
        .hub
        .hub
        .identity
        .person(crate::world::PersonId::of_key("op417"))
        .unwrap();
    let incidents = source.hub.hub.incidents.incidents(&person);
    assert_eq!(incidents.len(), 1);
    assert_eq!(incidents[0].alerts[0].kind, "gunshot");
}
