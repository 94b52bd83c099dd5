//! Test cameras: real RTSP servers with Digest authentication, each on its own port, all in this
//! process. One of them encodes live and carries the time stamp; the others replay clips that are
//! encoded once. Tests break them through [`Camera::put`]. What a camera sees is [`crate::scene`].

mod clip;
mod garbage;
mod mount;
mod plan;
mod replay;
#[cfg(test)]
mod tests;

use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use gstreamer::glib;
use gstreamer_rtsp::RTSPAuthMethod;
use gstreamer_rtsp_server::prelude::*;
use gstreamer_rtsp_server::{RTSPAuth, RTSPFilterResult, RTSPServer, RTSPToken};
use serde::{Deserialize, Serialize};

pub use plan::{CameraPlan, HALL_MASK, Mask, Sound, Video, town_cameras};

use garbage::Garbage;
use replay::Flow;

const FREE_WITHIN: Duration = Duration::from_secs(3);
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// What is wrong with a camera, if anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Trouble {
    None,
    /// Refuses connections; those that were open are cut.
    Stopped,
    /// Connections stay open, and no frame comes any more.
    Stalled,
    /// Something that is not RTSP answers on its port.
    Garbage,
    /// Its owner has changed the password.
    OtherPassword,
}

/// All test cameras of a town; they stop when this is dropped.
pub struct Cameras {
    cameras: Vec<Camera>,
    main_loop: glib::MainLoop,
    runner: Option<JoinHandle<()>>,
}

impl Cameras {
    /// Starts one RTSP server a plan on `host`, each on a free port. Clips are encoded into `cache` when
    /// they are not there yet, which takes some seconds a camera.
    ///
    /// # Errors
    /// When a GStreamer part is missing, the cache cannot be written or no port is free.
    pub fn start(host: IpAddr, cache: &Path, plans: &[CameraPlan]) -> Result<Self> {
        gstreamer::init().context("starting GStreamer")?;
        let context = glib::MainContext::new();
        let cameras = plans
            .iter()
            .map(|plan| Camera::start(host, cache, plan, &context))
            .collect::<Result<Vec<_>>>()?;
        let main_loop = glib::MainLoop::new(Some(&context), false);
        let runner = std::thread::Builder::new()
            .name("cameras".to_owned())
            .spawn({
                let main_loop = main_loop.clone();
                move || main_loop.run()
            })?;
        Ok(Self {
            cameras,
            main_loop,
            runner: Some(runner),
        })
    }

    #[must_use]
    pub fn all(&self) -> &[Camera] {
        &self.cameras
    }

    /// # Errors
    /// When there is no camera of that name.
    pub fn named(&self, name: &str) -> Result<&Camera> {
        let found = self.cameras.iter().find(|camera| camera.plan.name == name);
        found.with_context(|| format!("no test camera is called {name}"))
    }
}

impl Drop for Cameras {
    fn drop(&mut self) {
        for camera in &self.cameras {
            camera.close();
        }
        self.main_loop.quit();
        if let Some(runner) = self.runner.take() {
            // A camera thread that panicked has said so itself; there is nobody left to tell.
            let _ = runner.join();
        }
    }
}

/// One camera: its own RTSP server and its own password.
pub struct Camera {
    pub plan: CameraPlan,
    address: SocketAddr,
    context: glib::MainContext,
    flow: Arc<Flow>,
    server: RTSPServer,
    door: Mutex<Door>,
}

/// What listens on the camera's port.
enum Door {
    Rtsp(glib::Source),
    /// Held only to be dropped.
    Garbage {
        _listener: Garbage,
    },
    Shut,
}

impl Camera {
    fn start(
        host: IpAddr,
        cache: &Path,
        plan: &CameraPlan,
        context: &glib::MainContext,
    ) -> Result<Self> {
        let flow = Arc::new(Flow::default());
        let server = RTSPServer::new();
        server.set_address(&host.to_string());
        server.set_service("0");
        let mounts = server
            .mount_points()
            .context("a new server has mount points")?;
        for (path, factory) in mount::factories(plan, cache, &flow)? {
            mounts.add_factory(path, factory);
        }
        server.set_auth(Some(&lock(&plan.username, &plan.password)));
        let source = server.create_source(gstreamer_rtsp_server::gio::Cancellable::NONE)?;
        source.attach(Some(context));
        let port = u16::try_from(server.bound_port()).context("a bound server has a port")?;
        ensure!(port != 0, "the RTSP server of {} got no port", plan.name);
        Ok(Self {
            plan: plan.clone(),
            address: SocketAddr::new(host, port),
            context: context.clone(),
            flow,
            server,
            door: Mutex::new(Door::Rtsp(source)),
        })
    }

    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    #[must_use]
    pub fn main_url(&self) -> String {
        format!("rtsp://{}/main", self.address)
    }

    #[must_use]
    pub fn sub_url(&self) -> Option<String> {
        self.plan
            .sub
            .then(|| format!("rtsp://{}/sub", self.address))
    }

    /// Breaks or mends the camera. It keeps its port throughout.
    ///
    /// # Errors
    /// When its port was taken by somebody else in the meantime.
    pub fn put(&self, trouble: Trouble) -> Result<()> {
        self.flow.stall(trouble == Trouble::Stalled);
        let password = match trouble {
            Trouble::OtherPassword => "not-the-one-you-know",
            Trouble::None | Trouble::Stopped | Trouble::Stalled | Trouble::Garbage => {
                &self.plan.password
            }
        };
        self.server
            .set_auth(Some(&lock(&self.plan.username, password)));
        match trouble {
            Trouble::None | Trouble::Stalled => self.open(),
            Trouble::OtherPassword => {
                self.cut_clients();
                self.open()
            }
            Trouble::Stopped => {
                self.close();
                Ok(())
            }
            Trouble::Garbage => {
                self.close();
                *self.door() = Door::Garbage {
                    _listener: Garbage::listen(self.address)?,
                };
                Ok(())
            }
        }
    }

    fn open(&self) -> Result<()> {
        let mut door = self.door();
        if matches!(*door, Door::Rtsp(_)) {
            return Ok(());
        }
        *door = Door::Shut;
        self.server.set_service(&self.address.port().to_string());
        let listen = || {
            self.server
                .create_source(gstreamer_rtsp_server::gio::Cancellable::NONE)
        };
        let source =
            when_free(listen).with_context(|| format!("listening again on {}", self.address))?;
        source.attach(Some(&self.context));
        *door = Door::Rtsp(source);
        Ok(())
    }

    fn close(&self) {
        if let Door::Rtsp(source) = std::mem::replace(&mut *self.door(), Door::Shut) {
            source.destroy();
        }
        self.cut_clients();
    }

    fn cut_clients(&self) {
        self.server
            .client_filter(Some(&mut |_, _| RTSPFilterResult::Remove));
    }

    fn door(&self) -> std::sync::MutexGuard<'_, Door> {
        self.door.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A closed port is free only when the thread that polled it has looked up.
fn when_free<T, E>(listen: impl Fn() -> Result<T, E>) -> Result<T, E> {
    let until = Instant::now() + FREE_WITHIN;
    loop {
        match listen() {
            Err(_) if Instant::now() < until => std::thread::sleep(LOOK_AGAIN),
            outcome => return outcome,
        }
    }
}

/// Digest only, as cameras do it.
fn lock(username: &str, password: &str) -> RTSPAuth {
    let auth = RTSPAuth::new();
    auth.set_supported_methods(RTSPAuthMethod::Digest);
    let token = RTSPToken::builder()
        .field("media.factory.role", mount::ROLE)
        .build();
    auth.add_digest(username, password, &token);
    auth
}
