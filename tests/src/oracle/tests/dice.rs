//! Seeded chance (splitmix64): the same seed is the same day.

pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }

    /// True so many times in a hundred.
    pub(super) fn percent(&mut self, chance: u64) -> bool {
        self.below(100) < chance
    }

    pub(super) fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        let at = self.below(from.len() as u64);
        from[usize::try_from(at).unwrap()].clone()
    }

    /// Each with this chance.
    pub(super) fn some<T: Clone>(&mut self, from: &[T], chance: u64) -> Vec<T> {
        let mut some = from.to_vec();
        some.retain(|_| self.percent(chance));
        some
    }

    pub(super) fn at_least_one<T: Clone>(&mut self, from: &[T], chance: u64) -> Vec<T> {
        let some = self.some(from, chance);
        if some.is_empty() {
            vec![self.pick(from)]
        } else {
            some
        }
    }
}
