//! Cameras that misbehave, as real sockets on loopback: what the installer is told, and that reading goes
//! on trying. Cameras that behave are in `tests/`.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::time::timeout;
use url::Url;

use super::*;
use crate::camera::RingLimits;

/// Longer than any wait in here on a busy machine.
const SOON: Duration = Duration::from_secs(12);

/// Health of a camera at this port until `enough` says so.
async fn health_at(port: u16, enough: impl Fn(&Health) -> bool) -> Health {
    let url = Url::parse(&format!("rtsp://127.0.0.1:{port}/main")).unwrap();
    let camera = Arc::new(CameraConfig::to_try(url, None));
    let initial = Health::new(Condition::Connecting, "", Instant::now());
    let (health, mut seen) = watch::channel(initial);
    let pull = Pull {
        source: camera.main.clone(),
        camera,
        layer: "main",
        video: Ring::new(RingLimits {
            span: Duration::from_secs(15),
            bytes: 1 << 20,
        }),
        audio: None,
        encoder: Encoder::OpenH264,
        health,
        epoch: Instant::now(),
    };
    let told = tokio::select! {
        () = pull.run() => None,
        told = timeout(SOON, seen.wait_for(enough)) => Some(told.unwrap().unwrap().clone()),
    };
    told.unwrap()
}

/// Answers every connection's first request with these bytes, then closes.
async fn answers(bytes: Vec<u8>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let mut request = [0; 1024];
            let _ = socket.read(&mut request).await;
            let _ = socket.write_all(&bytes).await;
        }
    });
    port
}

#[tokio::test]
async fn a_closed_port_is_told_from_a_missing_password() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let refused = health_at(port, |health| health.condition == Condition::Offline).await;
    assert_eq!(refused.reason, Trouble::Refused.to_string());

    let wants = b"RTSP/1.0 401 Unauthorized\r\nCSeq: 1\r\n\
                  WWW-Authenticate: Digest realm=\"cam\", nonce=\"1\"\r\n\r\n";
    let port = answers(wants.to_vec()).await;
    let locked = health_at(port, |health| health.condition == Condition::WrongPassword).await;
    assert_eq!(locked.reason, Trouble::PasswordMissing.to_string());
}

#[tokio::test]
async fn garbage_is_called_garbage_and_its_bytes_go_nowhere() {
    let noise = b"HTTP/1.1 200 OK\r\n\r\n<html>admin:secret</html>".to_vec();
    for bytes in [noise, vec![0xff; 3_000], b"$\x00\xff\xff".to_vec()] {
        let port = answers(bytes).await;
        let bad = |health: &Health| {
            !matches!(health.condition, Condition::Connecting | Condition::Online)
        };
        let health = health_at(port, bad).await;
        assert!(
            !health.reason.contains("127.0.0.1") && !health.reason.contains("secret"),
            "{health:?}"
        );
    }
}

#[tokio::test]
async fn a_codec_that_cannot_be_shown_is_named() {
    let sdp = "v=0\r\no=- 0 0 IN IP4 0.0.0.0\r\ns=x\r\nt=0 0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 VP8/90000\r\n";
    let answer = format!(
        "RTSP/1.0 200 OK\r\nCSeq: 1\r\nContent-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{sdp}",
        sdp.len()
    );
    let port = answers(answer.into_bytes()).await;
    let health = health_at(port, |health| health.condition == Condition::Unsupported).await;
    assert!(
        health.reason.contains("vp8") && health.reason.contains("H.264"),
        "{}",
        health.reason
    );
}

#[tokio::test]
async fn a_camera_that_says_nothing_times_out() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let health = health_at(port, |health| health.condition == Condition::Offline).await;
    assert_eq!(health.reason, Trouble::TimedOut.to_string());
    drop(listener);
}
