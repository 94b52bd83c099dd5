//! `Idempotency-Key`: a POST that is sent again after a lost answer gets the first answer again, and one
//! without a key is refused. Only successes are kept; a refused call may be tried again. Kept in memory:
//! longer than any retry of a page, shorter than anybody's patience. What a restart may forget, and why
//! that is enough, stands in `design/front.md`.

use super::Front;
use super::extract;
use super::guard::{Rule, Who};
use super::limits::Key;
use super::routes::Verb;
use crate::error::{Error, Result};
use crate::world::Guarded;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use time::{Duration, OffsetDateTime};

const KEEP_FOR: Duration = Duration::minutes(10);
/// Answers kept at once; beyond it the oldest goes.
const KEPT: usize = 4_096;
pub(super) const LONGEST_KEY: usize = 128;
/// Larger answers are given and not kept.
const LARGEST_ANSWER: usize = 16 << 10;

pub(super) const HEADER: &str = "idempotency-key";

/// Every POST of our pages. What others sign has a name of its own: a webhook its message id, a player its
/// token and the place that it is told; and what anybody leaves in a mailbox is named by its hash.
pub(super) fn needs_key(rule: Rule) -> bool {
    match rule.who {
        Who::Signed | Who::Anybody => false,
        Who::Loopback | Who::Visitor | Who::SignedIn | Who::Owner | Who::Operator => {
            rule.verb == Verb::Post
        }
    }
}

/// Caller, path and key: one key means nothing at another call.
type Name = (Key, String, String);

enum State {
    UnderWay,
    Answered(StatusCode, HeaderMap, Bytes),
}

struct Entry {
    since: OffsetDateTime,
    body: [u8; 32],
    state: State,
}

#[derive(Default)]
pub(super) struct Kept(Guarded<HashMap<Name, Entry>>);

impl Kept {
    pub(super) fn sweep(&self, now: OffsetDateTime) {
        self.0
            .lock()
            .retain(|_, entry| now - entry.since < KEEP_FOR);
    }

    /// The kept answer, or the right to make one.
    fn begin(&self, name: &Name, body: [u8; 32], now: OffsetDateTime) -> Result<Option<Response>> {
        let mut kept = self.0.lock();
        if let Some(entry) = kept.get(name).filter(|entry| now - entry.since < KEEP_FOR) {
            if entry.body != body {
                return Err(
                    Error::conflict("This Idempotency-Key was used for another request.")
                        .slug("key-reused"),
                );
            }
            return match &entry.state {
                State::UnderWay => Err(Error::conflict(
                    "The first request with this Idempotency-Key is still under way.",
                )
                .slug("under-way")),
                State::Answered(status, headers, body) => {
                    Ok(Some(answer(*status, headers.clone(), body.clone())))
                }
            };
        }
        if kept.len() >= KEPT {
            let oldest = kept
                .iter()
                .min_by_key(|(_, entry)| entry.since)
                .map(|(name, _)| name.clone());
            oldest.and_then(|name| kept.remove(&name));
        }
        kept.insert(
            name.clone(),
            Entry {
                since: now,
                body,
                state: State::UnderWay,
            },
        );
        Ok(None)
    }
}

/// Forgets a request that ended without an answer to keep, however it ended.
struct Claim<'a> {
    kept: &'a Kept,
    name: Option<Name>,
}

impl Claim<'_> {
    fn keep(mut self, status: StatusCode, headers: &HeaderMap, body: &Bytes) {
        let Some(name) = self.name.take() else { return };
        if let Some(entry) = self.kept.0.lock().get_mut(&name) {
            entry.state = State::Answered(status, headers.clone(), body.clone());
        }
    }
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        if let Some(name) = self.name.take() {
            self.kept.0.lock().remove(&name);
        }
    }
}

/// Runs the handler, or answers as the first time.
pub(super) async fn once(
    front: &Front,
    caller: Key,
    rule: Rule,
    request: Request,
    next: Next,
) -> Result<Response> {
    if rule.verb != Verb::Post {
        return Ok(next.run(request).await);
    }
    let key = request
        .headers()
        .get(HEADER)
        .map(|v| v.to_str().unwrap_or_default().to_owned());
    let Some(key) = key else {
        if needs_key(rule) {
            return Err(Error::invalid(
                "This call must carry an Idempotency-Key, the same one whenever it is sent again.",
            )
            .slug("key-missing"));
        }
        return Ok(next.run(request).await);
    };
    if key.is_empty() || key.len() > LONGEST_KEY {
        return Err(Error::invalid(
            "The Idempotency-Key must have 1 to 128 plain characters.",
        ));
    }
    let name = (caller, request.uri().path().to_owned(), key);
    let (parts, body) = request.into_parts();
    let body = extract::read(body, rule.body).await?;
    if let Some(answer) = front.kept.begin(
        &name,
        Sha256::digest(&body).into(),
        front.hub.world.clock.now(),
    )? {
        return Ok(answer);
    }
    let claim = Claim {
        kept: &front.kept,
        name: Some(name),
    };
    let response = next.run(Request::from_parts(parts, Body::from(body))).await;
    let fits = response
        .body()
        .size_hint()
        .upper()
        .is_some_and(|size| size <= LARGEST_ANSWER as u64);
    if !response.status().is_success() || !fits {
        return Ok(response);
    }
    let (parts, body) = response.into_parts();
    let body = extract::read(body, LARGEST_ANSWER).await?;
    claim.keep(parts.status, &parts.headers, &body);
    Ok(Response::from_parts(parts, Body::from(body)))
}

fn answer(status: StatusCode, headers: HeaderMap, body: Bytes) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}
