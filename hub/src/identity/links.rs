//! One-time sign-in links: how somebody gets in before there is a passkey. The token stands in the
//! address's fragment, so that no server or proxy logs it; the store has its hash.

use super::person::{Person, Role};
use super::{Identity, SignedIn};
use crate::audit::{Actor, Class, Event};
use crate::error::{Error, Result};
use crate::world::{PersonId, Secret, from_millis, millis};
use sqlx::Row;
use std::sync::Arc;
use time::{Duration, OffsetDateTime};

/// Long enough to be sent by mail and opened the same day.
const VALID_FOR: Duration = Duration::hours(24);

pub struct SignInLink {
    pub person: Arc<Person>,
    pub token: Secret,
    pub expires_at: OffsetDateTime,
}

impl Identity {
    pub async fn make_link(&self, person: PersonId, by: Actor) -> Result<SignInLink> {
        let person = self.person(person).ok_or_else(|| {
            Error::not_found("There is nobody with this key or id who has a role.")
        })?;
        let (token, now) = (self.world.random.secret(), self.world.clock.now());
        let expires_at = now + VALID_FOR;
        let detail = serde_json::json!({ "person": person.id });
        self.audit
            .append(
                Event::new(Class::LinkMade, by)
                    .agency(person.agency)
                    .detail(detail),
            )
            .await?;
        sqlx::query(
            "INSERT INTO sign_in_link (hash, person, made_at, expires_at) VALUES ($1, $2, $3, $4)",
        )
        .bind(token.hash().0.to_vec())
        .bind(person.id.to_string())
        .bind(millis(now))
        .bind(millis(expires_at))
        .execute(self.world.store.pool())
        .await?;
        Ok(SignInLink {
            person,
            token,
            expires_at,
        })
    }

    /// Uses a link up. `page` is whose page the browser is on: a link opened on the wrong one stays good.
    pub async fn sign_in_by_link(&self, token: &Secret, page: Role) -> Result<(Secret, SignedIn)> {
        let person = self.link_holder(token).await?;
        belongs_here(&person, page)?;
        let use_up = sqlx::query("UPDATE sign_in_link SET used_at = $1 WHERE hash = $2 AND used_at IS NULL RETURNING person")
            .bind(millis(self.world.clock.now()))
            .bind(token.hash().0.to_vec());
        // In the session's own transaction: a link whose session could not be kept is not used up.
        let taking = async |tx: &mut sqlx::AnyConnection| match use_up.fetch_optional(tx).await? {
            Some(_) => Ok(()),
            None => Err(used_already()),
        };
        self.begin_session(person, "link", taking).await
    }

    async fn link_holder(&self, token: &Secret) -> Result<Arc<Person>> {
        let row =
            sqlx::query("SELECT person, expires_at, used_at FROM sign_in_link WHERE hash = $1")
                .bind(token.hash().0.to_vec())
                .fetch_optional(self.world.store.pool())
                .await?;
        let row = row.ok_or_else(|| {
            Error::gone("This sign-in link is not one of ours. Ask for a new one.")
                .slug("link-unknown")
        })?;
        if row.try_get::<Option<i64>, _>(2)?.is_some() {
            return Err(used_already());
        }
        if from_millis(row.try_get(1)?) <= self.world.clock.now() {
            return Err(
                Error::gone("This sign-in link has expired. Ask for a new one.")
                    .slug("link-expired"),
            );
        }
        let person: String = row.try_get(0)?;
        let person = PersonId::parse(&person).and_then(|id| self.person(id));
        person.ok_or_else(|| {
            Error::gone("The person this link was made for has no role any more.")
                .slug("role-revoked")
        })
    }
}

fn used_already() -> Error {
    Error::gone("This sign-in link was used already; each works once. Ask for a new one, or use your passkey.").slug("link-used")
}

/// Owners sign in on the owners' page and operators on the console, never the other way round.
pub(super) fn belongs_here(person: &Person, page: Role) -> Result<()> {
    if person.role == page {
        return Ok(());
    }
    let other = match person.role {
        Role::Owner => "the owners' page",
        Role::Operator => "the operators' console",
    };
    Err(
        Error::forbidden(format!("This sign-in belongs to {other}. Open it there."))
            .slug("wrong-page"),
    )
}
