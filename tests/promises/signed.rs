//! A paired device obeys its owner's signed words only: who may say what, which rules count, and what outlives a
//! loss of power. What it refuses is read where its user reads it: at the page that asked, and at the device.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::time::Duration;

use assent_consent::{AgencyHash, Role};
use assent_tests::town::page::Page;
use assent_tests::town::phone::code::Code;
use assent_tests::town::phone::{Key, Phone, waits, words};
use assent_tests::town::plan::{RulePlan, TownPlan};
use assent_tests::town::receipts::read_chain;
use assent_tests::town::share::{SOON, Scene, alerts, shares};
use assent_wire::link::receipt::Body;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

async fn paired() -> Scene {
    Scene::set(TownPlan::paired_shop()).await.unwrap()
}

fn phone(scene: &mut Scene) -> &mut Phone {
    scene.phone().unwrap()
}

/// What the device says of its owner on its own page.
async fn standing(scene: &mut Scene) -> Value {
    let device = scene.town.device("shop").unwrap();
    device.status().await.unwrap()["owner"].clone()
}

/// What the device counts of its refusals, for whoever works on it.
async fn refused_at_device(scene: &mut Scene) -> Value {
    let device = scene.town.device("shop").unwrap();
    let status = device.command(&["status"]).await.unwrap();
    let status: Value = serde_json::from_str(&status).unwrap();
    status["records"]["refused"].clone()
}

fn rules() -> Vec<RulePlan> {
    vec![RulePlan::press(&[1, 2], 1200)]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_of_an_older_version_does_not_come_back() {
    let mut scene = paired().await;
    let page = scene.owner.page.clone();
    let phone = phone(&mut scene);
    let wide = phone.passkey.seal(&phone.policy).unwrap();
    let narrow = [RulePlan::press(&[1], 60)];
    phone.change_rules(&page, &narrow).await.unwrap();
    let said = phone.offer(&page, &wide).await.unwrap();
    assert_eq!(
        (&said["accepted"], &said["refusal"]),
        (&json!(false), &json!("oldVersion"))
    );
    assert_eq!(said["detail"], "Your device has a newer one.");
    assert_eq!(standing(&mut scene).await["policy"], 2);
    // Nor one that two owners would have made at once.
    let phone = self::phone(&mut scene);
    let first = words::policy(phone.to, None, phone.agency, &rules()).unwrap();
    let other = words::policy(phone.to, Some(&first), phone.agency, &rules()).unwrap();
    let other = phone.passkey.seal(&other).unwrap();
    let said = phone.offer(&page, &other).await.unwrap();
    assert_eq!(said["refusal"], "oldVersion");
    assert_eq!(refused_at_device(&mut scene).await["OLD_VERSION"], 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_are_for_passkeys_and_a_phones_own_key_changes_none() {
    let mut scene = paired().await;
    let page = scene.owner.page.clone();
    let phone = phone(&mut scene);
    let policy = words::policy(phone.to, Some(&phone.policy), phone.agency, &rules()).unwrap();
    let thief = Key::phone().unwrap();
    let more = vec![
        phone
            .passkey
            .member("Maria's passkey", Role::Owner)
            .unwrap(),
        thief.member("a thief's phone", Role::Owner).unwrap(),
    ];
    let set = words::owner_set(phone.to, Some(&phone.set), more).unwrap();
    let ceiling = words::ceiling(phone.to, Some(&phone.ceiling), &[1], phone.agency, 60).unwrap();
    for word in [&policy, &set, &ceiling] {
        let said = phone
            .offer(&page, &phone.key.seal(word).unwrap())
            .await
            .unwrap();
        assert_eq!(said["refusal"], "notAllowed", "{}", word.type_name());
        let said = phone
            .offer(&page, &thief.seal(word).unwrap())
            .await
            .unwrap();
        assert_eq!(said["refusal"], "unknownKey", "{}", word.type_name());
    }
    let standing = standing(&mut scene).await;
    let versions = [
        &standing["ownerSet"],
        &standing["policy"],
        &standing["ceiling"],
    ];
    assert_eq!(versions, [&json!(1), &json!(1), &json!(1)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_the_owner_did_not_let_in_gets_nothing_to_sign() {
    let mut scene = paired().await;
    let page = scene.owner.page.clone();
    let stranger = Key::phone().unwrap();
    let answer = phone(&mut scene).ask_nonce(&page, &stranger).await.unwrap();
    assert_eq!(
        answer.problem().as_deref(),
        Some("unknown-key"),
        "{answer:?}"
    );
    // A second member is let in by the passkey, and only then.
    let cameras = words::cameras(&[1]).unwrap();
    let phone = phone(&mut scene);
    phone
        .admit(&page, &stranger, "Ana at the till", Role::Staff(cameras))
        .await
        .unwrap();
    phone.nonce(&page, &stranger).await.unwrap();
    // An operator's page asks for nobody.
    let operator = scene.operator.page.clone();
    let phone = self::phone(&mut scene);
    let answer = phone.ask_nonce(&operator, &phone.key).await.unwrap();
    assert_eq!(answer.status, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ceiling_changes_only_with_somebody_at_the_device() {
    let mut scene = paired().await;
    let page = scene.owner.page.clone();
    let phone = phone(&mut scene);
    let lower = words::ceiling(phone.to, Some(&phone.ceiling), &[1], phone.agency, 60).unwrap();
    let said = phone
        .offer(&page, &phone.passkey.seal(&lower).unwrap())
        .await
        .unwrap();
    assert_eq!(
        (&said["accepted"], &said["waitsForPress"]),
        (&json!(false), &json!(true)),
        "{said}"
    );
    assert_eq!(standing(&mut scene).await["ceiling"], 1);
    let device = scene.town.device("shop").unwrap();
    waits(device, "ceiling").await.unwrap();
    device.command(&["confirm"]).await.unwrap();
    let standing = standing(&mut scene).await;
    assert_eq!(
        (&standing["ceiling"], &standing["waits"]),
        (&json!(2), &Value::Null)
    );
    let device = scene.town.device("shop").unwrap();
    assert!(
        device.command(&["confirm"]).await.is_err(),
        "nothing waits any more"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_pairing_is_refused_until_a_factory_reset_and_old_words_are_void_after_it() {
    let mut scene = paired().await;
    let page = scene.owner.page.clone();
    let device = scene.town.device("shop").unwrap();
    let again = device.command(&["pair"]).await.unwrap_err().to_string();
    assert!(again.contains("has an owner already"), "{again}");
    let reset = device.command(&["reset", "--factory"]).await.unwrap();
    assert_eq!(serde_json::from_str::<Value>(&reset).unwrap()["epoch"], 2);
    assert_eq!(standing(&mut scene).await["paired"], false);
    let old = phone(&mut scene);
    let answer = old.ask_nonce(&page, &old.key).await.unwrap();
    assert_eq!(
        answer.problem().as_deref(),
        Some("not-paired"),
        "{answer:?}"
    );

    let agency = phone(&mut scene).agency;
    let new = scene.town.pair_one("shop", agency, &rules()).await.unwrap();
    assert_eq!(new.to.epoch.get(), 2);
    let old = phone(&mut scene);
    let answer = old.ask_nonce(&page, &old.key).await.unwrap();
    assert_eq!(
        answer.problem().as_deref(),
        Some("unknown-key"),
        "{answer:?}"
    );
    for word in [&old.set, &old.policy, &old.ceiling] {
        let said = old
            .offer(&page, &old.passkey.seal(word).unwrap())
            .await
            .unwrap();
        assert_eq!(said["refusal"], "wrongEpoch", "{}", word.type_name());
    }
    new.nonce(&page, &new.key).await.unwrap();
    // Every later owner sees that it happened.
    let device = scene.town.device("shop").unwrap();
    let key = new.device_key.clone().unwrap();
    let chain = read_chain(&device.receipts().unwrap(), new.to, &key).unwrap();
    let resets = chain.iter().filter_map(|receipt| match &receipt.body {
        Some(Body::Reset(reset)) => Some(reset.epoch),
        _ => None,
    });
    assert_eq!(resets.collect::<Vec<_>>(), [2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_never_saw_the_screen_pairs_nothing_and_five_tries_end_the_code() {
    let mut scene = Scene::set(TownPlan::one_shop()).await.unwrap();
    let mailbox = Page::visit(&scene.town.hub.ready().owner, scene.town.hub.http_address());
    let (mailbox, agency) = (mailbox.unwrap(), AgencyHash([7; 32]));
    let device = scene.town.device("shop").unwrap();
    let code = Code::read(&device.command(&["pair"]).await.unwrap()).unwrap();
    for tries in 1..=5 {
        let guessed = code.guessed();
        Phone::propose(&guessed, &mailbox, agency, &rules())
            .await
            .unwrap();
        until_refused(&mut scene, "BAD_SIGNATURE", tries).await;
    }
    assert_eq!(standing(&mut scene).await["waits"], Value::Null);
    // Not even the right secret counts any more.
    Phone::propose(&code, &mailbox, agency, &rules())
        .await
        .unwrap();
    until_refused(&mut scene, "NOT_ALLOWED", 1).await;
    let device = scene.town.device("shop").unwrap();
    assert!(device.command(&["confirm"]).await.is_err(), "nothing waits");
    // Somebody at the device makes a new one.
    scene.town.pair_one("shop", agency, &rules()).await.unwrap();
    assert_eq!(standing(&mut scene).await["paired"], true);
}

/// Waits until the device has counted this refusal so often.
async fn until_refused(scene: &mut Scene, why: &str, times: u64) {
    let until = Instant::now() + SOON;
    loop {
        let counted = refused_at_device(scene).await;
        if counted[why] == times {
            return;
        }
        assert!(Instant::now() < until, "{why} not {times} times: {counted}");
        sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_loss_of_power_takes_nothing_back_that_the_owner_signed() {
    let mut scene = paired().await;
    let page = scene.owner.page.clone();
    let staff = Key::phone().unwrap();
    let cameras = words::cameras(&[1]).unwrap();
    let phone = phone(&mut scene);
    phone
        .admit(&page, &staff, "Ana at the till", Role::Staff(cameras))
        .await
        .unwrap();
    phone.change_rules(&page, &rules()).await.unwrap();
    let before = standing(&mut scene).await;
    assert_eq!([&before["ownerSet"], &before["policy"]], [2, 2]);
    let device = scene.town.device("shop").unwrap();
    // The plug, not a polite end: the process is killed.
    device.kill();
    device.start().await.unwrap();
    assert_eq!(standing(&mut scene).await, before);
    online(&mut scene).await;
    let phone = self::phone(&mut scene);
    phone.nonce(&page, &staff).await.unwrap();
    let known = phone.passkey.seal(&phone.policy).unwrap();
    let said = phone.offer(&page, &known).await.unwrap();
    assert_eq!(said["accepted"], true, "in force already");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_devices_receipts_are_one_chain_under_its_own_key() {
    let mut scene = paired().await;
    let page = scene.owner.page.clone();
    let phone = phone(&mut scene);
    phone.change_rules(&page, &rules()).await.unwrap();
    let (to, key) = (phone.to, phone.device_key.clone().unwrap());
    let names = [&phone.set, &phone.ceiling].map(|word| word.type_name().to_owned());
    let device = scene.town.device("shop").unwrap();
    let records = device.receipts().unwrap();
    let chain = read_chain(&records, to, &key).unwrap();
    let taken = chain.iter().filter_map(|receipt| match &receipt.body {
        Some(Body::Taken(taken)) => Some((taken.r#type.clone(), taken.version)),
        _ => None,
    });
    let [set, ceiling] = names.map(|name| (name, 1));
    let policy = |version| ("policy.1".to_owned(), version);
    let expected = [set, ceiling, policy(1), policy(2)];
    assert_eq!(taken.collect::<Vec<_>>(), expected);
    // Its own status names the head of the same chain.
    let status: Value = serde_json::from_str(&device.command(&["status"]).await.unwrap()).unwrap();
    assert_eq!(status["records"]["newest"], chain.last().unwrap().number);
    let mut forged = records.clone();
    forged.remove(1);
    assert!(
        read_chain(&forged, to, &key).is_err(),
        "one that is missing is noticed"
    );
}

/// Waits until the hub has its line to the device again.
async fn online(scene: &mut Scene) {
    let until = Instant::now() + SOON;
    let page = scene.owner.page.clone();
    loop {
        let phone = phone(scene);
        if phone.nonce(&page, &phone.key).await.is_ok() {
            return;
        }
        assert!(Instant::now() < until, "the device did not come back");
        sleep(Duration::from_millis(100)).await;
    }
}

/// A town whose owner signs this rule beside the one about presses.
async fn with_rule(rule: RulePlan) -> Scene {
    let mut plan = TownPlan::paired_shop();
    plan.premises[0].rules.push(rule);
    Scene::set(plan).await.unwrap()
}

async fn until_live(scene: &mut Scene) -> Value {
    let live = |now: &_| shares(now).find(|share| share["state"] == "live");
    let sees = &mut scene.owner.sees;
    sees.until("a share is live", SOON, live).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_standing_rule_that_was_signed_shares_until_the_owner_takes_it_back() {
    let mut scene = with_rule(RulePlan::standing(&[1], 900)).await;
    let share = until_live(&mut scene).await;
    scene.watch().await.unwrap();
    let page = scene.owner.page.clone();
    let phone = scene.phone().unwrap();
    phone.change_rules(&page, &rules()).await.unwrap();
    let ended = |now: &_| shares(now).find(|it| it["id"] == share["id"] && it["state"] == "ended");
    let sees = &mut scene.owner.sees;
    let ended = sees.until("the share has ended", SOON, ended).await;
    assert_eq!(ended.unwrap()["endCause"], "policyChanged");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_that_nobody_signed_opens_nothing_even_where_a_rule_would_open() {
    let mut scene = with_rule(RulePlan::alert("glassBreak", "opens", &[2], 600)).await;
    scene.town.alert("shop", "glassBreak").await.unwrap();
    let heard = |now: &_| alerts(now, "glassBreak").pop();
    let sees = &mut scene.operator.sees;
    sees.until("operators hear of it", SOON, heard)
        .await
        .unwrap();
    sleep(Duration::from_secs(1)).await;
    assert_eq!(scene.live(), 0);
    let device = scene.town.device("shop").unwrap().status().await.unwrap();
    assert_eq!(device["shares"], json!([]));
}
