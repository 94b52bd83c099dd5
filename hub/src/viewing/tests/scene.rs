//! A shop that can share, an operator with a wall, and a device that sends pictures.

use std::sync::Arc;
use std::time::Duration;

use assent_consent as consent;
use consent::{RuleTrigger, Trigger, TriggerId, TriggerKind, WallTime};
use str0m::media::{Direction, MediaKind};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::feeds::{Layer, Offer, OfferedTrack};
use crate::identity::{Person, SignedIn};
use crate::sharing::{LevelText, Press, PressAsked};
use crate::testing::client::{self, Client};
use crate::testing::{TestDevice, TestHub, rule};
use crate::viewing::{Tile, TileAsked, TileSize, Viewing};
use crate::world::{AgencyId, PersonId, PremisesId, Secret};

/// Much longer than anything takes.
const PATIENCE: Duration = Duration::from_secs(15);
pub(super) const VIDEO: [(MediaKind, Direction); 1] = [(MediaKind::Video, Direction::RecvOnly)];

pub(super) struct Scene {
    pub(super) test: TestHub,
    pub(super) device: TestDevice,
    pub(super) owner: Arc<Person>,
    pub(super) operator: SignedIn,
    pub(super) wall: Uuid,
    browser: Option<Client>,
    media: Option<(Client, String)>,
    sent: u64,
    finish: CancellationToken,
    writing: Option<tokio::task::JoinHandle<()>>,
}

impl Scene {
    pub(super) async fn new() -> Self {
        Self::under(rule(1, RuleTrigger::Press)).await
    }

    pub(super) async fn under(rule: consent::Rule) -> Self {
        let test = TestHub::new().await;
        let mut device = TestDevice::new(&test.hub, vec![rule]).await;
        device.obey().await;
        let finish = CancellationToken::new();
        tokio::spawn(test.hub.viewing.clone().watch(finish.clone()));
        let writing = tokio::spawn(test.hub.viewing.clone().keep_written(finish.clone()));
        let owner = test.hub.identity.person(PersonId::of_key("maria")).unwrap();
        let operator = signed_in(&test, "op417").await;
        Self {
            test,
            device,
            owner,
            operator,
            wall: Uuid::new_v4(),
            browser: None,
            media: None,
            sent: 0,
            finish,
            writing: Some(writing),
        }
    }

    /// Nothing is written any more, as when the hub is killed.
    pub(super) async fn kill_writers(&mut self) {
        self.finish.cancel();
        self.writing.take().unwrap().await.unwrap();
    }

    pub(super) fn viewing(&self) -> Viewing {
        self.test.hub.viewing.clone()
    }

    pub(super) async fn signed_in(&self, key: &str) -> SignedIn {
        signed_in(&self.test, key).await
    }

    /// A press that the device has opened.
    pub(super) async fn live(&mut self) -> Uuid {
        let id = Uuid::new_v4();
        let asked = PressAsked {
            premises_id: PremisesId::of_key("shop").0,
            level: LevelText::Panic,
            silent: false,
            drill: false,
            camera_ids: None,
            age_ms: 0,
            note: None,
            envelopes: Vec::new(),
        };
        let sharing = self.test.hub.sharing.clone();
        sharing.press(&self.owner, id, asked).await.unwrap();
        self.device.obey().await;
        id
    }

    /// An alert that the device has opened for.
    pub(super) async fn gunshot(&mut self) {
        let trigger = Trigger {
            id: TriggerId([5; 16]),
            made_at: WallTime(0),
            kind: TriggerKind::Alert(consent::Alert {
                kind: consent::AlertKind::new("gunshot").unwrap(),
                agency: consent::AgencyId::new(AgencyId::of_key("pd").to_string()).unwrap(),
                distance_m: 0,
                source: consent::AlertSource::new("detector").unwrap(),
            }),
        };
        let sharing = self.test.hub.sharing.clone();
        let shop = PremisesId::of_key("shop");
        sharing.alert(shop, trigger, 0, None).await.unwrap();
        self.device.obey().await;
    }

    pub(super) fn page(&self, press: Uuid) -> Press {
        self.test.hub.sharing.press_by_id(press).unwrap()
    }

    pub(super) async fn open_wall(&mut self) {
        let offered = client::offer(&VIDEO);
        let opening = self
            .test
            .hub
            .viewing
            .open_wall(&self.operator, self.wall, &offered.sdp);
        let answer = opening.await.unwrap();
        self.browser = Some(offered.connect(&answer));
    }

    /// What the page asks of a tile that shows camera 1.
    pub(super) fn asked(&self) -> TileAsked {
        TileAsked {
            camera_id: Some(self.device.camera(1).0),
            size: TileSize::Large,
            visible: true,
            audible: false,
        }
    }

    pub(super) async fn show(&self, slot: u16) -> Tile {
        self.set(slot, self.asked()).await
    }

    pub(super) async fn set(&self, slot: u16, asked: TileAsked) -> Tile {
        let viewing = self.viewing();
        let set = viewing.set_tile(&self.operator, self.wall, slot, asked);
        set.await.unwrap()
    }

    /// The device's media connection with camera 1.
    pub(super) async fn publish(&mut self) {
        let offered = client::offer(&[(MediaKind::Video, Direction::SendOnly)]);
        let mid = offered.mids[0].clone();
        let offer = Offer {
            device: self.device.id,
            media_id: 1,
            sdp: offered.sdp.clone(),
            tracks: vec![OfferedTrack {
                mid: mid.clone(),
                camera: self.device.camera(1),
                layer: Layer::Main,
            }],
        };
        let answer = self.test.hub.feeds.publish(offer).await.unwrap();
        self.media = Some((offered.connect(&answer), mid));
    }

    fn picture(&mut self) {
        self.sent += 1;
        let time = u32::try_from(self.sent * 3600).unwrap();
        let (device, mid) = self.media.as_ref().unwrap();
        device.send((mid.clone(), self.sent, time, true, vec![0x65, 0x88, 1]));
    }

    /// Sends pictures until one arrives at the browser.
    pub(super) async fn until_picture(&mut self) {
        let began = tokio::time::Instant::now();
        loop {
            assert!(began.elapsed() < PATIENCE, "no picture");
            self.picture();
            let packets = &mut self.browser.as_mut().unwrap().packets;
            if let Ok(Some(_)) = timeout(Duration::from_millis(20), packets.recv()).await {
                return;
            }
        }
    }

    /// Sends pictures, none of which may arrive any more once what is under way has.
    pub(super) async fn silence(&mut self) {
        let began = tokio::time::Instant::now();
        let mut quiet = 0;
        while quiet < 10 {
            assert!(began.elapsed() < PATIENCE, "pictures still arrive");
            self.picture();
            let packets = &mut self.browser.as_mut().unwrap().packets;
            let next = timeout(Duration::from_millis(20), packets.recv()).await;
            quiet = if let Ok(Some(_)) = next { 0 } else { quiet + 1 };
        }
    }

    /// Waits until something holds.
    pub(super) async fn settled(&self, holds: impl Fn() -> bool) {
        let began = tokio::time::Instant::now();
        while !holds() {
            assert!(began.elapsed() < PATIENCE, "it never comes to hold");
            sleep(Duration::from_millis(5)).await;
        }
    }

    /// How many events of a class stand in the audit log.
    pub(super) async fn recorded(&self, class: &str) -> i64 {
        let pool = self.test.hub.world.store.pool();
        let count = sqlx::query_scalar("SELECT COUNT(*) FROM audit_event WHERE class = $1");
        count.bind(class).fetch_one(pool).await.unwrap()
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        self.finish.cancel();
    }
}

async fn signed_in(test: &TestHub, key: &str) -> SignedIn {
    let cookie = test.sign_in(key).await;
    let (_, secret) = cookie.split_once('=').unwrap();
    test.hub.identity.admit(&Secret::new(secret)).unwrap()
}
