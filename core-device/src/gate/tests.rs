#![expect(clippy::unwrap_used, reason = "tests")]

mod consent;
mod device;
mod house;
mod lasting;

use device::*;

#[tokio::test]
async fn without_a_rule_nothing_opens_and_the_press_still_reaches_the_hub() {
    let dir = folder();
    let device = Device::start(dir.path(), vec![]);
    let pressed = device.press().await;
    assert_eq!(
        (pressed.opened.len(), pressed.refusal),
        (0, Some(Refusal::NoRule.into()))
    );
    assert!(!device.is_open(1));
    let facts = device.facts();
    assert!(matches!(&facts[..], [Frame::Pressed(pressed)] if pressed.opened.is_empty()));
}

#[tokio::test]
async fn a_press_opens_on_its_own_receipt_and_a_stop_shuts_before_it_returns() {
    let dir = folder();
    let device = Device::start(dir.path(), press_rule(60));
    let pressed = device.press().await;
    assert!(device.is_open(1) && !device.is_open(2));
    let status = device.gate.status().borrow().clone();
    assert!(status.live[0].receipt > 0 && status.storage == Storage::Fine);
    assert_eq!(device.gate.stop_everything().await, pressed.opened);
    assert!(!device.is_open(1));
    device
        .until("the end is recorded", |device| {
            ends(&device.facts()) == [EndCause::StoppedLocally]
        })
        .await;
    assert_eq!(
        alarms(&device.facts()),
        [link::premises_alarm::Kind::StoppedAtPremises]
    );
}

#[tokio::test]
async fn a_share_ends_by_itself_when_its_time_is_up() {
    let dir = folder();
    let device = Device::start(dir.path(), press_rule(1));
    device.press().await;
    device
        .until("it expires", |device| !device.is_open(1))
        .await;
    device
        .until("the end is recorded", |device| {
            ends(&device.facts()) == [EndCause::Expired]
        })
        .await;
}

#[tokio::test]
async fn the_hubs_word_alone_opens_nothing() {
    let dir = folder();
    let device = Device::start(dir.path(), vec![rule(1, on_gunshot(1), 1, 60)]);
    let send = |instruct| device.gate.hear(Ask::Instruct(instruct));
    send(instruct(1, phone_press(&[]), 0)).await.unwrap();
    send(instruct(2, phone_press(&[9]), 0)).await.unwrap();
    send(instruct(3, TriggerKind::Standing(RuleId(1)), 0))
        .await
        .unwrap();
    send(instruct(4, gunshot(), 120_001)).await.unwrap();
    send(link::Instruct {
        trigger_id: vec![5; 16],
        envelope: vec![1, 2, 3],
        age_ms: 0,
        words: Vec::new(),
    })
    .await
    .unwrap();
    send(link::Instruct {
        trigger_id: vec![6; 16],
        ..instruct(7, gunshot(), 0)
    })
    .await
    .unwrap();
    device
        .until("all are refused", |device| device.facts().len() == 6)
        .await;
    let why = [
        Refusal::NoRule,
        Refusal::UnknownCamera,
        Refusal::Malformed,
        Refusal::TooOld,
        Refusal::Malformed,
        Refusal::Malformed,
    ];
    assert_eq!(refusals(&device.facts()), why);
    assert!(!device.is_open(1));
}

#[tokio::test]
async fn a_phone_press_delivered_twice_opens_once_and_a_revoke_is_confirmed_when_it_is_shut() {
    let dir = folder();
    let device = Device::start(dir.path(), press_rule(60));
    let mut words = device.gate.words();
    for _ in 0..3 {
        device
            .gate
            .hear(Ask::Instruct(instruct(1, phone_press(&[]), 500)))
            .await
            .unwrap();
    }
    device.until("it opens", |device| device.is_open(1)).await;
    device
        .gate
        .end(end(1, Scope::Trigger(TriggerId([1; 16]))))
        .await
        .unwrap();
    let Frame::StopDone(done) = words.recv().await.unwrap() else {
        panic!("another word")
    };
    assert!(!device.is_open(1));
    assert_eq!((done.revoke_id, done.grant_ids.len()), (vec![1; 16], 1));
    device
        .gate
        .hear(Ask::Instruct(instruct(1, phone_press(&[]), 900)))
        .await
        .unwrap();
    let Frame::Refused(refused) = words.recv().await.unwrap() else {
        panic!("another word")
    };
    assert_eq!(refused.refusal(), link::Refusal::Replayed);
    let opened = device
        .facts()
        .iter()
        .filter(|fact| matches!(fact, Frame::Opened(_)))
        .count();
    assert_eq!(opened, 1);
}

#[tokio::test]
async fn a_press_that_waited_says_how_old_it_is() {
    let dir = folder();
    let device = Device::start(dir.path(), press_rule(60));
    device.press().await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    let Frame::Pressed(pressed) = device.facts().remove(0) else {
        panic!("no press")
    };
    assert!(pressed.age_ms >= 50);
    assert!(pressed.opened[0].remaining_ms <= 60_000 - 50);
}

#[tokio::test]
async fn a_hub_that_sends_nonsense_all_day_cannot_push_receipts_out_of_the_journal() {
    let dir = folder();
    let device = Device::start(dir.path(), vec![]);
    for n in 0..200 {
        let nonsense = link::Instruct {
            trigger_id: vec![n; 16],
            envelope: vec![n],
            age_ms: 0,
            words: Vec::new(),
        };
        device.gate.hear(Ask::Instruct(nonsense)).await.unwrap();
    }
    device.press().await;
    assert!(device.facts().len() <= 2 * 60 + 1);
}

#[tokio::test]
async fn a_press_that_follows_at_once_joins_the_one_that_is_open_and_no_other() {
    let dir = folder();
    let device = Device::start(dir.path(), press_rule(60));
    let first = device.press().await;
    for _ in 0..300 {
        assert_eq!(device.press().await, first);
    }
    assert_ne!(
        device.press_as(true).await.trigger,
        first.trigger,
        "a drill"
    );
    device.gate.stop_everything().await;
    let again = device.press().await;
    assert_ne!(again.trigger, first.trigger);
    assert!(device.is_open(1), "after a STOP it is a first press");
    let pressed = |fact: &Frame| matches!(fact, Frame::Pressed(_));
    let told = device.facts();
    assert_eq!(told.iter().filter(|fact| pressed(fact)).count(), 3);
}
