//! What a ring promises, for any run of frames.
#![expect(clippy::unwrap_used, reason = "tests")]

use super::*;
use crate::camera::Ticks;
use bytes::Bytes;
use proptest::prelude::*;

const LIMITS: RingLimits = RingLimits {
    span: Duration::from_secs(15),
    bytes: 10_000,
};

/// A frame of `size` bytes that came `ms` after `start`.
fn frame(start: Instant, ms: u64, size: usize, key: bool) -> Frame {
    Frame {
        data: Bytes::from(vec![0; size]),
        at: Ticks(i64::try_from(ms).unwrap() * Ticks::PER_MILLI),
        received: start + Duration::from_millis(ms),
        key,
    }
}

#[derive(Debug, Clone)]
struct Step {
    gap_ms: u64,
    size: usize,
    key: bool,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = (0u64..3_000, 1usize..4_000, prop::bool::weighted(0.2))
        .prop_map(|(gap_ms, size, key)| Step { gap_ms, size, key });
    prop::collection::vec(step, 1..200)
}

proptest! {
    #[test]
    fn a_ring_never_exceeds_its_bounds_and_backlogs_start_at_a_key_frame(steps in steps()) {
        let start = Instant::now();
        let ring = Ring::new(LIMITS);
        let mut ms = 0;
        for step in steps {
            ms += step.gap_ms;
            ring.push(frame(start, ms, step.size, step.key));
            let now = start + Duration::from_millis(ms);
            let fill = ring.fill(now);
            prop_assert!(fill.bytes <= LIMITS.bytes && fill.span <= LIMITS.span);
            let reach = Duration::from_secs(4);
            let backlog = ring.follow(now, reach).take_backlog();
            if let Some(first) = backlog.front() {
                prop_assert!(first.key && now - first.received <= reach);
                prop_assert_eq!(backlog.iter().filter(|frame| frame.key).count(), 1);
            }
        }
    }

    #[test]
    fn a_follower_can_always_decode_what_it_gets(steps in steps(), reads in prop::collection::vec(0usize..60, 200)) {
        let start = Instant::now();
        let ring = Ring::new(RingLimits { bytes: usize::MAX, ..LIMITS });
        let mut following = ring.follow(start, Duration::ZERO);
        let mut sent: Vec<(i64, bool)> = Vec::new();
        let mut got: Vec<i64> = Vec::new();
        let mut ms = 0;
        for (step, reads) in steps.into_iter().zip(reads) {
            ms += step.gap_ms + 1;
            let frame = frame(start, ms, 1, step.key);
            sent.push((frame.at.0, frame.key));
            ring.push(frame);
            for _ in 0..reads {
                let Ok(frame) = following.live.try_recv() else { break };
                got.push(frame.at.0);
            }
        }
        // Wherever the follower skipped, it went on at a key frame.
        let mut expected = None;
        for at in got {
            let index = sent.iter().position(|(sent, _)| *sent == at).unwrap();
            prop_assert!(expected == Some(index) || sent[index].1, "a gap that ends in the middle of a group");
            expected = Some(index + 1);
        }
    }
}

#[test]
fn a_slow_follower_skips_to_a_key_frame_and_never_holds_up_the_camera() {
    let start = Instant::now();
    let ring = Ring::new(LIMITS);
    ring.push(frame(start, 0, 1, true));
    let mut slow = ring.follow(start, Duration::from_secs(4));
    for ms in 1..=200 {
        ring.push(frame(start, ms, 1, false));
    }
    ring.push(frame(start, 201, 1, true));
    assert_eq!(slow.take_backlog().len(), 1);
    let waiting = std::iter::from_fn(|| slow.live.try_recv().ok()).count();
    assert_eq!(waiting, FOLLOWER_QUEUE, "the queue is bounded");
    ring.push(frame(start, 202, 1, false));
    assert!(
        slow.live.try_recv().is_err(),
        "in the middle of a group nothing is sent after a gap"
    );
    ring.push(frame(start, 203, 1, true));
    assert!(slow.live.try_recv().unwrap().key);
}

#[test]
fn an_old_group_of_pictures_is_not_within_reach() {
    let start = Instant::now();
    let ring = Ring::new(LIMITS);
    ring.push(frame(start, 0, 1, true));
    ring.push(frame(start, 5_000, 1, false));
    let now = start + Duration::from_secs(5);
    assert!(
        ring.follow(now, Duration::from_secs(4))
            .take_backlog()
            .is_empty()
    );
    assert_eq!(
        ring.follow(now, Duration::from_secs(10))
            .take_backlog()
            .len(),
        2
    );
}

#[test]
fn a_camera_that_went_away_leaves_nothing_older_than_the_span() {
    let start = Instant::now();
    let ring = Ring::new(LIMITS);
    ring.push(frame(start, 0, 100, true));
    assert_eq!(ring.fill(start + Duration::from_secs(16)).bytes, 0);
}
