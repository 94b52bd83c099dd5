//! One camera's media connection for as long as the gate permits it: offer, feed, and when the hub or
//! the way to it is lost, offer again.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use assent_consent::Permission;
use assent_wire::link::{MediaAnswer, MediaOffer, MediaState, Track};
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use rand::Rng;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::demand::{Demands, Layer, Wanted};
use super::feed::{Ended, Feed};
use super::peer::{Offer, OfferedTrack, Peer};
use super::route::Route;
use super::uplink::Uplink;
use super::{Line, ToHub};
use crate::camera::{Camera, Ring};
use crate::valve::Valve;

/// Without the pre-roll right only this much of the past may leave, whatever the key frame interval.
const MOST_WITHOUT_PRE_ROLL: Duration = Duration::from_secs(4);
/// The hub answers an offer from memory.
const ANSWER_WITHIN: Duration = Duration::from_secs(3);
/// Checks and handshake on a bad mobile line.
const CONNECTED_WITHIN: Duration = Duration::from_secs(6);
/// The other end has its keys a moment after we have ours, and the key frame must not be lost.
const SETTLES_WITHIN: Duration = Duration::from_millis(10);
/// Waits before the next offer, from and to.
const FIRST_WAIT: Duration = Duration::from_millis(100);
const LONGEST_WAIT: Duration = Duration::from_secs(2);

/// Offers that wait for an answer, by their number.
#[derive(Clone)]
pub(super) struct Answers {
    next: Arc<AtomicU64>,
    waiting: Arc<Mutex<BTreeMap<u64, oneshot::Sender<MediaAnswer>>>>,
}

impl Answers {
    /// Numbers begin at random, so that a hub cannot mistake them for those of an earlier start.
    pub(super) fn new(first: u32) -> Self {
        Self {
            next: Arc::new(AtomicU64::new(u64::from(first) << 16)),
            waiting: Arc::default(),
        }
    }

    pub(super) fn hear(&self, answer: MediaAnswer) {
        let waiting = self
            .waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&answer.media_id);
        if let Some(waiting) = waiting {
            // Whoever waited may have given up.
            let _ = waiting.send(answer);
        }
    }

    fn expect(&self) -> (u64, oneshot::Receiver<MediaAnswer>) {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let (sender, receiver) = oneshot::channel();
        self.waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(id, sender);
        (id, receiver)
    }

    fn forget(&self, id: u64) {
        self.waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&id);
    }
}

/// Everything one camera's connection needs.
pub(super) struct Share {
    pub camera: Camera,
    pub permission: Permission,
    pub valve: Arc<Valve>,
    pub answers: Answers,
    pub demands: Demands,
    pub uplink: Arc<Uplink>,
    pub route: Route,
    pub to_hub: mpsc::Sender<ToHub>,
    pub line: watch::Receiver<Line>,
}

/// Why there is no media connection (any more), in words for the hub and the log.
type Lost = &'static str;

impl Share {
    /// Runs until `stop`; what is open then is closed before it returns.
    pub(super) async fn run(mut self, stop: CancellationToken) {
        let mut failures = 0;
        while !stop.is_cancelled() {
            let up = self.line.wait_for(|line| line.is_up());
            if !matches!(stop.run_until_cancelled(up).await, Some(Ok(_))) {
                return;
            }
            let began = Instant::now();
            let lost = self.connection(failures, &stop).await;
            if stop.is_cancelled() {
                return;
            }
            failures = if began.elapsed() > CONNECTED_WITHIN {
                0
            } else {
                failures + 1
            };
            tracing::warn!(camera.id = %self.camera.number, reason = lost, "media connection");
            self.wait(failures, &stop).await;
        }
    }

    /// A little longer each time; a new line to the hub ends the wait.
    async fn wait(&mut self, failures: u32, stop: &CancellationToken) {
        let step = FIRST_WAIT
            .saturating_mul(1 << failures.min(6))
            .min(LONGEST_WAIT);
        let step = step.mul_f64(rand::rng().random_range(0.5..=1.0));
        tokio::select! {
            () = tokio::time::sleep(step) => {}
            _ = self.line.changed() => {}
            () = stop.cancelled() => {}
        }
    }

    /// One connection, closed again when it returns.
    async fn connection(&mut self, failures: u32, stop: &CancellationToken) -> Lost {
        self.line.borrow_and_update();
        let mut line = self.line.clone();
        let addresses = self.route.addresses(failures).await;
        let offer = match Peer::offer(&self.layers(), &addresses, Arc::clone(&self.valve)).await {
            Ok(offer) => offer,
            Err(error) => {
                tracing::warn!(camera.id = %self.camera.number, %error, "media offer");
                return "no media socket could be opened";
            }
        };
        let Offer {
            mut peer,
            sdp,
            tracks,
        } = offer;
        let (id, answer) = self.answers.expect();
        let lost = tokio::select! {
            lost = self.serve(&mut peer, id, sdp, tracks, answer) => lost,
            () = new_line(&mut line) => "there is a new line to the hub",
            () = stop.cancelled() => "not shared any more",
        };
        self.answers.forget(id);
        peer.close().await;
        self.tell(MediaState {
            media_id: id,
            connected: false,
            reason: lost.to_owned(),
        });
        lost
    }

    fn layers(&self) -> Vec<Layer> {
        let mut layers = vec![Layer::Main];
        if self.camera.sub.is_some() {
            layers.push(Layer::Sub);
        }
        if self.permission.rights.audio && self.camera.audio.is_some() {
            layers.push(Layer::Audio);
        }
        layers
    }

    async fn serve(
        &self,
        peer: &mut Peer,
        id: u64,
        sdp: String,
        tracks: Vec<OfferedTrack>,
        answer: oneshot::Receiver<MediaAnswer>,
    ) -> Lost {
        let wanted = self.demands.begin(self.camera.number);
        let named = tracks.iter().map(|track| self.named(track)).collect();
        if self
            .to_hub
            .try_send(ToHub::Offer(MediaOffer {
                media_id: id,
                sdp,
                tracks: named,
            }))
            .is_err()
        {
            return "the line to the hub is full";
        }
        let Ok(Ok(answer)) = timeout(ANSWER_WITHIN, answer).await else {
            return "the hub did not answer the offer";
        };
        if !answer.problem.is_empty() {
            return "the hub refused the offer";
        }
        if let Err(error) = peer.accept(answer.sdp).await {
            tracing::warn!(camera.id = %self.camera.number, %error, "media answer");
            return "the hub's answer is not understood";
        }
        match timeout(CONNECTED_WITHIN, peer.connected()).await {
            Ok(true) => {}
            Ok(false) | Err(_) => return "no media connection to the hub could be made",
        }
        tokio::time::sleep(SETTLES_WITHIN).await;
        self.tell(MediaState {
            media_id: id,
            connected: true,
            reason: String::new(),
        });
        tracing::info!(camera.id = %self.camera.number, "media connected");
        tokio::select! {
            () = peer.lost() => "the media connection was lost",
            ended = self.feed(tracks, &wanted) => match ended {
                Ended::Shut => "not shared any more",
                Ended::Lost => "the media connection takes no more",
            },
        }
    }

    fn named(&self, track: &OfferedTrack) -> Track {
        Track {
            mid: track.mid.clone(),
            camera: self.camera.number.get().into(),
            layer: track.layer.to_wire(),
        }
    }

    /// Feeds every layer until the first of them ends.
    async fn feed(&self, tracks: Vec<OfferedTrack>, wanted: &watch::Receiver<Wanted>) -> Ended {
        let feeds = tracks.into_iter().filter_map(|offered| {
            let feed = Feed {
                layer: offered.layer,
                ring: self.ring(offered.layer)?,
                valve: Arc::clone(&self.valve),
                wanted: wanted.clone(),
                uplink: Arc::clone(&self.uplink),
                reach: self.reach(),
                track: offered.track,
                numbers: offered.numbers,
            };
            Some(feed.run())
        });
        let mut feeds: FuturesUnordered<_> = feeds.collect();
        feeds.next().await.unwrap_or(Ended::Lost)
    }

    fn ring(&self, layer: Layer) -> Option<Ring> {
        match layer {
            Layer::Main => Some(self.camera.main.clone()),
            Layer::Sub => self.camera.sub.clone(),
            Layer::Audio => self.camera.audio.clone(),
        }
    }

    /// How far back the first group of pictures may begin.
    fn reach(&self) -> Duration {
        let pre_roll = Duration::from_secs(self.permission.pre_roll_secs.into());
        if self.permission.rights.pre_roll {
            MOST_WITHOUT_PRE_ROLL.max(pre_roll)
        } else {
            MOST_WITHOUT_PRE_ROLL
        }
    }

    fn tell(&self, state: MediaState) {
        // Facts for display; a full queue means that the hub is not listening anyway.
        if self.to_hub.try_send(ToHub::State(state)).is_err() {
            tracing::debug!(camera.id = %self.camera.number, "media state not sent");
        }
    }
}

/// Returns when the hub is attached by another line than before.
async fn new_line(line: &mut watch::Receiver<Line>) {
    let now = *line.borrow_and_update();
    let another = |line: &Line| line.is_up() && line.count() != now.count();
    if line.wait_for(another).await.is_err() {
        std::future::pending::<()>().await;
    }
}
