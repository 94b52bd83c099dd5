//! Brings the engine in line with the tiles: which stream each slot shows, whose sound a wall plays, and
//! what becomes of a wall that closes.

use assent_media::{MediaError, SlotId};

use super::keeper::{Happening, Keeper};
use super::names::Layer;
use super::tiles::{Tile, TileAt, WallId};
use super::{Admitted, Look, refused};
use crate::error::{Error, Result};
use crate::world::CameraId;

impl Keeper {
    pub(super) async fn close_wall(&mut self, wall: WallId) {
        let removed = self.tiles.lock().remove_wall(wall);
        if let Some((removed, cameras)) = removed {
            self.ignore_if_gone(self.engine.close_wall(removed.engine).await);
            cameras.into_iter().for_each(|camera| self.wish(camera));
        }
    }

    pub(super) fn wall_gone(&mut self, engine: assent_media::WallId) {
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

    pub(super) async fn show(&mut self, admitted: Admitted, at: TileAt, look: Look) -> Result<()> {
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

    pub(super) async fn look(&mut self, at: TileAt, look: Look) -> Result<()> {
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

    pub(super) async fn hide(&mut self, at: TileAt) {
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
            tracing::debug!(camera.id = %camera, layer = ?now, slot = at.slot, "tile gets its layer");
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
    pub(super) async fn rechoose(&mut self, camera: CameraId) {
        let tiles = self.tiles.lock().of_camera(camera);
        for at in tiles {
            if let Err(error) = self.choose(at).await {
                tracing::debug!(%error, "tile keeps its layer");
            }
        }
        self.wish(camera);
    }

    pub(super) fn first_frame(&mut self, wall: assent_media::WallId, slot: SlotId, token: u64) {
        let SlotId::Video(slot) = slot else { return };
        let mut tiles = self.tiles.lock();
        let at = tiles.wall_of(wall).map(|wall| TileAt { wall, slot });
        let viewing = at.and_then(|at| tiles.shown(at, token, self.clock.now()));
        drop(tiles);
        if let Some(viewing) = viewing {
            self.happened(Happening::FirstFrame { viewing });
        }
    }
}
