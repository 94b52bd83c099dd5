//! What the hub remembers about grants, presses, revokes and asks beyond the rules' own machine: wall
//! times, who, and whether the device has confirmed. Plain values; they change in the files beside this.

use std::collections::{BTreeMap, BTreeSet};

use assent_consent as consent;
use consent::{EndCause, Refusal, RevokeId, Terms, TriggerId};
use time::OffsetDateTime;

use crate::world::{CameraId, DeviceId, IncidentId, PersonId, PremisesId};

/// What led to a grant, as pages and the store name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ShareCause)]
pub enum Cause {
    Press,
    Button,
    Alert,
    Standing,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrantNote {
    pub id: consent::GrantId,
    pub device: DeviceId,
    pub premises: PremisesId,
    pub trigger: TriggerId,
    pub cause: Cause,
    pub terms: Terms,
    pub asked_at: OffsetDateTime,
    pub life: Life,
    /// The device itself has said that it ended.
    pub confirmed: bool,
    /// Number of the device's own receipt of the opening.
    pub receipt: Option<u64>,
    /// Media bytes that left the premises under it, as the device counted them.
    pub bytes_left: Option<u64>,
    pub incident: Option<IncidentId>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Life {
    Asked,
    Live { since: OffsetDateTime, ends_at: OffsetDateTime },
    Ended { since: Option<OffsetDateTime>, at: OffsetDateTime, cause: EndCause },
    Refused { at: OffsetDateTime, refusal: Refusal },
}

impl Life {
    pub fn live_since(&self) -> Option<OffsetDateTime> {
        match self {
            Life::Live { since, .. } => Some(*since),
            Life::Ended { since, .. } => *since,
            Life::Asked | Life::Refused { .. } => None,
        }
    }

    pub fn over_at(&self) -> Option<OffsetDateTime> {
        match self {
            Life::Ended { at, .. } | Life::Refused { at, .. } => Some(*at),
            Life::Asked | Life::Live { .. } => None,
        }
    }
}

/// An owner's press as the hub knows it. Its id is the trigger's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PressNote {
    pub id: TriggerId,
    pub premises: PremisesId,
    pub level: consent::Level,
    pub silent: bool,
    pub drill: bool,
    pub at: consent::PressedAt,
    pub by: Option<PersonId>,
    pub by_name: Option<String>,
    pub note: String,
    /// Empty: what the press rules name.
    pub cameras: Vec<CameraId>,
    pub state: PressState,
    pub refusal: Option<Refusal>,
    pub received_at: OffsetDateTime,
    pub opened_at: Option<OffsetDateTime>,
    pub on_wall_at: Option<OffsetDateTime>,
    pub acknowledged: Option<Acknowledged>,
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
pub struct RevokeNote {
    pub id: RevokeId,
    pub premises: PremisesId,
    pub by: Option<PersonId>,
    pub reason: consent::Reason,
    pub received_at: OffsetDateTime,
    /// What each device is told; a camera's scope differs from device to device.
    pub told: Vec<(DeviceId, consent::Scope)>,
    pub unconfirmed: BTreeSet<DeviceId>,
    pub stopped: BTreeSet<consent::GrantId>,
    pub confirmed_at: Option<OffsetDateTime>,
}

/// An alert that waits for the owner's word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AskNote {
    pub trigger: TriggerId,
    pub premises: PremisesId,
    pub alert: consent::Alert,
    pub raised_at: OffsetDateTime,
    pub expires_at: OffsetDateTime,
    /// What a yes would open, device by device.
    pub terms: Vec<(DeviceId, Terms)>,
    pub answer: Option<Answered>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    pub yes: bool,
    pub by: PersonId,
    pub at: OffsetDateTime,
}

/// A trigger that devices still have to answer; repeated after each of their Hellos.
#[derive(Clone, Debug)]
pub struct Instruction {
    pub made_at: OffsetDateTime,
    /// What each device is told: a press that names cameras names only the device's own.
    pub unanswered: BTreeMap<DeviceId, consent::Trigger>,
    /// What it opens belongs to this incident.
    pub incident: Option<IncidentId>,
}
