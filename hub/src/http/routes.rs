//! Every call of the hub in one table: method, path, who may, how large, how often, how long, and the
//! handler. What is not in it does not exist; a row without a caller cannot be written.

use super::guard::{self, Rule, Who};
use super::limits::Rate;
use super::{
    Front, alerts, approvals, health, hooks, incidents, metrics, openapi, presses, revokes,
    session, stream, tickets, tiles, viewings, walls, whep,
};
use axum::Router;
use axum::http::Method;
use axum::middleware::from_fn_with_state;
use axum::routing::{MethodRouter, delete, get, post, put};
use std::time::Duration;

/// Largest body of a call, in bytes.
const NONE: usize = 0;
const SMALL: usize = 4 << 10;
/// A WebAuthn credential with its attestation.
const CREDENTIAL: usize = 32 << 10;
/// A description of a wall with dozens of tiles.
const SDP: usize = 256 << 10;

/// How long a handler may take before the caller is told to come back.
const QUICK: Duration = Duration::from_secs(5);
/// Sign-ins write several rows on a store that may be busy.
const STORE: Duration = Duration::from_secs(10);

/// A page that hears nothing for so long keeps its press and sends it again.
const PRESS: Duration = Duration::from_secs(6);

pub(super) struct Route {
    pub(super) method: Method,
    pub(super) path: &'static str,
    rule: Rule,
    handler: MethodRouter<Front>,
}

const GET: Method = Method::GET;
const POST: Method = Method::POST;
const PUT: Method = Method::PUT;
const DELETE: Method = Method::DELETE;

#[rustfmt::skip]
pub(super) fn table() -> Vec<Route> {
    vec![
        //   method  path                              who            body        rate           within  handler
        row(GET,    "/healthz",                       Who::Anybody,  NONE,       Rate::Free,    QUICK,  get(health::alive)),
        row(GET,    "/readyz",                        Who::Anybody,  NONE,       Rate::Free,    QUICK,  get(health::ready)),
        row(GET,    "/metrics",                       Who::Loopback, NONE,       Rate::Free,    QUICK,  get(metrics::show)),
        row(GET,    "/api/openapi.json",              Who::Visitor,  NONE,       Rate::Visit,   QUICK,  get(openapi::serve)),
        row(POST,   "/api/session/link",              Who::Visitor,  SMALL,      Rate::SignIn,  STORE,  post(session::by_link)),
        row(POST,   "/api/session/passkey/challenge", Who::Visitor,  SMALL,      Rate::SignIn,  QUICK,  post(session::passkey_challenge)),
        row(POST,   "/api/session/passkey",           Who::Visitor,  CREDENTIAL, Rate::SignIn,  STORE,  post(session::by_passkey)),
        row(GET,    "/api/session",                   Who::SignedIn, NONE,       Rate::Read,    QUICK,  get(session::me)),
        row(DELETE, "/api/session",                   Who::SignedIn, NONE,       Rate::Change,  STORE,  delete(session::sign_out)),
        row(POST,   "/api/passkeys/challenge",        Who::SignedIn, SMALL,      Rate::Change,  QUICK,  post(session::new_passkey_challenge)),
        row(POST,   "/api/passkeys",                  Who::SignedIn, CREDENTIAL, Rate::Change,  STORE,  post(session::new_passkey)),
        row(GET,    "/api/stream",                    Who::SignedIn, NONE,       Rate::Stream,  QUICK,  get(stream::open)),
        row(PUT,    "/api/presses/{id}",              Who::Owner,    SMALL,      Rate::Owner,   PRESS,  put(presses::press)),
        row(PUT,    "/api/revokes/{id}",              Who::Owner,    SMALL,      Rate::Owner,   PRESS,  put(revokes::revoke)),
        row(PUT,    "/api/approvals/{alertId}",       Who::Owner,    SMALL,      Rate::Owner,   PRESS,  put(approvals::approve)),
        row(POST,   "/api/tickets",                   Who::Operator, SMALL,      Rate::Change,  QUICK,  post(tickets::make_ticket)),
        row(PUT,    "/api/alerts/{id}/acknowledgement", Who::Operator, SMALL,    Rate::Change,  QUICK,  put(alerts::acknowledge)),
        row(PUT,    "/api/incidents/{id}/clear",      Who::Operator, SMALL,      Rate::Change,  QUICK,  put(incidents::clear)),
        row(POST,   "/api/hooks/{source}",            Who::Signed,   SMALL,      Rate::Visit,   STORE,  post(hooks::take)),
        row(GET,    "/api/viewings",                  Who::Owner,    NONE,       Rate::Read,    STORE,  get(viewings::history)),
        row(PUT,    "/api/walls/{wallId}",            Who::Operator, SDP,        Rate::Change,  QUICK,  put(walls::open)),
        row(DELETE, "/api/walls/{wallId}",            Who::Operator, NONE,       Rate::Change,  QUICK,  delete(walls::close)),
        row(PUT,    "/api/walls/{wallId}/tiles/{slot}", Who::Operator, SMALL,    Rate::Tile,    QUICK,  put(tiles::set)),
        row(POST,   "/api/media-tokens",              Who::Operator, SMALL,      Rate::Change,  QUICK,  post(whep::make_token)),
        row(POST,   "/whep/{cameraId}",               Who::Signed,   SDP,        Rate::Visit,   QUICK,  post(whep::open)),
        row(DELETE, "/whep/{cameraId}/{playerId}",    Who::Signed,   NONE,       Rate::Visit,   QUICK,  delete(whep::close)),
    ]
}

fn row(
    method: Method,
    path: &'static str,
    who: Who,
    body: usize,
    rate: Rate,
    within: Duration,
    handler: MethodRouter<Front>,
) -> Route {
    let rule = Rule {
        who,
        body,
        rate,
        within,
    };
    Route {
        method,
        path,
        rule,
        handler,
    }
}

pub(super) fn router(front: &Front) -> Router<Front> {
    table().into_iter().fold(Router::new(), |router, route| {
        let guarded = route.handler.layer(from_fn_with_state(
            (front.clone(), route.rule),
            guard::admit,
        ));
        router.route(route.path, guarded)
    })
}
