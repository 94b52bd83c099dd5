//! What an owner is asked, in its row and out of it: the alert as a trigger, and the terms that a yes opens.

use std::collections::BTreeMap;
use std::sync::Arc;

use assent_consent as consent;
use assent_wire::{Canonical, link};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use consent::{Terms, Trigger, TriggerId, TriggerKind, WallTime};
use prost::Message as _;
use sqlx::Row as _;
use sqlx::any::AnyRow;
use uuid::Uuid;

use super::decode::{broken, id_of, time_of};
use crate::error::{Error, Result};
use crate::registry::Place;
use crate::sharing::note::{Answered, AskNote, Word};
use crate::sharing::signed::SignedYes;
use crate::sharing::{trigger_of, uuid};
use crate::words::base64url;
use crate::world::{DeviceId, IncidentId, PersonId, PremisesId, from_millis, millis};

#[derive(serde::Serialize, serde::Deserialize)]
struct Asked {
    device: DeviceId,
    terms: String,
}

pub(in crate::sharing) fn encoded_alert(ask: &AskNote) -> Vec<u8> {
    let trigger = Trigger {
        id: ask.trigger,
        made_at: WallTime(millis(ask.raised_at)),
        kind: TriggerKind::Alert(ask.alert.clone()),
    };
    Canonical::of(trigger).bytes().to_vec()
}

pub(in crate::sharing) fn encoded_terms(terms: &[(DeviceId, Terms)]) -> String {
    let asked = terms.iter().map(|(device, terms)| Asked {
        device: *device,
        terms: STANDARD.encode(link::Terms::from(terms).encode_to_vec()),
    });
    serde_json::json!(asked.collect::<Vec<_>>()).to_string()
}

#[derive(serde::Serialize, serde::Deserialize)]
struct Yes {
    id: Uuid,
    envelope: String,
}

pub(in crate::sharing) fn encoded_yes(ask: &AskNote) -> Option<String> {
    let signed = |(device, (id, envelope)): (&DeviceId, &(TriggerId, Arc<[u8]>))| {
        let (id, envelope) = (uuid(id.0), base64url(envelope));
        (device.to_string(), Yes { id, envelope })
    };
    let signed: BTreeMap<String, Yes> = ask.yes.iter().map(signed).collect();
    (!signed.is_empty()).then(|| serde_json::json!(signed).to_string())
}

pub(in crate::sharing) fn encoded_place(ask: &AskNote) -> Option<String> {
    let place = ask.place?;
    Some(serde_json::json!([place.lat, place.lon]).to_string())
}

fn yes_of(text: Option<&str>) -> Result<SignedYes> {
    let Some(text) = text else {
        return Ok(SignedYes::new());
    };
    let signed: BTreeMap<DeviceId, Yes> = serde_json::from_str(text).map_err(Error::internal)?;
    let one = |(device, yes): (DeviceId, Yes)| {
        let bytes = URL_SAFE_NO_PAD
            .decode(&yes.envelope)
            .map_err(Error::internal)?;
        Ok((device, (trigger_of(yes.id), Arc::from(bytes))))
    };
    signed.into_iter().map(one).collect()
}

fn place_of(text: Option<&str>) -> Result<Option<Place>> {
    let Some(text) = text else { return Ok(None) };
    let (lat, lon) = serde_json::from_str(text).map_err(Error::internal)?;
    Ok(Place::new(lat, lon))
}

/// None for a row from before questions outlived the hub.
pub(super) fn ask_of(row: &AnyRow) -> Result<Option<AskNote>> {
    let (Some(alert), Some(terms)) = (
        row.try_get::<Option<Vec<u8>>, _>("alert")?,
        row.try_get::<Option<&str>, _>("terms")?,
    ) else {
        return Ok(None);
    };
    let trigger = Canonical::<Trigger>::decode(&alert).map_err(Error::internal)?;
    let TriggerKind::Alert(alert) = trigger.into_value().kind else {
        return Err(broken());
    };
    let by = row
        .try_get::<Option<&str>, _>("answered_by")?
        .and_then(PersonId::parse);
    let word = row
        .try_get::<Option<&str>, _>("answer")?
        .map(|text| match text {
            "yes" => Word::Yes,
            "cleared" => Word::Cleared,
            _ => Word::No,
        });
    let answered = word.zip(by).zip(time_of(row, "answered_at")?);
    Ok(Some(AskNote {
        trigger: trigger_of(id_of(row, "alert_id")?),
        premises: PremisesId(id_of(row, "premises_id")?),
        alert,
        place: place_of(row.try_get("place")?)?,
        yes: yes_of(row.try_get("envelopes")?)?,
        raised_at: from_millis(row.try_get("raised_at")?),
        expires_at: from_millis(row.try_get("expires_at")?),
        terms: terms_of(terms)?,
        answer: answered.map(|((word, by), at)| Answered { word, by, at }),
        incident: row
            .try_get::<Option<&str>, _>("incident_id")?
            .and_then(IncidentId::parse),
    }))
}

fn terms_of(text: &str) -> Result<Vec<(DeviceId, Terms)>> {
    let asked: Vec<Asked> = serde_json::from_str(text).map_err(Error::internal)?;
    let one = |asked: Asked| {
        let bytes = STANDARD.decode(asked.terms).map_err(Error::internal)?;
        let terms = link::Terms::decode(bytes.as_slice()).map_err(Error::internal)?;
        Ok((
            asked.device,
            Terms::try_from(&terms).map_err(Error::internal)?,
        ))
    };
    asked.into_iter().map(one).collect()
}
