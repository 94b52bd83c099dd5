//! A page's event stream, read as it comes.

use super::TestHub;
use axum::body::{Body, BodyDataStream};
use axum::http::{Method, Response, StatusCode};
use std::time::Duration;
use tokio_stream::StreamExt as _;

/// Much longer than anything takes.
const WITHIN: Duration = Duration::from_secs(5);

pub(crate) struct PageStream(BodyDataStream);

impl TestHub {
    /// The owner page's stream, whatever the hub answers.
    pub(crate) async fn ask_owner_stream(&self, cookie: &str) -> Response<Body> {
        let call = self.owner(Method::GET, "/api/stream").cookie(cookie);
        call.open().await
    }

    pub(crate) async fn owner_stream(&self, cookie: &str) -> PageStream {
        PageStream::of(self.ask_owner_stream(cookie).await)
    }

    pub(crate) async fn console_stream(&self, cookie: &str) -> PageStream {
        let call = self.console(Method::GET, "/api/stream").cookie(cookie);
        PageStream::of(call.open().await)
    }
}

impl PageStream {
    pub(crate) fn of(response: Response<Body>) -> Self {
        assert_eq!(response.status(), StatusCode::OK);
        Self(response.into_body().into_data_stream())
    }

    /// Reads until the text holds `wanted`, then to the end of that event, and gives everything read.
    pub(crate) async fn until(&mut self, wanted: &str) -> String {
        let mut text = String::new();
        let read = async {
            while !text.contains(wanted) || !text.ends_with("\n\n") {
                let Some(chunk) = self.0.next().await else {
                    panic!("the stream ended after {text:?}")
                };
                text.push_str(std::str::from_utf8(&chunk.unwrap()).unwrap());
            }
        };
        let read = tokio::time::timeout(WITHIN, read).await;
        assert!(read.is_ok(), "no {wanted:?} in {text:?}");
        text
    }

    pub(crate) async fn is_over(&mut self) -> bool {
        self.0.next().await.is_none()
    }
}
