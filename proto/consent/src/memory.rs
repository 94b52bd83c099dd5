//! A set that remembers the newest so many entries, for ids that were used up. Forgetting the oldest is
//! safe where something else (age, a policy's version) already refuses what is that old.

use std::collections::{BTreeSet, VecDeque};

#[derive(Clone, Debug)]
pub struct Remembered<T> {
    most: usize,
    order: VecDeque<T>,
    set: BTreeSet<T>,
}

impl<T: Copy + Ord> Remembered<T> {
    #[must_use]
    pub fn at_most(most: usize) -> Self {
        Self {
            most,
            order: VecDeque::new(),
            set: BTreeSet::new(),
        }
    }

    /// False when it was there already.
    pub fn insert(&mut self, item: T) -> bool {
        if !self.set.insert(item) {
            return false;
        }
        self.order.push_back(item);
        if self.order.len() > self.most
            && let Some(oldest) = self.order.pop_front()
        {
            self.set.remove(&oldest);
        }
        true
    }

    #[must_use]
    pub fn contains(&self, item: &T) -> bool {
        self.set.contains(item)
    }

    /// Oldest first.
    pub fn iter(&self) -> impl Iterator<Item = T> + '_ {
        self.order.iter().copied()
    }
}

impl<T: Copy + Ord> Extend<T> for Remembered<T> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, items: I) {
        for item in items {
            self.insert(item);
        }
    }
}

impl<T: Ord> PartialEq for Remembered<T> {
    /// Equal as sets: the order of arrival is not part of what is remembered.
    fn eq(&self, other: &Self) -> bool {
        self.set == other.set
    }
}

impl<T: Ord> Eq for Remembered<T> {}
