//! The standing policy and its rules. Fields that only alert rules have must be empty elsewhere.

use assent_consent::{
    AgencyId, AlertKind, AlertLimits, AlertRule, Cameras, MinuteOfDay, PolicyVersion, QuietHours,
    Rule, RuleId, RuleTrigger, StandingPolicy, Ttl,
};

use super::{increasing, numbers};
use crate::{WireError, link};

impl TryFrom<&link::StandingPolicy> for StandingPolicy {
    type Error = WireError;

    fn try_from(m: &link::StandingPolicy) -> Result<Self, WireError> {
        if m.rules.len() > assent_consent::MAX_RULES {
            return Err(WireError::Bad("rules"));
        }
        let rules = m
            .rules
            .iter()
            .map(Rule::try_from)
            .collect::<Result<_, _>>()?;
        Self::new(PolicyVersion(m.version), rules).map_err(|_| WireError::Bad("rules"))
    }
}

impl From<&StandingPolicy> for link::StandingPolicy {
    fn from(policy: &StandingPolicy) -> Self {
        Self {
            version: policy.version().0,
            rules: policy.rules().iter().map(Into::into).collect(),
        }
    }
}

impl TryFrom<&link::Rule> for Rule {
    type Error = WireError;

    fn try_from(m: &link::Rule) -> Result<Self, WireError> {
        Ok(Self {
            id: RuleId(m.id),
            trigger: rule_trigger(m)?,
            cameras: Cameras::new(increasing(&m.cameras)?).ok_or(WireError::Bad("cameras"))?,
            agency: AgencyId::new(&m.agency).map_err(|_| WireError::Bad("agency"))?,
            rights: m.rights.as_ref().ok_or(WireError::Bad("rights"))?.into(),
            longest: Ttl::from_secs(m.longest_secs).ok_or(WireError::Bad("longest_secs"))?,
            pre_roll_secs: m.pre_roll_secs,
        })
    }
}

fn rule_trigger(m: &link::Rule) -> Result<RuleTrigger, WireError> {
    let plain = m.alert_kinds.is_empty()
        && m.quiet.is_none()
        && (m.per_day, m.cooldown_secs, m.within_metres) == (0, 0, 0)
        && m.answer() == link::Answer::Opens;
    match m.trigger() {
        link::RuleTrigger::Press if plain => Ok(RuleTrigger::Press),
        link::RuleTrigger::Standing if plain => Ok(RuleTrigger::Standing),
        link::RuleTrigger::Alert => alert_rule(m).map(RuleTrigger::Alert),
        link::RuleTrigger::Press | link::RuleTrigger::Standing | link::RuleTrigger::Unspecified => {
            Err(WireError::Bad("trigger"))
        }
    }
}

fn alert_rule(m: &link::Rule) -> Result<AlertRule, WireError> {
    if m.alert_kinds.len() > assent_consent::MAX_ALERT_KINDS {
        return Err(WireError::Bad("alert_kinds"));
    }
    let kinds = m
        .alert_kinds
        .iter()
        .map(AlertKind::new)
        .collect::<Result<_, _>>();
    let asks = match m.answer() {
        link::Answer::Unspecified => return Err(WireError::Bad("answer")),
        link::Answer::Opens => false,
        link::Answer::Asks => true,
    };
    let limits = AlertLimits {
        per_day: m.per_day,
        cooldown_secs: m.cooldown_secs,
        quiet: m.quiet.as_ref().map(QuietHours::try_from).transpose()?,
        within_metres: m.within_metres,
    };
    Ok(AlertRule {
        kinds: kinds.map_err(|_| WireError::Bad("alert_kinds"))?,
        asks,
        limits,
    })
}

impl TryFrom<&link::QuietHours> for QuietHours {
    type Error = WireError;

    fn try_from(m: &link::QuietHours) -> Result<Self, WireError> {
        let minute = |m: u32| {
            u16::try_from(m)
                .ok()
                .and_then(MinuteOfDay::new)
                .ok_or(WireError::Bad("quiet"))
        };
        Ok(Self {
            from: minute(m.from_minute)?,
            to: minute(m.to_minute)?,
        })
    }
}

impl From<&Rule> for link::Rule {
    fn from(rule: &Rule) -> Self {
        let plain = Self {
            id: rule.id.0,
            trigger: 0,
            alert_kinds: Vec::new(),
            cameras: numbers(rule.cameras.iter()),
            agency: rule.agency.to_string(),
            rights: Some(rule.rights.into()),
            longest_secs: rule.longest.secs(),
            pre_roll_secs: rule.pre_roll_secs,
            answer: link::Answer::Opens.into(),
            per_day: 0,
            cooldown_secs: 0,
            quiet: None,
            within_metres: 0,
        };
        match &rule.trigger {
            RuleTrigger::Press => Self {
                trigger: link::RuleTrigger::Press.into(),
                ..plain
            },
            RuleTrigger::Standing => Self {
                trigger: link::RuleTrigger::Standing.into(),
                ..plain
            },
            RuleTrigger::Alert(alert) => with_alert(plain, alert),
        }
    }
}

fn with_alert(plain: link::Rule, alert: &AlertRule) -> link::Rule {
    let answer = if alert.asks {
        link::Answer::Asks
    } else {
        link::Answer::Opens
    };
    link::Rule {
        trigger: link::RuleTrigger::Alert.into(),
        alert_kinds: alert.kinds.iter().map(ToString::to_string).collect(),
        answer: answer.into(),
        per_day: alert.limits.per_day,
        cooldown_secs: alert.limits.cooldown_secs,
        quiet: alert.limits.quiet.map(|quiet| link::QuietHours {
            from_minute: quiet.from.get().into(),
            to_minute: quiet.to.get().into(),
        }),
        within_metres: alert.limits.within_metres,
        ..plain
    }
}
