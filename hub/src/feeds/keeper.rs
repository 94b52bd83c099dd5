//! The one task that changes what is shown: takes the hub's orders and the engine's facts in turn, so
//! that the engine hears of every tile in the order in which it was decided.

use std::collections::BTreeSet;
use std::sync::Arc;

use assent_media::{Engine, Fact, MediaError, PublisherId, SlotId};
use tokio::sync::{broadcast, mpsc, oneshot, watch};
use tokio::time::{Duration, Instant, MissedTickBehavior, interval};

use super::names::{Layer, Names};
use super::sources::Sources;
use super::tiles::{Tile, TileAt, TilePhase, Tiles, WallId};
use super::{Admitted, Look, OfferedTrack, refused};
use crate::error::{Error, Result};
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
    /// A camera's pictures began to arrive.
    CameraCame { camera: CameraId },
    /// They arrive no more: its device closed or lost the connection.
    CameraWent { camera: CameraId },
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
}

impl Keeper {
    pub(super) async fn run(
        mut self,
        mut orders: mpsc::Receiver<Order>,
        mut facts: mpsc::Receiver<Fact>,
    ) {
        let mut tick = interval(DEMAND_EVERY);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                // Stops come as orders: they go before whatever was noticed.
                biased;
                order = orders.recv() => match order {
                    Some(order) => self.obey(order).await,
                    None => return,
                },
                fact = facts.recv() => match fact {
                    Some(fact) => self.learn(fact).await,
                    None => return,
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
        let now = self.clock.now();
        match fact {
            Fact::StreamStarted { stream, .. } => {
                if let Some((camera, layer)) = self.flowing(stream, true) {
                    if layer == Layer::Main {
                        self.happened(Happening::CameraCame { camera });
                    }
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
                    if layer == Layer::Main {
                        self.happened(Happening::CameraWent { camera });
                    }
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

    async fn close_wall(&mut self, wall: WallId) {
        let removed = self.tiles.lock().remove_wall(wall);
        if let Some((removed, cameras)) = removed {
            self.ignore_if_gone(self.engine.close_wall(removed.engine).await);
            cameras.into_iter().for_each(|camera| self.wish(camera));
        }
    }

    fn wall_gone(&mut self, engine: assent_media::WallId) {
        let mut tiles = self.tiles.lock();
        let Some(wall) = tiles.wall_of(engine) else {
            return;
        };
        let removed = tiles.remove_wall(wall);
        drop(tiles);
        for camera in removed.into_iter().flat_map(|(_, cameras)| cameras) {
            self.wish(camera);
        }
        self.happened(Happening::WallGone { wall });
    }

    async fn show(&mut self, admitted: Admitted, at: TileAt, look: Look) -> Result<()> {
        self.hide(at).await;
        if self.tiles.lock().wall_mut(at.wall).is_none() {
            return Err(refused(MediaError::UnknownWall));
        }
        let camera = admitted.camera;
        self.tiles
            .lock()
            .put(at, Tile::new(admitted, look, self.clock.now()));
        let shown = self.choose(at).await;
        if shown.is_err() {
            self.tiles.lock().remove(at);
        }
        self.wish(camera);
        shown
    }

    async fn look(&mut self, at: TileAt, look: Look) -> Result<()> {
        let camera = {
            let mut tiles = self.tiles.lock();
            let tile = tiles
                .get_mut(at)
                .ok_or_else(|| Error::not_found("This tile shows nothing."))?;
            tile.look = look;
            tile.admitted.camera
        };
        self.choose(at).await?;
        self.wish(camera);
        Ok(())
    }

    async fn hide(&mut self, at: TileAt) {
        let Some(tile) = self.tiles.lock().remove(at) else {
            return;
        };
        let engine = self.tiles.lock().wall_mut(at.wall).map(|wall| wall.engine);
        if let Some(engine) = engine {
            self.ignore_if_gone(
                self.engine
                    .show(engine, SlotId::Video(at.slot), None, 0)
                    .await,
            );
            self.silence(at).await;
        }
        self.wish(tile.admitted.camera);
    }

    /// Brings the engine in line with a tile: the best layer that flows, and its sound.
    async fn choose(&mut self, at: TileAt) -> Result<()> {
        let Some((engine, camera, look, sound, shown)) = ({
            let mut tiles = self.tiles.lock();
            let engine = tiles.wall_mut(at.wall).map(|wall| wall.engine);
            tiles.get_mut(at).zip(engine).map(|(tile, engine)| {
                (
                    engine,
                    tile.admitted.camera,
                    tile.look,
                    tile.admitted.sound,
                    tile.shown,
                )
            })
        }) else {
            return Ok(());
        };
        let (now, _) = self.sources.choose(camera, look.large);
        if shown != Some(now) {
            let (stream, token) = {
                let mut names = self.names.lock();
                (names.stream(camera, now), names.token())
            };
            if let Some(tile) = self.tiles.lock().get_mut(at) {
                (tile.shown, tile.token) = (Some(now), token);
            }
            let slot = SlotId::Video(at.slot);
            self.engine
                .show(engine, slot, Some(stream), token)
                .await
                .map_err(refused)?;
        }
        if look.audible && sound {
            self.sound(at, engine, camera).await
        } else {
            self.silence(at).await
        }
        Ok(())
    }

    /// A wall plays the sound of one tile: the one that was asked for last.
    async fn sound(&mut self, at: TileAt, engine: assent_media::WallId, camera: CameraId) {
        let already = self
            .tiles
            .lock()
            .wall_mut(at.wall)
            .is_some_and(|wall| wall.audible.replace(at.slot) == Some(at.slot));
        if !already {
            let stream = self.names.lock().stream(camera, Layer::Audio);
            self.ignore_if_gone(
                self.engine
                    .show(engine, SlotId::Audio(0), Some(stream), 0)
                    .await,
            );
        }
    }

    async fn silence(&mut self, at: TileAt) {
        let engine = {
            let mut tiles = self.tiles.lock();
            let wall = tiles
                .wall_mut(at.wall)
                .filter(|wall| wall.audible == Some(at.slot));
            wall.map(|wall| {
                wall.audible = None;
                wall.engine
            })
        };
        if let Some(engine) = engine {
            self.ignore_if_gone(self.engine.show(engine, SlotId::Audio(0), None, 0).await);
        }
    }

    /// Something about the camera's layers changed: its tiles may do better, or must do with less.
    async fn rechoose(&mut self, camera: CameraId) {
        let tiles = self.tiles.lock().of_camera(camera);
        for at in tiles {
            if let Err(error) = self.choose(at).await {
                tracing::debug!(%error, "tile keeps its layer");
            }
        }
        self.wish(camera);
    }

    /// Asks the device for what its tiles would rather show.
    fn wish(&mut self, camera: CameraId) {
        let looks: Vec<Look> = self.tiles.lock().looks(camera).collect();
        let layers = looks
            .into_iter()
            .map(|look| self.sources.choose(camera, look.large).1)
            .collect();
        self.sources.wished(camera, layers);
        self.tell_demand(camera);
    }

    fn tell_demand(&mut self, camera: CameraId) {
        if let Some(layers) = self.sources.demand(camera, Instant::now())
            && self.demand.try_send(Demanded { camera, layers }).is_err()
        {
            self.sources.untold(camera);
        }
    }

    fn first_frame(&mut self, wall: assent_media::WallId, slot: SlotId, token: u64) {
        let SlotId::Video(slot) = slot else { return };
        let mut tiles = self.tiles.lock();
        let at = tiles.wall_of(wall).map(|wall| TileAt { wall, slot });
        let viewing = at.and_then(|at| tiles.shown(at, token, self.clock.now()));
        drop(tiles);
        if let Some(viewing) = viewing {
            self.happened(Happening::FirstFrame { viewing });
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
    fn ignore_if_gone(&self, result: std::result::Result<(), MediaError>) {
        if let Err(error) = result {
            tracing::debug!(%error, "media engine");
        }
    }

    fn happened(&self, happening: Happening) {
        // Nobody may be listening yet.
        self.happened.send(happening).ok();
    }
}
