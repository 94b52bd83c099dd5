//! POST /api/session/link: a one-time link becomes a session.

use super::{Welcome, WithCookie, welcome};
use crate::error::Result;
use crate::http::Front;
use crate::http::extract::Json;
use crate::http::host::Page;
use crate::http::problem::Problem;
use crate::world::Secret;
use axum::extract::State;
use serde::Deserialize;

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct LinkToken {
    /// The part behind `#link=`.
    token: String,
}

/// Signs in with a one-time link. The link is used up, unless it belongs to the other page.
#[utoipa::path(post, path = "/api/session/link", tag = "session", request_body = LinkToken,
    responses((status = 200, body = Welcome), (status = 403, description = "belongs to the other page", body = Problem), (status = 410, description = "used, expired or unknown", body = Problem)))]
pub(in crate::http) async fn by_link(
    State(front): State<Front>,
    page: Page,
    Json(body): Json<LinkToken>,
) -> Result<WithCookie> {
    let (secret, signed_in) = front
        .hub
        .identity
        .sign_in_by_link(&Secret::new(body.token), page.role())
        .await?;
    Ok(welcome(&front, &secret, &signed_in))
}
