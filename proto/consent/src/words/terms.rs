//! A yes for one occasion, spelled out by the owner: it needs no rule and no alert.

use crate::{
    Addressed, AgencyHash, BadTerms, Cameras, Incident, Nonce, PolicyVersion, Purpose, Rights,
    RuleId, Terms, TriggerId, Ttl, WallTime,
};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedTerms {
    pub to: Addressed,
    /// A revoke may name it as it names a trigger.
    pub id: TriggerId,
    pub nonce: Nonce,
    pub made_at: WallTime,
    pub cameras: Cameras,
    pub agency: AgencyHash,
    pub rights: Rights,
    pub ttl: Ttl,
    pub pre_roll_secs: u32,
    pub purpose: Purpose,
    pub incident: Incident,
}

impl SignedTerms {
    /// A phone key alone, without a passkey, may sign this long.
    pub const LONGEST_BY_PHONE_SECS: u32 = 600;

    /// Refuses terms that contradict themselves.
    pub fn checked(self) -> Result<Self, BadTerms> {
        self.terms().checked().map(|_| self)
    }

    /// As the sharing machine knows them.
    #[must_use]
    pub fn terms(&self) -> Terms {
        Terms {
            rule: RuleId::SIGNED_TERMS,
            policy: PolicyVersion(0),
            cameras: self.cameras.clone(),
            agency: self.agency.into(),
            rights: self.rights,
            ttl: self.ttl,
            pre_roll_secs: self.pre_roll_secs,
        }
    }
}
