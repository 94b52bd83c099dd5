//! What the hub knows after it was killed, on both stores.

use super::alerts::{answered, gunshot};
use super::*;
use crate::testing::alert_rule;
use crate::world::IncidentId;

async fn on_both_stores(test: impl AsyncFn(&mut Scene)) {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let rules = vec![rule(1, RuleTrigger::Press), alert_rule(2, true, 0)];
        let mut scene = Scene::on(engine, rules).await;
        test(&mut scene).await;
        scene.end().await;
    }
}

/// A hub that starts again on the same store.
async fn again(scene: &Scene) -> Sharing {
    let hub = &scene.test.hub;
    scene.written().await;
    let open = Sharing::open(
        hub.world.clone(),
        hub.audit.clone(),
        hub.registry.clone(),
        hub.devices.clone(),
        hub.feeds.clone(),
    );
    open.await.unwrap()
}

#[tokio::test]
async fn a_live_share_is_live_after_a_restart() {
    on_both_stores(async |scene| {
        let id = scene.live().await;
        scene
            .sharing()
            .acknowledged(id, "417", scene.test.hub.world.clock.now());
        let before = serde_json::to_value(scene.page(id)).unwrap();
        let after = again(scene).await;
        let camera = scene.device.camera(1);
        assert!(after.shown(camera, AgencyId::of_key("pd")).is_some());
        let page = serde_json::to_value(after.press_by_id(id)).unwrap();
        assert_eq!(page, before);
    })
    .await;
}

#[tokio::test]
async fn what_was_stopped_stays_stopped_after_a_restart() {
    on_both_stores(async |scene| {
        let id = scene.live().await;
        let other = scene.live().await;
        scene.device.unplug();
        let stopped = scene.stop(RevokeScope::PressId(id)).await;
        let camera = scene.device.camera(1);
        scene.stop(RevokeScope::CameraId(camera.0)).await;
        let after = again(scene).await;
        assert!(after.shown(camera, AgencyId::of_key("pd")).is_none());
        let second = scene.device.camera(2);
        assert!(after.shown(second, AgencyId::of_key("pd")).is_some());
        let same = RevokeAsked {
            scope: RevokeScope::PressId(other),
            reason: RevokeReason::Owner,
            envelopes: Vec::new(),
        };
        // The same id again is the same stop, not a new one.
        let known = after.revoke(&scene.owner, stopped.id, same).await.unwrap();
        assert_eq!(known.stopped, stopped.stopped);
    })
    .await;
}

#[tokio::test]
async fn a_press_that_was_under_way_is_given_to_the_device_after_a_restart() {
    on_both_stores(async |scene| {
        scene.device.unplug();
        let id = Uuid::new_v4();
        scene.press(id, panic()).await.unwrap();
        let after = again(scene).await;
        // The device attaches to the hub as it is now.
        scene.device.hub.sharing = after.clone();
        scene.device.attach().await;
        scene.device.obey().await;
        let page = after.press_by_id(id).unwrap();
        assert_eq!(page.state, PressState::Opened);
    })
    .await;
}

#[tokio::test]
async fn a_share_that_the_store_never_saw_is_taken_over_from_the_device() {
    let mut scene = Scene::new().await;
    scene.device.unplug();
    let reported = scene.device.open(&button(Uuid::new_v4()));
    assert_eq!(reported.len(), 1);
    scene.device.attach().await;
    assert!(scene.sees(1));
}

#[tokio::test]
async fn what_an_owner_is_asked_is_still_asked_after_a_restart_and_a_yes_opens() {
    on_both_stores(async |scene| {
        let (open, declined) = (gunshot(5), gunshot(6));
        let id = Uuid::from_bytes(open.id.0);
        answered(scene, open).await;
        answered(scene, declined.clone()).await;
        let no = ApprovalAsked {
            answer: YesNo::No,
            envelopes: Vec::new(),
        };
        let said = Uuid::from_bytes(declined.id.0);
        scene
            .sharing()
            .approve(&scene.owner, said, no.clone())
            .await
            .unwrap();
        let before = serde_json::to_value(scene.sharing().asks(&scene.owner)).unwrap();
        let after = again(scene).await;
        let asks = after.asks(&scene.owner);
        assert_eq!(serde_json::to_value(&asks).unwrap(), before);
        let again = after
            .alert(PremisesId::of_key("shop"), declined, 0, None)
            .await;
        assert_eq!(again.unwrap(), AlertAnswer::Asked);
        assert_eq!(after.asks(&scene.owner).len(), 1, "a no stays a no");
        scene.device.hub.sharing = after.clone();
        scene.device.attach().await;
        scene.device.obey().await;
        let yes = ApprovalAsked {
            answer: YesNo::Yes,
            envelopes: Vec::new(),
        };
        after.approve(&scene.owner, id, yes.clone()).await.unwrap();
        scene.device.obey().await;
        let camera = scene.device.camera(1);
        assert!(after.shown(camera, AgencyId::of_key("pd")).is_some());
    })
    .await;
}

#[tokio::test]
async fn a_press_and_a_stop_that_only_the_record_knows_are_known_after_a_restart() {
    on_both_stores(async |scene| {
        // From here on no row is written, as on a disk that is full.
        scene.finish.cancel();
        (&mut scene.writing).await.unwrap();
        let (kept, stopped) = (scene.live().await, scene.live().await);
        scene.stop(RevokeScope::PressId(stopped)).await;
        scene.sharing().record().await.unwrap();
        scene.device.unplug();

        let hub = &scene.test.hub;
        let after = Sharing::open(
            hub.world.clone(),
            hub.audit.clone(),
            hub.registry.clone(),
            hub.devices.clone(),
            hub.feeds.clone(),
        );
        let after = after.await.unwrap();
        assert!(after.press_by_id(kept).is_none());
        after.recover(&hub.identity).await.unwrap();
        let press = after.press_by_id(kept).unwrap();
        assert_eq!(press.by.unwrap().name, "maria");

        // The device comes with both open: the one is followed, the other it is told to close.
        scene.device.hub.sharing = after.clone();
        scene.device.attach().await;
        assert_eq!(after.press_by_id(kept).unwrap().state, PressState::Opened);
        let live: Vec<_> = scene
            .device
            .machine
            .live()
            .map(|live| live.trigger)
            .collect();
        assert_eq!(live.len(), 2);
        for _ in 0..2 {
            scene.device.obey().await;
        }
        let live: Vec<_> = scene
            .device
            .machine
            .live()
            .map(|live| live.trigger)
            .collect();
        assert_eq!(live, [trigger_of(kept)]);
    })
    .await;
}

#[tokio::test]
async fn a_yes_after_a_restart_opens_for_the_incident_and_ends_with_it() {
    on_both_stores(async |scene| {
        let trigger = gunshot(5);
        let (id, incident) = (Uuid::from_bytes(trigger.id.0), IncidentId(Uuid::new_v4()));
        answered(scene, trigger).await;
        scene.sharing().belongs_to(id, incident);
        let after = again(scene).await;
        scene.device.hub.sharing = after.clone();
        scene.device.attach().await;
        scene.device.obey().await;
        let yes = ApprovalAsked {
            answer: YesNo::Yes,
            envelopes: Vec::new(),
        };
        after.approve(&scene.owner, id, yes.clone()).await.unwrap();
        scene.device.obey().await;
        assert_eq!(after.cameras_of(incident).len(), 2);
        after.clear(incident, PersonId::of_key("op417")).await;
        let camera = scene.device.camera(1);
        assert!(after.shown(camera, AgencyId::of_key("pd")).is_none());
    })
    .await;
}

#[tokio::test]
async fn a_cameras_stop_and_a_press_taken_back_early_are_known_from_the_record_alone() {
    on_both_stores(async |scene| {
        scene.finish.cancel();
        (&mut scene.writing).await.unwrap();
        let (id, early) = (scene.live().await, Uuid::new_v4());
        let camera = scene.device.camera(1);
        scene.stop(RevokeScope::CameraId(camera.0)).await;
        let taken_back = RevokeAsked {
            scope: RevokeScope::PressId(early),
            reason: RevokeReason::Cancelled,
            envelopes: Vec::new(),
        };
        let revoke = Uuid::new_v4();
        let sharing = scene.sharing();
        let said = sharing.revoke(&scene.owner, revoke, taken_back).await;
        said.unwrap();
        sharing.record().await.unwrap();
        scene.device.unplug();

        let hub = &scene.test.hub;
        let after = Sharing::open(
            hub.world.clone(),
            hub.audit.clone(),
            hub.registry.clone(),
            hub.devices.clone(),
            hub.feeds.clone(),
        );
        let after = after.await.unwrap();
        after.recover(&hub.identity).await.unwrap();
        scene.device.hub.sharing = after.clone();
        scene.device.attach().await;
        assert_eq!(after.press_by_id(id).unwrap().state, PressState::Opened);
        // What is wanted of it, and the two stops.
        for _ in 0..3 {
            scene.device.obey().await;
        }
        let open: Vec<_> = scene.device.machine.permitted().keys().copied().collect();
        assert_eq!(open, [consent::CameraNumber::new(2).unwrap()]);
        let pressed = after.press(&scene.owner, early, panic()).await.unwrap();
        assert_eq!(pressed.0.state, PressState::Cancelled);
    })
    .await;
}
