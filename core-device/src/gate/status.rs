//! What the gate lets others see: the live shares, what is paused, whether the disk takes receipts. For
//! the local page, the `status` command and the link's greeting; nothing is decided from it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use assent_consent::{
    Adopted, BootTime, CameraNumber, Cause, EndCause, Live, Pause, StandingPolicy, WallTime,
};

use assent_wire::link;

use super::boot_now;
use crate::camera::Armed;

#[derive(Clone, Debug)]
pub struct Status {
    /// The rules that are obeyed, wherever they stand.
    pub policy: Arc<StandingPolicy>,
    pub standing: Standing,
    /// Cameras that could be shared.
    pub armed: Arc<Armed>,
    pub live: Vec<LiveShare>,
    /// Newest last.
    pub ended: VecDeque<EndedShare>,
    pub paused: BTreeSet<Pause>,
    pub storage: Storage,
    /// Number of the newest receipt on the disk.
    pub last_receipt: u64,
    /// Hash of its entry, which stands for all before it.
    pub chain_head: [u8; 32],
    /// How often each refusal was given since the programme started, by its name on the wire.
    pub refused: BTreeMap<&'static str, u64>,
}

/// Whose word the device obeys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    pub paired: bool,
    pub epoch: u64,
    /// Versions; 0 where there is none.
    pub owner_set: u64,
    pub policy: u64,
    pub ceiling: u64,
    /// The payload of the policy in force, signed or configured.
    pub payload: Arc<[u8]>,
    pub waits: Option<WaitsFor>,
}

/// What only somebody at the device can say yes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaitsFor {
    Pairing,
    Ceiling,
}

impl Standing {
    #[must_use]
    pub fn consent(&self) -> link::Consent {
        link::Consent {
            paired: self.paired,
            epoch: self.epoch,
            owner_set_version: self.owner_set,
            policy_version: self.policy,
            ceiling_version: self.ceiling,
        }
    }
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
            standing: Standing::default(),
            armed: Arc::default(),
            live: Vec::new(),
            ended: VecDeque::new(),
            paused: BTreeSet::new(),
            storage: Storage::Fine,
            last_receipt: 0,
            chain_head: [0; 32],
            refused: BTreeMap::new(),
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
