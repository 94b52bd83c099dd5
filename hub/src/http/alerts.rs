//! PUT /api/alerts/{id}/acknowledgement: an operator takes an alert.

use super::Front;
use super::extract::{At, Caller};
use super::problem::Problem;
use crate::error::Result;
use crate::incidents::Alert;
use axum::extract::State;
use uuid::Uuid;

/// Acknowledges an alert. The first operator has it; everybody else sees by whom.
#[utoipa::path(put, path = "/api/alerts/{id}/acknowledgement", tag = "operator", params(("id" = Uuid, Path)),
    responses((status = 200, body = Alert), (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub(super) async fn acknowledge(
    State(front): State<Front>,
    Caller(signed_in): Caller,
    At(id): At<Uuid>,
) -> Result<axum::Json<Alert>> {
    let incidents = front.hub.incidents.clone();
    let alert = front
        .whole(async move { incidents.acknowledge(&signed_in.person, id).await })
        .await?;
    Ok(axum::Json(alert))
}
