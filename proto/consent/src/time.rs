//! Time as data. Nobody here asks what time it is: instants come in as arguments. A grant's life runs
//! on the boot clock, which no owner, hub or network can set back; wall time is only ever shown.

use std::num::NonZeroU32;

/// Milliseconds on the machine's boot clock (it counts while the machine sleeps).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BootTime(pub u64);

impl BootTime {
    #[must_use]
    pub fn plus_ms(self, ms: u64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    /// Milliseconds from `earlier` to here; zero when `earlier` is later.
    #[must_use]
    pub fn since_ms(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// Milliseconds since 1970 on somebody's wall clock, which may be wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WallTime(pub i64);

/// How long a yes may live: never zero, never more than a day, so that every grant has an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ttl(NonZeroU32);

impl Ttl {
    pub const LONGEST_SECS: u32 = 86_400;

    /// `None` for zero and for anything longer than a day.
    #[must_use]
    pub fn from_secs(secs: u32) -> Option<Self> {
        NonZeroU32::new(secs)
            .filter(|s| s.get() <= Self::LONGEST_SECS)
            .map(Self)
    }

    #[must_use]
    pub fn secs(self) -> u32 {
        self.0.get()
    }

    #[must_use]
    pub fn ms(self) -> u64 {
        u64::from(self.0.get()) * 1000
    }
}
