//! Whose word a device obeys: before it is paired its own configuration's, afterwards only what its owner's
//! keys signed. The hub believes what the device says of itself, and asks the page to sign accordingly.

use super::Devices;
use crate::world::DeviceId;

/// As the device last said; all zero of one that knows no signed words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Consent {
    pub paired: bool,
    /// 1 and up; one more after each factory reset.
    pub epoch: u64,
    /// 0: none, as are the next two. Known while the device is here.
    pub owner_set_version: u64,
    pub policy_version: u64,
    pub ceiling_version: u64,
}

impl Devices {
    /// Takes over what a device says of itself, in memory. True when it said something else before.
    pub fn set_consent(&self, id: DeviceId, consent: Consent) -> bool {
        let other =
            |known: &mut super::Known| std::mem::replace(&mut known.consent, consent) != consent;
        self.change(id, other).unwrap_or(false)
    }

    pub fn is_paired(&self, id: DeviceId) -> bool {
        let known = self.read();
        known.get(&id).is_some_and(|known| known.consent.paired)
    }
}
