//! The owner's standing instruction: a list of rules, each a yes under conditions. What a policy says
//! to one trigger is in `answer`; this file is only its shape, checked once when it is made.

use std::collections::BTreeSet;

use crate::{AgencyId, AlertKind, Cameras, MinuteOfDay, PolicyVersion, Rights, RuleId, Terms, Ttl};

/// An empty policy is the default and shares nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StandingPolicy {
    version: PolicyVersion,
    rules: Vec<Rule>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    pub id: RuleId,
    pub trigger: RuleTrigger,
    pub cameras: Cameras,
    pub agency: AgencyId,
    pub rights: Rights,
    pub longest: Ttl,
    /// 0 without the pre-roll right.
    pub pre_roll_secs: u32,
}

/// Limits live inside the alert arm: a press or a standing rule cannot carry any.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RuleTrigger {
    Press,
    Alert(AlertRule),
    Standing,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlertRule {
    /// Never empty.
    pub kinds: BTreeSet<AlertKind>,
    /// True: the owner is asked each time. False: it opens.
    pub asks: bool,
    pub limits: AlertLimits,
}

/// `None` and 0 mean "no such limit".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AlertLimits {
    pub per_day: u32,
    pub cooldown_secs: u32,
    pub quiet: Option<QuietHours>,
    pub within_metres: u32,
}

/// From and up to, not including, two minutes of the local day; may run over midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuietHours {
    pub from: MinuteOfDay,
    pub to: MinuteOfDay,
}

impl QuietHours {
    #[must_use]
    pub fn contains(self, minute: MinuteOfDay) -> bool {
        if self.from <= self.to {
            self.from <= minute && minute < self.to
        } else {
            self.from <= minute || minute < self.to
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadPolicy {
    TooManyRules,
    SameRuleTwice(RuleId),
    /// An alert rule that names no kind, or more than [`MAX_ALERT_KINDS`].
    AlertKinds(RuleId),
    /// A rule without the right to see live opens nothing.
    NothingToSee(RuleId),
    PreRollWithoutRight(RuleId),
    PreRollTooLong(RuleId),
}

/// A page of rules is more than an owner can oversee.
pub const MAX_RULES: usize = 64;
/// There are fewer sorts of detector than this.
pub const MAX_ALERT_KINDS: usize = 16;
/// The ring on the device is shorter than this.
pub const MAX_PRE_ROLL_SECS: u32 = 60;

impl StandingPolicy {
    pub fn new(version: PolicyVersion, rules: Vec<Rule>) -> Result<Self, BadPolicy> {
        if rules.len() > MAX_RULES {
            return Err(BadPolicy::TooManyRules);
        }
        let mut ids = BTreeSet::new();
        for rule in &rules {
            if !ids.insert(rule.id) {
                return Err(BadPolicy::SameRuleTwice(rule.id));
            }
            rule.check()?;
        }
        Ok(Self { version, rules })
    }

    #[must_use]
    pub fn version(&self) -> PolicyVersion {
        self.version
    }

    #[must_use]
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    #[must_use]
    pub fn rule(&self, id: RuleId) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.id == id)
    }

    pub fn standing_rules(&self) -> impl Iterator<Item = &Rule> {
        self.rules
            .iter()
            .filter(|rule| rule.trigger == RuleTrigger::Standing)
    }

    /// Whether what was granted under an older policy would still be granted under this one. Terms that the
    /// owner signed never rested on a policy.
    #[must_use]
    pub fn still_allows(&self, terms: &Terms) -> bool {
        if terms.rule == RuleId::SIGNED_TERMS {
            return true;
        }
        self.rule(terms.rule).is_some_and(|rule| {
            rule.agency == terms.agency
                && terms.cameras.is_subset(&rule.cameras)
                && terms.rights.within(rule.rights)
                && terms.ttl <= rule.longest
                && terms.pre_roll_secs <= rule.pre_roll_secs
        })
    }
}

impl Rule {
    fn check(&self) -> Result<(), BadPolicy> {
        if !self.rights.live {
            return Err(BadPolicy::NothingToSee(self.id));
        }
        if self.pre_roll_secs > 0 && !self.rights.pre_roll {
            return Err(BadPolicy::PreRollWithoutRight(self.id));
        }
        if self.pre_roll_secs > MAX_PRE_ROLL_SECS {
            return Err(BadPolicy::PreRollTooLong(self.id));
        }
        match &self.trigger {
            RuleTrigger::Alert(alert) if !(1..=MAX_ALERT_KINDS).contains(&alert.kinds.len()) => {
                Err(BadPolicy::AlertKinds(self.id))
            }
            RuleTrigger::Press | RuleTrigger::Alert(_) | RuleTrigger::Standing => Ok(()),
        }
    }

    /// Spells the yes out for these cameras.
    pub(crate) fn terms(&self, policy: PolicyVersion, cameras: Cameras) -> Terms {
        Terms {
            rule: self.id,
            policy,
            cameras,
            agency: self.agency.clone(),
            rights: self.rights,
            ttl: self.longest,
            pre_roll_secs: self.pre_roll_secs,
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn minute(hour: u16) -> MinuteOfDay {
        MinuteOfDay::new(hour * 60).unwrap()
    }

    #[test]
    fn quiet_hours_run_over_midnight() {
        let night = QuietHours {
            from: minute(22),
            to: minute(6),
        };
        assert!(
            night.contains(minute(23)) && night.contains(minute(0)) && night.contains(minute(5))
        );
        assert!(
            !night.contains(minute(6))
                && !night.contains(minute(12))
                && !night.contains(minute(21))
        );
        let day = QuietHours {
            from: minute(9),
            to: minute(17),
        };
        assert!(day.contains(minute(9)) && !day.contains(minute(17)) && !day.contains(minute(3)));
    }
}
