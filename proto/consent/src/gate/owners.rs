//! What the owner puts in force: the set of keys, the policy, the ceiling. Each replaces one before it; an
//! older one never comes back. Pairing, which begins the line, has its proof elsewhere (a secret that was
//! on the device's screen); here it is only taken in.

use super::{
    Decision, Gate, GateKept, GateRefusal, GateSetup, Held, Moment, Outcome, Paired, Site,
};
use crate::{
    BootTime, Ceiling, EndCause, Grant, GrantId, KeyId, ObjectHash, OwnerSet, PolicyVersion, Rule,
    RuleTrigger, Sealed, SignedPolicy, StandingPolicy, Succession, Verify, Word,
};

/// Somebody walks from the phone to the device.
pub const CONFIRM_WITHIN_MS: u64 = 60_000;
/// A year and a day: an owner thinks about alerts again at least once a year.
pub const LONGEST_ALERTS_MS: i64 = 366 * 86_400_000;

/// A ceiling that somebody at the device must confirm.
#[derive(Clone, Debug)]
pub(super) struct Waiting {
    ceiling: Held<Ceiling>,
    by: KeyId,
    pub(super) until: BootTime,
}

impl<V: Verify> Gate<V> {
    /// The first set and the first ceiling, of which the pairing's secret proved where they come from.
    ///
    /// # Errors
    /// A device that is paired, words for another one, or signatures that are not an owner's in the set.
    pub fn pair(&mut self, set: &Sealed, ceiling: &Sealed) -> Result<Decision, GateRefusal> {
        let (Word::OwnerSet(owners), Word::Ceiling(limits)) = (&set.word, &ceiling.word) else {
            return Err(GateRefusal::NotAllowed);
        };
        self.is_for_us(&set.word)?;
        self.is_for_us(&ceiling.word)?;
        let first = [owners.succession(), limits.succession()];
        if self.kept.paired.is_some() || first != [Succession::FIRST; 2] {
            return Err(GateRefusal::OldVersion);
        }
        for sealed in [set, ceiling] {
            for signature in sealed.signatures.iter() {
                let member = owners.member(signature.key);
                let member = member.ok_or(GateRefusal::UnknownKey)?;
                if !member.is_owner_passkey() {
                    return Err(GateRefusal::NotAllowed);
                }
                let origins = &self.setup.origins;
                self.verify
                    .verify(&member.key, &sealed.hash, &signature.proof, origins)?;
            }
        }
        self.kept.paired = Some(Paired {
            set: held(owners, set.hash),
            ceiling: held(limits, ceiling.hash),
        });
        Ok(Decision::taken(Vec::new()))
    }
}

impl<V> Gate<V> {
    pub(super) fn take_set(&mut self, set: &OwnerSet, hash: ObjectHash) -> Decision {
        let Some(paired) = self.kept.paired.as_mut() else {
            return Decision::refused(GateRefusal::UnknownKey);
        };
        let follows = follows_at_once(
            set.succession(),
            paired.set.word.succession(),
            paired.set.hash,
        );
        if let Err(refusal) = follows {
            return Decision::refused(refusal);
        }
        let mut passkeys = set.owner_passkeys();
        if passkeys.all(|key| self.kept.closed.holds_key(key)) {
            return Decision::refused(GateRefusal::LastPasskey);
        }
        paired.set = held(set, hash);
        Decision::taken(Vec::new())
    }

    pub(super) fn take_policy(
        &mut self,
        at: &Moment,
        policy: &SignedPolicy,
        hash: ObjectHash,
    ) -> Decision {
        let before = self.kept.policy.as_ref();
        let before = before.map(|held| (held.word.succession(), held.hash));
        if let Err(refusal) = follows(policy.succession(), before) {
            return Decision::refused(refusal);
        }
        let ahead = |wall: i64| policy.alerts_until().0.saturating_sub(wall);
        if at
            .wall
            .is_some_and(|wall| ahead(wall.0) > LONGEST_ALERTS_MS)
        {
            return Decision::refused(GateRefusal::TooFarAhead);
        }
        self.kept.policy = Some(held(policy, hash));
        self.kept.closed.readmit_agencies();
        self.kept.forget_agencies();
        let rules = in_force(&self.kept, &self.setup);
        Decision::taken(self.sharing.policy_changed(rules, at.now.boot))
    }

    /// Good so far; whoever sent it must also be, or be with somebody, at the device.
    pub(super) fn hold_ceiling(
        &mut self,
        at: &Moment,
        ceiling: &Ceiling,
        hash: ObjectHash,
        by: KeyId,
    ) -> Decision {
        let before = self.kept.paired.as_ref().map(|paired| &paired.ceiling);
        let before = before.map(|held| (held.word.succession(), held.hash));
        if let Err(refusal) = follows(ceiling.succession(), before) {
            return Decision::refused(refusal);
        }
        // An older one that was held back must not take the place of what somebody walks to confirm.
        let waits = self
            .waiting
            .as_ref()
            .filter(|waiting| at.now.boot <= waiting.until);
        let newest = waits.map(|waiting| waiting.ceiling.word.succession().version());
        if newest.is_some_and(|newest| ceiling.succession().version() < newest) {
            return Decision::refused(GateRefusal::OldVersion);
        }
        self.waiting = Some(Waiting {
            ceiling: held(ceiling, hash),
            by,
            until: at.now.boot.plus_ms(CONFIRM_WITHIN_MS),
        });
        Decision::of(Outcome::WaitsForPress)
    }

    /// Somebody at the device says yes to it. What goes beyond the new ceiling ends at once.
    pub(super) fn confirm(&mut self, at: &Moment) -> Decision {
        let waiting = self.waiting.take();
        let waiting = waiting.filter(|waiting| at.now.boot <= waiting.until);
        let (Some(waiting), Some(paired)) = (waiting, self.kept.paired.as_mut()) else {
            return Decision::refused(GateRefusal::NothingWaits);
        };
        paired.ceiling = waiting.ceiling;
        let ceiling = paired.ceiling.word.clone();
        self.kept.forget_agencies();
        let above = |grant: &Grant| !ceiling.covers(grant.terms());
        let effects = self.end_where(above, EndCause::PolicyChanged, at.now.boot);
        Decision::taken(effects)
    }

    /// The ceiling that waits for somebody at the device, to be shown there.
    #[must_use]
    pub fn waiting_ceiling(&self) -> Option<&Ceiling> {
        self.waiting.as_ref().map(|waiting| &waiting.ceiling.word)
    }

    /// What a cancelled key put before somebody at the device is not theirs to confirm.
    pub(super) fn withdraw_ceiling_of(&mut self, key: KeyId) {
        self.waiting = self.waiting.take().filter(|waiting| waiting.by != key);
    }

    pub(super) fn end_where(
        &mut self,
        which: impl Fn(&Grant) -> bool,
        cause: EndCause,
        at: BootTime,
    ) -> Vec<crate::Effect> {
        let open = self.sharing.grants().filter(|grant| !grant.is_ended());
        let ids: Vec<GrantId> = open.filter(|grant| which(grant)).map(Grant::id).collect();
        let ends = ids.into_iter().map(|id| self.sharing.end(id, cause, at));
        ends.collect::<Vec<_>>().concat()
    }
}

fn held<T: Clone>(word: &T, hash: ObjectHash) -> Held<T> {
    Held {
        word: word.clone(),
        hash,
    }
}

/// A set must follow the one in force: only that one's members can say who comes next.
pub(super) fn follows_at_once(
    new: Succession,
    before: Succession,
    hash: ObjectHash,
) -> Result<(), GateRefusal> {
    if new.version() <= before.version() {
        return Err(GateRefusal::OldVersion);
    }
    let next = new.version() == before.version().saturating_add(1);
    (next && new.previous() == Some(hash))
        .then_some(())
        .ok_or(GateRefusal::WrongPrevious)
}

/// A policy or ceiling says all there is to say, so versions that were lost on the way may be missing. One
/// that is the very next must know the one in force: otherwise two owners changed it at once.
fn follows(new: Succession, before: Option<(Succession, ObjectHash)>) -> Result<(), GateRefusal> {
    let Some((before, hash)) = before else {
        return Ok(());
    };
    match new.version().checked_sub(before.version()) {
        None | Some(0) => Err(GateRefusal::OldVersion),
        Some(1) => follows_at_once(new, before, hash),
        Some(_) => Ok(()),
    }
}

/// The rules that the sharing machine runs: none of a void policy, and no indoor camera in alert rules.
pub(super) fn in_force(kept: &GateKept, setup: &GateSetup) -> StandingPolicy {
    let Some(policy) = kept.policy.as_ref().map(|held| &held.word) else {
        return StandingPolicy::default();
    };
    let rules = if kept.closed.holds_policy(policy.version()) {
        Vec::new()
    } else {
        let rules = policy.rules().rules().iter();
        rules.filter_map(|rule| outdoors(rule, setup)).collect()
    };
    // Fewer rules and cameras of a policy that was good are good.
    let version = PolicyVersion(policy.succession().version());
    StandingPolicy::new(version, rules).unwrap_or_default()
}

fn outdoors(rule: &Rule, setup: &GateSetup) -> Option<Rule> {
    match rule.trigger {
        RuleTrigger::Press | RuleTrigger::Standing => Some(rule.clone()),
        RuleTrigger::Alert(_) => {
            let outside = |camera| setup.cameras.get(&camera) == Some(&Site::Outdoor);
            let cameras = rule.cameras.only(outside)?;
            Some(Rule {
                cameras,
                ..rule.clone()
            })
        }
    }
}
