//! What a ring holds and a publisher sends: one compressed picture or one packet of sound, never
//! decoded, shared by reference. How it came from the camera is not known here.

use std::time::Instant;

use bytes::Bytes;

/// Time on a stream's own line in ticks of 1/90,000 s: continuous across reconnects of its camera.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ticks(pub i64);

impl Ticks {
    pub const PER_SECOND: i64 = 90_000;
    pub const PER_MILLI: i64 = 90;
}

/// An access unit of H.264, or one packet of Opus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// H.264: NAL units, each behind its length in 4 bytes, big-endian; parameter sets stand in front
    /// of every key frame. Opus: one packet as it is.
    pub data: Bytes,
    /// When it is to be shown.
    pub at: Ticks,
    /// When its last byte had arrived from the camera.
    pub received: Instant,
    /// Decoding can start here. Always true for sound.
    pub key: bool,
}
