//! PUT /api/approvals/{alertId}: the owner's word on an alert that asks.

use super::Front;
use super::extract::{At, Caller, Json};
use super::problem::Problem;
use crate::error::Result;
use crate::sharing::{ApprovalAsked, Ask};
use axum::extract::State;
use uuid::Uuid;

/// Answers an alert that waits for the owner. The first answer counts; silence is a no that nobody is told.
#[utoipa::path(put, path = "/api/approvals/{alertId}", tag = "owner", params(("alertId" = Uuid, Path)), request_body = ApprovalAsked,
    responses((status = 200, body = Ask), (status = 401, body = Problem), (status = 404, body = Problem), (status = 410, description = "too late", body = Problem)))]
pub(super) async fn approve(
    State(front): State<Front>,
    Caller(signed_in): Caller,
    At(alert): At<Uuid>,
    Json(asked): Json<ApprovalAsked>,
) -> Result<axum::Json<Ask>> {
    let sharing = front.hub.sharing.clone();
    let ask = front
        .whole(async move { sharing.approve(&signed_in.person, alert, asked).await })
        .await?;
    Ok(axum::Json(ask))
}
