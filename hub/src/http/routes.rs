//! Every call of the hub in one table: method, path, who may, how large, how often, how long, and the
//! handler. What is not in it does not exist; a row without a caller cannot be written.

use super::guard::{self, Rule, Who};
use super::limits::Rate;
use super::{
    Front, alerts, approvals, health, hooks, incidents, mailbox, metrics, openapi, presses,
    revokes, session, stream, tickets, tiles, viewings, walls, whep, words,
};
use axum::Router;
use axum::handler::Handler;
use axum::middleware::from_fn_with_state;
use axum::routing::{MethodFilter, MethodRouter, on};
use std::time::Duration;

/// Largest body of a call, in bytes.
const NONE: usize = 0;
const SMALL: usize = 4 << 10;
/// A WebAuthn credential with its attestation.
const CREDENTIAL: usize = 32 << 10;
/// A press with an envelope of 4 KiB for each of eight devices, in base64.
const SIGNED: usize = 64 << 10;
/// Sets and policies of 64 KiB each, in base64; eight of them never are so long.
const WORDS: usize = 512 << 10;
const PAIRING: usize = assent_wire::MAX_PAIRING;
/// A description of a wall with dozens of tiles.
const SDP: usize = 256 << 10;

/// How long a handler may take before the caller is told to come back.
const QUICK: Duration = Duration::from_secs(5);
/// Sign-ins write several rows on a store that may be busy.
const STORE: Duration = Duration::from_secs(10);

/// A device answers within three seconds or is away.
const DEVICE: Duration = Duration::from_secs(5);
/// Longer than a phone is let wait for a press at its device.
const ANSWER: Duration = Duration::from_secs(28);
/// A page that hears nothing for so long keeps its press and sends it again.
const PRESS: Duration = Duration::from_secs(6);

pub(super) struct Route {
    pub(super) path: &'static str,
    pub(super) rule: Rule,
    handler: MethodRouter<Front>,
}

/// The methods that this API uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    Get,
    Post,
    Put,
    Delete,
}

impl Verb {
    fn filter(self) -> MethodFilter {
        match self {
            Verb::Get => MethodFilter::GET,
            Verb::Post => MethodFilter::POST,
            Verb::Put => MethodFilter::PUT,
            Verb::Delete => MethodFilter::DELETE,
        }
    }
}

#[rustfmt::skip]
pub(super) fn table() -> Vec<Route> {
    use Verb::{Delete, Get, Post, Put};
    vec![
        //  verb    path                              who            body        rate           within  handler
        row(Get,    "/healthz",                       Who::Anybody,  NONE,       Rate::Free,    QUICK,  health::alive),
        row(Get,    "/readyz",                        Who::Anybody,  NONE,       Rate::Free,    QUICK,  health::ready),
        row(Get,    "/metrics",                       Who::Loopback, NONE,       Rate::Free,    QUICK,  metrics::show),
        row(Get,    "/api/openapi.json",              Who::Visitor,  NONE,       Rate::Visit,   QUICK,  openapi::serve),
        row(Post,   "/api/session/link",              Who::Visitor,  SMALL,      Rate::SignIn,  STORE,  session::by_link),
        row(Post,   "/api/session/passkey/challenge", Who::Visitor,  SMALL,      Rate::SignIn,  QUICK,  session::passkey_challenge),
        row(Post,   "/api/session/passkey",           Who::Visitor,  CREDENTIAL, Rate::SignIn,  STORE,  session::by_passkey),
        row(Get,    "/api/session",                   Who::SignedIn, NONE,       Rate::Read,    QUICK,  session::me),
        row(Delete, "/api/session",                   Who::SignedIn, NONE,       Rate::Change,  STORE,  session::sign_out),
        row(Post,   "/api/passkeys/challenge",        Who::SignedIn, SMALL,      Rate::Change,  QUICK,  session::new_passkey_challenge),
        row(Post,   "/api/passkeys",                  Who::SignedIn, CREDENTIAL, Rate::Change,  STORE,  session::new_passkey),
        row(Get,    "/api/stream",                    Who::SignedIn, NONE,       Rate::Stream,  QUICK,  stream::open),
        row(Put,    "/api/presses/{id}",              Who::Owner,    SIGNED,     Rate::Owner,   PRESS,  presses::press),
        row(Put,    "/api/revokes/{id}",              Who::Owner,    SIGNED,     Rate::Owner,   PRESS,  revokes::revoke),
        row(Put,    "/api/approvals/{alertId}",       Who::Owner,    SIGNED,     Rate::Owner,   PRESS,  approvals::approve),
        row(Post,   "/api/devices/{device}/nonces",   Who::Owner,    SMALL,      Rate::Owner,   DEVICE, words::nonce),
        row(Post,   "/api/devices/{device}/words",    Who::Owner,    WORDS,      Rate::Change,  DEVICE, words::present),
        row(Get,    "/api/devices/{device}/words",    Who::Owner,    NONE,       Rate::Read,    STORE,  words::known),
        row(Post,   "/api/mailbox/{device}",          Who::Anybody,  PAIRING,    Rate::Mailbox, QUICK,  mailbox::leave),
        row(Get,    "/api/mailbox/{device}/{hash}",   Who::Anybody,  NONE,       Rate::Wait,    ANSWER, mailbox::answer),
        row(Post,   "/api/tickets",                   Who::Operator, SMALL,      Rate::Change,  QUICK,  tickets::make_ticket),
        row(Put,    "/api/alerts/{id}/acknowledgement", Who::Operator, SMALL,    Rate::Change,  QUICK,  alerts::acknowledge),
        row(Put,    "/api/incidents/{id}/clear",      Who::Operator, SMALL,      Rate::Change,  QUICK,  incidents::clear),
        row(Post,   "/api/hooks/{source}",            Who::Signed,   SMALL,      Rate::Visit,   STORE,  hooks::take),
        row(Get,    "/api/viewings",                  Who::Owner,    NONE,       Rate::Read,    STORE,  viewings::history),
        row(Put,    "/api/walls/{wallId}",            Who::Operator, SDP,        Rate::Change,  QUICK,  walls::open),
        row(Delete, "/api/walls/{wallId}",            Who::Operator, NONE,       Rate::Change,  QUICK,  walls::close),
        row(Put,    "/api/walls/{wallId}/tiles/{slot}", Who::Operator, SMALL,    Rate::Tile,    QUICK,  tiles::set),
        row(Post,   "/api/media-tokens",              Who::Operator, SMALL,      Rate::Change,  QUICK,  whep::make_token),
        row(Post,   "/whep/{cameraId}",               Who::Signed,   SDP,        Rate::Visit,   QUICK,  whep::open),
        row(Delete, "/whep/{cameraId}/{playerId}",    Who::Signed,   NONE,       Rate::Visit,   QUICK,  whep::close),
    ]
}

fn row<H: Handler<T, Front>, T: 'static>(
    verb: Verb,
    path: &'static str,
    who: Who,
    body: usize,
    rate: Rate,
    within: Duration,
    handler: H,
) -> Route {
    let rule = Rule {
        verb,
        who,
        body,
        rate,
        within,
    };
    Route {
        path,
        rule,
        handler: on(verb.filter(), handler),
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
