//! Whatever bytes arrive are either one of our values in its one form, or refused; nothing panics.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeSet;

use assent_consent::*;
use assent_wire::{
    Canonical, Instruction, MAX_ENVELOPE, MAX_POLICY, WireError, link, open, opened_message, seal,
};
use proptest::prelude::*;
use prost::Message;

fn camera() -> impl Strategy<Value = CameraNumber> {
    (1..40u16).prop_map(|n| CameraNumber::new(n).unwrap())
}

fn cameras() -> impl Strategy<Value = Cameras> {
    prop::collection::btree_set(camera(), 1..8).prop_map(|set| Cameras::new(set).unwrap())
}

fn cause() -> impl Strategy<Value = Cause> {
    (0..4u8, any::<[bool; 4]>()).prop_map(|(which, [panic, silent, drill, phone])| match which {
        0 => Cause::Press {
            level: if panic {
                Level::Panic
            } else {
                Level::StaffAlert
            },
            silent,
            drill,
            at: if phone {
                PressedAt::Phone
            } else {
                PressedAt::Button
            },
        },
        1 => Cause::Alert,
        2 => Cause::Standing,
        _ => Cause::Approval,
    })
}

fn alert() -> impl Strategy<Value = Alert> {
    ("[a-z]{1,20}", "[a-z]{1,20}", any::<u32>(), "[a-z]{0,20}").prop_map(
        |(kind, agency, distance_m, source)| Alert {
            kind: AlertKind::new(kind).unwrap(),
            agency: AgencyId::new(agency).unwrap(),
            distance_m,
            source: AlertSource::new(source).unwrap(),
        },
    )
}

fn trigger() -> impl Strategy<Value = Trigger> {
    let press = (
        any::<[bool; 4]>(),
        prop::collection::btree_set(camera(), 0..8),
        "\\PC{0,60}",
    )
        .prop_map(|([panic, silent, drill, phone], cameras, note)| {
            TriggerKind::Press(Press {
                level: if panic {
                    Level::Panic
                } else {
                    Level::StaffAlert
                },
                silent,
                drill,
                at: if phone {
                    PressedAt::Phone
                } else {
                    PressedAt::Button
                },
                by: PersonId::new("person-7").unwrap(),
                cameras,
                note: Note::new(note).unwrap(),
            })
        });
    let kind = prop_oneof![
        press,
        alert().prop_map(TriggerKind::Alert),
        any::<u32>().prop_map(|rule| TriggerKind::Standing(RuleId(rule))),
        (any::<[u8; 16]>(), alert()).prop_map(|(of, alert)| TriggerKind::Approval(Approval {
            of: TriggerId(of),
            alert,
            by: PersonId::new("").unwrap(),
        })),
    ];
    (any::<[u8; 16]>(), any::<i64>(), kind).prop_map(|(id, at, kind)| Trigger {
        id: TriggerId(id),
        made_at: WallTime(at),
        kind,
    })
}

fn rule(id: u32) -> impl Strategy<Value = Rule> {
    let alert = (
        any::<bool>(),
        0..9u32,
        0..99u32,
        prop::option::of((0..1440u16, 0..1440u16)),
        0..500u32,
    )
        .prop_map(|(asks, per_day, cooldown_secs, quiet, within_metres)| {
            let minute = |m| MinuteOfDay::new(m).unwrap();
            RuleTrigger::Alert(AlertRule {
                kinds: BTreeSet::from([AlertKind::new("gunshot").unwrap()]),
                asks,
                limits: AlertLimits {
                    per_day,
                    cooldown_secs,
                    quiet: quiet.map(|(from, to)| QuietHours {
                        from: minute(from),
                        to: minute(to),
                    }),
                    within_metres,
                },
            })
        });
    let on = prop_oneof![Just(RuleTrigger::Press), Just(RuleTrigger::Standing), alert];
    (on, cameras(), 1..=86_400u32, any::<[bool; 3]>()).prop_map(
        move |(trigger, cameras, secs, [roll, audio, record])| Rule {
            id: RuleId(id),
            trigger,
            cameras,
            agency: AgencyId::new("springfield-pd").unwrap(),
            rights: Rights {
                pre_roll: roll,
                audio,
                record,
                ..Rights::LIVE
            },
            longest: Ttl::from_secs(secs).unwrap(),
            pre_roll_secs: if roll { 10 } else { 0 },
        },
    )
}

fn policy() -> impl Strategy<Value = StandingPolicy> {
    (any::<u64>(), rule(1), rule(2)).prop_map(|(version, a, b)| {
        StandingPolicy::new(PolicyVersion(version), vec![a, b]).unwrap()
    })
}

fn revoke() -> impl Strategy<Value = Revoke> {
    let scope = prop_oneof![
        any::<[u8; 16]>().prop_map(|id| Scope::Grant(GrantId(id))),
        any::<[u8; 16]>().prop_map(|id| Scope::Trigger(TriggerId(id))),
        camera().prop_map(Scope::Camera),
        Just(Scope::Everything),
    ];
    let reason = prop_oneof![
        Just(Reason::Owner),
        Just(Reason::Cancelled),
        Just(Reason::Cleared),
        Just(Reason::OperatorSignedOut)
    ];
    (any::<[u8; 16]>(), scope, reason).prop_map(|(id, scope, reason)| Revoke {
        id: RevokeId(id),
        scope,
        reason,
    })
}

proptest! {
    #[test]
    fn what_we_write_we_read_back(trigger in trigger(), revoke in revoke(), policy in policy()) {
        let sent = Canonical::of(trigger);
        prop_assert_eq!(open(&seal(&sent)), Ok(Instruction::Trigger(sent)));
        let sent = Canonical::of(revoke);
        prop_assert_eq!(open(&seal(&sent)), Ok(Instruction::Revoke(sent)));
        let sent = Canonical::of(policy);
        prop_assert_eq!(open(&seal(&sent)), Ok(Instruction::Policy(sent)));
    }

    #[test]
    fn a_device_and_its_hub_name_a_grant_alike(terms in rule(3), cause in cause(), remaining_ms: u64) {
        let there = Adopted {
            grant: GrantId([7; 16]),
            trigger: TriggerId([8; 16]),
            cause,
            terms: Terms {
                rule: terms.id,
                policy: PolicyVersion(2),
                cameras: terms.cameras,
                agency: terms.agency,
                rights: terms.rights,
                ttl: terms.longest,
                pre_roll_secs: terms.pre_roll_secs,
            },
            remaining_ms,
        };
        prop_assert_eq!(Adopted::try_from(&opened_message(&there, 12)), Ok(there));
    }

    #[test]
    fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        let _ = open(&bytes);
        let _ = Canonical::<Trigger>::decode(&bytes);
        let _ = Canonical::<Revoke>::decode(&bytes);
        let _ = Canonical::<StandingPolicy>::decode(&bytes);
        let _ = link::DeviceFrame::decode(bytes.as_slice());
        let _ = link::HubFrame::decode(bytes.as_slice());
    }

    #[test]
    fn a_changed_envelope_is_another_one_or_none(trigger in trigger(), at: prop::sample::Index, bit in 0..8u8) {
        let sent = seal(&Canonical::of(trigger.clone()));
        let mut changed = sent.clone();
        changed[at.index(sent.len())] ^= 1 << bit;
        prop_assert_ne!(open(&changed), Ok(Instruction::Trigger(Canonical::of(trigger))));
    }

    #[test]
    fn there_is_one_way_to_write_a_policy(policy in policy(), extra in prop::collection::vec(any::<u8>(), 1..40)) {
        let mut bytes = Canonical::of(policy).bytes().to_vec();
        bytes.extend(extra);
        if let Ok(read) = Canonical::<StandingPolicy>::decode(&bytes) {
            prop_assert_eq!(read.bytes(), bytes);
        }
    }
}

#[test]
fn unsorted_cameras_are_refused() {
    let message = link::Trigger {
        id: vec![1; 16],
        made_at_ms: 5,
        kind: Some(link::trigger::Kind::Press(link::Press {
            level: link::Level::Panic.into(),
            at: link::PressedAt::Phone.into(),
            cameras: vec![3, 2],
            ..link::Press::default()
        })),
    };
    assert_eq!(
        Canonical::<Trigger>::decode(&message.encode_to_vec()),
        Err(WireError::Bad("cameras"))
    );
}

#[test]
fn unknown_fields_are_refused() {
    let revoke = Revoke {
        id: RevokeId([3; 16]),
        scope: Scope::Everything,
        reason: Reason::Owner,
    };
    let mut bytes = Canonical::of(revoke).bytes().to_vec();
    bytes.extend([0x98, 0x06, 0x01]); // field 99 = 1
    assert_eq!(
        Canonical::<Revoke>::decode(&bytes),
        Err(WireError::NotCanonical)
    );
}

#[test]
fn limits_on_a_press_rule_are_refused() {
    let rule = link::Rule {
        id: 1,
        trigger: link::RuleTrigger::Press.into(),
        cameras: vec![1],
        agency: "springfield-pd".into(),
        rights: Some(Rights::LIVE.into()),
        longest_secs: 60,
        answer: link::Answer::Opens.into(),
        cooldown_secs: 30,
        ..link::Rule::default()
    };
    assert_eq!(Rule::try_from(&rule), Err(WireError::Bad("trigger")));
    assert!(
        Rule::try_from(&link::Rule {
            cooldown_secs: 0,
            ..rule
        })
        .is_ok()
    );
}

#[test]
fn what_is_too_long_is_not_looked_at() {
    let envelope = |kind: &str, len| link::Envelope {
        r#type: kind.into(),
        payload: vec![0; len],
        signatures: vec![],
    };
    assert_eq!(
        open(&envelope("trigger", MAX_ENVELOPE).encode_to_vec()),
        Err(WireError::TooLong)
    );
    assert_eq!(
        open(&envelope("policy", MAX_POLICY + 1).encode_to_vec()),
        Err(WireError::TooLong)
    );
    assert_eq!(
        open(&envelope("login", 5).encode_to_vec()),
        Err(WireError::UnknownType)
    );
    assert_eq!(open(&vec![0; 1 << 20]), Err(WireError::TooLong));
}

#[test]
fn the_largest_press_fits_its_envelope() {
    let press = Press {
        level: Level::Panic,
        silent: true,
        drill: true,
        at: PressedAt::Phone,
        by: PersonId::new("p".repeat(64)).unwrap(),
        cameras: (u16::MAX - 255..=u16::MAX)
            .map(|n| CameraNumber::new(n).unwrap())
            .collect(),
        note: Note::new("n".repeat(280)).unwrap(),
    };
    let trigger = Trigger {
        id: TriggerId([1; 16]),
        made_at: WallTime(i64::MAX),
        kind: TriggerKind::Press(press),
    };
    let sealed = seal(&Canonical::of(trigger));
    assert!(open(&sealed).is_ok() && sealed.len() < MAX_ENVELOPE);
}
