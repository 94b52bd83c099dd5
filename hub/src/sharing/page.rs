//! What pages read about sharing, as shapes: shares, presses, revokes, asks and an owner's premises. How
//! they are made from memory stands in `sections` and `places`.

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::note::{Cause, PressState, RevokeNote};
use super::press::LevelText;
use super::uuid;
use crate::devices::Condition;
use crate::registry::{Kind, Place};
use crate::world::Stamp;

/// An id with the name that people know it by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Named {
    pub id: Uuid,
    pub name: String,
}

/// One grant, as owners and operators see it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Share {
    pub id: Uuid,
    pub premises: Named,
    pub cameras: Vec<Named>,
    pub agency: Named,
    pub cause: Cause,
    pub state: ShareState,
    pub asked_at: Stamp,
    pub live_at: Option<Stamp>,
    pub ends_at: Option<Stamp>,
    pub ended_at: Option<Stamp>,
    pub end_cause: Option<EndText>,
    pub refusal: Option<String>,
    pub rights: ShareRights,
    pub incident_id: Option<Uuid>,
    pub press_id: Option<Uuid>,
    /// A standing share: a new one follows until the owner revokes it.
    pub renews: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum ShareState {
    Asked,
    Live,
    Ended,
    Refused,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum EndText {
    Revoked,
    Expired,
    Cleared,
    Cancelled,
    StoppedAtPremises,
    Rebooted,
    PolicyChanged,
    /// The hub's administrator took the device out.
    DeviceRevoked,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ShareRights {
    pub audio: bool,
    pub pre_roll: bool,
    pub record: bool,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Press {
    pub id: Uuid,
    pub premises_id: Uuid,
    pub state: PressState,
    pub level: LevelText,
    pub silent: bool,
    pub drill: bool,
    /// None for a bare button.
    pub by: Option<Named>,
    pub received_at: Stamp,
    pub opened_at: Option<Stamp>,
    pub on_wall_at: Option<Stamp>,
    pub acknowledged: Option<AcknowledgedBy>,
    pub cancellable_until: Option<Stamp>,
    pub share_ids: Vec<Uuid>,
    pub refusal: Option<String>,
    /// Devices that wait for a signature over something fresh: ask each for a nonce, and put this press again.
    #[schema(required = false)]
    pub sign_for: Vec<String>,
}

/// An operator's own act, by badge number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct AcknowledgedBy {
    pub badge: String,
    pub at: Stamp,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Revoke {
    pub id: Uuid,
    /// "confirmed": the devices themselves have said so.
    pub state: RevokeState,
    pub stopped: Vec<Uuid>,
    pub confirmed_at: Option<Stamp>,
    /// Why a device did not obey the signature; the hub closes there what it may.
    #[schema(required = false)]
    pub refusal: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum RevokeState {
    Received,
    Confirmed,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Ask {
    pub alert_id: Uuid,
    pub premises_id: Uuid,
    pub kind: String,
    pub raised_at: Stamp,
    pub cameras: Vec<Named>,
    pub minutes: u32,
    pub agency: Named,
    pub expires_at: Stamp,
    /// Where it happened, if somebody knows.
    #[schema(required = false)]
    pub place: Option<LatLon>,
    /// Which detector said so.
    #[schema(required = false)]
    pub source: String,
    /// What the agency is called in signed words, if it has a name there.
    #[schema(required = false)]
    pub signed_as: Option<String>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OwnerPremises {
    pub id: Uuid,
    pub name: String,
    pub kind: Kind,
    pub address: String,
    pub device_state: DeviceState,
    /// Of a device that is away: when it was last here, to a few minutes.
    pub last_seen_at: Option<Stamp>,
    pub cameras: Vec<OwnerCamera>,
    #[schema(required = false)]
    pub devices: Vec<OwnerDevice>,
    /// As the town's file has it: what an owner's policy measures distances from.
    #[schema(required = false)]
    pub place: Option<LatLon>,
    pub people: Vec<Named>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum DeviceState {
    Online,
    Away,
    Never,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OwnerCamera {
    pub id: Uuid,
    pub name: String,
    /// Which device reads it, and under what number: what is signed names a camera so.
    #[schema(required = false)]
    pub device_id: Option<String>,
    #[schema(required = false)]
    pub number: Option<u16>,
    pub condition: CameraCondition,
    pub reason: Option<String>,
    pub masked: bool,
    pub has_audio: bool,
    /// What it may do, one sentence a rule; empty: it shares nothing.
    pub rules: Vec<String>,
}

/// A CORE device at the premises. A page signs for each that is paired.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct OwnerDevice {
    /// 64 hex digits.
    pub id: String,
    pub online: bool,
    /// It obeys signed words only.
    pub paired: bool,
    /// 1 and up; one more after each factory reset. 0: it knows no signed words.
    pub epoch: u64,
}

/// Degrees, WGS 84.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, ToSchema)]
pub struct LatLon {
    pub lat: f64,
    pub lon: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum CameraCondition {
    Online,
    Connecting,
    Offline,
    WrongPassword,
    Unsupported,
    Garbage,
    DeviceAway,
}

impl From<Condition> for CameraCondition {
    fn from(condition: Condition) -> Self {
        match condition {
            Condition::Connecting => CameraCondition::Connecting,
            Condition::Online => CameraCondition::Online,
            Condition::Offline => CameraCondition::Offline,
            Condition::WrongPassword => CameraCondition::WrongPassword,
            Condition::Unsupported => CameraCondition::Unsupported,
            Condition::Garbage => CameraCondition::Garbage,
        }
    }
}

impl From<Place> for LatLon {
    fn from(place: Place) -> Self {
        Self {
            lat: place.lat,
            lon: place.lon,
        }
    }
}

impl Revoke {
    pub(super) fn of(note: &RevokeNote) -> Self {
        Self {
            id: uuid(note.id.0),
            state: if note.confirmed_at.is_some() {
                RevokeState::Confirmed
            } else {
                RevokeState::Received
            },
            stopped: note.stopped.iter().map(|grant| uuid(grant.0)).collect(),
            confirmed_at: note.confirmed_at.map(Stamp),
            refusal: note
                .refused
                .values()
                .next()
                .map(|(_, why)| crate::words::sentence(*why).to_owned()),
        }
    }
}
