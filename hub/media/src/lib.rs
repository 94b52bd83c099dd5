//! The media engine: one UDP port (and one of TCP, for networks that block UDP), ICE, DTLS and SRTP for every publisher and every wall, on a thread
//! of its own. It knows streams and slots, nothing of owners, operators or permissions: whoever calls
//! [`Engine::show`] has already been admitted.
//!
//! ```text
//!   hub (tokio) ── commands, answered ──► driver thread ── facts ──► hub
//!                                            │   ▲
//!                        publishers ──► one UDP port ──► walls
//! ```

mod command;
mod demux;
mod driver;
mod engine;
mod error;
mod fact;
mod framing;
mod identity;
mod offer;
mod peer;
mod port;
mod table;
mod tcp;
mod totals;

pub use assent_sfu::StreamId;
pub use engine::{Engine, MediaConfig, TcpListen};
pub use error::MediaError;
pub use fact::{Fact, PublisherId, SlotId, WallId};
