//! Whatever comes in from outside gets a clear answer that says what to do; nothing panics and nothing
//! is lost. Each test is one kind of bad input, on a whole town.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::time::Duration;

use assent_tests::cameras::Trouble;
use assent_tests::town::page::{Answer, Page};
use assent_tests::town::plan::TownPlan;
use assent_tests::town::share::{Press, SOON, Scene, list};
use reqwest::Method;
use serde_json::json;
use uuid::Uuid;

/// A refusal is a problem document with a stable name and a sentence, and the hub lives on.
async fn refused(scene: &mut Scene, answer: Answer, statuses: &[u16]) {
    assert!(statuses.contains(&answer.status), "{answer:?}");
    let problem: serde_json::Value = serde_json::from_str(&answer.text).unwrap();
    assert!(
        problem["type"]
            .as_str()
            .unwrap()
            .starts_with("urn:assent:problem:"),
        "{problem}"
    );
    assert!(
        problem["title"].is_string() && problem["requestId"].is_string(),
        "{problem}"
    );
    assert!(scene.town.hub.process().running());
}

async fn quiet_town() -> Scene {
    let mut plan = TownPlan::one_shop();
    plan.premises[0].cameras.truncate(1);
    for rule in &mut plan.premises[0].rules {
        rule.cameras = vec![1];
    }
    Scene::set(plan).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_that_make_no_sense_are_refused_one_by_one() {
    let mut scene = quiet_town().await;
    let (owner, operator) = (scene.owner.page.clone(), scene.operator.page.clone());
    let wall = scene.open_wall(1).await.unwrap();

    let unknown_camera =
        json!({ "cameraId": Uuid::new_v4(), "size": "large", "visible": true, "audible": false });
    let path = format!("api/walls/{}/tiles/0", wall.id);
    let answer = operator
        .call(Method::PUT, &path, Some(&unknown_camera))
        .await
        .unwrap();
    refused(&mut scene, answer, &[403, 404]).await;

    let unknown_premises = Press::new(&Uuid::new_v4().to_string());
    let answer = unknown_premises.send(&owner, 0).await.unwrap();
    refused(&mut scene, answer, &[403, 404]).await;

    let wrong_role = Press::new(&scene.premises);
    let answer = wrong_role.send(&operator, 0).await.unwrap();
    refused(&mut scene, answer, &[403, 404]).await;

    let mut no_level = Press::new(&scene.premises);
    no_level.body["level"] = json!("apocalypse");
    let answer = no_level.send(&owner, 0).await.unwrap();
    refused(&mut scene, answer, &[400, 422]).await;

    let answer = operator
        .put_sdp(
            &format!("api/walls/{}?ticket=made-up", Uuid::new_v4()),
            "v=0".into(),
        )
        .await
        .unwrap();
    refused(&mut scene, answer, &[401, 403, 410]).await;

    let ticket = operator
        .post("api/tickets", &json!({ "use": "wall" }))
        .await
        .unwrap();
    let path = format!(
        "api/walls/{}?ticket={}",
        Uuid::new_v4(),
        ticket["ticket"].as_str().unwrap()
    );
    let answer = operator
        .put_sdp(&path, "this is no session description".into())
        .await
        .unwrap();
    refused(&mut scene, answer, &[400, 422]).await;
    let answer = operator.put_sdp(&path, "v=0".into()).await.unwrap();
    refused(&mut scene, answer, &[401, 403, 410]).await;

    let answer = operator
        .call(
            Method::PUT,
            &format!("api/alerts/{}/acknowledgement", Uuid::new_v4()),
            Some(&json!({})),
        )
        .await
        .unwrap();
    refused(&mut scene, answer, &[404]).await;

    let huge = json!({ "note": "x".repeat(3_000_000) });
    let answer = operator
        .call(
            Method::PUT,
            &format!("api/incidents/{}/clear", Uuid::new_v4()),
            Some(&huge),
        )
        .await
        .unwrap();
    refused(&mut scene, answer, &[413]).await;

    let unsigned =
        json!({ "kind": "gunshot", "premisesId": scene.premises, "at": "2026-11-20T12:00:00Z" });
    let answer = operator
        .call(Method::POST, "api/hooks/nobody", Some(&unsigned))
        .await
        .unwrap();
    refused(&mut scene, answer, &[401, 403, 404]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_link_works_once_and_strangers_see_nothing() {
    let mut scene = quiet_town().await;
    let hub = scene.town.hub.http_address();
    let link = scene.town.hub.sign_in_link("op418").await.unwrap();
    Page::sign_in(&link, hub).await.unwrap();
    let again = Page::sign_in(&link, hub).await.err().unwrap().to_string();
    assert!(again.contains("urn:assent:problem:"), "{again}");
    let stranger = Page::visit(&link, hub).unwrap();
    for path in ["api/session", "api/stream", "api/viewings"] {
        let answer = stranger.call(Method::GET, path, None).await.unwrap();
        refused(&mut scene, answer, &[401]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_device_with_the_same_claim_is_turned_away() {
    let mut scene = quiet_town().await;
    let claim = scene.town.hub.claim("shop").await.unwrap();
    let device = scene.town.device("shop").unwrap();
    let before = device.status().await.unwrap();
    let first = device.enrol_another("second", &claim).await;
    first.unwrap();
    let refusal = device
        .enrol_another("third", &claim)
        .await
        .unwrap_err()
        .to_string();
    assert!(
        refusal.contains("claim") || refusal.contains("used"),
        "it says what to do: {refusal}"
    );
    assert!(before.is_object() && device.running());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_camera_that_answers_garbage_or_wants_another_password_is_named_so() {
    let mut scene = quiet_town().await;
    let camera = scene.camera.clone();
    for (trouble, said) in [
        (Trouble::OtherPassword, "wrongPassword"),
        (Trouble::Garbage, "garbage"),
    ] {
        scene.town.cameras.all()[0].put(trouble).unwrap();
        let named = |now: &_| {
            list(now, "cameras")
                .find(|known| known["id"] == camera.as_str() && known["availability"] == said)
        };
        let known = scene
            .operator
            .sees
            .until(said, SOON * 2, named)
            .await
            .unwrap();
        assert!(known["reason"].is_string(), "{known}");
        scene.town.cameras.all()[0].put(Trouble::None).unwrap();
    }
    assert!(scene.town.device("shop").unwrap().running());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_press_that_is_replayed_as_another_is_refused() {
    let mut scene = quiet_town().await;
    let mut press = scene.live_press().await.unwrap();
    press.body["level"] = json!("staffAlert");
    let answer = press.send(&scene.owner.page, 0).await.unwrap();
    // Either the first press is answered again, or the second word is refused; it never becomes two.
    if answer.status != 200 {
        refused(&mut scene, answer, &[409, 422]).await;
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    let known =
        list(&scene.owner.sees.now(), "presses").filter(|known| known["id"] == press.id.as_str());
    assert_eq!(
        known
            .map(|known| known["level"].clone())
            .collect::<Vec<_>>(),
        [json!("panic")]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_in_use_is_said_so_and_the_running_hub_is_not_harmed() {
    let mut scene = quiet_town().await;
    let said = scene.town.hub.start_beside().await.unwrap_err().to_string();
    assert!(
        said.contains("in use") || said.contains("already"),
        "{said}"
    );
    assert!(scene.town.hub.process().running());
    scene.live_press().await.unwrap();
}
