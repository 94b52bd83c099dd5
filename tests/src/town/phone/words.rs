//! The words that a phone writes: owner sets, ceilings, policies, presses, stops. Who signs them, and how they
//! travel, is `phone`'s.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result, anyhow, bail};
use assent_consent::{
    Addressed, Agency, AgencyHash, AgencyName, AlertFacts, AlertKind, AlertLimits, AlertRule,
    CameraNumber, Cameras, Ceiling, Level, Member, Nonce, Note, OwnerSet, PersonId, PolicyVersion,
    Press, PressedAt, RevokeId, RevokeReason, RevokeScope, Rights, Rule, RuleId, RuleTrigger,
    SignedPolicy, SignedRevoke, SignedTrigger, SignedTriggerKind, StandingPolicy, Succession,
    TriggerId, Ttl, WallTime, Word,
};
use assent_wire::hash_of;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::town::plan::RulePlan;

const ALERTS_FOR_MS: i64 = 30 * 86_400_000;
const SECS_A_DAY: u32 = 14_400;

/// # Errors
/// For members that make no set.
pub fn owner_set(to: Addressed, after: Option<&Word>, mut members: Vec<Member>) -> Result<Word> {
    members.sort_by(|a, b| a.key.cmp(&b.key));
    let set = OwnerSet::new(to, next(after)?, members, 1);
    Ok(Word::OwnerSet(set.map_err(|bad| anyhow!("{bad:?}"))?))
}

/// Pictures only, of these cameras, to this agency.
///
/// # Errors
/// For no camera, or no time.
pub fn ceiling(
    to: Addressed,
    after: Option<&Word>,
    numbers: &[u16],
    agency: AgencyHash,
    longest_secs: u32,
) -> Result<Word> {
    let longest = Ttl::from_secs(longest_secs).context("a ceiling has a time")?;
    let (limits, agencies) = ((longest, SECS_A_DAY), BTreeSet::from([agency]));
    let ceiling = Ceiling::new(
        to,
        next(after)?,
        limits,
        cameras(numbers)?,
        agencies,
        Rights {
            audio: true,
            pre_roll: true,
            ..Rights::LIVE
        },
    );
    Ok(Word::Ceiling(ceiling.map_err(|bad| anyhow!("{bad:?}"))?))
}

/// The same rules that a device's file would have, for an agency by its hash.
///
/// # Errors
/// For rules that contradict themselves.
pub fn policy(
    to: Addressed,
    after: Option<&Word>,
    agency: AgencyHash,
    plans: &[RulePlan],
) -> Result<Word> {
    let succession = next(after)?;
    let rules = (1..).zip(plans).map(|(id, plan)| rule(id, plan, agency));
    let version = PolicyVersion(succession.version());
    let rules = StandingPolicy::new(version, rules.collect::<Result<_>>()?);
    let rules = rules.map_err(|bad| anyhow!("{bad:?}"))?;
    let name = AgencyName::new("Springfield PD").map_err(|_| anyhow!("a name"))?;
    let agencies = vec![Agency { id: agency, name }];
    let until = WallTime(now().0 + ALERTS_FOR_MS);
    let policy = SignedPolicy::new(to, succession, None, agencies, rules, until);
    Ok(Word::Policy(policy.map_err(|bad| anyhow!("{bad:?}"))?))
}

fn rule(id: u32, plan: &RulePlan, agency: AgencyHash) -> Result<Rule> {
    let kind = |kind: &String| AlertKind::new(kind).map_err(|_| anyhow!("{kind} is no kind"));
    let trigger = match plan.trigger {
        "press" => RuleTrigger::Press,
        "standing" => RuleTrigger::Standing,
        "alert" => RuleTrigger::Alert(AlertRule {
            kinds: plan.alert_kinds.iter().map(kind).collect::<Result<_>>()?,
            asks: plan.answer == Some("asks"),
            limits: AlertLimits::default(),
        }),
        other => bail!("no rule is triggered by {other}"),
    };
    let may = |right: &str| plan.rights.contains(&right);
    Ok(Rule {
        id: RuleId(id),
        trigger,
        cameras: cameras(&plan.cameras)?,
        agency: agency.into(),
        rights: Rights {
            audio: may("audio"),
            pre_roll: may("pre_roll"),
            ..Rights::LIVE
        },
        longest: Ttl::from_secs(plan.longest_secs).context("a rule has a time")?,
        pre_roll_secs: plan.pre_roll_secs.unwrap_or(0),
    })
}

/// A panic press for every camera that the press rules name.
///
/// # Errors
/// Never.
pub fn press(to: Addressed, id: Uuid, nonce: Nonce, by: PersonId) -> Result<Word> {
    let press = Press {
        level: Level::Panic,
        silent: false,
        drill: false,
        at: PressedAt::Phone,
        by,
        cameras: BTreeSet::new(),
        note: Note::new("").map_err(|_| anyhow!("an empty note"))?,
    };
    Ok(trigger(to, id, nonce, SignedTriggerKind::Press(press)))
}

/// Yes to an alert, as it was shown.
#[must_use]
pub fn approval(to: Addressed, of: Uuid, nonce: Nonce, alert: AlertFacts, by: PersonId) -> Word {
    let of = TriggerId(of.into_bytes());
    let yes = SignedTriggerKind::Approval { of, alert, by };
    trigger(to, Uuid::new_v4(), nonce, yes)
}

fn trigger(to: Addressed, id: Uuid, nonce: Nonce, kind: SignedTriggerKind) -> Word {
    Word::Trigger(SignedTrigger {
        to,
        id: TriggerId(id.into_bytes()),
        nonce,
        made_at: now(),
        kind,
    })
}

#[must_use]
pub fn revoke(to: Addressed, id: Uuid, scope: RevokeScope) -> Word {
    Word::Revoke(SignedRevoke {
        to,
        id: RevokeId(id.into_bytes()),
        scope,
        reason: RevokeReason::Owner,
    })
}

/// # Errors
/// For none, or for number 0.
pub fn cameras(numbers: &[u16]) -> Result<Cameras> {
    let numbers = numbers
        .iter()
        .filter_map(|number| CameraNumber::new(*number));
    Cameras::new(numbers).context("at least one camera")
}

/// The place behind `word`, or the first.
fn next(word: Option<&Word>) -> Result<Succession> {
    let version = match word {
        None => return Ok(Succession::FIRST),
        Some(Word::OwnerSet(set)) => set.succession().version(),
        Some(Word::Policy(policy)) => policy.succession().version(),
        Some(Word::Ceiling(ceiling)) => ceiling.succession().version(),
        Some(other) => bail!("nothing follows {}", other.type_name()),
    };
    let previous = word.map(hash_of).transpose()?;
    Succession::new(version + 1, previous).context("a later one names the one before")
}

fn now() -> WallTime {
    let ms = OffsetDateTime::now_utc().unix_timestamp_nanos() / 1_000_000;
    WallTime(i64::try_from(ms).unwrap_or(i64::MAX))
}
