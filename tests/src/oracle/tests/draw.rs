//! Random words: mostly what somebody would say who may, often enough what nobody may, and everything that
//! was said before once more.

use std::collections::BTreeSet;

use super::dice::Dice;
use super::draw_owners::{CAMERAS, TOWNS};
use super::keys::{KEYS, has_passkey, id};
use super::translate::{AUDIO, PRE_ROLL};
use crate::oracle::{
    Alert, Approval, Certificate, Clock, Device, Facts, Key, LIVE, Name, Press, Revoke,
    SIGNED_TERMS, Said, Scope, Signer, Terms, To, Town, Truth, What,
};

pub(super) struct Drawing {
    pub(super) dice: Dice,
    next_name: Name,
    next_nonce: u64,
    said: Vec<Said>,
}

/// A word that is to be said, and the key that asks for its nonce before.
pub(super) struct Drawn {
    pub(super) said: Said,
    pub(super) asks_nonce: bool,
}

/// Few enough that they are used twice.
const TRIGGERS: u64 = 60;
const REVOKES: u64 = 30;

impl Drawing {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            dice: Dice::new(seed),
            // The first names are the towns'.
            next_name: 10,
            next_nonce: 1,
            said: Vec::new(),
        }
    }

    pub(super) fn draw(&mut self, device: &Device, clock: &Clock) -> Drawn {
        if !self.said.is_empty() && self.dice.percent(12) {
            let said = self.dice.pick(&self.said.clone());
            // As it was; or to a device that gives out the same nonce again, so that more is tried.
            let asks_nonce = said.what.nonce().is_some() && self.dice.percent(30);
            return Drawn { said, asks_nonce };
        }
        self.next_nonce += 1;
        self.next_name += 1;
        let mut what = self.what(device, clock);
        name(&mut what, self.next_name);
        let signers = self.signers(&what, device);
        let unaddressed = matches!(what, What::Town(_) | What::Operator(_));
        let asks_nonce = what.nonce().is_some() && self.dice.percent(95);
        let said = Said {
            name: self.next_name,
            to: (!unaddressed).then(|| self.to(device)),
            what,
            signers,
        };
        self.said.push(said.clone());
        Drawn { said, asks_nonce }
    }

    fn to(&mut self, device: &Device) -> To {
        To {
            device: if self.dice.percent(98) {
                device.name
            } else {
                99
            },
            epoch: if self.dice.percent(98) {
                device.epoch
            } else {
                device.epoch + 1
            },
        }
    }

    fn what(&mut self, device: &Device, clock: &Clock) -> What {
        match self.dice.below(100) {
            0..18 => What::Press(self.press(clock)),
            18..29 => What::Terms(self.terms(clock)),
            29..58 => What::Alert(self.alert(clock)),
            58..67 => What::Approval(self.approval(clock)),
            67..81 => What::Revoke(self.revoke(device)),
            81..86 => What::Policy(self.policy(device, clock)),
            86..90 => What::Set(self.set(device.set.as_ref().map(|s| (s.version, s.name)))),
            90..94 => {
                What::Ceiling(self.ceiling(device.ceiling.as_ref().map(|c| (c.version, c.name))))
            }
            94..97 => What::Town(self.town(device)),
            _ => What::Operator(self.certificate(clock)),
        }
    }

    /// Mostly somebody who may say it.
    fn signers(&mut self, what: &What, device: &Device) -> Vec<Signer> {
        let quorum = device.set.as_ref().map_or(1, |set| set.quorum);
        let mut keys: Vec<Key> = match what {
            What::Set(_) => (0..2).take(quorum).collect(),
            What::Town(town) => {
                let known = device.towns.get(&town.of()).unwrap_or(town);
                let heads = known.members.iter().filter(|(_, kind)| kind.is_none());
                heads.map(|(key, _)| *key).take(known.quorum).collect()
            }
            What::Policy(_) | What::Ceiling(_) => vec![self.dice.pick(&[0, 1])],
            What::Terms(_) | What::Approval(_) => vec![self.dice.pick(&[0, 1, 2, 2, 3, 4, 5])],
            What::Press(_) => vec![self.dice.pick(&[0, 2, 2, 3, 4, 5])],
            What::Alert(_) => vec![self.dice.pick(&[8, 8, 8, 9])],
            What::Revoke(revoke) => match revoke.scope {
                Scope::Policy(_) | Scope::Town(_) | Scope::Key(_) => {
                    vec![self.dice.pick(&[0, 0, 1, 2, 3])]
                }
                _ => vec![self.dice.pick(&[0, 2, 3, 4, 5])],
            },
            What::Operator(paper) => {
                let known = device.towns.get(&paper.town);
                let heads = known.map(|town| town.members.iter().filter(|(_, k)| k.is_none()));
                vec![
                    heads
                        .and_then(|mut heads| heads.next())
                        .map_or(6, |(key, _)| *key),
                ]
            }
        };
        if self.dice.percent(8) {
            keys = vec![u8::try_from(self.dice.below(u64::from(KEYS))).unwrap()];
        }
        if self.dice.percent(4) {
            keys.push(u8::try_from(self.dice.below(u64::from(KEYS))).unwrap());
        }
        keys.sort_by_key(|key| id(*key));
        keys.dedup();
        keys.into_iter().map(|key| self.signer(key)).collect()
    }

    fn signer(&mut self, key: Key) -> Signer {
        let by_passkey = has_passkey(key) != self.dice.percent(2);
        let truth = match (self.dice.below(40), by_passkey) {
            (0, _) => Truth::Forged,
            (1, true) => Truth::Elsewhere,
            (2, true) => Truth::Unverified,
            _ => Truth::Good,
        };
        Signer {
            key,
            by_passkey,
            truth,
        }
    }

    fn press(&mut self, clock: &Clock) -> Press {
        let cameras = if self.dice.percent(50) {
            Vec::new()
        } else {
            self.dice.some(&[1, 2, 3, 4, 5, 77], 40)
        };
        Press {
            id: self.dice.below(TRIGGERS),
            nonce: self.next_nonce,
            made_at_ms: self.made_at(clock),
            cameras: cameras.into_iter().collect(),
        }
    }

    fn terms(&mut self, clock: &Clock) -> Terms {
        let mut cameras: BTreeSet<u16> = self.dice.at_least_one(&CAMERAS, 25).into_iter().collect();
        cameras.extend(self.dice.percent(3).then_some(77));
        Terms {
            id: self.dice.below(TRIGGERS),
            nonce: self.next_nonce,
            made_at_ms: self.made_at(clock),
            cameras,
            town: self.dice.pick(&TOWNS),
            rights: LIVE | self.dice.pick(&[0, 0, 0, PRE_ROLL, AUDIO]),
            secs: self.dice.pick(&[30, 60, 600, 601, 3600]),
        }
    }

    fn alert(&mut self, clock: &Clock) -> Alert {
        Alert {
            id: self.dice.below(TRIGGERS),
            nonce: self.next_nonce,
            made_at_ms: self.made_at(clock),
            facts: self.facts(),
        }
    }

    fn approval(&mut self, clock: &Clock) -> Approval {
        Approval {
            id: self.dice.below(TRIGGERS),
            nonce: self.next_nonce,
            made_at_ms: self.made_at(clock),
            of: self.dice.below(TRIGGERS),
            alert: self.facts(),
        }
    }

    /// Far from every rule's limit, so that rounding does not matter: 0, 11, 111 and 1112 metres away.
    fn facts(&mut self) -> Facts {
        // Often the same alarm again, so that limits count.
        if self.dice.percent(50) {
            return Facts {
                kind: 0,
                town: 1,
                north_e7: Some(400_000_000),
            };
        }
        let north = [0, 1_000, 10_000, 100_000, -10_000].map(|north| Some(400_000_000 + north));
        Facts {
            kind: self.dice.pick(&[0, 0, 0, 0, 1]),
            town: self.dice.pick(&[1, 1, 1, 1, 2, 3]),
            north_e7: if self.dice.percent(90) {
                self.dice.pick(&north)
            } else {
                None
            },
        }
    }

    fn revoke(&mut self, device: &Device) -> Revoke {
        let trigger = self.dice.below(TRIGGERS);
        let version = device.policy.as_ref().map_or(1, |policy| policy.version);
        let scope = match self.dice.below(20) {
            0..5 => Scope::Grant(trigger, self.dice.pick(&[1, 2, 3, 4, 5, 6, SIGNED_TERMS])),
            5..10 => Scope::Trigger(trigger),
            10..13 => Scope::Camera(self.dice.pick(&CAMERAS)),
            13..15 => Scope::Everything,
            15 => Scope::Policy(self.dice.pick(&[version, 1, version + 1])),
            16 => Scope::Town(self.dice.pick(&TOWNS)),
            _ => Scope::Key(self.dice.pick(&[0, 0, 1, 1, 2, 3, 4, 5])),
        };
        Revoke {
            id: self.dice.below(REVOKES),
            scope,
        }
    }

    /// A later set of a town that is known, or the first of one.
    fn town(&mut self, device: &Device) -> Town {
        let first = self.dice.pick(&TOWNS);
        let known = device
            .towns
            .get(&first)
            .map(|town| (town.version, town.name));
        let (version, previous) = match known {
            Some(known) => self.line(Some(known)),
            None => (2, Some(first)),
        };
        let mut members = vec![(6, None), (7, None), (8, Some(self.dice.pick(&[0, 0, 1])))];
        if self.dice.percent(20) {
            members.remove(0);
        }
        let heads = members.iter().filter(|(_, kind)| kind.is_none()).count();
        Town {
            name: 0,
            first: (version > 1).then_some(first),
            version,
            previous,
            members,
            quorum: if heads > 1 && self.dice.percent(30) {
                2
            } else {
                1
            },
        }
    }

    fn certificate(&mut self, clock: &Clock) -> Certificate {
        let ahead = self.dice.pick(&[-1, 0, 60_000, 36_000_000]);
        Certificate {
            town: self.dice.pick(&TOWNS),
            key: self.dice.pick(&[9, 9, 9, 5]),
            until_ms: clock.wall_ms.unwrap_or(0) + ahead,
        }
    }

    fn made_at(&mut self, clock: &Clock) -> i64 {
        let age = [0, 120_000, 120_001, 3_600_000, 3_600_001, -50_000];
        clock.wall_ms.unwrap_or(5) - self.pick_mostly(0, &age)
    }

    /// Nine times in ten the one at this place.
    pub(super) fn pick_mostly(&mut self, place: usize, from: &[i64]) -> i64 {
        if self.dice.percent(90) {
            from[place]
        } else {
            self.dice.pick(from)
        }
    }
}

/// A word carries its own name where it can be in force.
pub(super) fn name(what: &mut What, name: Name) {
    match what {
        What::Set(set) => set.name = name,
        What::Policy(policy) => policy.name = name,
        What::Ceiling(ceiling) => ceiling.name = name,
        What::Town(town) => town.name = name,
        _ => {}
    }
}
