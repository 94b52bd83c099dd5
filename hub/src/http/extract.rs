//! What handlers take from a request. Every failure is a problem document with a sentence, never a
//! framework's plain text.

use crate::error::{Error, Kind, Result};
use crate::identity::SignedIn;
use axum::body::{Bytes, to_bytes};
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::header;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

/// Set by the guard from the route's row.
#[derive(Clone, Copy)]
pub(super) struct BodyLimit(pub(super) usize);

/// Who is signed in; the guard put it there.
#[derive(Clone)]
pub(super) struct Caller(pub(super) SignedIn);

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self> {
        parts
            .extensions
            .get::<Self>()
            .cloned()
            .ok_or_else(Error::signed_out)
    }
}

impl<S: Sync> FromRequestParts<S> for super::host::Page {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self> {
        parts
            .extensions
            .get::<Self>()
            .copied()
            .ok_or_else(|| Error::not_found("There is nothing here."))
    }
}

/// A JSON body of the route's size at most.
pub(super) struct Json<T>(pub(super) T);

impl<S: Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Self> {
        if content_type(&request) != "application/json" {
            return Err(
                Error::invalid("This call takes a body of content type application/json.")
                    .slug("not-json"),
            );
        }
        let Raw(body) = Raw::from_request(request, state).await?;
        serde_json::from_slice(&body).map(Json).map_err(|e| {
            Error::invalid(format!("The body cannot be understood: {e}.")).slug("malformed-body")
        })
    }
}

/// A session description (`application/sdp`); whether it makes sense is the media engine's to say.
pub(super) struct Sdp(pub(super) String);

impl<S: Sync> FromRequest<S> for Sdp {
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Self> {
        if content_type(&request) != "application/sdp" {
            return Err(
                Error::invalid("This call takes a body of content type application/sdp.")
                    .slug("not-sdp"),
            );
        }
        let Raw(body) = Raw::from_request(request, state).await?;
        let text = String::from_utf8(body.into());
        text.map(Self).map_err(|e| {
            Error::invalid("The session description is not text.")
                .slug("malformed-sdp")
                .because(e)
        })
    }
}

fn content_type(request: &Request) -> &str {
    let value = request
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|v| v.to_str().ok())
        .unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim()
}

/// The body as it came, of the route's size at most.
pub(super) struct Raw(pub(super) Bytes);

impl<S: Sync> FromRequest<S> for Raw {
    type Rejection = Error;

    async fn from_request(request: Request, _: &S) -> Result<Self> {
        let BodyLimit(limit) = request.extensions().get().copied().unwrap_or(BodyLimit(0));
        read(request.into_body(), limit).await.map(Self)
    }
}

pub(super) async fn read(body: axum::body::Body, limit: usize) -> Result<Bytes> {
    to_bytes(body, limit).await.map_err(|e| {
        let over = std::error::Error::source(&e)
            .is_some_and(<dyn std::error::Error>::is::<http_body_util::LengthLimitError>);
        if over {
            too_large(limit)
        } else {
            Error::invalid("The body did not arrive whole.").because(e)
        }
    })
}

pub(super) fn too_large(limit: usize) -> Error {
    Error::new(
        Kind::TooLarge,
        format!("This call takes at most {limit} bytes."),
    )
}

/// Parts of the path.
#[derive(FromRequestParts)]
#[from_request(via(axum::extract::Path), rejection(Error))]
pub(super) struct At<T>(pub(super) T);

/// The query.
#[derive(FromRequestParts)]
#[from_request(via(axum::extract::Query), rejection(Error))]
pub(super) struct Asked<T>(pub(super) T);

impl From<PathRejection> for Error {
    fn from(e: PathRejection) -> Self {
        Error::not_found("There is nothing with this id.")
            .slug("malformed-id")
            .because(e)
    }
}

impl From<QueryRejection> for Error {
    fn from(e: QueryRejection) -> Self {
        Error::invalid("The query of this address cannot be understood.").because(e)
    }
}
