//! The one task that changes what is shown: takes the hub's orders and the engine's facts in turn, so
//! that the engine hears of every tile in the order in which it was decided.

use std::collections::BTreeSet;
use std::sync::Arc;

use assent_media::{Engine, Fact, MediaError, PublisherId};
use tokio::sync::{broadcast, mpsc, oneshot, watch};
use tokio::time::{Duration, Instant, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::names::{Layer, Names};
use super::sources::Sources;
use super::tiles::{TileAt, TilePhase, Tiles, WallId};
use super::{Admitted, Look, OfferedTrack};
use crate::error::Result;
use crate::world::{CameraId, Clock, DeviceId, Guarded, ViewingId};

/// Demand that is not urgent, and that which did not fit, goes out this often.
const DEMAND_EVERY: Duration = Duration::from_millis(250);

pub(super) type Done = oneshot::Sender<Result<()>>;

/// What the hub wants, each answered when it holds.
pub(super) enum Order {
    Offered {
        device: DeviceId,
        media_id: u64,
        publisher: PublisherId,
        tracks: Vec<OfferedTrack>,
        done: Done,
    },
    Unpublish {
        device: DeviceId,
        media_id: u64,
        done: Done,
    },
    Stop {
        camera: CameraId,
        done: Done,
    },
    WallOpened {
        wall: WallId,
        engine_wall: assent_media::WallId,
        done: Done,
    },
    CloseWall {
        wall: WallId,
        done: Done,
    },
    Show {
        admitted: Admitted,
        at: TileAt,
        look: Look,
        done: Done,
    },
    Look {
        at: TileAt,
        look: Look,
        done: Done,
    },
    Hide {
        at: TileAt,
        done: Done,
    },
}

/// Facts that other slices act upon. The states of tiles stand in `Feeds::tile`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Happening {
    /// The first complete frame of a viewing went out.
    FirstFrame { viewing: ViewingId },
    /// A browser's connection is over; its tiles are gone.
    WallGone { wall: WallId },
}

/// What a camera's device is to send from now on, and nothing else of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Demanded {
    pub camera: CameraId,
    pub layers: BTreeSet<Layer>,
}

pub(super) struct Keeper {
    pub(super) engine: Engine,
    pub(super) clock: Clock,
    pub(super) names: Arc<Guarded<Names>>,
    pub(super) tiles: Arc<Guarded<Tiles>>,
    pub(super) sources: Sources,
    pub(super) demand: mpsc::Sender<Demanded>,
    pub(super) changed: watch::Sender<u64>,
    pub(super) happened: broadcast::Sender<Happening>,
    pub(super) health: Health,
}

/// Whether the engine is to end, and whether it, or its keeper, has ended although it was not to.
#[derive(Clone, Default)]
pub(super) struct Health {
    pub(super) closing: CancellationToken,
    pub(super) failed: CancellationToken,
}

/// Why the keeper has nothing left to do.
enum Over {
    /// The last handle is gone.
    Unused,
    /// The engine's thread is.
    EngineGone,
}

impl Keeper {
    pub(super) async fn run(mut self, orders: mpsc::Receiver<Order>, facts: mpsc::Receiver<Fact>) {
        // However this task ends, a panic included.
        let failed = self.health.failed.clone().drop_guard();
        match self.keep(orders, facts).await {
            Over::Unused => drop(failed.disarm()),
            Over::EngineGone if self.health.closing.is_cancelled() => drop(failed.disarm()),
            Over::EngineGone => {
                tracing::error!(
                    "the media engine has ended by itself: nothing is shown any more, and the hub must start again"
                );
            }
        }
    }

    async fn keep(
        &mut self,
        mut orders: mpsc::Receiver<Order>,
        mut facts: mpsc::Receiver<Fact>,
    ) -> Over {
        let mut tick = interval(DEMAND_EVERY);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                // Stops come as orders: they go before whatever was noticed.
                biased;
                order = orders.recv() => match order {
                    Some(order) => self.obey(order).await,
                    None => return Over::Unused,
                },
                fact = facts.recv() => match fact {
                    Some(fact) => self.learn(fact).await,
                    None => return Over::EngineGone,
                },
                _ = tick.tick() => {
                    for camera in self.sources.cameras() {
                        self.tell_demand(camera);
                    }
                }
            }
        }
    }

    async fn obey(&mut self, order: Order) {
        let (done, result) = match order {
            Order::Offered {
                device,
                media_id,
                publisher,
                tracks,
                done,
            } => {
                self.offered(device, media_id, publisher, &tracks).await;
                (done, Ok(()))
            }
            Order::Unpublish {
                device,
                media_id,
                done,
            } => {
                if let Some(publisher) = self.sources.ended(device, media_id) {
                    self.close_publisher(publisher).await;
                }
                (done, Ok(()))
            }
            Order::Stop { camera, done } => {
                self.stop(camera).await;
                (done, Ok(()))
            }
            Order::WallOpened {
                wall,
                engine_wall,
                done,
            } => {
                self.close_wall(wall).await;
                self.tiles.lock().open_wall(wall, engine_wall);
                (done, Ok(()))
            }
            Order::CloseWall { wall, done } => {
                self.close_wall(wall).await;
                (done, Ok(()))
            }
            Order::Show {
                admitted,
                at,
                look,
                done,
            } => (done, self.show(admitted, at, look).await),
            Order::Look { at, look, done } => (done, self.look(at, look).await),
            Order::Hide { at, done } => {
                self.hide(at).await;
                (done, Ok(()))
            }
        };
        // Whoever asked may have gone; it holds all the same.
        done.send(result).ok();
        self.changed.send_modify(|number| *number += 1);
    }

    async fn learn(&mut self, fact: Fact) {
        tracing::debug!(?fact, "media");
        let now = self.clock.now();
        match fact {
            Fact::StreamStarted { stream, .. } => {
                if let Some((camera, _)) = self.flowing(stream, true) {
                    self.rechoose(camera).await;
                }
            }
            Fact::StreamResumed { stream } => {
                if let Some((camera, layer)) = self.flowing(stream, true) {
                    self.tiles
                        .lock()
                        .stream(camera, layer, TilePhase::Live, now);
                    self.rechoose(camera).await;
                }
            }
            Fact::StreamStalled { stream, .. } => {
                if let Some((camera, layer)) = self.flowing(stream, false) {
                    self.tiles
                        .lock()
                        .stream(camera, layer, TilePhase::Stalled, now);
                }
            }
            Fact::StreamEnded { stream } => {
                if let Some((camera, layer)) = self.flowing(stream, false) {
                    self.tiles
                        .lock()
                        .stream(camera, layer, TilePhase::Reconnecting, now);
                }
            }
            Fact::Demand { stream, wanted } => {
                let named = self.names.lock().camera(stream);
                if let Some((camera, layer)) = named {
                    self.sources.watched(camera, layer, wanted);
                    self.tell_demand(camera);
                }
            }
            Fact::FirstFrame { wall, slot, token } => self.first_frame(wall, slot, token),
            Fact::WallGone { wall } => self.wall_gone(wall),
            Fact::PublisherGone { publisher } => self.sources.gone(publisher),
            // The request went to the device over RTCP; cameras that obey need nothing else.
            Fact::WallConnected { .. }
            | Fact::PublisherConnected { .. }
            | Fact::KeyFrameWanted { .. } => return,
        }
        self.changed.send_modify(|number| *number += 1);
    }

    async fn offered(
        &mut self,
        device: DeviceId,
        media_id: u64,
        publisher: PublisherId,
        tracks: &[OfferedTrack],
    ) {
        let replaced = self
            .sources
            .offered(device, media_id, publisher, tracks, Instant::now());
        if let Some(replaced) = replaced {
            self.close_publisher(replaced).await;
        }
        for camera in tracks
            .iter()
            .map(|track| track.camera)
            .collect::<BTreeSet<_>>()
        {
            self.rechoose(camera).await;
        }
    }

    /// The camera's tiles are forgotten too: to be shown again takes a new admission.
    async fn stop(&mut self, camera: CameraId) {
        let streams = {
            let mut names = self.names.lock();
            [Layer::Main, Layer::Sub, Layer::Audio].map(|layer| names.stream(camera, layer))
        };
        for stream in streams {
            self.ignore_if_gone(self.engine.drop_stream(stream).await);
        }
        let mut tiles = self.tiles.lock();
        for at in tiles.of_camera(camera) {
            tiles.remove(at);
            if let Some(wall) = tiles
                .wall_mut(at.wall)
                .filter(|wall| wall.audible == Some(at.slot))
            {
                wall.audible = None;
            }
        }
        drop(tiles);
        for layer in [Layer::Main, Layer::Sub, Layer::Audio] {
            self.sources.flowing(camera, layer, false);
        }
        self.wish(camera);
    }

    /// Asks the device for what its tiles would rather show.
    pub(super) fn wish(&mut self, camera: CameraId) {
        let looks: Vec<Look> = self.tiles.lock().looks(camera).collect();
        let layers = looks
            .into_iter()
            .map(|look| self.sources.choose(camera, look.large).1)
            .collect();
        self.sources.wished(camera, layers);
        self.tell_demand(camera);
    }

    fn tell_demand(&mut self, camera: CameraId) {
        let Some(layers) = self.sources.demand(camera, Instant::now()) else {
            return;
        };
        tracing::debug!(camera.id = %camera, ?layers, "layers demanded");
        let demanded = Demanded { camera, layers };
        if self.demand.try_send(demanded).is_err() {
            self.sources.untold(camera);
        }
    }

    fn flowing(
        &mut self,
        stream: assent_media::StreamId,
        flows: bool,
    ) -> Option<(CameraId, Layer)> {
        let (camera, layer) = self.names.lock().camera(stream)?;
        self.sources.flowing(camera, layer, flows);
        Some((camera, layer))
    }

    async fn close_publisher(&self, publisher: PublisherId) {
        self.ignore_if_gone(self.engine.close_publisher(publisher).await);
    }

    /// What is to be closed may have gone by itself; that is what was wanted.
    pub(super) fn ignore_if_gone(&self, result: std::result::Result<(), MediaError>) {
        if let Err(error) = result {
            tracing::debug!(%error, "media engine");
        }
    }

    pub(super) fn happened(&self, happening: Happening) {
        // Nobody may be listening yet.
        self.happened.send(happening).ok();
    }
}
