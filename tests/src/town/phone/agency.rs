//! The town's agency as signed words know it: a supervisor with a passkey at the console, and the key of a
//! detector. Owners name the agency by the hash of this set.

use std::collections::BTreeSet;

use anyhow::{Result, anyhow};
use assent_consent::{
    AgencyHash, AgencyMember, AgencyRole, AgencySet, AlertKind, AlertKinds, Origin, Succession,
    Word,
};
use assent_wire::hash_of;

use super::Key;

pub struct Authority {
    pub name: AgencyHash,
    /// Its set of keys, signed by its supervisor.
    pub envelope: Vec<u8>,
    pub supervisor: Key,
    pub alerts: Key,
}

impl Authority {
    /// # Errors
    /// For a console that is no origin.
    pub fn found(console: &str) -> Result<Self> {
        let (supervisor, alerts) = (Key::passkey(console)?, Key::phone()?);
        let kinds = ["gunshot", "glassBreak"].map(AlertKind::new);
        let kinds: BTreeSet<_> = kinds.into_iter().flatten().collect();
        let kinds = AlertKinds::new(kinds).ok_or_else(|| anyhow!("kinds of alert"))?;
        let mut members = vec![
            AgencyMember {
                key: supervisor.public()?,
                role: AgencyRole::Supervisor,
            },
            AgencyMember {
                key: alerts.public()?,
                role: AgencyRole::Alerts(kinds),
            },
        ];
        members.sort_by(|a, b| a.key.cmp(&b.key));
        let origin = Origin::new(console).map_err(|_| anyhow!("{console} is no origin"))?;
        let set = AgencySet::new(None, Succession::FIRST, members, 1, origin);
        let set = Word::AgencySet(set.map_err(|bad| anyhow!("{bad:?}"))?);
        Ok(Self {
            name: AgencyHash(hash_of(&set)?.0),
            envelope: supervisor.seal(&set)?,
            supervisor,
            alerts,
        })
    }
}
