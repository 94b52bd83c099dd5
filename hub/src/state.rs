//! `Hub`: every slice, built once at start and handed to the two fronts. No logic lives here.

use crate::alerts::Alerts;
use crate::audit::Audit;
use crate::config::Config;
use crate::devices::Devices;
use crate::error::{Error, Result};
use crate::feeds::Feeds;
use crate::identity::{Identity, RelyingParties};
use crate::incidents::Incidents;
use crate::mailbox::Mailbox;
use crate::registry::Registry;
use crate::sharing::Sharing;
use crate::viewing::Viewing;
use crate::words::Words;
use crate::world::{Clock, Random, Store, World};
use assent_media::MediaConfig;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::{Arc, OnceLock};

/// A handle; clones share everything.
#[derive(Clone)]
pub struct Hub {
    pub config: Arc<Config>,
    pub world: World,
    pub audit: Audit,
    pub identity: Identity,
    pub registry: Registry,
    pub devices: Devices,
    pub mailbox: Mailbox,
    pub words: Words,
    pub feeds: Feeds,
    pub sharing: Sharing,
    pub viewing: Viewing,
    pub incidents: Incidents,
    pub alerts: Alerts,
    /// Where browsers find the owners' page, once its port is known: devices let passkeys sign there.
    pub owner_page: Arc<OnceLock<String>>,
}

impl Hub {
    /// Opens the store and builds the slices from the inside out.
    pub async fn build(config: Config) -> Result<Self> {
        let store = Store::open(&config.store_url()).await?;
        let world = World {
            clock: Clock::system(),
            random: Random::system(),
            store,
        };
        Self::build_in(config, world).await
    }

    /// The same in a world that the caller owns.
    pub async fn build_in(config: Config, world: World) -> Result<Self> {
        let audit = Audit::open(world.clone(), &config.data_dir)?;
        audit.replay().await?;
        let http = &config.http;
        let relying =
            RelyingParties::new(&http.console_host, &http.owner_host, http.tls.is_some())?;
        let identity = Identity::open(world.clone(), audit.clone(), relying).await?;
        let registry = Registry::open(world.clone()).await?;
        let devices = Devices::open(world.clone(), audit.clone(), &config.data_dir).await?;
        let mailbox = Mailbox::new(&world, devices.clone());
        let words = Words::new(world.clone(), registry.clone(), devices.clone());
        let media = MediaConfig {
            listen: config.media.listen,
            tcp_listen: config.media.tcp_listen,
            advertise: config.media.advertise.clone(),
        };
        let feeds = Feeds::open(world.clock.clone(), media)?;
        let sharing = Sharing::open(
            world.clone(),
            audit.clone(),
            registry.clone(),
            devices.clone(),
            feeds.clone(),
        )
        .await?;
        sharing.recover(&identity).await?;
        let viewing = Viewing::open(
            world.clone(),
            audit.clone(),
            registry.clone(),
            devices.clone(),
            sharing.clone(),
            feeds.clone(),
        )
        .await?;
        let incidents = Incidents::open(
            world.clone(),
            audit.clone(),
            registry.clone(),
            sharing.clone(),
        )
        .await?;
        let alerts = Alerts::new(
            world.clone(),
            registry.clone(),
            devices.clone(),
            sharing.clone(),
            incidents.clone(),
            &config.hooks,
        )?;
        alerts.raise_lost();
        Ok(Self {
            config: Arc::new(config),
            world,
            audit,
            identity,
            registry,
            devices,
            mailbox,
            words,
            feeds,
            sharing,
            viewing,
            incidents,
            alerts,
            owner_page: Arc::default(),
        })
    }
}

/// Makes the data directory: store and keys are for the hub's user alone.
pub(crate) fn private_dir(dir: &Path) -> Result<()> {
    let refuse = |e| {
        Error::unavailable(format!("The data directory {} cannot be used. Set data_dir to a folder that the hub may write.", dir.display())).because(e)
    };
    std::fs::create_dir_all(dir).map_err(|e: std::io::Error| refuse(e))?;
    std::fs::set_permissions(dir, std::fs::Permissions::from_mode(0o700)).map_err(refuse)
}
