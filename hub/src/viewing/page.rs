//! The sections `tiles` and `viewings`. A tile says in words what it is doing, from what packets tell;
//! it is "live" only while frames flow.

use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Viewing;
use super::note::{Held, TileNote, View};
use crate::feeds::{TileAt, TilePhase, WallId};
use crate::identity::{Person, Role, SignedIn};
use crate::sharing::{EndText, Named};
use crate::world::{CameraId, Stamp};

/// Ended viewings in an owner's section; older ones by `GET /api/viewings`.
const RECENT_SHOWN: usize = 50;

#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Tile {
    pub wall_id: Uuid,
    pub slot: u16,
    pub camera_id: Option<Uuid>,
    pub state: TileWord,
    pub since: Stamp,
    pub reason: Option<String>,
    pub viewing_id: Option<Uuid>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = TileState)]
pub enum TileWord {
    Idle,
    Connecting,
    Live,
    Stalled,
    Reconnecting,
    Ended,
    Paused,
}

/// One operator watching one camera, as the owner of the camera sees it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Viewing)]
pub struct ViewingShown {
    pub id: Uuid,
    pub camera: Named,
    pub premises_id: Uuid,
    pub badge: String,
    pub agency: Named,
    pub reason: String,
    pub started_at: Stamp,
    pub first_frame_at: Option<Stamp>,
    pub ended_at: Option<Stamp>,
    pub incident_id: Option<Uuid>,
}

impl Viewing {
    /// The section `tiles`: every tile of the session's own walls.
    pub fn tiles(&self, signed_in: &SignedIn) -> Vec<Tile> {
        let held = self.held.lock();
        let own = held
            .walls
            .iter()
            .filter(|(_, wall)| wall.session == signed_in.session);
        own.flat_map(|(id, wall)| {
            wall.tiles.iter().map(|(slot, tile)| {
                self.tile_page(
                    TileAt {
                        wall: *id,
                        slot: *slot,
                    },
                    tile,
                )
            })
        })
        .collect()
    }

    pub(super) fn tile(&self, at: TileAt) -> Option<Tile> {
        let held = self.held.lock();
        held.walls
            .get(&at.wall)?
            .tiles
            .get(&at.slot)
            .map(|tile| self.tile_page(at, tile))
    }

    fn tile_page(&self, at: TileAt, tile: &TileNote) -> Tile {
        let (state, since, reason) = self.doing(at, tile);
        let WallId(wall_id) = at.wall;
        Tile {
            wall_id,
            slot: at.slot,
            camera_id: tile.camera.map(|camera| camera.0),
            state,
            since: since.into(),
            reason,
            viewing_id: tile.viewing.map(|id| id.0),
        }
    }

    fn doing(&self, at: TileAt, tile: &TileNote) -> (TileWord, OffsetDateTime, Option<String>) {
        let Some(camera) = tile.camera else {
            return (TileWord::Idle, tile.since, None);
        };
        if !tile.visible {
            return (TileWord::Paused, tile.since, None);
        }
        let Some(viewing) = tile.viewing else {
            return match &tile.over {
                Some(why) => (TileWord::Ended, tile.since, Some(why.clone())),
                None => (TileWord::Connecting, tile.since, None),
            };
        };
        match self.feeds.tile(at).filter(|state| state.viewing == viewing) {
            None => (TileWord::Connecting, tile.since, self.trouble(camera)),
            Some(state) => match state.phase {
                TilePhase::Connecting => (TileWord::Connecting, state.since, self.trouble(camera)),
                TilePhase::Live => (TileWord::Live, state.since, None),
                TilePhase::Stalled => (TileWord::Stalled, state.since, self.trouble(camera)),
                TilePhase::Reconnecting => {
                    (TileWord::Reconnecting, state.since, self.trouble(camera))
                }
            },
        }
    }

    /// The technical reason, if there is one, why a shared camera shows no picture.
    fn trouble(&self, camera: CameraId) -> Option<String> {
        self.technical(&*self.registry.camera(camera)?)
            .map(|(_, reason)| reason)
    }

    /// The section `viewings`: an operator's agency's active ones; an owner's active and last ones.
    pub fn viewings(&self, person: &Person) -> Vec<ViewingShown> {
        let held = self.held.lock();
        match person.role {
            Role::Operator => held
                .active
                .values()
                .filter(|view| Some(view.agency) == person.agency)
                .map(ViewingShown::of)
                .collect(),
            Role::Owner => owners_view(&held, person),
        }
    }
}

fn owners_view(held: &Held, person: &Person) -> Vec<ViewingShown> {
    let own = |view: &&View| person.answers_for(view.premises);
    let mut active: Vec<&View> = held.active.values().filter(own).collect();
    active.sort_by_key(|view| std::cmp::Reverse((view.started_at, view.id)));
    let recent = held.recent.iter().rev().filter(own).take(RECENT_SHOWN);
    active
        .into_iter()
        .chain(recent)
        .map(ViewingShown::of)
        .collect()
}

impl ViewingShown {
    pub(super) fn of(view: &View) -> Self {
        Self {
            id: view.id.0,
            camera: Named {
                id: view.camera.0,
                name: view.camera_name.clone(),
            },
            premises_id: view.premises.0,
            badge: view.badge.clone(),
            agency: Named {
                id: view.agency.0,
                name: view.agency_name.clone(),
            },
            reason: view.reason.clone(),
            started_at: view.started_at.into(),
            first_frame_at: view.first_frame_at.map(Stamp),
            ended_at: view.ended_at.map(Stamp),
            incident_id: view.incident.map(|id| id.0),
        }
    }
}

/// Why a tile shows nothing, in the operators' words.
pub(super) fn why_over(end: Option<EndText>) -> String {
    let words = match end {
        Some(EndText::Revoked) => "owner revoked",
        Some(EndText::Expired) => "expired",
        Some(EndText::Cleared) => "incident cleared",
        Some(EndText::Cancelled) => "owner cancelled",
        Some(EndText::StoppedAtPremises) => "stopped at the premises",
        Some(EndText::Rebooted) => "device restarted",
        Some(EndText::PolicyChanged) => "owner changed the rules",
        Some(EndText::DeviceRevoked) => "CORE device taken out of the hub",
        None => "not shared",
    };
    words.to_owned()
}
