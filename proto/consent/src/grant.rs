//! A grant: a yes with a life. Each state carries only what is known then.
//!
//! ```text
//!            ask                open (recorded first)
//!  (terms) ------> Asked ----------------------------> Live
//!                    |  refused, revoked, unanswered     |  revoked, expired, cleared, cancelled,
//!                    v                                   v  stopped locally, reboot, policy changed
//!                  Ended <-----------------------------Ended      (nothing leaves Ended)
//! ```

use std::collections::BTreeSet;

use crate::{BootTime, CameraNumber, GrantId, Level, PressedAt, Refusal, Terms, TriggerId};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Grant {
    Asked(Asked),
    Live(Live),
    Ended(Ended),
}

/// Decided, not yet recorded (device) or not yet confirmed (hub).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    pub id: GrantId,
    pub trigger: TriggerId,
    /// The alert behind an approval; a revoke of it closes this grant too.
    pub of: Option<TriggerId>,
    pub cause: Cause,
    pub terms: Terms,
    pub asked_at: BootTime,
    /// Cameras of the terms that the owner closed one by one.
    pub withdrawn: BTreeSet<CameraNumber>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Live {
    pub id: GrantId,
    pub trigger: TriggerId,
    pub of: Option<TriggerId>,
    pub cause: Cause,
    pub terms: Terms,
    pub opened_at: BootTime,
    pub ends_at: BootTime,
    pub withdrawn: BTreeSet<CameraNumber>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    pub id: GrantId,
    pub trigger: TriggerId,
    pub cause: Cause,
    pub terms: Terms,
    pub ended_at: BootTime,
    /// 0 when it never opened.
    pub lasted_ms: u64,
    pub ending: Ending,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ending {
    Closed(EndCause),
    Refused(Refusal),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EndCause {
    Revoked,
    Expired,
    ClearedByAgency,
    CancelledByOwner,
    StoppedLocally,
    Reboot,
    PolicyChanged,
}

/// What led to a grant, in as much as everybody may know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cause {
    Press {
        level: Level,
        silent: bool,
        drill: bool,
        at: PressedAt,
    },
    Alert,
    Standing,
    Approval,
    /// The owner spelled the yes out and signed it.
    Terms,
}

impl Cause {
    /// Nobody at the premises is to see it.
    #[must_use]
    pub fn is_silent(self) -> bool {
        match self {
            Self::Press { silent, .. } => silent,
            Self::Alert | Self::Standing | Self::Approval | Self::Terms => false,
        }
    }
}

impl Grant {
    #[must_use]
    pub fn id(&self) -> GrantId {
        match self {
            Self::Asked(g) => g.id,
            Self::Live(g) => g.id,
            Self::Ended(g) => g.id,
        }
    }

    #[must_use]
    pub fn trigger(&self) -> TriggerId {
        match self {
            Self::Asked(g) => g.trigger,
            Self::Live(g) => g.trigger,
            Self::Ended(g) => g.trigger,
        }
    }

    #[must_use]
    pub fn terms(&self) -> &Terms {
        match self {
            Self::Asked(g) => &g.terms,
            Self::Live(g) => &g.terms,
            Self::Ended(g) => &g.terms,
        }
    }

    #[must_use]
    pub fn cause(&self) -> Cause {
        match self {
            Self::Asked(g) => g.cause,
            Self::Live(g) => g.cause,
            Self::Ended(g) => g.cause,
        }
    }

    /// The live grant, if it is one.
    #[must_use]
    pub fn live(&self) -> Option<&Live> {
        match self {
            Self::Live(g) => Some(g),
            Self::Asked(_) | Self::Ended(_) => None,
        }
    }

    #[must_use]
    pub fn is_ended(&self) -> bool {
        matches!(self, Self::Ended(_))
    }
}

impl Asked {
    /// Begins its life now; the end is fixed from this moment.
    #[must_use]
    pub fn open(self, at: BootTime) -> Live {
        Live {
            ends_at: at.plus_ms(self.terms.ttl.ms()),
            id: self.id,
            trigger: self.trigger,
            of: self.of,
            cause: self.cause,
            terms: self.terms,
            opened_at: at,
            withdrawn: self.withdrawn,
        }
    }

    #[must_use]
    pub fn end(self, at: BootTime, ending: Ending) -> Ended {
        Ended {
            id: self.id,
            trigger: self.trigger,
            cause: self.cause,
            terms: self.terms,
            ended_at: at,
            lasted_ms: 0,
            ending,
        }
    }
}

impl Live {
    /// The cameras that it still opens.
    pub fn cameras(&self) -> impl Iterator<Item = CameraNumber> + '_ {
        self.terms
            .cameras
            .iter()
            .filter(|c| !self.withdrawn.contains(c))
    }

    #[must_use]
    pub fn remaining_ms(&self, now: BootTime) -> u64 {
        self.ends_at.since_ms(now)
    }

    #[must_use]
    pub fn end(self, at: BootTime, cause: EndCause) -> Ended {
        Ended {
            lasted_ms: at.since_ms(self.opened_at),
            id: self.id,
            trigger: self.trigger,
            cause: self.cause,
            terms: self.terms,
            ended_at: at,
            ending: Ending::Closed(cause),
        }
    }
}
