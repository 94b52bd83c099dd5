//! Alerts and incidents as operators meet them, through the hub's own calls.
#![expect(clippy::unwrap_used, reason = "tests")]

mod hooks;

use assent_consent as consent;
use axum::http::{Method, StatusCode};
use consent::RuleTrigger;
use futures::FutureExt as _;
use serde_json::{Value, json};
use standardwebhooks::Webhook;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::Alarm;
use crate::config::{Config, Hook};
use crate::incidents::{AlertKind, Incident, Level, NewAlert};
use crate::sharing::AlertAnswer;
use crate::state::Hub;
use crate::testing::{TestDevice, TestHub, alert_rule, rule};
use crate::world::{AgencyId, Engine, PersonId, PremisesId};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

struct Scene {
    test: TestHub,
    device: TestDevice,
    owner: String,
    operator: String,
    finish: CancellationToken,
}

impl Scene {
    async fn on(engine: Engine, within_metres: u32) -> Self {
        Self::under(engine, alert_rule(2, false, within_metres)).await
    }

    async fn under(engine: Engine, on_alert: consent::Rule) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let secret_file = folder.path().join("secret");
        std::fs::write(&secret_file, SECRET).unwrap();
        let config = Config {
            hooks: vec![Hook {
                name: "detector".to_owned(),
                secret_file,
                agency: AgencyId::of_key("pd"),
            }],
            ..Config::default()
        };
        let test = TestHub::on(engine, config).await;
        let rules = vec![rule(1, RuleTrigger::Press), on_alert];
        let mut device = TestDevice::new(&test.hub, rules).await;
        device.obey().await;
        let (owner, operator) = (test.sign_in("maria").await, test.sign_in("op417").await);
        let finish = CancellationToken::new();
        let hub = &test.hub;
        tokio::spawn(hub.alerts.clone().watch_lines(finish.clone()));
        tokio::spawn(hub.sharing.clone().keep_written(finish.clone()));
        tokio::spawn(hub.incidents.clone().keep_written(finish.clone()));
        Self {
            test,
            device,
            owner,
            operator,
            finish,
        }
    }

    async fn new() -> Self {
        Self::on(Engine::Sqlite, 0).await
    }

    async fn press(&mut self, drill: bool) -> Value {
        let body = json!({
            "premisesId": PremisesId::of_key("shop").0, "level": "panic", "silent": false, "drill": drill, "ageMs": 0, "note": "back door",
        });
        let path = format!("/api/presses/{}", Uuid::new_v4());
        let call = self.test.owner(Method::PUT, &path).cookie(&self.owner);
        let answer = call.json(&body).send().await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.json);
        self.device.obey().await;
        answer.json
    }

    fn incidents(&self) -> Vec<Incident> {
        let operator = PersonId::of_key("op417");
        let operator = self.test.hub.identity.person(operator).unwrap();
        self.test.hub.incidents.incidents(&operator)
    }

    /// An alert of a detector that chatters.
    fn raise(&self, premises: PremisesId) {
        self.test.hub.incidents.raise(new_alert(premises));
    }

    fn kinds(&self) -> Vec<String> {
        let alerts = self.incidents().remove(0).alerts;
        alerts.into_iter().map(|alert| alert.kind).collect()
    }

    async fn operator(&self, path: &str, body: Value) -> crate::testing::Answer {
        let call = self.test.console(Method::PUT, path).cookie(&self.operator);
        call.json(&body).send().await
    }

    async fn hook(&self, body: &Value, secret: &str, id: &str) -> crate::testing::Answer {
        let now = time::OffsetDateTime::now_utc().unix_timestamp();
        let text = body.to_string();
        let signature = Webhook::new(secret)
            .unwrap()
            .sign(id, now, text.as_bytes())
            .unwrap();
        let call = self
            .test
            .call(Method::POST, "hub.example:443", "/api/hooks/detector");
        let call = call
            .with("webhook-id", id)
            .with("webhook-timestamp", &now.to_string())
            .with("webhook-signature", &signature);
        call.raw(text).send().await
    }
}

fn new_alert(premises: PremisesId) -> NewAlert {
    NewAlert {
        id: Uuid::new_v4(),
        premises,
        kind: AlertKind::from_hook("gunshot"),
        level: Some(Level::Alert),
        drill: false,
        silent: false,
        age_ms: 0,
        by: None,
        note: None,
        place: None,
        answer: AlertAnswer::Nothing,
    }
}

fn button(id: Uuid) -> consent::Trigger {
    let press = consent::Press {
        level: consent::Level::Panic,
        silent: false,
        drill: false,
        at: consent::PressedAt::Button,
        by: consent::PersonId::new("").unwrap(),
        cameras: std::collections::BTreeSet::new(),
        note: consent::Note::new("").unwrap(),
    };
    consent::Trigger {
        id: consent::TriggerId(*id.as_bytes()),
        made_at: consent::WallTime(0),
        kind: consent::TriggerKind::Press(press),
    }
}

#[tokio::test]
async fn a_press_is_an_incident_with_who_where_and_what() {
    let mut scene = Scene::new().await;
    let press = scene.press(false).await;
    let incident = scene.incidents().remove(0);
    assert_eq!(incident.premises.address, "12 Elm Street");
    assert_eq!(incident.camera_ids.len(), 2);
    let alert = &incident.alerts[0];
    assert_eq!(alert.id.to_string(), press["id"].as_str().unwrap());
    assert_eq!(alert.by.as_deref(), Some("maria"));
    assert_eq!(alert.note.as_deref(), Some("back door"));
    // A second press joins it; a drill never does.
    scene.press(false).await;
    scene.press(true).await;
    let incidents = scene.incidents();
    assert_eq!(incidents.len(), 2);
    let real = incidents.iter().find(|incident| !incident.drill).unwrap();
    assert_eq!(real.alerts.len(), 2);
}

#[tokio::test]
async fn the_first_acknowledgement_wins_and_the_owner_sees_it() {
    let mut scene = Scene::new().await;
    let press = scene.press(false).await;
    let path = format!(
        "/api/alerts/{}/acknowledgement",
        press["id"].as_str().unwrap()
    );
    let first = scene.operator(&path, json!({})).await;
    assert_eq!(first.json["acknowledged"]["badge"], "417");
    let other = scene.test.sign_in("op418").await;
    let call = scene.test.console(Method::PUT, &path).cookie(&other);
    let second = call.json(&json!({})).send().await;
    assert_eq!(second.status, StatusCode::OK);
    assert_eq!(second.json["acknowledged"]["badge"], "417", "by whom");
    let maria = scene
        .test
        .hub
        .identity
        .person(PersonId::of_key("maria"))
        .unwrap();
    let presses = scene.test.hub.sharing.presses(&maria);
    assert_eq!(presses[0].acknowledged.as_ref().unwrap().badge, "417");
    let unknown = format!("/api/alerts/{}/acknowledgement", Uuid::new_v4());
    let answer = scene.operator(&unknown, json!({})).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn clearing_ends_every_share_of_the_incident_and_nothing_else() {
    let mut scene = Scene::new().await;
    scene.press(false).await;
    scene.press(true).await;
    let real = scene
        .incidents()
        .into_iter()
        .find(|incident| !incident.drill)
        .unwrap();
    let path = format!("/api/incidents/{}/clear", real.id);
    let cleared = scene
        .operator(&path, json!({ "note": "false alarm" }))
        .await;
    assert_eq!(cleared.json["state"], "cleared", "{}", cleared.json);
    assert!(cleared.json["cameraIds"].as_array().unwrap().is_empty());
    let camera = scene.device.camera(1);
    let sharing = &scene.test.hub.sharing;
    let shown = sharing.shown(camera, AgencyId::of_key("pd"));
    assert!(shown.is_some(), "the drill goes on");
    let again = scene.operator(&path, json!({})).await;
    assert_eq!(again.json["clearedAt"], cleared.json["clearedAt"]);
}

#[tokio::test]
async fn an_unplugged_device_is_an_alarm_during_a_panic_only() {
    let mut scene = Scene::new().await;
    scene.device.unplug();
    scene.device.attach().await;
    scene.device.obey().await;
    assert!(scene.incidents().is_empty());
    scene.press(false).await;
    let later = std::time::Duration::from_secs(1);
    scene.test.hub.world.clock.advance(later);
    let mut changes = scene.test.hub.incidents.changes();
    scene.device.unplug();
    changes.changed().await.unwrap();
    assert_eq!(scene.kinds(), ["press", "unplugged"]);
}

#[tokio::test]
async fn an_alarm_said_twice_is_one_and_without_a_panic_none() {
    let mut scene = Scene::new().await;
    let (alerts, device) = (scene.test.hub.alerts.clone(), scene.device.id);
    let shop = PremisesId::of_key("shop");
    alerts.alarm(device, shop, Alarm::StoppedAtPremises, None);
    assert!(scene.incidents().is_empty());
    scene.press(false).await;
    let grant = scene.device.machine.live().next().unwrap().id;
    for _ in 0..2 {
        alerts.alarm(device, shop, Alarm::StoppedAtPremises, Some(grant));
    }
    alerts.alarm(device, shop, Alarm::Rebooted, Some(grant));
    let mut kinds = scene.kinds();
    kinds.sort();
    assert_eq!(kinds, ["press", "rebooted", "stoppedAtPremises"]);
}

#[tokio::test]
async fn a_panic_whose_device_never_came_back_after_a_restart_is_an_alarm() {
    let mut scene = Scene::new().await;
    scene.press(false).await;
    scene.finish.cancel();
    scene.device.unplug();
    // The hub starts again and waits for it.
    let alerts = scene.test.hub.alerts.clone();
    let soon = std::time::Duration::from_millis(20);
    let mut changes = scene.test.hub.incidents.changes();
    tokio::spawn(alerts.watch_lines_from(soon, CancellationToken::new()));
    changes.changed().await.unwrap();
    assert!(scene.kinds().contains(&"unplugged".to_owned()));
}

#[tokio::test]
async fn incidents_survive_a_restart_on_both_stores() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let mut scene = Scene::on(engine, 0).await;
        let press = scene.press(false).await;
        let id = press["id"].as_str().unwrap();
        scene
            .operator(&format!("/api/alerts/{id}/acknowledgement"), json!({}))
            .await;
        let hub = &scene.test.hub;
        hub.incidents.saved(hub.incidents.version()).await;
        let again = crate::incidents::Incidents::open(
            hub.world.clone(),
            hub.audit.clone(),
            hub.registry.clone(),
            hub.sharing.clone(),
        );
        let again = again.await.unwrap();
        let operator = hub.identity.person(PersonId::of_key("op417")).unwrap();
        let before = serde_json::to_value(scene.incidents()).unwrap();
        let after = serde_json::to_value(again.incidents(&operator)).unwrap();
        assert_eq!(after, before);
        scene.finish.cancel();
        scene.test.hub.world.store.close().await;
    }
}

/// A hub that starts again on the same store, and what its operators see.
async fn after_a_restart(scene: &Scene) -> Vec<Incident> {
    let hub = &scene.test.hub;
    let config = Config {
        hooks: Vec::new(),
        ..Config::clone(&hub.config)
    };
    let again = Hub::build_in(config, hub.world.clone()).await.unwrap();
    let operator = again.identity.person(PersonId::of_key("op417")).unwrap();
    again.incidents.incidents(&operator)
}

#[tokio::test]
async fn a_press_whose_alert_was_not_written_yet_has_it_again_after_a_kill() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let mut scene = Scene::on(engine, 0).await;
        // Of the two writers only sharing's got to the store before the hub was killed.
        scene.finish.cancel();
        let press = scene.press(false).await;
        let sharing = scene.test.hub.sharing.clone();
        sharing.keep_written(scene.finish.clone()).await;
        let incident = after_a_restart(&scene).await.remove(0);
        let alert = &incident.alerts[0];
        assert_eq!(alert.id.to_string(), press["id"].as_str().unwrap());
        assert_eq!(
            (alert.kind.as_str(), alert.by.as_deref()),
            ("press", Some("maria"))
        );
        assert_eq!(alert.note.as_deref(), Some("back door"));
        assert_eq!(incident.camera_ids.len(), 2, "its share belongs to it");
        scene.test.hub.world.store.close().await;
    }
}

#[tokio::test]
async fn a_press_is_answered_when_its_alert_is_in_the_store() {
    let mut scene = Scene::new().await;
    scene.press(false).await;
    // The phone has forgotten the press: if the hub is killed now, nobody sends it again.
    let incidents = &scene.test.hub.incidents;
    let saved = incidents.saved(incidents.version());
    assert!(saved.now_or_never().is_some());
}

#[tokio::test]
async fn a_press_that_is_taken_back_does_not_read_opened() {
    let mut scene = Scene::new().await;
    let press = scene.press(false).await;
    assert_eq!(scene.incidents()[0].alerts[0].answer, AlertAnswer::Opened);
    let body = json!({ "scope": { "pressId": press["id"] }, "reason": "cancelled" });
    let path = format!("/api/revokes/{}", Uuid::new_v4());
    let call = scene.test.owner(Method::PUT, &path).cookie(&scene.owner);
    let answer = call.json(&body).send().await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.json);
    let alert = scene.incidents().remove(0).alerts.remove(0);
    assert_eq!(alert.answer, AlertAnswer::Cancelled);
    let incidents = &scene.test.hub.incidents;
    incidents.saved(incidents.version()).await;
    let after = after_a_restart(&scene).await.remove(0).alerts.remove(0);
    assert_eq!(after.answer, AlertAnswer::Cancelled);
}

#[tokio::test]
async fn presses_beyond_what_an_incident_holds_open_no_other_after_a_restart() {
    let mut scene = Scene::new().await;
    scene.press(false).await;
    let shop = PremisesId::of_key("shop");
    let full = |incidents: &[Incident]| incidents[0].alerts.len();
    while {
        let before = full(&scene.incidents());
        scene.raise(shop);
        full(&scene.incidents()) > before
    } {}
    scene.press(false).await;
    let id = scene.incidents()[0].id;
    let path = format!("/api/incidents/{id}/clear");
    scene.operator(&path, json!({ "note": "over" })).await;
    let hub = &scene.test.hub;
    hub.incidents.saved(hub.incidents.version()).await;
    assert_eq!(after_a_restart(&scene).await.len(), 1);
}

#[tokio::test]
async fn a_button_that_is_pressed_without_end_opens_and_fills_no_books() {
    let mut scene = Scene::new().await;
    let (alerts, device) = (scene.test.hub.alerts.clone(), scene.device.id);
    let shop = PremisesId::of_key("shop");
    for _ in 0..40 {
        let press = scene.device.press(button(Uuid::new_v4()), 0);
        alerts.pressed_at_device(device, shop, press).await;
    }
    let maria = PersonId::of_key("maria");
    let maria = scene.test.hub.identity.person(maria).unwrap();
    let sharing = &scene.test.hub.sharing;
    assert_eq!(sharing.presses(&maria).len(), 30);
    assert_eq!(scene.kinds().len(), 30);
    assert_eq!(sharing.shares(&maria).len(), 40, "what is open is known");
    let incident = scene.incidents().remove(0).id;
    let path = format!("/api/incidents/{incident}/clear");
    scene.operator(&path, json!({})).await;
    let camera = scene.device.camera(1);
    assert!(sharing.shown(camera, AgencyId::of_key("pd")).is_none());
}
