//! Single-use tickets: what a signed-in page trades for one media connection, so that no long-lived
//! secret ever stands in an address.

use super::Front;
use super::extract::{Caller, Json};
use super::problem::Problem;
use crate::error::{Error, Result};
use crate::identity::{Identity, SessionId, SignedIn};
use crate::world::{Guarded, Hash, Secret, World};
use axum::extract::State;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use time::{Duration, OffsetDateTime};

const VALID_FOR: Duration = Duration::seconds(30);
/// Tickets out at once; beyond it the oldest is void.
const TICKETS: usize = 4_096;

struct Ticket {
    session: SessionId,
    expires_at: OffsetDateTime,
}

#[derive(Default)]
pub(super) struct Tickets(Guarded<HashMap<Hash, Ticket>>);

impl Tickets {
    pub(super) fn make(&self, world: &World, signed_in: &SignedIn) -> Secret {
        let secret = world.random.secret();
        let mut tickets = self.0.lock();
        if tickets.len() >= TICKETS {
            let oldest = tickets
                .iter()
                .min_by_key(|(_, ticket)| ticket.expires_at)
                .map(|(hash, _)| *hash);
            oldest.and_then(|hash| tickets.remove(&hash));
        }
        tickets.insert(
            secret.hash(),
            Ticket {
                session: signed_in.session,
                expires_at: world.clock.now() + VALID_FOR,
            },
        );
        secret
    }

    /// Uses it up. It works for the session that asked for it, while that lasts.
    pub(super) fn take(
        &self,
        world: &World,
        identity: &Identity,
        secret: &Secret,
    ) -> Result<SignedIn> {
        let ticket = self
            .0
            .lock()
            .remove(&secret.hash())
            .filter(|ticket| world.clock.now() < ticket.expires_at);
        let ticket = ticket.ok_or_else(|| {
            Error::gone("This ticket is used, expired or unknown. Ask for a new one.")
                .slug("ticket-over")
        })?;
        identity
            .still_signed_in(ticket.session)
            .ok_or_else(Error::signed_out)
    }

    pub(super) fn sweep(&self, now: OffsetDateTime) {
        self.0.lock().retain(|_, ticket| now < ticket.expires_at);
    }
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct TicketAsked {
    /// What it is for.
    r#use: TicketUse,
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
enum TicketUse {
    Wall,
}

#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct NewTicket {
    /// Works once, within 30 s.
    ticket: String,
}

/// Makes a ticket for one media connection.
#[utoipa::path(post, path = "/api/tickets", tag = "operator", request_body = TicketAsked,
    responses((status = 200, body = NewTicket), (status = 401, body = Problem), (status = 403, body = Problem)))]
pub(super) async fn make_ticket(
    State(front): State<Front>,
    Caller(signed_in): Caller,
    Json(asked): Json<TicketAsked>,
) -> axum::Json<NewTicket> {
    match asked.r#use {
        TicketUse::Wall => {}
    }
    let secret = front.tickets.make(&front.hub.world, &signed_in);
    axum::Json(NewTicket {
        ticket: secret.reveal().to_owned(),
    })
}
