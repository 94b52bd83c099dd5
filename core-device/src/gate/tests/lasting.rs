//! What a restart, a power loss and a dead disk leave of the rules.

use super::device::*;

/// Whether one of the slots holds a mark that ends with these bytes.
fn is_marked(dir: &std::path::Path, bytes: u64) -> bool {
    let slot = |name: &&str| std::fs::read(dir.join(name)).unwrap_or_default();
    let held = ["state-a", "state-b"].iter().map(slot).collect::<Vec<_>>();
    String::from_utf8_lossy(&held.concat()).contains(&format!("],{bytes}]]}}"))
}

#[tokio::test]
async fn a_revoke_that_overtakes_its_press_still_closes_it_after_a_restart() {
    let dir = folder();
    let device = Device::start(dir.path(), press_rule(60));
    device
        .gate
        .end(end(1, Scope::Trigger(TriggerId([1; 16]))))
        .await
        .unwrap();
    device
        .until("it is recorded", |device| {
            device.gate.status().borrow().last_receipt == 2
        })
        .await;
    device.end().await;
    let device = Device::start(dir.path(), press_rule(60));
    let mut words = device.gate.words();
    device
        .gate
        .hear(Ask::Instruct(instruct(1, phone_press(&[]), 0)))
        .await
        .unwrap();
    assert!(matches!(words.recv().await.unwrap(), Frame::Refused(_)));
    assert!(!device.is_open(1));
}

#[tokio::test]
async fn a_power_loss_during_a_share_ends_it_and_raises_an_alarm() {
    let dir = folder();
    let device = Device::start(dir.path(), press_rule(3600));
    device.press().await;
    let dir = device.lose_power(&dir).await;
    let device = Device::start(dir.path(), press_rule(3600));
    assert!(!device.is_open(1));
    device
        .until("the alarm", |device| {
            alarms(&device.facts()) == [link::premises_alarm::Kind::Rebooted]
        })
        .await;
    let facts = device.facts();
    assert!(
        matches!(facts[0], Frame::Pressed(_)),
        "the press itself is not lost"
    );
    assert_eq!(ends(&facts), [EndCause::Reboot]);
    let dir = device.lose_power(&dir).await;
    let device = Device::start(dir.path(), press_rule(3600));
    device
        .until("it has begun", |device| {
            device.gate.status().borrow().last_receipt > 0
        })
        .await;
    assert_eq!(alarms(&device.facts()).len(), 1, "once");
}

#[tokio::test]
async fn after_a_power_loss_the_receipt_says_how_long_the_share_lasted_and_what_had_left() {
    let dir = folder();
    let device = Device::start(dir.path(), press_rule(3600));
    device.press().await;
    let valve = device.valves[&camera(1)].clone();
    valve.count(1_000);
    // The first mark of a programme is due at once, the next in a few seconds.
    device
        .until("it is marked", |_| is_marked(dir.path(), 1_000))
        .await;
    let dir = device.lose_power(&dir).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    let device = Device::start(dir.path(), press_rule(3600));
    let ended = |device: &Device| !ends(&device.facts()).is_empty();
    device.until("its end is recorded", ended).await;
    let said = device.facts().into_iter().find_map(|fact| match fact {
        Frame::Ended(ended) => Some((ended.lasted_ms, ended.bytes_left)),
        _ => None,
    });
    let (lasted_ms, bytes_left) = said.unwrap();
    assert_eq!(bytes_left, 1_000);
    assert!((5_000..15_000).contains(&lasted_ms), "{lasted_ms} ms");
}

#[tokio::test]
async fn an_orderly_end_during_a_share_is_told_before_the_line_goes() {
    let dir = folder();
    let device = Device::start(dir.path(), press_rule(3600));
    device.press().await;
    let outbox = device.gate.outbox().clone();
    device.end().await;
    let told: Vec<_> =
        std::iter::successors(outbox.next(0), |fact| outbox.next(fact.number())).collect();
    let facts: Vec<_> = told
        .iter()
        .filter_map(|fact| fact.frame(boot_now(), wall_now()).body)
        .collect();
    assert_eq!(
        (ends(&facts), alarms(&facts)),
        (
            vec![EndCause::Reboot],
            vec![link::premises_alarm::Kind::Rebooted]
        )
    );
    let device = Device::start(dir.path(), press_rule(3600));
    assert_eq!(alarms(&device.facts()).len(), 1, "once");
}

#[tokio::test]
async fn what_the_hub_acknowledged_is_not_said_again() {
    let dir = folder();
    let device = Device::start(dir.path(), press_rule(60));
    device.press().await;
    device.gate.hear(Ask::Acknowledged(u64::MAX)).await.unwrap();
    device
        .until("the outbox is empty", |device| {
            device.gate.outbox().is_empty()
        })
        .await;
    device.press_as(true).await;
    device.end().await;
    let device = Device::start(dir.path(), vec![]);
    let presses = device
        .facts()
        .iter()
        .filter(|fact| matches!(fact, Frame::Pressed(_)))
        .count();
    assert_eq!(presses, 1, "only the second");
}

#[tokio::test]
async fn on_a_dead_disk_a_press_opens_an_alert_does_not_and_stop_works() {
    let dir = folder();
    let rules = vec![
        rule(1, RuleTrigger::Press, 1, 60),
        rule(2, on_gunshot(0), 2, 60),
    ];
    let device = Device::start_with(Memory::broken(dir.path()).unwrap(), rules);
    let mut words = device.gate.words();
    device
        .gate
        .hear(Ask::Instruct(instruct(1, gunshot(), 0)))
        .await
        .unwrap();
    let Frame::Refused(refused) = words.recv().await.unwrap() else {
        panic!("another word")
    };
    assert_eq!(refused.refusal(), link::Refusal::NotDurable);
    assert_eq!(device.press().await.opened.len(), 1);
    assert!(device.is_open(1) && !device.is_open(2));
    assert_eq!(device.gate.status().borrow().storage, Storage::Failing);
    device.gate.stop_everything().await;
    assert!(!device.is_open(1));
}

#[tokio::test]
async fn a_standing_rule_runs_from_the_start_until_it_is_stopped_and_stays_stopped_after_a_restart()
{
    let dir = folder();
    let rules = || vec![rule(1, RuleTrigger::Standing, 1, 2)];
    let device = Device::start(dir.path(), rules());
    device
        .until("it opens by itself", |device| device.is_open(1))
        .await;
    for _ in 0..30 {
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert!(device.is_open(1), "a gap between two renewals");
    }
    device.gate.stop_everything().await;
    device
        .until("the stop is recorded", |device| {
            ends(&device.facts()).contains(&EndCause::StoppedLocally)
        })
        .await;
    assert!(alarms(&device.facts()).is_empty(), "nobody is in need");
    device.end().await;
    let device = Device::start(dir.path(), rules());
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(!device.is_open(1));
    device.gate.unpause().await.unwrap();
    device
        .until("it runs again", |device| device.is_open(1))
        .await;
}

#[tokio::test]
async fn daily_limits_are_remembered_over_a_restart() {
    let dir = folder();
    let rules = || vec![rule(1, on_gunshot(1), 1, 60)];
    let device = Device::start(dir.path(), rules());
    device
        .gate
        .hear(Ask::Instruct(instruct(1, gunshot(), 0)))
        .await
        .unwrap();
    device.until("it opens", |device| device.is_open(1)).await;
    device.end().await;
    let device = Device::start(dir.path(), rules());
    device
        .gate
        .hear(Ask::Instruct(instruct(2, gunshot(), 0)))
        .await
        .unwrap();
    device
        .until("it is refused", |device| {
            refusals(&device.facts()) == [Refusal::DailyLimit]
        })
        .await;
}

#[tokio::test]
async fn everything_is_shut_when_the_programme_ends() {
    let dir = folder();
    let device = Device::start(dir.path(), press_rule(60));
    device.press().await;
    let valves = device.valves.clone();
    device.end().await;
    assert!(!valves[&camera(1)].is_open());
}
