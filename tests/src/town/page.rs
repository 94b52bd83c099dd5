//! A person's signed-in page, without a browser: the hub's HTTP API as the console and the owner page
//! call it. Passkeys need a browser and are tried there.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, COOKIE, ORIGIN, SET_COOKIE};
use serde_json::{Value, json};
use url::Url;
use uuid::Uuid;

use super::sections::Sections;

const ANSWER_WITHIN: Duration = Duration::from_secs(20);
/// The mailbox answers after 25 s at the latest.
const CARRIED_WITHIN: Duration = Duration::from_secs(30);

/// Cheap to clone: one client, one session.
#[derive(Clone)]
pub struct Page {
    client: reqwest::Client,
    base: Arc<Url>,
    cookie: Arc<str>,
}

/// What the hub answered, whatever it was.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub text: String,
}

impl Answer {
    /// # Errors
    /// When the call was refused; the message is the hub's.
    pub fn json(self) -> Result<Value> {
        ensure!(
            (200..300).contains(&self.status),
            "the hub answered {}: {}",
            self.status,
            self.text
        );
        if self.text.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_str(&self.text).with_context(|| format!("not JSON: {}", self.text))
    }

    /// The refusal's stable name, `urn:assent:problem:<slug>`.
    #[must_use]
    pub fn problem(&self) -> Option<String> {
        let problem: Value = serde_json::from_str(&self.text).ok()?;
        problem["type"]
            .as_str()?
            .rsplit(':')
            .next()
            .map(str::to_owned)
    }
}

impl Page {
    /// Opens a one-time link and keeps its session.
    ///
    /// # Errors
    /// When the link is refused.
    pub async fn sign_in(link: &str, hub: SocketAddr) -> Result<Self> {
        let mut page = Self::visit(link, hub)?;
        let link = Url::parse(link)?;
        let token = link
            .fragment()
            .and_then(|fragment| fragment.strip_prefix("link="));
        let token = token.with_context(|| format!("{link} has no #link="))?;
        let body = json!({ "token": token });
        let request = page.request(Method::POST, "api/session/link")?.json(&body);
        let answer = request.send().await?;
        let cookie = answer.headers().get_all(SET_COOKIE).iter();
        let cookie = cookie.filter_map(|value| value.to_str().ok()?.split(';').next());
        page.cookie = cookie.collect::<Vec<_>>().join("; ").into();
        let (status, text) = (answer.status(), answer.text().await?);
        ensure!(
            status.is_success(),
            "the hub refused the link with {status}: {text}"
        );
        Ok(page)
    }

    /// A page of the same host as `url` without a session.
    ///
    /// # Errors
    /// When `url` is none.
    pub fn visit(url: &str, hub: SocketAddr) -> Result<Self> {
        let base = Url::parse(url)?.join("/")?;
        let host = base.host_str().context("a page has a host")?;
        let client = reqwest::Client::builder()
            .resolve(host, hub)
            .timeout(ANSWER_WITHIN)
            .build()?;
        Ok(Self {
            client,
            base: Arc::new(base),
            cookie: Arc::from(""),
        })
    }

    /// # Errors
    /// When the hub cannot be reached; a refusal is an answer.
    pub async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Answer> {
        let mut request = self.request(method, path)?;
        if let Some(body) = body {
            request = request.json(body);
        }
        answer(request).await
    }

    /// # Errors
    /// When the hub cannot be reached or refuses.
    pub async fn get(&self, path: &str) -> Result<Value> {
        self.call(Method::GET, path, None).await?.json()
    }

    /// # Errors
    /// When the hub cannot be reached or refuses.
    pub async fn put(&self, path: &str, body: &Value) -> Result<Value> {
        self.call(Method::PUT, path, Some(body)).await?.json()
    }

    /// # Errors
    /// When the hub cannot be reached or refuses.
    pub async fn post(&self, path: &str, body: &Value) -> Result<Value> {
        self.call(Method::POST, path, Some(body)).await?.json()
    }

    /// # Errors
    /// When the hub cannot be reached or refuses.
    pub async fn delete(&self, path: &str) -> Result<Value> {
        self.call(Method::DELETE, path, None).await?.json()
    }

    /// Sends a session description.
    ///
    /// # Errors
    /// When the hub cannot be reached.
    pub async fn put_sdp(&self, path: &str, sdp: String) -> Result<Answer> {
        let request = self.request(Method::PUT, path)?;
        answer(request.header(CONTENT_TYPE, "application/sdp").body(sdp)).await
    }

    /// Sends or fetches bytes that the hub does not read.
    ///
    /// # Errors
    /// When the hub cannot be reached; a refusal is an answer.
    pub async fn carry(
        &self,
        method: Method,
        path: &str,
        bytes: Vec<u8>,
    ) -> Result<(u16, Vec<u8>)> {
        let request = self.request(method, path)?.timeout(CARRIED_WITHIN);
        let request = request.header(CONTENT_TYPE, "application/octet-stream");
        let answer = request.body(bytes).send().await?;
        let status = answer.status().as_u16();
        Ok((status, answer.bytes().await?.to_vec()))
    }

    /// Follows the page's event stream.
    #[must_use]
    pub fn sections(&self) -> Sections {
        Sections::follow(self.clone())
    }

    pub(super) async fn open_stream(&self) -> Result<reqwest::Response> {
        // Events go on for as long as the page is open; silence is judged by whoever reads them.
        let request = self
            .request(Method::GET, "api/stream")?
            .timeout(Duration::from_secs(3600));
        Ok(request.send().await?.error_for_status()?)
    }

    fn request(&self, method: Method, path: &str) -> Result<reqwest::RequestBuilder> {
        let url = self.base.join(path)?;
        let mut request = self.client.request(method.clone(), url);
        if !self.cookie.is_empty() {
            request = request.header(COOKIE, &*self.cookie);
        }
        if method != Method::GET {
            request = request
                .header(ORIGIN, self.base.origin().ascii_serialization())
                .header("idempotency-key", Uuid::new_v4().to_string());
        }
        Ok(request)
    }
}

async fn answer(request: reqwest::RequestBuilder) -> Result<Answer> {
    let answer = request.send().await?;
    Ok(Answer {
        status: answer.status().as_u16(),
        text: answer.text().await?,
    })
}
