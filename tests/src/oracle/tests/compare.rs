//! One random day of a device, lived twice: by the gate and by the oracle.

use std::collections::{BTreeMap, BTreeSet};

use assent_consent as consent;
use assent_consent::{
    Gate, GateKept, GateRefusal, GateSetup, HubClose, Input, Origin, Outcome, PressedAt, RuleId,
    Site, TriggerId, Verify,
};

use super::draw::{Drawing, name};
use super::draw_owners::TOWNS;
use super::keys::{Hand, OWNERS, id};
use super::translate::{bits, camera, device, grant, moment, pressed, sealed, sixteen};
use crate::oracle::{Clock, Device, Opening, Said, Set, Signer, To, Town, Truth, Verdict, What};

/// How often each outcome came up.
pub(super) type Tally = BTreeMap<String, u64>;

pub(super) struct Day<V> {
    seed: u64,
    tally: Tally,
    verify: V,
    hand: Hand,
    gate: Gate<V>,
    oracle: Device,
    clock: Clock,
    drawing: Drawing,
    /// Triggers whose receipts are still being written.
    writing: Vec<u64>,
    /// What the journal would give back after a reboot.
    used: Vec<TriggerId>,
    openings: Vec<(RuleId, u32, consent::BootTime)>,
}

/// 2026-11-20 00:00 UTC.
const MIDNIGHT_MS: i64 = 1_795_132_800_000;
const DAY_MS: u64 = 86_400_000;

impl<V: Verify + Copy> Day<V> {
    pub(super) fn new(seed: u64, verify: V, hand: Hand) -> Self {
        let mut drawing = Drawing::new(seed);
        let since_midnight = drawing.dice.below(DAY_MS);
        let knows_time = drawing.dice.percent(95);
        let mut day = Self {
            seed,
            tally: Tally::new(),
            verify,
            hand,
            gate: Gate::restore_with(
                verify,
                setup(),
                GateKept::new(consent::Epoch::FIRST),
                past(),
            ),
            oracle: Device {
                name: 1,
                epoch: 1,
                outside: BTreeSet::from([1, 2, 4]),
                inside: BTreeSet::from([3, 5]),
                ..Device::default()
            },
            clock: clock_at(since_midnight, knows_time),
            drawing,
            writing: Vec::new(),
            used: Vec::new(),
            openings: Vec::new(),
        };
        day.pair();
        day
    }

    fn pair(&mut self) {
        let mut set: Set = self.drawing.set(None);
        let mut ceiling = self.drawing.ceiling(None);
        (set.name, ceiling.name) = (4, 5);
        let owner = set.members.iter().find(|member| member.is_owner_passkey());
        let key = owner.unwrap().key;
        let by = |what, name| Said {
            name,
            to: Some(To {
                device: 1,
                epoch: 1,
            }),
            what,
            signers: vec![Signer {
                key,
                by_passkey: true,
                truth: Truth::Good,
            }],
        };
        let said = [
            by(What::Set(set.clone()), 4),
            by(What::Ceiling(ceiling.clone()), 5),
        ];
        let [set_word, ceiling_word] = said.map(|said| sealed(&said, self.hand));
        self.gate.pair(&set_word, &ceiling_word).unwrap();
        (self.oracle.set, self.oracle.ceiling) = (Some(set), Some(ceiling));
        let mut policy = self.drawing.policy(&self.oracle, &self.clock);
        policy.towns.extend(TOWNS);
        policy.name = 6;
        self.hear(&by(What::Policy(policy), 6));
        for (first, kind) in TOWNS.into_iter().zip([0, 1, 0]) {
            let mut what = What::Town(Town {
                name: first,
                first: None,
                version: 1,
                previous: None,
                members: vec![(6, None), (8, Some(kind))],
                quorum: 1,
            });
            name(&mut what, first);
            let town = Said {
                name: first,
                to: None,
                what,
                signers: vec![Signer {
                    key: 6,
                    by_passkey: true,
                    truth: Truth::Good,
                }],
            };
            self.hear(&town);
        }
    }

    pub(super) fn live(mut self, steps: u64, said: &mut Tally) {
        for _ in 0..steps {
            self.pass_time();
            match self.drawing.dice.below(100) {
                0..4 => self.button(),
                4..7 => self.standing(),
                7..9 => self.premises(),
                9..12 => self.confirm(),
                12..14 => self.hub_closes(),
                14..15 => self.reboot(),
                _ => self.somebody_speaks(),
            }
            self.finish_writing();
        }
        for (word, times) in self.tally {
            *said.entry(word).or_insert(0) += times;
        }
    }

    fn somebody_speaks(&mut self) {
        let drawn = self.drawing.draw(&self.oracle, &self.clock);
        if drawn.asks_nonce
            && let Some(nonce) = drawn.said.what.nonce()
        {
            let key = drawn.said.signers[0].key;
            let fresh = consent::Nonce(sixteen(nonce));
            let boot = consent::BootTime(self.clock.boot_ms);
            let given = self.gate.hand_out(id(key), fresh, boot).is_ok();
            let expected = self.oracle.hand_out(&self.clock, key, nonce);
            assert_eq!(given, expected, "seed {}: a nonce for key {key}", self.seed);
            if self.drawing.dice.percent(5) {
                self.pass_time();
            }
        }
        self.hear(&drawn.said);
    }

    fn hear(&mut self, said: &Said) {
        let word = sealed(said, self.hand);
        let expected = self.oracle.hear(&self.clock, said);
        self.agree(Input::Word(word), &expected, &format!("{said:?}"));
    }

    /// The gate says the same, and the same is open.
    fn agree(&mut self, input: Input, expected: &Verdict, what: &str) {
        let at = moment(&self.clock);
        let decision = self.gate.decide(&at, input);
        let seed = self.seed;
        let said = self.in_words(&decision.outcome);
        let word = said.split(['(', ' ']).next().unwrap_or_default();
        *self.tally.entry(word.to_owned()).or_insert(0) += 1;
        assert_eq!(
            said,
            plainly(expected),
            "seed {seed}: {what} at {:?}",
            self.clock
        );
        if let Outcome::Opens { trigger, .. } = decision.outcome {
            self.used.push(trigger);
            self.writing
                .push(u64::from_be_bytes(trigger.0[8..].try_into().unwrap()));
        }
        self.same_is_open(what);
    }

    fn same_is_open(&self, what: &str) {
        let permitted = self.gate.sharing().permitted();
        let open: Vec<(u16, u8)> = permitted
            .iter()
            .map(|(camera, permission)| (camera.get(), bits(permission.rights)))
            .collect();
        let expected: Vec<(u16, u8)> = self.oracle.open_cameras().into_iter().collect();
        assert_eq!(open, expected, "seed {}: open after {what}", self.seed);
    }

    fn in_words(&self, outcome: &Outcome) -> String {
        match outcome {
            Outcome::Opens { grants, .. } => {
                let openings = grants.iter().map(|id| {
                    let terms = self.gate.sharing().grant(*id).unwrap().terms();
                    Opening {
                        rule: terms.rule.0,
                        cameras: terms.cameras.iter().map(|camera| camera.get()).collect(),
                        town: terms.agency.as_hash().unwrap().0[31].into(),
                        rights: bits(terms.rights),
                        secs: terms.ttl.secs(),
                    }
                });
                plainly(&Verdict::Opens(openings.collect()))
            }
            Outcome::Asks(_) => plainly(&Verdict::Asks),
            Outcome::Closed => plainly(&Verdict::Closed),
            Outcome::Taken => plainly(&Verdict::Taken),
            Outcome::Known => plainly(&Verdict::Known),
            Outcome::WaitsForPress => plainly(&Verdict::Waits),
            Outcome::Refused(GateRefusal::Rules(refusal)) => format!("{refusal:?}"),
            Outcome::Refused(refusal) => format!("{refusal:?}"),
        }
    }

    fn button(&mut self) {
        let trigger = 1000 + self.drawing.dice.below(1000);
        let expected = self.oracle.button(&self.clock, trigger);
        let input = Input::Button {
            id: TriggerId(sixteen(trigger)),
            press: pressed(&BTreeSet::new(), PressedAt::Button),
        };
        self.agree(input, &expected, "the button");
    }

    fn standing(&mut self) {
        let trigger = self.drawing.dice.below(60);
        let rule = self.drawing.dice.pick(&[1, 6, 6, 6]);
        let expected = self.oracle.standing(&self.clock, trigger, rule);
        let input = Input::Standing {
            id: TriggerId(sixteen(trigger)),
            rule: RuleId(rule),
        };
        self.agree(input, &expected, "a standing rule");
    }

    fn premises(&mut self) {
        self.oracle.stop();
        self.agree(Input::Stop, &Verdict::Closed, "STOP");
    }

    fn confirm(&mut self) {
        let expected = self.oracle.confirm(&self.clock);
        self.agree(Input::Confirm, &expected, "somebody at the device");
    }

    fn hub_closes(&mut self) {
        let trigger = self.drawing.dice.below(60);
        let rule = self.drawing.dice.pick(&[None, Some(1), Some(2)]);
        self.oracle.hub_closes(trigger, rule);
        let close = match rule {
            Some(rule) => HubClose::Grant(grant(device(1), trigger, rule)),
            None => HubClose::Trigger(TriggerId(sixteen(trigger))),
        };
        self.agree(
            Input::HubClose(close),
            &Verdict::Closed,
            "the hub's closing",
        );
    }

    fn reboot(&mut self) {
        let past = consent::Kept {
            tombstones: self.gate.sharing().tombstones().clone(),
            used: self.used.clone(),
            pauses: self.gate.sharing().pauses().clone(),
            openings: self.openings.clone(),
        };
        let kept = self.gate.kept().clone();
        self.gate = Gate::restore_with(self.verify, setup(), kept, past);
        self.oracle.reboot();
        self.writing.clear();
        self.same_is_open("a reboot");
    }

    /// Most receipts are written at once, some later, some never.
    fn finish_writing(&mut self) {
        let mut left = Vec::new();
        for trigger in std::mem::take(&mut self.writing) {
            match self.drawing.dice.below(20) {
                0 | 1 => left.push(trigger),
                2 => {
                    let at = consent::BootTime(self.clock.boot_ms);
                    let id = TriggerId(sixteen(trigger));
                    self.gate.refuse(id, consent::Refusal::NotDurable, at);
                    self.oracle.not_written(trigger);
                }
                _ => self.written(trigger),
            }
        }
        self.writing = left;
        self.same_is_open("receipts were written");
    }

    fn written(&mut self, trigger: u64) {
        let now = moment(&self.clock).now;
        let grants = self.gate.sharing().grants_of(TriggerId(sixteen(trigger)));
        let asked: Vec<_> = grants.cloned().collect();
        for grant in asked {
            let effects = self.gate.open(grant.id(), &now);
            let opened = effects.contains(&consent::Effect::GrantOpened(grant.id()));
            if opened && grant.cause() == consent::Cause::Alert {
                let rule = grant.terms().rule;
                self.openings.push((rule, now.local_day, now.boot));
            }
        }
        self.oracle.written(&self.clock, trigger);
    }

    fn pass_time(&mut self) {
        let dice = &mut self.drawing.dice;
        let ms = match dice.below(100) {
            0..40 => 0,
            40..75 => dice.below(5_000),
            75..90 => dice.below(40_000),
            90..97 => dice.below(700_000),
            97..99 => dice.below(7_200_000),
            _ => dice.below(2 * DAY_MS),
        };
        let knows_time = self.clock.wall_ms.is_some();
        self.clock = clock_at(self.clock.boot_ms + ms, knows_time);
        self.gate.expire(consent::BootTime(self.clock.boot_ms));
        self.oracle.expire(&self.clock);
        self.same_is_open("time passed");
    }
}

fn clock_at(boot_ms: u64, knows_time: bool) -> Clock {
    let wall_ms = MIDNIGHT_MS + i64::try_from(boot_ms).unwrap();
    Clock {
        boot_ms,
        wall_ms: knows_time.then_some(wall_ms),
        day: u32::try_from(boot_ms / DAY_MS).unwrap(),
        minute: u16::try_from(boot_ms % DAY_MS / 60_000).unwrap(),
    }
}

fn plainly(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Refused(why) => (*why).to_owned(),
        other => format!("{other:?}"),
    }
}

fn setup() -> GateSetup {
    let at = |site| move |number| (camera(number), site);
    let outside = [1, 2, 4].map(at(Site::Outdoor));
    let inside = [3, 5].map(at(Site::Indoor));
    GateSetup {
        device: device(1),
        origins: Origin::new(format!("https://{OWNERS}")).unwrap().into(),
        cameras: outside.into_iter().chain(inside).collect(),
    }
}

fn past() -> consent::Kept {
    consent::Kept::default()
}
