//! CORE devices: who is enrolled, which of them has a line to this hub right now, and what they report
//! about themselves. Frames to a device go out from memory; what a device says about shares is for the
//! link's front to hand to `sharing`.

mod authority;
mod consent;
mod enrol;
mod line;
mod rows;
#[cfg(test)]
mod tests;

pub use authority::{Authority, LINK_NAME, LinkIdentity, RequestProblem};
pub use consent::Consent;
pub use enrol::{CLAIM_LIFE, Claim, Enrolled};
pub use line::{Attachment, LINE_QUEUE, LineEnd, Outgoing};

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use assent_consent::StandingPolicy;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use time::OffsetDateTime;
use tokio::sync::watch;

use crate::audit::{Actor, Audit, Class, Event};
use crate::error::{Error, Result};
use crate::world::{DeviceId, PremisesId, World};
use line::Line;

#[derive(Clone)]
pub struct Devices {
    world: World,
    audit: Audit,
    authority: Arc<Authority>,
    known: Arc<RwLock<BTreeMap<DeviceId, Known>>>,
    changed: watch::Sender<u64>,
}

struct Known {
    premises: PremisesId,
    name: String,
    revoked: Option<OffsetDateTime>,
    policy: Option<Arc<StandingPolicy>>,
    consent: Consent,
    health: BTreeMap<u16, Health>,
    line: Option<Line>,
    last_seen: Option<OffsetDateTime>,
}

/// A device as other slices see it.
#[derive(Clone, Debug)]
pub struct Device {
    pub id: DeviceId,
    pub premises: PremisesId,
    pub name: String,
    /// Set: it may not come back, and nothing it says is believed.
    pub revoked: Option<OffsetDateTime>,
    pub online: bool,
    /// None: it has never attached.
    pub last_seen: Option<OffsetDateTime>,
    /// What it last said that its owner's policy is. For display and the hub's own first decision only.
    pub policy: Option<Arc<StandingPolicy>>,
    /// Whose word it obeys, as it last said.
    pub consent: Consent,
}

/// A device that nothing is believed of any more, and that is yet to be refused for good.
#[must_use]
pub struct Barred {
    pub device: DeviceId,
    pub premises: PremisesId,
    /// It was believed until now.
    pub first: bool,
}

/// One camera's condition, as its device reports it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    pub condition: Condition,
    /// One sentence an installer understands.
    pub reason: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    Connecting,
    Online,
    Offline,
    WrongPassword,
    Unsupported,
    Garbage,
}

impl Health {
    /// What is said of a camera before its device says anything.
    pub fn unknown() -> Self {
        Self {
            condition: Condition::Connecting,
            reason: None,
        }
    }
}

impl Devices {
    /// Reads the enrolled devices and opens the authority in `data_dir/authority`, making it if need be.
    pub async fn open(world: World, audit: Audit, data_dir: &Path) -> Result<Self> {
        let authority = Authority::open(&data_dir.join("authority"), world.clock.now()).map_err(|e| {
            Error::unavailable("The hub cannot read or make its authority for devices. Check data_dir/authority.").because(e)
        })?;
        let known = rows::all(&world.store).await?;
        Ok(Self {
            world,
            audit,
            authority: Arc::new(authority),
            known: Arc::new(RwLock::new(known)),
            changed: watch::Sender::new(0),
        })
    }

    pub fn authority(&self) -> &Authority {
        &self.authority
    }

    pub fn device(&self, id: DeviceId) -> Option<Device> {
        self.read().get(&id).map(|known| known.seen(id))
    }

    pub fn all(&self) -> Vec<Device> {
        self.read()
            .iter()
            .map(|(id, known)| known.seen(*id))
            .collect()
    }

    pub fn at(&self, premises: PremisesId) -> Vec<Device> {
        self.read()
            .iter()
            .filter(|(_, known)| known.premises == premises)
            .map(|(id, known)| known.seen(*id))
            .collect()
    }

    pub fn is_online(&self, id: DeviceId) -> bool {
        self.read()
            .get(&id)
            .is_some_and(|known| known.line.is_some())
    }

    /// What the device last said about one of its cameras; none while its line is down.
    pub fn health(&self, id: DeviceId, number: u16) -> Option<Health> {
        let known = self.read();
        let device = known.get(&id)?;
        device.line.as_ref()?;
        device.health.get(&number).cloned()
    }

    /// Wakes when a line came or went, or when a device reported something new.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// Takes over the policy that a device reports, in memory. True when it is another one than before.
    pub fn set_policy(&self, id: DeviceId, policy: StandingPolicy) -> bool {
        let policy = Arc::new(policy);
        self.change(id, |known| {
            known.policy.replace(Arc::clone(&policy)).as_ref() != Some(&policy)
        })
        .unwrap_or(false)
    }

    /// Keeps the policy, and whose word the device obeys, for when it is away.
    pub async fn keep_policy(&self, id: DeviceId) -> Result<()> {
        let Some(device) = self.device(id) else {
            return Ok(());
        };
        if let Some(policy) = device.policy {
            rows::put_policy(&self.world.store, id, &policy).await?;
        }
        rows::put_consent(&self.world.store, id, device.consent).await
    }

    pub fn set_health(&self, id: DeviceId, number: u16, health: Health) {
        self.change(id, |known| {
            if known.health.len() < assent_consent::Cameras::MOST
                || known.health.contains_key(&number)
            {
                known.health.insert(number, health);
            }
        });
    }

    /// Believes nothing of what this device says from now on. Its line stays up for a last word to it.
    pub fn bar(&self, device: DeviceId) -> Result<Barred> {
        let now = self.world.clock.now();
        let barred = self.change(device, |known| Barred {
            device,
            premises: known.premises,
            first: known
                .revoked
                .replace(known.revoked.unwrap_or(now))
                .is_none(),
        });
        barred.ok_or_else(|| {
            Error::not_found("There is no such device. `admin devices` lists those there are.")
        })
    }

    /// Refuses this device's certificate from now on; its line is cut at once. Act, then record.
    pub async fn revoke(&self, barred: Barred, by: Actor) -> Result<()> {
        let line = self.change(barred.device, |known| known.line.take());
        if let Some(line) = line.flatten() {
            line.cut(LineEnd::Revoked);
        }
        if barred.first {
            let event = Event::new(Class::DeviceRevoked, by).premises(barred.premises);
            let detail = json!({ "device": barred.device });
            self.audit.append_or_spool(event.detail(detail)).await?;
        }
        rows::put_revoked(&self.world, barred.device).await
    }

    pub fn is_barred(&self, id: DeviceId) -> bool {
        let known = self.read();
        known.get(&id).is_some_and(|known| known.revoked.is_some())
    }

    fn remember(&self, id: DeviceId, premises: PremisesId, name: &str) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let device = known
            .entry(id)
            .or_insert_with(|| Known::new(premises, name.to_owned()));
        device.premises = premises;
        name.clone_into(&mut device.name);
        drop(known);
        self.changed.send_modify(|number| *number += 1);
    }

    fn read(&self) -> RwLockReadGuard<'_, BTreeMap<DeviceId, Known>> {
        self.known.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn change<T>(&self, id: DeviceId, change: impl FnOnce(&mut Known) -> T) -> Option<T> {
        let done = self
            .known
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .get_mut(&id)
            .map(change);
        self.changed.send_modify(|number| *number += 1);
        done
    }
}

impl Known {
    fn new(premises: PremisesId, name: String) -> Self {
        Self {
            premises,
            name,
            revoked: None,
            policy: None,
            consent: Consent::default(),
            health: BTreeMap::new(),
            line: None,
            last_seen: None,
        }
    }

    fn seen(&self, id: DeviceId) -> Device {
        Device {
            id,
            premises: self.premises,
            name: self.name.clone(),
            revoked: self.revoked,
            online: self.line.is_some(),
            last_seen: self.last_seen,
            policy: self.policy.clone(),
            consent: self.consent,
        }
    }
}

/// The device's id: SHA-256 of its SubjectPublicKeyInfo in DER.
pub fn device_of_spki(spki: &[u8]) -> DeviceId {
    DeviceId(Sha256::digest(spki).into())
}
