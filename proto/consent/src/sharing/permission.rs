//! What may leave one camera now: the sum of its live grants. A camera without a permission is shut.

use std::collections::{BTreeMap, BTreeSet};

use super::Sharing;
use crate::{BootTime, CameraNumber, GrantId, Rights};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permission {
    pub rights: Rights,
    pub pre_roll_secs: u32,
    /// End of the grant that lives longest.
    pub until: BootTime,
    /// Never empty.
    pub grants: BTreeSet<GrantId>,
}

impl Permission {
    pub(super) fn allows_the_same(&self, other: &Self) -> bool {
        self.rights == other.rights && self.pre_roll_secs == other.pre_roll_secs
    }
}

impl Sharing {
    pub(super) fn permissions(&self) -> BTreeMap<CameraNumber, Permission> {
        let mut permitted: BTreeMap<CameraNumber, Permission> = BTreeMap::new();
        for live in self.live() {
            for camera in live.cameras() {
                let sum = permitted.entry(camera).or_insert_with(|| Permission {
                    rights: Rights::default(),
                    pre_roll_secs: 0,
                    until: live.ends_at,
                    grants: BTreeSet::new(),
                });
                sum.rights = sum.rights.or(live.terms.rights);
                sum.pre_roll_secs = sum.pre_roll_secs.max(live.terms.pre_roll_secs);
                sum.until = sum.until.max(live.ends_at);
                sum.grants.insert(live.id);
            }
        }
        permitted
    }
}
