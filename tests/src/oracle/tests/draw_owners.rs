//! Random sets, policies and ceilings: mostly the next of their line, sometimes astray.

use std::collections::BTreeSet;

use super::draw::Drawing;
use super::keys::has_passkey;
use super::translate::{AUDIO, PRE_ROLL};
use crate::oracle::{
    Ceiling, Clock, Device, LIVE, Limits, Member, Name, On, Policy, Role, Rule, Set,
};

pub(super) const CAMERAS: [u16; 5] = [1, 2, 3, 4, 5];
pub(super) const TOWNS: [Name; 3] = [1, 2, 3];

impl Drawing {
    pub(super) fn set(&mut self, ours: Option<(u64, Name)>) -> Set {
        let (version, previous) = self.line(ours);
        let mut keys = self.dice.at_least_one(&[0, 1], 80);
        keys.extend(self.dice.some(&[2, 3, 4, 5], 80));
        let passkeys = keys.iter().filter(|key| **key < 2).count();
        let members = keys.into_iter().map(|key| self.member(key)).collect();
        Set {
            name: 0,
            version,
            previous,
            members,
            quorum: if passkeys > 1 && self.dice.percent(30) {
                2
            } else {
                1
            },
        }
    }

    fn member(&mut self, key: u8) -> Member {
        let (role, cameras) = match key {
            0..=2 => (Role::Owner, Vec::new()),
            4 => (Role::Staff, self.dice.at_least_one(&CAMERAS, 40)),
            _ => (Role::Household, self.dice.at_least_one(&CAMERAS, 60)),
        };
        Member {
            key,
            has_passkey: has_passkey(key),
            role,
            cameras: cameras.into_iter().collect(),
        }
    }

    pub(super) fn policy(&mut self, device: &Device, clock: &Clock) -> Policy {
        let ours = device.policy.as_ref().map(|p| (p.version, p.name));
        let (version, previous) = self.line(ours);
        let towns: BTreeSet<Name> = self.dice.at_least_one(&TOWNS, 60).into_iter().collect();
        let named: Vec<Name> = towns.iter().copied().collect();
        let ids = self.dice.some(&[1, 2, 3, 4, 5, 6], 75);
        let ahead = [
            -1,
            0,
            3_600_000,
            86_400_000,
            366 * 86_400_000,
            366 * 86_400_000 + 1,
        ];
        Policy {
            name: 0,
            version,
            previous,
            north_e7: 400_000_000,
            towns,
            rules: ids.into_iter().map(|id| self.rule(id, &named)).collect(),
            alerts_until_ms: clock.wall_ms.unwrap_or(0) + self.pick_mostly(3, &ahead),
        }
    }

    fn rule(&mut self, id: u32, towns: &[Name]) -> Rule {
        let on = match (id, self.dice.below(10)) {
            (1..=2, 0..9) => On::Press,
            (6, 0..8) => On::Standing,
            _ => On::Alert(self.limits()),
        };
        Rule {
            id,
            on,
            cameras: self.dice.at_least_one(&CAMERAS, 45).into_iter().collect(),
            town: self.dice.pick(towns),
            rights: LIVE | self.dice.pick(&[0, 0, PRE_ROLL, AUDIO, PRE_ROLL | AUDIO]),
            secs: self.dice.pick(&[30, 60, 300, 900, 3600, 86_400]),
        }
    }

    fn limits(&mut self) -> Limits {
        Limits {
            kind: self.dice.pick(&[0, 0, 1]),
            asks: self.dice.percent(35),
            per_day: self.dice.pick(&[0, 1, 2, 2]),
            cooldown_secs: self.dice.pick(&[0, 10, 600, 7200]),
            quiet: self.dice.pick(&[
                None,
                None,
                None,
                None,
                Some((1320, 360)),
                Some((300, 900)),
                Some((7, 7)),
            ]),
            within_metres: self.dice.pick(&[0, 50, 300, 5000]),
        }
    }

    pub(super) fn ceiling(&mut self, ours: Option<(u64, Name)>) -> Ceiling {
        let (version, previous) = self.line(ours);
        Ceiling {
            name: 0,
            version,
            previous,
            longest_secs: self.dice.pick(&[60, 900, 86_400, 86_400]),
            secs_a_day: self.dice.pick(&[0, 1000, 86_400, 86_400, 86_400]),
            cameras: self.dice.at_least_one(&CAMERAS, 90).into_iter().collect(),
            towns: self.dice.at_least_one(&TOWNS, 92).into_iter().collect(),
            rights: LIVE | self.dice.pick(&[0, PRE_ROLL, AUDIO, PRE_ROLL | AUDIO]),
        }
    }

    /// Mostly the next one.
    pub(super) fn line(&mut self, ours: Option<(u64, Name)>) -> (u64, Option<Name>) {
        let Some((version, name)) = ours else {
            return (1, None);
        };
        let new = match self.dice.below(20) {
            0 => 1,
            1 => version.max(1),
            2 => version + 2,
            3 => version + 7,
            _ => version + 1,
        };
        let previous = if self.dice.percent(93) { name } else { 999_999 };
        (new, (new > 1).then_some(previous))
    }
}
