//! What the page says back: a redirect to itself for a browser without scripts, JSON for a button or a
//! command.

use assent_consent::{GateRefusal, GrantId, Refusal};
use axum::Json;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde_json::json;

use crate::gate::Pressed;

pub(super) enum Answer<'a> {
    Stopped(&'a [GrantId]),
    Pressed(&'a Pressed),
    Resumed,
    ForeignPage,
    NotUnderstood,
    GoingDown,
}

impl Answer<'_> {
    pub(super) fn to(&self, headers: &HeaderMap) -> Response {
        match self {
            Self::Stopped(_) | Self::Pressed(_) | Self::Resumed if wants_page(headers) => {
                Redirect::to("/").into_response()
            }
            Self::Stopped(grants) => {
                let stopped: Vec<_> = grants.iter().map(ToString::to_string).collect();
                Json(json!({ "stopped": stopped })).into_response()
            }
            Self::Pressed(pressed) => {
                let opened: Vec<_> = pressed.opened.iter().map(ToString::to_string).collect();
                let refusal = pressed.refusal.map(refusal);
                Json(json!({ "press": pressed.trigger.to_string(), "opened": opened, "refusal": refusal }))
                    .into_response()
            }
            Self::Resumed => Json(json!({ "resumed": true })).into_response(),
            Self::ForeignPage => problem(
                StatusCode::FORBIDDEN,
                "This may only be done from the device's own page, a button or the command.",
            ),
            Self::NotUnderstood => problem(
                StatusCode::BAD_REQUEST,
                "A press is {\"level\": \"panic\" or \"staffAlert\", \"silent\": bool, \"drill\": bool}, or nothing.",
            ),
            Self::GoingDown => {
                problem(StatusCode::SERVICE_UNAVAILABLE, "The device is going down.")
            }
        }
    }
}

/// A browser without scripts goes on to a page; a button or a command reads JSON.
pub(super) fn wants_page(headers: &HeaderMap) -> bool {
    headers
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"))
}

pub(super) fn problem(status: StatusCode, detail: &str) -> Response {
    (
        status,
        Json(json!({ "status": status.as_u16(), "detail": detail })),
    )
        .into_response()
}

/// In words for whoever pressed.
fn refusal(refusal: GateRefusal) -> &'static str {
    match refusal {
        GateRefusal::Rules(refusal) => of_the_rules(refusal),
        GateRefusal::AboveCeiling => "The owner's ceiling leaves nothing of it.",
        GateRefusal::Revoked => "The owner shut this agency out.",
        GateRefusal::Expired => "The owner's rules for this are over.",
        GateRefusal::WrongDevice
        | GateRefusal::WrongEpoch
        | GateRefusal::KeyCancelled
        | GateRefusal::StaleNonce
        | GateRefusal::UnknownKey
        | GateRefusal::NotAllowed
        | GateRefusal::BadSignature
        | GateRefusal::WrongOrigin
        | GateRefusal::NotVerified
        | GateRefusal::OldVersion
        | GateRefusal::WrongPrevious
        | GateRefusal::UnknownAgency
        | GateRefusal::LastPasskey
        | GateRefusal::TooFarAhead
        | GateRefusal::NothingWaits => "The owner's words do not allow it.",
    }
}

fn of_the_rules(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::NoRule => "No rule shares a camera on a press.",
        Refusal::Paused => "Sharing is paused.",
        Refusal::TooOld => "The press is too old.",
        Refusal::Replayed => "This press was answered before.",
        Refusal::UnknownCamera => "A camera in it is not known.",
        Refusal::Malformed => "The press was not understood.",
        Refusal::QuietHours | Refusal::Cooldown | Refusal::DailyLimit | Refusal::TooFar => {
            "A limit of a rule holds it back."
        }
        Refusal::AsksOwner => "The owner is asked.",
        Refusal::TooMany => "Too many shares are open; they stay open.",
        Refusal::NotDurable => "The device cannot write its receipt.",
    }
}
