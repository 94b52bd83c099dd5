//! What closes on a paired device, by whose word, and that the last packet follows it. Packets are counted by the
//! kernel.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::time::Duration;

use assent_tests::town::phone::{waits, words};
use assent_tests::town::receipts::read_chain;
use assent_tests::town::share::{Press, SOON, Scene};
use assent_wire::link::receipt::Body;
use serde_json::{Value, json};
use tokio::time::Instant;
use uuid::Uuid;

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_key_ends_what_it_opened_and_stays_cancelled_without_power() {
    let mut scene = Scene::paired().await.unwrap();
    let (page, premises) = (scene.owner.page.clone(), scene.premises.clone());
    let ana = scene.staff(1).await.unwrap();
    let signed = scene.press_by(&ana).await.unwrap();
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
    let known = scene
        .told("it is refused", &late.press, refused)
        .await
        .unwrap();
    let why = "This key was cancelled. Enrol this phone again with a passkey.";
    assert_eq!(known["refusal"], why, "{known}");

    let device = scene.town.device("shop").unwrap();
    device.kill();
    device.start().await.unwrap();
    scene.device_is_back().await.unwrap();
    let phone = scene.phone().unwrap();
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
    let mut scene = Scene::paired().await.unwrap();
    let page = scene.owner.page.clone();
    let signed = scene.live_signed_press().await.unwrap();
    let wall = scene.watch().await.unwrap();
    scene.count().unwrap();
    let (id, began) = (Uuid::new_v4(), Instant::now());
    let phone = scene.phone().unwrap();
    let stop = async || phone.revoke(&page, id, &phone.key, &signed.press).await;
    stop().await.unwrap().json().unwrap();
    let answer = stop().await.unwrap().json().unwrap();
    assert_eq!(answer["state"], "confirmed", "{answer}");
    scene.nothing_leaves_after(began).await.unwrap();
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
    let mut scene = Scene::paired().await.unwrap();
    let signed = scene.live_signed_press().await.unwrap();
    let _wall = scene.watch().await.unwrap();
    scene.count().unwrap();
    let began = Instant::now();
    scene.revoke(&signed.press).await.unwrap();
    scene.nothing_leaves_after(began).await.unwrap();
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
    let mut scene = Scene::paired().await.unwrap();
    let signed = scene.live_signed_press().await.unwrap();
    let _wall = scene.watch().await.unwrap();
    scene.count().unwrap();
    let live = scene.share(&signed.press, "live").await.unwrap();
    let incident = live["incidentId"].as_str().unwrap().to_owned();
    let (path, began) = (format!("api/incidents/{incident}/clear"), Instant::now());
    let clear = json!({ "note": "all clear" });
    scene.operator.page.put(&path, &clear).await.unwrap();
    scene.nothing_leaves_after(began).await.unwrap();
    let share = scene.share(&signed.press, "ended").await.unwrap();
    assert_eq!(share["endCause"], "cleared");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hub_that_was_killed_passes_on_a_signed_stop_and_the_next_press() {
    let mut scene = Scene::paired().await.unwrap();
    let page = scene.owner.page.clone();
    let signed = scene.live_signed_press().await.unwrap();
    scene.town.hub.kill();
    scene.town.hub.start_again().await.unwrap();
    scene.share(&signed.press, "live").await.unwrap();
    scene.device_is_back().await.unwrap();
    scene.count().unwrap();
    let began = Instant::now();
    let phone = scene.phone().unwrap();
    let stop = phone.revoke(&page, Uuid::new_v4(), &phone.key, &signed.press);
    stop.await.unwrap().json().unwrap();
    scene.nothing_leaves_after(began).await.unwrap();
    scene.share(&signed.press, "ended").await.unwrap();
    scene.live_signed_press().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_goes_beyond_a_new_ceiling_ends_when_somebody_at_the_device_confirms_it() {
    let mut scene = Scene::paired().await.unwrap();
    let page = scene.owner.page.clone();
    let signed = scene.live_signed_press().await.unwrap();
    let phone = scene.phone().unwrap();
    let lower = words::ceiling(phone.to, Some(&phone.ceiling), &[1], phone.agency, 60).unwrap();
    let lower = phone.passkey.seal(&lower).unwrap();
    let said = phone.offer(&page, &lower).await.unwrap();
    assert_eq!(said["waitsForPress"], true, "{said}");
    assert_eq!(scene.live(), 1);
    let device = scene.town.device("shop").unwrap();
    waits(device, "ceiling").await.unwrap();
    device.command(&["confirm"]).await.unwrap();
    scene.share(&signed.press, "ended").await.unwrap();
    // The next press is clipped to it, not refused.
    scene.live_signed_press().await.unwrap();
    let device = scene.town.device("shop").unwrap().status().await.unwrap();
    let share = &device["shares"][0];
    assert_eq!(share["cameras"], json!([1]), "{device}");
    assert!(share["remainingSecs"].as_u64().unwrap() <= 60, "{device}");
}
