//! The last seconds of one stream, in memory only, bounded in time and bytes. The camera's task
//! pushes and never waits; whoever follows gets the current group of pictures and then each frame
//! through a bounded queue, and skips to the next key frame when it falls behind.
//!
//! Following a ring is not permission to send anything: that is `publish` asking `gate`.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use super::Frame;

/// Frames that may wait for one follower: four seconds at 30 a second. A follower further behind is
/// helped more by the next key frame than by old pictures.
const FOLLOWER_QUEUE: usize = 128;

/// How much of the past a ring keeps.
#[derive(Debug, Clone, Copy)]
pub struct RingLimits {
    pub span: Duration,
    pub bytes: usize,
}

#[derive(Clone)]
pub struct Ring {
    held: Arc<Mutex<Held>>,
    limits: RingLimits,
}

struct Held {
    frames: VecDeque<Arc<Frame>>,
    bytes: usize,
    followers: Vec<Follower>,
}

struct Follower {
    queue: mpsc::Sender<Arc<Frame>>,
    waits_for_key: bool,
}

/// Frames of one ring for one follower: those since a key frame first, then each as it comes.
pub struct Following {
    backlog: VecDeque<Arc<Frame>>,
    live: mpsc::Receiver<Arc<Frame>>,
}

/// What a ring holds at a moment, for the status page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fill {
    pub frames: usize,
    pub bytes: usize,
    pub span: Duration,
}

impl Ring {
    pub fn new(limits: RingLimits) -> Self {
        let held = Held {
            frames: VecDeque::new(),
            bytes: 0,
            followers: Vec::new(),
        };
        Self {
            held: Arc::new(Mutex::new(held)),
            limits,
        }
    }

    /// Takes a frame, forgets what is too old or too much, and hands it to every follower.
    pub fn push(&self, frame: Frame) {
        let frame = Arc::new(frame);
        let mut held = self.lock();
        held.bytes += frame.data.len();
        held.frames.push_back(Arc::clone(&frame));
        held.forget(self.limits, frame.received);
        held.followers.retain_mut(|follower| follower.offer(&frame));
    }

    /// Follows from the newest key frame, if that is at most `reach` old; else from the next one.
    pub fn follow(&self, now: Instant, reach: Duration) -> Following {
        let (queue, live) = mpsc::channel(FOLLOWER_QUEUE);
        let mut held = self.lock();
        held.forget(self.limits, now);
        let backlog = held.since_key(now, reach);
        held.followers.push(Follower {
            queue,
            waits_for_key: backlog.is_empty(),
        });
        Following { backlog, live }
    }

    /// Forgets everything, so that nothing of an older policy can leave under a newer one.
    pub fn clear(&self) {
        let mut held = self.lock();
        held.frames.clear();
        held.bytes = 0;
    }

    /// When the newest frame had come.
    pub fn newest(&self) -> Option<Instant> {
        self.lock().frames.back().map(|frame| frame.received)
    }

    /// What is held at `now`; a camera that went away leaves nothing older than the span behind.
    pub fn fill(&self, now: Instant) -> Fill {
        let mut held = self.lock();
        held.forget(self.limits, now);
        let span = match (held.frames.front(), held.frames.back()) {
            (Some(oldest), Some(newest)) => {
                newest.received.saturating_duration_since(oldest.received)
            }
            _ => Duration::ZERO,
        };
        Fill {
            frames: held.frames.len(),
            bytes: held.bytes,
            span,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Held> {
        // Every change below leaves the ring whole, so a panic elsewhere does not spoil it.
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    fn forget(&mut self, limits: RingLimits, now: Instant) {
        while let Some(oldest) = self.frames.front() {
            let age = now.saturating_duration_since(oldest.received);
            if age <= limits.span && self.bytes <= limits.bytes {
                break;
            }
            self.bytes -= oldest.data.len();
            self.frames.pop_front();
        }
    }

    fn since_key(&self, now: Instant, reach: Duration) -> VecDeque<Arc<Frame>> {
        let Some(start) = self.frames.iter().rposition(|frame| frame.key) else {
            return VecDeque::new();
        };
        if now.saturating_duration_since(self.frames[start].received) > reach {
            return VecDeque::new();
        }
        self.frames.range(start..).cloned().collect()
    }
}

impl Follower {
    /// False once the follower is gone.
    fn offer(&mut self, frame: &Arc<Frame>) -> bool {
        if self.waits_for_key && !frame.key {
            return !self.queue.is_closed();
        }
        match self.queue.try_send(Arc::clone(frame)) {
            Ok(()) => self.waits_for_key = false,
            Err(mpsc::error::TrySendError::Full(_)) => self.waits_for_key = true,
            Err(mpsc::error::TrySendError::Closed(_)) => return false,
        }
        true
    }
}

impl Following {
    /// What was there when following began, oldest first; empty after the first call.
    pub fn take_backlog(&mut self) -> VecDeque<Arc<Frame>> {
        std::mem::take(&mut self.backlog)
    }

    /// The next frame as it comes; `None` when the ring is gone. Safe to drop in a `select`.
    pub async fn next(&mut self) -> Option<Arc<Frame>> {
        self.live.recv().await
    }
}

#[cfg(test)]
#[path = "ring_tests.rs"]
mod tests;
