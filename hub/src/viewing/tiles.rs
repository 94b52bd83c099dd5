//! What a tile is to show. Opening: admitted from memory, recorded, looked at again (the owner may have
//! stopped it meanwhile), then shown. Closing: at once, then recorded. Orders to feeds are given under
//! the lock, so that they are obeyed in the order in which they were decided.

use futures::future::BoxFuture;
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use super::Viewing;
use super::note::{Held, TileNote, View};
use super::page::{Tile, why_over};
use super::walls::unknown_wall;
use crate::audit::{Actor, Class, Event, Receipt};
use crate::error::{Error, Result};
use crate::feeds::{Admitted, Look, TileAt, WallId};
use crate::identity::{Person, SignedIn};
use crate::sharing::{Cause, Shown};
use crate::world::{AgencyId, CameraId, ViewingId};

/// More tiles than any wall has; the connection's own lines bound it further.
const MOST_TILES: u16 = 64;
/// How long a tile waits until the owner's history has the viewing too; its audit record is there before.
const HISTORY_WITHIN: std::time::Duration = std::time::Duration::from_millis(100);

/// Body of `PUT /api/walls/{wallId}/tiles/{slot}`.
#[derive(Clone, Copy, Debug, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TileAsked {
    /// Null: the tile shows nothing.
    pub camera_id: Option<Uuid>,
    pub size: TileSize,
    /// A tile that nobody can see is paused at the hub, and is not a viewing.
    pub visible: bool,
    #[serde(default)]
    pub audible: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum TileSize {
    Large,
    Small,
}

/// What one change of a tile needs.
enum Step {
    /// It shows this camera already.
    Keep,
    Empty,
    Open {
        camera: CameraId,
        generation: u64,
        shown: Shown,
    },
}

/// What a page asks of a tile, with what its operator's agency may see of the camera.
struct Wish {
    camera: Option<CameraId>,
    visible: bool,
    look: Look,
    shown: Option<Shown>,
}

impl Viewing {
    /// Changes what a tile shows. Saying the same again changes nothing.
    pub async fn set_tile(
        &self,
        signed_in: &SignedIn,
        wall: Uuid,
        slot: u16,
        asked: TileAsked,
    ) -> Result<Tile> {
        let at = TileAt {
            wall: WallId(wall),
            slot,
        };
        if slot >= MOST_TILES {
            return Err(Error::not_found("This wall has no such tile."));
        }
        if let Some(camera) = asked.camera_id {
            self.registry.camera(CameraId(camera)).ok_or_else(|| {
                Error::not_found("This camera is not known here.").slug("unknown-camera")
            })?;
        }
        match self.want(signed_in, at, asked).await? {
            Step::Keep | Step::Empty => {}
            Step::Open {
                camera,
                generation,
                shown,
            } => {
                self.start(signed_in, at, camera, generation, &shown)
                    .await?
            }
        }
        self.touched();
        self.tile(at).ok_or_else(unknown_wall)
    }

    /// Notes what the tile is to show; what it must not show any more has stopped when this returns.
    async fn want(&self, signed_in: &SignedIn, at: TileAt, asked: TileAsked) -> Result<Step> {
        let wish = self.wish(&signed_in.person, asked);
        let (step, order) = {
            let mut held = self.held.lock();
            let wall = held.walls.get_mut(&at.wall);
            let wall = wall.filter(|wall| wall.session == signed_in.session);
            let tiles = &mut wall.ok_or_else(unknown_wall)?.tiles;
            let now = self.world.clock.now();
            tiles.entry(at.slot).or_insert_with(|| TileNote::empty(now));
            self.change(&mut held, at, wish)
        };
        if let Some(order) = order {
            order.await?;
        }
        Ok(step)
    }

    fn wish(&self, person: &Person, asked: TileAsked) -> Wish {
        let camera = asked.camera_id.map(CameraId);
        let agency = person.agency;
        let shown = camera
            .zip(agency)
            .and_then(|(camera, agency)| self.sharing.shown(camera, agency));
        let audio = shown.as_ref().is_some_and(|shown| shown.rights.audio);
        let look = Look {
            large: asked.size == TileSize::Large,
            audible: asked.audible && audio,
        };
        Wish {
            camera,
            visible: asked.visible,
            look,
            shown,
        }
    }

    /// What the change needs, and the order to feeds that was given for it.
    fn change(
        &self,
        held: &mut Held,
        at: TileAt,
        wish: Wish,
    ) -> (Step, Option<BoxFuture<'static, Result<()>>>) {
        let now = self.world.clock.now();
        let Some(tile) = held.tile(at) else {
            return (Step::Keep, None);
        };
        tile.look = wish.look;
        if tile.shows(&wish) {
            return (Step::Keep, Some(self.feeds.look(at, wish.look)));
        }
        let before = tile.viewing.take();
        tile.camera = wish.camera;
        tile.visible = wish.visible;
        tile.generation += 1;
        tile.since = now;
        tile.over = None;
        let step = match (wish.camera, wish.shown) {
            (Some(camera), Some(shown)) if wish.visible => Step::Open {
                camera,
                generation: tile.generation,
                shown,
            },
            (Some(camera), None) if wish.visible => {
                tile.over = Some(why_over(self.sharing.last_end(camera)));
                Step::Empty
            }
            (Some(_) | None, _) => Step::Empty,
        };
        let hiding = before.map(|id| {
            held.end(id, now);
            self.feeds.hide(at)
        });
        (step, hiding)
    }

    /// Records the viewing, then shows it, if it is still wanted and still allowed.
    async fn start(
        &self,
        signed_in: &SignedIn,
        at: TileAt,
        camera: CameraId,
        generation: u64,
        shown: &Shown,
    ) -> Result<()> {
        let id = ViewingId(self.world.random.id());
        let receipt = self.record(&signed_in.person, id, camera, shown).await?;
        let view = self.view(&signed_in.person, id, camera, shown, &receipt)?;
        let version = {
            let mut held = self.held.lock();
            held.mark(&view);
            held.version
        };
        self.behind.wake();
        // The owner's history has it before the picture, unless the store is away.
        let kept = self.behind.saved(version);
        tokio::time::timeout(HISTORY_WITHIN, kept).await.ok();
        match self.begin(signed_in, at, generation, view, &receipt) {
            Some(showing) => showing.await.inspect_err(|_| self.give_up(at, id)),
            None => Ok(()),
        }
    }

    /// Asks once more, because the owner, the operator or the page may have stopped it while the record
    /// was written; then the viewing has ended before it began.
    fn begin(
        &self,
        signed_in: &SignedIn,
        at: TileAt,
        generation: u64,
        view: View,
        receipt: &Receipt,
    ) -> Option<BoxFuture<'static, Result<()>>> {
        let (id, camera, now) = (view.id, view.camera, self.world.clock.now());
        let mut held = self.held.lock();
        let allowed = self.sharing.shown(camera, view.agency);
        let allowed = allowed.filter(|_| !signed_in.ended.is_cancelled());
        held.begin(view);
        let tile = held.tile(at).filter(|tile| tile.generation == generation);
        let (Some(tile), Some(allowed)) = (tile, &allowed) else {
            if allowed.is_none()
                && let Some(tile) = held.tile(at)
            {
                tile.over = Some(why_over(self.sharing.last_end(camera)));
            }
            held.end(id, now);
            return None;
        };
        tile.viewing = Some(id);
        tile.sound = allowed.rights.audio;
        tile.since = now;
        let admitted = Admitted::recorded(receipt, id, camera, allowed.rights.audio);
        Some(self.feeds.show(admitted, at, tile.look))
    }

    /// For what a press opened the spool is record enough; everything else waits for the store.
    async fn record(
        &self,
        person: &Person,
        id: ViewingId,
        camera: CameraId,
        shown: &Shown,
    ) -> Result<Receipt> {
        // Enough to make the owner's row from, should the hub be killed before it is written.
        let badge = person.badge.as_ref().map_or("", |badge| &badge.0);
        let detail = json!({
            "viewing": id.0, "grants": shown.grants, "incident": shown.incident.map(|incident| incident.0),
            "cause": shown.cause, "badge": badge,
        });
        let event = Event::new(Class::ViewingStarted, Actor::Person(person.id))
            .premises(shown.premises)
            .camera(camera);
        let event = event.agency(person.agency).detail(detail);
        match shown.cause {
            Cause::Press | Cause::Button => self.audit.append_or_spool(event).await,
            Cause::Alert | Cause::Standing => self.audit.append(event).await,
        }
    }

    fn view(
        &self,
        person: &Person,
        id: ViewingId,
        camera: CameraId,
        shown: &Shown,
        receipt: &Receipt,
    ) -> Result<View> {
        let agency = agency_of(person)?;
        Ok(View {
            id,
            camera,
            camera_name: self
                .registry
                .camera(camera)
                .map_or_else(String::new, |camera| camera.name.clone()),
            premises: shown.premises,
            person: person.id,
            badge: person
                .badge
                .as_ref()
                .map_or_else(String::new, |badge| badge.0.clone()),
            agency,
            agency_name: self
                .registry
                .agency(agency)
                .map_or_else(String::new, |agency| agency.name.clone()),
            reason: reason(shown.cause).to_owned(),
            incident: shown.incident,
            receipt: receipt.id(),
            started_at: receipt.at(),
            first_frame_at: None,
            ended_at: None,
        })
    }

    /// The media side could not show it.
    fn give_up(&self, at: TileAt, id: ViewingId) {
        let mut held = self.held.lock();
        if let Some(tile) = held.tile(at).filter(|tile| tile.viewing == Some(id)) {
            tile.viewing = None;
            tile.over = Some("the wall's connection is gone".to_owned());
        }
        held.end(id, self.world.clock.now());
    }
}

impl TileNote {
    fn shows(&self, wish: &Wish) -> bool {
        let same = self.viewing.is_some() && self.camera == wish.camera;
        let sound = self.sound || !wish.look.audible;
        same && sound && wish.visible && wish.shown.is_some()
    }

    fn empty(now: time::OffsetDateTime) -> Self {
        let look = Look {
            large: false,
            audible: false,
        };
        Self {
            camera: None,
            look,
            visible: true,
            generation: 0,
            viewing: None,
            sound: false,
            over: None,
            since: now,
        }
    }
}

fn agency_of(person: &Person) -> Result<AgencyId> {
    person
        .agency
        .ok_or_else(|| Error::forbidden("Only an agency's operators can watch."))
}

/// Why it can be watched, as owners and operators read it.
pub(super) fn reason(cause: Cause) -> &'static str {
    match cause {
        Cause::Press => "the owner pressed to share",
        Cause::Button => "the button at the premises was pressed",
        Cause::Alert => "an alert that the owner agreed to",
        Cause::Standing => "standing share",
    }
}
