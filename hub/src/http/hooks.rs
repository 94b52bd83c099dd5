//! POST /api/hooks/{source}: signed alerts from outside (Standard Webhooks 1.0). The signature is the
//! permission; a repeated `webhook-id` is the same alert.

use super::Front;
use super::extract::{At, Raw};
use super::problem::Problem;
use crate::alerts::{HookBody, HookTaken};
use crate::error::Result;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};

/// Posts an alert. The owners' policies answer it; what they answer is not told to the source.
#[utoipa::path(post, path = "/api/hooks/{source}", tag = "hooks",
    params(("source" = String, Path), ("webhook-id" = String, Header), ("webhook-timestamp" = String, Header), ("webhook-signature" = String, Header)),
    request_body = HookBody,
    responses((status = 202, body = HookTaken), (status = 400, body = Problem), (status = 401, description = "wrong signature, or older than five minutes", body = Problem), (status = 404, body = Problem)))]
pub(super) async fn take(
    State(front): State<Front>,
    At(source): At<String>,
    headers: HeaderMap,
    Raw(body): Raw,
) -> Result<(StatusCode, axum::Json<HookTaken>)> {
    let alerts = front.hub.alerts.clone();
    let taken = front
        .whole(async move { alerts.hook(&source, &headers, &body).await })
        .await?;
    Ok((StatusCode::ACCEPTED, axum::Json(taken)))
}
