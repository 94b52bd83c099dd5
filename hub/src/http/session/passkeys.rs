//! POST /api/passkeys and its challenge: making a passkey while signed in.

use super::passkey::Challenge;
use crate::error::Result;
use crate::http::Front;
use crate::http::extract::{Caller, Json};
use crate::http::problem::Problem;
use crate::identity::ChallengeId;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(in crate::http) struct NewPasskey {
    #[schema(value_type = String)]
    challenge_id: ChallengeId,
    /// The browser's PublicKeyCredential in its JSON form.
    #[schema(value_type = Object)]
    credential: Value,
    /// What its owner calls it; cut at 60 characters.
    label: String,
}

/// Begins to make a passkey for the person who is signed in.
#[utoipa::path(post, path = "/api/passkeys/challenge", tag = "session", responses((status = 200, body = Challenge), (status = 401, body = Problem)))]
pub(in crate::http) async fn new_passkey_challenge(
    State(front): State<Front>,
    Caller(signed_in): Caller,
) -> Result<axum::Json<Challenge>> {
    let (challenge_id, public_key) = front.hub.identity.begin_passkey(&signed_in)?;
    Ok(axum::Json(Challenge {
        challenge_id,
        public_key,
    }))
}

/// Keeps the passkey that the browser made.
#[utoipa::path(post, path = "/api/passkeys", tag = "session", request_body = NewPasskey,
    responses((status = 204), (status = 401, body = Problem), (status = 403, description = "refused", body = Problem), (status = 410, description = "the challenge is over", body = Problem)))]
pub(in crate::http) async fn new_passkey(
    State(front): State<Front>,
    Caller(signed_in): Caller,
    Json(body): Json<NewPasskey>,
) -> Result<StatusCode> {
    front
        .hub
        .identity
        .finish_passkey(&signed_in, body.challenge_id, body.credential, &body.label)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
