//! What opens on a paired device: from the phone's signature to the picture on the wall, and whatever is refused,
//! as the page reads it.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::time::Duration;

use assent_consent::{Addressed, DeviceId, Nonce, PersonId, RevokeScope, Role, Word};
use assent_tests::town::phone::{Key, SignedPress, words};
use assent_tests::town::plan::{RulePlan, Store, TownPlan};
use assent_tests::town::receipts::read_chain;
use assent_tests::town::share::{Press, SOON, Scene, alerts, list, shares};
use assent_wire::link::receipt::Body;
use assent_wire::open_word;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};
use uuid::Uuid;

#[tokio::test(flavor = "multi_thread")]
async fn a_signed_press_opens_and_its_picture_is_on_the_wall() {
    let mut scene = Scene::paired().await.unwrap();
    let began = Instant::now();
    let signed = scene.live_signed_press().await.unwrap();
    let opened = began.elapsed();
    let _wall = scene.watch().await.unwrap();
    println!(
        "signed, sent and live after {opened:?}, on the wall after {:?}",
        began.elapsed()
    );
    let on_wall = |known: &Value| known["onWallAt"].is_string();
    scene
        .told("it is on the wall", &signed.press, on_wall)
        .await
        .unwrap();
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
    let mut scene = Scene::paired().await.unwrap();
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
    assert_eq!(scene.live(), 0);
    // Signed later, under the same id, it opens.
    let page = scene.owner.page.clone();
    let phone = scene.phone().unwrap();
    let nonce = phone.nonce(&page, &phone.key).await.unwrap();
    let signed = phone.seal_press(&page, press, &phone.key, nonce).await;
    let signed = signed.unwrap();
    signed.send(&page).await.unwrap().json().unwrap();
    scene.share(&signed.press, "live").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_press_again_is_the_first_and_not_another() {
    let mut scene = Scene::paired().await.unwrap();
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
    assert_eq!(scene.live(), 1);
    assert_eq!(alerts(&scene.operator.sees.now(), "press").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_nonce_is_good_once_and_for_its_own_key() {
    let mut scene = Scene::paired().await.unwrap();
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
        scene
            .told("it is to be signed again", &stale.press, asks)
            .await
            .unwrap();
    }
    assert_eq!(scene.live(), 1);
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
    let mut scene = Scene::paired().await.unwrap();
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
    let known = scene
        .told("it is refused", &later.press, refused)
        .await
        .unwrap();
    let why = "It was signed before your device was reset. Pair it again.";
    assert_eq!(known["refusal"], why, "{known}");
    assert_eq!(scene.live(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_staff_key_presses_and_stops_on_its_cameras_and_nothing_else() {
    let mut scene = Scene::paired().await.unwrap();
    let page = scene.owner.page.clone();
    let ana = scene.staff(1).await.unwrap();
    let signed = scene.press_by(&ana).await.unwrap();
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
async fn the_button_at_the_premises_opens_under_the_signed_rules() {
    let mut scene = Scene::paired().await.unwrap();
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

#[tokio::test(flavor = "multi_thread")]
async fn a_second_member_presses_from_a_page_of_their_own() {
    let mut scene = Scene::paired().await.unwrap();
    let (page, premises) = (scene.owner.page.clone(), scene.premises.clone());
    let luis = scene.town.sign_in("luis").await.unwrap();
    let key = Key::phone().unwrap();
    let role = Role::Household(words::cameras(&[2]).unwrap());
    let phone = scene.phone().unwrap();
    phone
        .admit(&page, &key, "Luis's phone", role)
        .await
        .unwrap();
    // What the hub kept for the other phones is what the owner signed.
    let path = format!("api/devices/{}/words", phone.to.device);
    let kept = luis.get(&path).await.unwrap();
    let set = open_kept(&kept["ownerSet"]);
    assert_eq!(set, phone.set);
    let signed = phone.sign_press(&luis, &premises, &key).await.unwrap();
    // Nobody presses in another's name.
    let answer = signed.send(&page).await.unwrap();
    assert_eq!(
        answer.problem().as_deref(),
        Some("envelope-mismatch"),
        "{answer:?}"
    );
    signed.send(&luis).await.unwrap().json().unwrap();
    scene.share(&signed.press, "live").await.unwrap();
    let device = scene.town.device("shop").unwrap().status().await.unwrap();
    assert_eq!(device["shares"][0]["cameras"], json!([2]), "{device}");
}

fn open_kept(kept: &Value) -> Word {
    let bytes = URL_SAFE_NO_PAD.decode(kept.as_str().unwrap()).unwrap();
    open_word(&bytes).unwrap().word
}

#[tokio::test(flavor = "multi_thread")]
async fn while_a_device_is_away_the_page_is_told_that_nothing_fresh_can_be_had() {
    let mut scene = Scene::paired().await.unwrap();
    let page = scene.owner.page.clone();
    scene.town.device("shop").unwrap().kill();
    let phone = scene.phone().unwrap();
    let answer = phone.ask_nonce(&page, &phone.key).await.unwrap();
    assert_eq!(
        (answer.status, answer.problem().as_deref()),
        (503, Some("device-away")),
        "{answer:?}"
    );
    scene.town.device("shop").unwrap().start().await.unwrap();
    scene.device_is_back().await.unwrap();
    scene.live_signed_press().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signed_press_waits_for_the_line_as_long_as_its_nonce_lives() {
    let mut scene = Scene::paired().await.unwrap();
    let (page, premises) = (scene.owner.page.clone(), scene.premises.clone());
    let phone = scene.phone().unwrap();
    let signed = phone.sign_press(&page, &premises, &phone.key).await;
    let signed = signed.unwrap();
    scene.town.cut("shop").unwrap();
    signed.send(&page).await.unwrap().json().unwrap();
    let away = |now: &_| list(now, "premises").find(|shop| shop["deviceState"] == "away");
    let sees = &mut scene.owner.sees;
    sees.until("the device is away", SOON, away).await.unwrap();
    assert_eq!(scene.live(), 0);
    scene.town.mend("shop").unwrap();
    scene.share(&signed.press, "live").await.unwrap();
}

/// SQLite has no server to kill; there the full disk is the same promise: see `full_disk.rs`.
#[tokio::test(flavor = "multi_thread")]
async fn a_signed_press_and_a_signed_stop_count_although_the_database_is_dead() {
    let plan = TownPlan::paired_shop();
    if plan.store == Store::Sqlite {
        return;
    }
    let mut scene = Scene::set(plan).await.unwrap();
    let page = scene.owner.page.clone();
    scene.town.database().unwrap().kill();
    let signed = scene.live_signed_press().await.unwrap();
    let phone = scene.phone().unwrap();
    let stop = phone.revoke(&page, Uuid::new_v4(), &phone.key, &signed.press);
    let stopped = stop.await.unwrap().json().unwrap();
    assert_eq!(stopped["state"], "confirmed", "{stopped}");
    scene.share(&signed.press, "ended").await.unwrap();
}
