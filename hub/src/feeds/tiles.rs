//! The tiles of every wall as packets see them: which camera, which layer, and whether its picture
//! moves. Words for operators are made in `viewing`.

use std::collections::{BTreeMap, BTreeSet};

use time::OffsetDateTime;
use uuid::Uuid;

use super::names::Layer;
use super::{Admitted, Look};
use crate::world::{CameraId, ViewingId};

/// A browser's media connection; the id is chosen by the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WallId(pub Uuid);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TileAt {
    pub wall: WallId,
    pub slot: u16,
}

/// ```text
/// connecting ──first frame──► live ──1 s of silence──► stalled ──packet──► live
///      ▲                        └──publisher gone──► reconnecting ──first frame──► live
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TilePhase {
    Connecting,
    Live,
    Stalled,
    Reconnecting,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TileState {
    pub viewing: ViewingId,
    pub camera: CameraId,
    pub phase: TilePhase,
    pub since: OffsetDateTime,
}

/// A tile and what the engine was last told of it.
pub(super) struct Tile {
    pub(super) admitted: Admitted,
    pub(super) look: Look,
    pub(super) shown: Option<Layer>,
    /// Of the last `show`, so that a late fact about what was here before means nothing.
    pub(super) token: u64,
    phase: TilePhase,
    since: OffsetDateTime,
}

#[derive(Default)]
pub(super) struct Tiles {
    tiles: BTreeMap<TileAt, Tile>,
    walls: BTreeMap<WallId, Wall>,
}

pub(super) struct Wall {
    pub(super) engine: assent_media::WallId,
    /// The slot whose sound it plays.
    pub(super) audible: Option<u16>,
}

impl Tile {
    pub(super) fn new(admitted: Admitted, look: Look, now: OffsetDateTime) -> Self {
        Self {
            admitted,
            look,
            shown: None,
            token: 0,
            phase: TilePhase::Connecting,
            since: now,
        }
    }

    /// True when that was news.
    fn enter(&mut self, phase: TilePhase, now: OffsetDateTime) -> bool {
        let news = self.phase != phase;
        if news {
            self.phase = phase;
            self.since = now;
        }
        news
    }
}

impl Tiles {
    pub(super) fn state(&self, at: TileAt) -> Option<TileState> {
        let tile = self.tiles.get(&at)?;
        Some(TileState {
            viewing: tile.admitted.viewing,
            camera: tile.admitted.camera,
            phase: tile.phase,
            since: tile.since,
        })
    }

    pub(super) fn get_mut(&mut self, at: TileAt) -> Option<&mut Tile> {
        self.tiles.get_mut(&at)
    }

    pub(super) fn put(&mut self, at: TileAt, tile: Tile) {
        self.tiles.insert(at, tile);
    }

    pub(super) fn remove(&mut self, at: TileAt) -> Option<Tile> {
        self.tiles.remove(&at)
    }

    pub(super) fn of_camera(&self, camera: CameraId) -> Vec<TileAt> {
        self.tiles
            .iter()
            .filter(|(_, tile)| tile.admitted.camera == camera)
            .map(|(at, _)| *at)
            .collect()
    }

    pub(super) fn looks(&self, camera: CameraId) -> impl Iterator<Item = Look> {
        self.tiles
            .values()
            .filter(move |tile| tile.admitted.camera == camera)
            .map(|tile| tile.look)
    }

    pub(super) fn open_wall(&mut self, wall: WallId, engine: assent_media::WallId) {
        self.walls.insert(
            wall,
            Wall {
                engine,
                audible: None,
            },
        );
    }

    pub(super) fn wall_mut(&mut self, wall: WallId) -> Option<&mut Wall> {
        self.walls.get_mut(&wall)
    }

    pub(super) fn wall_of(&self, engine: assent_media::WallId) -> Option<WallId> {
        self.walls
            .iter()
            .find(|(_, wall)| wall.engine == engine)
            .map(|(id, _)| *id)
    }

    /// The wall and the cameras that it showed.
    pub(super) fn remove_wall(&mut self, wall: WallId) -> Option<(Wall, BTreeSet<CameraId>)> {
        let removed = self.walls.remove(&wall)?;
        let mut cameras = BTreeSet::new();
        self.tiles.retain(|at, tile| {
            let stays = at.wall != wall;
            if !stays {
                cameras.insert(tile.admitted.camera);
            }
            stays
        });
        Some((removed, cameras))
    }

    /// The tile's picture is complete for the first time under this viewing.
    pub(super) fn shown(
        &mut self,
        at: TileAt,
        token: u64,
        now: OffsetDateTime,
    ) -> Option<ViewingId> {
        let tile = self.tiles.get_mut(&at).filter(|tile| tile.token == token)?;
        tile.enter(TilePhase::Live, now)
            .then_some(tile.admitted.viewing)
    }

    /// A stream fell silent, moves again, or lost its publisher: what its tiles make of that.
    pub(super) fn stream(
        &mut self,
        camera: CameraId,
        layer: Layer,
        to: TilePhase,
        now: OffsetDateTime,
    ) -> bool {
        let showing =
            |tile: &&mut Tile| tile.admitted.camera == camera && tile.shown == Some(layer);
        let mut news = false;
        for tile in self.tiles.values_mut().filter(showing) {
            let fits = match to {
                TilePhase::Live => tile.phase == TilePhase::Stalled,
                TilePhase::Stalled => tile.phase == TilePhase::Live,
                TilePhase::Reconnecting => tile.phase != TilePhase::Connecting,
                TilePhase::Connecting => false,
            };
            news |= fits && tile.enter(to, now);
        }
        news
    }
}
