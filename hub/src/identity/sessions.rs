//! Signed-in browsers and phones. The table in memory decides; the store is how it survives a restart.
//! A session ends by sign-out, a lost role, silence or age, and whoever holds it is told by its token.

use super::Identity;
use super::people::People;
use super::person::{Person, Role};
use crate::audit::{Actor, Class, Event};
use crate::error::Result;
use crate::world::{Guarded, Hash, PersonId, Secret, World, from_millis, millis};
use sqlx::Row;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use time::{Duration, OffsetDateTime};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// A phone, two browsers and the forgotten ones; the oldest ends when another begins.
const SESSIONS_A_PERSON: usize = 16;

/// How long a session lasts without a call, and at the longest.
struct Lifetime {
    idle: Duration,
    whole: Duration,
}

/// An owner must not meet a sign-in page in an emergency; an operator's seat is one shift.
const fn lifetime(role: Role) -> Lifetime {
    match role {
        Role::Owner => Lifetime {
            idle: Duration::days(90),
            whole: Duration::days(365),
        },
        Role::Operator => Lifetime {
            idle: Duration::minutes(30),
            whole: Duration::hours(12),
        },
    }
}

/// Names a session in records; it opens nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(transparent)]
pub struct SessionId(pub Uuid);

/// Somebody who is signed in right now. `ended` is cancelled the moment this is no longer so: a stream
/// or a wall that outlives a call has to wait on it.
#[derive(Clone, Debug)]
pub struct SignedIn {
    pub session: SessionId,
    pub person: Arc<Person>,
    pub ended: CancellationToken,
}

struct Session {
    id: SessionId,
    person: PersonId,
    made_at: OffsetDateTime,
    seen_ms: AtomicI64,
    /// Seen since the store was last told.
    seen_unwritten: AtomicBool,
    ended: CancellationToken,
}

impl Session {
    fn is_over(&self, role: Role, now: OffsetDateTime) -> bool {
        let lifetime = lifetime(role);
        let seen = from_millis(self.seen_ms.load(Ordering::Relaxed));
        now - seen > lifetime.idle || now - self.made_at > lifetime.whole
    }

    fn signed_in(&self, person: Arc<Person>) -> SignedIn {
        SignedIn {
            session: self.id,
            person,
            ended: self.ended.clone(),
        }
    }
}

#[derive(Default)]
pub(super) struct Sessions(Guarded<HashMap<Hash, Session>>);

impl Sessions {
    pub(super) async fn read(world: &World, people: &People) -> Result<Self> {
        let rows = sqlx::query(
            "SELECT id, hash, person, made_at, seen_at FROM session WHERE ended_at IS NULL",
        )
        .fetch_all(world.store.pool())
        .await?;
        let now = world.clock.now();
        let mut sessions = HashMap::new();
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
            let Some(owner) = people.find(person) else {
                continue;
            };
            let session = Session {
                id: SessionId(id),
                person,
                made_at: from_millis(row.try_get(3)?),
                seen_ms: AtomicI64::new(row.try_get(4)?),
                seen_unwritten: AtomicBool::new(false),
                ended: CancellationToken::new(),
            };
            if !session.is_over(owner.role, now) {
                sessions.insert(Hash(hash), session);
            }
        }
        Ok(Self(Guarded::new(sessions)))
    }

    /// Ends every session of a person in memory, and so for everybody who holds one.
    pub(super) fn end_all_of(&self, person: PersonId) -> Vec<SessionEnd> {
        self.end_where(|session| session.person == person)
    }

    fn end_where(&self, over: impl Fn(&Session) -> bool) -> Vec<SessionEnd> {
        let ended: Vec<Session> = self
            .0
            .lock()
            .extract_if(|_, session| over(session))
            .map(|(_, session)| session)
            .collect();
        ended
            .into_iter()
            .map(|session| {
                session.ended.cancel();
                SessionEnd {
                    session: session.id,
                    person: session.person,
                }
            })
            .collect()
    }

    pub(super) async fn write_end(&self, world: &World, session: SessionId) -> Result<()> {
        sqlx::query("UPDATE session SET ended_at = $1 WHERE id = $2 AND ended_at IS NULL")
            .bind(millis(world.clock.now()))
            .bind(session.0.to_string())
            .execute(world.store.pool())
            .await?;
        Ok(())
    }
}

/// A session that is over.
#[derive(Clone, Copy, Debug)]
pub(super) struct SessionEnd {
    pub(super) session: SessionId,
    pub(super) person: PersonId,
}

impl Identity {
    /// Who sends this cookie, from memory. Counts as being seen.
    pub fn admit(&self, cookie: &Secret) -> Option<SignedIn> {
        let sessions = self.sessions.0.lock();
        let session = sessions.get(&cookie.hash())?;
        let person = self.people.find(session.person)?;
        let now = self.world.clock.now();
        if session.is_over(person.role, now) {
            return None;
        }
        session.seen_ms.store(millis(now), Ordering::Relaxed);
        session.seen_unwritten.store(true, Ordering::Relaxed);
        Some(session.signed_in(person))
    }

    /// The same by id, for tokens that name a session; does not count as being seen.
    pub fn still_signed_in(&self, session: SessionId) -> Option<SignedIn> {
        let sessions = self.sessions.0.lock();
        let session = sessions.values().find(|one| one.id == session)?;
        let person = self.people.find(session.person)?;
        (!session.is_over(person.role, self.world.clock.now())).then(|| session.signed_in(person))
    }

    /// A stream that is still open is somebody who is still there.
    pub fn seen(&self, signed_in: &SignedIn) {
        let sessions = self.sessions.0.lock();
        if let Some(session) = sessions
            .values()
            .find(|session| session.id == signed_in.session)
        {
            session
                .seen_ms
                .store(millis(self.world.clock.now()), Ordering::Relaxed);
            session.seen_unwritten.store(true, Ordering::Relaxed);
        }
    }

    /// Recorded, kept, then valid: the secret is the cookie.
    pub(super) async fn begin_session(
        &self,
        person: Arc<Person>,
        way: &'static str,
    ) -> Result<(Secret, SignedIn)> {
        let (secret, now) = (self.world.random.secret(), self.world.clock.now());
        let session = Session {
            id: SessionId(self.world.random.id()),
            person: person.id,
            made_at: now,
            seen_ms: AtomicI64::new(millis(now)),
            seen_unwritten: AtomicBool::new(false),
            ended: CancellationToken::new(),
        };
        let detail = serde_json::json!({ "session": session.id, "way": way });
        self.audit
            .append(
                Event::new(Class::SignIn, Actor::Person(person.id))
                    .agency(person.agency)
                    .detail(detail),
            )
            .await?;
        sqlx::query(
            "INSERT INTO session (id, hash, person, made_at, seen_at) VALUES ($1, $2, $3, $4, $4)",
        )
        .bind(session.id.0.to_string())
        .bind(secret.hash().0.to_vec())
        .bind(person.id.to_string())
        .bind(millis(now))
        .execute(self.world.store.pool())
        .await?;
        let signed_in = session.signed_in(person);
        self.sessions.0.lock().insert(secret.hash(), session);
        self.end_oldest_beyond_bound(signed_in.person.id).await;
        Ok((secret, signed_in))
    }

    async fn end_oldest_beyond_bound(&self, person: PersonId) {
        let surplus: Vec<SessionId> = {
            let sessions = self.sessions.0.lock();
            let mut own: Vec<_> = sessions
                .values()
                .filter(|s| s.person == person)
                .map(|s| (s.made_at, s.id))
                .collect();
            own.sort_unstable();
            let surplus = own.len().saturating_sub(SESSIONS_A_PERSON);
            own.into_iter().take(surplus).map(|(_, id)| id).collect()
        };
        let ended = self
            .sessions
            .end_where(|session| surplus.contains(&session.id));
        self.write_ends(&ended, "too many sessions").await;
    }

    /// Ends at once, then is recorded. Works without the store, which then forgets it at the next start
    /// only by age; the caller is told.
    pub async fn sign_out(&self, signed_in: &SignedIn) -> Result<()> {
        for end in self
            .sessions
            .end_where(|session| session.id == signed_in.session)
        {
            self.write_end(end, "signed out").await?;
        }
        Ok(())
    }

    /// Ends what is over by silence or age, and tells the store who was seen. Called every few seconds.
    pub async fn sweep_sessions(&self) {
        let now = self.world.clock.now();
        let ended = self
            .sessions
            .end_where(|session| match self.people.find(session.person) {
                Some(person) => session.is_over(person.role, now),
                None => true,
            });
        self.write_ends(&ended, "too old or silent").await;
        let seen: Vec<(SessionId, i64)> = {
            let sessions = self.sessions.0.lock();
            let unwritten = sessions
                .values()
                .filter(|s| s.seen_unwritten.swap(false, Ordering::Relaxed));
            unwritten
                .map(|s| (s.id, s.seen_ms.load(Ordering::Relaxed)))
                .collect()
        };
        for (session, at) in seen {
            let written = sqlx::query("UPDATE session SET seen_at = $1 WHERE id = $2")
                .bind(at)
                .bind(session.0.to_string());
            if let Err(e) = written.execute(self.world.store.pool()).await {
                tracing::warn!(error = %e, "could not note who was seen");
                return;
            }
        }
    }

    async fn write_ends(&self, ended: &[SessionEnd], why: &'static str) {
        for end in ended {
            if let Err(e) = self.write_end(*end, why).await {
                tracing::warn!(error = %e, session.id = %end.session.0, "a session ended that the store could not note");
            }
        }
    }

    pub(super) async fn write_end(&self, end: SessionEnd, why: &'static str) -> Result<()> {
        self.sessions.write_end(&self.world, end.session).await?;
        let detail = serde_json::json!({ "session": end.session, "why": why });
        self.audit
            .append(Event::new(Class::SignOut, Actor::Person(end.person)).detail(detail))
            .await?;
        Ok(())
    }
}
