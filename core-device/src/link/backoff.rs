//! How long to wait before the next try: quickly at first, because most losses are short, then longer,
//! and never in step with the thousands of other devices that lost the same hub.

use std::time::Duration;

const FIRST: Duration = Duration::from_millis(400);
/// A hub that comes back has all its devices within half a minute.
const LONGEST: Duration = Duration::from_secs(15);
/// With something to say or to show; of thousands of devices these are a few hundred.
const LONGEST_URGENT: Duration = Duration::from_secs(2);

#[derive(Default)]
pub(super) struct Backoff {
    tries: u32,
}

impl Backoff {
    /// `chance` spreads the wait over its upper half.
    pub(super) fn next(&mut self, chance: u16, urgent: bool) -> Duration {
        let longest = if urgent { LONGEST_URGENT } else { LONGEST };
        let full = FIRST
            .saturating_mul(2_u32.saturating_pow(self.tries))
            .min(longest);
        self.tries = self.tries.saturating_add(1);
        full / 2 + (full / 2).mul_f64(f64::from(chance) / f64::from(u16::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_retry_comes_within_a_second_and_none_waits_long() {
        let mut backoff = Backoff::default();
        assert!(backoff.next(u16::MAX, false) < Duration::from_secs(1));
        let waits: Vec<_> = (0..100).map(|n| backoff.next(n * 600, false)).collect();
        assert!(waits.iter().all(|wait| *wait <= LONGEST));
        assert!(waits[50..].iter().all(|wait| *wait >= LONGEST / 2));
        assert!(backoff.next(u16::MAX, true) <= LONGEST_URGENT);
    }
}
