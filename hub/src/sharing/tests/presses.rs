//! What a press does and does not.

use super::*;

#[tokio::test]
async fn a_press_is_live_when_the_device_says_so_and_not_before() {
    let mut scene = Scene::new().await;
    let id = Uuid::new_v4();
    let press = scene.press(id, panic()).await.unwrap();
    assert_eq!(press.state, PressState::Received);
    assert_eq!(scene.share(id).state, ShareState::Asked);
    assert!(!scene.sees(1), "the hub's own decision shows nothing");
    scene.device.obey().await;
    assert_eq!(scene.page(id).state, PressState::Opened);
    assert_eq!(scene.share(id).state, ShareState::Live);
    assert!(scene.sees(1) && scene.sees(2));
}

#[tokio::test]
async fn a_press_sent_twice_is_one_press() {
    let mut scene = Scene::new().await;
    let id = scene.live().await;
    let again = scene.press(id, panic()).await.unwrap();
    assert_eq!(again.state, PressState::Opened);
    assert_eq!(again.share_ids.len(), 1);
}

#[tokio::test]
async fn another_press_under_a_known_id_is_refused() {
    let mut scene = Scene::new().await;
    let id = scene.live().await;
    let other = PressAsked {
        level: LevelText::StaffAlert,
        ..panic()
    };
    let refused = scene.press(id, other).await.err().unwrap();
    assert_eq!(refused.slug, "press-replayed");
}

#[tokio::test]
async fn a_press_older_than_two_minutes_is_a_message() {
    let scene = Scene::new().await;
    let old = PressAsked {
        age_ms: 120_001,
        ..panic()
    };
    let press = scene.press(Uuid::new_v4(), old).await.unwrap();
    assert_eq!(press.state, PressState::Message);
    assert!(press.share_ids.is_empty() && !scene.sees(1));
}

#[tokio::test]
async fn a_press_names_only_cameras_of_the_own_premises() {
    let mut scene = Scene::new().await;
    let named = PressAsked {
        camera_ids: Some(vec![scene.device.camera(2).0]),
        ..panic()
    };
    let id = Uuid::new_v4();
    scene.press(id, named).await.unwrap();
    scene.device.obey().await;
    assert!(!scene.sees(1) && scene.sees(2));
    let stranger = PressAsked {
        camera_ids: Some(vec![Uuid::from_u128(5)]),
        ..panic()
    };
    let refused = scene.press(Uuid::new_v4(), stranger).await.err().unwrap();
    assert_eq!(refused.slug, "unknown-camera");
    let elsewhere = PressAsked {
        premises_id: Uuid::from_u128(5),
        ..panic()
    };
    let refused = scene.press(Uuid::new_v4(), elsewhere).await.err().unwrap();
    assert_eq!(refused.kind, crate::error::Kind::NotFound);
}

#[tokio::test]
async fn a_press_that_no_rule_knows_is_refused_in_words() {
    let scene = Scene::on(Engine::Sqlite, Vec::new()).await;
    let press = scene.press(Uuid::new_v4(), panic()).await.unwrap();
    assert_eq!(press.state, PressState::Refused);
    assert!(press.refusal.unwrap().contains("rule"));
}

#[tokio::test]
async fn a_press_waits_for_a_device_that_is_away_two_minutes_long() {
    let mut scene = Scene::new().await;
    scene.device.unplug();
    let id = Uuid::new_v4();
    scene.press(id, panic()).await.unwrap();
    scene.device.attach().await;
    scene.device.obey().await;
    assert_eq!(scene.page(id).state, PressState::Opened);

    scene.device.unplug();
    let late = Uuid::new_v4();
    scene.press(late, panic()).await.unwrap();
    let clock = &scene.test.hub.world.clock;
    clock.advance(std::time::Duration::from_secs(121));
    scene.device.attach().await;
    scene.device.obey().await;
    assert_ne!(scene.page(late).state, PressState::Opened);
}

#[tokio::test]
async fn a_press_that_no_device_answers_says_so_in_the_end() {
    let mut scene = Scene::new().await;
    scene.device.unplug();
    let id = Uuid::new_v4();
    scene.press(id, panic()).await.unwrap();
    let ticking = CancellationToken::new();
    let mut changes = scene.sharing().changes();
    tokio::spawn(scene.sharing().clone().keep_time(ticking.clone()));
    let clock = &scene.test.hub.world.clock;
    clock.advance(std::time::Duration::from_secs(122));
    while scene.page(id).state == PressState::Received {
        changes.changed().await.unwrap();
    }
    assert!(scene.page(id).refusal.unwrap().contains("away"));
    ticking.cancel();
}

#[tokio::test]
async fn the_button_opens_on_the_devices_own_receipt() {
    let mut scene = Scene::new().await;
    let id = Uuid::new_v4();
    let press = scene.device.press(button(id), 0);
    let (device, shop) = (scene.device.id, scene.device.premises);
    let sharing = scene.sharing().clone();
    assert!(sharing.pressed_at_device(device, shop, press).await);
    assert_eq!(scene.page(id).state, PressState::Opened);
    assert!(scene.sees(1));
    // The outbox says it again: nothing new.
    let again = DevicePress {
        trigger: button(id),
        age_ms: 10,
        opened: Vec::new(),
    };
    assert!(!sharing.pressed_at_device(device, shop, again).await);
}

#[tokio::test]
async fn too_many_presses_in_a_minute_are_turned_away_and_the_earlier_ones_stand() {
    let mut scene = Scene::new().await;
    let first = scene.live().await;
    let mut refused = None;
    for _ in 0..40 {
        refused = scene.press(Uuid::new_v4(), panic()).await.err().or(refused);
    }
    assert_eq!(refused.unwrap().kind, crate::error::Kind::TooMany);
    assert_eq!(scene.share(first).state, ShareState::Live);
}

#[tokio::test]
async fn a_share_ends_by_the_hubs_clock_when_the_device_does_not_say_so() {
    let mut scene = Scene::new().await;
    let id = scene.live().await;
    let ticking = CancellationToken::new();
    tokio::spawn(scene.sharing().clone().keep_time(ticking.clone()));
    let clock = &scene.test.hub.world.clock;
    clock.advance(std::time::Duration::from_secs(603));
    let mut changes = scene.sharing().changes();
    while scene.sees(1) {
        changes.changed().await.unwrap();
    }
    assert_eq!(scene.share(id).end_cause, Some(EndText::Expired));
    ticking.cancel();
}
