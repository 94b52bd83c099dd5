//! The link over real TLS and gRPC, as a device meets it.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::time::Duration;

use assent_wire::link::{self, device_frame, hub_frame};
use tokio::io::AsyncReadExt as _;
use tokio::net::{TcpSocket, TcpStream};
use tonic::Code;

use super::door::MOST_HANDSHAKES_OF_ONE;
use crate::devices::Devices;
use crate::testing::{Enrolled, PATIENCE, TestLink, hello, key_and_request};
use crate::world::PremisesId;

#[tokio::test]
async fn a_device_enrols_attaches_and_is_told_what_is_wanted() {
    let scene = TestLink::new().await;
    let enrolled = scene.claimed().await;
    let mut line = scene.attach(Some(&enrolled)).await.unwrap();
    line.hello().await;
    let wanted = line
        .wait(|body| matches!(body, hub_frame::Body::Wanted(_)))
        .await;
    assert_eq!(
        wanted,
        hub_frame::Body::Wanted(link::Wanted::default()),
        "nothing yet"
    );
    assert_eq!(scene.online(), 1);
    let camera = scene.test.hub.registry.cameras().remove(0);
    assert_eq!(camera.name, "Door");
    let at = camera.connection.unwrap();
    let health = scene.test.hub.devices.health(at.device, 1).unwrap();
    assert_eq!(
        health.reason.as_deref(),
        Some("the camera refuses this password")
    );
    line.wait(|body| matches!(body, hub_frame::Body::Ping(_)))
        .await;
}

#[tokio::test]
async fn a_second_device_with_the_same_claim_code_is_refused_in_words() {
    let scene = TestLink::new().await;
    let claim = scene.test.hub.devices.claim(PremisesId::of_key("shop"));
    let claim = claim.await.unwrap();
    scene.enrol(claim.code.reveal()).await.unwrap();
    let refused = scene.enrol(claim.code.reveal()).await.err().unwrap();
    assert_eq!(refused.code(), Code::PermissionDenied);
    assert!(refused.message().contains("Ask for a new code"));
}

#[tokio::test]
async fn nobody_attaches_without_a_certificate_of_an_enrolled_device() {
    let scene = TestLink::new().await;
    let refused = scene.attach(None).await.err().unwrap();
    assert_eq!(refused.code(), Code::Unauthenticated);
    // Signed by the hub, and never enrolled in this store.
    let (key, request) = key_and_request();
    let (authority, now) = (
        scene.test.hub.devices.authority(),
        time::OffsetDateTime::now_utc(),
    );
    let (_, certificate) = authority.issue_device(&request, [3; 16], now).unwrap();
    let stranger = Enrolled {
        key: key.serialize_pem(),
        certificate,
    };
    let refused = scene.attach(Some(&stranger)).await.err().unwrap();
    assert_eq!(refused.code(), Code::Unauthenticated);
}

#[tokio::test]
async fn a_newer_attach_ends_the_older_line() {
    let scene = TestLink::new().await;
    let enrolled = scene.claimed().await;
    let mut older = scene.greeted(&enrolled).await;
    let _newer = scene.greeted(&enrolled).await;
    assert_eq!(older.end().await, Code::Aborted);
    assert_eq!(scene.online(), 1);
}

#[tokio::test]
async fn a_device_that_says_nothing_is_away_within_five_seconds() {
    let scene = TestLink::new().await;
    let enrolled = scene.claimed().await;
    let mut line = scene.greeted(&enrolled).await;
    let silent = tokio::time::Instant::now();
    line.end().await;
    assert!(silent.elapsed() < Duration::from_secs(5));
    assert_eq!(scene.online(), 0);
}

#[tokio::test]
async fn what_cannot_be_read_harms_nobody() {
    let scene = TestLink::new().await;
    let enrolled = scene.claimed().await;
    // A line that does not begin with a Hello, and one whose Hello makes no sense.
    let line = &mut scene.attach(Some(&enrolled)).await.unwrap();
    line.say(0, device_frame::Body::Pong(link::Pong { nonce: 1 }))
        .await;
    line.end().await;
    let line = &mut scene.attach(Some(&enrolled)).await.unwrap();
    let broken = link::Hello {
        policy: b"\xff\xff not a policy".to_vec(),
        ..hello()
    };
    line.say(0, device_frame::Body::Hello(broken)).await;
    line.end().await;
    // A broken frame inside a good line is passed over, and counts as taken: the device would send it for ever.
    let line = &mut scene.greeted(&enrolled).await;
    let broken = link::Pressed {
        trigger_id: vec![1; 16],
        envelope: b"nonsense".to_vec(),
        ..link::Pressed::default()
    };
    line.say(1, device_frame::Body::Pressed(broken)).await;
    let ack = line
        .wait(|body| matches!(body, hub_frame::Body::Ack(_)))
        .await;
    assert_eq!(ack, hub_frame::Body::Ack(link::Ack { seq: 1 }));
}

#[tokio::test]
async fn a_revoked_device_is_told_to_stop_and_never_let_in_again() {
    let scene = TestLink::new().await;
    let enrolled = scene.claimed().await;
    let mut line = scene.greeted(&enrolled).await;
    let hub = &scene.test.hub;
    let device = hub.devices.all().remove(0).id;
    let barred = hub.devices.bar(device).unwrap();
    hub.sharing.device_revoked(&barred).await;
    line.wait(|body| matches!(body, hub_frame::Body::End(_)))
        .await;
    let by = crate::audit::Actor::Administrator;
    hub.devices.revoke(barred, by).await.unwrap();
    assert_eq!(line.end().await, Code::PermissionDenied);
    let refused = scene.attach(Some(&enrolled)).await.err().unwrap();
    assert_eq!(refused.code(), Code::PermissionDenied);
    assert_eq!(scene.online(), 0);
}

#[tokio::test]
async fn when_a_device_was_last_here_is_known_to_a_hub_that_was_killed() {
    let scene = TestLink::new().await;
    let enrolled = scene.claimed().await;
    let mut line = scene.greeted(&enrolled).await;
    line.wait(|body| matches!(body, hub_frame::Body::Ping(_)))
        .await;
    // The line is up, and nobody had the time to say that it ended.
    let hub = &scene.test.hub;
    let folder = scene.test.test.data_dir();
    let seen = async || {
        let (world, audit) = (hub.world.clone(), hub.audit.clone());
        let again = Devices::open(world, audit, &folder).await.unwrap();
        again.all().remove(0).last_seen
    };
    let until = tokio::time::Instant::now() + PATIENCE;
    while seen().await.is_none() {
        assert!(tokio::time::Instant::now() < until);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Connections from an address that no device of this test has.
async fn stranger(to: std::net::SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.2:0".parse().unwrap()).unwrap();
    socket.connect(to).await.unwrap()
}

#[tokio::test]
async fn one_address_that_begins_too_many_handshakes_is_turned_away_and_devices_are_not() {
    let scene = TestLink::new().await;
    let mut begun = Vec::new();
    for _ in 0..MOST_HANDSHAKES_OF_ONE {
        begun.push(stranger(scene.address).await);
    }
    let mut late = stranger(scene.address).await;
    let mut nothing = [0; 1];
    let closed = tokio::time::timeout(PATIENCE, late.read(&mut nothing)).await;
    assert!(
        matches!(closed.unwrap(), Ok(0) | Err(_)),
        "turned away at once"
    );
    let waiting = begun[0].try_read(&mut nothing).unwrap_err();
    assert_eq!(
        waiting.kind(),
        std::io::ErrorKind::WouldBlock,
        "the others are heard"
    );

    let enrolled = scene.claimed().await;
    scene.attach(Some(&enrolled)).await.unwrap();

    // Their places are free again when they go.
    drop(begun);
    let until = tokio::time::Instant::now() + PATIENCE;
    loop {
        let again = stranger(scene.address).await;
        tokio::time::sleep(Duration::from_millis(50)).await;
        if again
            .try_read(&mut nothing)
            .is_err_and(|e| e.kind() == std::io::ErrorKind::WouldBlock)
        {
            break;
        }
        assert!(tokio::time::Instant::now() < until);
    }
}

#[tokio::test]
async fn a_media_offer_for_a_camera_that_is_not_shared_is_refused() {
    let scene = TestLink::new().await;
    let enrolled = scene.claimed().await;
    let mut line = scene.greeted(&enrolled).await;
    let offer = link::MediaOffer {
        media_id: 4,
        sdp: "v=0\r\n".to_owned(),
        tracks: vec![link::Track {
            mid: "0".to_owned(),
            camera: 1,
            layer: link::Layer::Main.into(),
        }],
    };
    line.say(0, device_frame::Body::MediaOffer(offer)).await;
    let answer = line
        .wait(|body| matches!(body, hub_frame::Body::MediaAnswer(_)))
        .await;
    let hub_frame::Body::MediaAnswer(answer) = answer else {
        panic!()
    };
    assert!(answer.sdp.is_empty() && answer.problem.contains("no live grant"));
}

#[tokio::test]
async fn a_hub_that_goes_away_says_so_first() {
    let scene = TestLink::new().await;
    let enrolled = scene.claimed().await;
    let mut line = scene.greeted(&enrolled).await;
    scene.draining.cancel();
    line.wait(|body| matches!(body, hub_frame::Body::Drain(_)))
        .await;
    assert_eq!(line.end().await, Code::Ok);
}
