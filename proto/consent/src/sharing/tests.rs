#![expect(clippy::unwrap_used, reason = "tests")]

mod asking;

use super::*;
use crate::*;

const DAY: u32 = 20_000;

fn camera(number: u16) -> CameraNumber {
    CameraNumber::new(number).unwrap()
}

fn rule(id: u32, trigger: RuleTrigger, cameras: &[u16], secs: u32) -> Rule {
    Rule {
        id: RuleId(id),
        trigger,
        cameras: Cameras::new(cameras.iter().map(|n| camera(*n))).unwrap(),
        agency: AgencyId::new("springfield-pd").unwrap(),
        rights: Rights::LIVE,
        longest: Ttl::from_secs(secs).unwrap(),
        pre_roll_secs: 0,
    }
}

fn on_gunshot(asks: bool, limits: AlertLimits) -> RuleTrigger {
    RuleTrigger::Alert(AlertRule {
        kinds: [AlertKind::new("gunshot").unwrap()].into(),
        asks,
        limits,
    })
}

fn machine(rules: Vec<Rule>) -> Sharing {
    Sharing::new(
        DeviceId([1; 32]),
        StandingPolicy::new(PolicyVersion(1), rules).unwrap(),
    )
}

fn trigger(id: u8, kind: TriggerKind) -> Trigger {
    Trigger {
        id: TriggerId([id; 16]),
        made_at: WallTime(0),
        kind,
    }
}

fn press(id: u8, cameras: &[u16]) -> Trigger {
    let press = Press {
        level: Level::Panic,
        silent: false,
        drill: false,
        at: PressedAt::Phone,
        by: PersonId::new("").unwrap(),
        cameras: cameras.iter().map(|n| camera(*n)).collect(),
        note: Note::new("").unwrap(),
    };
    trigger(id, TriggerKind::Press(press))
}

fn gunshot(distance_m: u32) -> Alert {
    Alert {
        kind: AlertKind::new("gunshot").unwrap(),
        agency: AgencyId::new("springfield-pd").unwrap(),
        distance_m,
        source: AlertSource::new("").unwrap(),
    }
}

fn alert(id: u8, distance_m: u32) -> Trigger {
    trigger(id, TriggerKind::Alert(gunshot(distance_m)))
}

fn now(secs: u64) -> Now {
    Now {
        boot: at(secs),
        local_day: DAY,
        local_minute: MinuteOfDay::new(720).unwrap(),
    }
}

fn at(secs: u64) -> BootTime {
    BootTime(secs * 1000)
}

/// Answer, ask and open at once, as on a device whose disk is quick.
fn let_open(sharing: &mut Sharing, trigger: &Trigger, now: &Now) -> Result<Vec<GrantId>, Refusal> {
    match sharing.answer(trigger, 0, now) {
        Answer::Opens(terms) => {
            let ids = sharing.ask(trigger, &terms, now.boot);
            ids.iter().for_each(|id| drop(sharing.open(*id, now)));
            Ok(ids)
        }
        Answer::Asks(_) => Err(Refusal::AsksOwner),
        Answer::Nothing(refusal) => Err(refusal),
    }
}

fn revoke(id: u8, scope: Scope) -> Revoke {
    Revoke {
        id: RevokeId([id; 16]),
        scope,
        reason: Reason::Owner,
    }
}

fn open_cameras(sharing: &Sharing) -> Vec<u16> {
    sharing.permitted().keys().map(|c| c.get()).collect()
}

#[test]
fn an_empty_policy_shares_nothing() {
    let mut sharing = machine(vec![]);
    for trigger in [
        press(1, &[]),
        alert(2, 0),
        trigger(3, TriggerKind::Standing(RuleId(1))),
    ] {
        assert_eq!(
            let_open(&mut sharing, &trigger, &now(0)),
            Err(Refusal::NoRule)
        );
    }
    assert!(sharing.permitted().is_empty());
}

#[test]
fn a_camera_stops_when_the_last_of_two_grants_ends() {
    let mut sharing = machine(vec![rule(1, RuleTrigger::Press, &[1, 2], 60)]);
    let first = let_open(&mut sharing, &press(1, &[1, 2]), &now(0)).unwrap()[0];
    let second = let_open(&mut sharing, &press(2, &[2]), &now(10)).unwrap()[0];
    let effects = sharing.revoke(&revoke(1, Scope::Grant(first)), at(20));
    assert_eq!(
        effects[0],
        Effect::StopCamera {
            camera: camera(1),
            cause: EndCause::Revoked
        }
    );
    assert_eq!(open_cameras(&sharing), [2]);
    let effects = sharing.expire(at(70));
    assert_eq!(
        effects[0],
        Effect::StopCamera {
            camera: camera(2),
            cause: EndCause::Expired
        }
    );
    assert!(sharing.grant(second).unwrap().is_ended() && sharing.permitted().is_empty());
}

#[test]
fn nothing_is_open_until_the_receipt_is_kept() {
    let mut sharing = machine(vec![rule(1, RuleTrigger::Press, &[1], 60)]);
    let press = press(1, &[]);
    let Answer::Opens(terms) = sharing.answer(&press, 0, &now(0)) else {
        panic!()
    };
    let id = sharing.ask(&press, &terms, at(0))[0];
    assert!(sharing.permitted().is_empty());
    sharing.stop_locally(at(1));
    assert_eq!(
        sharing.open(id, &now(2)),
        [],
        "stopped while its receipt was being written"
    );
    assert!(sharing.permitted().is_empty());
}

#[test]
fn a_press_older_than_two_minutes_opens_nothing_but_a_revoke_never_ages() {
    let mut sharing = machine(vec![rule(1, RuleTrigger::Press, &[1], 600)]);
    assert_eq!(
        sharing.answer(&press(1, &[]), STALE_AFTER_MS + 1, &now(0)),
        Answer::Nothing(Refusal::TooOld)
    );
    assert!(matches!(
        sharing.answer(&press(1, &[]), STALE_AFTER_MS, &now(0)),
        Answer::Opens(_)
    ));
    let id = let_open(&mut sharing, &press(1, &[]), &now(0)).unwrap()[0];
    sharing.revoke(&revoke(1, Scope::Grant(id)), at(599));
    assert!(sharing.permitted().is_empty());
}

#[test]
fn the_same_press_delivered_twice_is_one_grant() {
    let mut sharing = machine(vec![rule(1, RuleTrigger::Press, &[1], 60)]);
    let id = let_open(&mut sharing, &press(1, &[]), &now(0)).unwrap()[0];
    assert_eq!(
        let_open(&mut sharing, &press(1, &[]), &now(50)),
        Err(Refusal::Replayed)
    );
    assert_eq!(
        sharing.grant(id).unwrap().live().unwrap().ends_at,
        at(60),
        "not extended"
    );
    sharing.expire(at(60));
    assert_eq!(
        let_open(&mut sharing, &press(1, &[]), &now(61)),
        Err(Refusal::Replayed)
    );
}

#[test]
fn a_revoke_that_overtakes_its_press_closes_it() {
    let mut sharing = machine(vec![rule(1, RuleTrigger::Press, &[1], 60)]);
    sharing.revoke(&revoke(1, Scope::Trigger(TriggerId([1; 16]))), at(0));
    assert_eq!(
        let_open(&mut sharing, &press(1, &[]), &now(1)),
        Err(Refusal::Replayed)
    );
    let id = GrantId::derive(&sharing.device(), TriggerId([2; 16]), RuleId(1));
    sharing.revoke(&revoke(2, Scope::Grant(id)), at(2));
    assert_eq!(
        let_open(&mut sharing, &press(2, &[]), &now(3)),
        Err(Refusal::Replayed)
    );
}

#[test]
fn revoking_everything_again_does_not_close_what_came_later() {
    let mut sharing = machine(vec![rule(1, RuleTrigger::Press, &[1], 60)]);
    let_open(&mut sharing, &press(1, &[]), &now(0)).unwrap();
    sharing.revoke(&revoke(1, Scope::Everything), at(1));
    let_open(&mut sharing, &press(2, &[]), &now(2)).unwrap();
    sharing.revoke(&revoke(1, Scope::Everything), at(3));
    assert_eq!(open_cameras(&sharing), [1]);
}

#[test]
fn limits_bind_alerts_and_never_a_press_or_the_owners_yes() {
    let quiet = QuietHours {
        from: MinuteOfDay::new(700).unwrap(),
        to: MinuteOfDay::new(730).unwrap(),
    };
    let limits = AlertLimits {
        quiet: Some(quiet),
        within_metres: 100,
        ..AlertLimits::default()
    };
    let mut sharing = machine(vec![
        rule(1, RuleTrigger::Press, &[1], 60),
        rule(2, on_gunshot(false, limits), &[2], 60),
    ]);
    assert_eq!(
        let_open(&mut sharing, &alert(1, 50), &now(0)),
        Err(Refusal::QuietHours)
    );
    assert_eq!(
        let_open(&mut sharing, &alert(2, 101), &now(0)),
        Err(Refusal::TooFar)
    );
    assert!(let_open(&mut sharing, &press(3, &[]), &now(0)).is_ok());
}

#[test]
fn an_alert_rule_keeps_its_cooldown_and_its_daily_limit() {
    let limits = AlertLimits {
        per_day: 2,
        cooldown_secs: 30,
        ..AlertLimits::default()
    };
    let mut sharing = machine(vec![rule(1, on_gunshot(false, limits), &[1], 5)]);
    assert!(let_open(&mut sharing, &alert(1, 0), &now(0)).is_ok());
    assert_eq!(
        let_open(&mut sharing, &alert(2, 0), &now(29)),
        Err(Refusal::Cooldown)
    );
    assert!(let_open(&mut sharing, &alert(3, 0), &now(30)).is_ok());
    assert_eq!(
        let_open(&mut sharing, &alert(4, 0), &now(90)),
        Err(Refusal::DailyLimit)
    );
    let tomorrow = Now {
        local_day: DAY + 1,
        ..now(91)
    };
    assert!(let_open(&mut sharing, &alert(5, 0), &tomorrow).is_ok());
}

#[test]
fn a_changed_policy_cuts_what_it_no_longer_gives() {
    let mut sharing = machine(vec![rule(1, RuleTrigger::Press, &[1, 2], 60)]);
    let_open(&mut sharing, &press(1, &[1]), &now(0)).unwrap();
    let_open(&mut sharing, &press(2, &[2]), &now(0)).unwrap();
    let narrower = StandingPolicy::new(
        PolicyVersion(2),
        vec![rule(1, RuleTrigger::Press, &[2], 60)],
    )
    .unwrap();
    sharing.policy_changed(narrower, at(1));
    assert_eq!(open_cameras(&sharing), [2]);
    sharing.policy_changed(StandingPolicy::default(), at(2));
    assert!(sharing.permitted().is_empty());
}

fn renew(sharing: &mut Sharing, id: u8, secs: u64) -> usize {
    let due = sharing.renewals_due(at(secs));
    for rule in &due {
        sharing.renewal_tried(*rule, at(secs));
        let renewal = trigger(id, TriggerKind::Standing(*rule));
        let_open(sharing, &renewal, &now(secs)).unwrap();
    }
    due.len()
}

#[test]
fn a_standing_rule_renews_without_a_gap_until_revoked() {
    let mut sharing = machine(vec![rule(1, RuleTrigger::Standing, &[1, 2], 60)]);
    assert_eq!(renew(&mut sharing, 1, 0), 1);
    assert_eq!(sharing.next_renewal(), Some(at(50)));
    assert_eq!(renew(&mut sharing, 2, 49), 0);
    assert_eq!(renew(&mut sharing, 2, 50), 1);
    assert!(
        !sharing
            .expire(at(60))
            .iter()
            .any(|e| matches!(e, Effect::StopCamera { .. }))
    );
    assert_eq!(open_cameras(&sharing), [1, 2]);
    sharing.revoke(&revoke(1, Scope::Camera(camera(1))), at(61));
    assert_eq!(open_cameras(&sharing), [2]);
    assert_eq!(renew(&mut sharing, 3, 100), 1, "the other camera goes on");
    assert_eq!(open_cameras(&sharing), [2]);
    sharing.stop_locally(at(101));
    assert_eq!(sharing.next_renewal(), None);
    sharing.unpause();
    assert_eq!(renew(&mut sharing, 4, 200), 1);
    assert_eq!(open_cameras(&sharing), [1, 2]);
}

#[test]
fn revoking_one_of_two_overlapping_renewals_stops_the_picture() {
    let mut sharing = machine(vec![rule(1, RuleTrigger::Standing, &[1], 60)]);
    renew(&mut sharing, 1, 0);
    let first = sharing.live().next().unwrap().id;
    renew(&mut sharing, 2, 55);
    sharing.revoke(&revoke(1, Scope::Grant(first)), at(56));
    assert!(sharing.permitted().is_empty());
    assert_eq!(sharing.renewals_due(at(500)), []);
}

#[test]
fn a_renewal_that_cannot_be_recorded_is_tried_again_later() {
    let mut sharing = machine(vec![rule(1, RuleTrigger::Standing, &[1], 60)]);
    sharing.renewal_tried(RuleId(1), at(0));
    assert_eq!(sharing.renewals_due(at(1)), []);
    assert_eq!(sharing.renewals_due(at(5)), [RuleId(1)]);
}

#[test]
fn the_hub_follows_what_the_device_opened_and_does_not_reopen_what_it_closed() {
    let mut device = machine(vec![rule(1, RuleTrigger::Press, &[1], 60)]);
    let id = let_open(&mut device, &press(1, &[]), &now(5)).unwrap()[0];
    let live = device.grant(id).unwrap().live().unwrap();
    let there = Adopted {
        grant: id,
        trigger: live.trigger,
        cause: live.cause,
        terms: live.terms.clone(),
        remaining_ms: live.remaining_ms(at(15)),
    };
    let mut hub = machine(vec![]);
    hub.adopt(there.clone(), at(1000)).unwrap();
    assert_eq!(hub.poll_timeout(), Some(at(1050)));
    assert_eq!(
        hub.adopt(there.clone(), at(1001)),
        Ok(vec![]),
        "the same fact again"
    );
    hub.revoke(&revoke(1, Scope::Grant(id)), at(1002));
    assert_eq!(hub.adopt(there, at(1003)), Err(Refusal::Replayed));
}

#[test]
fn a_rebooted_device_ends_what_it_does_not_bring_back() {
    let mut hub = machine(vec![rule(1, RuleTrigger::Press, &[1], 60)]);
    let id = let_open(&mut hub, &press(1, &[]), &now(0)).unwrap()[0];
    assert_eq!(hub.rebooted(&[id].into(), at(1)), []);
    let effects = hub.rebooted(&BTreeSet::new(), at(1));
    assert_eq!(
        effects[0],
        Effect::StopCamera {
            camera: camera(1),
            cause: EndCause::Reboot
        }
    );
}

#[test]
fn an_ask_that_nobody_answers_ends() {
    let mut hub = machine(vec![rule(1, RuleTrigger::Press, &[1], 600)]);
    let press = press(1, &[]);
    let Answer::Opens(terms) = hub.answer(&press, 0, &now(0)) else {
        panic!()
    };
    hub.ask(&press, &terms, at(0));
    assert_eq!(hub.poll_timeout(), Some(at(120)));
    hub.expire(at(120));
    assert!(hub.grants().all(Grant::is_ended));
}

#[test]
fn a_grant_whose_name_is_not_this_devices_is_not_adopted() {
    let mut device = machine(vec![rule(1, RuleTrigger::Press, &[1], 60)]);
    let id = let_open(&mut device, &press(1, &[]), &now(5)).unwrap()[0];
    let live = device.grant(id).unwrap().live().unwrap();
    let there = Adopted {
        grant: id,
        trigger: live.trigger,
        cause: live.cause,
        terms: live.terms.clone(),
        remaining_ms: 1000,
    };
    let mut other = Sharing::new(DeviceId([2; 32]), StandingPolicy::default());
    assert_eq!(other.adopt(there.clone(), at(9)), Err(Refusal::Malformed));
    let renamed = Adopted {
        trigger: TriggerId([9; 16]),
        ..there.clone()
    };
    assert_eq!(
        machine(vec![]).adopt(renamed, at(9)),
        Err(Refusal::Malformed)
    );
    assert!(machine(vec![]).adopt(there, at(9)).is_ok());
}
