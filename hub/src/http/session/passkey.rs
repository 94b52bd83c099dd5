//! POST /api/session/passkey and its challenge: signing in with a passkey that the browser finds.

use super::{Welcome, WithCookie, welcome};
use crate::error::Result;
use crate::http::Front;
use crate::http::extract::Json;
use crate::http::host::Page;
use crate::http::problem::Problem;
use crate::identity::ChallengeId;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// WebAuthn's options in their JSON form, and the id to answer under.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct Challenge {
    #[schema(value_type = String)]
    pub(super) challenge_id: ChallengeId,
    #[schema(value_type = Object)]
    pub(super) public_key: Value,
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(in crate::http) struct PasskeyAnswer {
    #[schema(value_type = String)]
    challenge_id: ChallengeId,
    /// The browser's PublicKeyCredential in its JSON form.
    #[schema(value_type = Object)]
    credential: Value,
}

/// Begins a sign-in with a passkey.
#[utoipa::path(post, path = "/api/session/passkey/challenge", tag = "session", responses((status = 200, body = Challenge)))]
pub(in crate::http) async fn passkey_challenge(
    State(front): State<Front>,
    page: Page,
) -> Result<axum::Json<Challenge>> {
    let (challenge_id, public_key) = front.hub.identity.begin_sign_in(page.role())?;
    Ok(axum::Json(Challenge {
        challenge_id,
        public_key,
    }))
}

/// Signs in with a passkey.
#[utoipa::path(post, path = "/api/session/passkey", tag = "session", request_body = PasskeyAnswer,
    responses((status = 200, body = Welcome), (status = 403, description = "unknown or refused passkey", body = Problem), (status = 410, description = "the challenge is over", body = Problem)))]
pub(in crate::http) async fn by_passkey(
    State(front): State<Front>,
    page: Page,
    Json(body): Json<PasskeyAnswer>,
) -> Result<WithCookie> {
    let (secret, signed_in) = front
        .hub
        .identity
        .sign_in_by_passkey(page.role(), body.challenge_id, body.credential)
        .await?;
    Ok(welcome(&front, &secret, &signed_in))
}
