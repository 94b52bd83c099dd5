//! Which streams anybody looks at, so that a camera sends nothing that nobody sees. Counts; the hub
//! tells the device.

use crate::packet::{Moment, StreamId};
use std::{collections::BTreeMap, time::Duration};

/// A stream stays wanted this long after its last viewer left, so that changing tiles back and forth
/// does not make the owner's uplink start and stop.
pub const LINGER: Duration = Duration::from_secs(3);

/// Somebody began, or everybody ceased, to look at a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    pub stream: StreamId,
    pub wanted: bool,
}

#[derive(Clone, Debug, Default)]
pub struct Demand {
    wanted: BTreeMap<StreamId, Want>,
}

#[derive(Clone, Copy, Debug)]
struct Want {
    viewers: u32,
    lapses: Option<Moment>,
}

impl Demand {
    /// One more slot looks at it.
    pub fn add(&mut self, stream: StreamId) -> Option<Change> {
        let known = self.wanted.contains_key(&stream);
        let want = self.wanted.entry(stream).or_insert(Want {
            viewers: 0,
            lapses: None,
        });
        want.viewers += 1;
        want.lapses = None;
        (!known).then_some(Change {
            stream,
            wanted: true,
        })
    }

    /// One slot less.
    pub fn remove(&mut self, stream: StreamId, now: Moment) {
        if let Some(want) = self.wanted.get_mut(&stream) {
            want.viewers = want.viewers.saturating_sub(1);
            want.lapses = (want.viewers == 0).then(|| now + LINGER);
        }
    }

    /// What has lapsed by now; at most one a call.
    pub fn lapse(&mut self, now: Moment) -> Option<Change> {
        let lapsed = |want: &Want| want.lapses.is_some_and(|at| at <= now);
        let stream = *self.wanted.iter().find(|(_, want)| lapsed(want))?.0;
        self.wanted.remove(&stream);
        Some(Change {
            stream,
            wanted: false,
        })
    }

    pub fn is_wanted(&self, stream: StreamId) -> bool {
        self.wanted.contains_key(&stream)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_changes_with_the_first_viewer_and_some_time_after_the_last() {
        let mut demand = Demand::default();
        let stream = StreamId(7);
        assert_eq!(
            demand.add(stream),
            Some(Change {
                stream,
                wanted: true
            })
        );
        assert_eq!(demand.add(stream), None);
        demand.remove(stream, Moment(0));
        demand.remove(stream, Moment(0));
        assert_eq!(demand.lapse(Moment(2_000_000)), None);
        assert_eq!(demand.add(stream), None, "came back in time");
        demand.remove(stream, Moment(3_000_000));
        assert_eq!(
            demand.lapse(Moment(6_000_000)),
            Some(Change {
                stream,
                wanted: false
            })
        );
        assert!(!demand.is_wanted(stream));
    }
}
