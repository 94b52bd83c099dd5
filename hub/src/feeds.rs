//! (Contract only, until the media side fills it in: these are the calls that link, sharing and viewing
//! make. `feeds` maps cameras and layers to streams, walls to media connections, and media facts back to
//! cameras. It decides nothing: `Admitted` is made from a receipt, and stopping comes from sharing.)

use crate::audit::Receipt;
use crate::error::{Error, Result};
use crate::world::{CameraId, DeviceId, ViewingId};
use tokio::sync::broadcast;
use uuid::Uuid;

/// Facts that wait for a slow reader; one that lags looks at the whole state again.
const FACTS: usize = 4_096;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Layer {
    Main,
    Sub,
    Audio,
}

/// A device's session description; `tracks` names camera and layer of each of its lines. Every camera in
/// it has a live grant: the link has asked sharing.
pub struct Offer {
    pub device: DeviceId,
    pub media_id: u64,
    pub sdp: String,
    pub tracks: Vec<OfferedTrack>,
}

pub struct OfferedTrack {
    pub mid: String,
    pub camera: CameraId,
    pub layer: Layer,
}

/// The right to show one camera, made only by `viewing` from the receipt of its record.
pub struct Admitted {
    viewing: ViewingId,
    camera: CameraId,
}

impl Admitted {
    pub fn new(viewing: ViewingId, camera: CameraId, _recorded: &Receipt) -> Self {
        Self { viewing, camera }
    }

    pub fn viewing(&self) -> ViewingId {
        self.viewing
    }

    pub fn camera(&self) -> CameraId {
        self.camera
    }
}

/// How a tile shows its camera.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct View {
    /// Full size takes the main stream; else the substream where there is one.
    pub large: bool,
    pub audible: bool,
}

/// What came of a wall's offer.
pub struct OpenedWall {
    pub answer: String,
    /// Video lines: slots 0..slots.
    pub slots: u16,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FeedFact {
    WallConnected { wall: Uuid },
    WallGone { wall: Uuid },
    /// The first complete frame after `show` or after a pause left for this slot.
    FirstFrame { wall: Uuid, slot: u16, token: u64 },
    CameraStalled { camera: CameraId, for_ms: u64 },
    CameraResumed { camera: CameraId },
    /// Its media connection is gone; slots that show it wait for another.
    CameraLost { camera: CameraId },
    /// Which layers somebody looks at now; replaces the last one of this camera. The link says it to the device.
    Demand { camera: CameraId, layers: Vec<Layer> },
}

#[derive(Clone)]
pub struct Feeds {
    facts: broadcast::Sender<FeedFact>,
}

impl Default for Feeds {
    fn default() -> Self {
        Self { facts: broadcast::Sender::new(FACTS) }
    }
}

impl Feeds {
    /// Takes a device's media connection; the answer goes back over the link.
    pub async fn publish(&self, _offer: Offer) -> Result<String> {
        Err(Error::unavailable("Media is not connected yet."))
    }

    /// The device says that its media connection is over.
    pub async fn unpublish(&self, _device: DeviceId, _media_id: u64) {}

    /// When it returns, no packet of this camera leaves the hub, and none is taken until a new offer.
    pub async fn stop(&self, _camera: CameraId) {}

    pub async fn open_wall(&self, _wall: Uuid, _offer: &str) -> Result<OpenedWall> {
        Err(Error::unavailable("Media is not connected yet."))
    }

    pub async fn close_wall(&self, _wall: Uuid) {}

    /// Shows a camera in a slot; `token` comes back in `FirstFrame`.
    pub async fn show(&self, _wall: Uuid, _slot: u16, _admitted: Admitted, _view: View, _token: u64) -> Result<()> {
        Err(Error::unavailable("Media is not connected yet."))
    }

    /// Changes size or sound of what a slot shows already.
    pub async fn view(&self, _wall: Uuid, _slot: u16, _view: View) {}

    /// Empties a slot; when it returns, no packet goes out to it.
    pub async fn hide(&self, _wall: Uuid, _slot: u16) {}

    pub fn facts(&self) -> broadcast::Receiver<FeedFact> {
        self.facts.subscribe()
    }
}
