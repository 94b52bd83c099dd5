//! The time of day, from the machine or from a test. Durations that must survive a changed wall
//! clock (grants on a device) are not measured here.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use time::OffsetDateTime;

/// Cut to milliseconds, the precision of the API and the store, so that a time survives the way through both.
#[derive(Clone, Default)]
pub struct Clock {
    /// Milliseconds since 1970, when a test holds the hands.
    held: Option<Arc<AtomicI64>>,
}

impl Clock {
    pub fn system() -> Self {
        Self { held: None }
    }

    /// A clock that moves only by `advance`.
    pub fn held_at(at: OffsetDateTime) -> Self {
        Self {
            held: Some(Arc::new(AtomicI64::new(millis(at)))),
        }
    }

    pub fn now(&self) -> OffsetDateTime {
        match &self.held {
            Some(held) => from_millis(held.load(Ordering::SeqCst)),
            None => from_millis(millis(OffsetDateTime::now_utc())),
        }
    }

    /// Moves a held clock; the machine's own clock is not ours to move.
    pub fn advance(&self, by: Duration) {
        if let Some(held) = &self.held {
            held.fetch_add(
                i64::try_from(by.as_millis()).unwrap_or(i64::MAX),
                Ordering::SeqCst,
            );
        }
    }
}

/// How the store keeps a time: milliseconds since 1970 in a BIGINT.
pub fn millis(at: OffsetDateTime) -> i64 {
    i64::try_from(at.unix_timestamp_nanos() / 1_000_000).unwrap_or(i64::MAX)
}

/// Times outside what a calendar can show become 1970.
pub fn from_millis(ms: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(ms) * 1_000_000)
        .unwrap_or(OffsetDateTime::UNIX_EPOCH)
}
