//! The cameras of these premises: each armed one is read all the time into a ring of compressed
//! frames in memory, so that a share begins at once. Nothing in here sends anything anywhere; what may
//! leave is decided by `gate` and carried by `publish`.

mod arm;
mod backoff;
pub mod discover;
mod frame;
mod health;
mod intake;
mod picture;
pub mod probe;
mod pull;
mod ring;
mod source;
mod timeline;
mod transcode;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Instant;

use assent_consent::{CameraNumber, StandingPolicy};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use frame::{Frame, Ticks};
pub use health::{Condition, Health, Trouble};
use pull::Pull;
pub use ring::{Fill, Following, Ring, RingLimits};

use crate::config::{CameraConfig, Config, Source};
use crate::gate::Status;

/// Which cameras some rule could share, and which of them with sound.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Armed {
    pub pictures: BTreeSet<CameraNumber>,
    pub sound: BTreeSet<CameraNumber>,
}

impl Armed {
    /// What these rules could share.
    #[must_use]
    pub fn of(policy: &StandingPolicy) -> Self {
        let mut armed = Self::default();
        for rule in policy.rules() {
            armed.pictures.extend(rule.cameras.iter());
            if rule.rights.audio {
                armed.sound.extend(rule.cameras.iter());
            }
        }
        armed
    }
}

/// One camera as the rest of the device sees it.
#[derive(Clone)]
pub struct Camera {
    pub number: CameraNumber,
    pub name: String,
    /// Host and port, for the installer's eyes at the premises.
    pub address: String,
    pub masked: bool,
    pub health: watch::Receiver<Health>,
    pub main: Ring,
    pub sub: Option<Ring>,
    /// Present where the configuration lets sound be read, and filled only while a rule shares it.
    pub audio: Option<Ring>,
}

/// All configured cameras by number.
#[derive(Clone, Default)]
pub struct Cameras(Arc<BTreeMap<CameraNumber, Camera>>);

impl Cameras {
    /// Reads every armed camera until `stop`; which are armed may change meanwhile.
    pub fn start(
        config: &Config,
        status: watch::Receiver<Status>,
        tasks: &TaskTracker,
        stop: &CancellationToken,
    ) -> Self {
        let epoch = Instant::now();
        let start = |camera: &CameraConfig| {
            let number = CameraNumber::new(camera.number)?;
            let started = Start {
                config,
                camera: Arc::new(camera.clone()),
                number,
                epoch,
                status: status.clone(),
                tasks,
                stop,
            };
            Some((number, started.camera()))
        };
        Self(Arc::new(config.cameras.iter().filter_map(start).collect()))
    }

    /// Cameras without anything behind them.
    #[cfg(test)]
    pub(crate) fn of(cameras: impl IntoIterator<Item = Camera>) -> Self {
        Self(Arc::new(
            cameras
                .into_iter()
                .map(|camera| (camera.number, camera))
                .collect(),
        ))
    }

    pub fn one(&self, number: CameraNumber) -> Option<&Camera> {
        self.0.get(&number)
    }

    pub fn iter(&self) -> impl Iterator<Item = &Camera> {
        self.0.values()
    }
}

/// What it takes to start one camera.
struct Start<'a> {
    config: &'a Config,
    camera: Arc<CameraConfig>,
    number: CameraNumber,
    epoch: Instant,
    status: watch::Receiver<Status>,
    tasks: &'a TaskTracker,
    stop: &'a CancellationToken,
}

impl Start<'_> {
    fn camera(&self) -> Camera {
        let armed = Arc::clone(&self.status.borrow().armed);
        let initial = if armed.pictures.contains(&self.number) {
            Health::new(Condition::Connecting, "", self.epoch)
        } else {
            arm::unarmed(self.epoch)
        };
        let (health, health_seen) = watch::channel(initial);
        let camera = Camera {
            number: self.number,
            name: self.camera.name.clone(),
            address: address(&self.camera.main),
            masked: !self.camera.masks.is_empty(),
            health: health_seen,
            main: self.ring(),
            sub: self.camera.sub.as_ref().map(|_| self.ring()),
            audio: self.camera.audio.then(|| self.ring()),
        };
        self.pull(
            "main",
            &self.camera.main,
            &camera.main,
            camera.audio.clone(),
            health,
        );
        if let (Some(source), Some(ring)) = (&self.camera.sub, &camera.sub) {
            // The camera's health is its main stream's; the substream's troubles are in the log.
            let (unseen, _) = watch::channel(Health::new(Condition::Connecting, "", self.epoch));
            self.pull("sub", source, ring, None, unseen);
        }
        camera
    }

    fn ring(&self) -> Ring {
        let ring = &self.config.ring;
        Ring::new(RingLimits {
            span: ring.span(),
            bytes: ring.max_bytes(),
        })
    }

    fn pull(
        &self,
        layer: &'static str,
        source: &Source,
        video: &Ring,
        audio: Option<Ring>,
        health: watch::Sender<Health>,
    ) {
        let pull = Pull {
            camera: Arc::clone(&self.camera),
            source: source.clone(),
            layer,
            video: video.clone(),
            audio,
            encoder: self.config.media.encoder,
            health,
            epoch: self.epoch,
        };
        let armed = arm::ArmedFor::new(self.number, self.status.clone());
        self.tasks.spawn(arm::keep(pull, armed, self.stop.clone()));
    }
}

fn address(source: &Source) -> String {
    let host = source.url.host_str().unwrap_or_default();
    format!("{host}:{}", source.url.port().unwrap_or(554))
}
