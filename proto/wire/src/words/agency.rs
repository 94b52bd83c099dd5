//! Agency sets and operators' certificates.

use assent_consent::{
    AgencyMember, AgencyRole, AgencySet, AlertKinds, Badge, OperatorCertificate, Origin, WallTime,
};

use super::parts::{agency, key, previous, succession};
use super::policy::alert_kinds;
use crate::{WireError, signed};

impl TryFrom<&signed::AgencySet> for AgencySet {
    type Error = WireError;

    fn try_from(m: &signed::AgencySet) -> Result<Self, WireError> {
        if m.members.len() > Self::MOST_MEMBERS {
            return Err(WireError::Bad("members"));
        }
        let named = match m.agency.as_slice() {
            [] => None,
            bytes => Some(agency(bytes)?),
        };
        let members = m.members.iter().map(AgencyMember::try_from);
        Self::new(
            named,
            succession(m.version, &m.previous)?,
            members.collect::<Result<_, _>>()?,
            m.quorum,
            Origin::new(&m.origin).map_err(|_| WireError::Bad("origin"))?,
        )
        .map_err(|_| WireError::Bad("members"))
    }
}

impl From<&AgencySet> for signed::AgencySet {
    fn from(set: &AgencySet) -> Self {
        let named = set.written_agency();
        Self {
            agency: named.map(|agency| agency.0.to_vec()).unwrap_or_default(),
            version: set.succession().version(),
            previous: previous(set.succession()),
            members: set.members().iter().map(Into::into).collect(),
            quorum: set.quorum(),
            origin: set.origin().to_string(),
        }
    }
}

impl TryFrom<&signed::AgencyMember> for AgencyMember {
    type Error = WireError;

    fn try_from(m: &signed::AgencyMember) -> Result<Self, WireError> {
        use signed::agency_member::Role as R;
        let role = match m.role() {
            R::Supervisor if m.kinds.is_empty() => AgencyRole::Supervisor,
            R::Alerts => {
                let kinds = alert_kinds(&m.kinds)?.into_iter().collect();
                AgencyRole::Alerts(AlertKinds::new(kinds).ok_or(WireError::Bad("kinds"))?)
            }
            R::Supervisor => return Err(WireError::Bad("kinds")),
            R::Unspecified => return Err(WireError::Bad("role")),
        };
        Ok(Self {
            key: key(&m.key)?,
            role,
        })
    }
}

impl From<&AgencyMember> for signed::AgencyMember {
    fn from(member: &AgencyMember) -> Self {
        use signed::agency_member::Role as R;
        let (role, kinds) = match &member.role {
            AgencyRole::Supervisor => (R::Supervisor, Vec::new()),
            AgencyRole::Alerts(kinds) => {
                (R::Alerts, kinds.iter().map(ToString::to_string).collect())
            }
        };
        Self {
            key: member.key.sec1().to_vec(),
            role: role.into(),
            kinds,
        }
    }
}

impl TryFrom<&signed::Operator> for OperatorCertificate {
    type Error = WireError;

    fn try_from(m: &signed::Operator) -> Result<Self, WireError> {
        Ok(Self {
            agency: agency(&m.agency)?,
            key: key(&m.key)?,
            until: WallTime(m.until_ms),
            badge: Badge::new(&m.badge).map_err(|_| WireError::Bad("badge"))?,
        })
    }
}

impl From<&OperatorCertificate> for signed::Operator {
    fn from(certificate: &OperatorCertificate) -> Self {
        Self {
            agency: certificate.agency.0.to_vec(),
            key: certificate.key.sec1().to_vec(),
            until_ms: certificate.until.0,
            badge: certificate.badge.to_string(),
        }
    }
}
