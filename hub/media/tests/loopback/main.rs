//! The engine between real sockets: a publisher and viewers made of `str0m`, no mocks. Tests wait for
//! facts and packets, never for a time to pass, except where nothing must happen.
#![expect(clippy::unwrap_used, reason = "tests")]

mod client;
mod scene;
mod tcp;

use assent_media::{Fact, MediaError, PublisherId, SlotId, StreamId, WallId};
use scene::{Scene, mark};
use std::{collections::BTreeSet, net::UdpSocket, time::Duration};
use str0m::media::{Direction, MediaKind, MediaTime};
use tokio::time::{Instant, sleep, timeout};

const A: StreamId = StreamId(1);
const B: StreamId = StreamId(2);
/// A camera that makes one key frame and no more.
const NEVER: u64 = u64::MAX;
/// Long enough for what is under way to arrive, and for what must not come to show.
const A_WHILE: Duration = Duration::from_millis(300);
const FIRST: SlotId = SlotId::Video(0);

#[tokio::test]
async fn a_late_viewer_has_the_picture_at_once() {
    let mut scene = Scene::new();
    let _device = scene.device(1, &[A], NEVER).await;
    scene
        .fact(|fact| matches!(fact, Fact::StreamStarted { stream: A, .. }))
        .await;
    sleep(A_WHILE).await;

    let mut wall = scene.wall(1, 1).await;
    scene.engine.show(wall.id, FIRST, Some(A), 7).await.unwrap();
    let shown = Fact::FirstFrame {
        wall: wall.id,
        slot: FIRST,
        token: 7,
    };
    scene.fact(|fact| *fact == shown).await;

    let first = wall.next().await.packet;
    assert_eq!(
        first.payload[0], 0x67,
        "starts with the parameter sets, {:?}",
        first.header
    );
    assert!(*first.seq_no < 10, "numbers start low");
    assert_eq!(
        first.header.ext_vals.play_delay_max,
        Some(MediaTime::from_hundredths(0))
    );
    let (mut last, mut burst_end) = (first.header.timestamp, first.seq_no);
    for _ in 0..90 {
        let packet = wall.next().await.packet;
        assert!(packet.header.timestamp >= last);
        (last, burst_end) = (packet.header.timestamp, packet.seq_no);
    }
    assert_eq!(*burst_end, *first.seq_no + 90, "nothing is missing");
    assert!(
        last - first.header.timestamp < 27_000 / 2,
        "300 ms of cache are squeezed"
    );
}

#[tokio::test]
async fn a_slot_switches_without_a_gap_and_on_the_same_line() {
    let mut scene = Scene::new();
    let _device = scene.device(1, &[A, B], NEVER).await;
    let mut wall = scene.wall(1, 4).await;
    scene
        .engine
        .show(wall.id, SlotId::Video(2), Some(A), 1)
        .await
        .unwrap();
    let (_, first) = wall.until(A).await;
    assert_eq!(first.mid, wall.mids[2]);
    scene
        .engine
        .show(wall.id, SlotId::Video(2), Some(B), 2)
        .await
        .unwrap();
    let (before, switched) = wall.until(B).await;
    let last = before.last().unwrap_or(&first);
    assert_eq!(switched.packet.header.ssrc, last.packet.header.ssrc);
    assert_eq!(*switched.packet.seq_no, *last.packet.seq_no + 1);
    assert_eq!(switched.packet.payload[0], 0x67, "starts with a key frame");
    assert!(switched.packet.header.timestamp > last.packet.header.timestamp);
    for _ in 0..50 {
        assert_eq!(
            mark(&wall.next().await),
            B,
            "nothing of the old camera comes after"
        );
    }
}

#[tokio::test]
async fn a_dropped_stream_stops_for_everybody_before_the_call_returns() {
    let mut scene = Scene::new();
    let _device = scene.device(1, &[A, B], 20).await;
    let mut wall = scene.wall(1, 2).await;
    scene
        .engine
        .show(wall.id, SlotId::Video(0), Some(A), 1)
        .await
        .unwrap();
    scene
        .engine
        .show(wall.id, SlotId::Video(1), Some(B), 2)
        .await
        .unwrap();
    wall.until(A).await;
    scene.engine.drop_stream(A).await.unwrap();
    // What was sent before lies in this socket at most; the other camera goes on.
    let settled = Instant::now() + A_WHILE;
    while Instant::now() < settled {
        wall.next().await;
    }
    for _ in 0..50 {
        assert_eq!(mark(&wall.next().await), B);
    }
    scene
        .engine
        .show(wall.id, SlotId::Video(0), Some(A), 3)
        .await
        .unwrap();
    for _ in 0..50 {
        assert_eq!(
            mark(&wall.next().await),
            B,
            "not even when it is asked for again"
        );
    }
}

#[tokio::test]
async fn a_hidden_or_paused_slot_sends_nothing_and_comes_back_with_a_picture() {
    let mut scene = Scene::new();
    let _device = scene.device(1, &[A], NEVER).await;
    let mut wall = scene.wall(1, 1).await;
    scene.engine.show(wall.id, FIRST, Some(A), 1).await.unwrap();
    wall.until(A).await;
    scene.engine.pause(wall.id, FIRST, true).await.unwrap();
    sleep(A_WHILE).await;
    while wall.client.packets.try_recv().is_ok() {}
    assert!(
        timeout(A_WHILE, wall.client.packets.recv()).await.is_err(),
        "paused is silent"
    );
    scene.engine.pause(wall.id, FIRST, false).await.unwrap();
    assert_eq!(wall.next().await.packet.payload[0], 0x67);
    scene
        .fact(|fact| matches!(fact, Fact::FirstFrame { token: 1, .. }))
        .await;
}

#[tokio::test]
async fn sound_goes_to_its_own_slot_and_never_to_a_picture() {
    let mut scene = Scene::new();
    let offered = client::offer(&[(MediaKind::Audio, Direction::SendOnly)]);
    let mid = offered.mids[0].clone();
    let tracks = [(mid.clone(), A)];
    let answer = scene
        .engine
        .publish(PublisherId(1), &offered.sdp, &tracks)
        .await
        .unwrap();
    let device = offered.connect(&answer);
    let mut wall = scene.wall(1, 1).await;
    scene.engine.show(wall.id, FIRST, Some(A), 1).await.unwrap();
    scene
        .engine
        .show(wall.id, SlotId::Audio(0), Some(A), 2)
        .await
        .unwrap();
    for seq in 0..200 {
        let time = u32::try_from(seq * 960).unwrap();
        device.send((mid.clone(), seq, time, false, vec![0xfc, 1, 1]));
        sleep(Duration::from_millis(2)).await;
    }
    for _ in 0..20 {
        assert_eq!(wall.next().await.mid, wall.mids[1]);
    }
    let shown = Fact::FirstFrame {
        wall: wall.id,
        slot: SlotId::Audio(0),
        token: 2,
    };
    scene.fact(|fact| *fact == shown).await;
}

#[tokio::test]
async fn nobody_looking_is_told_and_so_is_silence() {
    let mut scene = Scene::new();
    let device = scene.device(1, &[A], 50).await;
    let wall = scene.wall(1, 1).await;
    scene.engine.show(wall.id, FIRST, Some(A), 1).await.unwrap();
    scene
        .fact(|fact| {
            *fact
                == Fact::Demand {
                    stream: A,
                    wanted: true,
                }
        })
        .await;
    scene
        .fact(|fact| matches!(fact, Fact::FirstFrame { .. }))
        .await;
    device.silence(true);
    scene
        .fact(|fact| {
            matches!(
                fact,
                Fact::StreamStalled {
                    stream: A,
                    for_ms: 1000..3000
                }
            )
        })
        .await;
    device.silence(false);
    scene
        .fact(|fact| *fact == Fact::StreamResumed { stream: A })
        .await;
    scene.engine.show(wall.id, FIRST, None, 0).await.unwrap();
    scene
        .fact(|fact| {
            *fact
                == Fact::Demand {
                    stream: A,
                    wanted: false,
                }
        })
        .await;
}

#[tokio::test]
async fn a_device_that_connects_anew_takes_its_streams_with_it() {
    let mut scene = Scene::new();
    let first = scene.device(1, &[A], NEVER).await;
    let mut wall = scene.wall(1, 1).await;
    scene.engine.show(wall.id, FIRST, Some(A), 1).await.unwrap();
    let (_, before) = wall.until(A).await;
    let _second = scene.device(2, &[A], NEVER).await;
    let taken_over = Fact::StreamStarted {
        stream: A,
        publisher: PublisherId(2),
    };
    scene.fact(|fact| *fact == taken_over).await;
    let restarted = loop {
        let packet = wall.next().await.packet;
        if packet.payload[0] == 0x67 && packet.seq_no > before.packet.seq_no {
            break packet;
        }
    };
    assert_eq!(restarted.header.ssrc, before.packet.header.ssrc);
    drop(first);
    scene
        .fact(|fact| {
            *fact
                == Fact::PublisherGone {
                    publisher: PublisherId(1),
                }
        })
        .await;
    wall.until(A).await;
}

#[tokio::test]
async fn a_peer_that_falls_silent_is_gone_within_seconds() {
    let mut scene = Scene::new();
    let device = scene.device(1, &[A], 50).await;
    scene
        .fact(|fact| matches!(fact, Fact::StreamStarted { .. }))
        .await;
    let wall = scene.wall(1, 1).await;
    device.client.freeze();
    wall.client.freeze();
    let frozen = Instant::now();
    let publisher = PublisherId(1);
    let gone = [
        Fact::PublisherGone { publisher },
        Fact::WallGone { wall: wall.id },
    ];
    for _ in gone {
        scene.fact(|fact| gone.contains(fact)).await;
    }
    assert!(frozen.elapsed() < Duration::from_secs(10));
    assert_eq!(
        scene.engine.show(wall.id, FIRST, Some(A), 1).await,
        Err(MediaError::UnknownWall)
    );
}

#[tokio::test]
async fn a_closed_wall_hears_of_it_and_its_viewings_end() {
    let mut scene = Scene::new();
    let _device = scene.device(1, &[A], 50).await;
    let mut wall = scene.wall(1, 1).await;
    scene.engine.show(wall.id, FIRST, Some(A), 1).await.unwrap();
    wall.until(A).await;
    scene.engine.close_wall(wall.id).await.unwrap();
    let closed = async { while wall.client.packets.recv().await.is_some() {} };
    timeout(Duration::from_secs(5), closed).await.unwrap();
}

#[tokio::test]
async fn offers_that_cannot_be_answered_are_refused_in_words() {
    let scene = Scene::new();
    let engine = &scene.engine;
    let refused =
        |offer: String| async move { engine.open_wall(WallId(1), &offer).await.unwrap_err() };
    let good = client::offer(&[(MediaKind::Video, Direction::RecvOnly)]).sdp;
    let sending = client::offer(&[(MediaKind::Video, Direction::SendOnly)]);

    assert_eq!(refused(String::new()).await, MediaError::Malformed);
    assert_eq!(refused("hello".into()).await, MediaError::Malformed);
    assert_eq!(
        refused(good.replace("a=mid:", "a=mud:")).await,
        MediaError::Malformed
    );
    assert_eq!(
        refused(good.replace("a=fingerprint", "a=fingerpaint")).await,
        MediaError::Malformed
    );
    assert_eq!(
        refused(good.replace("a=ice-ufrag", "a=ice-ufreg")).await,
        MediaError::Malformed
    );
    assert_eq!(
        refused(good[..good.len() / 2].into()).await,
        MediaError::Malformed
    );
    assert!(matches!(
        refused("x".repeat(1 << 20)).await,
        MediaError::TooLarge { .. }
    ));
    assert!(matches!(
        refused(sending.sdp.clone()).await,
        MediaError::WrongDirection { .. }
    ));
    assert!(matches!(
        refused(good.replace("H264", "H999")).await,
        MediaError::NoCommonCodec { .. }
    ));
    let many = client::offer(&[(MediaKind::Video, Direction::RecvOnly); 60]).sdp;
    assert!(matches!(
        refused(many).await,
        MediaError::TooManyLines { .. }
    ));

    let mid = sending.mids[0].clone();
    let publish = |tracks: Vec<(String, StreamId)>| {
        let sdp = &sending.sdp;
        async move { engine.publish(PublisherId(1), sdp, &tracks).await }
    };
    assert!(matches!(
        publish(vec![]).await,
        Err(MediaError::Unnamed { .. })
    ));
    let more = vec![(mid.clone(), A), ("other".into(), B)];
    assert!(matches!(
        publish(more).await,
        Err(MediaError::Missing { .. })
    ));
    assert!(matches!(
        publish(vec![(mid.clone(), A), (mid.clone(), B)]).await,
        Err(MediaError::Twice)
    ));
    assert!(publish(vec![(mid, A)]).await.is_ok());
    for error in [MediaError::Malformed, MediaError::Full, MediaError::NoMedia] {
        assert!(error.to_string().len() > 20, "a sentence");
    }
}

#[tokio::test]
async fn strangers_at_the_port_get_no_answer_and_disturb_nobody() {
    let mut scene = Scene::new();
    let _device = scene.device(1, &[A], 20).await;
    let mut wall = scene.wall(1, 1).await;
    scene.engine.show(wall.id, FIRST, Some(A), 1).await.unwrap();
    wall.until(A).await;
    let stranger = UdpSocket::bind("127.0.0.1:0").unwrap();
    let engine = scene.engine.local_addr();
    for length in 0..400usize {
        let noise: Vec<u8> = (0..length)
            .map(|at| ((at * 31 + length * 7) % 256).to_le_bytes()[0])
            .collect();
        stranger.send_to(&noise, engine).unwrap();
    }
    let mut binding = vec![0, 1, 0, 12, 0x21, 0x12, 0xa4, 0x42];
    binding.extend([7; 12]);
    binding.extend([0, 6, 0, 7, b'a', b'b', b'c', b'd', b':', b'e', b'f', 0]);
    stranger.send_to(&binding, engine).unwrap();
    stranger.set_read_timeout(Some(A_WHILE)).unwrap();
    assert!(
        stranger.recv_from(&mut [0; 100]).is_err(),
        "nothing comes back"
    );
    while wall.client.packets.try_recv().is_ok() {}
    wall.until(A).await;
}

#[tokio::test]
async fn a_viewer_that_lost_packets_gets_them_again() {
    let mut scene = Scene::new();
    let _device = scene.device(1, &[A], NEVER).await;
    let mut wall = scene.wall(1, 1).await;
    scene.engine.show(wall.id, FIRST, Some(A), 1).await.unwrap();
    wall.until(A).await;
    let first = *wall.next().await.packet.seq_no;
    let mut missing: BTreeSet<u64> = (first + 1..first + 300).collect();
    wall.client.lose(3);
    while !missing.is_empty() {
        missing.remove(&*wall.next().await.packet.seq_no);
    }
}

#[tokio::test]
async fn a_stopped_engine_says_so() {
    let scene = Scene::new();
    scene.engine.stop().await.unwrap();
    assert_eq!(scene.engine.drop_stream(A).await, Err(MediaError::Stopped));
}
