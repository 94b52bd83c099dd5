//! What the gate lets others see: the live shares, what is paused, whether the disk takes receipts. For
//! the local page, the `status` command and the link's greeting; nothing is decided from it.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use assent_consent::{
    Adopted, BootTime, CameraNumber, Cause, EndCause, Live, Pause, StandingPolicy, WallTime,
};

use super::boot_now;

#[derive(Clone, Debug)]
pub struct Status {
    pub policy: Arc<StandingPolicy>,
    pub live: Vec<LiveShare>,
    /// Newest last.
    pub ended: VecDeque<EndedShare>,
    pub paused: BTreeSet<Pause>,
    pub storage: Storage,
    /// Number of the newest receipt on the disk.
    pub last_receipt: u64,
}

#[derive(Clone, Debug)]
pub struct LiveShare {
    pub live: Live,
    /// 0 while it is open without one, because the disk does not answer.
    pub receipt: u64,
}

#[derive(Clone, Copy, Debug)]
pub struct EndedShare {
    pub cause: Cause,
    pub end: EndCause,
    pub at: WallTime,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Storage {
    Fine,
    /// Receipts cannot be written: only a press opens anything now.
    Failing,
}

/// Lines on the local page.
const MOST_ENDED: usize = 20;

impl Status {
    pub(super) fn new(policy: StandingPolicy) -> Self {
        Self {
            policy: Arc::new(policy),
            live: Vec::new(),
            ended: VecDeque::new(),
            paused: BTreeSet::new(),
            storage: Storage::Fine,
            last_receipt: 0,
        }
    }

    pub(super) fn note_end(&mut self, ended: EndedShare) {
        self.ended.push_back(ended);
        if self.ended.len() > MOST_ENDED {
            self.ended.pop_front();
        }
    }
}

impl LiveShare {
    #[must_use]
    pub fn is_silent(&self) -> bool {
        self.live.cause.is_silent()
    }

    /// The cameras that it still opens.
    pub fn cameras(&self) -> impl Iterator<Item = CameraNumber> + '_ {
        self.live.cameras()
    }

    #[must_use]
    pub fn remaining_ms(&self) -> u64 {
        self.live.remaining_ms(boot_now())
    }

    pub(crate) fn adopted(&self, now: BootTime) -> Adopted {
        Adopted {
            grant: self.live.id,
            trigger: self.live.trigger,
            cause: self.live.cause,
            terms: self.live.terms.clone(),
            remaining_ms: self.live.remaining_ms(now),
        }
    }
}
