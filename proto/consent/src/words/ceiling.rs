//! What no other word may go beyond, whoever signed it. Changing it takes the owner's passkey and somebody
//! at the device.

use std::collections::BTreeSet;

use crate::{Addressed, AgencyHash, Cameras, Rights, Succession, Ttl};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ceiling {
    to: Addressed,
    succession: Succession,
    longest: Ttl,
    secs_a_day: u32,
    cameras: Cameras,
    agencies: BTreeSet<AgencyHash>,
    rights: Rights,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadCeiling {
    /// More seconds than a day has.
    SecsADay,
    /// None, or more than [`Ceiling::MOST_AGENCIES`].
    Agencies,
    /// Without the right to see live nothing could ever open.
    NothingToSee,
}

impl Ceiling {
    pub const MOST_AGENCIES: usize = 16;

    pub fn new(
        to: Addressed,
        succession: Succession,
        (longest, secs_a_day): (Ttl, u32),
        cameras: Cameras,
        agencies: BTreeSet<AgencyHash>,
        rights: Rights,
    ) -> Result<Self, BadCeiling> {
        if secs_a_day > Ttl::LONGEST_SECS {
            return Err(BadCeiling::SecsADay);
        }
        if !(1..=Self::MOST_AGENCIES).contains(&agencies.len()) {
            return Err(BadCeiling::Agencies);
        }
        if !rights.live {
            return Err(BadCeiling::NothingToSee);
        }
        Ok(Self {
            to,
            succession,
            longest,
            secs_a_day,
            cameras,
            agencies,
            rights,
        })
    }

    #[must_use]
    pub fn addressed(&self) -> Addressed {
        self.to
    }

    #[must_use]
    pub fn succession(&self) -> Succession {
        self.succession
    }

    #[must_use]
    pub fn longest(&self) -> Ttl {
        self.longest
    }

    /// Of alerts, approvals and signed terms together, in whole lives; a press is never counted.
    #[must_use]
    pub fn secs_a_day(&self) -> u32 {
        self.secs_a_day
    }

    #[must_use]
    pub fn cameras(&self) -> &Cameras {
        &self.cameras
    }

    #[must_use]
    pub fn agencies(&self) -> &BTreeSet<AgencyHash> {
        &self.agencies
    }

    #[must_use]
    pub fn rights(&self) -> Rights {
        self.rights
    }
}
