//! How an error leaves the hub: `application/problem+json` (RFC 9457) with a stable type and the request
//! id, and one line in the log. Only here does an `Error` become an answer.

use super::Front;
use crate::error::{Error, Kind};
use axum::body::Body;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use std::any::Any;
use std::sync::Arc;
use std::time::Instant;
use tracing::Instrument;

/// The document, as the API description shows it.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Problem {
    /// `urn:assent:problem:<slug>`, stable.
    r#type: String,
    title: &'static str,
    status: u16,
    /// A sentence that may be shown.
    detail: String,
    request_id: String,
}

impl IntoResponse for Error {
    /// The body is written by `render`, which knows the request's id.
    fn into_response(self) -> Response {
        let mut response = self.kind.status().into_response();
        response.extensions_mut().insert(Arc::new(self));
        response
    }
}

/// Outermost: gives the request its id, writes problem documents, logs and counts.
pub(super) async fn render(State(front): State<Front>, request: Request, next: Next) -> Response {
    let id = front.hub.world.random.id().to_string();
    let method = request.method().clone();
    // The template, not the path: ids stay out of the metrics, queries out of the log.
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or("page", MatchedPath::as_str)
        .to_owned();
    let span = tracing::info_span!("request", request.id = %id, %method, route, actor = tracing::field::Empty);
    let begun = Instant::now();
    let mut response = next.run(request).instrument(span.clone()).await;
    if let Some(error) = response.extensions_mut().remove::<Arc<Error>>() {
        span.in_scope(|| log(&error));
        write(&mut response, &error, &id);
    }
    super::metrics::count(&method, &route, response.status(), begun.elapsed());
    span.in_scope(|| {
        tracing::debug!(
            status = response.status().as_u16(),
            ms = begun.elapsed().as_millis(),
            "answered"
        )
    });
    if let Ok(id) = HeaderValue::from_str(&id) {
        response.headers_mut().insert("x-request-id", id);
    }
    response
}

fn write(response: &mut Response, error: &Error, id: &str) {
    let document = Problem {
        r#type: format!("urn:assent:problem:{}", error.slug),
        title: error.kind.status().canonical_reason().unwrap_or("Problem"),
        status: error.kind.status().as_u16(),
        detail: error.public.to_string(),
        request_id: id.to_owned(),
    };
    *response.body_mut() = Body::from(serde_json::to_vec(&document).unwrap_or_default());
    let headers = response.headers_mut();
    headers.remove(header::CONTENT_LENGTH);
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/problem+json"),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if matches!(error.kind, Kind::TooMany | Kind::Unavailable) {
        headers.insert(header::RETRY_AFTER, HeaderValue::from_static("2"));
    }
}

/// The level says who must act.
fn log(error: &Error) {
    match error.kind {
        Kind::Internal => tracing::error!(problem = error.slug, %error, "the hub made a mistake"),
        Kind::Unavailable => tracing::warn!(problem = error.slug, %error, "not available"),
        Kind::Invalid
        | Kind::SignedOut
        | Kind::Forbidden
        | Kind::NotFound
        | Kind::Gone
        | Kind::Conflict
        | Kind::Unprocessable
        | Kind::TooLarge
        | Kind::TooMany => {
            tracing::debug!(problem = error.slug, %error, "refused");
        }
    }
}

pub(super) async fn wrong_method() -> Response {
    let mut response = Error::invalid("This address does not take that method.")
        .slug("wrong-method")
        .into_response();
    *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
    response
}

/// A bug of ours ends one request, not the hub.
pub(super) fn panicked(panic: Box<dyn Any + Send>) -> Response {
    let said = panic
        .downcast_ref::<&str>()
        .map(ToString::to_string)
        .or_else(|| panic.downcast_ref::<String>().cloned());
    Error::internal(said.unwrap_or_else(|| "a handler panicked".into())).into_response()
}
