//! Walls, tiles and viewings as they are remembered, and the one way in which a viewing ends.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde_json::json;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::audit::{Actor, Class, Event};
use crate::feeds::{Look, TileAt, WallId};
use crate::identity::SessionId;
use crate::world::{AgencyId, CameraId, IncidentId, PersonId, PremisesId, ViewingId, millis};

/// Ended viewings that owners' pages show without asking the store: the last 50 of each of some hundred premises.
pub(super) const MOST_RECENT: usize = 5_000;
/// Rows that wait for a store that takes none: a shift of a town's operators. The rows of ended views
/// beyond that, oldest first, are made from their records when the hub next starts.
const MOST_DIRTY: usize = 20_000;
/// Records of ends that wait for a store and a spool that are both away. Beyond it the oldest stand.
const MOST_EVENTS: usize = 4_096;

#[derive(Default)]
pub(super) struct Held {
    pub(super) walls: BTreeMap<WallId, Wall>,
    pub(super) active: BTreeMap<ViewingId, View>,
    /// Oldest first.
    pub(super) recent: VecDeque<View>,
    pub(super) version: u64,
    pub(super) dirty: BTreeMap<ViewingId, View>,
    pub(super) events: VecDeque<Event>,
}

/// One media connection of one operator's page.
pub(super) struct Wall {
    pub(super) session: SessionId,
    pub(super) tiles: BTreeMap<u16, TileNote>,
    /// Tells an older connection under the same id from the present one.
    pub(super) number: u64,
}

/// What a tile is to show, and what became of it.
#[derive(Clone, Debug)]
pub(super) struct TileNote {
    pub(super) camera: Option<CameraId>,
    pub(super) look: Look,
    pub(super) visible: bool,
    /// Grows with every change of what is to be shown.
    pub(super) generation: u64,
    pub(super) viewing: Option<ViewingId>,
    /// Whether that viewing was admitted with sound. Sound that is granted later needs one of its own.
    pub(super) sound: bool,
    /// Why a visible tile with a camera shows nothing.
    pub(super) over: Option<String>,
    pub(super) since: OffsetDateTime,
}

/// One operator watching one camera.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct View {
    pub(super) id: ViewingId,
    pub(super) camera: CameraId,
    pub(super) camera_name: String,
    pub(super) premises: PremisesId,
    pub(super) person: PersonId,
    pub(super) badge: String,
    pub(super) agency: AgencyId,
    pub(super) agency_name: String,
    pub(super) reason: String,
    pub(super) incident: Option<IncidentId>,
    /// The audit record that made it possible.
    pub(super) receipt: Uuid,
    pub(super) started_at: OffsetDateTime,
    pub(super) first_frame_at: Option<OffsetDateTime>,
    pub(super) ended_at: Option<OffsetDateTime>,
}

impl Held {
    pub(super) fn tile(&mut self, at: TileAt) -> Option<&mut TileNote> {
        self.walls.get_mut(&at.wall)?.tiles.get_mut(&at.slot)
    }

    /// Every place on every wall, with the viewing it shows.
    pub(super) fn watching(&self) -> Vec<(TileAt, ViewingId)> {
        let tiles = self.walls.iter().flat_map(|(wall, held)| {
            held.tiles
                .iter()
                .map(move |(slot, tile)| (*wall, *slot, tile))
        });
        tiles
            .filter_map(|(wall, slot, tile)| Some((TileAt { wall, slot }, tile.viewing?)))
            .collect()
    }

    pub(super) fn begin(&mut self, view: View) {
        self.mark(&view);
        self.active.insert(view.id, view);
    }

    /// The viewing is over; its record follows.
    pub(super) fn end(&mut self, id: ViewingId, now: OffsetDateTime) {
        let Some(mut view) = self.active.remove(&id) else {
            return;
        };
        view.ended_at = Some(now);
        self.mark(&view);
        let detail = json!({
            "viewing": id.0, "receipt": view.receipt, "sawPicture": view.first_frame_at.is_some(),
            "firstFrameMs": view.first_frame_at.map(millis),
        });
        let event = Event::new(Class::ViewingEnded, Actor::Person(view.person))
            .premises(view.premises)
            .camera(view.camera);
        if self.events.len() < MOST_EVENTS {
            self.events
                .push_back(event.agency(Some(view.agency)).detail(detail));
        }
        self.recent.push_back(view);
        if self.recent.len() > MOST_RECENT {
            self.recent.pop_front();
        }
    }

    /// True when that was the first.
    pub(super) fn first_frame(&mut self, id: ViewingId, now: OffsetDateTime) -> Option<CameraId> {
        let view = self
            .active
            .get_mut(&id)
            .filter(|view| view.first_frame_at.is_none())?;
        view.first_frame_at = Some(now);
        let view = view.clone();
        self.mark(&view);
        Some(view.camera)
    }

    pub(super) fn mark(&mut self, view: &View) {
        self.version += 1;
        self.dirty.insert(view.id, view.clone());
        self.bound_dirty();
    }

    /// After a failed write: the same again, unless it has changed meanwhile.
    pub(super) fn put_back(&mut self, views: Vec<View>) {
        for view in views {
            self.dirty.entry(view.id).or_insert(view);
        }
        self.bound_dirty();
    }

    fn bound_dirty(&mut self) {
        while self.dirty.len() > MOST_DIRTY {
            let over = self.dirty.values().filter(|view| view.ended_at.is_some());
            let Some(oldest) = over.min_by_key(|view| view.started_at).map(|view| view.id) else {
                return;
            };
            self.dirty.remove(&oldest);
        }
    }

    pub(super) fn put_events_back(&mut self, mut events: VecDeque<Event>) {
        events.append(&mut self.events);
        events.truncate(MOST_EVENTS);
        self.events = events;
    }

    pub(super) fn walls_of(&self, session: SessionId) -> BTreeSet<WallId> {
        self.walls
            .iter()
            .filter(|(_, wall)| wall.session == session)
            .map(|(id, _)| *id)
            .collect()
    }
}
