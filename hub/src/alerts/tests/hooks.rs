//! Alerts by webhook: what they open, what operators hear, and what ends with the incident.

use super::*;
use crate::testing::PATIENCE;

fn gunshot_at_the_shop(note: &str) -> Value {
    let shop = PremisesId::of_key("shop").0;
    json!({ "kind": "gunshot", "premisesId": shop, "at": "2026-11-20T12:00:00Z", "note": note })
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
