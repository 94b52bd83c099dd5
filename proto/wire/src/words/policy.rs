//! Signed policies. Their rules are those of the link, but that agencies are called by their hash.

use assent_consent::{
    Agency, AgencyId, AgencyName, AlertKind, AlertLimits, AlertRule, MinuteOfDay, PolicyVersion,
    QuietHours, Rule, RuleId, RuleTrigger, SignedPolicy, StandingPolicy, Ttl, WallTime,
};

use super::parts::{
    addressed, agency, camera_numbers, cameras, place, place_message, previous, rights,
    rights_message, succession,
};
use crate::{WireError, signed};

impl TryFrom<&signed::Policy> for SignedPolicy {
    type Error = WireError;

    fn try_from(m: &signed::Policy) -> Result<Self, WireError> {
        if m.rules.len() > assent_consent::MAX_RULES || m.agencies.len() > Self::MOST_AGENCIES {
            return Err(WireError::Bad("rules"));
        }
        let succession = succession(m.version, &m.previous)?;
        let rules = m.rules.iter().map(rule).collect::<Result<_, _>>()?;
        let rules = StandingPolicy::new(PolicyVersion(m.version), rules)
            .map_err(|_| WireError::Bad("rules"))?;
        let agencies = m.agencies.iter().map(Agency::try_from);
        Self::new(
            addressed(&m.device, m.epoch)?,
            succession,
            place(m.place.as_ref())?,
            agencies.collect::<Result<_, _>>()?,
            rules,
            WallTime(m.alerts_until_ms),
        )
        .map_err(|_| WireError::Bad("rules"))
    }
}

impl From<&SignedPolicy> for signed::Policy {
    fn from(policy: &SignedPolicy) -> Self {
        let rules = policy.rules().rules().iter();
        Self {
            device: policy.addressed().device.0.to_vec(),
            epoch: policy.addressed().epoch.get(),
            version: policy.succession().version(),
            previous: previous(policy.succession()),
            place: policy.place().map(place_message),
            agencies: policy.agencies().iter().map(Into::into).collect(),
            rules: rules.map(|rule| rule_message(policy, rule)).collect(),
            alerts_until_ms: policy.alerts_until().0,
        }
    }
}

impl TryFrom<&signed::Agency> for Agency {
    type Error = WireError;

    fn try_from(m: &signed::Agency) -> Result<Self, WireError> {
        Ok(Self {
            id: agency(&m.id)?,
            name: AgencyName::new(&m.name).map_err(|_| WireError::Bad("name"))?,
        })
    }
}

impl From<&Agency> for signed::Agency {
    fn from(agency: &Agency) -> Self {
        Self {
            id: agency.id.0.to_vec(),
            name: agency.name.to_string(),
        }
    }
}

fn rule(m: &signed::Rule) -> Result<Rule, WireError> {
    Ok(Rule {
        id: RuleId(m.id),
        trigger: rule_trigger(m)?,
        cameras: cameras(&m.cameras)?,
        agency: AgencyId::from(agency(&m.agency)?),
        rights: rights(m.rights.as_ref())?,
        longest: Ttl::from_secs(m.longest_secs).ok_or(WireError::Bad("longest_secs"))?,
        pre_roll_secs: m.pre_roll_secs,
    })
}

fn rule_trigger(m: &signed::Rule) -> Result<RuleTrigger, WireError> {
    use signed::rule::{Answer, RuleTrigger as T};
    let plain = m.alert_kinds.is_empty()
        && m.quiet.is_none()
        && (m.per_day, m.cooldown_secs, m.within_metres) == (0, 0, 0)
        && m.answer() == Answer::Opens;
    match m.trigger() {
        T::Press if plain => Ok(RuleTrigger::Press),
        T::Standing if plain => Ok(RuleTrigger::Standing),
        T::Alert => alert_rule(m).map(RuleTrigger::Alert),
        T::Press | T::Standing | T::Unspecified => Err(WireError::Bad("trigger")),
    }
}

fn alert_rule(m: &signed::Rule) -> Result<AlertRule, WireError> {
    use signed::rule::Answer;
    let limits = AlertLimits {
        per_day: m.per_day,
        cooldown_secs: m.cooldown_secs,
        quiet: m.quiet.as_ref().map(quiet).transpose()?,
        within_metres: m.within_metres,
    };
    Ok(AlertRule {
        kinds: alert_kinds(&m.alert_kinds)?.into_iter().collect(),
        asks: match m.answer() {
            Answer::Unspecified => return Err(WireError::Bad("answer")),
            Answer::Opens => false,
            Answer::Asks => true,
        },
        limits,
    })
}

pub(super) fn alert_kinds(kinds: &[String]) -> Result<Vec<AlertKind>, WireError> {
    if kinds.len() > assent_consent::MAX_ALERT_KINDS {
        return Err(WireError::Bad("kinds"));
    }
    let kinds = kinds.iter().map(AlertKind::new);
    kinds
        .collect::<Result<_, _>>()
        .map_err(|_| WireError::Bad("kinds"))
}

fn quiet(m: &signed::QuietHours) -> Result<QuietHours, WireError> {
    let minute = |minute: u32| {
        let minute = u16::try_from(minute).ok().and_then(MinuteOfDay::new);
        minute.ok_or(WireError::Bad("quiet"))
    };
    Ok(QuietHours {
        from: minute(m.from_minute)?,
        to: minute(m.to_minute)?,
    })
}

fn rule_message(policy: &SignedPolicy, rule: &Rule) -> signed::Rule {
    use signed::rule::{Answer, RuleTrigger as T};
    // A policy names the agency of each of its rules.
    let agency = policy.agency(&rule.agency);
    let plain = signed::Rule {
        id: rule.id.0,
        trigger: T::Press.into(),
        alert_kinds: Vec::new(),
        cameras: camera_numbers(&rule.cameras),
        agency: agency
            .map(|agency| agency.id.0.to_vec())
            .unwrap_or_default(),
        rights: Some(rights_message(rule.rights)),
        longest_secs: rule.longest.secs(),
        pre_roll_secs: rule.pre_roll_secs,
        answer: Answer::Opens.into(),
        per_day: 0,
        cooldown_secs: 0,
        quiet: None,
        within_metres: 0,
    };
    match &rule.trigger {
        RuleTrigger::Press => plain,
        RuleTrigger::Standing => signed::Rule {
            trigger: T::Standing.into(),
            ..plain
        },
        RuleTrigger::Alert(on) => with_alert(plain, on),
    }
}

fn with_alert(plain: signed::Rule, on: &AlertRule) -> signed::Rule {
    use signed::rule::{Answer, RuleTrigger as T};
    let answer = if on.asks { Answer::Asks } else { Answer::Opens };
    signed::Rule {
        trigger: T::Alert.into(),
        alert_kinds: on.kinds.iter().map(ToString::to_string).collect(),
        answer: answer.into(),
        per_day: on.limits.per_day,
        cooldown_secs: on.limits.cooldown_secs,
        quiet: on.limits.quiet.map(|quiet| signed::QuietHours {
            from_minute: quiet.from.get().into(),
            to_minute: quiet.to.get().into(),
        }),
        within_metres: on.limits.within_metres,
        ..plain
    }
}
