//! Rows of presses, grants and revokes into notes. A row that cannot be read is our own fault and stops
//! the start; nothing is guessed.

use std::collections::BTreeMap;

use assent_consent as consent;
use assent_wire::{Canonical, link};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use consent::{GrantId, RevokeId, Terms};
use prost::Message as _;
use sqlx::Row as _;
use sqlx::any::AnyRow;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::error::{Error, Result};
use crate::sharing::note::{
    Acknowledged, Cause, Envelopes, GrantNote, Life, PressNote, PressState, RevokeNote,
};
use crate::sharing::signing::envelopes_of;
use crate::sharing::{rows, trigger_of};
use crate::world::{CameraId, DeviceId, IncidentId, PersonId, PremisesId, from_millis};

pub(super) fn press_of(row: &AnyRow) -> Result<PressNote> {
    let cameras: Vec<Uuid> =
        serde_json::from_str(row.try_get("cameras")?).map_err(Error::internal)?;
    let badge: Option<String> = row.try_get("ack_badge")?;
    let acknowledged_at = time_of(row, "ack_at")?;
    Ok(PressNote {
        id: trigger_of(id_of(row, "id")?),
        premises: PremisesId(id_of(row, "premises_id")?),
        level: if row.try_get::<&str, _>("level")? == "panic" {
            consent::Level::Panic
        } else {
            consent::Level::StaffAlert
        },
        silent: row.try_get::<i64, _>("silent")? != 0,
        drill: row.try_get::<i64, _>("drill")? != 0,
        at: if row.try_get::<&str, _>("at")? == "button" {
            consent::PressedAt::Button
        } else {
            consent::PressedAt::Phone
        },
        by: row
            .try_get::<Option<&str>, _>("by_id")?
            .and_then(PersonId::parse),
        by_name: row.try_get("by_name")?,
        note: row
            .try_get::<Option<String>, _>("note")?
            .unwrap_or_default(),
        cameras: cameras.into_iter().map(CameraId).collect(),
        envelopes: envelopes_in(row.try_get("envelopes")?)?,
        state: press_state(row.try_get("state")?),
        refusal: row
            .try_get::<Option<&str>, _>("refusal")?
            .and_then(rows::refusal_of),
        received_at: from_millis(row.try_get("received_at")?),
        opened_at: time_of(row, "opened_at")?,
        on_wall_at: time_of(row, "on_wall_at")?,
        acknowledged: badge
            .zip(acknowledged_at)
            .map(|(badge, at)| Acknowledged { badge, at }),
    })
}

/// None in rows from before anything was signed.
fn envelopes_in(text: Option<&str>) -> Result<Envelopes> {
    let Some(text) = text else {
        return Ok(Envelopes::new());
    };
    let texts = serde_json::from_str(text).map_err(Error::internal)?;
    Ok(envelopes_of(texts))
}

fn press_state(text: &str) -> PressState {
    let all = [
        PressState::Received,
        PressState::Opened,
        PressState::Message,
        PressState::Cancelled,
    ];
    all.into_iter()
        .find(|state| rows::press_state_name(*state) == text)
        .unwrap_or(PressState::Refused)
}

pub(super) fn grant_of(row: &AnyRow) -> Result<GrantNote> {
    let terms: Vec<u8> = row.try_get("terms")?;
    let terms = link::Terms::decode(terms.as_slice()).map_err(Error::internal)?;
    let causes = [Cause::Press, Cause::Button, Cause::Alert, Cause::Standing];
    let cause: &str = row.try_get("cause")?;
    Ok(GrantNote {
        id: GrantId(*id_of(row, "id")?.as_bytes()),
        device: DeviceId::parse(row.try_get("device_id")?).ok_or_else(broken)?,
        premises: PremisesId(id_of(row, "premises_id")?),
        trigger: trigger_of(id_of(row, "trigger_id")?),
        cause: causes
            .into_iter()
            .find(|one| rows::cause_name(*one) == cause)
            .ok_or_else(broken)?,
        terms: Terms::try_from(&terms).map_err(Error::internal)?,
        asked_at: from_millis(row.try_get("asked_at")?),
        life: life_of(row)?,
        confirmed: row.try_get::<i64, _>("confirmed")? != 0,
        receipt: row
            .try_get::<Option<i64>, _>("receipt")?
            .and_then(|number| u64::try_from(number).ok()),
        bytes_left: row
            .try_get::<Option<i64>, _>("bytes_left")?
            .and_then(|bytes| u64::try_from(bytes).ok()),
        incident: row
            .try_get::<Option<&str>, _>("incident_id")?
            .and_then(IncidentId::parse),
    })
}

fn life_of(row: &AnyRow) -> Result<Life> {
    let why: Option<String> = row.try_get("end_cause")?;
    let why = why.unwrap_or_default();
    let since = time_of(row, "live_at")?;
    Ok(match row.try_get("state")? {
        "live" => Life::Live {
            since: since.ok_or_else(broken)?,
            ends_at: time_of(row, "ends_at")?.ok_or_else(broken)?,
        },
        "ended" => Life::Ended {
            since,
            at: time_of(row, "ended_at")?.ok_or_else(broken)?,
            cause: rows::end_cause_of(&why).ok_or_else(broken)?,
        },
        "refused" => Life::Refused {
            at: time_of(row, "ended_at")?.ok_or_else(broken)?,
            refusal: rows::refusal_of(&why).ok_or_else(broken)?,
        },
        _ => Life::Asked,
    })
}

#[derive(serde::Deserialize)]
struct Told {
    device: DeviceId,
    payload: String,
    confirmed: bool,
    #[serde(default)]
    envelope: Option<String>,
}

pub(super) fn revoke_of(row: &AnyRow) -> Result<RevokeNote> {
    let told: Vec<Told> = serde_json::from_str(row.try_get("told")?).map_err(Error::internal)?;
    let stopped: Vec<Uuid> =
        serde_json::from_str(row.try_get("grants")?).map_err(Error::internal)?;
    let reason: &str = row.try_get("reason")?;
    let reasons = [
        consent::Reason::Owner,
        consent::Reason::Cancelled,
        consent::Reason::Cleared,
        consent::Reason::OperatorSignedOut,
    ];
    let signed = told
        .iter()
        .filter_map(|told| Some((told.device, told.envelope.clone()?)));
    let envelopes = envelopes_of(signed.collect());
    let scope = |told: &Told| Some((told.device, decoded(&told.payload)?.scope));
    Ok(RevokeNote {
        id: RevokeId(*id_of(row, "id")?.as_bytes()),
        premises: PremisesId(id_of(row, "premises_id")?),
        by: row
            .try_get::<Option<&str>, _>("by_id")?
            .and_then(PersonId::parse),
        reason: reasons
            .into_iter()
            .find(|one| rows::reason_name(*one) == reason)
            .ok_or_else(broken)?,
        received_at: from_millis(row.try_get("received_at")?),
        unconfirmed: told
            .iter()
            .filter(|told| !told.confirmed)
            .map(|told| told.device)
            .collect(),
        told: told.iter().filter_map(scope).collect(),
        envelopes,
        closing: BTreeMap::new(),
        refused: BTreeMap::new(),
        stopped: stopped
            .into_iter()
            .map(|id| GrantId(*id.as_bytes()))
            .collect(),
        confirmed_at: time_of(row, "confirmed_at")?,
    })
}

/// A revoke as it stands in the store: its canonical payload in base64.
pub(in crate::sharing) fn encoded(revoke: &consent::Revoke) -> String {
    STANDARD.encode(Canonical::of(revoke.clone()).bytes())
}

pub(in crate::sharing) fn decoded(text: &str) -> Option<consent::Revoke> {
    let bytes = STANDARD.decode(text).ok()?;
    Canonical::decode(&bytes).ok().map(Canonical::into_value)
}

pub(super) fn time_of(row: &AnyRow, column: &str) -> Result<Option<OffsetDateTime>> {
    Ok(row.try_get::<Option<i64>, _>(column)?.map(from_millis))
}

pub(super) fn id_of(row: &AnyRow, column: &str) -> Result<Uuid> {
    Uuid::try_parse(row.try_get(column)?).map_err(Error::internal)
}

pub(super) fn broken() -> Error {
    Error::internal("a row of what is shared cannot be read")
}
