//! Pictures for viewers whose network carries no UDP, and strangers at the TCP port.

use crate::{
    A, B, FIRST, NEVER,
    client::wire::framed,
    scene::{Scene, mark},
};
use assent_media::{Engine, MediaConfig, TcpListen};
use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    time::{Duration, Instant},
};

#[tokio::test]
async fn a_viewer_without_udp_has_the_picture_from_its_key_frame_on() {
    let mut scene = Scene::new();
    let _device = scene.device(1, &[A, B], NEVER).await;
    let mut wall = scene.wall_over_tcp(1, 2).await;
    scene.engine.show(wall.id, FIRST, Some(A), 1).await.unwrap();
    let first = wall.next().await.packet;
    assert_eq!(first.payload[0], 0x67, "starts with the parameter sets");
    for number in 1..300 {
        let packet = wall.next().await.packet;
        assert_eq!(*packet.seq_no, *first.seq_no + number, "nothing is missing");
    }
    scene.engine.show(wall.id, FIRST, Some(B), 2).await.unwrap();
    wall.until(B).await;
    for _ in 0..100 {
        assert_eq!(mark(&wall.next().await), B, "nothing of the old picture");
    }
}

#[tokio::test]
async fn a_viewer_by_tcp_beside_one_by_udp_see_the_same_camera() {
    let mut scene = Scene::new();
    let _device = scene.device(1, &[A], 20).await;
    let mut by_tcp = scene.wall_over_tcp(1, 1).await;
    let mut by_udp = scene.wall(2, 1).await;
    for wall in [&mut by_tcp, &mut by_udp] {
        scene.engine.show(wall.id, FIRST, Some(A), 1).await.unwrap();
        wall.until(A).await;
    }
}

#[tokio::test]
async fn strangers_by_tcp_are_closed_and_disturb_nobody() {
    let mut scene = Scene::new();
    let _device = scene.device(1, &[A], 20).await;
    let mut wall = scene.wall_over_tcp(1, 1).await;
    scene.engine.show(wall.id, FIRST, Some(A), 1).await.unwrap();
    wall.until(A).await;
    let engine = scene.engine.tcp_addr().unwrap();
    let mut garbled = TcpStream::connect(engine).unwrap();
    garbled.write_all(&[0xff; 400]).unwrap();
    let mut idle = TcpStream::connect(engine).unwrap();
    idle.write_all(&framed(&[0, 1, 0, 0])).unwrap();
    let opened = Instant::now();
    let ended = tokio::task::spawn_blocking(move || {
        for stranger in [&mut garbled, &mut idle] {
            stranger
                .set_read_timeout(Some(Duration::from_secs(15)))
                .unwrap();
            // The end, or a reset when something was left unread; never a byte.
            match stranger.read(&mut [0; 100]) {
                Ok(count) => assert_eq!(count, 0),
                Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset),
            }
        }
    });
    ended.await.unwrap();
    assert!(opened.elapsed() < Duration::from_secs(12));
    while wall.client.packets.try_recv().is_ok() {}
    wall.until(A).await;
}

#[tokio::test]
async fn tcp_that_is_off_is_not_offered_and_beside_has_the_number_of_udp() {
    let start = |tcp_listen| {
        Engine::start(MediaConfig {
            listen: "127.0.0.1:0".parse().unwrap(),
            tcp_listen,
            advertise: Vec::new(),
        })
        .unwrap()
    };
    assert_eq!(start(TcpListen::Off).tcp_addr(), None);
    let beside = start(TcpListen::Beside);
    assert_eq!(beside.tcp_addr(), Some(beside.local_addr()));
}
