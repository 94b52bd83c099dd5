//! How long to wait before the next try: quickly at first, because most losses are short, then longer,
//! and never in step with the thousands of other devices that lost the same hub.

use std::time::Duration;

const FIRST: Duration = Duration::from_millis(400);
/// A hub that comes back has all its devices within this. Of 5,000, spread over the whole of it, some
/// 1,700 come in a second, each for a fraction of a millisecond of the hub's work.
const LONGEST: Duration = Duration::from_secs(3);
/// For a device that the hub turns away: until somebody enrols it again, or the hub knows better.
const TURNED_AWAY: Duration = Duration::from_secs(15);
/// Keeps a lucky number from becoming a tight loop.
const SHORTEST: Duration = Duration::from_millis(20);

#[derive(Default)]
pub(super) struct Backoff {
    tries: u32,
}

impl Backoff {
    /// `chance` spreads the wait over the whole of it: devices that lost their hub in one moment do not
    /// come back in one.
    pub(super) fn next(&mut self, chance: u16, turned_away: bool) -> Duration {
        let full = FIRST
            .saturating_mul(2_u32.saturating_pow(self.tries))
            .min(LONGEST);
        self.tries = self.tries.saturating_add(1);
        let full = if turned_away { TURNED_AWAY } else { full };
        full.mul_f64(f64::from(chance) / f64::from(u16::MAX))
            .max(SHORTEST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_retry_comes_within_half_a_second_and_none_waits_longer_than_three() {
        let mut backoff = Backoff::default();
        assert!(backoff.next(u16::MAX, false) < Duration::from_millis(500));
        for _ in 0..100 {
            assert!(backoff.next(u16::MAX, false) <= Duration::from_secs(3));
        }
        assert_eq!(backoff.next(u16::MAX, true), TURNED_AWAY);
    }

    #[test]
    fn devices_that_lost_their_hub_together_come_back_spread_out() {
        // Every tenth of the interval gets its tenth of the devices.
        let mut tenths = [0; 10];
        for device in 0..5_000_u16 {
            let mut backoff = Backoff { tries: 10 };
            let wait = backoff.next(device * 13, false);
            tenths[(wait.as_millis() / 300).min(9) as usize] += 1;
        }
        assert!(
            tenths.iter().all(|count| (400..=600).contains(count)),
            "{tenths:?}"
        );
    }
}
