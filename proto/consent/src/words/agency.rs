//! Who speaks for an agency. An agency is called by the hash of its first set: an owner who names it in a
//! policy has named the people who began it, and every later set hangs on that one by signatures.

use std::collections::BTreeSet;

use crate::{
    AgencyHash, AlertKind, Badge, KeyId, MAX_ALERT_KINDS, ObjectHash, Origin, PublicKey,
    Succession, WallTime,
};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgencySet {
    agency: Option<AgencyHash>,
    succession: Succession,
    members: Vec<AgencyMember>,
    quorum: u32,
    origin: Origin,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgencyMember {
    pub key: PublicKey,
    pub role: AgencyRole,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AgencyRole {
    /// A passkey.
    Supervisor,
    /// A raw key, on a machine of its own, for these kinds of alert only.
    Alerts(AlertKinds),
}

/// At least one, at most [`MAX_ALERT_KINDS`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlertKinds(BTreeSet<AlertKind>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadAgencySet {
    /// A first set with a name, or a later one without.
    Name,
    HowMany,
    /// Not strictly increasing by key.
    OutOfOrder,
    /// Zero, above [`AgencySet::MOST_QUORUM`], or more than there are supervisors.
    Quorum,
}

/// This operator's passkey may sign alerts for a while.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperatorCertificate {
    pub agency: AgencyHash,
    pub key: PublicKey,
    pub until: WallTime,
    pub badge: Badge,
}

impl AgencySet {
    pub const MOST_MEMBERS: usize = 32;
    pub const MOST_QUORUM: u32 = 3;

    pub fn new(
        agency: Option<AgencyHash>,
        succession: Succession,
        members: Vec<AgencyMember>,
        quorum: u32,
        origin: Origin,
    ) -> Result<Self, BadAgencySet> {
        if agency.is_none() != succession.previous().is_none() {
            return Err(BadAgencySet::Name);
        }
        if !(1..=Self::MOST_MEMBERS).contains(&members.len()) {
            return Err(BadAgencySet::HowMany);
        }
        if !members.is_sorted_by(|a, b| a.key < b.key) {
            return Err(BadAgencySet::OutOfOrder);
        }
        let supervisors = members.iter().filter(|m| m.role == AgencyRole::Supervisor);
        let supervisors = supervisors.count();
        let met = usize::try_from(quorum).is_ok_and(|quorum| (1..=supervisors).contains(&quorum));
        if !met || quorum > Self::MOST_QUORUM {
            return Err(BadAgencySet::Quorum);
        }
        Ok(Self {
            agency,
            succession,
            members,
            quorum,
            origin,
        })
    }

    /// What the agency is called, given the hash of this set.
    #[must_use]
    pub fn agency(&self, own: ObjectHash) -> AgencyHash {
        self.agency.unwrap_or(AgencyHash(own.0))
    }

    /// As it is written: a first set has no name yet.
    #[must_use]
    pub fn written_agency(&self) -> Option<AgencyHash> {
        self.agency
    }

    #[must_use]
    pub fn succession(&self) -> Succession {
        self.succession
    }

    #[must_use]
    pub fn members(&self) -> &[AgencyMember] {
        &self.members
    }

    #[must_use]
    pub fn quorum(&self) -> u32 {
        self.quorum
    }

    /// Where its supervisors and operators sign.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    #[must_use]
    pub fn member(&self, key: KeyId) -> Option<&AgencyMember> {
        self.members.iter().find(|member| member.key.id() == key)
    }
}

impl AlertKinds {
    #[must_use]
    pub fn new(kinds: BTreeSet<AlertKind>) -> Option<Self> {
        (1..=MAX_ALERT_KINDS)
            .contains(&kinds.len())
            .then_some(Self(kinds))
    }

    #[must_use]
    pub fn contains(&self, kind: &AlertKind) -> bool {
        self.0.contains(kind)
    }

    pub fn iter(&self) -> impl Iterator<Item = &AlertKind> {
        self.0.iter()
    }
}
