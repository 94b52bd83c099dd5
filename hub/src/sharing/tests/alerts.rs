//! Alerts: opens, asks, nothing.

use super::*;
use crate::testing::{alert_rule, policy};
use crate::world::IncidentId;
use assent_wire::link::hub_frame::Body;

pub(super) fn gunshot(distance_m: u32) -> Trigger {
    Trigger {
        id: TriggerId(*Uuid::new_v4().as_bytes()),
        made_at: WallTime(0),
        kind: TriggerKind::Alert(consent::Alert {
            kind: consent::AlertKind::new("gunshot").unwrap(),
            agency: consent::AgencyId::new(AgencyId::of_key("pd").to_string()).unwrap(),
            distance_m,
            source: consent::AlertSource::new("detector").unwrap(),
        }),
    }
}

pub(super) async fn answered(scene: &Scene, trigger: Trigger) -> AlertAnswer {
    let shop = PremisesId::of_key("shop");
    scene.sharing().alert(shop, trigger, 0, None).await.unwrap()
}

#[tokio::test]
async fn an_alert_opens_what_the_owner_agreed_to_and_nothing_farther_away() {
    let mut scene = Scene::on(Engine::Sqlite, vec![alert_rule(1, false, 200)]).await;
    assert_eq!(answered(&scene, gunshot(201)).await, AlertAnswer::Nothing);
    assert_eq!(answered(&scene, gunshot(150)).await, AlertAnswer::Opened);
    assert!(!scene.sees(1), "the device has not said yes yet");
    scene.device.obey().await;
    assert!(scene.sees(1));
    assert_eq!(scene.sharing().shares(&scene.owner)[0].cause, Cause::Alert);
}

#[tokio::test]
async fn an_alert_that_asks_opens_on_the_owners_yes_and_only_once() {
    let mut scene = Scene::on(Engine::Sqlite, vec![alert_rule(1, true, 0)]).await;
    let trigger = gunshot(5);
    let id = Uuid::from_bytes(trigger.id.0);
    assert_eq!(answered(&scene, trigger).await, AlertAnswer::Asked);
    let asks = scene.sharing().asks(&scene.owner);
    assert_eq!((asks.len(), asks[0].minutes), (1, 10));
    let yes = ApprovalAsked {
        answer: YesNo::Yes,
        envelopes: Vec::new(),
    };
    let sharing = scene.sharing().clone();
    sharing
        .approve(&scene.owner, id, yes.clone())
        .await
        .unwrap();
    scene.device.obey().await;
    assert!(scene.sees(1));
    sharing
        .approve(&scene.owner, id, yes.clone())
        .await
        .unwrap();
    let no = ApprovalAsked {
        answer: YesNo::No,
        envelopes: Vec::new(),
    };
    let late = sharing
        .approve(&scene.owner, id, no.clone())
        .await
        .err()
        .unwrap();
    assert_eq!(late.slug, "already-answered");
    assert!(sharing.asks(&scene.owner).is_empty());
    assert_eq!(sharing.shares(&scene.owner).len(), 1);
}

#[tokio::test]
async fn an_alert_that_opens_one_camera_asks_about_the_other_all_the_same() {
    let only = |mut rule: consent::Rule, number| {
        rule.cameras =
            consent::Cameras::new([consent::CameraNumber::new(number).unwrap()]).unwrap();
        rule
    };
    let rules = vec![
        only(alert_rule(1, false, 0), 1),
        only(alert_rule(2, true, 0), 2),
    ];
    let mut scene = Scene::on(Engine::Sqlite, rules).await;
    let trigger = gunshot(5);
    let id = Uuid::from_bytes(trigger.id.0);
    assert_eq!(answered(&scene, trigger.clone()).await, AlertAnswer::Opened);
    scene.device.obey().await;
    assert!(scene.sees(1) && !scene.sees(2));
    let asks = scene.sharing().asks(&scene.owner);
    assert_eq!((asks.len(), asks[0].cameras.len()), (1, 1));
    assert_eq!(asks[0].cameras[0].id, scene.device.camera(2).0);
    // The detector sends it again: neither opened nor asked twice.
    answered(&scene, trigger).await;
    let yes = ApprovalAsked {
        answer: YesNo::Yes,
        envelopes: Vec::new(),
    };
    let sharing = scene.sharing().clone();
    sharing
        .approve(&scene.owner, id, yes.clone())
        .await
        .unwrap();
    scene.device.obey().await;
    assert!(scene.sees(1) && scene.sees(2));
    assert_eq!(sharing.shares(&scene.owner).len(), 2);
}

#[tokio::test]
async fn an_alert_that_opens_at_one_device_asks_about_the_cameras_of_the_other() {
    let mut scene = Scene::on(Engine::Sqlite, vec![alert_rule(1, false, 0)]).await;
    let mut asking = TestDevice::new(&scene.test.hub, vec![alert_rule(1, true, 0)]).await;
    asking.obey().await;
    let trigger = gunshot(5);
    let id = Uuid::from_bytes(trigger.id.0);
    assert_eq!(answered(&scene, trigger).await, AlertAnswer::Opened);
    scene.device.obey().await;
    let asks = scene.sharing().asks(&scene.owner);
    let asked: Vec<Uuid> = asks[0].cameras.iter().map(|camera| camera.id).collect();
    assert_eq!(asked, [1, 2].map(|number| asking.camera(number).0));
    let sharing = scene.sharing().clone();
    let yes = ApprovalAsked {
        answer: YesNo::Yes,
        envelopes: Vec::new(),
    };
    sharing
        .approve(&scene.owner, id, yes.clone())
        .await
        .unwrap();
    asking.obey().await;
    let agency = AgencyId::of_key("pd");
    assert!(scene.sees(1) && sharing.shown(asking.camera(1), agency).is_some());
}

#[tokio::test]
async fn an_alert_that_is_sent_again_does_not_ask_again() {
    let scene = Scene::on(Engine::Sqlite, vec![alert_rule(1, true, 0)]).await;
    let trigger = gunshot(5);
    let id = Uuid::from_bytes(trigger.id.0);
    answered(&scene, trigger.clone()).await;
    let no = ApprovalAsked {
        answer: YesNo::No,
        envelopes: Vec::new(),
    };
    scene
        .sharing()
        .approve(&scene.owner, id, no.clone())
        .await
        .unwrap();
    answered(&scene, trigger).await;
    assert!(scene.sharing().asks(&scene.owner).is_empty());
}

#[tokio::test]
async fn a_no_opens_nothing_and_an_old_question_is_over() {
    let scene = Scene::on(Engine::Sqlite, vec![alert_rule(1, true, 0)]).await;
    let (first, second) = (gunshot(5), gunshot(5));
    let ids = [first.id, second.id].map(|id| Uuid::from_bytes(id.0));
    answered(&scene, first).await;
    answered(&scene, second).await;
    let no = ApprovalAsked {
        answer: YesNo::No,
        envelopes: Vec::new(),
    };
    let sharing = scene.sharing();
    sharing
        .approve(&scene.owner, ids[0], no.clone())
        .await
        .unwrap();
    assert!(sharing.shares(&scene.owner).is_empty());
    let clock = &scene.test.hub.world.clock;
    clock.advance(std::time::Duration::from_secs(601));
    let late = sharing.approve(&scene.owner, ids[1], no.clone()).await;
    assert_eq!(late.err().unwrap().kind, crate::error::Kind::Gone);
    let unknown = sharing
        .approve(&scene.owner, Uuid::new_v4(), no.clone())
        .await;
    assert_eq!(unknown.err().unwrap().kind, crate::error::Kind::NotFound);
}

#[tokio::test]
async fn quiet_hours_are_the_devices_to_judge() {
    let mut night = alert_rule(1, false, 0);
    if let RuleTrigger::Alert(on) = &mut night.trigger {
        on.limits.quiet = Some(consent::QuietHours {
            from: consent::MinuteOfDay::new(22 * 60).unwrap(),
            to: consent::MinuteOfDay::new(6 * 60).unwrap(),
        });
    }
    let mut scene = Scene::on(Engine::Sqlite, vec![night]).await;
    assert_eq!(answered(&scene, gunshot(0)).await, AlertAnswer::Opened);
    // The device's clock says midnight.
    scene.device.obey().await;
    assert!(!scene.sees(1));
    let shares = scene.sharing().shares(&scene.owner);
    assert_eq!(shares[0].state, ShareState::Refused);
    assert!(shares[0].refusal.as_ref().unwrap().contains("quiet"));
}

#[tokio::test]
async fn a_changed_policy_ends_what_it_would_not_give_any_more() {
    let mut scene = Scene::new().await;
    let id = scene.live().await;
    let now = consent::BootTime(u64::MAX / 2);
    scene
        .device
        .machine
        .policy_changed(policy(2, Vec::new()), now);
    scene.device.attach().await;
    assert!(!scene.sees(1));
    assert_eq!(scene.share(id).end_cause, Some(EndText::PolicyChanged));
}

#[tokio::test]
async fn a_device_is_told_how_old_an_alert_is() {
    let mut scene = Scene::on(Engine::Sqlite, vec![alert_rule(1, false, 0)]).await;
    let shop = PremisesId::of_key("shop");
    let late = scene.sharing().alert(shop, gunshot(0), 100_000, None).await;
    assert_eq!(late.unwrap(), AlertAnswer::Opened);
    let Body::Instruct(instruct) = scene.device.next().await else {
        panic!("no instruction")
    };
    assert!(instruct.age_ms >= 100_000, "{}", instruct.age_ms);
}

#[tokio::test]
async fn what_is_still_asked_when_the_incident_is_cleared_is_over() {
    let mut scene = Scene::on(Engine::Sqlite, vec![alert_rule(1, true, 0)]).await;
    let trigger = gunshot(5);
    let (id, incident) = (Uuid::from_bytes(trigger.id.0), IncidentId(Uuid::new_v4()));
    answered(&scene, trigger.clone()).await;
    let sharing = scene.sharing().clone();
    sharing.belongs_to(id, incident);
    sharing.clear(incident, PersonId::of_key("op417")).await;
    assert!(sharing.asks(&scene.owner).is_empty());
    let yes = ApprovalAsked {
        answer: YesNo::Yes,
        envelopes: Vec::new(),
    };
    let late = sharing.approve(&scene.owner, id, yes.clone()).await;
    assert_eq!(late.err().unwrap().kind, crate::error::Kind::Gone);
    answered(&scene, trigger).await;
    assert!(sharing.asks(&scene.owner).is_empty(), "not asked again");
    scene.device.obey().await;
    assert!(!scene.sees(1));
}
