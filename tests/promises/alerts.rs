//! An alert from outside may propose; the owner's policy decides: it opens, asks the owner, or opens
//! nothing. Alerts are signed as Standard Webhooks 1.0 says.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::time::Duration;

use assent_tests::town::plan::{RulePlan, TownPlan};
use assent_tests::town::share::{SOON, Scene, alerts, list, shares};
use serde_json::{Value, json};
use standardwebhooks::Webhook;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tokio::time::sleep;

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// A town whose hub takes alerts of one detector, and the detector.
struct Alarmed {
    scene: Scene,
    _secret: tempfile::NamedTempFile,
}

impl Alarmed {
    async fn set() -> Self {
        let secret = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(secret.path(), SECRET).unwrap();
        let mut plan = TownPlan::one_shop();
        plan.hub_settings = format!(
            "[[hooks]]\nname = \"detector\"\nsecret_file = {:?}\nagency = \"springfield-pd\"\n",
            secret.path()
        );
        plan.premises[0].rules = vec![
            RulePlan::alert("glassBreak", "opens", &[1], 600),
            RulePlan::alert("gunshot", "asks", &[1, 2], 600),
            RulePlan::alert("holdUp", "opens", &[1], 600),
            RulePlan::alert("holdUp", "asks", &[2], 600),
        ];
        Self {
            scene: Scene::set(plan).await.unwrap(),
            _secret: secret,
        }
    }

    /// Posts an alert with a message id and a signature over what `signed` makes of its body.
    async fn post(&self, id: &str, kind: &str, signed: impl Fn(String) -> String) -> (u16, Value) {
        let now = OffsetDateTime::now_utc();
        let alert = json!({ "kind": kind, "premisesId": self.scene.premises, "at": now.format(&Rfc3339).unwrap() });
        let body = alert.to_string();
        let stamp = now.unix_timestamp();
        let signature = Webhook::new(SECRET)
            .unwrap()
            .sign(id, stamp, signed(body.clone()).as_bytes())
            .unwrap();
        let hub = self.scene.town.hub.http_address();
        let answer = reqwest::Client::new()
            .post(format!("http://{hub}/api/hooks/detector"))
            .header("host", format!("console.localhost:{}", hub.port()))
            .header("content-type", "application/json")
            .header("webhook-id", id)
            .header("webhook-timestamp", stamp.to_string())
            .header("webhook-signature", signature)
            .body(body)
            .send()
            .await
            .unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_that_the_owner_agreed_to_in_advance_opens() {
    let mut town = Alarmed::set().await;
    let (status, answer) = town.post("msg_1", "glassBreak", |body| body).await;
    assert!((200..300).contains(&status), "{status} {answer}");
    let live =
        |now: &_| shares(now).find(|share| share["cause"] == "alert" && share["state"] == "live");
    let share = town
        .scene
        .owner
        .sees
        .until("the share is live", SOON, live)
        .await
        .unwrap();
    assert_eq!(
        share["cameras"].as_array().unwrap().len(),
        1,
        "what the rule names, and no more: {share}"
    );
    town.scene.watch().await.unwrap();

    let again = town.post("msg_1", "glassBreak", |body| body).await;
    assert_eq!(
        again.1["alertId"], answer["alertId"],
        "sent again is the same alert"
    );
    sleep(Duration::from_secs(1)).await;
    assert_eq!(
        alerts(&town.scene.operator.sees.now(), "glassBreak").len(),
        1
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_that_asks_opens_on_the_owners_word_only() {
    let mut town = Alarmed::set().await;
    town.post("msg_1", "gunshot", |body| body).await;
    let ask = |now: &_| list(now, "asks").next();
    let ask = town
        .scene
        .owner
        .sees
        .until("the owner is asked", SOON, ask)
        .await
        .unwrap();
    sleep(Duration::from_secs(1)).await;
    let live = |now: &_| shares(now).find(|share| share["state"] == "live");
    assert!(
        live(&town.scene.owner.sees.now()).is_none(),
        "nothing opens before the answer"
    );
    let path = format!("api/approvals/{}", ask["alertId"].as_str().unwrap());
    town.scene
        .owner
        .page
        .put(&path, &json!({ "answer": "yes" }))
        .await
        .unwrap();
    town.scene
        .owner
        .sees
        .until("the share is live", SOON, live)
        .await
        .unwrap();
    town.scene.watch().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_opens_one_camera_and_asks_about_the_other_also_after_a_restart() {
    let mut town = Alarmed::set().await;
    town.post("msg_1", "holdUp", |body| body).await;
    let live = |cameras| {
        move |now: &_| {
            let live = shares(now).filter(|share| share["state"] == "live");
            (live.count() == cameras).then_some(())
        }
    };
    let owner = &mut town.scene.owner;
    let opened = owner.sees.until("one camera is live", SOON, live(1));
    opened.await.unwrap();
    let ask = |now: &_| list(now, "asks").next();
    let asked = owner.sees.until("the owner is asked", SOON, ask);
    let asked = asked.await.unwrap();
    assert_eq!(asked["cameras"].as_array().unwrap().len(), 1, "{asked}");

    town.scene.town.hub.kill();
    town.scene.town.hub.start_again().await.unwrap();
    let owner = &mut town.scene.owner;
    let path = format!("api/approvals/{}", asked["alertId"].as_str().unwrap());
    owner
        .page
        .put(&path, &json!({ "answer": "yes" }))
        .await
        .unwrap();
    let both = owner.sees.until("both cameras are live", SOON, live(2));
    both.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_without_a_rule_opens_nothing_and_is_still_heard() {
    let mut town = Alarmed::set().await;
    town.post("msg_1", "fire", |body| body).await;
    let heard = |now: &_| alerts(now, "fire").pop();
    let alert = town
        .scene
        .operator
        .sees
        .until("operators hear of it", SOON, heard)
        .await
        .unwrap();
    assert_eq!(alert["answer"], "nothing");
    sleep(Duration::from_secs(1)).await;
    assert!(!shares(&town.scene.owner.sees.now()).any(|share| share["state"] == "live"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_with_a_wrong_signature_is_no_alert() {
    let town = Alarmed::set().await;
    let (status, problem) = town
        .post("msg_1", "glassBreak", |body| {
            body.replace("glassBreak", "fire")
        })
        .await;
    assert_eq!(status, 401, "{problem}");
    sleep(Duration::from_secs(1)).await;
    assert!(alerts(&town.scene.operator.sees.now(), "glassBreak").is_empty());
}
