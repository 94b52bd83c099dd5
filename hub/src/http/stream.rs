//! GET /api/stream: one numbered stream of sections to each open page. A section is sent whole when its
//! bytes changed: the first change at once, further ones gathered. What a section says is in `sections`.

mod feed;
mod frames;
mod sections;
mod viewers;

pub(super) use sections::{Duty, Notice};
pub(super) use viewers::Streams;

use super::Front;
use super::extract::Caller;
use super::problem::Problem;
use crate::error::Result;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use std::convert::Infallible;
use tokio::sync::mpsc;
use tokio_stream::StreamExt;
use tokio_stream::wrappers::ReceiverStream;

/// Events waiting for a slow page; when they are not taken in time the stream is given up.
const QUEUE: usize = 16;

/// The page's event stream (server-sent events). `Last-Event-ID` skips what the page has seen.
#[utoipa::path(get, path = "/api/stream", tag = "stream", params(("Last-Event-ID" = Option<String>, Header, description = "number of the last event the page has")),
    responses((status = 200, body = String, content_type = "text/event-stream"), (status = 401, body = Problem), (status = 429, body = Problem)))]
pub(super) async fn open(
    State(front): State<Front>,
    Caller(signed_in): Caller,
    headers: HeaderMap,
) -> Result<Response> {
    let seen = headers
        .get("last-event-id")
        .and_then(|id| id.to_str().ok()?.parse().ok())
        .unwrap_or(0);
    let place = front.streams.enter(&signed_in)?;
    let (out, events) = mpsc::channel::<Bytes>(QUEUE);
    front
        .tasks
        .spawn(feed::run(front.clone(), signed_in, place, seen, out));
    let body = Body::from_stream(ReceiverStream::new(events).map(Ok::<_, Infallible>));
    let headers = [
        (header::CONTENT_TYPE, "text/event-stream"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, [("x-accel-buffering", "no")], body).into_response())
}
