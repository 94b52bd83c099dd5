//! Who judges: the configuration's own rules on a device that belongs to nobody yet, the owner's signed
//! words on one that is paired. Whatever both can do is here; what only signed words can, is in `signed`.

use std::collections::BTreeSet;

use assent_consent::{
    BootTime, Effect, EndCause, Gate as Words, Grant, GrantId, HubClose, Input, Moment, Now,
    Refusal, RuleId, Sharing, TriggerId, WallTime,
};

use super::{clock, wall_now};

/// No device was built before 2026; a clock that says less was set by nobody.
const FIRST_PLAUSIBLE_WALL_MS: i64 = 1_767_225_600_000;

pub(super) enum Judge {
    Configured(Box<Sharing>),
    Signed(Box<Words>),
}

impl Judge {
    pub(super) fn sharing(&self) -> &Sharing {
        match self {
            Self::Configured(sharing) => sharing,
            Self::Signed(words) => words.sharing(),
        }
    }

    pub(super) fn open(&mut self, grant: GrantId, now: &Now) -> Vec<Effect> {
        match self {
            Self::Configured(sharing) => sharing.open(grant, now),
            Self::Signed(words) => words.open(grant, now),
        }
    }

    pub(super) fn refuse(&mut self, id: TriggerId, why: Refusal, at: BootTime) -> Vec<Effect> {
        match self {
            Self::Configured(sharing) => sharing.refuse(id, why, at),
            Self::Signed(words) => words.refuse(id, why, at),
        }
    }

    pub(super) fn expire(&mut self, at: BootTime) -> Vec<Effect> {
        match self {
            Self::Configured(sharing) => sharing.expire(at),
            Self::Signed(words) => words.expire(at),
        }
    }

    pub(super) fn stop(&mut self, at: BootTime) -> Vec<Effect> {
        match self {
            Self::Configured(sharing) => sharing.stop_locally(at),
            Self::Signed(words) => words.decide(&moment(), Input::Stop).effects,
        }
    }

    /// The programme ends, and everything that is open.
    pub(super) fn shut(&mut self, at: BootTime) -> Vec<Effect> {
        match self {
            Self::Configured(sharing) => sharing.rebooted(&BTreeSet::new(), at),
            Self::Signed(words) => words.shut(at),
        }
    }

    pub(super) fn hub_closes(&mut self, close: HubClose, at: BootTime) -> Vec<Effect> {
        match self {
            Self::Configured(sharing) => {
                let named = |grant: &&Grant| match close {
                    HubClose::Grant(id) => grant.id() == id,
                    HubClose::Trigger(id) => grant.trigger() == id,
                };
                let open = sharing.grants().filter(|grant| !grant.is_ended());
                let ids: Vec<GrantId> = open.filter(named).map(Grant::id).collect();
                let end = |id| sharing.end(id, EndCause::ClearedByAgency, at);
                ids.into_iter().flat_map(end).collect()
            }
            Self::Signed(words) => words.decide(&moment(), Input::HubClose(close)).effects,
        }
    }

    pub(super) fn renewals_due(&self, at: BootTime) -> Vec<RuleId> {
        self.sharing().renewals_due(at)
    }

    pub(super) fn renewal_tried(&mut self, rule: RuleId, at: BootTime) {
        match self {
            Self::Configured(sharing) => sharing.renewal_tried(rule, at),
            Self::Signed(words) => words.renewal_tried(rule, at),
        }
    }

    pub(super) fn unpause(&mut self) {
        match self {
            Self::Configured(sharing) => sharing.unpause(),
            Self::Signed(words) => words.unpause(),
        }
    }
}

pub(super) fn moment() -> Moment {
    Moment {
        now: clock::now(),
        wall: Some(wall_now()).filter(|WallTime(ms)| *ms >= FIRST_PLAUSIBLE_WALL_MS),
    }
}
