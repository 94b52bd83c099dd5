//! Forwarding decisions of the media engine, as values: what to keep of a stream, when a viewer may
//! start, under which numbers and times a packet goes out, whom to ask for a key frame, what a camera
//! must send at all. No sockets, no clock, no randomness and no SDP: those are in `assent-media`.
//!
//! ```text
//!   packet ──► Stream (unwrap, no duplicates, cache since the key frame)
//!                │ Taken                        │ cache
//!                ▼                              ▼
//!   Slot: waiting ──key frame──► catching up ──end of cache──► live ──► Outgoing
//!           ▲                        │                          │
//!           └── restart, lag, pause ─┴──────────────────────────┘
//! ```

mod cache;
mod demand;
mod extend;
mod h264;
mod packet;
mod requests;
mod slot;
mod stream;
mod timeline;

pub use cache::{CACHE_BYTES, CACHE_SPAN_SECS, KeyFrame};
pub use demand::{Change, Demand, LINGER};
pub use h264::Content;
pub use packet::{Kind, Moment, Outgoing, Packet, Payload, StreamId};
pub use requests::KeyFrameRequests;
pub use slot::{Pumped, Slot};
pub use stream::{Stream, Taken};
