//! How long to wait before trying a camera again: at once after a stream that worked, then longer and
//! longer, never in step with the other cameras.

use std::time::Duration;

use rand::Rng;

/// Some cameras drop a good stream every 15 s (Tapo C220): they must be back well within a second.
const FIRST: Duration = Duration::from_millis(150);
/// A camera that comes back after a power cut is seen within this; trying costs the LAN a packet or two.
const LONGEST: Duration = Duration::from_secs(2);
/// What only a person can mend. Cameras also lock an account after a few wrong passwords; one try in this
/// keeps it open.
const NEEDS_SOMEBODY: Duration = Duration::from_secs(20);

#[derive(Debug, Default)]
pub(super) struct Backoff {
    failures: u32,
}

impl Backoff {
    /// The stream worked: the next wait is the first again.
    pub(super) fn reset(&mut self) {
        self.failures = 0;
    }

    /// Nothing failed since the stream last worked.
    pub(super) fn is_fresh(&self) -> bool {
        self.failures == 0
    }

    /// The next wait, between half and all of its step.
    pub(super) fn next(&mut self, needs_somebody: bool, random: &mut impl Rng) -> Duration {
        let step = FIRST.saturating_mul(1 << self.failures.min(8)).min(LONGEST);
        self.failures = self.failures.saturating_add(1);
        let step = if needs_somebody { NEEDS_SOMEBODY } else { step };
        step.mul_f64(random.random_range(0.5..=1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{SeedableRng, rngs::StdRng};

    #[test]
    fn waits_grow_to_a_bound_and_start_again_after_success() {
        let mut random = StdRng::seed_from_u64(1);
        let mut backoff = Backoff::default();
        assert!(backoff.next(false, &mut random) <= FIRST);
        for _ in 0..50 {
            assert!(backoff.next(false, &mut random) <= LONGEST);
        }
        assert!(backoff.next(false, &mut random) >= LONGEST / 2);
        backoff.reset();
        assert!(backoff.next(false, &mut random) <= FIRST);
    }

    #[test]
    fn a_wrong_password_is_not_tried_fast_enough_to_lock_the_account() {
        let wait = Backoff::default().next(true, &mut StdRng::seed_from_u64(2));
        assert!(wait >= NEEDS_SOMEBODY / 2);
    }
}
