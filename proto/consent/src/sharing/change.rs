//! One change of the machine and the effects that follow from it. Which camera starts or stops is never
//! decided case by case: it is the difference between what was permitted before and what is after, so
//! that no path can leave a camera open without a live grant.

use std::collections::{BTreeMap, BTreeSet};

use super::{Permission, Sharing};
use crate::{CameraNumber, EndCause, Ended, Ending, GrantId, RuleId};

/// To be done by the caller, in this order: stops come first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    StopCamera {
        camera: CameraNumber,
        cause: EndCause,
    },
    StartCamera {
        camera: CameraNumber,
        permission: Permission,
    },
    /// It stays open with other rights than before.
    ChangeCamera {
        camera: CameraNumber,
        permission: Permission,
    },
    GrantOpened(GrantId),
    GrantEnded(Ended),
    /// A standing rule will not renew these until the policy changes or the owner says so.
    Paused {
        rule: RuleId,
        cameras: BTreeSet<CameraNumber>,
    },
}

#[derive(Default)]
pub(super) struct Change {
    causes: BTreeMap<CameraNumber, EndCause>,
    facts: Vec<Effect>,
}

impl Change {
    pub(super) fn opened(&mut self, id: GrantId) {
        self.facts.push(Effect::GrantOpened(id));
    }

    pub(super) fn ended(&mut self, ended: Ended) {
        if let Ending::Closed(cause) = ended.ending {
            self.causes
                .extend(ended.terms.cameras.iter().map(|camera| (camera, cause)));
        }
        self.facts.push(Effect::GrantEnded(ended));
    }

    pub(super) fn withdrew(&mut self, camera: CameraNumber, cause: EndCause) {
        self.causes.insert(camera, cause);
    }

    pub(super) fn paused(&mut self, rule: RuleId, cameras: BTreeSet<CameraNumber>) {
        if !cameras.is_empty() {
            self.facts.push(Effect::Paused { rule, cameras });
        }
    }
}

impl Sharing {
    pub(super) fn change(&mut self, make: impl FnOnce(&mut Self, &mut Change)) -> Vec<Effect> {
        let mut change = Change::default();
        make(self, &mut change);
        let after = self.permissions();
        let before = std::mem::replace(&mut self.permitted, after);
        let mut effects = Vec::new();
        for camera in before
            .keys()
            .filter(|camera| !self.permitted.contains_key(camera))
        {
            let cause = change
                .causes
                .get(camera)
                .copied()
                .unwrap_or(EndCause::Revoked);
            effects.push(Effect::StopCamera {
                camera: *camera,
                cause,
            });
        }
        for (camera, permission) in &self.permitted {
            let (camera, permission) = (*camera, permission.clone());
            match before.get(&camera) {
                None => effects.push(Effect::StartCamera { camera, permission }),
                Some(old) if !old.allows_the_same(&permission) => {
                    effects.push(Effect::ChangeCamera { camera, permission });
                }
                Some(_) => {}
            }
        }
        effects.append(&mut change.facts);
        effects
    }
}
