//! One place on a viewer's connection: decides packet by packet what goes out, from which camera, under
//! which number. Starts only where decoding can start. It holds no packets: a slot that catches up
//! reads the stream's cache at its own pace.

use crate::{
    cache::{KeyFrame, Stored},
    packet::{Kind, Moment, Outgoing, StreamId},
    stream::{Stream, Taken},
    timeline::{Mapping, Timeline},
};
use std::time::Duration;

/// A viewer that lost the picture is started from the cache again, but not more often than this: a
/// burst costs as much as a second of video, and browsers repeat the request every few hundred ms.
const REPLAY_INTERVAL: Duration = Duration::from_millis(500);
/// Each start that came to nothing doubles the interval, this often at most: to 8 s for a viewer who can
/// never decode what the camera sends.
const REPLAY_DOUBLINGS: u32 = 4;
/// A picture that held for this long was a good one.
const REPLAY_FORGOTTEN: Duration = Duration::from_secs(20);

/// See the drawing in the crate's own words.
#[derive(Clone, Debug)]
pub struct Slot {
    shown: Option<Shown>,
    paused: bool,
    timeline: Timeline,
}

#[derive(Clone, Debug)]
struct Shown {
    stream: StreamId,
    token: u64,
    phase: Phase,
    first_frame: FirstFrame,
    started: Option<Moment>,
    replays: u32,
}

#[derive(Clone, Copy, Debug)]
enum Phase {
    /// For a key frame other than `not` (the one that came to nothing).
    Waiting {
        not: Option<(u64, KeyFrame)>,
    },
    CatchingUp {
        mapping: Mapping,
        next: u64,
    },
    Live {
        mapping: Mapping,
    },
}

#[derive(Clone, Copy, Debug)]
enum FirstFrame {
    Awaited,
    Begun { timestamp: u64 },
    Sent,
}

/// What a slot needs after a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pumped {
    /// More packets wait in the cache.
    More,
    /// Nothing until the stream's next packet.
    Idle,
}

impl Default for Slot {
    fn default() -> Self {
        Slot {
            shown: None,
            paused: false,
            timeline: Timeline::new(),
        }
    }
}

impl Slot {
    /// Shows a stream, from the next [`Slot::pump`] on. `token` comes back with the first frame.
    pub fn show(&mut self, stream: StreamId, token: u64) {
        self.shown = Some(Shown {
            stream,
            token,
            phase: Phase::Waiting { not: None },
            first_frame: FirstFrame::Awaited,
            started: None,
            replays: 0,
        });
    }

    pub fn hide(&mut self) {
        self.shown = None;
    }

    /// Paused, nothing goes out; resumed, the slot starts again as if it had been shown anew.
    pub fn pause(&mut self, paused: bool) {
        let resumed = self.paused && !paused;
        self.paused = paused;
        if let Some(shown) = self.shown.as_mut().filter(|_| resumed) {
            shown.phase = Phase::Waiting { not: None };
            shown.first_frame = FirstFrame::Awaited;
            shown.started = None;
        }
    }

    pub fn shown(&self) -> Option<StreamId> {
        self.shown.as_ref().map(|shown| shown.stream)
    }

    /// The stream that somebody really looks at here.
    pub fn wants(&self) -> Option<StreamId> {
        self.shown().filter(|_| !self.paused)
    }

    pub fn is_waiting(&self) -> bool {
        matches!(
            self.shown.as_ref().map(|shown| shown.phase),
            Some(Phase::Waiting { .. })
        ) && !self.paused
    }

    /// The way to this viewer is full: skip to the next key frame instead of queueing.
    pub fn lagged(&mut self, stream: &Stream) {
        if let Some(shown) = self.shown.as_mut() {
            let not = stream.key_frame().map(|key| (stream.epoch(), key));
            shown.phase = Phase::Waiting { not };
        }
    }

    /// The viewer says that it cannot decode. True when the cache answers that by itself; call
    /// [`Slot::pump`] then.
    pub fn picture_lost(&mut self, stream: &Stream, now: Moment) -> bool {
        let Some(shown) = self.shown.as_mut() else {
            return false;
        };
        let Phase::Live { .. } = shown.phase else {
            return false;
        };
        let held = shown
            .started
            .map_or(REPLAY_FORGOTTEN, |started| now.since(started));
        if held >= REPLAY_FORGOTTEN {
            shown.replays = 0;
        }
        let due = held >= REPLAY_INTERVAL * 2u32.pow(shown.replays);
        if !due || stream.key_frame().is_none() {
            return false;
        }
        shown.phase = Phase::Waiting { not: None };
        shown.replays = (shown.replays + 1).min(REPLAY_DOUBLINGS);
        true
    }

    /// A packet just came in for the stream that this slot shows. `None` when it is not for this viewer
    /// or will come through [`Slot::pump`].
    pub fn live(&mut self, stream: &Stream, taken: &Taken, now: Moment) -> Option<Outgoing> {
        let shown = self.shown.as_mut().filter(|_| !self.paused)?;
        shown.leave_stale(stream);
        match (shown.phase, stream.kind()) {
            (Phase::Waiting { .. }, Kind::Video) => None,
            (Phase::Waiting { .. }, Kind::Audio) => {
                let time = taken.packet.timestamp;
                let mapping = self.timeline.map(
                    Kind::Audio,
                    taken.epoch,
                    taken.packet.seq,
                    (time, time),
                    now,
                );
                shown.start(Phase::Live { mapping }, now);
                Some(shown.emit(&mapping, &taken.packet, &mut self.timeline, now))
            }
            (Phase::CatchingUp { mapping, next }, _) => (mapping.in_first..next)
                .contains(&taken.packet.seq)
                .then(|| shown.emit(&mapping, &taken.packet, &mut self.timeline, now)),
            (Phase::Live { mapping }, _) => (taken.packet.seq >= mapping.in_first)
                .then(|| shown.emit(&mapping, &taken.packet, &mut self.timeline, now)),
        }
    }

    /// Starts if it can, and sends up to `budget` packets from the cache.
    pub fn pump(
        &mut self,
        stream: &Stream,
        now: Moment,
        budget: &mut usize,
        mut send: impl FnMut(Outgoing),
    ) -> Pumped {
        let Some(shown) = self.shown.as_mut().filter(|_| !self.paused) else {
            return Pumped::Idle;
        };
        shown.leave_stale(stream);
        shown.begin(stream, &self.timeline, now);
        while let Phase::CatchingUp { mapping, next } = shown.phase {
            let Some(packet) = stream.cache().at_or_after(next) else {
                shown.phase = Phase::Live { mapping };
                break;
            };
            if *budget == 0 {
                return Pumped::More;
            }
            *budget -= 1;
            shown.phase = Phase::CatchingUp {
                mapping,
                next: packet.seq + 1,
            };
            send(shown.emit(&mapping, packet, &mut self.timeline, now));
        }
        Pumped::Idle
    }
}

impl Shown {
    /// What was shown is over when the publisher started again; and a slot whose place in the cache is
    /// gone goes on at the newer key frame.
    fn leave_stale(&mut self, stream: &Stream) {
        let stale = match self.phase {
            Phase::Waiting { .. } => false,
            Phase::Live { mapping } => mapping.epoch != stream.epoch(),
            Phase::CatchingUp { mapping, next } => {
                mapping.epoch != stream.epoch()
                    || stream.key_frame().is_none_or(|key| key.first > next)
            }
        };
        if stale {
            self.phase = Phase::Waiting { not: None };
        }
    }

    fn begin(&mut self, stream: &Stream, timeline: &Timeline, now: Moment) {
        let Phase::Waiting { not } = self.phase else {
            return;
        };
        let Some(key) = stream.key_frame().filter(|_| stream.is_fresh(now)) else {
            return;
        };
        let spent = not.is_some_and(|(epoch, spent)| {
            epoch == stream.epoch() && spent.timestamp == key.timestamp
        });
        if spent {
            return;
        }
        let times = (key.timestamp, stream.cache().newest_timestamp());
        let mapping = timeline.map(stream.kind(), stream.epoch(), key.first, times, now);
        self.start(
            Phase::CatchingUp {
                mapping,
                next: key.first,
            },
            now,
        );
    }

    fn start(&mut self, phase: Phase, now: Moment) {
        self.phase = phase;
        self.started = Some(now);
        if let FirstFrame::Begun { .. } = self.first_frame {
            self.first_frame = FirstFrame::Awaited;
        }
    }

    fn emit(
        &mut self,
        mapping: &Mapping,
        packet: &Stored,
        timeline: &mut Timeline,
        now: Moment,
    ) -> Outgoing {
        let (seq, timestamp) = (mapping.seq(packet.seq), mapping.timestamp(packet.timestamp));
        timeline.sent(seq, timestamp, now);
        Outgoing {
            seq,
            timestamp: (timestamp & u64::from(u32::MAX)) as u32,
            marker: packet.marker,
            payload: packet.payload.clone(),
            first_frame: self.first_frame(timestamp, packet.marker),
        }
    }

    /// A frame is complete with its marker, or when the next one begins.
    fn first_frame(&mut self, timestamp: u64, marker: bool) -> Option<u64> {
        let complete = match self.first_frame {
            FirstFrame::Sent => return None,
            FirstFrame::Awaited => marker,
            FirstFrame::Begun { timestamp: begun } => marker || timestamp > begun,
        };
        self.first_frame = if complete {
            FirstFrame::Sent
        } else {
            FirstFrame::Begun { timestamp }
        };
        complete.then_some(self.token)
    }
}
