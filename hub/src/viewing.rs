//! Who watches what: the operators' walls, who may look, and the record of it, which is older than the
//! first frame. A viewing ends when its grant ends, its tile changes or is hidden, its wall goes, or its
//! operator signs out or loses the role, at once and from memory.
//!
//! ```text
//! tile wants a camera -> shared with this agency? -> record (durable) -> still so? -> feeds.show -> first frame
//! ```

mod cameras;
mod history;
mod note;
mod page;
mod player;
mod recover;
#[cfg(test)]
mod tests;
mod tiles;
mod walls;
mod watch;
mod writer;

pub use cameras::OperatorCamera;
pub use history::ViewingPage;
pub use page::{Tile, ViewingShown};
pub use tiles::{TileAsked, TileSize};

use std::sync::Arc;

use tokio::sync::watch as channel;
use tokio_util::task::TaskTracker;

use crate::audit::Audit;
use crate::devices::Devices;
use crate::error::Result;
use crate::feeds::Feeds;
use crate::registry::Registry;
use crate::sharing::Sharing;
use crate::world::{Behind, Guarded, World};
use note::Held;

#[derive(Clone)]
pub struct Viewing {
    world: World,
    audit: Audit,
    registry: Registry,
    devices: Devices,
    sharing: Sharing,
    feeds: Feeds,
    held: Arc<Guarded<Held>>,
    changed: channel::Sender<u64>,
    behind: Behind,
    recording: Behind,
    tasks: TaskTracker,
}

impl Viewing {
    /// Whatever was open when the hub last ended is over: its walls are gone. What it showed and did not
    /// write down for the owners is written now.
    pub async fn open(
        world: World,
        audit: Audit,
        registry: Registry,
        devices: Devices,
        sharing: Sharing,
        feeds: Feeds,
    ) -> Result<Self> {
        let made = recover::recover(&world, &audit, &registry).await?;
        if made > 0 {
            tracing::warn!(
                views = made,
                "views had reached the record and not the owners' table when the hub was killed; they are there now"
            );
        }
        history::end_all(&world).await?;
        let recent = history::recent(&world).await?;
        Ok(Self {
            world,
            audit,
            registry,
            devices,
            sharing,
            feeds,
            held: Arc::new(Guarded::new(Held {
                recent,
                ..Held::default()
            })),
            changed: channel::Sender::new(0),
            behind: Behind::new("viewing"),
            recording: Behind::new("viewing's record"),
            tasks: TaskTracker::new(),
        })
    }

    /// Wakes when a tile or a viewing changed. The sections `tiles` and `cameras` also follow feeds,
    /// devices, registry and sharing.
    pub fn changes(&self) -> channel::Receiver<u64> {
        self.changed.subscribe()
    }

    fn touched(&self) {
        self.changed.send_modify(|number| *number += 1);
        self.behind.wake();
        self.recording.wake();
    }
}
