//! PUT and DELETE /api/walls/{wallId}: the one media connection of a wall.

use super::Front;
use super::extract::{Asked, At, Caller, Sdp};
use super::problem::Problem;
use crate::error::{Error, Result};
use crate::world::Secret;
use axum::extract::State;
use axum::http::{HeaderName, StatusCode, header};
use serde::Deserialize;
use uuid::Uuid;

pub(super) type SdpAnswer = (StatusCode, [(HeaderName, &'static str); 1], String);

#[derive(Deserialize)]
pub(super) struct WithTicket {
    ticket: String,
}

/// Opens a wall: the body is the page's SDP offer, the answer the hub's. The page chooses the id; opening
/// it again replaces the connection.
#[utoipa::path(put, path = "/api/walls/{wallId}", tag = "operator", params(("wallId" = Uuid, Path), ("ticket" = String, Query)),
    request_body(content = String, content_type = "application/sdp"),
    responses((status = 201, body = String, content_type = "application/sdp"), (status = 400, description = "malformed SDP", body = Problem), (status = 401, body = Problem), (status = 410, description = "the ticket is over", body = Problem)))]
pub(super) async fn open(
    State(front): State<Front>,
    Caller(signed_in): Caller,
    At(wall): At<Uuid>,
    Asked(query): Asked<WithTicket>,
    Sdp(offer): Sdp,
) -> Result<SdpAnswer> {
    let ticket = Secret::new(query.ticket);
    let holder = front
        .tickets
        .take(&front.hub.world, &front.hub.identity, &ticket)?;
    if holder.session != signed_in.session {
        return Err(Error::forbidden("This ticket is somebody else's.").slug("ticket-over"));
    }
    let viewing = front.hub.viewing.clone();
    let answer = front
        .whole(async move { viewing.open_wall(&signed_in, wall, &offer).await })
        .await?;
    Ok(created(answer))
}

pub(super) fn created(answer: String) -> SdpAnswer {
    (
        StatusCode::CREATED,
        [(header::CONTENT_TYPE, "application/sdp")],
        answer,
    )
}

/// Closes a wall; every viewing on it ends.
#[utoipa::path(delete, path = "/api/walls/{wallId}", tag = "operator", params(("wallId" = Uuid, Path)),
    responses((status = 204), (status = 401, body = Problem), (status = 404, body = Problem)))]
pub(super) async fn close(
    State(front): State<Front>,
    Caller(signed_in): Caller,
    At(wall): At<Uuid>,
) -> Result<StatusCode> {
    let viewing = front.hub.viewing.clone();
    front
        .whole(async move { viewing.close_wall(&signed_in, wall).await })
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
