//! Carries the pictures of permitted cameras to the hub: one WebRTC connection per camera, offered by
//! the device and described over the link. No socket exists before a permission, and none outlives it.
//! Who may be permitted is `gate`'s decision; this only obeys, before every packet.
//!
//! ```text
//!   gate: permission ──► offer ──► answer ──► connected ──► current group of pictures ──► live
//!                          ▲                      │ lost, or no answer
//!                          └───── after a wait ◄──┘
//!   gate: no permission ──► valve shut: nothing passes the outlet ──► connection closed
//! ```

mod demand;
mod feed;
mod key_request;
mod outlet;
mod packetise;
mod peer;
mod route;
mod share;
mod uplink;

use std::collections::BTreeMap;
use std::sync::Arc;

use assent_consent::{CameraNumber, Permission};
use assent_wire::link::{Demand, MediaAnswer, MediaOffer, MediaState};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::camera::Cameras;
use crate::valve::Valves;
use demand::Demands;
use route::Route;
use share::{Answers, Share};
use uplink::Uplink;

/// Media words that may wait on the link, each way: an offer, a state and a demand for every camera of a
/// large device.
pub const MEDIA_QUEUE: usize = 256;

/// What the link carries to the hub for the publisher.
#[derive(Debug)]
pub enum ToHub {
    Offer(MediaOffer),
    State(MediaState),
}

/// What the link brings for the publisher.
#[derive(Debug)]
pub enum FromHub {
    Answer(MediaAnswer),
    Demand(Demand),
    /// There is a new line to the hub; what was said on the old one may be lost.
    Attached,
    Detached,
}

/// The line to the hub as shares see it: a running number while it is up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Line {
    count: u64,
    up: bool,
}

impl Line {
    fn is_up(self) -> bool {
        self.up
    }

    fn count(self) -> u64 {
        self.count
    }
}

/// What the publisher needs from the rest of the device.
pub struct Publisher {
    pub cameras: Cameras,
    pub valves: Valves,
    pub permitted: watch::Receiver<BTreeMap<CameraNumber, Permission>>,
    pub to_hub: mpsc::Sender<ToHub>,
    pub from_hub: mpsc::Receiver<FromHub>,
    /// `host:port` of the hub; media leaves from the address that lies on the way to it.
    pub hub: String,
    pub uplink_kbps: u32,
}

impl Publisher {
    /// Runs until `stop`; every connection is closed before it returns.
    pub async fn run(self, stop: CancellationToken) {
        let (line, line_seen) = watch::channel(Line::default());
        let mut shares = Shares {
            route: Route::new(&self.hub),
            uplink: Arc::new(Uplink::new(self.uplink_kbps)),
            answers: Answers::new(rand::random()),
            demands: Demands::default(),
            cameras: self.cameras,
            valves: self.valves,
            to_hub: self.to_hub,
            line: line_seen,
            running: BTreeMap::new(),
            tasks: JoinSet::new(),
        };
        let (mut permitted, mut from_hub) = (self.permitted, self.from_hub);
        loop {
            shares.reconcile(&permitted.borrow_and_update().clone());
            tokio::select! {
                () = stop.cancelled() => break,
                changed = permitted.changed() => if changed.is_err() { break },
                word = from_hub.recv() => match word {
                    Some(FromHub::Answer(answer)) => shares.answers.hear(answer),
                    Some(FromHub::Demand(demand)) => shares.demands.hear(&demand),
                    Some(FromHub::Attached) => line.send_modify(|line| {
                        *line = Line { count: line.count + 1, up: true };
                    }),
                    Some(FromHub::Detached) => line.send_modify(|line| line.up = false),
                    None => break,
                },
                Some(ended) = shares.tasks.join_next() => shares.forget_ended(ended.is_err()),
            }
        }
        shares.reconcile(&BTreeMap::new());
        while shares.tasks.join_next().await.is_some() {}
    }
}

/// Running shares, made to match what is permitted.
struct Shares {
    cameras: Cameras,
    valves: Valves,
    route: Route,
    uplink: Arc<Uplink>,
    answers: Answers,
    demands: Demands,
    to_hub: mpsc::Sender<ToHub>,
    line: watch::Receiver<Line>,
    running: BTreeMap<CameraNumber, Running>,
    tasks: JoinSet<()>,
}

struct Running {
    permission: Permission,
    stop: CancellationToken,
    task: tokio::task::AbortHandle,
}

impl Shares {
    /// Ends what is not permitted (any more, or in this way), then begins what is.
    fn reconcile(&mut self, permitted: &BTreeMap<CameraNumber, Permission>) {
        self.running.retain(|camera, running| {
            let same = permitted
                .get(camera)
                .is_some_and(|now| is_served_alike(now, &running.permission));
            if !same {
                running.stop.cancel();
            }
            same
        });
        for (number, permission) in permitted {
            if !self.running.contains_key(number) {
                self.begin(*number, permission);
            }
        }
    }

    fn begin(&mut self, number: CameraNumber, permission: &Permission) {
        let (Some(camera), Some(valve)) = (self.cameras.one(number), self.valves.get(&number))
        else {
            return;
        };
        let stop = CancellationToken::new();
        let share = Share {
            camera: camera.clone(),
            permission: permission.clone(),
            valve: Arc::clone(valve),
            answers: self.answers.clone(),
            demands: self.demands.clone(),
            uplink: Arc::clone(&self.uplink),
            route: self.route.clone(),
            to_hub: self.to_hub.clone(),
            line: self.line.clone(),
        };
        let task = self.tasks.spawn(share.run(stop.clone()));
        self.running.insert(
            number,
            Running {
                permission: permission.clone(),
                stop,
                task,
            },
        );
    }

    /// A share that ended by itself, or panicked, is begun again by the next reconcile.
    fn forget_ended(&mut self, panicked: bool) {
        if panicked {
            tracing::error!("a media connection's task panicked");
        }
        self.running
            .retain(|_, running| !running.task.is_finished());
    }
}

/// Whether a change of permission needs another connection: sound has a track of its own. How long the
/// share lasts and for whom does not matter here.
fn is_served_alike(now: &Permission, then: &Permission) -> bool {
    now.rights.audio == then.rights.audio
        && now.rights.pre_roll == then.rights.pre_roll
        && now.pre_roll_secs == then.pre_roll_secs
}

#[cfg(test)]
mod tests;
