//! Agencies that an owner named: the newest set of each, and the operators that its supervisors certified.

use super::owners::follows_at_once;
use super::{Certified, Decision, Gate, GateRefusal, Held, Moment};
use crate::{AgencyHash, AgencySet, KeyId, ObjectHash, OperatorCertificate};

/// The operators of one shift of each agency that a device can know.
const MOST_OPERATORS: usize = 256;

impl<V> Gate<V> {
    pub(super) fn take_agency_set(&mut self, set: &AgencySet, hash: ObjectHash) -> Decision {
        let agency = set.agency(hash);
        if let Some(known) = self.kept.agencies.get(&agency) {
            let follows = follows_at_once(set.succession(), known.word.succession(), known.hash);
            if let Err(refusal) = follows {
                return Decision::refused(refusal);
            }
        }
        let word = set.clone();
        self.kept.agencies.insert(agency, Held { word, hash });
        self.kept.operators.retain(|operator| {
            operator.certificate.agency != agency || set.member(operator.by).is_some()
        });
        Decision::taken(Vec::new())
    }

    pub(super) fn take_operator(
        &mut self,
        at: &Moment,
        certificate: &OperatorCertificate,
        by: KeyId,
    ) -> Decision {
        if at.wall.is_none_or(|wall| certificate.until < wall) {
            return Decision::refused(GateRefusal::Expired);
        }
        let new = Certified {
            certificate: certificate.clone(),
            by,
        };
        let operators = &mut self.kept.operators;
        operators.retain(|old| !same_operator(&old.certificate, certificate));
        // The oldest goes; a supervisor can certify it again.
        if operators.len() >= MOST_OPERATORS {
            operators.remove(0);
        }
        operators.push(new);
        Decision::taken(Vec::new())
    }

    /// The certificate under which this key speaks for the agency.
    pub(super) fn operator(&self, agency: AgencyHash, key: KeyId) -> Option<&OperatorCertificate> {
        let mut certificates = self
            .kept
            .operators
            .iter()
            .map(|operator| &operator.certificate);
        certificates.find(|certificate| certificate.agency == agency && certificate.key.id() == key)
    }
}

fn same_operator(one: &OperatorCertificate, other: &OperatorCertificate) -> bool {
    one.agency == other.agency && one.key == other.key
}
