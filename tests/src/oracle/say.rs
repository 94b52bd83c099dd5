//! What a word does that may be said: sets, policies, ceilings and papers replace each other here; opening
//! and closing have files of their own.

use super::{
    Ceiling, Certificate, Clock, Device, Name, Operator, Said, Set, Town, Verdict, Waiting, What,
};

pub(super) const YEAR_AND_A_DAY_MS: i64 = 366 * 86_400_000;

impl Device {
    pub(super) fn carry_out(
        &mut self,
        clock: &Clock,
        said: &Said,
    ) -> Result<Verdict, &'static str> {
        let by = said.signers[0].key;
        match &said.what {
            What::Set(set) => self.take_set(set),
            What::Policy(policy) => {
                let ours = self.policy.as_ref().map(|p| (p.version, p.name));
                may_follow(ours, policy.version, policy.previous)?;
                let too_far = |wall| policy.alerts_until_ms - wall > YEAR_AND_A_DAY_MS;
                if clock.wall_ms.is_some_and(too_far) {
                    return Err("TooFarAhead");
                }
                self.policy = Some(policy.clone());
                self.shut_out.clear();
                self.forget_towns();
                self.policy_changed();
                Ok(Verdict::Taken)
            }
            What::Ceiling(ceiling) => self.hold(clock, ceiling, by),
            What::Terms(terms) => self.terms(clock, terms, by),
            What::Press(press) => self.press(clock, press, by),
            What::Approval(yes) => self.approval(clock, yes, by),
            What::Alert(alert) => self.alert(clock, alert, by),
            What::Revoke(revoke) => self.revoke(clock, revoke),
            What::Town(town) => self.take_town(town),
            What::Operator(paper) => self.take_operator(clock, paper, by),
        }
    }

    fn take_set(&mut self, set: &Set) -> Result<Verdict, &'static str> {
        let ours = self.set.as_ref().ok_or("UnknownKey")?;
        must_follow((ours.version, ours.name), set.version, set.previous)?;
        let mut passkeys = set.members.iter().filter(|m| m.is_owner_passkey());
        if passkeys.all(|member| self.cancelled.contains(&member.key)) {
            return Err("LastPasskey");
        }
        self.set = Some(set.clone());
        Ok(Verdict::Taken)
    }

    fn hold(&mut self, clock: &Clock, ceiling: &Ceiling, by: u8) -> Result<Verdict, &'static str> {
        let ours = self.ceiling.as_ref().map(|c| (c.version, c.name));
        may_follow(ours, ceiling.version, ceiling.previous)?;
        if let Some(waiting) = &self.waiting
            && clock.boot_ms <= waiting.until_ms
            && ceiling.version < waiting.ceiling.version
        {
            return Err("OldVersion");
        }
        self.waiting = Some(Waiting {
            ceiling: ceiling.clone(),
            by,
            until_ms: clock.boot_ms + 60_000,
        });
        Ok(Verdict::Waits)
    }

    /// Somebody at the device says yes to the ceiling that waits.
    pub fn confirm(&mut self, clock: &Clock) -> Verdict {
        let Some(waiting) = self.waiting.take() else {
            return Verdict::Refused("NothingWaits");
        };
        if clock.boot_ms > waiting.until_ms || self.set.is_none() {
            return Verdict::Refused("NothingWaits");
        }
        self.ceiling = Some(waiting.ceiling);
        self.forget_towns();
        self.end_above_ceiling();
        Verdict::Taken
    }

    fn take_town(&mut self, town: &Town) -> Result<Verdict, &'static str> {
        if let Some(known) = self.towns.get(&town.of()) {
            must_follow((known.version, known.name), town.version, town.previous)?;
        }
        let gone = |by: u8| town.member(by).is_none();
        self.operators
            .retain(|operator| operator.town != town.of() || !gone(operator.by));
        self.towns.insert(town.of(), town.clone());
        Ok(Verdict::Taken)
    }

    fn take_operator(
        &mut self,
        clock: &Clock,
        paper: &Certificate,
        by: u8,
    ) -> Result<Verdict, &'static str> {
        if clock.wall_ms.is_none_or(|wall| paper.until_ms < wall) {
            return Err("Expired");
        }
        self.operators
            .retain(|old| old.town != paper.town || old.key != paper.key);
        self.operators.push(Operator {
            town: paper.town,
            key: paper.key,
            until_ms: paper.until_ms,
            by,
        });
        Ok(Verdict::Taken)
    }

    fn forget_towns(&mut self) {
        let named: Vec<Name> = self
            .towns
            .keys()
            .copied()
            .filter(|t| self.names(*t))
            .collect();
        self.towns.retain(|town, _| named.contains(town));
        self.operators
            .retain(|operator| named.contains(&operator.town));
    }
}

/// The very next, and it names the one before.
fn must_follow(
    (version, name): (u64, Name),
    new: u64,
    previous: Option<Name>,
) -> Result<(), &'static str> {
    if new <= version {
        return Err("OldVersion");
    }
    if new != version + 1 || previous != Some(name) {
        return Err("WrongPrevious");
    }
    Ok(())
}

/// Those between may be missing.
fn may_follow(
    ours: Option<(u64, Name)>,
    new: u64,
    previous: Option<Name>,
) -> Result<(), &'static str> {
    match ours {
        Some((version, _)) if new > version + 1 => Ok(()),
        Some(ours) => must_follow(ours, new, previous),
        None => Ok(()),
    }
}
