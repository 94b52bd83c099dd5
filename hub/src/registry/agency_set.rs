//! An agency's own set of keys, as its supervisors signed it, and the name that it has in signed words: the
//! hash of its first set. The hub passes it on; owners name the agency by it, and devices check it.

use std::collections::BTreeMap;
use std::sync::Arc;

use assent_consent as consent;
use assent_wire::open_word;
use consent::{AgencyHash, Word};
use sqlx::Row as _;
use sqlx::any::AnyRow;

use super::Registry;
use crate::error::{Error, Result};
use crate::world::{AgencyId, Store, hash_of_hex};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgencySet {
    pub name: AgencyHash,
    pub version: u64,
    /// As it was signed.
    pub envelope: Vec<u8>,
}

impl AgencySet {
    /// Reads it; whether the signatures are good is checked by those who rely on it.
    pub fn read(envelope: &[u8]) -> Result<Self> {
        let unusable = |why: String| {
            Error::invalid(format!(
                "This is not a signed set of an agency's keys: {why}."
            ))
        };
        let sealed = open_word(envelope).map_err(|error| unusable(error.to_string()))?;
        let Word::AgencySet(set) = &sealed.word else {
            return Err(unusable("it is something else".to_owned()));
        };
        Ok(Self {
            name: set.agency(sealed.hash),
            version: set.succession().version(),
            envelope: envelope.to_vec(),
        })
    }
}

impl Registry {
    /// Takes over an agency's set, unless it has a newer one. The name that it began with stays.
    pub async fn put_agency_set(&self, agency: AgencyId, set: AgencySet) -> Result<()> {
        if let Some(known) = self.agency_set(agency) {
            if known.name != set.name {
                return Err(Error::conflict(
                    "This agency has another name in signed words already. Owners' rules would mean somebody else.",
                ));
            }
            if known.version >= set.version {
                return Ok(());
            }
        }
        if self.agency(agency).is_none() {
            return Err(Error::not_found("There is no such agency."));
        }
        put(&self.world.store, agency, &set).await?;
        self.change(|known| known.sets.insert(agency, Arc::new(set)));
        Ok(())
    }

    pub fn agency_set(&self, agency: AgencyId) -> Option<Arc<AgencySet>> {
        self.read().sets.get(&agency).cloned()
    }

    pub fn agency_sets(&self) -> Vec<(AgencyId, Arc<AgencySet>)> {
        let known = self.read();
        let sets = known.sets.iter();
        sets.map(|(id, set)| (*id, Arc::clone(set))).collect()
    }

    /// Which agency a rule or a grant means: by the hub's id, or by the hash that signed words use.
    pub fn agency_meant(&self, text: &str) -> Option<AgencyId> {
        AgencyId::parse(text).or_else(|| {
            let known = self.read();
            let mut sets = known.sets.iter();
            sets.find(|(_, set)| set.name.to_string() == text)
                .map(|(id, _)| *id)
        })
    }
}

pub(super) async fn all(store: &Store) -> Result<BTreeMap<AgencyId, Arc<AgencySet>>> {
    let rows = sqlx::query("SELECT agency_id, name, version, envelope FROM agency_set")
        .fetch_all(store.pool())
        .await?;
    rows.iter().map(set_of).collect()
}

fn set_of(row: &AnyRow) -> Result<(AgencyId, Arc<AgencySet>)> {
    let broken = || Error::internal("a row of the agencies' sets cannot be read");
    let id = AgencyId::parse(row.try_get("agency_id")?).ok_or_else(broken)?;
    let set = AgencySet {
        name: AgencyHash(hash_of_hex(row.try_get("name")?).ok_or_else(broken)?),
        version: u64::try_from(row.try_get::<i64, _>("version")?).map_err(Error::internal)?,
        envelope: row.try_get("envelope")?,
    };
    Ok((id, Arc::new(set)))
}

async fn put(store: &Store, agency: AgencyId, set: &AgencySet) -> Result<()> {
    sqlx::query(
        "INSERT INTO agency_set (agency_id, name, version, envelope) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (agency_id) DO UPDATE SET version = excluded.version, envelope = excluded.envelope",
    )
    .bind(agency.to_string())
    .bind(set.name.to_string())
    .bind(i64::try_from(set.version).map_err(Error::internal)?)
    .bind(set.envelope.clone())
    .execute(store.pool())
    .await?;
    Ok(())
}
