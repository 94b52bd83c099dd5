//! The device's one line to its hub: outbound, mutually authenticated, kept up for ever. It carries; it
//! decides nothing. Losing it ends no grant: media waits, and what must not be lost is said again.
//!
//! ```text
//!        +--> connecting --Hello--> attached --lost, drained, silent--+
//!        |        | failed                                            |
//!        +--------+------------------- wait, longer each time <-------+
//! ```

mod attach;
mod authority;
mod backoff;
mod claim;
mod enrol;
mod enrolled;
mod hello;
#[cfg(test)]
mod tests;

use std::time::{Duration, Instant};

use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

pub use claim::{BadClaim, Claim};
pub use enrol::{EnrolError, enrol};
pub use enrolled::Enrolled;

use crate::camera::Cameras;
use crate::gate::Gate;
use crate::publish::{FromHub, ToHub};
use backoff::Backoff;

/// A line that held this long was a good one: the next try comes quickly again.
const GOOD_LINE: Duration = Duration::from_secs(10);

/// With news, the next try comes after this at the latest; enough to keep a stuck button from hammering.
const NEWS_WAIT: Duration = Duration::from_millis(250);

pub struct Link {
    pub enrolled: Enrolled,
    /// `host:port` instead of the one from enrolment.
    pub hub: Option<String>,
    pub gate: Gate,
    pub cameras: Cameras,
    /// From and to `publish`.
    pub to_hub: mpsc::Receiver<ToHub>,
    pub from_hub: mpsc::Sender<FromHub>,
    pub attached: watch::Sender<Attached>,
}

/// Whether the hub hears us, for the local page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attached {
    Away { since: Instant, reason: String },
    Here { since: Instant },
}

/// Why there is no line (any more), in words for the log and the local page.
#[derive(Debug)]
enum Lost {
    Broken(String),
    /// The hub does not know this device, or not any more.
    TurnedAway(String),
}

impl Lost {
    fn why(&self) -> &str {
        match self {
            Self::Broken(why) | Self::TurnedAway(why) => why,
        }
    }
}

impl From<String> for Lost {
    fn from(why: String) -> Self {
        Self::Broken(why)
    }
}

impl Attached {
    /// Before the first try.
    #[must_use]
    pub fn not_yet() -> Self {
        Self::Away {
            since: Instant::now(),
            reason: "not tried yet".to_owned(),
        }
    }
}

impl Link {
    /// Attaches again and again until `stop`.
    pub async fn run(mut self, stop: CancellationToken) {
        let boot_id = uuid::Uuid::new_v4().into_bytes();
        let mut backoff = Backoff::default();
        while !stop.is_cancelled() {
            let began = Instant::now();
            let lost = tokio::select! {
                () = stop.cancelled() => break,
                lost = self.attach(boot_id) => lost,
            };
            let why = lost.why();
            self.detached(why);
            if began.elapsed() >= GOOD_LINE {
                backoff = Backoff::default();
            }
            let mut news = self.gate.outbox().newest();
            let wait = backoff.next(rand::random(), matches!(lost, Lost::TurnedAway(_)));
            tracing::info!(reason = %why, wait_ms = wait.as_millis() as u64, "no line to the hub");
            tokio::select! {
                () = stop.cancelled() => break,
                () = tokio::time::sleep(wait) => {}
                // Somebody pressed: that does not wait for the end of a pause, and is tried quickly anew.
                Ok(()) = news.changed() => {
                    backoff = Backoff::default();
                    tokio::time::sleep(wait.min(NEWS_WAIT)).await;
                }
            }
        }
        self.detached("the device is going down");
    }

    fn detached(&mut self, why: &str) {
        self.attached.send_if_modified(|attached| match attached {
            Attached::Here { .. } => {
                *attached = Attached::Away {
                    since: Instant::now(),
                    reason: why.to_owned(),
                };
                true
            }
            Attached::Away { reason, .. } => {
                let other = reason != why;
                why.clone_into(reason);
                other
            }
        });
        // A publisher that is behind finds out by its own time-outs.
        self.from_hub.try_send(FromHub::Detached).ok();
        // What was to be said on the old line means nothing on the next one.
        while self.to_hub.try_recv().is_ok() {}
    }

    /// A publisher that did not hear of the line would wait for it for ever: then there is none.
    fn here(&self) -> Result<(), Lost> {
        self.to_publish(FromHub::Attached)?;
        tracing::info!("attached to the hub");
        self.attached.send_replace(Attached::Here {
            since: Instant::now(),
        });
        Ok(())
    }

    fn address(&self) -> &str {
        self.hub.as_deref().unwrap_or_else(|| self.enrolled.hub())
    }
}
