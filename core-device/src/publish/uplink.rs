//! The premises' line to the internet, shared by all cameras: what is from the past waits its turn, what
//! is live never does. One bucket for the whole device.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// What may leave at once: less than a network card's or a socket's buffer holds.
const BURST_BYTES: u32 = 32 * 1024;

#[derive(Debug)]
pub(super) struct Uplink {
    bytes_per_sec: u64,
    /// When the line will be free again.
    free_at: Mutex<Option<Instant>>,
}

impl Uplink {
    pub(super) fn new(kbps: u32) -> Self {
        Self {
            bytes_per_sec: u64::from(kbps) * 1_000 / 8,
            free_at: Mutex::new(None),
        }
    }

    /// Live bytes: they go, and the past waits for them.
    pub(super) fn charge(&self, bytes: usize, now: Instant) {
        self.take(bytes, now);
    }

    /// Bytes of the past: they go after the returned wait.
    pub(super) fn reserve(&self, bytes: usize, now: Instant) -> Duration {
        let start = self.take(bytes, now);
        start
            .saturating_duration_since(now)
            .saturating_sub(self.time(BURST_BYTES as usize))
    }

    fn take(&self, bytes: usize, now: Instant) -> Instant {
        let mut free_at = self.free_at.lock().unwrap_or_else(PoisonError::into_inner);
        let start = free_at.map_or(now, |free_at| free_at.max(now));
        *free_at = Some(start + self.time(bytes));
        start
    }

    fn time(&self, bytes: usize) -> Duration {
        Duration::from_nanos(bytes as u64 * 1_000_000_000 / self.bytes_per_sec.max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_past_leaves_at_the_speed_of_the_line_and_after_what_is_live() {
        let uplink = Uplink::new(8_000); // 1 MB a second
        let now = Instant::now();
        assert_eq!(
            uplink.reserve(30_000, now),
            Duration::ZERO,
            "a burst goes at once"
        );
        let mut last = Duration::ZERO;
        for _ in 0..100 {
            last = uplink.reserve(10_000, now);
        }
        assert!(
            last > Duration::from_millis(900) && last < Duration::from_millis(1_100),
            "{last:?}"
        );
        uplink.charge(1_000_000, now);
        assert!(uplink.reserve(1, now) > Duration::from_millis(1_900));
        let later = now + Duration::from_secs(10);
        assert_eq!(
            uplink.reserve(1, later),
            Duration::ZERO,
            "an idle line keeps no debt"
        );
    }
}
