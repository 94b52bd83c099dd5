//! What stands before every handler: is this host ours, who calls, may they, from our own page, not too
//! often, not too much, not too long. A handler runs only when all of it said yes.

use super::extract::{BodyLimit, Caller};
use super::host::{Page, authority, names_this_machine};
use super::limits::{Key, Rate};
use super::routes::Verb;
use super::{Front, idempotency};
use crate::error::{Error, Result};
use crate::identity::{Role, SignedIn};
use crate::world::Secret;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::Response;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

/// Who may call. Everything but the first three names a page, and so needs one of our host names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Who {
    /// Any caller, any host name: health checks, and a phone that pairs before anybody can sign in.
    Anybody,
    /// Callers on this machine, unless the configuration opens it.
    Loopback,
    /// The handler itself verifies a signature or a token over the request.
    Signed,
    /// Anybody who is on one of our pages.
    Visitor,
    SignedIn,
    Owner,
    Operator,
}

impl Who {
    /// As the API's description names them.
    pub(super) fn name(self) -> &'static str {
        match self {
            Who::Anybody => "anybody",
            Who::Loopback => "loopback",
            Who::Signed => "signed",
            Who::Visitor => "visitor",
            Who::SignedIn => "signedIn",
            Who::Owner => "owner",
            Who::Operator => "operator",
        }
    }
}

/// One row's conditions.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rule {
    pub(super) verb: Verb,
    pub(super) who: Who,
    pub(super) body: usize,
    pub(super) rate: Rate,
    pub(super) within: Duration,
}

pub(super) const COOKIE: &str = "__Host-assent";

pub(super) async fn admit(
    State((front, rule)): State<(Front, Rule)>,
    mut request: Request,
    next: Next,
) -> Result<Response> {
    let address = caller_address(&request);
    let key = match rule.who {
        Who::Anybody | Who::Signed => Key::Address(address),
        Who::Loopback => from_this_machine(&front, address, &request)?,
        Who::Visitor => {
            let page = on_our_page(&front, rule.verb, &request)?;
            request.extensions_mut().insert(page);
            Key::Address(address)
        }
        Who::SignedIn | Who::Owner | Who::Operator => {
            let page = on_our_page(&front, rule.verb, &request)?;
            let signed_in = signed_in(&front, request.headers(), page)?;
            has_role(rule.who, &signed_in)?;
            let key = Key::Session(signed_in.session);
            request.extensions_mut().insert(page);
            request.extensions_mut().insert(Caller(signed_in));
            key
        }
    };
    tracing::Span::current().record("actor", tracing::field::debug(key));
    front.limits.check(rule.rate, key)?;
    let _room = front.limits.enter(rule.rate)?;
    fits(&request, rule.body)?;
    request.extensions_mut().insert(BodyLimit(rule.body));
    let answered = tokio::time::timeout(
        rule.within,
        idempotency::once(&front, key, rule, request, next),
    );
    answered.await.unwrap_or_else(|_| {
        Err(Error::unavailable("The hub took too long over this. Try again.").slug("timeout"))
    })
}

/// In tests there is no connection, and the caller is this machine.
fn caller_address(request: &Request) -> IpAddr {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    peer.map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |ConnectInfo(peer)| {
        peer.ip().to_canonical()
    })
}

/// By address, and by a name that only this machine uses: a proxy in front of the hub calls from here too.
fn from_this_machine(front: &Front, address: IpAddr, request: &Request) -> Result<Key> {
    let local = address.is_loopback() && authority(request).is_some_and(names_this_machine);
    if local || front.hub.config.metrics.public {
        return Ok(Key::Address(address));
    }
    Err(Error::not_found("There is nothing here."))
}

/// One of our host names; and for calls that change something, sent by a page of that very host.
fn on_our_page(front: &Front, verb: Verb, request: &Request) -> Result<Page> {
    let page = Page::of(&front.hub.config.http, request)?;
    if verb != Verb::Get {
        let origin = request
            .headers()
            .get(header::ORIGIN)
            .and_then(|v| v.to_str().ok());
        let from = origin.and_then(|o| {
            o.strip_prefix("https://")
                .or_else(|| o.strip_prefix("http://"))
        });
        if from.is_none() || from != authority(request) {
            return Err(
                Error::forbidden("This call did not come from the hub's own page.")
                    .slug("wrong-origin"),
            );
        }
    }
    Ok(page)
}

fn signed_in(front: &Front, headers: &HeaderMap, page: Page) -> Result<SignedIn> {
    let cookie = session_cookie(headers).ok_or_else(Error::signed_out)?;
    let signed_in = front
        .hub
        .identity
        .admit(&cookie)
        .ok_or_else(Error::signed_out)?;
    if signed_in.person.role != page.role() {
        return Err(Error::signed_out());
    }
    Ok(signed_in)
}

fn session_cookie(headers: &HeaderMap) -> Option<Secret> {
    let cookies = headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok());
    let mut pairs = cookies
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='));
    pairs
        .find(|(name, _)| *name == COOKIE)
        .map(|(_, value)| Secret::new(value))
}

fn has_role(who: Who, signed_in: &SignedIn) -> Result<()> {
    let needed = match who {
        Who::Owner => Role::Owner,
        Who::Operator => Role::Operator,
        Who::Anybody | Who::Loopback | Who::Signed | Who::Visitor | Who::SignedIn => return Ok(()),
    };
    if signed_in.person.role == needed {
        return Ok(());
    }
    Err(Error::forbidden(format!("Only an {} may do this.", needed.name())).slug("wrong-role"))
}

/// Refuses by the announced length, before anything is read; what arrives without one is counted.
fn fits(request: &Request, limit: usize) -> Result<()> {
    let announced = request
        .headers()
        .get(header::CONTENT_LENGTH)
        .and_then(|v| v.to_str().ok()?.parse::<usize>().ok());
    match announced {
        Some(length) if length > limit => Err(super::extract::too_large(limit)),
        Some(_) | None => Ok(()),
    }
}
