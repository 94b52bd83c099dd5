//! Stopping.

use super::*;

#[tokio::test]
async fn a_stop_takes_effect_here_before_the_device_has_said_anything() {
    let mut scene = Scene::new().await;
    let id = scene.live().await;
    let stopped = scene.stop(RevokeScope::PressId(id)).await;
    assert_eq!(stopped.state, RevokeState::Received, "the device is silent");
    assert_eq!(stopped.stopped.len(), 1);
    assert!(!scene.sees(1));
    assert_eq!(scene.share(id).end_cause, Some(EndText::Revoked));
}

#[tokio::test]
async fn a_stop_is_confirmed_by_the_device_and_saying_it_again_tells_so() {
    let mut scene = Scene::new().await;
    let id = scene.live().await;
    let asked = RevokeAsked {
        scope: RevokeScope::GrantId(scene.share(id).id),
        reason: RevokeReason::Owner,
        envelopes: Vec::new(),
    };
    let (sharing, owner, revoke) = (scene.sharing().clone(), scene.owner.clone(), Uuid::new_v4());
    let first = tokio::spawn(async move { sharing.revoke(&owner, revoke, asked).await });
    scene.device.obey().await;
    let first = first.await.unwrap().unwrap();
    assert_eq!(first.state, RevokeState::Confirmed);
    let again = RevokeAsked {
        scope: RevokeScope::PressId(id),
        reason: RevokeReason::Owner,
        envelopes: Vec::new(),
    };
    let again = scene
        .sharing()
        .revoke(&scene.owner, revoke, again)
        .await
        .unwrap();
    assert_eq!(again.confirmed_at, first.confirmed_at);
}

#[tokio::test]
async fn a_stop_that_the_device_missed_is_said_again_after_its_hello() {
    let mut scene = Scene::new().await;
    let id = scene.live().await;
    scene.device.unplug();
    scene.stop(RevokeScope::PressId(id)).await;
    scene.device.attach().await;
    assert!(scene.device.machine.live().next().is_some());
    // The refusal to follow what is closed here, the list of what is wanted, and the revoke itself.
    for _ in 0..3 {
        scene.device.obey().await;
    }
    assert!(scene.device.machine.live().next().is_none());
    assert!(!scene.sees(1));
}

#[tokio::test]
async fn a_stop_that_overtakes_its_press_closes_it() {
    let scene = Scene::new().await;
    let id = Uuid::new_v4();
    scene.stop(RevokeScope::PressId(id)).await;
    let press = scene.press(id, panic()).await.unwrap();
    assert_eq!(press.state, PressState::Refused);
    assert!(press.share_ids.is_empty());
}

#[tokio::test]
async fn a_camera_that_is_stopped_alone_leaves_the_other_shared() {
    let mut scene = Scene::new().await;
    let id = scene.live().await;
    let camera = scene.device.camera(1);
    scene.stop(RevokeScope::CameraId(camera.0)).await;
    assert!(!scene.sees(1) && scene.sees(2));
    assert_eq!(scene.share(id).cameras.len(), 1);
}

#[tokio::test]
async fn with_two_presses_a_camera_stops_when_the_last_one_ends() {
    let mut scene = Scene::new().await;
    let (first, second) = (scene.live().await, scene.live().await);
    scene.stop(RevokeScope::PressId(first)).await;
    assert!(scene.sees(1));
    scene.stop(RevokeScope::PressId(second)).await;
    assert!(!scene.sees(1));
}

#[tokio::test]
async fn a_press_taken_back_says_cancelled() {
    let mut scene = Scene::new().await;
    let id = scene.live().await;
    let asked = RevokeAsked {
        scope: RevokeScope::PressId(id),
        reason: RevokeReason::Cancelled,
        envelopes: Vec::new(),
    };
    let sharing = scene.sharing();
    sharing
        .revoke(&scene.owner, Uuid::new_v4(), asked)
        .await
        .unwrap();
    assert_eq!(scene.page(id).state, PressState::Cancelled);
    assert_eq!(scene.share(id).end_cause, Some(EndText::Cancelled));
}

#[tokio::test]
async fn a_press_that_arrives_after_it_was_taken_back_says_cancelled() {
    let scene = Scene::new().await;
    let id = Uuid::new_v4();
    let asked = RevokeAsked {
        scope: RevokeScope::PressId(id),
        reason: RevokeReason::Cancelled,
        envelopes: Vec::new(),
    };
    let sharing = scene.sharing();
    sharing
        .revoke(&scene.owner, Uuid::new_v4(), asked)
        .await
        .unwrap();
    let press = scene.press(id, panic()).await.unwrap();
    assert_eq!(press.state, PressState::Cancelled);
    assert!(press.share_ids.is_empty());
}

#[tokio::test]
async fn nobody_stops_what_is_another_owners() {
    let mut scene = Scene::new().await;
    let id = scene.live().await;
    let stranger = Person {
        premises: vec![PremisesId::of_key("school")],
        ..(*scene.owner).clone()
    };
    for scope in [
        RevokeScope::PressId(id),
        RevokeScope::GrantId(scene.share(id).id),
        RevokeScope::PremisesId(PremisesId::of_key("shop").0),
        RevokeScope::CameraId(scene.device.camera(1).0),
    ] {
        let asked = RevokeAsked {
            scope,
            reason: RevokeReason::Owner,
            envelopes: Vec::new(),
        };
        let refused = scene
            .sharing()
            .revoke(&stranger, Uuid::new_v4(), asked)
            .await;
        assert_eq!(refused.err().unwrap().kind, crate::error::Kind::NotFound);
    }
    assert!(scene.sees(1));
}

#[tokio::test]
async fn a_rebooted_device_has_nothing_open() {
    let mut scene = Scene::new().await;
    let id = scene.live().await;
    scene.device.boot_id = [2; 16];
    scene.device.machine = consent::Sharing::new(
        consent::DeviceId(scene.device.id.0),
        scene.device.machine.policy().clone(),
    );
    scene.device.attach().await;
    assert!(!scene.sees(1));
    assert_eq!(scene.share(id).end_cause, Some(EndText::Rebooted));
}

#[tokio::test]
async fn a_share_that_ended_while_the_line_was_down_ended_when_the_device_says() {
    let mut scene = Scene::new().await;
    let id = scene.live().await;
    let (grant, live_at) = (scene.share(id).id, scene.share(id).live_at.unwrap());
    scene.device.unplug();
    let clock = scene.test.hub.world.clock.clone();
    clock.advance(std::time::Duration::from_secs(90));
    // The power came back: another boot, and no share in its Hello.
    let device = scene.device.id;
    scene.device.machine = consent::Sharing::new(
        consent::DeviceId(device.0),
        scene.device.machine.policy().clone(),
    );
    scene.device.boot_id = [2; 16];
    scene.device.attach().await;
    let said = Account {
        lasted_ms: 12_000,
        bytes_left: 5,
    };
    let grant = consent::GrantId(*grant.as_bytes());
    let sharing = scene.sharing();
    sharing
        .ended(device, grant, consent::EndCause::Reboot, said)
        .await;
    let share = scene.share(id);
    assert_eq!(share.end_cause, Some(EndText::Rebooted));
    let lasted = share.ended_at.unwrap().0 - live_at.0;
    assert_eq!(lasted.whole_seconds(), 12);
}

#[tokio::test]
async fn the_same_stop_twice_at_once_is_one_stop_and_one_record() {
    let mut scene = Scene::new().await;
    let id = scene.live().await;
    let (premises, by) = (PremisesId::of_key("shop"), Some(scene.owner.id));
    let (revoke, now) = (consent::RevokeId([9; 16]), scene.test.hub.world.clock.now());
    let scope = consent::Scope::Trigger(trigger_of(id));
    for orders in [1, 0] {
        let mut held = scene.sharing().held.lock();
        let told = vec![(scene.device.id, scope)];
        let done = held.stop(
            revoke,
            premises,
            (told, note::Envelopes::new()),
            consent::Reason::Owner,
            by,
            now,
        );
        assert_eq!(done.send.len(), orders);
        assert_eq!(held.revokes[&revoke].stopped.len(), 1);
    }
    scene.sharing().behind.wake();
    scene.sharing().recording.wake();
    scene.written().await;
    let count = "SELECT COUNT(*) FROM audit_event WHERE class = 'revoke'";
    let pool = scene.test.hub.world.store.pool();
    let count: i64 = sqlx::query_scalar(count).fetch_one(pool).await.unwrap();
    assert_eq!(count, 1);
}

#[tokio::test]
async fn a_device_has_no_say_about_the_shares_of_another() {
    let mut scene = Scene::new().await;
    let id = scene.live().await;
    let grant = consent::GrantId(*scene.share(id).id.as_bytes());
    let mut stranger = TestDevice::new(&scene.test.hub, Vec::new()).await;
    let sharing = scene.sharing().clone();
    let reported = scene.device.machine.grant(grant).unwrap().live().unwrap();
    let reported = facts::Reported {
        adopted: consent::Adopted {
            grant,
            trigger: reported.trigger,
            cause: reported.cause,
            terms: reported.terms.clone(),
            remaining_ms: 1,
        },
        receipt: 99,
    };
    sharing
        .opened(stranger.id, stranger.premises, reported)
        .await;
    let stopped = scene.stop(RevokeScope::GrantId(uuid(grant.0))).await;
    let revoke = consent::RevokeId(*stopped.id.as_bytes());
    let said = Account {
        lasted_ms: 0,
        bytes_left: 0,
    };
    let cause = consent::EndCause::Expired;
    sharing.ended(stranger.id, grant, cause, said).await;
    sharing.stop_done(stranger.id, revoke, &[grant]).await;
    {
        let held = sharing.held.lock();
        let note = &held.grants[&grant];
        assert!(!note.confirmed && note.receipt != Some(99) && note.bytes_left.is_none());
        assert!(held.revokes[&revoke].confirmed_at.is_none());
    }
    // Nor about a press at other premises.
    let registry = &scene.test.hub.registry;
    let shop = registry.premises(PremisesId::of_key("shop")).unwrap();
    let school = crate::registry::Premises {
        id: PremisesId::of_key("school"),
        ..(*shop).clone()
    };
    registry.put_premises(school).await.unwrap();
    stranger.premises = PremisesId::of_key("school");
    stranger.attach().await;
    let other = Uuid::new_v4();
    scene.press(other, panic()).await.unwrap();
    let no_rule = consent::GateRefusal::Rules(consent::Refusal::NoRule);
    sharing
        .refused(stranger.id, trigger_of(other), no_rule.into())
        .await;
    let held = sharing.held.lock();
    assert_eq!(held.presses[&trigger_of(other)].refusal, None);
}
