//! How often somebody may call: a bucket a caller and kind of call. Generous for people, tight for
//! scripts; an owner's press and stop have a bucket of their own that nothing else empties.

use crate::error::{Error, Result};
use crate::identity::SessionId;
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use std::net::IpAddr;
use std::num::NonZeroU32;
use tokio::sync::{Semaphore, SemaphorePermit};

/// Who is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Key {
    /// A whole station or school may share one address.
    Address(IpAddr),
    Session(SessionId),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rate {
    /// Not counted: health checks.
    Free,
    /// Signing in. Secrets have 256 bits, so this protects the store, not the secret.
    SignIn,
    /// Anybody, before sign-in.
    Visit,
    Read,
    Change,
    /// Sixteen tiles that all change with every layout and scroll.
    Tile,
    /// An owner's press, stop or word.
    Owner,
    Stream,
    /// Leaving a pairing message, and waiting for its answer: each at most twenty a minute.
    Mailbox,
    Wait,
}

/// Calls under way at once. Owners have a room of their own, which no crowd elsewhere fills.
const ROOM: usize = 1_024;
const OWNERS_ROOM: usize = 512;
/// Who waits for a device's answer waits long, and must not fill the room of others.
const WAITING_ROOM: usize = 512;

pub(super) struct Limits {
    room: Semaphore,
    owners_room: Semaphore,
    waiting_room: Semaphore,
    sign_in: DefaultKeyedRateLimiter<Key>,
    visit: DefaultKeyedRateLimiter<Key>,
    read: DefaultKeyedRateLimiter<Key>,
    change: DefaultKeyedRateLimiter<Key>,
    tile: DefaultKeyedRateLimiter<Key>,
    owner: DefaultKeyedRateLimiter<Key>,
    stream: DefaultKeyedRateLimiter<Key>,
    mailbox: DefaultKeyedRateLimiter<Key>,
    wait: DefaultKeyedRateLimiter<Key>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            room: Semaphore::new(ROOM),
            owners_room: Semaphore::new(OWNERS_ROOM),
            waiting_room: Semaphore::new(WAITING_ROOM),
            sign_in: bucket(2, 60),
            visit: bucket(20, 100),
            read: bucket(20, 100),
            change: bucket(20, 100),
            tile: bucket(100, 400),
            // A frightened hand, a queue that is sent after an outage.
            owner: bucket(10, 100),
            // A page that reconnects after each loss, with a few tabs.
            stream: bucket(2, 30),
            mailbox: twenty_a_minute(),
            wait: twenty_a_minute(),
        }
    }
}

impl Limits {
    pub(super) fn check(&self, rate: Rate, key: Key) -> Result<()> {
        let bucket = match rate {
            Rate::Free => return Ok(()),
            Rate::SignIn => &self.sign_in,
            Rate::Visit => &self.visit,
            Rate::Read => &self.read,
            Rate::Change => &self.change,
            Rate::Tile => &self.tile,
            Rate::Owner => &self.owner,
            Rate::Stream => &self.stream,
            Rate::Mailbox => &self.mailbox,
            Rate::Wait => &self.wait,
        };
        bucket
            .check_key(&key)
            .map_err(|_| Error::too_many("That was too often. Wait a few seconds and try again."))
    }

    /// Held while a call is under way; a crowd is told to come back rather than made to wait.
    pub(super) fn enter(&self, rate: Rate) -> Result<Option<SemaphorePermit<'_>>> {
        let room = match rate {
            Rate::Free => return Ok(None),
            Rate::Owner => &self.owners_room,
            Rate::Wait => &self.waiting_room,
            Rate::SignIn
            | Rate::Visit
            | Rate::Read
            | Rate::Change
            | Rate::Tile
            | Rate::Stream
            | Rate::Mailbox => &self.room,
        };
        let busy = |_| {
            Error::unavailable("The hub has too much to do at the moment. Try again.").slug("busy")
        };
        room.try_acquire().map(Some).map_err(busy)
    }

    /// Forgets callers whose buckets are full again, so that the table stays as large as the crowd.
    pub(super) fn sweep(&self) {
        for bucket in [
            &self.sign_in,
            &self.visit,
            &self.read,
            &self.change,
            &self.tile,
            &self.owner,
            &self.stream,
            &self.mailbox,
            &self.wait,
        ] {
            bucket.retain_recent();
        }
    }
}

/// Pairing takes one message and three waits; a household that tries again stays far below.
fn twenty_a_minute() -> DefaultKeyedRateLimiter<Key> {
    RateLimiter::keyed(Quota::per_minute(
        NonZeroU32::new(20).unwrap_or(NonZeroU32::MIN),
    ))
}

fn bucket(a_second: u32, burst: u32) -> DefaultKeyedRateLimiter<Key> {
    let at_least_one = |n: u32| NonZeroU32::new(n).unwrap_or(NonZeroU32::MIN);
    RateLimiter::keyed(Quota::per_second(at_least_one(a_second)).allow_burst(at_least_one(burst)))
}
