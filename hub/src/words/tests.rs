//! Nonces and words between a page and a device that answers by hand.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::sync::Arc;

use assent_consent::{GateRefusal, Word};
use assent_wire::WordRefusal;
use assent_wire::link::{self, hub_frame::Body};
use axum::http::{Method, StatusCode};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::*;
use crate::config::Config;
use crate::testing::signed::{KEY, empty_policy, envelope, sealed};
use crate::testing::{Answer, TestDevice, TestHub};
use crate::world::{DeviceId, Engine, PersonId, PremisesId};

struct Scene {
    test: TestHub,
    device: TestDevice,
    cookie: String,
}

impl Scene {
    async fn new() -> Self {
        Self::on(Engine::Sqlite).await
    }

    async fn on(engine: Engine) -> Self {
        let test = TestHub::on(engine, Config::default()).await;
        let device = TestDevice::new(&test.hub, Vec::new()).await;
        let cookie = test.sign_in("maria").await;
        Self {
            test,
            device,
            cookie,
        }
    }

    fn path(&self, call: &str) -> String {
        format!("/api/devices/{}/{call}", self.device.id)
    }

    async fn post(test: &TestHub, cookie: &str, path: &str, body: &serde_json::Value) -> Answer {
        let call = test.owner(Method::POST, path).cookie(cookie);
        call.json(body).send().await
    }

    /// Gives the device these words while it answers each as told.
    async fn present(&mut self, words: &[Word], says: &[link::Presented]) -> Answer {
        let envelopes: Vec<String> = words.iter().map(envelope).collect();
        let (body, path) = (json!({ "envelopes": envelopes }), self.path("words"));
        let (words, id) = (self.test.hub.words.clone(), self.device.id);
        let call = Self::post(&self.test, &self.cookie, &path, &body);
        let answering = async {
            let given = loop {
                if let Body::Present(present) = self.device.next().await {
                    break present.envelopes;
                }
            };
            for (bytes, said) in given.iter().zip(says) {
                let hash = Sha256::digest(bytes).to_vec();
                let said = link::Presented {
                    hash,
                    ..said.clone()
                };
                words.presented(id, &said).await.unwrap();
            }
        };
        tokio::join!(call, answering).0
    }

    async fn known(&self) -> serde_json::Value {
        let path = self.path("words");
        let call = self.test.owner(Method::GET, &path).cookie(&self.cookie);
        call.send().await.json
    }
}

fn taken() -> link::Presented {
    link::Presented::default()
}

fn refused(refusal: link::Refusal) -> link::Presented {
    link::Presented {
        refusal: refusal.into(),
        ..link::Presented::default()
    }
}

#[tokio::test]
async fn a_nonce_comes_from_the_device_that_was_asked_and_for_the_key_that_asked() {
    let mut scene = Scene::new().await;
    let path = scene.path("nonces");
    let body = json!({ "key": KEY.to_string() });
    let call = Scene::post(&scene.test, &scene.cookie, &path, &body);
    let (words, id) = (scene.test.hub.words.clone(), scene.device.id);
    let answering = async {
        let ask = loop {
            if let Body::NonceAsk(ask) = scene.device.next().await {
                break ask;
            }
        };
        assert_eq!(ask.key, KEY.0);
        let given = |key: [u8; 32], nonce: u8| link::NonceGiven {
            ask: ask.ask,
            key: key.to_vec(),
            nonce: vec![nonce; 16],
            lives_ms: 60_000,
        };
        words
            .nonce_given(DeviceId([9; 32]), &given(KEY.0, 1))
            .unwrap();
        words.nonce_given(id, &given([4; 32], 2)).unwrap();
        words.nonce_given(id, &given(KEY.0, 3)).unwrap();
    };
    let (answer, ()) = tokio::join!(call, answering);
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.json);
    assert_eq!(
        answer.json,
        json!({ "nonce": "03".repeat(16), "livesMs": 60_000 })
    );
    assert!(scene.test.hub.words.asked.lock().is_empty());
}

#[tokio::test]
async fn a_key_that_the_device_does_not_know_is_told_so() {
    let mut scene = Scene::new().await;
    let path = scene.path("nonces");
    let body = json!({ "key": KEY.to_string() });
    let call = Scene::post(&scene.test, &scene.cookie, &path, &body);
    let (words, id) = (scene.test.hub.words.clone(), scene.device.id);
    let answering = async {
        let ask = loop {
            if let Body::NonceAsk(ask) = scene.device.next().await {
                break ask;
            }
        };
        let refused = link::NonceRefused {
            ask: ask.ask,
            key: ask.key,
            ..link::NonceRefused::default()
        };
        words.nonce_refused(id, &refused, WordRefusal::Gate(GateRefusal::UnknownKey));
    };
    let (answer, ()) = tokio::join!(call, answering);
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(answer.problem(), "unknown-key");
}

#[tokio::test]
async fn a_device_that_is_away_or_silent_is_away() {
    let mut scene = Scene::new().await;
    let path = scene.path("nonces");
    let body = json!({ "key": KEY.to_string() });
    let silent = Scene::post(&scene.test, &scene.cookie, &path, &body).await;
    assert_eq!(
        (silent.status, silent.problem()),
        (StatusCode::SERVICE_UNAVAILABLE, "device-away")
    );
    assert!(scene.test.hub.words.asked.lock().is_empty());
    scene.device.unplug();
    let away = Scene::post(&scene.test, &scene.cookie, &path, &body).await;
    assert_eq!(away.problem(), "device-away");
    let envelopes = json!({ "envelopes": [envelope(&empty_policy(scene.device.id, 1))] });
    let path = scene.path("words");
    let away = Scene::post(&scene.test, &scene.cookie, &path, &envelopes).await;
    assert_eq!(away.problem(), "device-away");
    assert!(scene.test.hub.words.pending.lock().is_empty());
}

#[tokio::test]
async fn a_device_of_others_is_as_unknown_as_one_that_does_not_exist() {
    let mut scene = Scene::new().await;
    let mut stranger = (*scene
        .test
        .hub
        .identity
        .person(PersonId::of_key("maria"))
        .unwrap())
    .clone();
    stranger.id = PersonId::of_key("eve");
    stranger.premises = vec![PremisesId::of_key("elsewhere")];
    let words = &scene.test.hub.words;
    let own = words.nonce_for(&stranger, scene.device.id, KEY).await;
    let none = words.nonce_for(&stranger, DeviceId([9; 32]), KEY).await;
    let (own, none) = (own.err().unwrap(), none.err().unwrap());
    assert_eq!((own.kind, &own.public), (none.kind, &none.public));
    assert_eq!(own.kind, Kind::NotFound);
    assert!(words.known(&stranger, scene.device.id).await.is_err());
    let operator = scene.test.sign_in("op417").await;
    let path = scene.path("nonces");
    let call = scene.test.console(Method::POST, &path).cookie(&operator);
    let answer = call.json(&json!({ "key": KEY.to_string() })).send().await;
    assert_eq!(answer.problem(), "wrong-role");
    scene.device.unplug();
}

#[tokio::test]
async fn what_a_device_has_taken_is_kept_for_the_households_other_phones() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let mut scene = Scene::on(engine).await;
        let id = scene.device.id;
        let (first, second) = (empty_policy(id, 1), empty_policy(id, 2));
        let answer = scene
            .present(std::slice::from_ref(&first), &[taken()])
            .await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.json);
        let answer = scene
            .present(std::slice::from_ref(&second), &[taken()])
            .await;
        assert_eq!(answer.json["words"][0]["accepted"], true);
        assert_eq!(scene.known().await["policy"], envelope(&second));
        scene.present(&[first], &[taken()]).await;
        let known = scene.known().await;
        assert_eq!(known["policy"], envelope(&second), "not an older one");
        scene.test.hub.world.store.close().await;
    }
}

#[tokio::test]
async fn what_a_device_refuses_is_told_with_its_name_and_not_kept() {
    let mut scene = Scene::new().await;
    let policy = empty_policy(scene.device.id, 1);
    let no = refused(link::Refusal::BadSignature);
    let answer = scene.present(&[policy], &[no]).await;
    let word = &answer.json["words"][0];
    assert_eq!(
        (&word["accepted"], &word["refusal"]),
        (&json!(false), &json!("badSignature"))
    );
    assert_eq!(scene.known().await["policy"], json!(null));
}

#[tokio::test]
async fn what_waits_for_a_press_is_kept_when_the_device_says_so_once_more() {
    let mut scene = Scene::new().await;
    let policy = empty_policy(scene.device.id, 1);
    let waits = link::Presented {
        waits_for_press: true,
        ..link::Presented::default()
    };
    let answer = scene.present(std::slice::from_ref(&policy), &[waits]).await;
    let word = &answer.json["words"][0];
    assert_eq!(
        (&word["accepted"], &word["waitsForPress"]),
        (&json!(false), &json!(true))
    );
    assert_eq!(scene.known().await["policy"], json!(null));
    let bytes = crate::testing::signed::sealed(&policy);
    let hash = Sha256::digest(&bytes).to_vec();
    let pressed = link::Presented {
        hash,
        ..link::Presented::default()
    };
    let words = &scene.test.hub.words;
    words.presented(scene.device.id, &pressed).await.unwrap();
    assert_eq!(scene.known().await["policy"], envelope(&policy));
}

#[tokio::test]
async fn rubbish_and_what_is_for_others_never_reaches_the_device() {
    let mut scene = Scene::new().await;
    let path = scene.path("words");
    let elsewhere = envelope(&empty_policy(DeviceId([9; 32]), 1));
    let mut broken = envelope(&empty_policy(scene.device.id, 1));
    broken.push_str("AAAA");
    for (text, problem) in [
        (elsewhere.as_str(), "envelope-mismatch"),
        (broken.as_str(), "envelope-unreadable"),
        ("not base64url!", "envelope-unreadable"),
        ("", "envelope-unreadable"),
    ] {
        let body = json!({ "envelopes": [text] });
        let answer = Scene::post(&scene.test, &scene.cookie, &path, &body).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{text}");
        assert_eq!(answer.problem(), problem, "{text}");
    }
    let many: Arc<[String]> = vec![elsewhere; 9].into();
    let body = json!({ "envelopes": &*many });
    let answer = Scene::post(&scene.test, &scene.cookie, &path, &body).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    let marker = link::Demand::default();
    scene
        .test
        .hub
        .devices
        .say(scene.device.id, Body::Demand(marker));
    while let Ok(body) = tokio::time::timeout(std::time::Duration::ZERO, scene.device.next()).await
    {
        assert!(!matches!(body, Body::Present(_)));
    }
}

#[tokio::test]
async fn what_a_device_was_paired_with_is_kept_too() {
    use prost::Message as _;
    let mut scene = Scene::new().await;
    let id = scene.device.id;
    let hello = |device: DeviceId| {
        let hello = assent_wire::pairing::Hello {
            device: device.0.to_vec(),
            policy: sealed(&empty_policy(device, 1)),
            ..assent_wire::pairing::Hello::default()
        };
        [vec![7; 32], hello.encode_to_vec()].concat()
    };
    let words = &scene.test.hub.words;
    words.paired(id, &hello(DeviceId([9; 32]))).await.unwrap();
    assert_eq!(
        scene.known().await["policy"],
        json!(null),
        "for another device"
    );
    words.paired(id, &hello(id)).await.unwrap();
    assert_eq!(
        scene.known().await["policy"],
        envelope(&empty_policy(id, 1))
    );
    assert!(words.paired(id, b"short").await.is_err());
    scene.device.unplug();
}
