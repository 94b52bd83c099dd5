//! Terms and rights.

use assent_consent::{AgencyId, Cameras, PolicyVersion, Rights, RuleId, Terms, Ttl};

use super::{increasing, numbers};
use crate::{WireError, link};

impl TryFrom<&link::Terms> for Terms {
    type Error = WireError;

    fn try_from(m: &link::Terms) -> Result<Self, WireError> {
        let terms = Self {
            rule: RuleId(m.rule),
            policy: PolicyVersion(m.policy_version),
            cameras: Cameras::new(increasing(&m.cameras)?).ok_or(WireError::Bad("cameras"))?,
            agency: AgencyId::new(&m.agency).map_err(|_| WireError::Bad("agency"))?,
            rights: m.rights.as_ref().ok_or(WireError::Bad("rights"))?.into(),
            ttl: Ttl::from_secs(m.ttl_secs).ok_or(WireError::Bad("ttl_secs"))?,
            pre_roll_secs: m.pre_roll_secs,
        };
        terms.checked().map_err(|_| WireError::Bad("rights"))
    }
}

impl From<&Terms> for link::Terms {
    fn from(terms: &Terms) -> Self {
        Self {
            rule: terms.rule.0,
            policy_version: terms.policy.0,
            cameras: numbers(terms.cameras.iter()),
            agency: terms.agency.to_string(),
            rights: Some(terms.rights.into()),
            ttl_secs: terms.ttl.secs(),
            pre_roll_secs: terms.pre_roll_secs,
        }
    }
}

impl From<&link::Rights> for Rights {
    fn from(m: &link::Rights) -> Self {
        let link::Rights {
            live,
            pre_roll,
            audio,
            ptz,
            record,
            forward,
        } = *m;
        Self {
            live,
            pre_roll,
            audio,
            ptz,
            record,
            forward,
        }
    }
}

impl From<Rights> for link::Rights {
    fn from(rights: Rights) -> Self {
        let Rights {
            live,
            pre_roll,
            audio,
            ptz,
            record,
            forward,
        } = rights;
        Self {
            live,
            pre_roll,
            audio,
            ptz,
            record,
            forward,
        }
    }
}
