//! The media engine: one UDP port, ICE, DTLS and SRTP for every publisher and every wall, on a thread
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
mod identity;
mod offer;
mod peer;
mod port;
mod table;
mod totals;

pub use assent_sfu::StreamId;
pub use engine::{Engine, MediaConfig};
pub use error::MediaError;
pub use fact::{Fact, PublisherId, SlotId, WallId};
