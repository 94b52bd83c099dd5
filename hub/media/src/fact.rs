//! What the engine tells the hub, and the names it uses for that. Facts carry no addresses.

use assent_sfu::StreamId;
use std::fmt;

/// One media connection of a device (or another publisher). Chosen by the hub.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublisherId(pub u64);

/// One media connection of a browser. Chosen by the hub.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WallId(pub u64);

/// A place on a wall: the n-th video or the n-th audio line of its offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SlotId {
    Video(u16),
    Audio(u16),
}

impl fmt::Display for SlotId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SlotId::Video(n) => write!(f, "video {n}"),
            SlotId::Audio(n) => write!(f, "audio {n}"),
        }
    }
}

/// Something happened on the media side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fact {
    PublisherConnected {
        publisher: PublisherId,
    },
    /// Closed by the other side, silent for too long, or never connected.
    PublisherGone {
        publisher: PublisherId,
    },
    WallConnected {
        wall: WallId,
    },
    WallGone {
        wall: WallId,
    },
    /// The first packet of a stream from this publisher.
    StreamStarted {
        stream: StreamId,
        publisher: PublisherId,
    },
    /// Nothing comes any more: the camera or the network failed, or its device sends no such layer now.
    StreamStalled {
        stream: StreamId,
        for_ms: u64,
    },
    StreamResumed {
        stream: StreamId,
    },
    /// Its publisher is gone; slots that show it wait for another.
    StreamEnded {
        stream: StreamId,
    },
    /// The first complete frame after `show` (or after a pause) was sent.
    FirstFrame {
        wall: WallId,
        slot: SlotId,
        token: u64,
    },
    /// A viewer needs a key frame and the cache has none; already limited to one a second.
    KeyFrameWanted {
        stream: StreamId,
    },
    /// The first viewer came, or the last one left a few seconds ago.
    Demand {
        stream: StreamId,
        wanted: bool,
    },
}
