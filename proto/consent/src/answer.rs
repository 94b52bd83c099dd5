//! What a policy says to one trigger: opens, asks the owner, or nothing and why. A pure function of the
//! policy, the trigger and the circumstances; deny is where every path ends that finds no rule.

use std::collections::BTreeMap;

use crate::{
    Alert, AlertLimits, AlertRule, Press, Refusal, Rule, RuleId, RuleTrigger, StandingPolicy,
    Terms, Trigger, TriggerKind, Vec1,
};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    Opens(Vec1<Terms>),
    /// The terms that the owner's yes would open.
    Asks(Vec1<Terms>),
    Nothing(Refusal),
}

/// A press, alert or approval older than this arrives as a message. A revoke never ages.
pub const STALE_AFTER_MS: u64 = 120_000;

/// Everything outside trigger and policy that an answer may depend on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Circumstances {
    /// How long the trigger was on its way.
    pub age_ms: u64,
    pub local_minute: MinuteOfDay,
    /// How alert rules were used before; a rule that is not here was not used.
    pub uses: BTreeMap<RuleId, RuleUse>,
}

/// Minute of the local day at the premises, 0..1440.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MinuteOfDay(u16);

impl MinuteOfDay {
    #[must_use]
    pub fn new(minute: u16) -> Option<Self> {
        (minute < 1440).then_some(Self(minute))
    }

    #[must_use]
    pub fn get(self) -> u16 {
        self.0
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RuleUse {
    /// Openings since local midnight.
    pub today: u32,
    /// `None`: never.
    pub since_last_ms: Option<u64>,
}

impl StandingPolicy {
    #[must_use]
    pub fn answer(&self, trigger: &Trigger, now: &Circumstances) -> Answer {
        match &trigger.kind {
            TriggerKind::Standing(rule) => self.answer_standing(*rule),
            _ if now.age_ms > STALE_AFTER_MS => Answer::Nothing(Refusal::TooOld),
            TriggerKind::Press(press) => self.answer_press(press),
            TriggerKind::Approval(approval) => self.answer_approval(&approval.alert),
            TriggerKind::Alert(alert) => self.answer_alert(alert, now),
        }
    }

    fn answer_press(&self, press: &Press) -> Answer {
        let named = |rule: &Rule| {
            if press.cameras.is_empty() {
                return Some(rule.cameras.clone());
            }
            rule.cameras.only(|camera| press.cameras.contains(&camera))
        };
        let pressed = self
            .rules()
            .iter()
            .filter(|rule| rule.trigger == RuleTrigger::Press);
        opens(pressed.filter_map(|rule| Some(rule.terms(self.version(), named(rule)?))))
    }

    fn answer_standing(&self, id: RuleId) -> Answer {
        let rule = self.standing_rules().filter(|rule| rule.id == id);
        opens(rule.map(|rule| rule.terms(self.version(), rule.cameras.clone())))
    }

    /// What the owner is to be asked about this trigger, also when something of it opens without asking.
    #[must_use]
    pub fn asks(&self, trigger: &Trigger, now: &Circumstances) -> Option<Vec1<Terms>> {
        match &trigger.kind {
            TriggerKind::Alert(alert) if now.age_ms <= STALE_AFTER_MS => {
                Vec1::new(self.proposed(alert, now).asking)
            }
            TriggerKind::Alert(_)
            | TriggerKind::Press(_)
            | TriggerKind::Approval(_)
            | TriggerKind::Standing(_) => None,
        }
    }

    /// The owner's own word on what an alert asked, and on nothing else. How often and at what hour binds
    /// alerts, not owners; how far away it was is why the owner was asked or not.
    fn answer_approval(&self, alert: &Alert) -> Answer {
        let asked = self
            .alert_rules(alert)
            .filter(|(_, on)| on.asks && on.limits.reaches(alert));
        opens(asked.map(|(rule, _)| rule.terms(self.version(), rule.cameras.clone())))
    }

    fn answer_alert(&self, alert: &Alert, now: &Circumstances) -> Answer {
        let proposed = self.proposed(alert, now);
        match (Vec1::new(proposed.opening), Vec1::new(proposed.asking)) {
            (Some(terms), _) => Answer::Opens(terms),
            (None, Some(terms)) => Answer::Asks(terms),
            (None, None) => Answer::Nothing(proposed.refused.unwrap_or(Refusal::NoRule)),
        }
    }

    fn proposed(&self, alert: &Alert, now: &Circumstances) -> Proposed {
        let mut proposed = Proposed::default();
        for (rule, on) in self.alert_rules(alert) {
            let terms = rule.terms(self.version(), rule.cameras.clone());
            let used = now.uses.get(&rule.id).copied().unwrap_or_default();
            match on.limits.check(alert, now.local_minute, used) {
                Err(refusal) => proposed.refused = proposed.refused.or(Some(refusal)),
                Ok(()) if on.asks => proposed.asking.push(terms),
                Ok(()) => proposed.opening.push(terms),
            }
        }
        proposed
    }

    fn alert_rules<'a>(
        &'a self,
        alert: &'a Alert,
    ) -> impl Iterator<Item = (&'a Rule, &'a AlertRule)> {
        self.rules()
            .iter()
            .filter_map(move |rule| match &rule.trigger {
                RuleTrigger::Alert(on) => (on.kinds.contains(&alert.kind)
                    && rule.agency == alert.agency)
                    .then_some((rule, on)),
                RuleTrigger::Press | RuleTrigger::Standing => None,
            })
    }
}

/// What the rules say to one alert, rule by rule.
#[derive(Default)]
struct Proposed {
    opening: Vec<Terms>,
    asking: Vec<Terms>,
    refused: Option<Refusal>,
}

impl AlertLimits {
    fn reaches(&self, alert: &Alert) -> bool {
        self.within_metres == 0 || alert.distance_m <= self.within_metres
    }

    fn check(&self, alert: &Alert, minute: MinuteOfDay, used: RuleUse) -> Result<(), Refusal> {
        if !self.reaches(alert) {
            return Err(Refusal::TooFar);
        }
        if self.quiet.is_some_and(|quiet| quiet.contains(minute)) {
            return Err(Refusal::QuietHours);
        }
        if self.per_day > 0 && used.today >= self.per_day {
            return Err(Refusal::DailyLimit);
        }
        if used
            .since_last_ms
            .is_some_and(|ms| ms < u64::from(self.cooldown_secs) * 1000)
        {
            return Err(Refusal::Cooldown);
        }
        Ok(())
    }
}

fn opens(terms: impl Iterator<Item = Terms>) -> Answer {
    Vec1::new(terms.collect()).map_or(Answer::Nothing(Refusal::NoRule), Answer::Opens)
}
