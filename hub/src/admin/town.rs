//! A town as a file: one agency, its premises and people, named by keys. Importing it twice is importing
//! it once, because ids are derived from the keys.

use crate::audit::{Actor, Class, Event};
use crate::error::{Error, Result};
use crate::identity::{Badge, Person, Role};
use crate::registry::{Agency, AgencySet, Kind, Place, Premises};
use crate::state::Hub;
use crate::words::Envelope;
use crate::world::{AgencyId, PersonId, PremisesId, Private, Text};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Longer than any name, address or telephone number; longer lines are a mistake in the file.
const LONGEST_LINE: usize = 200;

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Town {
    agency: AgencyEntry,
    #[serde(default)]
    premises: Vec<PremisesEntry>,
    #[serde(default)]
    person: Vec<PersonEntry>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct AgencyEntry {
    key: String,
    name: String,
    /// Its own set of keys as its supervisors signed it, base64url: owners name the agency by it.
    set: Option<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PremisesEntry {
    key: String,
    kind: Kind,
    name: String,
    address: String,
    call_back: Option<String>,
    keyholder: Option<String>,
    lat: Option<f64>,
    lon: Option<f64>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PersonEntry {
    key: String,
    name: String,
    role: Role,
    badge: Option<String>,
    #[serde(default)]
    premises: Vec<String>,
}

const UNFIT: &str = "a line of text is longer than 200 bytes or holds control characters";

fn fits(line: impl AsRef<str>) -> bool {
    Text::<LONGEST_LINE>::new(line.as_ref()).is_some()
}

impl Town {
    pub fn parse(toml: &str) -> Result<Self> {
        toml::from_str(toml).map_err(|e| {
            Error::invalid(format!(
                "The town's file cannot be used: {}",
                e.to_string().trim()
            ))
        })
    }

    pub(super) async fn import(self, hub: &Hub) -> Result<Value> {
        let agency = AgencyId::of_key(&self.agency.key);
        if !fits(&self.agency.name) {
            return Err(Error::invalid(format!(
                "Agency {}: {UNFIT}.",
                self.agency.key
            )));
        }
        // All of it is understood before any of it is written.
        let premises = self
            .premises
            .iter()
            .map(|entry| entry.parse(agency))
            .collect::<Result<Vec<_>>>()?;
        let people = self
            .person
            .iter()
            .map(|entry| entry.parse(agency))
            .collect::<Result<Vec<_>>>()?;
        let set = self.agency.set.as_deref().map(set_of_keys).transpose()?;
        for entry in &self.person {
            let known = |key: &String| {
                let id = PremisesId::of_key(key);
                premises.iter().any(|one| one.id == id) || hub.registry.premises(id).is_some()
            };
            if let Some(unknown) = entry.premises.iter().find(|key| !known(key)) {
                return Err(entry.refuse(&format!(
                    "premises {unknown} are neither in the file nor in the hub"
                )));
            }
        }
        let detail = json!({ "premises": premises.len(), "people": people.len() });
        hub.audit
            .append(
                Event::new(Class::TownImported, Actor::Administrator)
                    .agency(Some(agency))
                    .detail(detail),
            )
            .await?;
        hub.registry
            .put_agency(Agency {
                id: agency,
                name: self.agency.name.clone(),
            })
            .await?;
        if let Some(set) = set {
            hub.registry.put_agency_set(agency, set).await?;
        }
        for one in premises {
            hub.registry.put_premises(one).await?;
        }
        for person in people {
            hub.identity.put_person(person).await?;
        }
        Ok(self.answer(agency))
    }

    fn answer(&self, agency: AgencyId) -> Value {
        let premises = self
            .premises
            .iter()
            .map(|p| json!({ "id": PremisesId::of_key(&p.key), "key": p.key, "name": p.name }));
        let people = self.person.iter().map(|p| json!({ "id": PersonId::of_key(&p.key), "key": p.key, "name": p.name, "role": p.role }));
        json!({
            "agency": { "id": agency, "key": self.agency.key, "name": self.agency.name },
            "premises": premises.collect::<Vec<_>>(),
            "people": people.collect::<Vec<_>>(),
        })
    }
}

fn set_of_keys(text: &str) -> Result<AgencySet> {
    AgencySet::read(&Envelope::read(text)?.bytes)
}

impl PremisesEntry {
    fn parse(&self, agency: AgencyId) -> Result<Premises> {
        let place = match (self.lat, self.lon) {
            (Some(lat), Some(lon)) => Some(
                Place::new(lat, lon).ok_or_else(|| self.refuse("lat and lon are not on earth"))?,
            ),
            (None, None) => None,
            (Some(_), None) | (None, Some(_)) => return Err(self.refuse("lat and lon go together")),
        };
        let lines = [
            Some(&self.name),
            Some(&self.address),
            self.call_back.as_ref(),
        ];
        if !lines
            .into_iter()
            .chain([self.keyholder.as_ref()])
            .flatten()
            .all(fits)
        {
            return Err(self.refuse(UNFIT));
        }
        Ok(Premises {
            id: PremisesId::of_key(&self.key),
            agency,
            kind: self.kind,
            name: self.name.clone(),
            address: Private::new(self.address.clone()),
            call_back: self.call_back.clone().map(Private::new),
            keyholder: self.keyholder.clone().map(Private::new),
            place,
        })
    }

    fn refuse(&self, why: &str) -> Error {
        Error::invalid(format!("Premises {}: {why}.", self.key))
    }
}

impl PersonEntry {
    fn parse(&self, agency: AgencyId) -> Result<Person> {
        let wrong = match self.role {
            Role::Operator if self.badge.is_none() => {
                Some("an operator needs a badge, which owners are shown")
            }
            Role::Operator if !self.premises.is_empty() => {
                Some("an operator answers for no premises")
            }
            Role::Owner if self.badge.is_some() => Some("an owner has no badge"),
            Role::Owner if self.premises.is_empty() => {
                Some("an owner answers for at least one of the premises")
            }
            Role::Operator | Role::Owner if !fits(&self.name) || !self.badge.iter().all(fits) => {
                Some(UNFIT)
            }
            Role::Operator | Role::Owner => None,
        };
        if let Some(wrong) = wrong {
            return Err(self.refuse(wrong));
        }
        Ok(Person {
            id: PersonId::of_key(&self.key),
            name: Private::new(self.name.clone()),
            role: self.role,
            badge: self.badge.clone().map(Badge),
            agency: (self.role == Role::Operator).then_some(agency),
            premises: self
                .premises
                .iter()
                .map(|key| PremisesId::of_key(key))
                .collect(),
        })
    }

    fn refuse(&self, why: &str) -> Error {
        Error::invalid(format!("Person {}: {why}.", self.key))
    }
}
