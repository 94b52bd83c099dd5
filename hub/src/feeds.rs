//! The adapter to the media engine: which streams are whose camera, which layer a tile gets, what each
//! device is asked to send. It opens a stream to a browser only for an [`Admitted`]; who may have one,
//! and the record of it, is `viewing`'s.
//!
//! ```text
//!   link ── offer ──► feeds ── answer ──► link          viewing ── Admitted ──► feeds
//!                       │ demand ──► link                           │ tile states, happenings ──► viewing
//! ```

mod keeper;
mod names;
mod showing;
mod sources;
#[cfg(test)]
mod tests;
mod tiles;

pub use keeper::{Demanded, Happening};
pub use names::Layer;
pub use tiles::{TileAt, TilePhase, TileState, WallId};

use std::net::SocketAddr;
use std::sync::Arc;

use assent_media::{Engine, MediaConfig, MediaError, TcpListen};
use futures::future::BoxFuture;
use tokio::sync::{broadcast, mpsc, oneshot, watch};

use crate::audit::Receipt;
use crate::error::{Error, Kind, Result};
use crate::world::{CameraId, Clock, DeviceId, Guarded, ViewingId};
use keeper::{Health, Keeper, Order};
use names::Names;
use tiles::Tiles;

/// Orders that wait for the keeper: each takes it microseconds, and whoever gives one waits for it.
const ORDERS: usize = 1_024;
/// Demands that wait for the link: one a camera of the largest town.
const DEMANDS: usize = 1_024;
/// Happenings that a slow reader may be behind; the tile states stay true for one that missed some.
const HAPPENINGS: usize = 1_024;

/// Proof that somebody may look at a camera now, and that it is on record. Made by `viewing`.
#[derive(Clone, Debug)]
pub struct Admitted {
    viewing: ViewingId,
    camera: CameraId,
    sound: bool,
}

impl Admitted {
    /// `sound` only where the owner's terms allow it.
    pub fn recorded(_: &Receipt, viewing: ViewingId, camera: CameraId, sound: bool) -> Self {
        Self {
            viewing,
            camera,
            sound,
        }
    }
}

/// How a tile is looked at: small ones get the substream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    pub large: bool,
    pub audible: bool,
}

/// A device's media connection, `media_id` being its own number for it, and what it will carry.
#[derive(Clone, Debug)]
pub struct Offer {
    pub device: DeviceId,
    pub media_id: u64,
    pub sdp: String,
    pub tracks: Vec<OfferedTrack>,
}

/// A line of a device's offer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfferedTrack {
    pub mid: String,
    pub camera: CameraId,
    pub layer: Layer,
}

#[derive(Clone)]
pub struct Feeds {
    engine: Engine,
    names: Arc<Guarded<Names>>,
    tiles: Arc<Guarded<Tiles>>,
    orders: mpsc::Sender<Order>,
    demands: Arc<Guarded<Option<mpsc::Receiver<Demanded>>>>,
    changed: watch::Sender<u64>,
    happened: broadcast::Sender<Happening>,
    health: Health,
}

impl Feeds {
    /// Starts the engine and the keeper of its facts; both end with the last handle. Needs a runtime.
    pub fn open(clock: Clock, config: MediaConfig) -> Result<Self> {
        let listen = config.listen;
        let also = match config.tcp_listen {
            TcpListen::At(tcp) => format!(" or {tcp} (TCP)"),
            TcpListen::Beside | TcpListen::Off => String::new(),
        };
        let engine = Engine::start(config).map_err(|e| {
            Error::unavailable(format!(
                "The media port {listen}{also} cannot be used. Choose another, or end what uses it."
            ))
            .because(e)
        })?;
        let facts = engine
            .facts()
            .ok_or_else(|| Error::internal("the engine's facts are taken"))?;
        let (orders, ordered) = mpsc::channel(ORDERS);
        let (demand, demands) = mpsc::channel(DEMANDS);
        let feeds = Self {
            engine: engine.clone(),
            names: Arc::default(),
            tiles: Arc::default(),
            orders,
            demands: Arc::new(Guarded::new(Some(demands))),
            changed: watch::Sender::new(0),
            happened: broadcast::Sender::new(HAPPENINGS),
            health: Health::default(),
        };
        let keeper = Keeper {
            engine,
            clock,
            names: Arc::clone(&feeds.names),
            tiles: Arc::clone(&feeds.tiles),
            sources: sources::Sources::default(),
            demand,
            changed: feeds.changed.clone(),
            happened: feeds.happened.clone(),
            health: feeds.health.clone(),
        };
        tokio::spawn(keeper.run(ordered, facts));
        Ok(feeds)
    }

    /// Where media is really listened for.
    pub fn local_addr(&self) -> SocketAddr {
        self.engine.local_addr()
    }

    /// What devices are to be asked for, for the link's front, once.
    pub fn demands(&self) -> Option<mpsc::Receiver<Demanded>> {
        self.demands.lock().take()
    }

    /// Wakes when a tile's state changed.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    pub fn happenings(&self) -> broadcast::Receiver<Happening> {
        self.happened.subscribe()
    }

    /// What a tile is doing, as far as packets tell.
    pub fn tile(&self, at: TileAt) -> Option<TileState> {
        self.tiles.lock().state(at)
    }

    /// Answers a device's offer of exactly its tracks. An earlier connection under the same number ends.
    pub async fn publish(&self, offer: Offer) -> Result<String> {
        let Offer {
            device,
            media_id,
            sdp,
            tracks,
        } = offer;
        let (publisher, streams) = {
            let mut names = self.names.lock();
            let stream =
                |track: &OfferedTrack| (track.mid.clone(), names.stream(track.camera, track.layer));
            let streams: Vec<_> = tracks.iter().map(stream).collect();
            (names.publisher(), streams)
        };
        self.order(|done| Order::Offered {
            device,
            media_id,
            publisher,
            tracks,
            done,
        })
        .await?;
        let answer = self.engine.publish(publisher, &sdp, &streams).await;
        if answer.is_err() {
            self.unpublish(device, media_id).await;
        }
        answer.map_err(refused)
    }

    /// The device says that a connection is over.
    pub async fn unpublish(&self, device: DeviceId, media_id: u64) {
        if let Err(error) = self
            .order(|done| Order::Unpublish {
                device,
                media_id,
                done,
            })
            .await
        {
            tracing::debug!(%error, "media keeper is gone, and the connection with it");
        }
    }

    /// Ends a camera's streams for everybody. When it returns, no packet of it leaves the hub, whatever
    /// else is wrong.
    pub async fn stop(&self, camera: CameraId) {
        if self
            .order(|done| Order::Stop { camera, done })
            .await
            .is_err()
        {
            tracing::error!(camera.id = %camera, "media keeper is gone; the engine stops with it");
        }
    }

    /// Answers a browser's offer: every video line becomes a slot. An older connection of the same wall ends.
    pub async fn open_wall(&self, wall: WallId, offer: &str) -> Result<String> {
        let engine_wall = self.names.lock().wall();
        let answer = self
            .engine
            .open_wall(engine_wall, offer)
            .await
            .map_err(refused)?;
        self.order(|done| Order::WallOpened {
            wall,
            engine_wall,
            done,
        })
        .await?;
        Ok(answer)
    }

    /// Like the three below it takes its place in the order of the calls when it is called, not when it is
    /// awaited: who calls under a lock is obeyed in the order of the lock.
    pub fn close_wall(&self, wall: WallId) -> BoxFuture<'static, Result<()>> {
        self.order(|done| Order::CloseWall { wall, done })
    }

    /// Shows a camera in a tile, at once if it is live, else as soon as it is. What the tile showed
    /// before has ended when it returns.
    pub fn show(
        &self,
        admitted: Admitted,
        at: TileAt,
        look: Look,
    ) -> BoxFuture<'static, Result<()>> {
        self.order(|done| Order::Show {
            admitted,
            at,
            look,
            done,
        })
    }

    /// The tile got larger or smaller, or its sound was switched.
    pub fn look(&self, at: TileAt, look: Look) -> BoxFuture<'static, Result<()>> {
        self.order(|done| Order::Look { at, look, done })
    }

    /// When it returns, no packet goes to this tile any more.
    pub fn hide(&self, at: TileAt) -> BoxFuture<'static, Result<()>> {
        self.order(|done| Order::Hide { at, done })
    }

    /// Whether the engine ended although nobody told it to. Nothing brings it back but a new start.
    pub fn has_failed(&self) -> bool {
        self.health.failed.is_cancelled()
    }

    /// Returns when it has.
    pub async fn failed(&self) {
        self.health.failed.cancelled().await;
    }

    /// What the engine's thread leaves behind when it panics.
    #[cfg(test)]
    pub(crate) async fn lose_engine(&self) {
        self.engine.stop().await.ok();
        self.failed().await;
    }

    /// Says goodbye to every peer.
    pub async fn close(&self) {
        self.health.closing.cancel();
        if let Err(error) = self.engine.stop().await {
            tracing::debug!(%error, "media engine");
        }
    }

    fn order(
        &self,
        order: impl FnOnce(oneshot::Sender<Result<()>>) -> Order,
    ) -> BoxFuture<'static, Result<()>> {
        let (done, answer) = oneshot::channel();
        let orders = self.orders.clone();
        let sent = orders.try_send(order(done));
        Box::pin(async move {
            let gone = || Error::unavailable("The hub is going away.").slug("draining");
            match sent {
                Ok(()) => {}
                Err(mpsc::error::TrySendError::Full(order)) => {
                    orders.send(order).await.map_err(|_| gone())?
                }
                Err(mpsc::error::TrySendError::Closed(_)) => return Err(gone()),
            }
            answer.await.unwrap_or_else(|_| Err(gone()))
        })
    }
}

/// The engine's sentences are written for whoever made the offer.
fn refused(error: MediaError) -> Error {
    let kind = match error {
        MediaError::TooLarge { .. } => Kind::TooLarge,
        MediaError::UnknownWall | MediaError::UnknownSlot | MediaError::UnknownPublisher => {
            Kind::NotFound
        }
        MediaError::Full => Kind::TooMany,
        MediaError::Stopped => Kind::Unavailable,
        MediaError::Malformed
        | MediaError::NoMedia
        | MediaError::TooManyLines { .. }
        | MediaError::NotMedia
        | MediaError::WrongDirection { .. }
        | MediaError::NoCommonCodec { .. }
        | MediaError::Unnamed { .. }
        | MediaError::Missing { .. }
        | MediaError::Twice => Kind::Invalid,
    };
    let mut sentence = error.to_string();
    if let Some(first) = sentence.get_mut(0..1) {
        first.make_ascii_uppercase();
    }
    sentence.push('.');
    Error::new(kind, sentence).slug("media-refused")
}
