//! WHEP for single players without a session cookie: POST /api/media-tokens gives a token for one
//! camera, POST /whep/{cameraId} takes it and an SDP offer, DELETE ends what it began. Viewing records
//! and decides as for any tile.

use super::Front;
use super::extract::{At, Caller, Json, Sdp};
use super::problem::Problem;
use super::tokens::VALID_FOR;
use crate::error::{Error, Result};
use crate::identity::{SessionId, SignedIn};
use crate::world::{CameraId, Stamp};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct TokenAsked {
    camera_id: Uuid,
}

#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct MediaToken {
    /// ES256; for `Authorization: Bearer`.
    token: String,
    expires_at: Stamp,
}

/// Makes a token with which a player may open one camera, while this session lasts.
#[utoipa::path(post, path = "/api/media-tokens", tag = "operator", request_body = TokenAsked,
    responses((status = 200, body = MediaToken), (status = 401, body = Problem), (status = 404, body = Problem)))]
pub(super) async fn make_token(
    State(front): State<Front>,
    Caller(signed_in): Caller,
    Json(asked): Json<TokenAsked>,
) -> Result<axum::Json<MediaToken>> {
    let camera = CameraId(asked.camera_id);
    front
        .hub
        .registry
        .camera(camera)
        .ok_or_else(unknown_camera)?;
    let now = front.hub.world.clock.now();
    let token = front.tokens.make(camera, signed_in.session, now)?;
    Ok(axum::Json(MediaToken {
        token,
        expires_at: Stamp(now + VALID_FOR),
    }))
}

type Opened = (StatusCode, [(HeaderName, String); 2], String);

/// Opens one camera in a player. `Location` is where it is closed.
#[utoipa::path(post, path = "/whep/{cameraId}", tag = "media", params(("cameraId" = Uuid, Path), ("Authorization" = String, Header, description = "Bearer and a media token")),
    request_body(content = String, content_type = "application/sdp"),
    responses((status = 201, body = String, content_type = "application/sdp"), (status = 401, body = Problem), (status = 404, body = Problem)))]
pub(super) async fn open(
    State(front): State<Front>,
    At(camera): At<Uuid>,
    headers: HeaderMap,
    Sdp(offer): Sdp,
) -> Result<Opened> {
    let signed_in = bearer(&front, &headers, CameraId(camera))?;
    let viewing = front.hub.viewing.clone();
    let opening = async move {
        viewing
            .open_player(&signed_in, CameraId(camera), &offer)
            .await
    };
    let (player, answer) = front.whole(opening).await?;
    let headers = [
        (header::CONTENT_TYPE, "application/sdp".to_owned()),
        (header::LOCATION, format!("/whep/{camera}/{player}")),
    ];
    Ok((StatusCode::CREATED, headers, answer))
}

/// Closes a player.
#[utoipa::path(delete, path = "/whep/{cameraId}/{playerId}", tag = "media", params(("cameraId" = Uuid, Path), ("playerId" = Uuid, Path), ("Authorization" = String, Header)),
    responses((status = 200), (status = 401, body = Problem), (status = 404, body = Problem)))]
pub(super) async fn close(
    State(front): State<Front>,
    At((camera, player)): At<(Uuid, Uuid)>,
    headers: HeaderMap,
) -> Result<StatusCode> {
    let signed_in = bearer(&front, &headers, CameraId(camera))?;
    let viewing = front.hub.viewing.clone();
    front
        .whole(async move { viewing.close_wall(&signed_in, player).await })
        .await?;
    Ok(StatusCode::OK)
}

/// The operator whose token this is, if it is for this camera and the session still lasts.
fn bearer(front: &Front, headers: &HeaderMap, camera: CameraId) -> Result<SignedIn> {
    let value = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    let token = value
        .and_then(|value| value.strip_prefix("Bearer "))
        .ok_or_else(Error::signed_out)?;
    let claims = front.tokens.check(token, front.hub.world.clock.now())?;
    if claims.sub != camera {
        return Err(Error::signed_out().slug("token-refused"));
    }
    front
        .hub
        .identity
        .still_signed_in(SessionId(claims.sid))
        .ok_or_else(Error::signed_out)
}

fn unknown_camera() -> Error {
    Error::not_found("This camera is not known here.").slug("unknown-camera")
}
