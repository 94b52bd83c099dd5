//! Who has streams open, and which number each section's present content has for them. A number belongs
//! to a content: a page that comes back with it is not sent the same again.

use crate::error::{Error, Result};
use crate::identity::{SessionId, SignedIn};
use crate::world::{Clock, Guarded, millis};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use time::{Duration, OffsetDateTime};

/// A wall on several screens and a few forgotten tabs.
const STREAMS_A_SESSION: usize = 12;
/// All pages of a city; each costs a task and a few kilobytes.
const STREAMS: usize = 6_000;
/// How long a page may be away and still be told only what changed.
const REMEMBER_FOR: Duration = Duration::minutes(10);

pub(super) type Content = [u8; 32];

pub(in crate::http) struct Streams(Arc<Inner>);

struct Inner {
    /// Begins at the time of start, so that numbers grow over restarts too.
    next: AtomicU64,
    viewers: Guarded<HashMap<SessionId, Viewer>>,
}

#[derive(Default)]
struct Viewer {
    open: usize,
    left_at: Option<OffsetDateTime>,
    contents: BTreeMap<&'static str, (Content, u64)>,
}

/// One open stream's place in the table.
pub(super) struct Place {
    inner: Arc<Inner>,
    session: SessionId,
}

impl Streams {
    pub(in crate::http) fn new(clock: &Clock) -> Self {
        let next = AtomicU64::new(u64::try_from(millis(clock.now())).unwrap_or(1));
        Self(Arc::new(Inner {
            next,
            viewers: Guarded::default(),
        }))
    }

    pub(super) fn enter(&self, signed_in: &SignedIn) -> Result<Place> {
        let mut viewers = self.0.viewers.lock();
        let open: usize = viewers.values().map(|viewer| viewer.open).sum();
        let viewer = viewers.entry(signed_in.session).or_default();
        if viewer.open >= STREAMS_A_SESSION || open >= STREAMS {
            return Err(Error::too_many(
                "There are too many pages open. Close some of them.",
            ));
        }
        viewer.open += 1;
        viewer.left_at = None;
        Ok(Place {
            inner: Arc::clone(&self.0),
            session: signed_in.session,
        })
    }

    pub(in crate::http) fn open(&self) -> usize {
        self.0
            .viewers
            .lock()
            .values()
            .map(|viewer| viewer.open)
            .sum()
    }

    pub(in crate::http) fn sweep(&self, now: OffsetDateTime) {
        self.0.viewers.lock().retain(|_, viewer| {
            if viewer.open > 0 {
                return true;
            }
            now - *viewer.left_at.get_or_insert(now) < REMEMBER_FOR
        });
    }
}

impl Place {
    /// The number of this content of a section: the one it already has, or the next.
    pub(super) fn number(&self, section: &'static str, content: Content) -> u64 {
        let mut viewers = self.inner.viewers.lock();
        let contents = &mut viewers.entry(self.session).or_default().contents;
        match contents.get(section) {
            Some((known, number)) if *known == content => *number,
            Some(_) | None => {
                let number = self.inner.next.fetch_add(1, Ordering::Relaxed);
                contents.insert(section, (content, number));
                number
            }
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(viewer) = self.inner.viewers.lock().get_mut(&self.session) {
            viewer.open = viewer.open.saturating_sub(1);
        }
    }
}

pub(super) fn content(json: &[u8]) -> Content {
    Sha256::digest(json).into()
}
