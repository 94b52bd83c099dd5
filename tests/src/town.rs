//! A whole town as real processes: cameras, one hub, a CORE device at each premises, and the pages'
//! calls of its people. Everything listens on free ports and dies with this value. What the town is
//! made of stands in `plan`; how each part is driven, in the file of its name.

mod alarm;
pub mod device;
pub mod disk;
pub mod door;
pub mod hub;
pub mod network;
pub mod page;
pub mod phone;
pub mod plan;
pub mod postgres;
pub mod process;
pub mod receipts;
pub mod sections;
pub mod share;
mod signed;
pub mod tap;
pub mod wall;

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use assent_consent::AgencyHash;
use serde_json::Value;

use crate::cameras::{CameraPlan, Cameras};
use device::Device;
use hub::Hub;
use network::Namespace;
use page::Page;
use phone::{Authority, Phone};
use plan::{PremisesPlan, RulePlan, Store, TownPlan};
use postgres::Postgres;
use tap::Tap;

/// A running town. Fields are dropped in this order: pages first, the store and the folder last.
pub struct Town {
    pub devices: Vec<Device>,
    pub hub: Hub,
    pub cameras: Cameras,
    premises: BTreeMap<String, String>,
    phones: BTreeMap<String, Phone>,
    alarm: alarm::Alarm,
    networks: Vec<Namespace>,
    taps: Vec<Tap>,
    kept: door::Kept,
    store: Option<Postgres>,
    folder: Folder,
}

impl Town {
    /// # Errors
    /// When a programme is missing, does not start, or refuses what the town gave it; the message names
    /// the log file.
    pub async fn start(plan: TownPlan) -> Result<Self> {
        let folder = Folder::of(plan.folder.as_deref())?;
        let networks = match plan.isolated {
            true => plan
                .premises
                .iter()
                .map(|_| Namespace::make())
                .collect::<Result<_>>()?,
            false => Vec::new(),
        };
        let address = networks
            .first()
            .map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), Namespace::host);
        let plans: Vec<CameraPlan> = plan
            .premises
            .iter()
            .flat_map(|p| p.cameras.clone())
            .collect();
        let cache = target_dir()?.join("test-cameras");
        let cameras = tokio::task::spawn_blocking(move || Cameras::start(address, &cache, &plans))
            .await
            .context("starting the test cameras")??;
        let store = match plan.store {
            Store::Sqlite => None,
            Store::Postgres => Some(Postgres::start(folder.path()).await?),
        };
        let taps = networks
            .iter()
            .map(|network| Tap::on(network.inside()))
            .collect::<Result<_>>()?;
        let url = store.as_ref().map(Postgres::url);
        let alarm = alarm::Alarm::make(folder.path())?;
        let settings = format!("{}{}", plan.hub_settings, alarm.settings());
        let hub = Hub::start(
            plan.hub_folder.as_deref().unwrap_or(folder.path()),
            address,
            [plan.http_port, plan.media_port],
            url,
            &settings,
        )
        .await?;
        let mut town = Self {
            devices: Vec::new(),
            hub,
            cameras,
            premises: BTreeMap::new(),
            phones: BTreeMap::new(),
            alarm,
            networks,
            taps,
            kept: door::Kept::default(),
            store,
            folder,
        };
        town.settle(&plan).await?;
        Ok(town)
    }

    /// People and premises into the hub, a device into each premises.
    async fn settle(&mut self, plan: &TownPlan) -> Result<()> {
        let signs = plan.premises.iter().any(|premises| premises.paired);
        let console = self.hub.ready().console.clone();
        let authority = signs.then(|| Authority::found(&console)).transpose()?;
        let set = authority.as_ref().map(|all| phone::text(&all.envelope));
        let roster = self.folder.path().join("town.toml");
        std::fs::write(&roster, toml::to_string(&plan.roster(set))?)?;
        let settled = self
            .hub
            .admin(&["import", &roster.to_string_lossy()])
            .await?;
        self.premises = ids(&settled["premises"]);
        for (index, premises) in plan.premises.iter().enumerate() {
            let claim = self.hub.claim(&premises.key).await?;
            let folder = plan.device_folder.as_deref().unwrap_or(self.folder.path());
            let device = Device::enrol(device::Site {
                folder: &folder.join(format!("core-{}", premises.key)),
                premises,
                agency: plan::AGENCY,
                cameras: &self.cameras,
                network: self.networks.get(index),
                claim: &claim,
                link: self.hub.link_address(),
            })
            .await?;
            self.devices.push(device);
        }
        match &authority {
            Some(authority) => self.pair(&plan.premises, authority.name).await,
            None => Ok(()),
        }
    }

    /// Phones for those premises whose owner signs.
    async fn pair(&mut self, premises: &[PremisesPlan], agency: AgencyHash) -> Result<()> {
        for premises in premises.iter().filter(|premises| premises.paired) {
            let phone = self.pair_one(&premises.key, agency, &premises.rules);
            let phone = phone.await?;
            self.phones.insert(premises.key.clone(), phone);
        }
        Ok(())
    }

    /// A new phone becomes the owner's of a device that belongs to nobody.
    ///
    /// # Errors
    /// When device or mailbox refuse.
    pub async fn pair_one(
        &mut self,
        premises: &str,
        agency: AgencyHash,
        rules: &[RulePlan],
    ) -> Result<Phone> {
        let mailbox = Page::visit(&self.hub.ready().owner, self.hub.http_address())?;
        Phone::pair(self.device(premises)?, &mailbox, agency, rules).await
    }

    /// The phone that was paired first.
    ///
    /// # Errors
    /// When no premises are paired.
    pub fn phone(&mut self) -> Result<&mut Phone> {
        let phone = self.phones.values_mut().next();
        phone.context("nobody signs in this town")
    }

    /// # Errors
    /// When there are no such premises.
    pub fn device(&mut self, premises: &str) -> Result<&mut Device> {
        let found = self
            .devices
            .iter_mut()
            .find(|device| device.premises == premises);
        found.with_context(|| format!("no premises are called {premises}"))
    }

    /// # Errors
    /// When the town is not isolated.
    pub fn network(&self, index: usize) -> Result<&Namespace> {
        self.networks
            .get(index)
            .context("this town runs without namespaces of its own")
    }

    /// Media that left the device of these premises.
    ///
    /// # Errors
    /// When the town is not isolated.
    pub fn left(&self, index: usize) -> Result<tap::Seen> {
        let tap = self
            .taps
            .get(index)
            .context("this town runs without namespaces of its own")?;
        Ok(tap.seen())
    }

    /// The throw-away database, when the hub runs on one.
    pub fn database(&mut self) -> Option<&mut Postgres> {
        self.store.as_mut()
    }

    /// Signs a person in with a fresh one-time link.
    ///
    /// # Errors
    /// When the hub does not know the person or refuses the link.
    pub async fn sign_in(&self, person: &str) -> Result<Page> {
        Page::sign_in(
            &self.hub.sign_in_link(person).await?,
            self.hub.http_address(),
        )
        .await
    }

    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }
}

/// Each key in an import's answer with its id.
fn ids(settled: &Value) -> BTreeMap<String, String> {
    let entries = settled.as_array().into_iter().flatten();
    let pairs = entries.filter_map(|entry| Some((entry["key"].as_str()?, entry["id"].as_str()?)));
    pairs
        .map(|(key, id)| (key.to_owned(), id.to_owned()))
        .collect()
}

/// Where a town keeps its files: a folder of its own that goes with it, or one that stays.
enum Folder {
    Temporary(tempfile::TempDir),
    Kept(PathBuf),
}

impl Folder {
    fn of(kept: Option<&Path>) -> Result<Self> {
        match kept {
            Some(path) => {
                std::fs::create_dir_all(path)?;
                Ok(Self::Kept(path.canonicalize()?))
            }
            None if std::env::var_os("ASSENT_KEEP_TOWNS").is_some() => Ok(Self::Kept(
                tempfile::Builder::new().prefix("town-").tempdir()?.keep(),
            )),
            None => Ok(Self::Temporary(
                tempfile::Builder::new().prefix("town-").tempdir()?,
            )),
        }
    }

    fn path(&self) -> &Path {
        match self {
            Self::Temporary(folder) => folder.path(),
            Self::Kept(path) => path,
        }
    }
}

/// The folder of this build's programmes: where this very programme was built.
///
/// # Errors
/// When it cannot be told.
pub fn programmes() -> Result<PathBuf> {
    let here = std::env::current_exe()?;
    let folder = here.parent().context("a programme lies in a folder")?;
    let up = if folder.ends_with("deps") {
        folder.parent().unwrap_or(folder)
    } else {
        folder
    };
    Ok(up.to_owned())
}

fn target_dir() -> Result<PathBuf> {
    let programmes = programmes()?;
    Ok(programmes
        .parent()
        .context("target/<profile> has a parent")?
        .to_owned())
}
