#![expect(clippy::unwrap_used, reason = "tests")]

use std::path::Path;
use std::time::Duration;

use assent_consent::{
    AgencyId, Alert, AlertKind, AlertLimits, AlertRule, AlertSource, Cameras, EndCause, Note,
    PersonId, PolicyVersion, Press, PressedAt, Reason, Revoke, RevokeId, Rights, Rule, RuleId,
    RuleTrigger, Scope, Trigger, TriggerKind, Ttl, WallTime,
};
use assent_wire::link::device_frame::Body as Frame;
use assent_wire::{Canonical, seal};
use tempfile::TempDir;

use super::*;
use crate::valve::valves;

fn camera(number: u16) -> CameraNumber {
    CameraNumber::new(number).unwrap()
}

fn rule(id: u32, trigger: RuleTrigger, number: u16, secs: u32) -> Rule {
    Rule {
        id: RuleId(id),
        trigger,
        cameras: Cameras::new([camera(number)]).unwrap(),
        agency: AgencyId::new("springfield-pd").unwrap(),
        rights: Rights::LIVE,
        longest: Ttl::from_secs(secs).unwrap(),
        pre_roll_secs: 0,
    }
}

fn press_rule(secs: u32) -> Vec<Rule> {
    vec![rule(1, RuleTrigger::Press, 1, secs)]
}

/// One life of a device's programme; its folder outlives it.
struct Device {
    gate: Gate,
    valves: Valves,
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl Device {
    fn start(dir: &Path, rules: Vec<Rule>) -> Self {
        Self::start_with(Memory::open(dir).unwrap(), rules)
    }

    fn start_with((memory, past): (Memory, Past), rules: Vec<Rule>) -> Self {
        let valves = valves([camera(1), camera(2)]);
        let setup = Setup {
            device: DeviceId([5; 32]),
            policy: StandingPolicy::new(PolicyVersion(1), rules).unwrap(),
            valves: valves.clone(),
        };
        let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
        let gate = Gate::start(setup, memory, past, &tasks, &stop);
        Self {
            gate,
            valves,
            tasks,
            stop,
        }
    }

    async fn press(&self) -> Pressed {
        let press = LocalPress {
            id: None,
            level: Level::Panic,
            silent: false,
            drill: false,
        };
        self.gate.press(press).await.unwrap()
    }

    fn is_open(&self, number: u16) -> bool {
        let permitted = self
            .gate
            .permissions()
            .borrow()
            .contains_key(&camera(number));
        let open = self.valves[&camera(number)].is_open();
        assert!(!open || permitted, "a valve open without a permission");
        open
    }

    async fn until(&self, what: &str, mut holds: impl FnMut(&Self) -> bool) {
        for _ in 0..500 {
            if holds(self) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("never: {what}");
    }

    /// What the hub would be told, oldest first.
    fn facts(&self) -> Vec<Frame> {
        let mut facts = Vec::new();
        let mut sent = 0;
        while let Some(fact) = self.gate.outbox().next(sent) {
            sent = fact.number();
            facts.extend(fact.frame(boot_now(), wall_now()).body);
        }
        facts
    }

    async fn end(self) {
        self.stop.cancel();
        self.tasks.close();
        drop(self.gate);
        self.tasks.wait().await;
    }

    /// As if the power failed: what was synced is there, and no more.
    async fn lose_power(self, dir: &TempDir) -> TempDir {
        let left = folder();
        let copied = std::process::Command::new("cp")
            .arg("-a")
            .arg(dir.path().join("."))
            .arg(left.path())
            .status();
        assert!(copied.unwrap().success());
        self.end().await;
        left
    }
}

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn instruct(id: u8, kind: TriggerKind, age_ms: u64) -> link::Instruct {
    let trigger = Trigger {
        id: TriggerId([id; 16]),
        made_at: WallTime(0),
        kind,
    };
    link::Instruct {
        trigger_id: vec![id; 16],
        envelope: seal(&Canonical::of(trigger)),
        age_ms,
    }
}

fn phone_press(cameras: &[u16]) -> TriggerKind {
    TriggerKind::Press(Press {
        level: Level::Panic,
        silent: false,
        drill: false,
        at: PressedAt::Phone,
        by: PersonId::new("").unwrap(),
        cameras: cameras.iter().map(|n| camera(*n)).collect(),
        note: Note::new("").unwrap(),
    })
}

fn gunshot() -> TriggerKind {
    TriggerKind::Alert(Alert {
        kind: AlertKind::new("gunshot").unwrap(),
        agency: AgencyId::new("springfield-pd").unwrap(),
        distance_m: 0,
        source: AlertSource::new("").unwrap(),
    })
}

fn on_gunshot(per_day: u32) -> RuleTrigger {
    let kinds = [AlertKind::new("gunshot").unwrap()].into();
    RuleTrigger::Alert(AlertRule {
        kinds,
        asks: false,
        limits: AlertLimits {
            per_day,
            ..AlertLimits::default()
        },
    })
}

fn end(id: u8, scope: Scope) -> link::End {
    let revoke = Revoke {
        id: RevokeId([id; 16]),
        scope,
        reason: Reason::Owner,
    };
    link::End {
        revoke_id: vec![id; 16],
        envelope: seal(&Canonical::of(revoke)),
    }
}

fn refusals(facts: &[Frame]) -> Vec<Refusal> {
    let refusal = |fact: &Frame| match fact {
        Frame::Refused(refused) => Refusal::try_from(refused.refusal()).ok(),
        _ => None,
    };
    facts.iter().filter_map(refusal).collect()
}

fn ends(facts: &[Frame]) -> Vec<EndCause> {
    let end = |fact: &Frame| match fact {
        Frame::Ended(ended) => EndCause::try_from(ended.cause()).ok(),
        _ => None,
    };
    facts.iter().filter_map(end).collect()
}

fn alarms(facts: &[Frame]) -> Vec<link::premises_alarm::Kind> {
    let alarm = |fact: &Frame| match fact {
        Frame::PremisesAlarm(alarm) => Some(alarm.kind()),
        _ => None,
    };
    facts.iter().filter_map(alarm).collect()
}

#[tokio::test]
async fn without_a_rule_nothing_opens_and_the_press_still_reaches_the_hub() {
    let dir = folder();
    let device = Device::start(dir.path(), vec![]);
    let pressed = device.press().await;
    assert_eq!(
        (pressed.opened.len(), pressed.refusal),
        (0, Some(Refusal::NoRule))
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
    device.press().await;
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
async fn a_hub_that_sends_nonsense_all_day_cannot_push_receipts_out_of_the_journal() {
    let dir = folder();
    let device = Device::start(dir.path(), vec![]);
    for n in 0..200 {
        let nonsense = link::Instruct {
            trigger_id: vec![n; 16],
            envelope: vec![n],
            age_ms: 0,
        };
        device.gate.hear(Ask::Instruct(nonsense)).await.unwrap();
    }
    device.press().await;
    assert!(device.facts().len() <= 2 * 60 + 1);
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
