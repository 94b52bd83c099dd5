//! Turns wrapping 16- and 32-bit RTP counters into ever-growing 64-bit ones (RFC 3550, appendix A.1),
//! and remembers which sequence numbers were seen. Does not decide what a jump means.

/// Room below the first value, so that a packet which is older than the first one has a number too.
const FIRST_TURN: u64 = 1;

/// Extends a counter of `BITS` bits.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Extender<const BITS: u32> {
    newest: Option<u64>,
}

impl<const BITS: u32> Extender<BITS> {
    const TURN: u64 = 1 << BITS;

    /// The extended value nearest to the newest one, and its distance from it.
    pub(crate) fn extend(&self, value: u64) -> (u64, i64) {
        let Some(newest) = self.newest else {
            return (FIRST_TURN * Self::TURN + value, 0);
        };
        let ahead = value.wrapping_sub(newest) % Self::TURN;
        if ahead < Self::TURN / 2 {
            return (newest + ahead, ahead.cast_signed());
        }
        let behind = Self::TURN - ahead;
        (newest.saturating_sub(behind), -behind.cast_signed())
    }

    pub(crate) fn accept(&mut self, extended: u64) {
        self.newest = Some(self.newest.map_or(extended, |newest| newest.max(extended)));
    }
}

/// How far back a late packet is still told from a duplicate: 4 s of a 2 Mbit/s stream.
pub(crate) const WINDOW: u64 = 1024;

/// The sequence numbers seen among the last [`WINDOW`].
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    bits: [u64; (WINDOW / 64) as usize],
    newest: Option<u64>,
}

impl Default for Seen {
    fn default() -> Self {
        Seen {
            bits: [0; (WINDOW / 64) as usize],
            newest: None,
        }
    }
}

impl Seen {
    /// Marks `seq`; false when it was seen before, or is too old to tell.
    pub(crate) fn mark(&mut self, seq: u64) -> bool {
        let newest = *self.newest.get_or_insert(seq);
        if seq + WINDOW <= newest {
            return false;
        }
        if seq > newest {
            for skipped in (newest + 1..=seq).take(WINDOW as usize) {
                self.clear(skipped);
            }
            self.newest = Some(seq);
        }
        let (word, bit) = Self::place(seq);
        let fresh = self.bits[word] & bit == 0;
        self.bits[word] |= bit;
        fresh
    }

    fn clear(&mut self, seq: u64) {
        let (word, bit) = Self::place(seq);
        self.bits[word] &= !bit;
    }

    fn place(seq: u64) -> (usize, u64) {
        let at = seq % WINDOW;
        ((at / 64) as usize, 1 << (at % 64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_counter_is_followed_through_every_wrap(steps in prop::collection::vec(-3000i64..3000, 1..400)) {
            let mut extender = Extender::<16>::default();
            let mut truth = 1u64 << 40;
            let (first, _) = extender.extend(truth % 65_536);
            extender.accept(first);
            let mut newest = truth;
            for step in steps {
                truth = newest.saturating_add_signed(step);
                let (extended, ahead) = extender.extend(truth % 65_536);
                prop_assert_eq!(extended.wrapping_sub(first), truth.wrapping_sub(1 << 40));
                prop_assert_eq!(ahead, truth.cast_signed() - newest.cast_signed());
                extender.accept(extended);
                newest = newest.max(truth);
            }
        }

        #[test]
        fn a_number_is_fresh_exactly_once(numbers in prop::collection::vec(0u64..3000, 1..2000)) {
            let mut seen = Seen::default();
            let mut before = std::collections::BTreeSet::new();
            let mut newest = numbers[0];
            for n in numbers {
                let fresh = seen.mark(n);
                let in_window = n + WINDOW > newest;
                prop_assert_eq!(fresh, in_window && !before.contains(&n), "{}", n);
                before.insert(n);
                newest = newest.max(n);
            }
        }
    }
}
