//! Enrolment on both stores, and lines.
#![expect(clippy::unwrap_used, reason = "tests")]

use super::*;
use crate::config::Config;
use crate::devices::enrol::CLAIM_LIFE;
use crate::testing::{TestDevice, TestHub, request};
use crate::world::Engine;
use assent_wire::link::{Ping, hub_frame::Body};

async fn on_both_stores(test: impl AsyncFn(&TestHub)) {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let hub = TestHub::on(engine, Config::default()).await;
        test(&hub).await;
        hub.hub.world.store.close().await;
    }
}

fn shop() -> PremisesId {
    PremisesId::of_key("shop")
}

#[tokio::test]
async fn a_second_device_with_the_same_claim_code_is_told_to_ask_for_another() {
    on_both_stores(async |test| {
        let devices = &test.hub.devices;
        let claim = devices.claim(shop()).await.unwrap();
        let first = request();
        let enrolled = devices
            .enrol(claim.code.reveal(), &first, "box")
            .await
            .unwrap();
        assert_eq!(enrolled.premises, shop());
        let other = devices
            .enrol(claim.code.reveal(), &request(), "other")
            .await;
        assert_eq!(other.err().unwrap().slug, "claim-used");
        // The same key again: its reply was lost on the way.
        let again = devices
            .enrol(claim.code.reveal(), &first, "box")
            .await
            .unwrap();
        assert_eq!(again.device, enrolled.device);
    })
    .await;
}

#[tokio::test]
async fn a_claim_code_that_is_unknown_or_too_old_says_which() {
    on_both_stores(async |test| {
        let devices = &test.hub.devices;
        let unknown = devices.enrol("nonsense", &request(), "box").await;
        assert_eq!(unknown.err().unwrap().slug, "claim-unknown");
        let claim = devices.claim(shop()).await.unwrap();
        let life = CLAIM_LIFE + time::Duration::SECOND;
        test.hub.world.clock.advance(life.try_into().unwrap());
        let late = devices.enrol(claim.code.reveal(), &request(), "box").await;
        assert_eq!(late.err().unwrap().slug, "claim-expired");
        let long = devices.enrol(&"x".repeat(65), &request(), "box").await;
        assert_eq!(long.err().unwrap().slug, "invalid");
    })
    .await;
}

#[tokio::test]
async fn what_is_known_of_a_device_survives_a_restart() {
    on_both_stores(async |test| {
        let rules = vec![crate::testing::rule(1, assent_consent::RuleTrigger::Press)];
        let device = TestDevice::new(&test.hub, rules).await;
        let (world, audit) = (test.hub.world.clone(), test.hub.audit.clone());
        let again = Devices::open(world.clone(), audit.clone(), &test.test.data_dir())
            .await
            .unwrap();
        let known = again.device(device.id).unwrap();
        assert_eq!(known.policy.as_deref(), Some(device.machine.policy()));
        assert!(!known.online && known.revoked.is_none());
        let by = Actor::Administrator;
        let barred = test.hub.devices.bar(device.id).unwrap();
        test.hub.devices.revoke(barred, by).await.unwrap();
        let after = Devices::open(world, audit, &test.test.data_dir())
            .await
            .unwrap();
        assert!(after.device(device.id).unwrap().revoked.is_some());
    })
    .await;
}

#[tokio::test]
async fn a_newer_line_of_a_device_cuts_the_older() {
    let test = TestHub::new().await;
    let mut device = TestDevice::new(&test.hub, Vec::new()).await;
    let (attachment, mut older) = device.line.take().unwrap();
    let newer = test.hub.devices.attach(device.id).unwrap();
    assert_eq!(older.cut.try_recv().unwrap(), LineEnd::Replaced);
    drop(attachment);
    assert!(
        test.hub.devices.is_online(device.id),
        "the newer one counts"
    );
    drop(newer);
    assert!(!test.hub.devices.is_online(device.id));
}

#[tokio::test]
async fn a_device_that_does_not_take_its_frames_loses_its_line() {
    let test = TestHub::new().await;
    let mut device = TestDevice::new(&test.hub, Vec::new()).await;
    let ping = || Body::Ping(Ping { nonce: 1 });
    let taken = (0..=LINE_QUEUE)
        .filter(|_| test.hub.devices.say(device.id, ping()))
        .count();
    assert!(taken < LINE_QUEUE + 1);
    assert!(!test.hub.devices.is_online(device.id));
    let (_, mut outgoing) = device.line.take().unwrap();
    assert_eq!(outgoing.cut.try_recv().unwrap(), LineEnd::TooSlow);
}

#[tokio::test]
async fn a_revoked_device_is_cut_and_stays_away() {
    let test = TestHub::new().await;
    let mut device = TestDevice::new(&test.hub, Vec::new()).await;
    let by = Actor::Administrator;
    let barred = test.hub.devices.bar(device.id).unwrap();
    test.hub.devices.revoke(barred, by).await.unwrap();
    let (_, mut outgoing) = device.line.take().unwrap();
    assert_eq!(outgoing.cut.try_recv().unwrap(), LineEnd::Revoked);
    let refused = test.hub.devices.attach(device.id).err().unwrap();
    assert_eq!(refused.kind, crate::error::Kind::Forbidden);
    let stranger = test.hub.devices.attach(DeviceId([9; 32])).err().unwrap();
    assert_eq!(stranger.kind, crate::error::Kind::SignedOut);
}
