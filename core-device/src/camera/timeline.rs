//! Turns a camera's own timestamps into one continuous line per stream, so that a reconnect, a wrong
//! clock or a jump of it is a small step for whoever watches and never a leap.

use std::time::{Duration, Instant};

use super::Ticks;

/// A camera's clock and ours may differ by this much from one frame to the next before it counts as a
/// jump. Still scenes at one frame in some seconds stay below it.
const LARGEST_STEP: Duration = Duration::from_secs(3);

/// One stream's line. Main, sub and sound of a camera share the epoch, so they stay aligned.
#[derive(Debug)]
pub(super) struct Timeline {
    epoch: Instant,
    /// Added to the camera's ticks; unknown until the first frame of a connection.
    offset: Option<i64>,
    last: Option<(Ticks, Instant)>,
}

impl Timeline {
    pub(super) fn new(epoch: Instant) -> Self {
        Self {
            epoch,
            offset: None,
            last: None,
        }
    }

    /// The camera was connected anew: its clock may start anywhere.
    pub(super) fn reconnected(&mut self) {
        self.offset = None;
    }

    /// Places a frame with the camera's time `camera` (in ticks) that arrived at `received`.
    pub(super) fn place(&mut self, camera: i64, received: Instant) -> Ticks {
        let offset = match self.offset {
            Some(offset) if !self.jumped(camera.saturating_add(offset), received) => offset,
            Some(_) | None => self.anchor(received).saturating_sub(camera),
        };
        self.offset = Some(offset);
        let at = Ticks(camera.saturating_add(offset));
        self.last = Some((at, received));
        at
    }

    /// Where a frame belongs by its arrival, never before what is already on the line.
    fn anchor(&self, received: Instant) -> i64 {
        let by_arrival = ticks(received.saturating_duration_since(self.epoch));
        self.last.map_or(by_arrival, |(last, _)| {
            by_arrival.max(last.0 + Ticks::PER_MILLI)
        })
    }

    fn jumped(&self, at: i64, received: Instant) -> bool {
        let Some((last, last_received)) = self.last else {
            return false;
        };
        let passed = ticks(received.saturating_duration_since(last_received));
        at.abs_diff(last.0.saturating_add(passed)) > ticks(LARGEST_STEP).unsigned_abs()
    }
}

fn ticks(span: Duration) -> i64 {
    i64::try_from(span.as_micros() * 9 / 100).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_camera_that_starts_again_at_zero_goes_on_where_it_was() {
        let epoch = Instant::now();
        let mut line = Timeline::new(epoch);
        let first = line.place(9_000_000, epoch + Duration::from_secs(1));
        let second = line.place(9_006_000, epoch + Duration::from_millis(1_067));
        assert_eq!(
            second.0 - first.0,
            6_000,
            "the camera's own spacing is kept"
        );
        line.reconnected();
        let third = line.place(0, epoch + Duration::from_secs(2));
        assert_eq!(third.0, 2 * Ticks::PER_SECOND);
    }

    proptest! {
        #[test]
        fn no_clock_makes_the_line_leap(clock in prop::collection::vec(any::<i64>(), 1..50)) {
            let epoch = Instant::now();
            let mut line = Timeline::new(epoch);
            for (step, camera) in clock.into_iter().enumerate() {
                let received = epoch + Duration::from_millis(66 * step as u64);
                let at = line.place(camera, received);
                let drift = at.0 - ticks(received - epoch);
                // Every jump may leave the line ahead by at most one step, never behind by more.
                prop_assert!(drift.abs() <= ticks(LARGEST_STEP) * (step as i64 + 1));
            }
        }
    }
}
