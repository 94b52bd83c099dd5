//! Numbers and times of what one slot sends: one unbroken sequence and one clock, whatever camera the
//! slot shows, so that a switch needs no renegotiation and looks to the browser like one stream.

use crate::packet::{Kind, Moment};

/// SRTP receivers begin at rollover 0, so the first number must be far below 65,536.
const FIRST_SEQ: u64 = 1;
const FIRST_TIMESTAMP: u64 = 90_000;
/// The cache, however long, is squeezed into this much of the viewer's clock, so that it is decoded at
/// once and not played back: 100 ms.
const BURST_TICKS: u64 = 9_000;
/// Between the last picture of one camera and the first of the next: 1 ms, so that they are told apart.
const SWITCH_TICKS: u64 = 90;

/// State that outlives what the slot shows.
#[derive(Clone, Debug)]
pub(crate) struct Timeline {
    next_seq: u64,
    newest: Option<(u64, Moment)>,
}

/// From one run of a stream to this slot's numbers and times.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mapping {
    pub(crate) epoch: u64,
    pub(crate) in_first: u64,
    out_first: u64,
    in_now: u64,
    out_now: u64,
    squeeze: u64,
}

impl Timeline {
    pub(crate) fn new() -> Timeline {
        Timeline {
            next_seq: FIRST_SEQ,
            newest: None,
        }
    }

    /// Maps a run that starts at packet `first` of time `start`, when the stream's newest time is
    /// `newest`: that one becomes "now" on the viewer's clock.
    pub(crate) fn map(
        &self,
        kind: Kind,
        epoch: u64,
        first: u64,
        (start, newest): (u64, u64),
        now: Moment,
    ) -> Mapping {
        let span = newest.saturating_sub(start);
        let squeeze = span.div_ceil(BURST_TICKS).max(1);
        let out_now = match self.newest {
            None => FIRST_TIMESTAMP + span / squeeze,
            Some((timestamp, at)) => {
                let elapsed = now.since(at).as_micros() * u128::from(kind.clock_hz()) / 1_000_000;
                let elapsed = u64::try_from(elapsed).unwrap_or(u64::MAX / 2);
                timestamp + elapsed.max(SWITCH_TICKS + span.div_ceil(squeeze))
            }
        };
        Mapping {
            epoch,
            in_first: first,
            out_first: self.next_seq,
            in_now: newest,
            out_now,
            squeeze,
        }
    }

    pub(crate) fn sent(&mut self, seq: u64, timestamp: u64, now: Moment) {
        self.next_seq = self.next_seq.max(seq + 1);
        if self.newest.is_none_or(|(newest, _)| timestamp > newest) {
            self.newest = Some((timestamp, now));
        }
    }
}

impl Mapping {
    /// Gaps stay gaps, so that the viewer asks for what is missing and gets it when it comes.
    pub(crate) fn seq(&self, seq: u64) -> u64 {
        self.out_first + (seq - self.in_first)
    }

    pub(crate) fn timestamp(&self, timestamp: u64) -> u64 {
        match timestamp.checked_sub(self.in_now) {
            Some(ahead) => self.out_now + ahead,
            None => self
                .out_now
                .saturating_sub((self.in_now - timestamp) / self.squeeze),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_burst_is_short_ordered_and_ends_now(frames in 1u64..300, spacing in 1500u64..9000, gap_ms in 0u64..10_000) {
            let mut timeline = Timeline::new();
            timeline.sent(1, 500_000, Moment(0));
            let start = 1 << 33;
            let newest = start + frames * spacing;
            let now = Moment(gap_ms * 1000);
            let mapping = timeline.map(Kind::Video, 0, 7, (start, newest), now);
            let times: Vec<u64> = (0..=frames).map(|n| mapping.timestamp(start + n * spacing)).collect();
            prop_assert!(times.windows(2).all(|pair| pair[0] < pair[1]), "every picture has its own time");
            prop_assert!(times[0] > 500_000, "later than all before");
            prop_assert!(times[times.len() - 1] - times[0] <= BURST_TICKS + 1);
            prop_assert!(times[times.len() - 1] >= 500_000 + gap_ms * 90);
            let live = mapping.timestamp(newest + 3600);
            prop_assert_eq!(live - times[times.len() - 1], 3600, "live keeps the camera's pace");
        }
    }
}
