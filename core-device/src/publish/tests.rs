//! A publisher against a receiving peer in the same process, over real sockets on loopback.
#![expect(clippy::unwrap_used, reason = "tests")]

mod receiver;

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use assent_consent::{BootTime, GrantId, Rights};
use assent_wire::link::Layer;
use bytes::Bytes;
use tokio::time::timeout;

use super::*;
use crate::camera::{Camera, Condition, Frame, Health, Ring, RingLimits, Ticks};
use crate::valve;
use receiver::Receiver;

/// Longer than anything here takes on a busy machine.
const SOON: Duration = Duration::from_secs(5);

struct Device {
    valves: Valves,
    permitted: watch::Sender<BTreeMap<CameraNumber, Permission>>,
    to_hub: mpsc::Receiver<ToHub>,
    from_hub: mpsc::Sender<FromHub>,
    stop: CancellationToken,
}

fn number() -> CameraNumber {
    CameraNumber::new(1).unwrap()
}

/// A device with one camera that runs, and a line to the hub.
async fn device() -> Device {
    let limits = RingLimits {
        span: Duration::from_secs(15),
        bytes: 1 << 24,
    };
    let (ring, sub) = (Ring::new(limits), Ring::new(limits));
    let (_, health) = watch::channel(Health::new(Condition::Online, "", Instant::now()));
    let camera = Camera {
        number: number(),
        name: "Till".into(),
        address: "127.0.0.1:554".into(),
        masked: false,
        health,
        main: ring.clone(),
        sub: Some(sub.clone()),
        audio: None,
    };
    let (permitted, permitted_seen) = watch::channel(BTreeMap::new());
    let (to_hub, to_hub_seen) = mpsc::channel(MEDIA_QUEUE);
    let (from_hub, from_hub_seen) = mpsc::channel(MEDIA_QUEUE);
    let valves = valve::valves([number()]);
    let publisher = Publisher {
        cameras: Cameras::of([camera]),
        valves: Arc::clone(&valves),
        permitted: permitted_seen,
        to_hub,
        from_hub: from_hub_seen,
        hub: "127.0.0.1:1".into(),
        uplink_kbps: 50_000,
    };
    let stop = CancellationToken::new();
    tokio::spawn(publisher.run(stop.clone()));
    from_hub.send(FromHub::Attached).await.unwrap();
    (0..15).for_each(|index| push(&ring, index));
    tokio::spawn(
        stop.clone()
            .run_until_cancelled_owned(run_camera(ring, sub)),
    );
    Device {
        valves,
        permitted,
        to_hub: to_hub_seen,
        from_hub,
        stop,
    }
}

/// 15 pictures a second on both layers, for ever.
async fn run_camera(main: Ring, sub: Ring) {
    for index in 15.. {
        tokio::time::sleep(Duration::from_millis(66)).await;
        push(&main, index);
        push(&sub, index);
    }
}

/// The `index`th picture of a camera with 15 a second and a key frame every 30.
fn push(ring: &Ring, index: i64) {
    let key = index % 30 == 0;
    let size: u32 = if key { 40_000 } else { 4_000 };
    let mut data = Vec::new();
    data.extend_from_slice(&size.to_be_bytes());
    data.push(if key { 0x65 } else { 0x41 });
    data.resize(size as usize + 4, 7);
    let at = Ticks(index * 6_000);
    ring.push(Frame {
        data: Bytes::from(data),
        at,
        received: Instant::now(),
        key,
    });
}

fn permission() -> Permission {
    Permission {
        rights: Rights::LIVE,
        pre_roll_secs: 0,
        until: BootTime(u64::MAX),
        grants: BTreeSet::from([GrantId([1; 16])]),
    }
}

impl Drop for Device {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl Device {
    fn permit(&self) {
        self.valves[&number()].open(false);
        self.permitted
            .send_replace(BTreeMap::from([(number(), permission())]));
    }

    /// Answers the next offer and waits for media.
    async fn answered(&mut self) -> (Receiver, MediaOffer) {
        loop {
            if let ToHub::Offer(offer) = timeout(SOON, self.to_hub.recv()).await.unwrap().unwrap() {
                let (receiver, sdp) = Receiver::answer(offer.sdp.clone()).await;
                let answer = MediaAnswer {
                    media_id: offer.media_id,
                    sdp,
                    problem: String::new(),
                };
                self.from_hub.send(FromHub::Answer(answer)).await.unwrap();
                return (receiver, offer);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_offered_before_a_permission_and_the_ring_comes_first_after_it() {
    let mut device = device().await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(
        device.to_hub.try_recv().is_err(),
        "an offer without a permission"
    );

    device.permit();
    let (mut receiver, offer) = device.answered().await;
    assert_eq!(offer.tracks.len(), 2);
    receiver.key_frame().await;
    // A second of pictures was in the ring.
    let all = async {
        while device.valves[&number()].bytes_left() < 90_000 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(SOON, all).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_leaves_after_a_valve_is_shut_whatever_the_library_still_holds() {
    let mut device = device().await;
    device.permit();
    let (mut receiver, _) = device.answered().await;
    // In the middle of the burst of the ring, with packets in the library's queues.
    receiver.packet(SOON).await.unwrap();

    let valve = Arc::clone(&device.valves[&number()]);
    valve.shut();
    let left = valve.bytes_left();
    assert!(left > 0);
    receiver.silence(Duration::from_millis(300)).await;
    assert_eq!(valve.bytes_left(), left);

    device.permitted.send_replace(BTreeMap::new());
    timeout(SOON, async {
        while !matches!(device.to_hub.recv().await.unwrap(), ToHub::State(state) if !state.connected) {}
    })
    .await
    .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_demanded_layers_leave() {
    let mut device = device().await;
    device.permit();
    let (mut receiver, _) = device.answered().await;
    let main = receiver.key_frame().await.ssrc;

    let demand = |layers: &[Layer]| {
        let layers = layers.iter().map(|layer| i32::from(*layer)).collect();
        FromHub::Demand(Demand { camera: 1, layers })
    };
    device.from_hub.send(demand(&[])).await.unwrap();
    receiver.silence(Duration::from_millis(300)).await;

    device.from_hub.send(demand(&[Layer::Sub])).await.unwrap();
    for _ in 0..20 {
        assert_ne!(receiver.packet(SOON).await.unwrap().ssrc, main);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_line_to_the_hub_makes_a_new_offer() {
    let mut device = device().await;
    device.permit();
    let (mut receiver, first) = device.answered().await;
    receiver.packet(SOON).await.unwrap();
    device.from_hub.send(FromHub::Detached).await.unwrap();
    device.from_hub.send(FromHub::Attached).await.unwrap();
    let (mut receiver, second) = device.answered().await;
    assert_ne!(first.media_id, second.media_id);
    receiver.key_frame().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_frame_asked_for_is_sent_again_from_the_ring() {
    let mut device = device().await;
    device.permit();
    let (mut receiver, _) = device.answered().await;
    let first = receiver.key_frame().await.timestamp;
    // The camera makes one every two seconds; the receiver asks once a second.
    let mut gaps = Vec::new();
    let mut last = first;
    while gaps.len() < 4 {
        let at = receiver.key_frame().await.timestamp;
        if at != last {
            gaps.push(at.wrapping_sub(last));
            last = at;
        }
    }
    assert!(
        gaps.iter().any(|gap| *gap < 150_000),
        "only the camera's own: {gaps:?}"
    );
}
