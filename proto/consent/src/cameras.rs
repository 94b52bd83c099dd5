//! Cameras of one device by number, and sets of them that are never empty. There is no "all cameras":
//! a rule names each one.

use std::collections::BTreeSet;
use std::fmt;
use std::num::NonZeroU16;

/// Device-local number of a camera, 1..=65535.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CameraNumber(pub NonZeroU16);

impl CameraNumber {
    #[must_use]
    pub fn new(number: u16) -> Option<Self> {
        NonZeroU16::new(number).map(Self)
    }

    #[must_use]
    pub fn get(self) -> u16 {
        self.0.get()
    }
}

impl fmt::Display for CameraNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// At least one camera, in order, at most [`Cameras::MOST`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cameras(BTreeSet<CameraNumber>);

impl Cameras {
    /// More than any one device pulls; keeps every message under its size bound.
    pub const MOST: usize = 256;

    /// `None` for an empty set and for one past the bound.
    #[must_use]
    pub fn new(numbers: impl IntoIterator<Item = CameraNumber>) -> Option<Self> {
        let set: BTreeSet<_> = numbers.into_iter().take(Self::MOST + 1).collect();
        (1..=Self::MOST).contains(&set.len()).then_some(Self(set))
    }

    pub fn iter(&self) -> impl Iterator<Item = CameraNumber> + '_ {
        self.0.iter().copied()
    }

    #[must_use]
    pub fn contains(&self, camera: CameraNumber) -> bool {
        self.0.contains(&camera)
    }

    #[must_use]
    pub fn is_subset(&self, of: &Self) -> bool {
        self.0.is_subset(&of.0)
    }

    /// Those of these that `keep` says yes to; `None` when none is left.
    #[must_use]
    pub fn only(&self, keep: impl Fn(CameraNumber) -> bool) -> Option<Self> {
        Self::new(self.iter().filter(|c| keep(*c)))
    }

    #[must_use]
    pub fn as_set(&self) -> &BTreeSet<CameraNumber> {
        &self.0
    }
}
