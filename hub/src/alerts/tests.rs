//! Alerts and incidents as operators meet them, through the hub's own calls.
#![expect(clippy::unwrap_used, reason = "tests")]

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
use crate::testing::{PATIENCE, TestDevice, TestHub, alert_rule, rule};
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
async fn a_signed_webhook_opens_what_the_owner_agreed_to_and_only_once() {
    let mut scene = Scene::new().await;
    let body = json!({ "kind": "gunshot", "premisesId": PremisesId::of_key("shop").0, "at": "2026-11-20T12:00:00Z" });
    let taken = scene.hook(&body, SECRET, "msg_1").await;
    assert_eq!(taken.status, StatusCode::ACCEPTED, "{}", taken.json);
    scene.device.obey().await;
    let incident = scene.incidents().remove(0);
    assert_eq!(incident.alerts[0].kind, "gunshot");
    assert_eq!(incident.camera_ids.len(), 2);
    let again = scene.hook(&body, SECRET, "msg_1").await;
    assert_eq!(again.json["alertId"], taken.json["alertId"]);
    assert_eq!(scene.kinds().len(), 1);
}

#[tokio::test]
async fn an_alert_with_a_place_opens_as_far_away_as_the_rule_says() {
    let scene = Scene::on(Engine::Sqlite, 200).await;
    let registry = &scene.test.hub.registry;
    let shop = registry.premises(PremisesId::of_key("shop")).unwrap();
    let place = crate::registry::Place::new(39.8, -89.64);
    let shop = crate::registry::Premises {
        place,
        ..(*shop).clone()
    };
    registry.put_premises(shop).await.unwrap();
    // About 110 m and 1,100 m to the north.
    for (lat, opens, message) in [(39.801, true, "msg_1"), (39.81, false, "msg_2")] {
        let body = json!({ "kind": "gunshot", "at": "2026-11-20T12:00:00Z", "place": { "lat": lat, "lon": -89.64 } });
        let taken = scene.hook(&body, SECRET, message).await;
        assert_eq!(taken.status, StatusCode::ACCEPTED, "{}", taken.json);
        let id = taken.json["alertId"].as_str().unwrap();
        let alerts: Vec<_> = scene
            .incidents()
            .into_iter()
            .flat_map(|incident| incident.alerts)
            .collect();
        let alert = alerts
            .iter()
            .find(|alert| alert.id.to_string() == id)
            .unwrap();
        let answer = serde_json::to_value(alert.answer).unwrap();
        assert_eq!(answer == "opened", opens, "{lat}");
    }
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
async fn a_webhook_that_is_forged_unknown_or_old_opens_nothing() {
    let scene = Scene::new().await;
    let shop = PremisesId::of_key("shop").0;
    let body = json!({ "kind": "gunshot", "premisesId": shop, "at": "2026-11-20T12:00:00Z" });
    let forged = scene
        .hook(&body, "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "msg_1")
        .await;
    assert_eq!(forged.status, StatusCode::UNAUTHORIZED);
    assert_eq!(forged.problem(), "bad-signature");
    let nowhere =
        json!({ "kind": "gunshot", "premisesId": Uuid::new_v4(), "at": "2026-11-20T12:00:00Z" });
    let nowhere = scene.hook(&nowhere, SECRET, "msg_2").await;
    assert_eq!(nowhere.problem(), "unknown-premises");
    let placeless = json!({ "kind": "gunshot", "at": "2026-11-20T12:00:00Z" });
    let placeless = scene.hook(&placeless, SECRET, "msg_3").await;
    assert_eq!(placeless.problem(), "unknown-place");
    let senseless = scene.hook(&json!({ "kind": 7 }), SECRET, "msg_4").await;
    assert_eq!(senseless.problem(), "malformed-body");
    let old = json!({ "kind": "gunshot", "premisesId": shop, "at": "2026-11-20T11:50:00Z" });
    let old = scene.hook(&old, SECRET, "msg_5").await;
    assert_eq!(old.status, StatusCode::ACCEPTED);
    assert!(scene.incidents().remove(0).camera_ids.is_empty());
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

fn gunshot_at_the_shop(note: &str) -> Value {
    let shop = PremisesId::of_key("shop").0;
    json!({ "kind": "gunshot", "premisesId": shop, "at": "2026-11-20T12:00:00Z", "note": note })
}

#[tokio::test]
async fn a_note_with_a_nul_in_it_holds_up_nothing_that_is_written_after_it() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let mut scene = Scene::on(engine, 0).await;
        let note = gunshot_at_the_shop("three shots\0 heard");
        let taken = scene.hook(&note, SECRET, "msg_1").await;
        assert_eq!(taken.status, StatusCode::ACCEPTED, "{}", taken.json);
        scene.device.obey().await;
        let incident = scene.incidents().remove(0);
        assert_eq!(
            incident.alerts[0].note.as_deref(),
            Some("three shots heard")
        );
        let path = format!("/api/incidents/{}/clear", incident.id);
        let cleared = scene
            .operator(&path, json!({ "note": "all\0 clear" }))
            .await;
        assert_eq!(cleared.status, StatusCode::OK, "{}", cleared.json);
        let incidents = &scene.test.hub.incidents;
        let saved = incidents.saved(incidents.version());
        tokio::time::timeout(PATIENCE, saved).await.unwrap();
        scene.finish.cancel();
        scene.test.hub.world.store.close().await;
    }
}

#[tokio::test]
async fn operators_hear_of_an_alert_that_could_not_be_put_to_any_policy() {
    let scene = Scene::new().await;
    scene.test.hub.world.store.close().await;
    let note = gunshot_at_the_shop("");
    let taken = scene.hook(&note, SECRET, "msg_1").await;
    assert_eq!(
        taken.status,
        StatusCode::SERVICE_UNAVAILABLE,
        "send it again"
    );
    let alert = scene.incidents().remove(0).alerts.remove(0);
    assert_eq!(
        (alert.kind.as_str(), alert.answer),
        ("gunshot", AlertAnswer::Nothing)
    );
    scene.hook(&note, SECRET, "msg_1").await;
    assert_eq!(scene.kinds().len(), 1, "it is the same alert");
}

#[tokio::test]
async fn an_alert_that_opened_when_it_was_sent_again_reads_opened() {
    let scene = Scene::new().await;
    let id = Uuid::new_v4();
    let raise = |answer| {
        let again = NewAlert {
            id,
            answer,
            ..new_alert(PremisesId::of_key("shop"))
        };
        scene.test.hub.incidents.raise(again)
    };
    let (first, again) = (raise(AlertAnswer::Nothing), raise(AlertAnswer::Opened));
    assert_eq!(first, again);
    raise(AlertAnswer::Nothing);
    assert_eq!(scene.incidents()[0].alerts[0].answer, AlertAnswer::Opened);
}

#[tokio::test]
async fn clearing_ends_what_an_owners_yes_has_opened() {
    let mut scene = Scene::under(Engine::Sqlite, alert_rule(2, true, 0)).await;
    let taken = scene.hook(&gunshot_at_the_shop(""), SECRET, "msg_1").await;
    let path = format!("/api/approvals/{}", taken.json["alertId"].as_str().unwrap());
    let call = scene.test.owner(Method::PUT, &path).cookie(&scene.owner);
    let answer = call.json(&json!({ "answer": "yes" })).send().await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.json);
    scene.device.obey().await;
    let incident = scene.incidents().remove(0);
    assert_eq!(
        incident.camera_ids.len(),
        2,
        "its cameras stand in the incident"
    );
    let path = format!("/api/incidents/{}/clear", incident.id);
    scene.operator(&path, json!({})).await;
    let camera = scene.device.camera(1);
    let sharing = &scene.test.hub.sharing;
    assert!(sharing.shown(camera, AgencyId::of_key("pd")).is_none());
    // The source, which may not have heard our answer, opens nothing by sending it again.
    let again = scene.hook(&gunshot_at_the_shop(""), SECRET, "msg_1").await;
    assert_eq!(again.status, StatusCode::ACCEPTED);
    let maria = PersonId::of_key("maria");
    let maria = scene.test.hub.identity.person(maria).unwrap();
    assert!(sharing.asks(&maria).is_empty());
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
