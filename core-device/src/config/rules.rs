//! The `[[rule]]` tables: the owner's standing instruction in words. Until owners sign policies with
//! keys of their own, this file on the device is the only source of it; the hub is none.

use std::collections::BTreeSet;
use std::path::Path;

use assent_consent::{
    AgencyId, AlertKind, AlertLimits, AlertRule, BadPolicy, CameraNumber, Cameras, MinuteOfDay,
    PolicyVersion, QuietHours, Rights, Rule, RuleId, RuleTrigger, StandingPolicy, Ttl,
};
use serde::Deserialize;

use super::{CameraConfig, ConfigError};

/// The table as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RuleTable {
    /// Stays the same for the life of the rule; by default its place in the file, from 1.
    id: Option<u32>,
    trigger: TriggerWord,
    #[serde(default)]
    alert_kinds: Vec<String>,
    cameras: Vec<u16>,
    agency: String,
    rights: Vec<RightWord>,
    longest_secs: u32,
    #[serde(default)]
    pre_roll_secs: u32,
    answer: Option<AnswerWord>,
    #[serde(default)]
    per_day: u32,
    #[serde(default)]
    cooldown_secs: u32,
    quiet: Option<String>,
    #[serde(default)]
    within_metres: u32,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum TriggerWord {
    Press,
    Alert,
    Standing,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum AnswerWord {
    Opens,
    Asks,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum RightWord {
    Live,
    PreRoll,
    Audio,
    Ptz,
    Record,
    Forward,
}

/// Makes the policy; its version comes from the file, 1 if it says none.
pub(super) fn policy(
    path: &Path,
    version: u64,
    tables: Vec<RuleTable>,
    cameras: &[CameraConfig],
) -> Result<StandingPolicy, ConfigError> {
    let rules = tables
        .into_iter()
        .enumerate()
        .map(|(index, table)| {
            table.check(index, cameras).map_err(
                |Refused {
                     field,
                     problem,
                     way_out,
                 }| {
                    ConfigError::new(path, &format!("rule[{index}].{field}"), problem, way_out)
                },
            )
        })
        .collect::<Result<Vec<_>, _>>()?;
    StandingPolicy::new(PolicyVersion(version), rules).map_err(|bad| {
        let (problem, way_out) = in_words(bad);
        ConfigError::new(path, "rule", problem, way_out)
    })
}

struct Refused {
    field: &'static str,
    problem: String,
    way_out: &'static str,
}

fn refuse<T>(
    field: &'static str,
    problem: impl Into<String>,
    way_out: &'static str,
) -> Result<T, Refused> {
    Err(Refused {
        field,
        problem: problem.into(),
        way_out,
    })
}

impl RuleTable {
    fn check(self, index: usize, known: &[CameraConfig]) -> Result<Rule, Refused> {
        let Ok(agency) = AgencyId::of_key(&self.agency) else {
            return refuse(
                "agency",
                "is empty or too long",
                "use the agency's key or id, for example \"springfield-pd\"",
            );
        };
        let Some(longest) = Ttl::from_secs(self.longest_secs) else {
            return refuse(
                "longest_secs",
                "is not between 1 and 86400",
                "every share has an end: 7200 is two hours",
            );
        };
        let position = u32::try_from(index + 1).unwrap_or(u32::MAX);
        Ok(Rule {
            id: RuleId(self.id.unwrap_or(position)),
            trigger: self.trigger()?,
            cameras: self.cameras(known)?,
            agency,
            rights: self.rights(),
            longest,
            pre_roll_secs: self.pre_roll_secs,
        })
    }

    fn cameras(&self, known: &[CameraConfig]) -> Result<Cameras, Refused> {
        if let Some(unknown) = self
            .cameras
            .iter()
            .find(|number| !known.iter().any(|camera| camera.number == **number))
        {
            return refuse(
                "cameras",
                format!("names camera {unknown}, which no [[camera]] table has"),
                "use the cameras' numbers",
            );
        }
        match Cameras::new(self.cameras.iter().copied().filter_map(CameraNumber::new)) {
            Some(cameras) => Ok(cameras),
            None => refuse(
                "cameras",
                "is empty",
                "name each camera that the rule may share; there is no \"all\"",
            ),
        }
    }

    fn rights(&self) -> Rights {
        let has = |word| self.rights.contains(&word);
        Rights {
            live: has(RightWord::Live),
            pre_roll: has(RightWord::PreRoll),
            audio: has(RightWord::Audio),
            ptz: has(RightWord::Ptz),
            record: has(RightWord::Record),
            forward: has(RightWord::Forward),
        }
    }

    fn trigger(&self) -> Result<RuleTrigger, Refused> {
        if self.trigger == TriggerWord::Alert {
            return self.alert().map(RuleTrigger::Alert);
        }
        let alert_only = [
            ("alert_kinds", !self.alert_kinds.is_empty()),
            ("answer", self.answer == Some(AnswerWord::Asks)),
            ("per_day", self.per_day != 0),
            ("cooldown_secs", self.cooldown_secs != 0),
            ("quiet", self.quiet.is_some()),
            ("within_metres", self.within_metres != 0),
        ];
        if let Some((field, _)) = alert_only.into_iter().find(|(_, given)| *given) {
            return refuse(
                field,
                "is for alert rules only",
                "remove it: nothing may hold up an owner's press",
            );
        }
        Ok(if self.trigger == TriggerWord::Press {
            RuleTrigger::Press
        } else {
            RuleTrigger::Standing
        })
    }

    fn alert(&self) -> Result<AlertRule, Refused> {
        let kinds = self
            .alert_kinds
            .iter()
            .map(AlertKind::new)
            .collect::<Result<BTreeSet<_>, _>>();
        let Ok(kinds) = kinds else {
            return refuse(
                "alert_kinds",
                "has an empty or too long name",
                "use names such as \"gunshot\"",
            );
        };
        let Some(answer) = self.answer else {
            return refuse("answer", "is missing", "say \"opens\" or \"asks\"");
        };
        let quiet = self.quiet.as_deref().map(quiet_hours).transpose()?;
        Ok(AlertRule {
            kinds,
            asks: answer == AnswerWord::Asks,
            limits: AlertLimits {
                per_day: self.per_day,
                cooldown_secs: self.cooldown_secs,
                quiet,
                within_metres: self.within_metres,
            },
        })
    }
}

/// `"22:00-06:00"`, in the device's local time.
fn quiet_hours(text: &str) -> Result<QuietHours, Refused> {
    let minute = |text: &str| {
        let (hour, minute) = text.trim().split_once(':')?;
        let (hour, minute) = (hour.parse::<u16>().ok()?, minute.parse::<u16>().ok()?);
        (hour < 24 && minute < 60).then(|| MinuteOfDay::new(hour * 60 + minute))?
    };
    let both = text
        .split_once('-')
        .and_then(|(from, to)| Some((minute(from)?, minute(to)?)));
    match both {
        Some((from, to)) => Ok(QuietHours { from, to }),
        None => refuse(
            "quiet",
            "is not a time of day",
            "write it as \"22:00-06:00\"",
        ),
    }
}

fn in_words(bad: BadPolicy) -> (String, &'static str) {
    match bad {
        BadPolicy::TooManyRules => ("is there more than 64 times".into(), "join rules"),
        BadPolicy::SameRuleTwice(id) => (
            format!("id {} is used twice", id.0),
            "give every rule an id of its own, or none at all",
        ),
        BadPolicy::AlertKinds(id) => (
            format!("{} has no alert_kinds, or more than 16", id.0),
            "name the alerts that it answers",
        ),
        BadPolicy::NothingToSee(id) => (
            format!("{} lacks the right \"live\"", id.0),
            "add \"live\" to rights, or remove the rule",
        ),
        BadPolicy::PreRollWithoutRight(id) => (
            format!("{} has pre_roll_secs without the right", id.0),
            "add \"pre_roll\" to rights, or remove pre_roll_secs",
        ),
        BadPolicy::PreRollTooLong(id) => (
            format!("{} has more than 60 pre_roll_secs", id.0),
            "use at most what the ring holds",
        ),
    }
}
