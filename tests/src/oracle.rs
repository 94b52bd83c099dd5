//! A second opinion on what a device may open: the rules of the design note once more, in the plainest way,
//! with nothing of the product's code. Slow, trusting in what it is told about signatures, and short; where
//! it and the device's gate differ, one of them is wrong. Keys, agencies and words are small numbers here.

mod close;
mod grants;
mod open;
mod say;
#[cfg(test)]
mod tests;
mod who;
mod words;

use std::collections::{BTreeMap, BTreeSet};

pub use grants::{Grant, State, Why};
pub use words::*;

/// Everything that the naive device knows.
#[derive(Clone, Debug, Default)]
pub struct Device {
    pub name: u8,
    pub epoch: u64,
    pub outside: BTreeSet<u16>,
    pub inside: BTreeSet<u16>,
    pub set: Option<Set>,
    pub ceiling: Option<Ceiling>,
    pub policy: Option<Policy>,
    pub towns: BTreeMap<Name, Town>,
    pub operators: Vec<Operator>,
    pub cancelled: BTreeSet<Key>,
    pub void_up_to: u64,
    pub shut_out: BTreeSet<Name>,
    /// Revokes of agencies that were heard.
    pub heard: BTreeSet<u64>,
    /// Revokes of shares that were heard.
    pub revokes: BTreeSet<u64>,
    pub dead_triggers: BTreeSet<u64>,
    pub dead_grants: BTreeSet<(u64, u32)>,
    /// Triggers that had their answer.
    pub used: BTreeSet<u64>,
    pub nonces: BTreeMap<Key, (u64, u64)>,
    pub uses: BTreeMap<u32, Use>,
    pub paused: BTreeSet<(u32, u16)>,
    pub spent_day: u32,
    pub spent_secs: u32,
    pub waiting: Option<Waiting>,
    pub grants: Vec<Grant>,
}

/// How an alert rule was used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Use {
    pub day: u32,
    pub today: u32,
    pub last_ms: u64,
}

#[derive(Clone, Debug)]
pub struct Waiting {
    pub ceiling: Ceiling,
    pub by: Key,
    pub until_ms: u64,
}

/// What the device's clocks say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clock {
    pub boot_ms: u64,
    pub wall_ms: Option<i64>,
    pub day: u32,
    pub minute: u16,
}

/// What one thing that came in comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    Opens(Vec<Opening>),
    Asks,
    Closed,
    Taken,
    Known,
    Waits,
    Refused(&'static str),
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Opening {
    pub rule: u32,
    pub cameras: BTreeSet<u16>,
    pub town: Name,
    pub rights: u8,
    pub secs: u32,
}

impl Device {
    /// Judges one word, in the order of the design note.
    pub fn hear(&mut self, clock: &Clock, said: &Said) -> Verdict {
        match self.judge(clock, said) {
            Ok(verdict) => verdict,
            Err(refusal) => Verdict::Refused(refusal),
        }
    }

    fn judge(&mut self, clock: &Clock, said: &Said) -> Result<Verdict, &'static str> {
        if let Some(to) = said.to {
            if to.device != self.name {
                return Err("WrongDevice");
            }
            if to.epoch != self.epoch {
                return Err("WrongEpoch");
            }
        }
        if self.has_it(said) {
            return Ok(Verdict::Known);
        }
        if self.closed_before(said) {
            return Err("Revoked");
        }
        if said.signers.iter().any(|s| self.cancelled.contains(&s.key)) {
            return Err("KeyCancelled");
        }
        if let Some(nonce) = said.what.nonce() {
            let key = said.signers[0].key;
            let given = self.nonces.get(&key).copied();
            if given.map(|(own, _)| own) != Some(nonce) {
                return Err("StaleNonce");
            }
            self.nonces.remove(&key);
            if given.is_none_or(|(_, at)| clock.boot_ms - at > 60_000) {
                return Err("StaleNonce");
            }
        }
        self.may_say(clock, said)?;
        for signer in &said.signers {
            match signer.truth {
                Truth::Good => {}
                Truth::Forged => return Err("BadSignature"),
                Truth::Elsewhere => return Err("WrongOrigin"),
                Truth::Unverified => return Err("NotVerified"),
            }
        }
        self.carry_out(clock, said)
    }

    /// Whether a key may have a nonce, and that it has one from now on.
    pub fn hand_out(&mut self, clock: &Clock, key: Key, nonce: u64) -> bool {
        let member = self
            .set
            .as_ref()
            .is_some_and(|set| set.member(key).is_some());
        let speaks = self
            .towns
            .iter()
            .any(|(name, town)| town.member(key).is_some() || self.operator(*name, key).is_some());
        let may = !self.cancelled.contains(&key) && (member || speaks);
        if may {
            self.nonces.insert(key, (nonce, clock.boot_ms));
        }
        may
    }

    fn has_it(&self, said: &Said) -> bool {
        let ours = match &said.what {
            What::Set(_) => self.set.as_ref().map(|set| set.name),
            What::Ceiling(_) => self.ceiling.as_ref().map(|ceiling| ceiling.name),
            What::Policy(policy) if policy.version <= self.void_up_to => None,
            What::Policy(_) => self.policy.as_ref().map(|policy| policy.name),
            What::Town(town) => self.towns.get(&town.of()).map(|known| known.name),
            _ => None,
        };
        ours == Some(said.name)
    }

    fn closed_before(&self, said: &Said) -> bool {
        let dead = |trigger: &u64| self.dead_triggers.contains(trigger);
        match &said.what {
            What::Terms(terms) => {
                dead(&terms.id)
                    || self.dead_grants.contains(&(terms.id, SIGNED_TERMS))
                    || self.shut_out.contains(&terms.town)
            }
            What::Press(press) => dead(&press.id),
            What::Approval(yes) => {
                dead(&yes.id) || dead(&yes.of) || self.shut_out.contains(&yes.alert.town)
            }
            What::Alert(alert) => dead(&alert.id) || self.shut_out.contains(&alert.facts.town),
            What::Policy(policy) => policy.version <= self.void_up_to,
            _ => false,
        }
    }

    /// Whether the policy or the ceiling gives this agency anything.
    fn names(&self, town: Name) -> bool {
        let policy = self.policy.as_ref();
        let ceiling = self.ceiling.as_ref();
        policy.is_some_and(|policy| policy.towns.contains(&town))
            || ceiling.is_some_and(|ceiling| ceiling.towns.contains(&town))
    }

    fn operator(&self, town: Name, key: Key) -> Option<&Operator> {
        let mut operators = self.operators.iter();
        operators.find(|operator| operator.town == town && operator.key == key)
    }
}
