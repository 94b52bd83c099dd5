//! GET and DELETE /api/session: who am I, and goodbye.

use crate::http::Front;
use crate::http::extract::Caller;
use crate::http::guard::COOKIE;
use crate::http::problem::Problem;
use crate::identity::{Person, Role};
use crate::world::PersonId;
use axum::extract::State;
use axum::http::{HeaderName, StatusCode, header};
use serde::Serialize;

/// The person who is signed in, as their own page shows them.
#[derive(Serialize, utoipa::ToSchema)]
pub(in crate::http) struct Me {
    #[schema(value_type = String)]
    id: PersonId,
    name: String,
    role: Role,
    badge: Option<String>,
    agency: Option<crate::http::session::me::MyAgency>,
    passkeys: usize,
}

#[derive(Serialize, utoipa::ToSchema)]
pub(in crate::http) struct MyAgency {
    id: String,
    name: String,
}

impl Me {
    pub(super) fn of(front: &Front, person: &Person) -> Self {
        let agency = person.agency.and_then(|id| front.hub.registry.agency(id));
        Self {
            id: person.id,
            name: person.name.reveal().clone(),
            role: person.role,
            badge: person.badge.as_ref().map(|badge| badge.0.clone()),
            agency: agency.map(|agency| MyAgency {
                id: agency.id.to_string(),
                name: agency.name.clone(),
            }),
            passkeys: front.hub.identity.passkeys_of(person.id),
        }
    }
}

/// Who is signed in.
#[utoipa::path(get, path = "/api/session", tag = "session", responses((status = 200, body = Me), (status = 401, body = Problem)))]
pub(in crate::http) async fn me(
    State(front): State<Front>,
    Caller(signed_in): Caller,
) -> axum::Json<Me> {
    axum::Json(Me::of(&front, &signed_in.person))
}

/// Signs out: streams and walls of this session end before the answer.
#[utoipa::path(delete, path = "/api/session", tag = "session", responses((status = 204), (status = 401, body = Problem)))]
pub(in crate::http) async fn sign_out(
    State(front): State<Front>,
    Caller(signed_in): Caller,
) -> (StatusCode, [(HeaderName, String); 1]) {
    front.hub.identity.sign_out(&signed_in).await;
    let gone = format!("{COOKIE}=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Strict");
    (StatusCode::NO_CONTENT, [(header::SET_COOKIE, gone)])
}
