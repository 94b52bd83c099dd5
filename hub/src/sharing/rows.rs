//! Sharing's rows, written as a whole each time: an upsert by id, so that writing twice is writing once.

use assent_wire::link;
use prost::Message as _;
use serde_json::json;
use sqlx::{Any, Transaction};

use super::note::{AskNote, Cause, GrantNote, Life, PressNote, PressState, RevokeNote, Word};
use super::signing::recorded;
use super::uuid;
use crate::error::Result;
use crate::words::base64url;
use crate::world::{DeviceId, millis};
use assent_consent::{EndCause, Level, PressedAt, Reason};

type Tx<'a> = Transaction<'a, Any>;

pub(super) async fn put_press(tx: &mut Tx<'_>, press: &PressNote) -> Result<()> {
    sqlx::query(
        "INSERT INTO press (id, premises_id, level, silent, drill, at, by_id, by_name, note, cameras, state, refusal, received_at, opened_at, on_wall_at, ack_badge, ack_at, envelopes) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18) ON CONFLICT (id) DO UPDATE SET \
         state = excluded.state, refusal = excluded.refusal, envelopes = excluded.envelopes, opened_at = excluded.opened_at, on_wall_at = excluded.on_wall_at, \
         ack_badge = excluded.ack_badge, ack_at = excluded.ack_at",
    )
    .bind(uuid(press.id.0).to_string())
    .bind(press.premises.to_string())
    .bind(level_name(press.level))
    .bind(i64::from(press.silent))
    .bind(i64::from(press.drill))
    .bind(pressed_at_name(press.at))
    .bind(press.by.map(|id| id.to_string()))
    .bind(press.by_name.clone())
    .bind(press.note.clone())
    .bind(json!(press.cameras).to_string())
    .bind(press_state_name(press.state))
    .bind(press.refusal.map(|refusal| i32::from(link::Refusal::from(refusal)).to_string()))
    .bind(millis(press.received_at))
    .bind(press.opened_at.map(millis))
    .bind(press.on_wall_at.map(millis))
    .bind(press.acknowledged.as_ref().map(|ack| ack.badge.clone()))
    .bind(press.acknowledged.as_ref().map(|ack| millis(ack.at)))
    .bind(recorded(&press.envelopes).to_string())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub(super) async fn put_grant(tx: &mut Tx<'_>, grant: &GrantNote) -> Result<()> {
    let life = LifeColumns::of(&grant.life);
    sqlx::query(
        "INSERT INTO grants (id, device_id, premises_id, trigger_id, cause, terms, state, asked_at, live_at, ends_at, ended_at, end_cause, confirmed, receipt, bytes_left, incident_id) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) ON CONFLICT (id) DO UPDATE SET \
         terms = excluded.terms, state = excluded.state, live_at = excluded.live_at, ends_at = excluded.ends_at, ended_at = excluded.ended_at, \
         end_cause = excluded.end_cause, confirmed = excluded.confirmed, receipt = excluded.receipt, bytes_left = excluded.bytes_left, \
         incident_id = excluded.incident_id",
    )
    .bind(uuid(grant.id.0).to_string())
    .bind(grant.device.to_string())
    .bind(grant.premises.to_string())
    .bind(uuid(grant.trigger.0).to_string())
    .bind(cause_name(grant.cause))
    .bind(link::Terms::from(&grant.terms).encode_to_vec())
    .bind(life.state)
    .bind(millis(grant.asked_at))
    .bind(life.live_at)
    .bind(life.ends_at)
    .bind(life.ended_at)
    .bind(life.why)
    .bind(i64::from(grant.confirmed))
    .bind(grant.receipt.and_then(|number| i64::try_from(number).ok()))
    .bind(grant.bytes_left.and_then(|bytes| i64::try_from(bytes).ok()))
    .bind(grant.incident.map(|id| id.to_string()))
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// `why` is the wire's number of the end cause or of the refusal, by state.
struct LifeColumns {
    state: &'static str,
    live_at: Option<i64>,
    ends_at: Option<i64>,
    ended_at: Option<i64>,
    why: Option<String>,
}

impl LifeColumns {
    fn of(life: &Life) -> Self {
        let none = Self {
            state: "asked",
            live_at: None,
            ends_at: None,
            ended_at: None,
            why: None,
        };
        match *life {
            Life::Asked => none,
            Life::Live { since, ends_at } => Self {
                state: "live",
                live_at: Some(millis(since)),
                ends_at: Some(millis(ends_at)),
                ..none
            },
            Life::Ended { since, at, cause } => Self {
                state: "ended",
                live_at: since.map(millis),
                ended_at: Some(millis(at)),
                why: Some(i32::from(link::EndCause::from(cause)).to_string()),
                ..none
            },
            Life::Refused { at, refusal } => Self {
                state: "refused",
                ended_at: Some(millis(at)),
                why: Some(i32::from(link::Refusal::from(refusal)).to_string()),
                ..none
            },
        }
    }
}

pub(super) async fn put_revoke(tx: &mut Tx<'_>, revoke: &RevokeNote) -> Result<()> {
    let told: Vec<_> = revoke
        .told
        .iter()
        .map(|(device, scope)| {
            let one = assent_consent::Revoke {
                id: revoke.id,
                scope: *scope,
                reason: revoke.reason,
            };
            json!({
                "device": device.to_string(),
                "payload": super::recall::encoded_revoke(&one),
                "confirmed": !revoke.unconfirmed.contains(device),
                "envelope": revoke.envelopes.get(device).map(|envelope| base64url(envelope)),
            })
        })
        .chain(keys_only(revoke))
        .collect();
    sqlx::query(
        "INSERT INTO revoke (id, premises_id, by_id, reason, told, grants, received_at, confirmed_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (id) DO UPDATE SET \
         told = excluded.told, grants = excluded.grants, confirmed_at = excluded.confirmed_at",
    )
    .bind(uuid(revoke.id.0).to_string())
    .bind(revoke.premises.to_string())
    .bind(revoke.by.map(|id| id.to_string()))
    .bind(reason_name(revoke.reason))
    .bind(json!(told).to_string())
    .bind(json!(revoke.stopped.iter().map(|grant| uuid(grant.0)).collect::<Vec<_>>()).to_string())
    .bind(millis(revoke.received_at))
    .bind(revoke.confirmed_at.map(millis))
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub(super) async fn put_ask(tx: &mut Tx<'_>, ask: &AskNote) -> Result<()> {
    sqlx::query(
        "INSERT INTO ask (alert_id, premises_id, kind, raised_at, expires_at, answer, answered_by, answered_at, alert, terms, incident_id) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (alert_id) DO UPDATE SET answer = excluded.answer, \
         answered_by = excluded.answered_by, answered_at = excluded.answered_at, incident_id = excluded.incident_id",
    )
    .bind(uuid(ask.trigger.0).to_string())
    .bind(ask.premises.to_string())
    .bind(ask.alert.kind.as_str().to_owned())
    .bind(millis(ask.raised_at))
    .bind(millis(ask.expires_at))
    .bind(ask.answer.as_ref().map(|answer| word_name(answer.word)))
    .bind(ask.answer.as_ref().map(|answer| answer.by.to_string()))
    .bind(ask.answer.as_ref().map(|answer| millis(answer.at)))
    .bind(super::recall::encoded_alert(ask))
    .bind(super::recall::encoded_terms(&ask.terms))
    .bind(ask.incident.map(|id| id.to_string()))
    .execute(&mut **tx)
    .await?;
    put_yes(tx, ask).await
}

/// What an owner's signature adds to it.
async fn put_yes(tx: &mut Tx<'_>, ask: &AskNote) -> Result<()> {
    sqlx::query("UPDATE ask SET envelopes = $2, place = $3 WHERE alert_id = $1")
        .bind(uuid(ask.trigger.0).to_string())
        .bind(super::recall::encoded_yes(ask))
        .bind(super::recall::encoded_place(ask))
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// A stop of keys has no scope that the hub follows.
fn keys_only(revoke: &RevokeNote) -> impl Iterator<Item = serde_json::Value> {
    let told = |device: &DeviceId| revoke.told.iter().any(|(told, _)| told == device);
    let only = revoke
        .envelopes
        .iter()
        .filter(move |(device, _)| !told(device));
    only.map(|(device, envelope)| {
        json!({
            "device": device.to_string(),
            "payload": "",
            "confirmed": !revoke.unconfirmed.contains(device),
            "envelope": base64url(envelope),
        })
    })
}

fn word_name(word: Word) -> &'static str {
    match word {
        Word::Yes => "yes",
        Word::No => "no",
        Word::Cleared => "cleared",
    }
}

pub(super) fn level_name(level: Level) -> &'static str {
    match level {
        Level::StaffAlert => "staffAlert",
        Level::Panic => "panic",
    }
}

pub(super) fn pressed_at_name(at: PressedAt) -> &'static str {
    match at {
        PressedAt::Phone => "phone",
        PressedAt::Button => "button",
    }
}

pub(super) fn press_state_name(state: PressState) -> &'static str {
    match state {
        PressState::Received => "received",
        PressState::Opened => "opened",
        PressState::Message => "message",
        PressState::Refused => "refused",
        PressState::Cancelled => "cancelled",
    }
}

pub(super) fn cause_name(cause: Cause) -> &'static str {
    match cause {
        Cause::Press => "press",
        Cause::Button => "button",
        Cause::Alert => "alert",
        Cause::Standing => "standing",
    }
}

pub(super) fn reason_name(reason: Reason) -> &'static str {
    match reason {
        Reason::Owner => "owner",
        Reason::Cancelled => "cancelled",
        Reason::Cleared => "cleared",
        Reason::OperatorSignedOut => "operatorSignedOut",
    }
}

/// The wire's numbers are the stored ones: they never change their meaning.
pub(super) fn refusal_of<R: TryFrom<link::Refusal>>(text: &str) -> Option<R> {
    let number: i32 = text.parse().ok()?;
    link::Refusal::try_from(number).ok()?.try_into().ok()
}

pub(super) fn end_cause_of(text: &str) -> Option<EndCause> {
    let number: i32 = text.parse().ok()?;
    link::EndCause::try_from(number).ok()?.try_into().ok()
}
