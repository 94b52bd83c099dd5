#![expect(clippy::unwrap_used, reason = "tests")]

mod consent;
mod hub;

use std::time::Duration;

use assent_consent::{
    AgencyId, CameraNumber, Cameras as Numbers, Level, Origin, PolicyVersion, Reason, Revoke,
    RevokeId, Rights, Rule, RuleId, RuleTrigger, Scope, StandingPolicy, Ttl,
};
use assent_wire::link::device_frame::Body as Said;
use assent_wire::link::{self, hub_frame};
use assent_wire::{Canonical, seal};
use hub::Hub;
use tempfile::TempDir;
use tokio_util::task::TaskTracker;

use super::*;
use crate::gate::{ConsentSetup, LocalPress, Setup};
use crate::memory::Memory;
use crate::soft_owner::OWNER_PAGE;
use crate::valve::valves;

/// A device with one camera that a press shares, enrolled and on its line.
struct Device {
    gate: Gate,
    attached: watch::Receiver<Attached>,
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl Device {
    async fn start(dir: &TempDir, claim: &Claim) -> Self {
        let enrolled = match Enrolled::load(dir.path()).unwrap() {
            Some(enrolled) => enrolled,
            None => enrol(claim, "the shop", dir.path()).await.unwrap(),
        };
        let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
        let (memory, past) = Memory::open(dir.path()).unwrap();
        let setup = Setup {
            device: enrolled.device(),
            policy: policy(),
            valves: valves([camera()]),
            consent: ConsentSetup {
                origins: vec![Origin::new(OWNER_PAGE).unwrap()],
                key: Some(enrolled.device_key().unwrap()),
                ..ConsentSetup::default()
            },
        };
        let gate = Gate::start(setup, memory, past, &tasks, &stop);
        let (_, to_hub) = mpsc::channel(1);
        let (from_hub, _) = mpsc::channel(1);
        let (attached, attached_seen) = watch::channel(Attached::not_yet());
        let link = Link {
            enrolled,
            hub: None,
            gate: gate.clone(),
            cameras: Cameras::default(),
            to_hub,
            from_hub,
            attached,
        };
        tasks.spawn(link.run(stop.clone()));
        Self {
            gate,
            attached: attached_seen,
            stop,
            tasks,
        }
    }

    async fn press(&self) {
        let press = LocalPress {
            id: None,
            level: Level::Panic,
            silent: false,
            drill: false,
        };
        assert_eq!(self.gate.press(press).await.unwrap().opened.len(), 1);
    }

    async fn until_here(&mut self, here: bool) {
        let changed = self
            .attached
            .wait_for(|attached| matches!(attached, Attached::Here { .. }) == here);
        tokio::time::timeout(Duration::from_secs(10), changed)
            .await
            .unwrap()
            .unwrap();
    }

    async fn end(self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}

fn camera() -> CameraNumber {
    CameraNumber::new(1).unwrap()
}

fn policy() -> StandingPolicy {
    let rule = Rule {
        id: RuleId(1),
        trigger: RuleTrigger::Press,
        cameras: Numbers::new([camera()]).unwrap(),
        agency: AgencyId::new("springfield-pd").unwrap(),
        rights: Rights::LIVE,
        longest: Ttl::from_secs(60).unwrap(),
        pre_roll_secs: 0,
    };
    StandingPolicy::new(PolicyVersion(1), vec![rule]).unwrap()
}

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

#[tokio::test]
async fn a_device_enrols_keeps_its_key_to_itself_and_greets_its_hub() {
    use std::os::unix::fs::PermissionsExt as _;
    let (dir, mut hub) = (folder(), Hub::start().await);
    let device = Device::start(&dir, &hub.claim()).await;
    let Said::Hello(hello) = hub.next().await.body.unwrap() else {
        panic!("no greeting")
    };
    assert_eq!(
        Canonical::<StandingPolicy>::decode(&hello.policy)
            .unwrap()
            .value(),
        &policy()
    );
    let key = std::fs::metadata(dir.path().join("identity/key.pem")).unwrap();
    assert_eq!(key.permissions().mode() & 0o777, 0o600);
    let enrolled = Enrolled::load(dir.path()).unwrap().unwrap();
    assert_eq!(
        (enrolled.device(), enrolled.premises()),
        (device.gate.device(), "Corner shop")
    );
    device.end().await;
}

#[tokio::test]
async fn another_hub_at_the_same_address_is_refused() {
    let (dir, hub, other) = (folder(), Hub::start().await, Hub::start().await);
    let claim = Claim {
        authority: other.claim().authority,
        ..hub.claim()
    };
    let error = enrol(&claim, "", dir.path()).await.map(|_| ()).unwrap_err();
    assert!(matches!(error, EnrolError::NotThisHub), "{error}");
    assert!(Enrolled::load(dir.path()).unwrap().is_none());
}

#[tokio::test]
async fn a_used_claim_and_a_hub_that_is_away_are_told_apart() {
    let (dir, hub) = (folder(), Hub::start().await);
    let used = Claim {
        code: "used".to_owned(),
        ..hub.claim()
    };
    let error = enrol(&used, "", dir.path()).await.map(|_| ()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "Another device has used this claim code."
    );
    let away = Claim {
        address: "127.0.0.1:1".to_owned(),
        ..hub.claim()
    };
    let error = enrol(&away, "", dir.path()).await.map(|_| ()).unwrap_err();
    assert!(matches!(error, EnrolError::Unreachable(_)), "{error}");
}

#[tokio::test]
async fn a_press_is_said_again_until_it_is_acknowledged_and_then_never() {
    let (dir, mut hub) = (folder(), Hub::start().await);
    let mut device = Device::start(&dir, &hub.claim()).await;
    device.press().await;
    let first = hub.next_fact().await;
    hub.cut().await;
    device.until_here(false).await;
    device.until_here(true).await;
    let second = hub.next_fact().await;
    assert_eq!(first.seq, second.seq);
    let (Some(Said::Pressed(first)), Some(Said::Pressed(second))) = (first.body, second.body)
    else {
        panic!("no press")
    };
    assert_eq!(first.trigger_id, second.trigger_id);
    assert!(second.age_ms > first.age_ms, "its age goes on");
    hub.say(hub_frame::Body::Ack(link::Ack { seq: u64::MAX }))
        .await;
    while !device.gate.outbox().is_empty() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    hub.cut().await;
    device.until_here(false).await;
    device.until_here(true).await;
    let Some(Said::Hello(hello)) = hub.next().await.body else {
        panic!("no greeting")
    };
    assert_eq!(hello.live.len(), 1, "the loss of the hub ends no share");
    assert!(hub.silent_for(Duration::from_millis(300)).await);
    device.end().await;
}

#[tokio::test]
async fn a_revoke_by_the_hub_shuts_and_is_confirmed_at_once() {
    let (dir, mut hub) = (folder(), Hub::start().await);
    let device = Device::start(&dir, &hub.claim()).await;
    device.press().await;
    hub.next_fact().await;
    let revoke = Revoke {
        id: RevokeId([4; 16]),
        scope: Scope::Everything,
        reason: Reason::Owner,
    };
    let end = link::End {
        revoke_id: vec![4; 16],
        envelope: seal(&Canonical::of(revoke)),
    };
    let began = Instant::now();
    hub.say(hub_frame::Body::End(end)).await;
    loop {
        if let Some(Said::StopDone(done)) = hub.next().await.body {
            assert_eq!(done.grant_ids.len(), 1);
            break;
        }
    }
    println!("from End to StopDone: {:?}", began.elapsed());
    assert!(device.gate.permissions().borrow().is_empty());
    device.end().await;
}

#[tokio::test]
async fn a_network_that_goes_silent_is_noticed_in_a_few_seconds() {
    let (dir, mut hub) = (folder(), Hub::start().await);
    let mut device = Device::start(&dir, &hub.claim()).await;
    hub.next().await;
    device.until_here(true).await;
    let began = Instant::now();
    hub.freeze();
    device.until_here(false).await;
    assert!(
        began.elapsed() < Duration::from_secs(7),
        "{:?}",
        began.elapsed()
    );
    device.end().await;
}

#[tokio::test]
async fn frames_that_nobody_understands_are_passed_over() {
    let (dir, mut hub) = (folder(), Hub::start().await);
    let device = Device::start(&dir, &hub.claim()).await;
    hub.next().await;
    let end = link::End {
        revoke_id: vec![1],
        envelope: vec![0xff; 5000],
    };
    hub.say(hub_frame::Body::End(end)).await;
    hub.say(hub_frame::Body::Instruct(link::Instruct {
        trigger_id: vec![2; 3],
        envelope: vec![],
        age_ms: 1,
        words: Vec::new(),
    }))
    .await;
    hub.say(hub_frame::Body::Wanted(link::Wanted {
        instructions: vec![],
        ended_grants: vec![vec![9]; 2000],
    }))
    .await;
    hub.say(hub_frame::Body::Ping(link::Ping { nonce: 77 }))
        .await;
    loop {
        if let Some(Said::Pong(pong)) = hub.next().await.body {
            assert_eq!(pong.nonce, 77);
            break;
        }
    }
    device.end().await;
}
