//! Long random lives of the sharing machine. Whatever comes in, in whatever order: no camera is open
//! without a live grant, every grant ends by its time, what was closed stays closed.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::{BTreeMap, BTreeSet};

use assent_consent::*;
use proptest::prelude::*;

const DEVICE: DeviceId = DeviceId([9; 32]);

#[derive(Clone, Debug)]
enum Input {
    Press {
        id: u8,
        cameras: Vec<u16>,
        age_ms: u64,
    },
    Alert {
        id: u8,
        approve: bool,
    },
    Record {
        nth: usize,
    },
    Adopt {
        id: u8,
        ttl: u32,
        remaining_ms: u64,
    },
    Refuse {
        id: u8,
    },
    Revoke(Revoke),
    StopLocally,
    Policy(u8),
    Rebooted,
    Pass {
        ms: u64,
    },
    Unpause,
}

fn camera(number: u16) -> CameraNumber {
    CameraNumber::new(number).unwrap()
}

fn scope() -> impl Strategy<Value = Scope> {
    prop_oneof![
        (0..12u8, 1..4u32).prop_map(|(id, rule)| Scope::Grant(grant(id, rule))),
        (0..12u8).prop_map(|id| Scope::Trigger(TriggerId([id; 16]))),
        (1..5u16).prop_map(|n| Scope::Camera(camera(n))),
        Just(Scope::Everything),
    ]
}

fn revoke() -> impl Strategy<Value = Revoke> {
    (any::<u64>(), scope()).prop_map(|(id, scope)| Revoke {
        id: RevokeId(u128::from(id).to_be_bytes()),
        scope,
        reason: Reason::Owner,
    })
}

fn input() -> impl Strategy<Value = Input> {
    prop_oneof![
        4 => (0..12u8, prop::collection::vec(1..5u16, 0..3), 0..150_000u64)
            .prop_map(|(id, cameras, age_ms)| Input::Press { id, cameras, age_ms }),
        3 => (0..12u8, any::<bool>()).prop_map(|(id, approve)| Input::Alert { id, approve }),
        8 => (0..4usize).prop_map(|nth| Input::Record { nth }),
        2 => (0..12u8, 1..90u32, any::<u64>())
            .prop_map(|(id, ttl, remaining_ms)| Input::Adopt { id, ttl, remaining_ms }),
        1 => (0..12u8).prop_map(|id| Input::Refuse { id }),
        3 => revoke().prop_map(Input::Revoke),
        1 => Just(Input::StopLocally),
        1 => (0..4u8).prop_map(Input::Policy),
        1 => Just(Input::Rebooted),
        4 => (0..40_000u64).prop_map(|ms| Input::Pass { ms }),
        1 => Just(Input::Unpause),
    ]
}

fn grant(trigger: u8, rule: u32) -> GrantId {
    GrantId::derive(&DEVICE, TriggerId([trigger; 16]), RuleId(rule))
}

fn agency() -> AgencyId {
    AgencyId::new("springfield-pd").unwrap()
}

fn alert() -> Alert {
    Alert {
        kind: AlertKind::new("gunshot").unwrap(),
        agency: agency(),
        distance_m: 0,
        source: AlertSource::new("").unwrap(),
    }
}

fn policy(which: u8) -> StandingPolicy {
    let rule = |id, trigger, cameras: &[u16], secs| Rule {
        id: RuleId(id),
        trigger,
        cameras: Cameras::new(cameras.iter().map(|n| camera(*n))).unwrap(),
        agency: agency(),
        rights: Rights::LIVE,
        longest: Ttl::from_secs(secs).unwrap(),
        pre_roll_secs: 0,
    };
    let on_alert = AlertRule {
        kinds: [AlertKind::new("gunshot").unwrap()].into(),
        asks: which == 2,
        limits: AlertLimits {
            per_day: 5,
            cooldown_secs: 3,
            ..AlertLimits::default()
        },
    };
    let all = vec![
        rule(1, RuleTrigger::Press, &[1, 2], 60),
        rule(2, RuleTrigger::Alert(on_alert), &[2, 3], 30),
        rule(3, RuleTrigger::Standing, &[3, 4], 45),
    ];
    let rules = if which == 0 { Vec::new() } else { all };
    StandingPolicy::new(PolicyVersion(which.into()), rules).unwrap()
}

/// The machine with a clock, a list of receipts under way, and what its effects add up to.
struct Life {
    sharing: Sharing,
    now: Now,
    recording: Vec<GrantId>,
    open: BTreeSet<CameraNumber>,
    over: BTreeSet<GrantId>,
    renewals: u128,
}

impl Life {
    fn new(which: u8) -> Self {
        Self {
            sharing: Sharing::new(DEVICE, policy(which)),
            now: Now::default(),
            recording: Vec::new(),
            open: BTreeSet::new(),
            over: BTreeSet::new(),
            renewals: 1 << 100,
        }
    }

    fn offer(&mut self, trigger: &Trigger, age_ms: u64) {
        if let Answer::Opens(terms) = self.sharing.answer(trigger, age_ms, &self.now) {
            self.recording
                .extend(self.sharing.ask(trigger, &terms, self.now.boot));
        }
    }

    fn take(&mut self, input: &Input) {
        let boot = self.now.boot;
        let effects = match input {
            Input::Press {
                id,
                cameras,
                age_ms,
            } => {
                let press = Press {
                    level: Level::Panic,
                    silent: false,
                    drill: false,
                    at: PressedAt::Phone,
                    by: PersonId::new("").unwrap(),
                    cameras: cameras.iter().map(|n| camera(*n)).collect(),
                    note: Note::new("").unwrap(),
                };
                self.offer(&trigger(*id, TriggerKind::Press(press)), *age_ms);
                Vec::new()
            }
            Input::Alert { id, approve } => {
                let yes = Approval {
                    of: TriggerId([*id; 16]),
                    alert: alert(),
                    by: PersonId::new("").unwrap(),
                };
                let kind = if *approve {
                    TriggerKind::Approval(yes)
                } else {
                    TriggerKind::Alert(alert())
                };
                self.offer(&trigger(id ^ u8::from(*approve), kind), 0);
                Vec::new()
            }
            Input::Record { nth } => {
                let taken = (*nth < self.recording.len()).then(|| self.recording.remove(*nth));
                taken
                    .map(|id| self.sharing.open(id, &self.now))
                    .unwrap_or_default()
            }
            Input::Adopt {
                id,
                ttl,
                remaining_ms,
            } => {
                let there = adopted(*id, *ttl, *remaining_ms);
                self.sharing.adopt(there, boot).unwrap_or_default()
            }
            Input::Refuse { id } => {
                self.sharing
                    .refuse(TriggerId([*id; 16]), Refusal::NotDurable, boot)
            }
            Input::Revoke(revoke) => self.sharing.revoke(revoke, boot),
            Input::StopLocally => self.sharing.stop_locally(boot),
            Input::Policy(which) => self.sharing.policy_changed(policy(*which), boot),
            Input::Rebooted => self.sharing.rebooted(&BTreeSet::new(), boot),
            Input::Pass { ms } => {
                self.now.boot = boot.plus_ms(*ms);
                Vec::new()
            }
            Input::Unpause => {
                self.sharing.unpause();
                Vec::new()
            }
        };
        self.apply(&effects);
        let expired = self.sharing.expire(self.now.boot);
        self.apply(&expired);
        self.renew();
    }

    fn renew(&mut self) {
        for rule in self.sharing.renewals_due(self.now.boot) {
            self.sharing.renewal_tried(rule, self.now.boot);
            self.renewals += 1;
            let id = TriggerId(self.renewals.to_be_bytes());
            let renewal = Trigger {
                id,
                made_at: WallTime(0),
                kind: TriggerKind::Standing(rule),
            };
            self.offer(&renewal, 0);
        }
    }

    /// Stops before starts; a stop of what is shut, or a start of what is open, would be a lie.
    fn apply(&mut self, effects: &[Effect]) {
        for effect in effects {
            match effect {
                Effect::StartCamera { camera, permission } => {
                    assert!(permission.rights.live && self.open.insert(*camera));
                }
                Effect::StopCamera { camera, .. } => assert!(self.open.remove(camera)),
                Effect::ChangeCamera { camera, .. } => assert!(self.open.contains(camera)),
                Effect::GrantOpened(id) => {
                    assert!(!self.over.contains(id), "an ended grant came back")
                }
                Effect::GrantEnded(ended) => {
                    assert!(
                        ended.lasted_ms <= ended.terms.ttl.ms() + 40_000,
                        "longer than its life and one step"
                    );
                    assert!(self.over.insert(ended.id), "a grant ended twice");
                }
                Effect::Paused { .. } => {}
            }
        }
    }

    fn check(&self) {
        let live: BTreeSet<_> = self
            .sharing
            .live()
            .flat_map(|live| live.cameras().collect::<Vec<_>>())
            .collect();
        assert_eq!(
            self.open, live,
            "open cameras are exactly those of live grants"
        );
        assert_eq!(
            self.open,
            self.sharing.permitted().keys().copied().collect()
        );
        for live in self.sharing.live() {
            assert!(live.ends_at > self.now.boot, "a grant outlived its end");
            assert!(live.ends_at.since_ms(live.opened_at) <= live.terms.ttl.ms());
            let closed = self.sharing.tombstones();
            assert!(
                !closed.holds_grant(live.id) && !closed.holds_trigger(live.trigger),
                "revoked and live"
            );
            if live.cause == Cause::Standing {
                let paused = |camera| {
                    self.sharing.pauses().contains(&Pause {
                        rule: live.terms.rule,
                        camera,
                    })
                };
                assert!(!live.cameras().any(paused), "paused and live");
            }
        }
    }
}

fn trigger(id: u8, kind: TriggerKind) -> Trigger {
    Trigger {
        id: TriggerId([id; 16]),
        made_at: WallTime(0),
        kind,
    }
}

fn adopted(id: u8, ttl: u32, remaining_ms: u64) -> Adopted {
    Adopted {
        grant: grant(id, 1),
        trigger: TriggerId([id; 16]),
        cause: Cause::Alert,
        terms: Terms {
            rule: RuleId(1),
            policy: PolicyVersion(1),
            cameras: Cameras::new([camera(1)]).unwrap(),
            agency: agency(),
            rights: Rights::LIVE,
            ttl: Ttl::from_secs(ttl).unwrap(),
            pre_roll_secs: 0,
        },
        remaining_ms,
    }
}

/// What is left open, camera by camera, without who holds it.
fn outcome(
    sharing: &Sharing,
) -> (
    BTreeMap<CameraNumber, Permission>,
    BTreeSet<Pause>,
    Tombstones,
) {
    (
        sharing.permitted().clone(),
        sharing.pauses().clone(),
        sharing.tombstones().clone(),
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_sequence_of_inputs_leaves_a_camera_open_without_a_live_grant(
        which in 0..4u8,
        inputs in prop::collection::vec(input(), 1..120),
    ) {
        let mut life = Life::new(which);
        for input in &inputs {
            life.take(input);
            life.check();
        }
        life.sharing.policy_changed(StandingPolicy::default(), life.now.boot);
        let left = life.sharing.expire(life.now.boot.plus_ms(Ttl::LONGEST_SECS as u64 * 1000));
        drop(left);
        prop_assert!(life.sharing.permitted().is_empty(), "every grant ends");
        prop_assert!(life.sharing.grants().all(Grant::is_ended));
    }

    #[test]
    fn an_empty_policy_opens_nothing(inputs in prop::collection::vec(input(), 1..80)) {
        let mut life = Life::new(0);
        for input in inputs.iter().filter(|i| !matches!(i, Input::Policy(_) | Input::Adopt { .. })) {
            life.take(input);
            prop_assert!(life.sharing.permitted().is_empty());
        }
    }

    #[test]
    fn revokes_in_any_order_and_number_leave_the_same(
        inputs in prop::collection::vec(input(), 1..60),
        revokes in prop::collection::vec(revoke(), 1..8),
        again in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
        shuffle in any::<u64>(),
    ) {
        let mut life = Life::new(1);
        inputs.iter().for_each(|input| life.take(input));
        let (mut forth, mut back) = (life.sharing.clone(), life.sharing.clone());
        for revoke in &revokes {
            forth.revoke(revoke, life.now.boot);
        }
        let mut order: Vec<&Revoke> = revokes.iter().chain(again.iter().map(|i| i.get(&revokes))).collect();
        order.sort_by_key(|revoke| u64::from_be_bytes(revoke.id.0[8..].try_into().unwrap()).wrapping_mul(shuffle | 1));
        for revoke in order {
            back.revoke(revoke, life.now.boot);
        }
        prop_assert_eq!(outcome(&forth), outcome(&back));
    }

    #[test]
    fn tombstones_join_in_any_order(a in prop::collection::vec(revoke(), 0..20), b in prop::collection::vec(revoke(), 0..20)) {
        let of = |revokes: &[Revoke]| {
            let mut stones = Tombstones::default();
            for revoke in revokes {
                stones.take(revoke);
            }
            stones
        };
        let (mut ab, mut ba) = (of(&a), of(&b));
        ab.join(&of(&b));
        ba.join(&of(&a));
        prop_assert_eq!(&ab, &ba);
        let before = ab.clone();
        ab.join(&before);
        prop_assert_eq!(ab, before);
    }
}
