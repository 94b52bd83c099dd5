//! Who takes part: agencies, premises and their cameras, kept in memory for admitting and written to
//! the store. Being registered gives no access to any picture; whether a camera is online is
//! `devices`' knowledge, whether it is shared is `sharing`'s, and who owns premises is `identity`'s.

mod agency_set;
mod camera;
mod premises;
mod rows;
#[cfg(test)]
mod tests;

pub use agency_set::AgencySet;
pub use camera::{Camera, CameraName, Connection, Reported};
pub use premises::{Agency, Kind, Place, Premises};

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use tokio::sync::watch;

use crate::error::{Error, Result};
use crate::world::{AgencyId, CameraId, DeviceId, PremisesId, World};

/// A device reads at most this many cameras; more in one `Hello` is a mistake or an attack.
pub const MOST_CAMERAS: usize = 256;

#[derive(Clone)]
pub struct Registry {
    world: World,
    known: Arc<RwLock<Known>>,
    changed: watch::Sender<u64>,
}

#[derive(Default)]
struct Known {
    agencies: BTreeMap<AgencyId, Arc<Agency>>,
    sets: BTreeMap<AgencyId, Arc<AgencySet>>,
    premises: BTreeMap<PremisesId, Arc<Premises>>,
    cameras: BTreeMap<CameraId, Arc<Camera>>,
}

impl Registry {
    pub async fn open(world: World) -> Result<Self> {
        let known = Known {
            agencies: rows::agencies(&world.store).await?,
            sets: agency_set::all(&world.store).await?,
            premises: rows::premises(&world.store).await?,
            cameras: rows::cameras(&world.store).await?,
        };
        Ok(Self {
            world,
            known: Arc::new(RwLock::new(known)),
            changed: watch::Sender::new(0),
        })
    }

    /// Adds or replaces an agency.
    pub async fn put_agency(&self, agency: Agency) -> Result<()> {
        rows::put_agency(&self.world, &agency).await?;
        self.change(|known| known.agencies.insert(agency.id, Arc::new(agency)));
        Ok(())
    }

    /// Adds or replaces premises; their agency must be known.
    pub async fn put_premises(&self, premises: Premises) -> Result<()> {
        if self.agency(premises.agency).is_none() {
            return Err(Error::invalid(
                "These premises name an agency that this hub does not know.",
            ));
        }
        rows::put_premises(&self.world, &premises).await?;
        self.change(|known| known.premises.insert(premises.id, Arc::new(premises)));
        Ok(())
    }

    /// Takes over what a device says about its cameras, in memory: a camera's id follows from device and
    /// number, so it is known even when the store is away. Gives what `keep` should write.
    #[must_use]
    pub fn connect(
        &self,
        device: DeviceId,
        premises: PremisesId,
        reported: &[Reported],
    ) -> Vec<Arc<Camera>> {
        let cameras = reported
            .iter()
            .take(MOST_CAMERAS)
            .map(|one| Arc::new(Camera::connected(device, premises, one)));
        let fresh: Vec<Arc<Camera>> = {
            let known = self.read();
            cameras
                .filter(|camera| known.cameras.get(&camera.id) != Some(camera))
                .collect()
        };
        if !fresh.is_empty() {
            self.change(|known| {
                known
                    .cameras
                    .extend(fresh.iter().map(|camera| (camera.id, Arc::clone(camera))))
            });
        }
        fresh
    }

    /// Writes cameras down. What is lost here the next `Hello` brings again.
    pub async fn keep(&self, cameras: &[Arc<Camera>]) -> Result<()> {
        rows::put_cameras(&self.world, cameras).await
    }

    pub fn agency(&self, id: AgencyId) -> Option<Arc<Agency>> {
        self.read().agencies.get(&id).cloned()
    }

    pub fn premises(&self, id: PremisesId) -> Option<Arc<Premises>> {
        self.read().premises.get(&id).cloned()
    }

    pub fn all_premises(&self) -> Vec<Arc<Premises>> {
        self.read().premises.values().cloned().collect()
    }

    pub fn camera(&self, id: CameraId) -> Option<Arc<Camera>> {
        self.read().cameras.get(&id).cloned()
    }

    pub fn cameras(&self) -> Vec<Arc<Camera>> {
        self.read().cameras.values().cloned().collect()
    }

    pub fn cameras_of(&self, premises: PremisesId) -> Vec<Arc<Camera>> {
        self.read()
            .cameras
            .values()
            .filter(|camera| camera.premises == premises)
            .cloned()
            .collect()
    }

    /// Wakes when anything here changed.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    fn read(&self) -> RwLockReadGuard<'_, Known> {
        self.known.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn change<T>(&self, change: impl FnOnce(&mut Known) -> T) {
        change(&mut self.known.write().unwrap_or_else(PoisonError::into_inner));
        self.changed.send_modify(|number| *number += 1);
    }
}
