//! The sharing machine: every grant of one device, and therefore which camera may leave. Device and hub
//! run the same one; on the device it decides, on the hub it follows. What it wants done comes back as
//! effects; recording, sending and stopping are the caller's work, and so is what a policy means
//! (`answer`).
//!
//! ```text
//!  trigger -> answer -> ask ........ Asked --open (device: recorded) ----> Live ---> permitted cameras
//!                                      |    adopt (hub: device says so)     |
//!                                      | refuse                             | revoke, stop_locally, expire,
//!                                      | revoke, expire                     | end, policy_changed, rebooted
//!                                      v                                    v
//!                                    Ended <------------------------------Ended
//!
//!  one camera:   shut --StartCamera--> open --ChangeCamera--> open --StopCamera--> shut
//!                (first live grant)    (a right comes or goes)     (last live grant ended)
//! ```

mod change;
mod permission;
mod renewal;
mod revoking;
#[cfg(test)]
mod tests;
mod uses;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use change::Change;
pub use change::Effect;
pub use permission::Permission;
pub use renewal::Pause;
pub use uses::Now;

use crate::{
    Answer, Asked, BootTime, CameraNumber, Cause, DeviceId, EndCause, Ending, Grant, GrantId, Live,
    Refusal, Remembered, RuleId, StandingPolicy, Terms, Tombstones, Trigger, TriggerId,
    TriggerKind, Vec1,
};

/// An ask that nobody answers ends by itself; as long as a trigger may be under way.
pub const ASK_LIFE_MS: u64 = crate::STALE_AFTER_MS;
/// Asked and live grants together; far more than a frightened owner presses in two hours.
pub const MAX_OPEN_GRANTS: usize = 256;
/// Of these, only presses may use the last: alerts, however many, must not leave a press without room.
const KEPT_FOR_PRESSES: usize = crate::MAX_RULES;
/// Ended grants that can still be shown and reported again.
const MOST_ENDED: usize = 512;
/// Triggers that had their answer; they go stale after two minutes, so a thousand is plenty.
const MOST_USED: usize = 1024;

#[derive(Clone, Debug)]
pub struct Sharing {
    device: DeviceId,
    policy: StandingPolicy,
    grants: BTreeMap<GrantId, Grant>,
    ended: VecDeque<GrantId>,
    used: Remembered<TriggerId>,
    tombstones: Tombstones,
    pauses: BTreeSet<Pause>,
    uses: uses::Uses,
    renewals_tried: BTreeMap<RuleId, BootTime>,
    permitted: BTreeMap<CameraNumber, Permission>,
}

/// What a machine that starts again must be told of its past.
#[derive(Clone, Debug, Default)]
pub struct Kept {
    pub tombstones: Tombstones,
    /// Triggers that had their answer.
    pub used: Vec<TriggerId>,
    /// Only while the policy is the same one that was paused.
    pub pauses: BTreeSet<Pause>,
    /// Openings of alert rules: rule, local day, boot time (zero where that was before the last boot).
    pub openings: Vec<(RuleId, u32, BootTime)>,
}

/// A device says that a grant is live.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Adopted {
    pub grant: GrantId,
    pub trigger: TriggerId,
    pub cause: Cause,
    pub terms: Terms,
    pub remaining_ms: u64,
}

impl Sharing {
    #[must_use]
    pub fn new(device: DeviceId, policy: StandingPolicy) -> Self {
        Self::restore(device, policy, Kept::default())
    }

    #[must_use]
    pub fn restore(device: DeviceId, policy: StandingPolicy, kept: Kept) -> Self {
        let mut used = Remembered::at_most(MOST_USED);
        used.extend(kept.used);
        Self {
            device,
            policy,
            grants: BTreeMap::new(),
            ended: VecDeque::new(),
            used,
            tombstones: kept.tombstones,
            pauses: kept.pauses,
            uses: uses::Uses::restore(kept.openings),
            renewals_tried: BTreeMap::new(),
            permitted: BTreeMap::new(),
        }
    }

    /// What the policy says to this trigger now. Changes nothing.
    #[must_use]
    pub fn answer(&self, trigger: &Trigger, age_ms: u64, now: &Now) -> Answer {
        if self.had_its_answer(trigger) {
            return Answer::Nothing(Refusal::Replayed);
        }
        match self
            .policy
            .answer(trigger, &self.uses.circumstances(age_ms, now))
        {
            Answer::Opens(terms) => self
                .left_of(trigger, terms)
                .map_or_else(Answer::Nothing, Answer::Opens),
            Answer::Asks(terms) => self
                .left_of(trigger, terms)
                .map_or_else(Answer::Nothing, Answer::Asks),
            Answer::Nothing(refusal) => Answer::Nothing(refusal),
        }
    }

    /// What the owner is to be asked, beside what `answer` opens. Before `ask`, which answers the trigger.
    #[must_use]
    pub fn asks(&self, trigger: &Trigger, age_ms: u64, now: &Now) -> Option<Vec1<Terms>> {
        if self.had_its_answer(trigger) {
            return None;
        }
        let circumstances = self.uses.circumstances(age_ms, now);
        self.policy.asks(trigger, &circumstances)
    }

    /// Notes the grants that these terms ask for. Nothing may leave yet.
    pub fn ask(&mut self, trigger: &Trigger, terms: &Vec1<Terms>, at: BootTime) -> Vec<GrantId> {
        self.used.insert(trigger.id);
        let of = trigger.names().nth(1);
        let mut ids = Vec::with_capacity(terms.len());
        for terms in terms {
            let id = GrantId::derive(&self.device, trigger.id, terms.rule);
            self.grants.entry(id).or_insert_with(|| {
                Grant::Asked(Asked {
                    id,
                    trigger: trigger.id,
                    of,
                    cause: trigger.cause(),
                    terms: terms.clone(),
                    asked_at: at,
                    withdrawn: BTreeSet::new(),
                })
            });
            ids.push(id);
        }
        ids
    }

    /// Notes the grant that terms of the owner's own, signed for one occasion, ask for.
    ///
    /// # Errors
    /// As `answer`: closed before they came, had already, or one grant too many.
    pub fn ask_for_terms(
        &mut self,
        id: TriggerId,
        terms: Terms,
        at: BootTime,
    ) -> Result<GrantId, Refusal> {
        let grant = GrantId::derive(&self.device, id, terms.rule);
        let closed = self.tombstones.holds_trigger(id) || self.tombstones.holds_grant(grant);
        if closed || self.used.contains(&id) {
            return Err(Refusal::Replayed);
        }
        if self.open_count() >= MAX_OPEN_GRANTS - KEPT_FOR_PRESSES {
            return Err(Refusal::TooMany);
        }
        self.used.insert(id);
        let asked = Asked {
            id: grant,
            trigger: id,
            of: None,
            cause: Cause::Terms,
            terms,
            asked_at: at,
            withdrawn: BTreeSet::new(),
        };
        self.grants.insert(grant, Grant::Asked(asked));
        Ok(grant)
    }

    /// Begins the life of what was asked for. Does nothing where it ended in the meantime.
    pub fn open(&mut self, id: GrantId, now: &Now) -> Vec<Effect> {
        self.change(|sharing, change| {
            let Some(Grant::Asked(asked)) = sharing.grants.get(&id) else {
                return;
            };
            if asked.cause == Cause::Alert {
                sharing.uses.note(asked.terms.rule, now);
            }
            let live = asked.clone().open(now.boot);
            sharing.grants.insert(id, Grant::Live(live));
            change.opened(id);
        })
    }

    /// Takes over a grant that is live on the device.
    ///
    /// # Errors
    /// `Replayed` when it was closed here already: the device must then be told to end it. `Malformed` when
    /// it is not this device's: its name does not follow from this device, its trigger and its rule.
    pub fn adopt(&mut self, there: Adopted, now: BootTime) -> Result<Vec<Effect>, Refusal> {
        if GrantId::derive(&self.device, there.trigger, there.terms.rule) != there.grant {
            return Err(Refusal::Malformed);
        }
        let revoked = self.tombstones.holds_grant(there.grant)
            || self.tombstones.holds_trigger(there.trigger);
        let known = self.grants.get(&there.grant);
        if revoked || known.is_some_and(Grant::is_ended) {
            return Err(Refusal::Replayed);
        }
        if known.is_some_and(|grant| grant.live().is_some()) {
            return Ok(Vec::new());
        }
        if known.is_none() && self.open_count() >= MAX_OPEN_GRANTS {
            return Err(Refusal::TooMany);
        }
        Ok(self.change(|sharing, change| {
            let (of, withdrawn) = match sharing.grants.get(&there.grant) {
                Some(Grant::Asked(asked)) => (asked.of, asked.withdrawn.clone()),
                Some(Grant::Live(_) | Grant::Ended(_)) | None => (None, BTreeSet::new()),
            };
            sharing.used.insert(there.trigger);
            let live = Live {
                id: there.grant,
                trigger: there.trigger,
                of,
                cause: there.cause,
                ends_at: now.plus_ms(there.remaining_ms.min(there.terms.ttl.ms())),
                terms: there.terms,
                opened_at: now,
                withdrawn,
            };
            sharing.grants.insert(there.grant, Grant::Live(live));
            change.opened(there.grant);
        }))
    }

    /// The asked grants of this trigger will not open.
    pub fn refuse(&mut self, trigger: TriggerId, refusal: Refusal, at: BootTime) -> Vec<Effect> {
        self.change(|sharing, change| {
            for id in
                sharing.ids(|grant| grant.trigger() == trigger && matches!(grant, Grant::Asked(_)))
            {
                sharing.finish(id, Ending::Refused(refusal), at, change);
            }
        })
    }

    /// Ends one grant, because the other side says that it did.
    pub fn end(&mut self, id: GrantId, cause: EndCause, at: BootTime) -> Vec<Effect> {
        self.change(|sharing, change| sharing.finish(id, Ending::Closed(cause), at, change))
    }

    /// Ends what has reached its end.
    pub fn expire(&mut self, now: BootTime) -> Vec<Effect> {
        self.change(|sharing, change| {
            for id in sharing.ids(|grant| grant_ends_at(grant).is_some_and(|end| end <= now)) {
                sharing.finish(id, Ending::Closed(EndCause::Expired), now, change);
            }
        })
    }

    /// When `expire` must next be called.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<BootTime> {
        self.grants.values().filter_map(grant_ends_at).min()
    }

    /// The owner changed the policy: what it would not give any more ends at once, and pauses are over.
    pub fn policy_changed(&mut self, policy: StandingPolicy, at: BootTime) -> Vec<Effect> {
        if policy == self.policy {
            return Vec::new();
        }
        self.change(|sharing, change| {
            sharing.policy = policy;
            sharing.pauses.clear();
            for id in sharing
                .ids(|grant| !grant.is_ended() && !sharing.policy.still_allows(grant.terms()))
            {
                sharing.finish(id, Ending::Closed(EndCause::PolicyChanged), at, change);
            }
        })
    }

    /// The device started again (seen from the hub): what was live there and is not among `still` is over.
    pub fn rebooted(&mut self, still: &BTreeSet<GrantId>, at: BootTime) -> Vec<Effect> {
        self.change(|sharing, change| {
            for id in sharing.ids(|grant| grant.live().is_some() && !still.contains(&grant.id())) {
                sharing.finish(id, Ending::Closed(EndCause::Reboot), at, change);
            }
        })
    }

    #[must_use]
    pub fn device(&self) -> DeviceId {
        self.device
    }

    #[must_use]
    pub fn policy(&self) -> &StandingPolicy {
        &self.policy
    }

    #[must_use]
    pub fn tombstones(&self) -> &Tombstones {
        &self.tombstones
    }

    #[must_use]
    pub fn pauses(&self) -> &BTreeSet<Pause> {
        &self.pauses
    }

    #[must_use]
    pub fn grant(&self, id: GrantId) -> Option<&Grant> {
        self.grants.get(&id)
    }

    /// Every grant that is remembered, ended ones too.
    pub fn grants(&self) -> impl Iterator<Item = &Grant> {
        self.grants.values()
    }

    pub fn grants_of(&self, trigger: TriggerId) -> impl Iterator<Item = &Grant> {
        self.grants
            .values()
            .filter(move |grant| grant.trigger() == trigger)
    }

    pub fn live(&self) -> impl Iterator<Item = &Live> {
        self.grants.values().filter_map(Grant::live)
    }

    /// What may leave now, camera by camera; a camera that is not here is shut.
    #[must_use]
    pub fn permitted(&self) -> &BTreeMap<CameraNumber, Permission> {
        &self.permitted
    }

    fn had_its_answer(&self, trigger: &Trigger) -> bool {
        trigger.names().any(|id| self.tombstones.holds_trigger(id))
            || self.used.contains(&trigger.id)
    }

    /// These terms without what was closed before the trigger arrived or is paused.
    fn left_of(&self, trigger: &Trigger, terms: Vec1<Terms>) -> Result<Vec1<Terms>, Refusal> {
        let mut refusal = Refusal::Replayed;
        let mut left = Vec::with_capacity(terms.len());
        for mut terms in terms {
            if self
                .tombstones
                .holds_grant(GrantId::derive(&self.device, trigger.id, terms.rule))
            {
                continue;
            }
            if let TriggerKind::Standing(rule) = trigger.kind {
                let Some(cameras) = self.unpaused(rule, &terms.cameras) else {
                    refusal = Refusal::Paused;
                    continue;
                };
                terms.cameras = cameras;
            }
            left.push(terms);
        }
        let most = match trigger.kind {
            TriggerKind::Press(_) => MAX_OPEN_GRANTS,
            TriggerKind::Alert(_) | TriggerKind::Approval(_) | TriggerKind::Standing(_) => {
                MAX_OPEN_GRANTS - KEPT_FOR_PRESSES
            }
        };
        if self.open_count() + left.len() > most {
            return Err(Refusal::TooMany);
        }
        Vec1::new(left).ok_or(refusal)
    }

    fn open_count(&self) -> usize {
        self.grants.len() - self.ended.len()
    }

    fn ids(&self, which: impl Fn(&Grant) -> bool) -> Vec<GrantId> {
        self.grants
            .values()
            .filter(|grant| which(grant))
            .map(Grant::id)
            .collect()
    }

    fn finish(&mut self, id: GrantId, ending: Ending, at: BootTime, change: &mut Change) {
        let ended = match (self.grants.get(&id).cloned(), ending) {
            (Some(Grant::Asked(asked)), ending) => asked.end(at, ending),
            (Some(Grant::Live(live)), Ending::Closed(cause)) => live.end(at, cause),
            (Some(Grant::Live(_)), Ending::Refused(_)) | (Some(Grant::Ended(_)) | None, _) => {
                return;
            }
        };
        change.ended(ended.clone());
        self.grants.insert(id, Grant::Ended(ended));
        self.ended.push_back(id);
        if self.ended.len() > MOST_ENDED
            && let Some(oldest) = self.ended.pop_front()
        {
            self.grants.remove(&oldest);
        }
    }
}

fn grant_ends_at(grant: &Grant) -> Option<BootTime> {
    match grant {
        Grant::Asked(asked) => Some(asked.asked_at.plus_ms(ASK_LIFE_MS)),
        Grant::Live(live) => Some(live.ends_at),
        Grant::Ended(_) => None,
    }
}
