//! The adapter over the real engine and real sockets: a device with both layers of a camera, a browser
//! with tiles. The engine's own behaviour is tested beside it.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeSet;
use std::time::Duration;

use str0m::media::{Direction, MediaKind};
use tokio::sync::{broadcast, mpsc};
use tokio::time::timeout;
use uuid::Uuid;

use super::*;
use crate::audit::{Actor, Audit, Class, Event};
use crate::testing::TestWorld;
use crate::testing::client::{self, Client};
use crate::world::Engine as StoreEngine;

/// Much longer than anything takes; nothing waits for it in a test that passes.
const PATIENCE: Duration = Duration::from_secs(15);
const CAMERA: CameraId = CameraId(Uuid::from_u128(7));
const DEVICE: DeviceId = DeviceId([1; 32]);
const WALL: WallId = WallId(Uuid::from_u128(9));
const TILE: TileAt = TileAt {
    wall: WALL,
    slot: 1,
};
const SMALL: Look = Look {
    large: false,
    audible: false,
};
const LARGE: Look = Look {
    large: true,
    audible: false,
};
const MAIN: u8 = b'm';
const SUB: u8 = b's';

struct Scene {
    feeds: Feeds,
    audit: Audit,
    happenings: broadcast::Receiver<Happening>,
    demands: mpsc::Receiver<Demanded>,
    device: Client,
    mids: Vec<String>,
    browser: Client,
    sent: u64,
    _world: TestWorld,
}

impl Scene {
    async fn new() -> Self {
        let world = TestWorld::on(StoreEngine::Sqlite).await;
        let audit = Audit::open(world.world.clone(), &world.data_dir()).unwrap();
        let media = MediaConfig {
            listen: "127.0.0.1:0".parse().unwrap(),
            tcp_listen: assent_media::TcpListen::Off,
            advertise: Vec::new(),
        };
        let feeds = Feeds::open(world.world.clock.clone(), media).unwrap();
        let (happenings, demands) = (feeds.happenings(), feeds.demands().unwrap());
        let (device, mids) = publish(&feeds, 1).await;
        let lines = [(MediaKind::Video, Direction::RecvOnly); 2];
        let offered = client::offer(&lines);
        let answer = feeds.open_wall(WALL, &offered.sdp).await.unwrap();
        let browser = offered.connect(&answer);
        Self {
            feeds,
            audit,
            happenings,
            demands,
            device,
            mids,
            browser,
            sent: 0,
            _world: world,
        }
    }

    async fn admitted(&self, viewing: u128) -> Admitted {
        let event = Event::new(Class::ViewingStarted, Actor::Hub).camera(CAMERA);
        let receipt = self.audit.append(event).await.unwrap();
        Admitted::recorded(&receipt, ViewingId(Uuid::from_u128(viewing)), CAMERA, false)
    }

    /// A key frame of one packet on one layer.
    fn picture(&mut self, layer: u8) {
        self.sent += 1;
        let mid = self.mids[usize::from(layer == SUB)].clone();
        let time = u32::try_from(self.sent * 3600).unwrap();
        let payload = vec![0x65, 0x88, layer];
        self.device.send((mid, self.sent, time, true, payload));
    }

    /// Sends pictures of some layers until one of `wanted` arrives at the tile.
    async fn until(&mut self, layers: &[u8], wanted: u8) {
        let began = tokio::time::Instant::now();
        loop {
            assert!(
                began.elapsed() < PATIENCE,
                "no picture of {}",
                char::from(wanted)
            );
            layers.iter().for_each(|layer| self.picture(*layer));
            let next = timeout(Duration::from_millis(20), self.browser.packets.recv()).await;
            if let Ok(Some(received)) = next
                && received.packet.payload[2] == wanted
            {
                return;
            }
        }
    }

    async fn happening(&mut self, wanted: Happening) {
        let found = async { while self.happenings.recv().await.unwrap() != wanted {} };
        timeout(PATIENCE, found).await.unwrap();
    }

    async fn demanded(&mut self, layers: &[Layer]) {
        let wanted = BTreeSet::from_iter(layers.iter().copied());
        let found = async { while self.demands.recv().await.unwrap().layers != wanted {} };
        timeout(PATIENCE, found).await.unwrap();
    }
}

async fn publish(feeds: &Feeds, media_id: u64) -> (Client, Vec<String>) {
    let offered = client::offer(&[(MediaKind::Video, Direction::SendOnly); 2]);
    let mids = offered.mids.clone();
    let tracks = mids
        .iter()
        .zip([Layer::Main, Layer::Sub])
        .map(|(mid, layer)| OfferedTrack {
            mid: mid.clone(),
            camera: CAMERA,
            layer,
        });
    let offer = Offer {
        device: DEVICE,
        media_id,
        sdp: offered.sdp.clone(),
        tracks: tracks.collect(),
    };
    let answer = feeds.publish(offer).await.unwrap();
    (offered.connect(&answer), mids)
}

fn first_frame(viewing: u128) -> Happening {
    Happening::FirstFrame {
        viewing: ViewingId(Uuid::from_u128(viewing)),
    }
}

#[tokio::test]
async fn a_small_tile_has_the_full_picture_until_the_substream_flows() {
    let mut scene = Scene::new().await;
    let admitted = scene.admitted(1).await;
    scene.feeds.show(admitted, TILE, SMALL).await.unwrap();
    scene.demanded(&[Layer::Sub]).await;
    scene.until(&[MAIN], MAIN).await;
    scene.happening(first_frame(1)).await;
    assert_eq!(scene.feeds.tile(TILE).unwrap().phase, TilePhase::Live);
    scene.until(&[MAIN, SUB], SUB).await;
    assert_eq!(
        scene.feeds.tile(TILE).unwrap().phase,
        TilePhase::Live,
        "the change is not seen"
    );
    scene.feeds.look(TILE, LARGE).await.unwrap();
    scene.demanded(&[Layer::Main, Layer::Sub]).await;
    scene.until(&[MAIN, SUB], MAIN).await;
}

#[tokio::test]
async fn a_stopped_camera_leaves_the_wall_until_it_is_admitted_anew() {
    let mut scene = Scene::new().await;
    let admitted = scene.admitted(1).await;
    scene.feeds.show(admitted, TILE, LARGE).await.unwrap();
    scene.until(&[MAIN], MAIN).await;
    scene.feeds.stop(CAMERA).await;
    assert_eq!(scene.feeds.tile(TILE), None);
    tokio::time::sleep(Duration::from_millis(100)).await;
    while scene.browser.packets.try_recv().is_ok() {}
    for _ in 0..20 {
        scene.picture(MAIN);
    }
    let late = timeout(Duration::from_millis(200), scene.browser.packets.recv()).await;
    assert!(late.is_err(), "a packet after the stop");

    (scene.device, scene.mids) = publish(&scene.feeds, 2).await;
    let admitted = scene.admitted(2).await;
    scene.feeds.show(admitted, TILE, LARGE).await.unwrap();
    scene.until(&[MAIN], MAIN).await;
    scene.happening(first_frame(2)).await;
}

#[tokio::test]
async fn a_tile_says_what_packets_say() {
    let mut scene = Scene::new().await;
    let admitted = scene.admitted(1).await;
    scene.feeds.show(admitted, TILE, LARGE).await.unwrap();
    assert_eq!(scene.feeds.tile(TILE).unwrap().phase, TilePhase::Connecting);
    scene.until(&[MAIN], MAIN).await;
    let mut changes = scene.feeds.changes();
    let feeds = scene.feeds.clone();
    let phase = async |wanted: TilePhase| {
        let mut changes = feeds.changes();
        while feeds.tile(TILE).unwrap().phase != wanted {
            timeout(PATIENCE, changes.changed()).await.unwrap().unwrap();
        }
    };
    phase(TilePhase::Stalled).await;
    scene.picture(MAIN);
    phase(TilePhase::Live).await;
    scene.feeds.unpublish(DEVICE, 1).await;
    phase(TilePhase::Reconnecting).await;
    changes.mark_unchanged();
    scene.feeds.close_wall(WALL).await.unwrap();
    assert_eq!(scene.feeds.tile(TILE), None);
    assert!(changes.has_changed().unwrap());
}

#[tokio::test]
async fn an_offer_that_cannot_be_answered_is_refused_in_a_sentence() {
    let scene = Scene::new().await;
    let refused = scene
        .feeds
        .open_wall(WallId(Uuid::nil()), "hello")
        .await
        .unwrap_err();
    assert_eq!(refused.kind, Kind::Invalid);
    assert!(refused.public.ends_with('.') && refused.public.starts_with('T'));
    let unknown = TileAt {
        wall: WallId(Uuid::nil()),
        slot: 0,
    };
    let admitted = scene.admitted(1).await;
    let refused = scene
        .feeds
        .show(admitted.clone(), unknown, LARGE)
        .await
        .unwrap_err();
    assert_eq!(refused.kind, Kind::NotFound);
    let beyond = TileAt {
        wall: WALL,
        slot: 99,
    };
    assert_eq!(
        scene
            .feeds
            .show(admitted, beyond, LARGE)
            .await
            .unwrap_err()
            .kind,
        Kind::NotFound
    );
    assert_eq!(scene.feeds.tile(beyond), None);
}

#[tokio::test]
async fn an_engine_that_ends_by_itself_is_a_failure_and_one_that_is_told_to_is_none() {
    let scene = Scene::new().await;
    scene.feeds.close().await;
    let changes = scene.feeds.show(scene.admitted(1).await, TILE, LARGE).await;
    assert!(changes.is_err(), "its keeper is gone too");
    assert!(!scene.feeds.has_failed());

    let scene = Scene::new().await;
    scene.feeds.lose_engine().await;
    assert!(scene.feeds.has_failed());
}
