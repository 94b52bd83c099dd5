//! One signed-in browser or phone: how long it lasts, and what its holder is given.

use super::person::{Person, Role};
use crate::world::{PersonId, from_millis, millis};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use time::{Duration, OffsetDateTime};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

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
    seen: Arc<Seen>,
}

impl SignedIn {
    pub(super) fn seen(&self, now: OffsetDateTime) {
        self.seen.now(now);
    }
}

/// When somebody was last here.
#[derive(Debug)]
struct Seen {
    at_ms: AtomicI64,
    /// The store was not told yet.
    unwritten: AtomicBool,
}

impl Seen {
    fn now(&self, now: OffsetDateTime) {
        self.at_ms.store(millis(now), Ordering::Relaxed);
        self.unwritten.store(true, Ordering::Relaxed);
    }
}

pub(super) struct Session {
    pub(super) id: SessionId,
    pub(super) person: PersonId,
    pub(super) made_at: OffsetDateTime,
    seen: Arc<Seen>,
    ended: CancellationToken,
}

/// A session that is over.
#[derive(Clone, Copy, Debug)]
pub(super) struct SessionEnd {
    pub(super) session: SessionId,
    pub(super) person: PersonId,
}

impl Session {
    pub(super) fn new(
        id: SessionId,
        person: PersonId,
        made_at: OffsetDateTime,
        seen_ms: i64,
    ) -> Self {
        let seen = Seen {
            at_ms: AtomicI64::new(seen_ms),
            unwritten: AtomicBool::new(false),
        };
        Self {
            id,
            person,
            made_at,
            seen: Arc::new(seen),
            ended: CancellationToken::new(),
        }
    }

    pub(super) fn is_over(&self, role: Role, now: OffsetDateTime) -> bool {
        let lifetime = lifetime(role);
        let seen = from_millis(self.seen.at_ms.load(Ordering::Relaxed));
        now - seen > lifetime.idle || now - self.made_at > lifetime.whole
    }

    pub(super) fn signed_in(&self, person: Arc<Person>) -> SignedIn {
        SignedIn {
            session: self.id,
            person,
            ended: self.ended.clone(),
            seen: Arc::clone(&self.seen),
        }
    }

    /// When it was last seen, if the store does not know that yet.
    pub(super) fn take_unwritten(&self) -> Option<i64> {
        let unwritten = self.seen.unwritten.swap(false, Ordering::Relaxed);
        unwritten.then(|| self.seen.at_ms.load(Ordering::Relaxed))
    }

    /// Tells whoever holds it.
    pub(super) fn end(&self) -> SessionEnd {
        self.ended.cancel();
        SessionEnd {
            session: self.id,
            person: self.person,
        }
    }
}
