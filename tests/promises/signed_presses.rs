//! What opens and closes on a paired device, from the phone's signature to the picture on the wall and back to
//! the last packet. Refusals are read at the page; packets are counted by the kernel.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::time::Duration;

use assent_consent::{Addressed, DeviceId, Nonce, PersonId, RevokeScope, Role};
use assent_tests::town::phone::{Key, Phone, SignedPress, words};
use assent_tests::town::plan::{RulePlan, TownPlan};
use assent_tests::town::receipts::read_chain;
use assent_tests::town::share::{Person, Press, SOON, Scene, alerts, list, shares};
use assent_wire::link::receipt::Body;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};
use uuid::Uuid;

/// As in `ending.rs`: a debug build on two busy cores.
const STOPS_WITHIN: Duration = Duration::from_millis(800);
/// After a stop, ICE and DTLS may say goodbye; a picture is hundreds of packets a second.
const GOODBYE_PACKETS: u64 = 20;

async fn paired() -> Scene {
    Scene::set(TownPlan::paired_shop()).await.unwrap()
}

/// Signs with a fresh nonce of `key` and sends.
async fn press_by(scene: &mut Scene, key: &Key) -> SignedPress {
    let (page, premises) = (scene.owner.page.clone(), scene.premises.clone());
    let phone = scene.phone().unwrap();
    let signed = phone.sign_press(&page, &premises, key).await.unwrap();
    signed.send(&page).await.unwrap().json().unwrap();
    signed
}

/// What the owner's page says of a press, once `says` finds it there.
async fn told(
    person: &mut Person,
    what: &str,
    press: &Press,
    says: impl Fn(&Value) -> bool,
) -> Value {
    let found = |now: &_| {
        list(now, "presses").find(|known| known["id"] == press.id.as_str() && says(known))
    };
    person.sees.until(what, SOON, found).await.unwrap()
}

fn live(scene: &Scene) -> usize {
    let now = scene.owner.sees.now();
    shares(&now)
        .filter(|share| share["state"] == "live")
        .count()
}

fn packets(scene: &Scene) -> u64 {
    let network = scene.town.network(0).unwrap();
    network.counted().unwrap().udp.packets
}

fn count(scene: &Scene) {
    let link = scene.town.hub.link_address().port();
    scene.town.network(0).unwrap().count(link, &[1]).unwrap();
}

async fn nothing_leaves_soon_after(scene: &Scene, began: Instant) {
    sleep(STOPS_WITHIN.saturating_sub(began.elapsed())).await;
    let before = packets(scene);
    sleep(Duration::from_millis(1_500)).await;
    let left = packets(scene) - before;
    assert!(
        left <= GOODBYE_PACKETS,
        "{left} UDP packets left after the stop"
    );
}

async fn staff(scene: &mut Scene, camera: u16) -> Key {
    let (page, key) = (scene.owner.page.clone(), Key::phone().unwrap());
    let role = Role::Staff(words::cameras(&[camera]).unwrap());
    let phone = scene.phone().unwrap();
    phone
        .admit(&page, &key, "Ana at the till", role)
        .await
        .unwrap();
    key
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signed_press_opens_and_its_picture_is_on_the_wall() {
    let mut scene = paired().await;
    let began = Instant::now();
    let signed = scene.live_signed_press().await.unwrap();
    let opened = began.elapsed();
    let _wall = scene.watch().await.unwrap();
    println!(
        "signed, sent and live after {opened:?}, on the wall after {:?}",
        began.elapsed()
    );
    let on_wall = |known: &Value| known["onWallAt"].is_string();
    told(
        &mut scene.owner,
        "it is on the wall",
        &signed.press,
        on_wall,
    )
    .await;
    // The device's own record of it, under its key.
    let phone = scene.phone().unwrap();
    let (to, key) = (phone.to, phone.device_key.clone().unwrap());
    let records = scene.town.device("shop").unwrap().receipts().unwrap();
    let chain = read_chain(&records, to, &key).unwrap();
    let opened = |body: &Option<Body>| matches!(body, Some(Body::Opened(_)));
    assert!(chain.iter().any(|receipt| opened(&receipt.body)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_press_without_a_signature_is_heard_and_opens_nothing() {
    let mut scene = paired().await;
    let press = Press::new(&scene.premises);
    let answer = press.send(&scene.owner.page, 0).await.unwrap();
    let known = answer.json().unwrap();
    let sign_for = known["signFor"].as_array().map(Vec::len);
    assert_eq!(sign_for, Some(1), "{known}");
    let heard = |now: &_| alerts(now, "press").into_iter().next();
    let sees = &mut scene.operator.sees;
    let alert = sees.until("operators hear of it", SOON, heard).await;
    assert_eq!(alert.unwrap()["answer"], "asked");
    sleep(Duration::from_secs(1)).await;
    assert_eq!(live(&scene), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_press_again_is_the_first_and_not_another() {
    let mut scene = paired().await;
    let signed = scene.live_signed_press().await.unwrap();
    for _ in 0..2 {
        signed
            .send(&scene.owner.page)
            .await
            .unwrap()
            .json()
            .unwrap();
    }
    // Under another id the very same signature is refused by whoever reads it first.
    let relabelled = SignedPress {
        press: Press::new(&scene.premises),
        envelope: signed.envelope.clone(),
    };
    let answer = relabelled.send(&scene.owner.page).await.unwrap();
    assert_eq!(
        answer.problem().as_deref(),
        Some("envelope-mismatch"),
        "{answer:?}"
    );
    sleep(Duration::from_secs(1)).await;
    assert_eq!(live(&scene), 1);
    assert_eq!(alerts(&scene.operator.sees.now(), "press").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_nonce_is_good_once_and_for_its_own_key() {
    let mut scene = paired().await;
    let (page, premises) = (scene.owner.page.clone(), scene.premises.clone());
    let phone = scene.phone().unwrap();
    let nonce = phone.nonce(&page, &phone.key).await.unwrap();
    let others = phone.nonce(&page, &phone.passkey).await.unwrap();
    let press = |nonce| phone.seal_press(&page, Press::new(&premises), &phone.key, nonce);
    let first = press(nonce).await.unwrap();
    let spent = press(nonce).await.unwrap();
    let others = press(others).await.unwrap();
    let made_up = press(Nonce([7; 16])).await.unwrap();
    first.send(&page).await.unwrap().json().unwrap();
    scene.share(&first.press, "live").await.unwrap();
    for stale in [&spent, &others, &made_up] {
        stale.send(&page).await.unwrap().json().unwrap();
        let asks = |known: &Value| {
            known["signFor"]
                .as_array()
                .is_some_and(|all| !all.is_empty())
        };
        told(
            &mut scene.owner,
            "it is to be signed again",
            &stale.press,
            asks,
        )
        .await;
    }
    assert_eq!(live(&scene), 1);
    // Signed once more, it opens: a stale press is late, not lost.
    let phone = scene.phone().unwrap();
    let nonce = phone.nonce(&page, &phone.key).await.unwrap();
    let again = phone
        .seal_press(&page, spent.press, &phone.key, nonce)
        .await
        .unwrap();
    again.send(&page).await.unwrap().json().unwrap();
    scene.share(&again.press, "live").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_press_for_another_device_or_life_opens_nothing() {
    let mut scene = paired().await;
    let (page, premises) = (scene.owner.page.clone(), scene.premises.clone());
    let phone = scene.phone().unwrap();
    let me = page.get("api/session").await.unwrap();
    let seal = async |to: Addressed| {
        let press = Press::new(&premises);
        let nonce = phone.nonce(&page, &phone.key).await.unwrap();
        let by = PersonId::new(me["id"].as_str().unwrap()).unwrap();
        let word = words::press(to, Uuid::parse_str(&press.id).unwrap(), nonce, by).unwrap();
        let envelope = phone.key.seal(&word).unwrap();
        SignedPress { press, envelope }
    };
    let elsewhere = Addressed {
        device: DeviceId([9; 32]),
        ..phone.to
    };
    let another_life = Addressed {
        epoch: phone.to.epoch.next(),
        ..phone.to
    };
    let elsewhere = seal(elsewhere).await;
    let later = seal(another_life).await;
    let answer = elsewhere.send(&page).await.unwrap();
    assert_eq!(
        answer.problem().as_deref(),
        Some("envelope-mismatch"),
        "{answer:?}"
    );
    later.send(&page).await.unwrap().json().unwrap();
    let refused = |known: &Value| known["state"] == "refused";
    let known = told(&mut scene.owner, "it is refused", &later.press, refused).await;
    let why = "It was signed before your device was reset. Pair it again.";
    assert_eq!(known["refusal"], why, "{known}");
    assert_eq!(live(&scene), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_staff_key_presses_and_stops_on_its_cameras_and_nothing_else() {
    let mut scene = paired().await;
    let page = scene.owner.page.clone();
    let ana = staff(&mut scene, 1).await;
    let signed = press_by(&mut scene, &ana).await;
    scene.share(&signed.press, "live").await.unwrap();
    let device = scene.town.device("shop").unwrap().status().await.unwrap();
    assert_eq!(device["shares"][0]["cameras"], json!([1]), "{device}");
    let phone = scene.phone().unwrap();
    let rules = [RulePlan::standing(&[1, 2], 900)];
    let policy = words::policy(phone.to, Some(&phone.policy), phone.agency, &rules).unwrap();
    let said = phone
        .offer(&page, &ana.seal(&policy).unwrap())
        .await
        .unwrap();
    assert_eq!(said["refusal"], "notAllowed");
    // Nor does it cancel anybody's key: the owner's goes on.
    let key = phone.key.id().unwrap();
    let id = Uuid::new_v4();
    let cancel = words::revoke(phone.to, id, RevokeScope::Key(key));
    let scope = json!({ "keyId": key.to_string() });
    let cancel = ana.seal(&cancel).unwrap();
    let sent = phone.send_revoke(&page, id, &scope, &cancel);
    let answer = sent.await.unwrap().json().unwrap();
    assert_eq!(answer["refusal"], "This key may not say that.", "{answer}");
    phone.nonce(&page, &phone.key).await.unwrap();
    let stop = phone.revoke(&page, Uuid::new_v4(), &ana, &signed.press);
    stop.await.unwrap().json().unwrap();
    scene.share(&signed.press, "ended").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_key_ends_what_it_opened_and_stays_cancelled_without_power() {
    let mut scene = paired().await;
    let (page, premises) = (scene.owner.page.clone(), scene.premises.clone());
    let ana = staff(&mut scene, 1).await;
    let signed = press_by(&mut scene, &ana).await;
    scene.share(&signed.press, "live").await.unwrap();
    let phone = scene.phone().unwrap();
    let nonce = phone.nonce(&page, &ana).await.unwrap();
    let late = phone.seal_press(&page, Press::new(&premises), &ana, nonce);
    let late = late.await.unwrap();
    let answer = phone.cancel(&page, &ana).await.unwrap().json().unwrap();
    assert_eq!(answer["state"], "confirmed", "{answer}");
    scene.share(&signed.press, "ended").await.unwrap();
    late.send(&page).await.unwrap().json().unwrap();
    let refused = |known: &Value| known["state"] == "refused";
    let known = told(&mut scene.owner, "it is refused", &late.press, refused).await;
    let why = "This key was cancelled. Enrol this phone again with a passkey.";
    assert_eq!(known["refusal"], why, "{known}");

    let device = scene.town.device("shop").unwrap();
    device.kill();
    device.start().await.unwrap();
    let phone = scene.phone().unwrap();
    until_back(&page, phone).await;
    let answer = phone.ask_nonce(&page, &ana).await.unwrap();
    assert_eq!(
        answer.problem().as_deref(),
        Some("key-cancelled"),
        "{answer:?}"
    );
    // What the owner signs counts as before.
    scene.live_signed_press().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_by_the_phones_key_needs_nothing_fresh_and_said_twice_is_once() {
    let mut scene = paired().await;
    let page = scene.owner.page.clone();
    let signed = scene.live_signed_press().await.unwrap();
    let wall = scene.watch().await.unwrap();
    count(&scene);
    let (id, began) = (Uuid::new_v4(), Instant::now());
    let phone = scene.phone().unwrap();
    let stop = async || phone.revoke(&page, id, &phone.key, &signed.press).await;
    stop().await.unwrap().json().unwrap();
    let answer = stop().await.unwrap().json().unwrap();
    assert_eq!(answer["state"], "confirmed", "{answer}");
    nothing_leaves_soon_after(&scene, began).await;
    wall.silence(0, Duration::from_secs(1), SOON).await.unwrap();
    let share = scene.share(&signed.press, "ended").await.unwrap();
    assert_eq!(share["endCause"], "revoked");
    let records = scene.town.device("shop").unwrap().receipts().unwrap();
    let phone = scene.phone().unwrap();
    let chain = read_chain(&records, phone.to, phone.device_key.as_ref().unwrap()).unwrap();
    let revoked = |body: &Option<Body>| matches!(body, Some(Body::Revoked(_)));
    let stops = chain.iter().filter(|receipt| revoked(&receipt.body));
    assert_eq!(stops.count(), 1, "one stop is one receipt");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_that_nobody_signed_closes_as_the_hubs_doing_and_bars_nothing() {
    let mut scene = paired().await;
    let signed = scene.live_signed_press().await.unwrap();
    let _wall = scene.watch().await.unwrap();
    count(&scene);
    let began = Instant::now();
    scene.revoke(&signed.press).await.unwrap();
    nothing_leaves_soon_after(&scene, began).await;
    scene.share(&signed.press, "ended").await.unwrap();
    let records = scene.town.device("shop").unwrap().receipts().unwrap();
    let phone = scene.phone().unwrap();
    let chain = read_chain(&records, phone.to, phone.device_key.as_ref().unwrap()).unwrap();
    let revoked = |body: &Option<Body>| matches!(body, Some(Body::Revoked(_)));
    assert!(
        !chain.iter().any(|receipt| revoked(&receipt.body)),
        "no owner said so"
    );
    scene.live_signed_press().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn clearing_an_incident_still_closes_what_an_owner_signed() {
    let mut scene = paired().await;
    let signed = scene.live_signed_press().await.unwrap();
    let _wall = scene.watch().await.unwrap();
    count(&scene);
    let live = scene.share(&signed.press, "live").await.unwrap();
    let incident = live["incidentId"].as_str().unwrap().to_owned();
    let (path, began) = (format!("api/incidents/{incident}/clear"), Instant::now());
    let clear = json!({ "note": "all clear" });
    scene.operator.page.put(&path, &clear).await.unwrap();
    nothing_leaves_soon_after(&scene, began).await;
    let share = scene.share(&signed.press, "ended").await.unwrap();
    assert_eq!(share["endCause"], "cleared");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_button_at_the_premises_opens_under_the_signed_rules() {
    let mut scene = paired().await;
    scene
        .town
        .device("shop")
        .unwrap()
        .press("panic")
        .await
        .unwrap();
    let opened = |now: &_| shares(now).find(|share| share["state"] == "live");
    let sees = &mut scene.owner.sees;
    sees.until("the button's share is live", SOON, opened)
        .await
        .unwrap();
    scene.watch().await.unwrap();
    scene.town.device("shop").unwrap().stop().await.unwrap();
    let ended = |now: &_| shares(now).find(|share| share["endCause"] == "stoppedAtPremises");
    let sees = &mut scene.owner.sees;
    sees.until("STOP ended it", SOON, ended).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_that_asks_opens_on_a_signed_yes_only() {
    let mut plan = TownPlan::paired_shop();
    plan.premises[0]
        .rules
        .push(RulePlan::alert("gunshot", "asks", &[1], 600));
    let mut scene = Scene::set(plan).await.unwrap();
    let page = scene.owner.page.clone();
    scene.town.alert("shop", "gunshot").await.unwrap();
    let asked = |now: &_| list(now, "asks").next();
    let ask = scene.owner.sees.until("the owner is asked", SOON, asked);
    let ask = ask.await.unwrap();
    let path = format!("api/approvals/{}", ask["alertId"].as_str().unwrap());
    let yes = json!({ "answer": "yes" });
    let answer = page
        .call(reqwest::Method::PUT, &path, Some(&yes))
        .await
        .unwrap();
    assert_eq!(
        answer.problem().as_deref(),
        Some("signature-needed"),
        "{answer:?}"
    );
    let phone = scene.phone().unwrap();
    let answer = phone.say_yes(&page, &phone.key, &ask).await.unwrap();
    answer.json().unwrap();
    let opened = |now: &_| shares(now).find(|share| share["state"] == "live");
    let sees = &mut scene.owner.sees;
    sees.until("the yes opened", SOON, opened).await.unwrap();
    scene.watch().await.unwrap();
}

/// Waits until the hub has its line to the device again.
async fn until_back(page: &assent_tests::town::page::Page, phone: &Phone) {
    let until = Instant::now() + SOON;
    while phone.nonce(page, &phone.key).await.is_err() {
        assert!(Instant::now() < until, "the device did not come back");
        sleep(Duration::from_millis(100)).await;
    }
}
