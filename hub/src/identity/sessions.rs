//! All sessions. The table in memory decides; the store is how it survives a restart. A session ends by
//! sign-out, a lost role, silence or age: first for everybody who holds it, then on record.

use super::Identity;
use super::people::People;
use super::person::Person;
use super::session::{Session, SessionEnd, SessionId, SignedIn};
use crate::audit::{Actor, Class, Event};
use crate::error::Result;
use crate::world::{Guarded, Hash, PersonId, Secret, World, from_millis, millis};
use sqlx::Row;
use std::collections::HashMap;
use std::sync::Arc;
use uuid::Uuid;

/// A phone, two browsers and the forgotten ones; the oldest ends when another begins.
const SESSIONS_A_PERSON: usize = 16;

#[derive(Default)]
pub(super) struct Sessions {
    live: Guarded<HashMap<Hash, Session>>,
    /// Ended, and the store was away when it should have been told.
    unwritten: Guarded<Vec<SessionEnd>>,
}

impl Sessions {
    pub(super) async fn read(world: &World, people: &People) -> Result<Self> {
        let text = "SELECT id, hash, person, made_at, seen_at FROM session WHERE ended_at IS NULL";
        let rows = sqlx::query(text).fetch_all(world.store.pool()).await?;
        let now = world.clock.now();
        let mut live = HashMap::new();
        for row in rows {
            let (id, person): (String, String) = (row.try_get(0)?, row.try_get(2)?);
            let hash: Vec<u8> = row.try_get(1)?;
            let (Ok(id), Some(person), Ok(hash)) = (
                Uuid::try_parse(&id),
                PersonId::parse(&person),
                hash.try_into(),
            ) else {
                continue;
            };
            let session = Session::new(
                SessionId(id),
                person,
                from_millis(row.try_get(3)?),
                row.try_get(4)?,
            );
            if people
                .find(person)
                .is_some_and(|person| !session.is_over(person.role, now))
            {
                live.insert(Hash(hash), session);
            }
        }
        Ok(Self {
            live: Guarded::new(live),
            unwritten: Guarded::default(),
        })
    }

    /// Ends every session of a person in memory, and so for everybody who holds one.
    pub(super) fn end_all_of(&self, person: PersonId) -> Vec<SessionEnd> {
        self.end_where(|session| session.person == person)
    }

    fn end_where(&self, over: impl Fn(&Session) -> bool) -> Vec<SessionEnd> {
        let mut live = self.live.lock();
        live.extract_if(|_, session| over(session))
            .map(|(_, session)| session.end())
            .collect()
    }

    fn surplus_of(&self, person: PersonId) -> Vec<SessionId> {
        let live = self.live.lock();
        let mut own: Vec<_> = live
            .values()
            .filter(|s| s.person == person)
            .map(|s| (s.made_at, s.id))
            .collect();
        own.sort_unstable();
        own.truncate(own.len().saturating_sub(SESSIONS_A_PERSON));
        own.into_iter().map(|(_, id)| id).collect()
    }
}

impl Identity {
    /// Who sends this cookie, from memory. Counts as being seen.
    pub fn admit(&self, cookie: &Secret) -> Option<SignedIn> {
        let now = self.world.clock.now();
        let live = self.sessions.live.lock();
        let session = live.get(&cookie.hash())?;
        let person = self
            .people
            .find(session.person)
            .filter(|person| !session.is_over(person.role, now))?;
        let signed_in = session.signed_in(person);
        signed_in.seen(now);
        Some(signed_in)
    }

    /// The same by id, for tickets and tokens that name a session; does not count as being seen.
    pub fn still_signed_in(&self, session: SessionId) -> Option<SignedIn> {
        let now = self.world.clock.now();
        let live = self.sessions.live.lock();
        let session = live.values().find(|one| one.id == session)?;
        let person = self
            .people
            .find(session.person)
            .filter(|person| !session.is_over(person.role, now))?;
        Some(session.signed_in(person))
    }

    /// How many there are.
    pub fn sessions(&self) -> usize {
        self.sessions.live.lock().len()
    }

    /// A stream that is still open is somebody who is still there.
    pub fn seen(&self, signed_in: &SignedIn) {
        signed_in.seen(self.world.clock.now());
    }

    /// Recorded, kept, then valid: the secret is the cookie. `taking` uses up, in the same transaction,
    /// what the person signs in with.
    pub(super) async fn begin_session(
        &self,
        person: Arc<Person>,
        way: &'static str,
        taking: impl AsyncFnOnce(&mut sqlx::AnyConnection) -> Result<()>,
    ) -> Result<(Secret, SignedIn)> {
        let (secret, now) = (self.world.random.secret(), self.world.clock.now());
        let session = Session::new(
            SessionId(self.world.random.id()),
            person.id,
            now,
            millis(now),
        );
        let detail = serde_json::json!({ "session": session.id, "way": way });
        let event = Event::new(Class::SignIn, Actor::Person(person.id)).agency(person.agency);
        self.audit.append(event.detail(detail)).await?;
        let mut tx = self.world.store.pool().begin().await?;
        taking(&mut tx).await?;
        sqlx::query(
            "INSERT INTO session (id, hash, person, made_at, seen_at) VALUES ($1, $2, $3, $4, $4)",
        )
        .bind(session.id.0.to_string())
        .bind(secret.hash().0.to_vec())
        .bind(person.id.to_string())
        .bind(millis(now))
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        let signed_in = session.signed_in(person);
        self.sessions.live.lock().insert(secret.hash(), session);
        let surplus = self.sessions.surplus_of(signed_in.person.id);
        let ended = self
            .sessions
            .end_where(|session| surplus.contains(&session.id));
        self.record_ends(ended, "too many sessions").await;
        Ok((secret, signed_in))
    }

    /// Ends at once, with or without a store; the record follows.
    pub async fn sign_out(&self, signed_in: &SignedIn) {
        let ended = self
            .sessions
            .end_where(|session| session.id == signed_in.session);
        self.record_ends(ended, "signed out").await;
    }

    /// Ends what is over by silence or age, and tells the store who was seen. Called every few seconds.
    pub async fn sweep_sessions(&self) {
        let now = self.world.clock.now();
        let over = |session: &Session| match self.people.find(session.person) {
            Some(person) => session.is_over(person.role, now),
            None => true,
        };
        let ended = self.sessions.end_where(over);
        self.record_ends(ended, "too old or silent").await;
        if let Err(error) = self.write_seen().await {
            tracing::warn!(%error, "could not note who was seen");
        }
        let unwritten = std::mem::take(&mut *self.sessions.unwritten.lock());
        self.write_ends(unwritten).await;
    }

    pub(super) async fn record_ends(&self, ended: Vec<SessionEnd>, why: &'static str) {
        for end in &ended {
            let detail = serde_json::json!({ "session": end.session, "why": why });
            let event = Event::new(Class::SignOut, Actor::Person(end.person)).detail(detail);
            if let Err(error) = self.audit.append_or_spool(event).await {
                tracing::error!(%error, session.id = %end.session.0, "a session ended without a record");
            }
        }
        self.write_ends(ended).await;
    }

    /// What the store does not take now is kept and tried again, or a restart would bring it back to life.
    async fn write_ends(&self, ended: Vec<SessionEnd>) {
        for (done, end) in ended.iter().enumerate() {
            let write =
                sqlx::query("UPDATE session SET ended_at = $1 WHERE id = $2 AND ended_at IS NULL")
                    .bind(millis(self.world.clock.now()))
                    .bind(end.session.0.to_string());
            if let Err(error) = write.execute(self.world.store.pool()).await {
                tracing::warn!(%error, sessions = ended.len() - done, "the store could not note the end of sessions");
                self.sessions
                    .unwritten
                    .lock()
                    .extend_from_slice(&ended[done..]);
                return;
            }
        }
    }

    async fn write_seen(&self) -> Result<()> {
        let seen: Vec<(SessionId, i64)> = {
            let live = self.sessions.live.lock();
            live.values()
                .filter_map(|session| Some((session.id, session.take_unwritten()?)))
                .collect()
        };
        for (session, at) in seen {
            sqlx::query("UPDATE session SET seen_at = $1 WHERE id = $2")
                .bind(at)
                .bind(session.0.to_string())
                .execute(self.world.store.pool())
                .await?;
        }
        Ok(())
    }
}
