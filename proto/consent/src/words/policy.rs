//! The owner's standing instruction, signed: the rules of `StandingPolicy`, the place that distances are
//! measured from, and the agencies by the hash of their keys rather than by a name that somebody else
//! could give away.

use crate::{
    Addressed, AgencyHash, AgencyId, AgencyName, Place, PolicyVersion, Rule, RuleId, RuleTrigger,
    StandingPolicy, Succession, WallTime,
};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedPolicy {
    to: Addressed,
    succession: Succession,
    place: Option<Place>,
    agencies: Vec<Agency>,
    rules: StandingPolicy,
    alerts_until: WallTime,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agency {
    pub id: AgencyHash,
    /// As the owner reads it; nothing is decided by it.
    pub name: AgencyName,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadSignedPolicy {
    /// More than [`SignedPolicy::MOST_AGENCIES`], or not strictly increasing by id.
    Agencies,
    /// A rule for an agency that the policy does not name.
    UnknownAgency(RuleId),
    /// A rule with a distance, and no place to measure from.
    NoPlace(RuleId),
    /// The number that stands for signed terms.
    ReservedRule,
    /// The rules carry another version than the policy.
    Version,
}

impl SignedPolicy {
    /// An owner's town, its neighbours and its county.
    pub const MOST_AGENCIES: usize = 16;

    /// `rules` carries the policy's version; agencies in it are called by their hash.
    pub fn new(
        to: Addressed,
        succession: Succession,
        place: Option<Place>,
        agencies: Vec<Agency>,
        rules: StandingPolicy,
        alerts_until: WallTime,
    ) -> Result<Self, BadSignedPolicy> {
        let in_order = agencies.is_sorted_by(|a, b| a.id < b.id);
        if agencies.len() > Self::MOST_AGENCIES || !in_order {
            return Err(BadSignedPolicy::Agencies);
        }
        if rules.version() != PolicyVersion(succession.version()) {
            return Err(BadSignedPolicy::Version);
        }
        for rule in rules.rules() {
            let named = |agency: &Agency| AgencyId::from(agency.id) == rule.agency;
            if !agencies.iter().any(named) {
                return Err(BadSignedPolicy::UnknownAgency(rule.id));
            }
            if place.is_none() && has_distance(rule) {
                return Err(BadSignedPolicy::NoPlace(rule.id));
            }
            if rule.id == RuleId::SIGNED_TERMS {
                return Err(BadSignedPolicy::ReservedRule);
            }
        }
        Ok(Self {
            to,
            succession,
            place,
            agencies,
            rules,
            alerts_until,
        })
    }

    #[must_use]
    pub fn addressed(&self) -> Addressed {
        self.to
    }

    #[must_use]
    pub fn succession(&self) -> Succession {
        self.succession
    }

    #[must_use]
    pub fn version(&self) -> PolicyVersion {
        PolicyVersion(self.succession.version())
    }

    #[must_use]
    pub fn place(&self) -> Option<Place> {
        self.place
    }

    #[must_use]
    pub fn agencies(&self) -> &[Agency] {
        &self.agencies
    }

    #[must_use]
    pub fn rules(&self) -> &StandingPolicy {
        &self.rules
    }

    /// Alert and standing rules end then; a press never does.
    #[must_use]
    pub fn alerts_until(&self) -> WallTime {
        self.alerts_until
    }

    /// The agency that a rule calls by its hash written out.
    #[must_use]
    pub fn agency(&self, id: &AgencyId) -> Option<&Agency> {
        self.agencies
            .iter()
            .find(|agency| AgencyId::from(agency.id) == *id)
    }
}

fn has_distance(rule: &Rule) -> bool {
    match &rule.trigger {
        RuleTrigger::Alert(on) => on.limits.within_metres > 0,
        RuleTrigger::Press | RuleTrigger::Standing => false,
    }
}
