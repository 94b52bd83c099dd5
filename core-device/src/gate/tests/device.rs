//! One life of a device's gate over a folder, and what a hub might send it.

pub(super) use super::super::*;
pub(super) use std::path::Path;
pub(super) use std::time::Duration;

pub(super) use assent_consent::{
    AgencyId, Alert, AlertKind, AlertLimits, AlertRule, AlertSource, Cameras, EndCause, Note,
    PersonId, PolicyVersion, Press, PressedAt, Reason, Refusal, Revoke, RevokeId, Rights, Rule,
    RuleId, RuleTrigger, Scope, Trigger, TriggerKind, Ttl, WallTime,
};
pub(super) use assent_wire::link::device_frame::Body as Frame;
use assent_wire::{Canonical, seal};
pub(super) use tempfile::TempDir;

use crate::valve::valves;

pub(super) fn camera(number: u16) -> CameraNumber {
    CameraNumber::new(number).unwrap()
}

pub(super) fn rule(id: u32, trigger: RuleTrigger, number: u16, secs: u32) -> Rule {
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

pub(super) fn press_rule(secs: u32) -> Vec<Rule> {
    vec![rule(1, RuleTrigger::Press, 1, secs)]
}

/// One life of a device's programme; its folder outlives it.
pub(super) struct Device {
    pub(super) gate: Gate,
    pub(super) valves: Valves,
    pub(super) tasks: TaskTracker,
    pub(super) stop: CancellationToken,
}

impl Device {
    pub(super) fn start(dir: &Path, rules: Vec<Rule>) -> Self {
        Self::start_with(Memory::open(dir).unwrap(), rules)
    }

    pub(super) fn start_with(memory: (Memory, Past), rules: Vec<Rule>) -> Self {
        Self::start_under(memory, rules, ConsentSetup::default())
    }

    pub(super) fn start_under(
        (memory, past): (Memory, Past),
        rules: Vec<Rule>,
        consent: ConsentSetup,
    ) -> Self {
        let valves = valves([camera(1), camera(2)]);
        let setup = Setup {
            device: DeviceId([5; 32]),
            policy: StandingPolicy::new(PolicyVersion(1), rules).unwrap(),
            valves: valves.clone(),
            consent,
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

    pub(super) async fn press(&self) -> Pressed {
        self.press_as(false).await
    }

    pub(super) async fn press_as(&self, drill: bool) -> Pressed {
        let press = LocalPress {
            id: None,
            level: Level::Panic,
            silent: false,
            drill,
        };
        self.gate.press(press).await.unwrap()
    }

    pub(super) fn is_open(&self, number: u16) -> bool {
        let permitted = self
            .gate
            .permissions()
            .borrow()
            .contains_key(&camera(number));
        let open = self.valves[&camera(number)].is_open();
        assert!(!open || permitted, "a valve open without a permission");
        open
    }

    pub(super) async fn until(&self, what: &str, mut holds: impl FnMut(&Self) -> bool) {
        for _ in 0..1_000 {
            if holds(self) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("never: {what}");
    }

    /// What the hub would be told, oldest first.
    pub(super) fn facts(&self) -> Vec<Frame> {
        let mut facts = Vec::new();
        let mut sent = 0;
        while let Some(fact) = self.gate.outbox().next(sent) {
            sent = fact.number();
            facts.extend(fact.frame(boot_now(), wall_now()).body);
        }
        facts
    }

    pub(super) async fn end(self) {
        self.stop.cancel();
        self.tasks.close();
        drop(self.gate);
        self.tasks.wait().await;
    }

    /// As if the power failed: what was synced is there, and no more.
    pub(super) async fn lose_power(self, dir: &TempDir) -> TempDir {
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

pub(super) fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

pub(super) fn instruct(id: u8, kind: TriggerKind, age_ms: u64) -> link::Instruct {
    let trigger = Trigger {
        id: TriggerId([id; 16]),
        made_at: WallTime(0),
        kind,
    };
    link::Instruct {
        trigger_id: vec![id; 16],
        envelope: seal(&Canonical::of(trigger)),
        age_ms,
        words: Vec::new(),
    }
}

pub(super) fn phone_press(cameras: &[u16]) -> TriggerKind {
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

pub(super) fn gunshot() -> TriggerKind {
    TriggerKind::Alert(Alert {
        kind: AlertKind::new("gunshot").unwrap(),
        agency: AgencyId::new("springfield-pd").unwrap(),
        distance_m: 0,
        source: AlertSource::new("").unwrap(),
    })
}

pub(super) fn on_gunshot(per_day: u32) -> RuleTrigger {
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

pub(super) fn end(id: u8, scope: Scope) -> link::End {
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

pub(super) fn refusals(facts: &[Frame]) -> Vec<Refusal> {
    let refusal = |fact: &Frame| match fact {
        Frame::Refused(refused) => Refusal::try_from(refused.refusal()).ok(),
        _ => None,
    };
    facts.iter().filter_map(refusal).collect()
}

pub(super) fn ends(facts: &[Frame]) -> Vec<EndCause> {
    let end = |fact: &Frame| match fact {
        Frame::Ended(ended) => EndCause::try_from(ended.cause()).ok(),
        _ => None,
    };
    facts.iter().filter_map(end).collect()
}

pub(super) fn alarms(facts: &[Frame]) -> Vec<link::premises_alarm::Kind> {
    let alarm = |fact: &Frame| match fact {
        Frame::PremisesAlarm(alarm) => Some(alarm.kind()),
        _ => None,
    };
    facts.iter().filter_map(alarm).collect()
}
