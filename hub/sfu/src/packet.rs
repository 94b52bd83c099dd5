//! The words of this crate: streams, packets in and out, and time as data.

use std::{fmt, ops::Add, sync::Arc, time::Duration};

/// One layer of one camera (or its sound). Who that is, only the hub's `feeds` slice knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamId(pub u64);

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Microseconds since the engine started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(pub u64);

impl Moment {
    pub fn since(self, earlier: Moment) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0))
    }
}

impl Add<Duration> for Moment {
    type Output = Moment;

    fn add(self, span: Duration) -> Moment {
        Moment(
            self.0
                .saturating_add(u64::try_from(span.as_micros()).unwrap_or(u64::MAX)),
        )
    }
}

/// RTP payload, shared between the cache and every viewer.
pub type Payload = Arc<[u8]>;

/// What a stream carries; the clock rates are those of RFC 6184 and RFC 7587.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// H.264 in packetization mode 0 or 1, 90 kHz.
    Video,
    /// Opus, 48 kHz. Every packet can be decoded alone, so nothing is cached.
    Audio,
}

impl Kind {
    pub fn clock_hz(self) -> u64 {
        match self {
            Kind::Video => 90_000,
            Kind::Audio => 48_000,
        }
    }
}

/// A packet as the publisher sent it.
#[derive(Clone, Debug)]
pub struct Packet {
    /// The publisher's SSRC: another one means that its encoder or connection started again.
    pub source: u32,
    pub seq: u16,
    pub timestamp: u32,
    pub marker: bool,
    pub payload: Payload,
}

/// A packet as one viewer shall get it.
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// Extended number; the low 16 bits travel, the rest is the SRTP rollover counter. Starts low,
    /// because a receiver begins at rollover 0.
    pub seq: u64,
    pub timestamp: u32,
    pub marker: bool,
    pub payload: Payload,
    /// The token of `show`, once, with the packet that completes the first frame.
    pub first_frame: Option<u64>,
}
