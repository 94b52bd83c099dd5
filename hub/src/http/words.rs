//! /api/devices/{device}/nonces and /words: what a page needs to sign for a device, and what it gives it.

use super::Front;
use super::extract::{At, Caller, Json};
use super::problem::Problem;
use crate::error::{Error, Result};
use crate::words::{KnownWords, Nonce, NonceAsked, WordsAsked, WordsTaken};
use crate::world::{DeviceId, hash_of_hex};
use assent_consent::KeyId;
use axum::extract::State;

/// Asks the device for something fresh to sign. The one before it, of the same key, is stale from then on.
#[utoipa::path(post, path = "/api/devices/{device}/nonces", tag = "owner", params(("device" = String, Path, description = "device id, hex")), request_body = NonceAsked,
    responses((status = 200, body = Nonce), (status = 401, body = Problem), (status = 404, description = "not your device", body = Problem), (status = 422, description = "the device refuses; the type says why", body = Problem), (status = 503, description = "device-away", body = Problem)))]
pub(super) async fn nonce(
    State(front): State<Front>,
    Caller(signed_in): Caller,
    At(device): At<DeviceId>,
    Json(asked): Json<NonceAsked>,
) -> Result<axum::Json<Nonce>> {
    let key = hash_of_hex(&asked.key)
        .map(KeyId)
        .ok_or_else(|| Error::invalid("A key is named by 64 hex digits.").slug("malformed-id"))?;
    let words = &front.hub.words;
    let nonce = words.nonce_for(&signed_in.person, device, key).await?;
    Ok(axum::Json(nonce))
}

/// Gives the device sets, policies, ceilings and certificates, and tells what it says to each.
#[utoipa::path(post, path = "/api/devices/{device}/words", tag = "owner", params(("device" = String, Path, description = "device id, hex")), request_body = WordsAsked,
    responses((status = 200, body = WordsTaken), (status = 401, body = Problem), (status = 404, description = "not your device", body = Problem), (status = 422, description = "an envelope cannot be read, or is for another device", body = Problem), (status = 503, description = "device-away", body = Problem)))]
pub(super) async fn present(
    State(front): State<Front>,
    Caller(signed_in): Caller,
    At(device): At<DeviceId>,
    Json(asked): Json<WordsAsked>,
) -> Result<axum::Json<WordsTaken>> {
    let words = front.hub.words.clone();
    let given = async move {
        words
            .present(&signed_in.person, device, &asked.envelopes)
            .await
    };
    let words = front.whole(given).await?;
    Ok(axum::Json(WordsTaken { words }))
}

/// What the hub has kept of the device's words, for another phone of the household, which checks them.
#[utoipa::path(get, path = "/api/devices/{device}/words", tag = "owner", params(("device" = String, Path, description = "device id, hex")),
    responses((status = 200, body = KnownWords), (status = 401, body = Problem), (status = 404, description = "not your device", body = Problem)))]
pub(super) async fn known(
    State(front): State<Front>,
    Caller(signed_in): Caller,
    At(device): At<DeviceId>,
) -> Result<axum::Json<KnownWords>> {
    let known = front.hub.words.known(&signed_in.person, device).await?;
    Ok(axum::Json(known))
}
