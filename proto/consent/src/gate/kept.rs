//! What a gate must still know after a loss of power, as one plain value. Grants are not in it: a reboot
//! ends them. What was revoked, used and paused share by share is in the journal.

use std::collections::BTreeMap;

use super::{Closed, SpentSecs};
use crate::{
    AgencyHash, AgencySet, Ceiling, Epoch, KeyId, ObjectHash, OperatorCertificate, OwnerSet,
    SignedPolicy,
};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GateKept {
    pub epoch: Epoch,
    pub paired: Option<Paired>,
    pub policy: Option<Held<SignedPolicy>>,
    /// The newest set of each agency that the policy or the ceiling names.
    pub agencies: BTreeMap<AgencyHash, Held<AgencySet>>,
    pub operators: Vec<Certified>,
    pub closed: Closed,
    pub spent: SpentSecs,
}

/// A word in force, with its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held<T> {
    pub word: T,
    pub hash: ObjectHash,
}

/// There is no owner without a ceiling.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paired {
    pub set: Held<OwnerSet>,
    pub ceiling: Held<Ceiling>,
}

/// An operator's certificate, good as long as whoever signed it is a supervisor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certified {
    pub certificate: OperatorCertificate,
    pub by: KeyId,
}

impl GateKept {
    /// Of a device that belongs to nobody yet.
    #[must_use]
    pub fn new(epoch: Epoch) -> Self {
        Self {
            epoch,
            paired: None,
            policy: None,
            agencies: BTreeMap::new(),
            operators: Vec::new(),
            closed: Closed::default(),
            spent: SpentSecs::default(),
        }
    }

    /// After a factory reset: nothing that was said before counts any more.
    #[must_use]
    pub fn reset(&self) -> Self {
        Self::new(self.epoch.next())
    }

    /// Whether anybody gave this agency anything.
    pub(super) fn names(&self, agency: AgencyHash) -> bool {
        let in_policy = self.policy.as_ref().is_some_and(|policy| {
            let mut agencies = policy.word.agencies().iter();
            agencies.any(|named| named.id == agency)
        });
        let ceiling = self.paired.as_ref().map(|paired| &paired.ceiling.word);
        in_policy || ceiling.is_some_and(|ceiling| ceiling.agencies().contains(&agency))
    }

    /// Lets go of agencies that nobody names any more.
    pub(super) fn forget_agencies(&mut self) {
        let known = self.agencies.keys().copied();
        let unnamed: Vec<_> = known.filter(|agency| !self.names(*agency)).collect();
        for agency in unnamed {
            self.agencies.remove(&agency);
            self.operators
                .retain(|operator| operator.certificate.agency != agency);
        }
    }
}
