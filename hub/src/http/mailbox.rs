//! POST and GET /api/mailbox/{device}: a pairing between a phone and a device, which the hub carries and
//! does not read. Nobody is signed in here: a phone that is paired for the first time knows only the code
//! on the device.

use super::Front;
use super::extract::{At, Raw};
use super::problem::Problem;
use crate::error::{Error, Result};
use crate::mailbox::LetterHash;
use crate::world::DeviceId;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

/// The name of a message that was left.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct LetterLeft {
    /// SHA-256 of it, hex.
    hash: String,
}

/// Leaves a pairing message for a device. Left twice, it is one message.
#[utoipa::path(post, path = "/api/mailbox/{device}", tag = "pairing", params(("device" = String, Path, description = "device id, hex")),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 202, body = LetterLeft), (status = 400, body = Problem), (status = 413, body = Problem), (status = 429, body = Problem)))]
pub(super) async fn leave(
    State(front): State<Front>,
    At(device): At<DeviceId>,
    Raw(body): Raw,
) -> Result<(StatusCode, axum::Json<LetterLeft>)> {
    let hash = front.hub.mailbox.leave(device, body)?.to_string();
    Ok((StatusCode::ACCEPTED, axum::Json(LetterLeft { hash })))
}

/// Waits up to 25 seconds for the device's answer to a message. 204: none yet; ask again.
#[utoipa::path(get, path = "/api/mailbox/{device}/{hash}", tag = "pairing",
    params(("device" = String, Path, description = "device id, hex"), ("hash" = String, Path, description = "as it was told when the message was left")),
    responses((status = 200, body = Vec<u8>, content_type = "application/octet-stream"), (status = 204), (status = 404, body = Problem), (status = 429, body = Problem)))]
pub(super) async fn answer(
    State(front): State<Front>,
    At((device, hash)): At<(DeviceId, String)>,
) -> Result<Response> {
    let hash = LetterHash::parse(&hash)
        .ok_or_else(|| Error::not_found("There is nothing with this id.").slug("malformed-id"))?;
    let answer = tokio::select! {
        answer = front.hub.mailbox.wait(device, hash) => answer,
        () = front.draining.cancelled() => None,
    };
    Ok(match answer {
        Some(body) => ([(header::CONTENT_TYPE, "application/octet-stream")], body).into_response(),
        None => StatusCode::NO_CONTENT.into_response(),
    })
}
