//! What the hub remembers about grants, presses, revokes and asks beyond the rules' own machine: wall
//! times, who, and whether the device has confirmed. Plain values; they change in the files beside this.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use assent_consent as consent;
use assent_wire::WordRefusal;
use consent::{EndCause, Refusal, RevokeId, Terms, TriggerId};
use time::OffsetDateTime;

use super::signed::SignedYes;
use crate::registry::Place;
use crate::world::{CameraId, DeviceId, IncidentId, PersonId, PremisesId};

/// What owners signed, device by device, exactly as they signed it.
pub(super) type Envelopes = BTreeMap<DeviceId, Arc<[u8]>>;

/// What led to a grant, as pages and the store name it.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "camelCase")]
#[schema(as = ShareCause)]
pub enum Cause {
    Press,
    Button,
    Alert,
    Standing,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct GrantNote {
    pub(super) id: consent::GrantId,
    pub(super) device: DeviceId,
    pub(super) premises: PremisesId,
    pub(super) trigger: TriggerId,
    pub(super) cause: Cause,
    pub(super) terms: Terms,
    pub(super) asked_at: OffsetDateTime,
    pub(super) life: Life,
    /// The device itself has said that it ended.
    pub(super) confirmed: bool,
    /// Number of the device's own receipt of the opening.
    pub(super) receipt: Option<u64>,
    /// Media bytes that left the premises under it, as the device counted them.
    pub(super) bytes_left: Option<u64>,
    pub(super) incident: Option<IncidentId>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Life {
    Asked,
    Live {
        since: OffsetDateTime,
        ends_at: OffsetDateTime,
    },
    Ended {
        since: Option<OffsetDateTime>,
        at: OffsetDateTime,
        cause: EndCause,
    },
    Refused {
        at: OffsetDateTime,
        refusal: Refusal,
    },
}

impl Life {
    pub(super) fn live_since(&self) -> Option<OffsetDateTime> {
        match self {
            Life::Live { since, .. } => Some(*since),
            Life::Ended { since, .. } => *since,
            Life::Asked | Life::Refused { .. } => None,
        }
    }

    /// The same with an end that is not later than the device says. What was stopped here before that has
    /// ended here before that.
    pub(super) fn lasted(self, lasted_ms: u64) -> Self {
        match self {
            Life::Ended {
                since: Some(since),
                at,
                cause,
            } => {
                let lasted =
                    time::Duration::milliseconds(i64::try_from(lasted_ms).unwrap_or(i64::MAX));
                let said = since.checked_add(lasted).unwrap_or(at);
                Life::Ended {
                    since: Some(since),
                    at: at.min(said),
                    cause,
                }
            }
            Life::Asked | Life::Live { .. } | Life::Ended { .. } | Life::Refused { .. } => self,
        }
    }

    pub(super) fn over_at(&self) -> Option<OffsetDateTime> {
        match self {
            Life::Ended { at, .. } | Life::Refused { at, .. } => Some(*at),
            Life::Asked | Life::Live { .. } => None,
        }
    }
}

/// An owner's press as the hub knows it. Its id is the trigger's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PressNote {
    pub(super) id: TriggerId,
    pub(super) premises: PremisesId,
    pub(super) level: consent::Level,
    pub(super) silent: bool,
    pub(super) drill: bool,
    pub(super) at: consent::PressedAt,
    pub(super) by: Option<PersonId>,
    pub(super) by_name: Option<String>,
    pub(super) note: String,
    /// Empty: what the press rules name.
    pub(super) cameras: Vec<CameraId>,
    /// For devices that obey signed words only.
    pub(super) envelopes: Envelopes,
    pub(super) state: PressState,
    pub(super) refusal: Option<WordRefusal>,
    pub(super) received_at: OffsetDateTime,
    pub(super) opened_at: Option<OffsetDateTime>,
    pub(super) on_wall_at: Option<OffsetDateTime>,
    pub(super) acknowledged: Option<Acknowledged>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum PressState {
    Received,
    Opened,
    /// It came too late to open anything; operators read it.
    Message,
    Refused,
    Cancelled,
}

/// A human act of an operator; a tile that opened by itself never counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acknowledged {
    pub badge: String,
    pub at: OffsetDateTime,
}

/// A stop, and which devices have yet to say that they carried it out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RevokeNote {
    pub(super) id: RevokeId,
    pub(super) premises: PremisesId,
    pub(super) by: Option<PersonId>,
    pub(super) reason: consent::Reason,
    pub(super) received_at: OffsetDateTime,
    /// What each device is told; a camera's scope differs from device to device.
    pub(super) told: Vec<(DeviceId, consent::Scope)>,
    /// As the owner signed it, for devices that obey signed words only.
    pub(super) envelopes: Envelopes,
    /// Devices that were asked to close grants one by one: how many of these they have yet to answer.
    pub(super) closing: BTreeMap<DeviceId, usize>,
    /// Signatures that a device did not obey, and why.
    pub(super) refused: BTreeMap<DeviceId, (Arc<[u8]>, WordRefusal)>,
    pub(super) unconfirmed: BTreeSet<DeviceId>,
    pub(super) stopped: BTreeSet<consent::GrantId>,
    pub(super) confirmed_at: Option<OffsetDateTime>,
}

/// An alert that waits for the owner's word.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct AskNote {
    pub(super) trigger: TriggerId,
    pub(super) premises: PremisesId,
    pub(super) alert: consent::Alert,
    /// Where it happened, if somebody knows: an owner who signs a yes signs it too.
    pub(super) place: Option<Place>,
    pub(super) raised_at: OffsetDateTime,
    pub(super) expires_at: OffsetDateTime,
    /// What a yes would open, device by device.
    pub(super) terms: Vec<(DeviceId, Terms)>,
    pub(super) answer: Option<Answered>,
    /// A signed yes, device by device.
    pub(super) yes: SignedYes,
    /// What a yes opens belongs to this incident.
    pub(super) incident: Option<IncidentId>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Answered {
    pub(super) word: Word,
    pub(super) by: PersonId,
    pub(super) at: OffsetDateTime,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Word {
    Yes,
    No,
    /// The agency cleared the incident: there is nothing left to answer.
    Cleared,
}

/// A trigger that devices still have to answer; repeated after each of their Hellos.
#[derive(Clone, Debug)]
pub(super) struct Instruction {
    pub(super) made_at: OffsetDateTime,
    /// What each device is told: a press that names cameras names only the device's own.
    pub(super) unanswered: BTreeMap<DeviceId, consent::Trigger>,
    /// As it was signed, for those of them that obey signed words only.
    pub(super) envelopes: Envelopes,
    /// These obey signed words only, and have had none, or none that was fresh.
    pub(super) unsigned: BTreeSet<DeviceId>,
    /// What it opens belongs to this incident.
    pub(super) incident: Option<IncidentId>,
}
