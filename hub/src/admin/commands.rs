//! The commands and what they do. Each is recorded by the slice that it changes.

use super::town::Town;
use crate::audit::Actor;
use crate::devices::Device;
use crate::error::{Error, Result};
use crate::identity::Person;
use crate::run::Bound;
use crate::state::Hub;
use crate::world::{DeviceId, PersonId, PremisesId, Stamp};
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
    /// Takes a CORE device out: its certificate is refused, its line cut, and its shares end.
    RevokeDevice { device: String },
    /// Lists everybody who has a role.
    People,
    /// Lists the CORE devices that were ever enrolled.
    Devices,
}

impl Command {
    pub(super) async fn run(self, hub: &Hub, bound: Bound) -> Result<Value> {
        match self {
            Command::Import { town } => town.import(hub).await,
            Command::Link { person } => link(hub, bound, PersonId::of_key(&person)).await,
            Command::Claim { premises } => claim(hub, bound, PremisesId::of_key(&premises)).await,
            Command::RevokeRole { person } => revoke_role(hub, PersonId::of_key(&person)).await,
            Command::RevokeDevice { device } => revoke_device(hub, &device).await,
            Command::Devices => Ok(json!({
                "devices": hub.devices.all().iter().map(|it| device_named(hub, it)).collect::<Vec<_>>()
            })),
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

/// Closing: the device first loses its say and everything it shares, then its line; the record follows.
async fn revoke_device(hub: &Hub, device: &str) -> Result<Value> {
    let id = DeviceId::parse(device).ok_or_else(|| {
        Error::invalid("A device's id has 64 hexadecimal digits; `admin devices` lists them.")
    })?;
    let barred = hub.devices.bar(id)?;
    let ended = hub.sharing.device_revoked(&barred).await;
    hub.devices.revoke(barred, Actor::Administrator).await?;
    tracing::info!(device.id = %id, shares = ended, "device revoked");
    let known = hub.devices.device(id);
    Ok(json!({ "device": known.map(|known| device_named(hub, &known)), "sharesEnded": ended }))
}

fn device_named(hub: &Hub, device: &Device) -> Value {
    let premises = hub.registry.premises(device.premises);
    json!({
        "id": device.id,
        "name": device.name,
        "premises": { "id": device.premises, "name": premises.map(|premises| premises.name.clone()) },
        "online": device.online,
        "lastSeenAt": device.last_seen.map(Stamp),
        "revokedAt": device.revoked.map(Stamp),
    })
}

pub(super) fn named(person: &Person) -> Value {
    json!({ "id": person.id, "name": person.name.reveal(), "role": person.role })
}
