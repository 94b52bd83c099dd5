//! A yes spelled out, and a no with its reason. Terms are values that only a policy (or, later, an
//! owner's signature) yields; holding them is what allows a grant to be asked for.

use crate::{AgencyId, Cameras, MAX_PRE_ROLL_SECS, PolicyVersion, Rights, RuleId, Ttl};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    pub rule: RuleId,
    pub policy: PolicyVersion,
    pub cameras: Cameras,
    pub agency: AgencyId,
    pub rights: Rights,
    pub ttl: Ttl,
    /// 0 without the pre-roll right.
    pub pre_roll_secs: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadTerms {
    NothingToSee,
    PreRollWithoutRight,
    PreRollTooLong,
}

impl Terms {
    /// Refuses terms that contradict themselves.
    pub fn checked(self) -> Result<Self, BadTerms> {
        if !self.rights.live {
            return Err(BadTerms::NothingToSee);
        }
        if self.pre_roll_secs > 0 && !self.rights.pre_roll {
            return Err(BadTerms::PreRollWithoutRight);
        }
        if self.pre_roll_secs > MAX_PRE_ROLL_SECS {
            return Err(BadTerms::PreRollTooLong);
        }
        Ok(self)
    }
}

/// Why a trigger opens nothing. Operators see most of these as "not shared".
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Refusal {
    NoRule,
    Paused,
    QuietHours,
    Cooldown,
    DailyLimit,
    /// It arrives as a message and opens nothing until it is pressed again.
    TooOld,
    TooFar,
    Malformed,
    UnknownCamera,
    /// This trigger already had its answer, or was revoked.
    Replayed,
    AsksOwner,
    /// The device could not write its receipt; never the answer to a press.
    NotDurable,
    /// As many grants are open as a device holds; what is open stays open.
    TooMany,
}
