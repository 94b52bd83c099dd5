//! Signing in and out, and one's own passkeys.

mod link;
mod me;
mod passkey;
mod passkeys;

pub(super) use link::{__path_by_link, by_link};
pub(super) use me::{__path_me, __path_sign_out, Me, me, sign_out};
pub(super) use passkey::{
    __path_by_passkey, __path_passkey_challenge, by_passkey, passkey_challenge,
};
pub(super) use passkeys::{
    __path_new_passkey, __path_new_passkey_challenge, new_passkey, new_passkey_challenge,
};

use super::Front;
use super::guard::COOKIE;
use crate::identity::{Role, SignedIn};
use crate::world::Secret;
use axum::http::{HeaderName, header};
use serde::Serialize;

/// What a sign-in answers.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct Welcome {
    me: Me,
}

type WithCookie = ([(HeaderName, String); 1], axum::Json<Welcome>);

/// As long as the session can live; the hub decides earlier.
const fn cookie_days(role: Role) -> u32 {
    match role {
        Role::Owner => 365,
        Role::Operator => 1,
    }
}

fn welcome(front: &Front, secret: &Secret, signed_in: &SignedIn) -> WithCookie {
    let age = cookie_days(signed_in.person.role) * 86_400;
    let cookie = format!(
        "{COOKIE}={}; Path=/; Max-Age={age}; Secure; HttpOnly; SameSite=Strict",
        secret.reveal()
    );
    (
        [(header::SET_COOKIE, cookie)],
        axum::Json(Welcome {
            me: Me::of(front, &signed_in.person),
        }),
    )
}
