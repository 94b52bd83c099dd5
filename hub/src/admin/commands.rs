//! The commands and what they do. Each is recorded by the slice that it changes.

use super::town::Town;
use crate::audit::Actor;
use crate::error::{Error, Result};
use crate::identity::Person;
use crate::run::Bound;
use crate::state::Hub;
use crate::world::{PersonId, PremisesId, Stamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Command {
    /// Makes a town's agency, premises and people, or brings them up to date.
    Import { town: Town },
    /// Makes a one-time sign-in link.
    Link { person: String },
    /// Makes a claim code with which one CORE device enrols.
    Claim { premises: String },
    /// Takes a person's role; every session ends at once.
    RevokeRole { person: String },
    /// Lists everybody who has a role.
    People,
}

impl Command {
    pub(super) async fn run(self, hub: &Hub, bound: Bound) -> Result<Value> {
        match self {
            Command::Import { town } => town.import(hub).await,
            Command::Link { person } => link(hub, bound, PersonId::of_key(&person)).await,
            Command::Claim { premises } => claim(hub, bound, PremisesId::of_key(&premises)).await,
            Command::RevokeRole { person } => revoke_role(hub, PersonId::of_key(&person)).await,
            Command::People => Ok(
                json!({ "people": hub.identity.people().iter().map(|p| named(p)).collect::<Vec<_>>() }),
            ),
        }
    }
}

async fn link(hub: &Hub, bound: Bound, person: PersonId) -> Result<Value> {
    let link = hub.identity.make_link(person, Actor::Administrator).await?;
    let page = match link.person.role {
        crate::identity::Role::Owner => bound.owner(&hub.config),
        crate::identity::Role::Operator => bound.console(&hub.config),
    };
    Ok(json!({
        "person": named(&link.person),
        "url": format!("{page}/#link={}", link.token.reveal()),
        "expiresAt": Stamp(link.expires_at),
    }))
}

async fn claim(hub: &Hub, bound: Bound, id: PremisesId) -> Result<Value> {
    let premises = hub
        .registry
        .premises(id)
        .ok_or_else(|| Error::not_found("There are no premises with this key or id."))?;
    let claim = hub.devices.claim(id).await?;
    let name = hub
        .config
        .link
        .names
        .first()
        .map_or("localhost", String::as_str);
    Ok(json!({
        "premises": { "id": premises.id, "name": premises.name },
        "claim": claim.text(&format!("{name}:{}", bound.link.port())),
        "expiresAt": Stamp(claim.expires_at),
    }))
}

async fn revoke_role(hub: &Hub, id: PersonId) -> Result<Value> {
    let ended = hub.identity.revoke_role(id, Actor::Administrator).await?;
    Ok(json!({ "person": { "id": id }, "sessionsEnded": ended }))
}

pub(super) fn named(person: &Person) -> Value {
    json!({ "id": person.id, "name": person.name.reveal(), "role": person.role })
}
