//! PUT /api/presses/{id}: the owner's press.

use super::Front;
use super::extract::{At, Caller, Json};
use super::problem::Problem;
use crate::error::Result;
use crate::sharing::{Press, PressAsked};
use axum::extract::State;
use uuid::Uuid;

/// Presses. The page chooses the id, so that a press sent twice is one press; older than two minutes it
/// arrives as a message and opens nothing.
#[utoipa::path(put, path = "/api/presses/{id}", tag = "owner", params(("id" = Uuid, Path)), request_body = PressAsked,
    responses((status = 200, body = Press), (status = 400, body = Problem), (status = 401, body = Problem), (status = 404, description = "not your premises", body = Problem)))]
pub(super) async fn press(
    State(front): State<Front>,
    Caller(signed_in): Caller,
    At(id): At<Uuid>,
    Json(asked): Json<PressAsked>,
) -> Result<axum::Json<Press>> {
    let alerts = front.hub.alerts.clone();
    let press = front
        .whole(async move { alerts.press(&signed_in.person, id, asked).await })
        .await?;
    Ok(axum::Json(press))
}
