//! The owner's no, and the hub's. What was closed is a set that only grows, so order, repetition and
//! merging do not matter; an agency that was shut out comes back only by a newer policy.

use std::collections::BTreeSet;

use super::{Decision, Gate, GateRefusal, Moment, owners};
use crate::{
    AgencyHash, AgencyId, BootTime, EndCause, Grant, GrantId, KeyId, PolicyVersion, Remembered,
    RevokeId, RevokeScope, RuleId, SignedRevoke, TriggerId,
};

/// An agency cleared an incident, an operator signed out, the hub drains. It closes, and leaves nothing
/// behind that would keep a later press from opening.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HubClose {
    Grant(GrantId),
    Trigger(TriggerId),
}

/// What was closed for good, or until a newer policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closed {
    keys: BTreeSet<KeyId>,
    policies_up_to: PolicyVersion,
    agencies: BTreeSet<AgencyHash>,
    /// Revokes of agencies that were heard; again, they must not undo a newer policy.
    heard: Remembered<RevokeId>,
}

/// More keys than an owner ever enrols.
const MOST_KEYS: usize = 1024;
const MOST_HEARD: usize = 1024;

impl Closed {
    /// What was kept elsewhere, for example on a disk; `heard` oldest first.
    #[must_use]
    pub fn restore(
        keys: impl IntoIterator<Item = KeyId>,
        policies_up_to: PolicyVersion,
        agencies: impl IntoIterator<Item = AgencyHash>,
        heard: impl IntoIterator<Item = RevokeId>,
    ) -> Self {
        let mut closed = Self {
            keys: keys.into_iter().collect(),
            policies_up_to,
            agencies: agencies.into_iter().collect(),
            ..Self::default()
        };
        closed.heard.extend(heard);
        closed
    }

    pub fn join(&mut self, other: &Self) {
        self.keys.extend(&other.keys);
        self.policies_up_to = self.policies_up_to.max(other.policies_up_to);
        self.agencies.extend(&other.agencies);
        self.heard.extend(other.heard.iter());
    }

    pub fn keys(&self) -> impl Iterator<Item = KeyId> + '_ {
        self.keys.iter().copied()
    }

    #[must_use]
    pub fn policies_up_to(&self) -> PolicyVersion {
        self.policies_up_to
    }

    pub fn agencies(&self) -> impl Iterator<Item = AgencyHash> + '_ {
        self.agencies.iter().copied()
    }

    pub fn heard(&self) -> impl Iterator<Item = RevokeId> + '_ {
        self.heard.iter()
    }

    pub(super) fn holds_key(&self, key: KeyId) -> bool {
        self.keys.contains(&key)
    }

    pub(super) fn holds_policy(&self, version: PolicyVersion) -> bool {
        version <= self.policies_up_to
    }

    pub(super) fn holds_agency(&self, agency: AgencyHash) -> bool {
        self.agencies.contains(&agency)
    }

    /// The owner said anew what each may.
    pub(super) fn readmit_agencies(&mut self) {
        self.agencies.clear();
    }
}

impl Default for Closed {
    fn default() -> Self {
        Self {
            keys: BTreeSet::new(),
            policies_up_to: PolicyVersion(0),
            agencies: BTreeSet::new(),
            heard: Remembered::at_most(MOST_HEARD),
        }
    }
}

impl<V> Gate<V> {
    pub(super) fn close(&mut self, at: &Moment, revoke: &SignedRevoke) -> Decision {
        if let Some(of_a_share) = revoke.of_a_share() {
            return Decision::closed(self.sharing.revoke(&of_a_share, at.now.boot));
        }
        match revoke.scope {
            RevokeScope::Policy(version) => self.void_policies(version, at.now.boot),
            RevokeScope::Agency(agency) => self.shut_out(agency, revoke.id, at.now.boot),
            RevokeScope::Key(key) => self.cancel_key(key, at.now.boot),
            RevokeScope::Grant(_)
            | RevokeScope::Trigger(_)
            | RevokeScope::Camera(_)
            | RevokeScope::Everything => Decision::closed(Vec::new()),
        }
    }

    fn void_policies(&mut self, version: PolicyVersion, at: BootTime) -> Decision {
        let closed = &mut self.kept.closed;
        closed.policies_up_to = closed.policies_up_to.max(version);
        let under = |grant: &Grant| {
            let terms = grant.terms();
            terms.rule != RuleId::SIGNED_TERMS && terms.policy <= version
        };
        let mut effects = self.end_where(under, EndCause::Revoked, at);
        let rules = owners::in_force(&self.kept, &self.setup);
        effects.extend(self.sharing.policy_changed(rules, at));
        kept_closed(effects)
    }

    fn shut_out(&mut self, agency: AgencyHash, revoke: RevokeId, at: BootTime) -> Decision {
        if !self.kept.closed.heard.insert(revoke) {
            return Decision::closed(Vec::new());
        }
        // One that nobody names gets nothing anyway.
        if self.kept.names(agency) {
            self.kept.closed.agencies.insert(agency);
        }
        let called = AgencyId::from(agency);
        let of_it = |grant: &Grant| grant.terms().agency == called;
        kept_closed(self.end_where(of_it, EndCause::Revoked, at))
    }

    fn cancel_key(&mut self, key: KeyId, at: BootTime) -> Decision {
        let closed = &self.kept.closed;
        let set = self.kept.paired.as_ref().map(|paired| &paired.set.word);
        let another = set.is_some_and(|set| {
            let mut passkeys = set.owner_passkeys();
            passkeys.any(|passkey| passkey != key && !closed.holds_key(passkey))
        });
        if !another {
            return Decision::refused(GateRefusal::LastPasskey);
        }
        if closed.keys.len() >= MOST_KEYS && !closed.holds_key(key) {
            return Decision::refused(GateRefusal::NotAllowed);
        }
        self.kept.closed.keys.insert(key);
        self.withdraw_ceiling_of(key);
        let opened: BTreeSet<GrantId> = self
            .openers
            .iter()
            .filter(|(_, opener)| **opener == key)
            .map(|(grant, _)| *grant)
            .collect();
        let by_it = |grant: &Grant| opened.contains(&grant.id());
        kept_closed(self.end_where(by_it, EndCause::Revoked, at))
    }

    pub(super) fn hub_closes(&mut self, close: HubClose, at: BootTime) -> Decision {
        let named = |grant: &Grant| match close {
            HubClose::Grant(id) => grant.id() == id,
            HubClose::Trigger(id) => grant.trigger() == id,
        };
        Decision::closed(self.end_where(named, EndCause::ClearedByAgency, at))
    }
}

fn kept_closed(effects: Vec<crate::Effect>) -> Decision {
    Decision {
        keep: true,
        ..Decision::closed(effects)
    }
}
