//! PUT /api/walls/{wallId}/tiles/{slot}: what one tile shows.

use super::Front;
use super::extract::{At, Caller, Json};
use super::problem::Problem;
use crate::error::Result;
use crate::viewing::{Tile, TileAsked};
use axum::extract::State;
use uuid::Uuid;

/// Shows a camera in a tile, changes its size or sound, pauses or empties it. A viewing is recorded before
/// the first frame leaves.
#[utoipa::path(put, path = "/api/walls/{wallId}/tiles/{slot}", tag = "operator", params(("wallId" = Uuid, Path), ("slot" = u16, Path)), request_body = TileAsked,
    responses((status = 200, body = Tile), (status = 401, body = Problem), (status = 404, description = "unknown wall or camera", body = Problem)))]
pub(super) async fn set(
    State(front): State<Front>,
    Caller(signed_in): Caller,
    At((wall, slot)): At<(Uuid, u16)>,
    Json(asked): Json<TileAsked>,
) -> Result<axum::Json<Tile>> {
    let viewing = front.hub.viewing.clone();
    let tile = front
        .whole(async move { viewing.set_tile(&signed_in, wall, slot, asked).await })
        .await?;
    Ok(axum::Json(tile))
}
