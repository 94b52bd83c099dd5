//! PUT /api/incidents/{id}/clear: the incident is over, and with it every grant of it.

use super::Front;
use super::extract::{At, Caller, Json};
use super::problem::Problem;
use crate::error::Result;
use crate::incidents::Incident;
use axum::extract::State;
use serde::Deserialize;
use uuid::Uuid;

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ClearAsked {
    /// What is said at the end.
    #[serde(default)]
    note: Option<String>,
}

/// Clears an incident: its grants end first, then it is recorded.
#[utoipa::path(put, path = "/api/incidents/{id}/clear", tag = "operator", params(("id" = Uuid, Path)), request_body = ClearAsked,
    responses((status = 200, body = Incident), (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub(super) async fn clear(
    State(front): State<Front>,
    Caller(signed_in): Caller,
    At(id): At<Uuid>,
    Json(asked): Json<ClearAsked>,
) -> Result<axum::Json<Incident>> {
    let incidents = front.hub.incidents.clone();
    let incident = front
        .whole(async move { incidents.clear(&signed_in.person, id, asked.note).await })
        .await?;
    Ok(axum::Json(incident))
}
