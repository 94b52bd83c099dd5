//! Is the hub alive, and should it get callers.

use super::Front;
use crate::error::{Error, Result};
use crate::world::StoreState;
use axum::extract::State;

/// The process answers.
#[utoipa::path(get, path = "/healthz", tag = "health", responses((status = 200, body = String, content_type = "text/plain")))]
pub(super) async fn alive() -> &'static str {
    "ok"
}

/// The store answers and the hub is not about to go away.
#[utoipa::path(get, path = "/readyz", tag = "health", responses((status = 200, body = String, content_type = "text/plain"), (status = 503, body = super::problem::Problem)))]
pub(super) async fn ready(State(front): State<Front>) -> Result<&'static str> {
    if front.draining.is_cancelled() {
        return Err(Error::unavailable("The hub is about to stop.").slug("draining"));
    }
    if front.hub.feeds.has_failed() {
        return Err(Error::unavailable(
            "The media engine has ended. The hub is about to start again.",
        )
        .slug("media-down"));
    }
    match front.hub.world.store.ask().await {
        StoreState::Up => Ok("ok"),
        StoreState::Full => Err(Error::unavailable(
            "The hub's disk is full. Free space on it; presses and stops work meanwhile.",
        )
        .slug("store-full")),
        StoreState::Away => Err(Error::unavailable(
            "The store does not answer. What is shared already keeps running.",
        )
        .slug("store-down")),
    }
}
