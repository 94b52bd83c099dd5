//! What a viewer must be able to rely on, whatever the network between camera and hub does: property
//! tests over loss, reorder, duplicates, wrap-around, restarts, switches and pauses.
#![expect(clippy::unwrap_used, reason = "tests")]

use assent_sfu::{Content, Kind, Moment, Outgoing, Packet, Pumped, Slot, Stream, StreamId};
use proptest::prelude::*;
use std::collections::BTreeMap;

const A: StreamId = StreamId(1);
const B: StreamId = StreamId(2);

/// A camera with three packets a picture, parameter sets before each key frame.
struct Camera {
    mark: u8,
    source: u32,
    seq: u16,
    timestamp: u32,
    picture: u32,
    interval: u32,
}

impl Camera {
    fn new(mark: u8, seq: u16, timestamp: u32, interval: u32) -> Camera {
        Camera {
            mark,
            source: 1,
            seq,
            timestamp,
            picture: 0,
            interval,
        }
    }

    /// The packets of the next picture.
    fn picture(&mut self) -> Vec<Packet> {
        let key = self.picture.is_multiple_of(self.interval);
        let heads: &[[u8; 2]] = if key {
            &[[0x67, 0], [0x68, 0], [0x7c, 0x85], [0x7c, 0x45]]
        } else {
            &[[0x7c, 0x81], [0x7c, 0x01], [0x7c, 0x41]]
        };
        let packets = heads
            .iter()
            .enumerate()
            .map(|(n, head)| {
                let seq = self.seq.wrapping_add(u16::try_from(n).unwrap());
                let mut payload = head.to_vec();
                payload.push(self.mark);
                payload.extend(self.picture.to_be_bytes());
                Packet {
                    source: self.source,
                    seq,
                    timestamp: self.timestamp,
                    marker: n + 1 == heads.len(),
                    payload: payload.into(),
                }
            })
            .collect::<Vec<_>>();
        self.seq = self.seq.wrapping_add(u16::try_from(heads.len()).unwrap());
        self.timestamp = self.timestamp.wrapping_add(3600);
        self.picture += 1;
        packets
    }

    fn restart(&mut self) {
        self.source += 1;
        self.seq = self.seq.wrapping_mul(31);
        self.timestamp = self.timestamp.wrapping_mul(17);
        self.picture = 0;
    }
}

/// One slot, two cameras, and everything that reached the viewer.
struct Scene {
    now: Moment,
    cameras: [Camera; 2],
    streams: [Stream; 2],
    slot: Slot,
    shown: Vec<(StreamId, Outgoing)>,
}

impl Scene {
    fn new(seq: u16, timestamp: u32, interval: u32) -> Scene {
        Scene {
            now: Moment(1_000_000),
            cameras: [
                Camera::new(b'a', seq, timestamp, interval),
                Camera::new(
                    b'b',
                    seq.wrapping_add(40_000),
                    timestamp ^ 0x5555_5555,
                    interval,
                ),
            ],
            streams: [Stream::new(Kind::Video), Stream::new(Kind::Video)],
            slot: Slot::default(),
            shown: Vec::new(),
        }
    }

    fn stream(&self, id: StreamId) -> &Stream {
        &self.streams[usize::from(id == B)]
    }

    fn deliver(&mut self, which: usize, packet: Packet) {
        let id = [A, B][which];
        let Some(taken) = self.streams[which].take(packet, self.now) else {
            return;
        };
        if self.slot.shown() == Some(id) {
            self.shown.extend(
                self.slot
                    .live(&self.streams[which], &taken, self.now)
                    .map(|out| (id, out)),
            );
        }
    }

    fn pump(&mut self, mut budget: usize) -> Option<Pumped> {
        let id = self.slot.shown()?;
        let stream = &self.streams[usize::from(id == B)];
        let shown = &mut self.shown;
        Some(
            self.slot
                .pump(stream, self.now, &mut budget, |out| shown.push((id, out))),
        )
    }

    fn tick(&mut self) {
        self.now = Moment(self.now.0 + 40_000);
    }
}

#[derive(Clone, Debug)]
enum Step {
    Pictures(u8),
    Lose(u8),
    Swap,
    Duplicate,
    Restart(bool),
    Show(bool),
    Pause(bool),
    Lag,
    Lost,
    Pump(u8),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (1u8..20).prop_map(Step::Pictures),
        2 => (0u8..4).prop_map(Step::Lose),
        2 => Just(Step::Swap),
        2 => Just(Step::Duplicate),
        1 => any::<bool>().prop_map(Step::Restart),
        3 => any::<bool>().prop_map(Step::Show),
        1 => any::<bool>().prop_map(Step::Pause),
        1 => Just(Step::Lag),
        1 => Just(Step::Lost),
        4 => (1u8..40).prop_map(Step::Pump),
    ]
}

fn play(scene: &mut Scene, step: Step) {
    match step {
        Step::Pictures(n) => (0..n).for_each(|_| pictures(scene, |_| {})),
        Step::Lose(at) => pictures(scene, |packets| {
            packets.remove(usize::from(at) % packets.len());
        }),
        Step::Swap => pictures(scene, |packets| packets.reverse()),
        Step::Duplicate => pictures(scene, |packets| packets.extend(packets.clone())),
        Step::Restart(second) => scene.cameras[usize::from(second)].restart(),
        Step::Show(second) => scene.slot.show(if second { B } else { A }, 1),
        Step::Pause(paused) => scene.slot.pause(paused),
        Step::Lag => {
            if let Some(id) = scene.slot.shown() {
                let stream = scene.stream(id).clone();
                scene.slot.lagged(&stream);
            }
        }
        Step::Lost => {
            if let Some(id) = scene.slot.shown() {
                let stream = scene.stream(id).clone();
                scene.slot.picture_lost(&stream, scene.now);
            }
        }
        Step::Pump(budget) => {
            scene.pump(usize::from(budget));
        }
    }
}

fn pictures(scene: &mut Scene, spoil: impl Fn(&mut Vec<Packet>)) {
    for which in 0..2 {
        let mut packets = scene.cameras[which].picture();
        spoil(&mut packets);
        for packet in packets {
            scene.deliver(which, packet);
        }
    }
    scene.tick();
}

proptest! {
    #[test]
    fn the_viewer_gets_one_unbroken_stream(
        seq in any::<u16>(),
        timestamp in any::<u32>(),
        interval in 2u32..60,
        steps in prop::collection::vec(step(), 1..80),
    ) {
        let mut scene = Scene::new(seq, timestamp, interval);
        for step in steps {
            play(&mut scene, step);
        }
        let mut sent = BTreeMap::new();
        for (id, out) in &scene.shown {
            prop_assert!(sent.insert(out.seq, (*id, out.timestamp)).is_none(), "number {} twice", out.seq);
        }
        if let Some((first, _)) = sent.first_key_value() {
            prop_assert!(*first < 100, "starts low, for the rollover counter");
        }
        let mut before: Option<(StreamId, u32)> = None;
        for (id, timestamp) in sent.into_values() {
            if let Some((_, earlier)) = before {
                let ahead = timestamp.wrapping_sub(earlier);
                prop_assert!(ahead < 1 << 31, "time runs backwards from {} to {}", earlier, timestamp);
            }
            before = Some((id, timestamp));
        }
    }

    #[test]
    fn a_slot_begins_where_decoding_can_begin(
        steps in prop::collection::vec(step(), 1..40),
        interval in 2u32..60,
    ) {
        let mut scene = Scene::new(65_500, u32::MAX - 5_000, interval);
        for step in steps {
            play(&mut scene, step);
        }
        scene.shown.clear();
        scene.slot.pause(false);
        scene.slot.show(A, 9);
        (0..interval + 1).for_each(|_| {
            pictures(&mut scene, |_| {});
            scene.pump(10_000);
        });
        let (id, first) = scene.shown.first().unwrap();
        prop_assert_eq!(*id, A);
        let content = Content::of(&first.payload);
        prop_assert!(content.key || content.preamble);
        prop_assert!(scene.shown.iter().all(|(_, out)| out.payload[2] == b'a'), "no packet of the other camera");
        prop_assert_eq!(scene.shown.iter().filter_map(|(_, out)| out.first_frame).collect::<Vec<_>>(), vec![9]);
    }
}

#[test]
fn a_late_viewer_has_the_picture_at_once() {
    let mut scene = Scene::new(10, 10, 50);
    (0..31).for_each(|_| pictures(&mut scene, |_| {}));
    scene.slot.show(A, 3);
    assert_eq!(scene.pump(5), Some(Pumped::More), "the budget is kept");
    assert_eq!(scene.shown.len(), 5);
    pictures(&mut scene, |_| {});
    assert_eq!(scene.pump(1000), Some(Pumped::Idle));
    assert_eq!(
        scene.shown.len(),
        4 + 31 * 3,
        "everything since the key frame, once"
    );
    pictures(&mut scene, |_| {});
    assert_eq!(scene.shown.len(), 4 + 32 * 3, "and then live");
    let times: Vec<u32> = scene.shown.iter().map(|(_, out)| out.timestamp).collect();
    let burst = times[4 + 30 * 3 - 1] - times[0];
    assert!(
        burst <= 9_001,
        "the cache is not played back slowly: {burst}"
    );
}

#[test]
fn an_old_picture_is_never_shown_as_live() {
    let mut scene = Scene::new(10, 10, 50);
    (0..10).for_each(|_| pictures(&mut scene, |_| {}));
    scene.now = Moment(scene.now.0 + 5_000_000);
    scene.slot.show(A, 1);
    scene.pump(1000);
    assert!(scene.shown.is_empty());
    pictures(&mut scene, |_| {});
    scene.pump(1000);
    assert!(
        scene.shown.is_empty(),
        "nor when the camera goes on after a silence"
    );
    (11..=50).for_each(|_| pictures(&mut scene, |_| {}));
    scene.pump(1000);
    assert!(!scene.shown.is_empty(), "but from its next key frame");
}

#[test]
fn a_paused_slot_sends_nothing_and_resumes_with_a_picture() {
    let mut scene = Scene::new(10, 10, 50);
    scene.slot.show(A, 1);
    (0..5).for_each(|_| pictures(&mut scene, |_| {}));
    scene.pump(1000);
    scene.slot.pause(true);
    assert_eq!(scene.slot.wants(), None);
    let before = scene.shown.len();
    (0..5).for_each(|_| pictures(&mut scene, |_| {}));
    scene.pump(1000);
    assert_eq!(scene.shown.len(), before);
    scene.slot.pause(false);
    scene.pump(1000);
    assert_eq!(
        scene.shown[before].1.seq,
        scene.shown[before - 1].1.seq + 1,
        "no gap to ask for"
    );
    assert!(Content::of(&scene.shown[before].1.payload).preamble);
}

#[test]
fn a_viewer_that_lags_skips_to_the_next_key_frame() {
    let mut scene = Scene::new(10, 10, 20);
    scene.slot.show(A, 1);
    (0..5).for_each(|_| pictures(&mut scene, |_| {}));
    scene.pump(1000);
    let stream = scene.stream(A).clone();
    scene.slot.lagged(&stream);
    let before = scene.shown.len();
    (5..20).for_each(|_| {
        pictures(&mut scene, |_| {});
        scene.pump(1000);
    });
    assert_eq!(
        scene.shown.len(),
        before,
        "not from the key frame that it could not take"
    );
    pictures(&mut scene, |_| {});
    scene.pump(1000);
    assert!(scene.shown.len() > before);
}

#[test]
fn a_lost_picture_is_repaired_from_the_cache_but_not_all_the_time() {
    let mut scene = Scene::new(10, 10, 100);
    scene.slot.show(A, 1);
    (0..20).for_each(|_| pictures(&mut scene, |_| {}));
    scene.pump(1000);
    let stream = scene.stream(A).clone();
    assert!(
        !scene.slot.picture_lost(&stream, scene.now),
        "it only just started"
    );
    (0..20).for_each(|_| pictures(&mut scene, |_| {}));
    let stream = scene.stream(A).clone();
    assert!(scene.slot.picture_lost(&stream, scene.now));
    assert!(!scene.slot.picture_lost(&stream, scene.now));
    let mut replays = 0;
    for _ in 0..1000 {
        pictures(&mut scene, |_| {});
        scene.pump(1000);
        let stream = scene.stream(A).clone();
        replays += u32::from(scene.slot.picture_lost(&stream, scene.now));
    }
    assert!(
        (5..10).contains(&replays),
        "{replays} in 40 s for a viewer who can never decode"
    );
}

#[test]
fn sound_starts_with_any_packet() {
    let mut stream = Stream::new(Kind::Audio);
    let mut slot = Slot::default();
    slot.show(A, 4);
    let packet = Packet {
        source: 1,
        seq: 65_535,
        timestamp: 9,
        marker: false,
        payload: vec![1, 2].into(),
    };
    let taken = stream.take(packet.clone(), Moment(0)).unwrap();
    let first = slot.live(&stream, &taken, Moment(0)).unwrap();
    let taken = stream
        .take(
            Packet {
                seq: 0,
                timestamp: 969,
                ..packet
            },
            Moment(20_000),
        )
        .unwrap();
    let second = slot.live(&stream, &taken, Moment(20_000)).unwrap();
    assert_eq!(second.seq, first.seq + 1);
    assert_eq!(second.timestamp - first.timestamp, 960);
    assert_eq!(stream.cached_bytes(), 0);
}
