//! PUT /api/revokes/{id}: the owner's stop.

use super::Front;
use super::extract::{At, Caller, Json};
use super::problem::Problem;
use crate::error::Result;
use crate::sharing::{Revoke, RevokeAsked};
use axum::extract::State;
use uuid::Uuid;

/// Stops what the scope names, at once. The page chooses the id; asking again tells how far it has come.
#[utoipa::path(put, path = "/api/revokes/{id}", tag = "owner", params(("id" = Uuid, Path)), request_body = RevokeAsked,
    responses((status = 200, body = Revoke), (status = 400, body = Problem), (status = 401, body = Problem), (status = 404, description = "nothing of yours", body = Problem)))]
pub(super) async fn revoke(
    State(front): State<Front>,
    Caller(signed_in): Caller,
    At(id): At<Uuid>,
    Json(asked): Json<RevokeAsked>,
) -> Result<axum::Json<Revoke>> {
    let alerts = front.hub.alerts.clone();
    let revoke = front
        .whole(async move { alerts.revoke(&signed_in.person, id, asked).await })
        .await?;
    Ok(axum::Json(revoke))
}
