//! The built pages: each host its own folder of static files, and nothing of the other's. Files with a
//! hash in their name are kept by browsers for good, everything else is asked for again.

use super::Front;
use super::host::Page;
use crate::error::{Error, Result};
use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method, header};
use axum::response::{IntoResponse, Response};
use tower::ServiceExt;
use tower_http::compression::CompressionLayer;
use tower_http::services::{ServeDir, ServeFile};

/// Where Vite puts files whose names carry a hash of their content.
const HASHED: &str = "/assets/";

/// Every path outside the table.
pub(super) async fn serve(State(front): State<Front>, request: Request) -> Result<Response> {
    let page = Page::of(&front.hub.config.http, &request)?;
    let path = request.uri().path().to_owned();
    let readable = request.method() == Method::GET || request.method() == Method::HEAD;
    if !readable || path.starts_with("/api/") || path.starts_with("/whep/") {
        return Err(Error::not_found("There is no such call.").slug("no-such-call"));
    }
    let Some(web) = &front.web else {
        return Err(Error::unavailable(
            "The pages of this hub are not built, or web.dir does not name them.",
        )
        .slug("no-pages"));
    };
    let folder = web.join(page.folder());
    // A path without a file behind it belongs to the page's own script; a missing file is missing.
    let is_file = path
        .rsplit('/')
        .next()
        .is_some_and(|name| name.contains('.'));
    let files = ServeDir::new(&folder).append_index_html_on_directories(true);
    let answered = if is_file {
        compressed(files, request).await?
    } else {
        compressed(
            files.fallback(ServeFile::new(folder.join("index.html"))),
            request,
        )
        .await?
    };
    if answered.status() == axum::http::StatusCode::NOT_FOUND {
        return Err(Error::not_found("There is no such file."));
    }
    Ok(with_caching(answered, &path))
}

async fn compressed<S, B>(files: S, request: Request) -> Result<Response>
where
    S: tower::Service<
            Request,
            Response = axum::http::Response<B>,
            Error = std::convert::Infallible,
        > + Clone,
    B: axum::body::HttpBody<Data = bytes::Bytes> + Send + 'static,
    B::Error: Into<axum::BoxError> + Send,
{
    let service = tower::ServiceBuilder::new()
        .layer(CompressionLayer::new())
        .service(files);
    service
        .oneshot(request)
        .await
        .map(IntoResponse::into_response)
        .map_err(Error::internal)
}

fn with_caching(mut response: Response, path: &str) -> Response {
    let keep = if path.starts_with(HASHED) {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static(keep));
    response
}
