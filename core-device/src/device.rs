//! Puts the device's parts together, and takes them apart in the right order: on the way up cameras are
//! shut before anything can speak; on the way down the gate shuts them before anything else ends.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use assent_consent::{CameraNumber, DeviceId};
use thiserror::Error;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::camera::Cameras;
use crate::config::Config;
use crate::gate::{ConsentSetup, Gate, Setup};
use crate::link::{Attached, Enrolled, Link};
use crate::local::Local;
use crate::memory::Memory;
use crate::publish::{MEDIA_QUEUE, Publisher};
use crate::valve;

/// For media connections to say goodbye and the last receipts to reach the hub.
const GOODBYE: Duration = Duration::from_millis(500);
/// For everything to end; after that the programme ends anyway, with every camera shut.
const ENDS_WITHIN: Duration = Duration::from_secs(3);

/// Cameras are read and the page works; there is nobody to share with.
const NOT_ENROLLED: &str =
    "not enrolled: run `assent-core enrol <claim>` with the agency's claim, then start again";
const NOBODY: DeviceId = DeviceId([0; 32]);

/// Why a device does not start, or does not go on.
#[derive(Debug, Error)]
pub enum StartError {
    #[error(
        "this device is not enrolled; ask the agency for a claim and run `assent-core enrol <claim>`"
    )]
    NotEnrolled,
    #[error("the identity in {0} cannot be read: {1}")]
    Identity(PathBuf, io::Error),
    #[error("the receipts in {0} cannot be opened: {1}")]
    Memory(PathBuf, io::Error),
    #[error("the gate ended by itself; every camera is shut")]
    GateEnded,
    #[error("the local page cannot listen on {0}: {1}; change local_listen")]
    Local(SocketAddr, io::Error),
}

/// Runs the device until `stop`.
///
/// # Errors
/// What keeps it from starting; afterwards every trouble is waited out, but a gate that is gone.
pub async fn run(config: Config, stop: CancellationToken) -> Result<(), StartError> {
    let parts = Parts::start(config).await?;
    tracing::info!("the device is up");
    let ended = tokio::select! {
        () = stop.cancelled() => Ok(()),
        // A device that can share nothing must not look alive: whoever watches over it starts it again.
        () = parts.gate.ended() => Err(StartError::GateEnded),
    };
    tracing::info!("going down");
    parts.end().await;
    ended
}

/// The configuration goes before what the hub told at enrolment.
fn consent_setup(config: &Config, enrolled: Option<&Enrolled>) -> io::Result<ConsentSetup> {
    let origins = match config.consent_origins.as_slice() {
        [] => enrolled.map_or_else(Vec::new, Enrolled::consent_origins),
        origins => origins.to_vec(),
    };
    Ok(ConsentSetup {
        origins,
        indoor: config.indoor(),
        key: enrolled.map(Enrolled::device_key).transpose()?,
    })
}

/// What runs, in two groups: what can let a picture out, and what serves it.
struct Parts {
    tasks: TaskTracker,
    gate: Gate,
    /// Gate and publisher.
    sharing: CancellationToken,
    /// Link, cameras, local page.
    serving: CancellationToken,
}

impl Parts {
    async fn start(config: Config) -> Result<Self, StartError> {
        let dir = &config.data_dir;
        let enrolled =
            Enrolled::load(dir).map_err(|error| StartError::Identity(dir.clone(), error))?;
        let (memory, past) =
            Memory::open(dir).map_err(|error| StartError::Memory(dir.clone(), error))?;
        let listen = config.local_listen;
        let listener = TcpListener::bind(listen)
            .await
            .map_err(|error| StartError::Local(listen, error))?;
        if let Ok(address) = listener.local_addr() {
            tracing::info!(address = %format!("http://{address}/"), "local page");
        }
        let (tasks, sharing, serving) = (
            TaskTracker::new(),
            CancellationToken::new(),
            CancellationToken::new(),
        );
        let numbers = config
            .cameras
            .iter()
            .filter_map(|camera| CameraNumber::new(camera.number));
        let valves = valve::valves(numbers);
        let setup = Setup {
            device: enrolled.as_ref().map_or(NOBODY, Enrolled::device),
            policy: config.policy.clone(),
            valves: valves.clone(),
            consent: consent_setup(&config, enrolled.as_ref())
                .map_err(|error| StartError::Identity(dir.clone(), error))?,
        };
        let gate = Gate::start(setup, memory, past, &tasks, &sharing);
        let cameras = Cameras::start(&config, gate.status(), &tasks, &serving);
        let parts = Self {
            tasks,
            gate: gate.clone(),
            sharing,
            serving,
        };
        let (attached, attached_seen) = watch::channel(Attached::not_yet());
        let local = Local {
            premises: enrolled
                .as_ref()
                .map_or("Not enrolled yet", Enrolled::premises)
                .to_owned(),
            own: listen.ip(),
            gate: gate.clone(),
            cameras: cameras.clone(),
            valves: valves.clone(),
            attached: attached_seen,
        };
        parts
            .tasks
            .spawn(local.serve(listener, parts.serving.clone()));
        match enrolled {
            Some(enrolled) => parts.connect(&config, enrolled, gate, cameras, valves, attached),
            None => {
                tracing::warn!("{NOT_ENROLLED}");
                let (since, reason) = (Instant::now(), NOT_ENROLLED.to_owned());
                attached.send_replace(Attached::Away { since, reason });
            }
        }
        Ok(parts)
    }

    /// Starts what speaks to the hub.
    fn connect(
        &self,
        config: &Config,
        enrolled: Enrolled,
        gate: Gate,
        cameras: Cameras,
        valves: valve::Valves,
        attached: watch::Sender<Attached>,
    ) {
        let (to_hub, to_hub_seen) = mpsc::channel(MEDIA_QUEUE);
        let (from_hub, from_hub_seen) = mpsc::channel(MEDIA_QUEUE);
        let publisher = Publisher {
            cameras: cameras.clone(),
            valves,
            permitted: gate.permissions(),
            to_hub,
            from_hub: from_hub_seen,
            hub: config
                .hub
                .clone()
                .unwrap_or_else(|| enrolled.hub().to_owned()),
            uplink_kbps: config.media.uplink_kbps,
        };
        self.tasks.spawn(publisher.run(self.sharing.clone()));
        let link = Link {
            enrolled,
            hub: config.hub.clone(),
            gate,
            cameras,
            to_hub: to_hub_seen,
            from_hub,
            attached,
        };
        self.tasks.spawn(link.run(self.serving.clone()));
    }

    async fn end(self) {
        self.sharing.cancel();
        tokio::time::sleep(GOODBYE).await;
        self.serving.cancel();
        self.tasks.close();
        if tokio::time::timeout(ENDS_WITHIN, self.tasks.wait())
            .await
            .is_err()
        {
            tracing::warn!("some tasks did not end in time");
        }
    }
}
