//! GET /api/viewings: who watched the owner's cameras, from the record.

use super::Front;
use super::extract::{Asked, Caller};
use super::problem::Problem;
use crate::error::Result;
use crate::viewing::ViewingPage;
use axum::extract::State;
use serde::Deserialize;

#[derive(Deserialize)]
pub(super) struct From {
    cursor: Option<String>,
}

/// Recorded views of the owner's own cameras, newest first; `next` is the cursor of older ones.
#[utoipa::path(get, path = "/api/viewings", tag = "owner", params(("cursor" = Option<String>, Query)),
    responses((status = 200, body = ViewingPage), (status = 400, description = "not a cursor of ours", body = Problem), (status = 401, body = Problem)))]
pub(super) async fn history(
    State(front): State<Front>,
    Caller(signed_in): Caller,
    Asked(from): Asked<From>,
) -> Result<axum::Json<ViewingPage>> {
    let page = front
        .hub
        .viewing
        .history(&signed_in.person, from.cursor.as_deref())
        .await?;
    Ok(axum::Json(page))
}
