//! The yes: what presses, approvals, alerts, terms and standing rules open, and what the ceiling leaves.

use std::collections::BTreeSet;

use super::say::YEAR_AND_A_DAY_MS;
use super::{
    Alert, Approval, Clock, Device, Facts, Grant, Key, Limits, On, Opening, Press, Rule,
    SIGNED_TERMS, State, Terms, Verdict, Why,
};

/// Whose proposal it is.
struct Proposal {
    trigger: u64,
    of: Option<u64>,
    why: Why,
    by: Option<Key>,
}

impl Device {
    pub(super) fn press(
        &mut self,
        clock: &Clock,
        press: &Press,
        by: Key,
    ) -> Result<Verdict, &'static str> {
        not_too_old(clock, press.made_at_ms)?;
        let known: BTreeSet<u16> = press
            .cameras
            .iter()
            .copied()
            .filter(|camera| self.has(*camera))
            .collect();
        if known.is_empty() && !press.cameras.is_empty() {
            return Err("UnknownCamera");
        }
        self.pressed(clock, press.id, &known, Some(by))
    }

    /// The button: no key, no cameras named.
    pub fn button(&mut self, clock: &Clock, trigger: u64) -> Verdict {
        let pressed = self.pressed(clock, trigger, &BTreeSet::new(), None);
        pressed.unwrap_or_else(Verdict::Refused)
    }

    fn pressed(
        &mut self,
        clock: &Clock,
        trigger: u64,
        named: &BTreeSet<u16>,
        by: Option<Key>,
    ) -> Result<Verdict, &'static str> {
        let mut rules = self.rules();
        rules.retain(|rule| matches!(rule.on, On::Press));
        for rule in &mut rules {
            if !named.is_empty() {
                rule.cameras.retain(|camera| named.contains(camera));
            }
        }
        rules.retain(|rule| !rule.cameras.is_empty());
        let proposal = Proposal {
            trigger,
            of: None,
            why: Why::Press,
            by,
        };
        self.propose(clock, &proposal, &rules, false)
    }

    pub(super) fn approval(
        &mut self,
        clock: &Clock,
        yes: &Approval,
        by: Key,
    ) -> Result<Verdict, &'static str> {
        not_too_old(clock, yes.made_at_ms)?;
        self.rules_stand(clock)?;
        let mut rules = self.rules_about(&yes.alert);
        let distance = self.distance(&yes.alert);
        rules.retain(|(_, on)| on.asks && reaches(on, distance));
        let rules: Vec<Rule> = rules.into_iter().map(|(rule, _)| rule).collect();
        let proposal = Proposal {
            trigger: yes.id,
            of: Some(yes.of),
            why: Why::Approval,
            by: Some(by),
        };
        self.propose(clock, &proposal, &rules, false)
    }

    pub(super) fn alert(
        &mut self,
        clock: &Clock,
        alert: &Alert,
        by: Key,
    ) -> Result<Verdict, &'static str> {
        not_too_old(clock, alert.made_at_ms)?;
        self.rules_stand(clock)?;
        if self.used.contains(&alert.id) {
            return Err("Replayed");
        }
        let distance = self.distance(&alert.facts);
        let (mut opening, mut asking, mut askable, mut refused) = (vec![], vec![], false, None);
        for (rule, on) in self.rules_about(&alert.facts) {
            match self.limited(clock, &rule, &on, distance) {
                Some(limit) => refused = refused.or(Some(limit)),
                None if on.asks => {
                    asking.push((alert.id, rule.id));
                    let terms = self.clipped(terms_of(&rule));
                    askable |= terms.is_some() && !self.shut_out.contains(&rule.town);
                }
                None => opening.push(rule),
            }
        }
        let proposal = Proposal {
            trigger: alert.id,
            of: None,
            why: Why::Alert,
            by: Some(by),
        };
        if !opening.is_empty() {
            return self.propose(clock, &proposal, &opening, askable);
        }
        if asking.is_empty() {
            return Err(refused.unwrap_or("NoRule"));
        }
        if asking.iter().all(|grant| self.dead_grants.contains(grant)) {
            return Err("Replayed");
        }
        askable.then_some(Verdict::Asks).ok_or("AboveCeiling")
    }

    /// A standing rule comes round.
    pub fn standing(&mut self, clock: &Clock, trigger: u64, rule: u32) -> Verdict {
        let mut rules = self.rules();
        rules.retain(|r| r.id == rule && matches!(r.on, On::Standing));
        let proposal = Proposal {
            trigger,
            of: None,
            why: Why::Standing,
            by: None,
        };
        let opened = self
            .rules_stand(clock)
            .and_then(|()| self.propose(clock, &proposal, &rules, false));
        opened.unwrap_or_else(Verdict::Refused)
    }

    pub(super) fn terms(
        &mut self,
        clock: &Clock,
        said: &Terms,
        by: Key,
    ) -> Result<Verdict, &'static str> {
        not_too_old(clock, said.made_at_ms)?;
        if !said.cameras.iter().all(|camera| self.has(*camera)) {
            return Err("UnknownCamera");
        }
        let terms = Opening {
            rule: SIGNED_TERMS,
            cameras: said.cameras.clone(),
            town: said.town,
            rights: said.rights,
            secs: said.secs,
        };
        if self.clipped(terms.clone()).as_ref() != Some(&terms) {
            return Err("AboveCeiling");
        }
        let before = (self.spent_day, self.spent_secs);
        if !self.spend(clock, terms.secs) {
            return Err("AboveCeiling");
        }
        if !self.used.insert(said.id) {
            (self.spent_day, self.spent_secs) = before;
            return Err("Replayed");
        }
        let proposal = Proposal {
            trigger: said.id,
            of: None,
            why: Why::Terms,
            by: Some(by),
        };
        self.ask(clock, &proposal, &terms);
        Ok(Verdict::Opens(vec![terms]))
    }

    /// What is left of these rules' yes after everything that may stand in its way.
    fn propose(
        &mut self,
        clock: &Clock,
        proposal: &Proposal,
        rules: &[Rule],
        askable: bool,
    ) -> Result<Verdict, &'static str> {
        let of_dead = |of: u64| self.dead_triggers.contains(&of);
        if self.used.contains(&proposal.trigger)
            || of_dead(proposal.trigger)
            || proposal.of.is_some_and(of_dead)
        {
            return Err("Replayed");
        }
        if rules.is_empty() {
            return Err("NoRule");
        }
        let (mut left, mut why_not) = (Vec::new(), "Replayed");
        for rule in rules {
            let mut terms = terms_of(rule);
            if self.dead_grants.contains(&(proposal.trigger, rule.id)) {
                continue;
            }
            if proposal.why == Why::Standing {
                terms
                    .cameras
                    .retain(|c| !self.paused.contains(&(rule.id, *c)));
                if terms.cameras.is_empty() {
                    why_not = "Paused";
                    continue;
                }
            }
            left.push(terms);
        }
        if left.is_empty() {
            return Err(why_not);
        }
        let (mut opens, mut refused) = (Vec::new(), None);
        for terms in left {
            match self.within_limits(clock, proposal, terms) {
                Ok(terms) => opens.push(terms),
                Err(refusal) => refused = refused.or(Some(refusal)),
            }
        }
        match (opens.is_empty(), refused) {
            (true, _) if askable => return Ok(Verdict::Asks),
            (true, refused) => return Err(refused.unwrap_or("NoRule")),
            (false, _) => {}
        }
        self.used.insert(proposal.trigger);
        for terms in &opens {
            self.ask(clock, proposal, terms);
        }
        Ok(Verdict::Opens(opens))
    }

    fn within_limits(
        &mut self,
        clock: &Clock,
        proposal: &Proposal,
        mut terms: Opening,
    ) -> Result<Opening, &'static str> {
        if self.shut_out.contains(&terms.town) {
            return Err("Revoked");
        }
        let member = self.set.as_ref().zip(proposal.by);
        if let Some(member) = member.and_then(|(set, by)| set.member(by)) {
            terms.cameras.retain(|camera| member.covers(*camera));
            if terms.cameras.is_empty() {
                return Err("NotAllowed");
            }
        }
        let clipped = self.clipped(terms.clone()).ok_or("AboveCeiling")?;
        match proposal.why {
            Why::Press => Ok(clipped),
            Why::Standing if clipped == terms => Ok(clipped),
            Why::Approval if self.spend(clock, clipped.secs) => Ok(clipped),
            Why::Alert if clipped == terms => {
                if self.is_being_written(terms.rule) {
                    return Err("Cooldown");
                }
                let spent = self.spend(clock, clipped.secs);
                spent.then_some(clipped).ok_or("AboveCeiling")
            }
            _ => Err("AboveCeiling"),
        }
    }

    fn is_being_written(&self, id: u32) -> bool {
        let rules = self.rules();
        let limited = rules.iter().any(|rule| match &rule.on {
            On::Alert(on) => rule.id == id && (on.per_day > 0 || on.cooldown_secs > 0),
            _ => false,
        });
        limited
            && self.grants.iter().any(|grant| {
                let asked = matches!(grant.state, State::Asked { .. });
                asked && grant.why == Why::Alert && grant.terms.rule == id
            })
    }

    fn ask(&mut self, clock: &Clock, proposal: &Proposal, terms: &Opening) {
        self.grants.push(Grant {
            trigger: proposal.trigger,
            of: proposal.of,
            why: proposal.why,
            policy: match proposal.why {
                Why::Terms => 0,
                _ => self.policy.as_ref().map_or(0, |policy| policy.version),
            },
            terms: terms.clone(),
            gone: BTreeSet::new(),
            by: proposal.by,
            state: State::Asked {
                at_ms: clock.boot_ms,
            },
        });
    }

    /// Alert rules about this kind of this agency.
    fn rules_about(&self, facts: &Facts) -> Vec<(Rule, Limits)> {
        let mut found = Vec::new();
        for rule in self.rules() {
            if let On::Alert(on) = rule.on.clone()
                && on.kind == facts.kind
                && rule.town == facts.town
            {
                found.push((rule, on));
            }
        }
        found
    }

    fn limited(
        &self,
        clock: &Clock,
        rule: &Rule,
        on: &Limits,
        distance: u32,
    ) -> Option<&'static str> {
        if !reaches(on, distance) {
            return Some("TooFar");
        }
        if let Some((from, to)) = on.quiet {
            let quiet = if from <= to {
                (from..to).contains(&clock.minute)
            } else {
                clock.minute >= from || clock.minute < to
            };
            if quiet {
                return Some("QuietHours");
            }
        }
        let used = self.uses.get(&rule.id)?;
        if on.per_day > 0 && used.day == clock.day && used.today >= on.per_day {
            return Some("DailyLimit");
        }
        let since = clock.boot_ms - used.last_ms;
        (since < u64::from(on.cooldown_secs) * 1000).then_some("Cooldown")
    }

    /// Metres along the meridian, 111.195 km a degree.
    fn distance(&self, facts: &Facts) -> u32 {
        let here = self.policy.as_ref().map(|policy| policy.north_e7);
        match (here, facts.north_e7) {
            (Some(here), Some(there)) => {
                (f64::from(here.abs_diff(there)) * 111_195.08 / 1e7).ceil() as u32
            }
            _ => u32::MAX,
        }
    }

    fn rules_stand(&self, clock: &Clock) -> Result<(), &'static str> {
        let until = self.policy.as_ref().map(|policy| policy.alerts_until_ms);
        match (until, clock.wall_ms) {
            (None, _) => Ok(()),
            (Some(until), Some(wall)) if wall <= until && until - wall <= YEAR_AND_A_DAY_MS => {
                Ok(())
            }
            _ => Err("Expired"),
        }
    }

    /// Whole lives, of one day.
    fn spend(&mut self, clock: &Clock, secs: u32) -> bool {
        let Some(ceiling) = self.ceiling.as_ref() else {
            return false;
        };
        if self.spent_day != clock.day {
            self.spent_day = clock.day;
            self.spent_secs = 0;
        }
        let fits = self.spent_secs + secs <= ceiling.secs_a_day;
        if fits {
            self.spent_secs += secs;
        }
        fits
    }

    fn has(&self, camera: u16) -> bool {
        self.outside.contains(&camera) || self.inside.contains(&camera)
    }
}

fn terms_of(rule: &Rule) -> Opening {
    Opening {
        rule: rule.id,
        cameras: rule.cameras.clone(),
        town: rule.town,
        rights: rule.rights,
        secs: rule.secs,
    }
}

fn reaches(on: &Limits, distance: u32) -> bool {
    on.within_metres == 0 || distance <= on.within_metres
}

fn not_too_old(clock: &Clock, made_at_ms: i64) -> Result<(), &'static str> {
    let Some(wall) = clock.wall_ms else {
        return Ok(());
    };
    let age = wall - made_at_ms;
    if age > 120_000 && age <= 3_600_000 {
        return Err("TooOld");
    }
    Ok(())
}
