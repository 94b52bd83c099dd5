//! Commands, without the socket.

#![expect(clippy::unwrap_used, reason = "tests")]

use super::{Command, Town};
use crate::config::Config;
use crate::devices::LineEnd;
use crate::run::Bound;
use crate::sharing::{EndText, PressAsked};
use crate::testing::{TestDevice, TestHub, rule};
use crate::world::{Engine, PersonId, PremisesId};
use assent_consent as consent;
use assent_wire::link::hub_frame::Body;
use consent::{RuleTrigger, Trigger};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use uuid::Uuid;

const TOWN: &str = r#"
agency = { key = "pd", name = "Springfield PD" }
[[premises]]
key = "school"
kind = "school"
name = "Lincoln School"
address = "1 Hill Road"
lat = 42.1
lon = -72.5
[[person]]
key = "joan"
name = "Joan"
role = "owner"
premises = ["school", "shop"]
"#;

async fn run(hub: &TestHub, command: Value) -> crate::error::Result<Value> {
    let bound = Bound {
        http: "127.0.0.1:7400".parse().unwrap(),
        link: "127.0.0.1:7443".parse().unwrap(),
        media: "127.0.0.1:7470".parse().unwrap(),
    };
    serde_json::from_value::<Command>(command)
        .unwrap()
        .run(&hub.hub, bound)
        .await
}

async fn import(hub: &TestHub, toml: &str) -> crate::error::Result<Value> {
    let town = Town::parse(toml)?;
    run(hub, serde_json::to_value(Command::Import { town }).unwrap()).await
}

#[tokio::test]
async fn a_town_may_name_premises_that_the_hub_knows_already() {
    let hub = TestHub::new().await;
    let answer = import(&hub, TOWN).await.unwrap();
    assert_eq!(answer["people"][0]["key"], "joan");
    let joan = hub.hub.identity.person(PersonId::of_key("joan")).unwrap();
    assert_eq!(joan.premises.len(), 2);
}

#[tokio::test]
async fn a_town_with_a_mistake_changes_nothing_and_says_where() {
    let hub = TestHub::new().await;
    for (from, to, says) in [
        ("[\"school\", \"shop\"]", "[\"scool\"]", "scool"),
        ("lon = -72.5", "", "lat and lon"),
        ("lat = 42.1", "lat = 142.1", "not on earth"),
        ("role = \"owner\"", "role = \"operator\"", "badge"),
        ("address =", "adress =", "adress"),
        (
            "Lincoln School",
            "Lincoln\\u0000School",
            "control characters",
        ),
    ] {
        let error = import(&hub, &TOWN.replace(from, to)).await.unwrap_err();
        assert!(error.public.contains(says), "{error}");
        assert!(hub.hub.identity.person(PersonId::of_key("joan")).is_none());
    }
}

#[tokio::test]
async fn a_link_points_at_the_persons_own_page() {
    let hub = TestHub::new().await;
    let owner = run(&hub, json!({ "command": "link", "person": "maria" }))
        .await
        .unwrap();
    assert!(
        owner["url"]
            .as_str()
            .unwrap()
            .starts_with("http://owner.localhost:7400/#link=")
    );
    let operator = run(&hub, json!({ "command": "link", "person": "op417" }))
        .await
        .unwrap();
    assert!(
        operator["url"]
            .as_str()
            .unwrap()
            .starts_with("http://console.localhost:7400/#link=")
    );
    let nobody = run(&hub, json!({ "command": "link", "person": "nobody" }))
        .await
        .unwrap_err();
    assert_eq!(nobody.slug, "not-found");
}

#[tokio::test]
async fn a_device_that_is_revoked_loses_its_line_its_shares_and_its_say() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let hub = TestHub::on(engine, Config::default()).await;
        let mut device = TestDevice::new(&hub.hub, vec![rule(1, RuleTrigger::Press)]).await;
        device.obey().await;
        let maria = hub.hub.identity.person(PersonId::of_key("maria")).unwrap();
        let (id, press) = (Uuid::new_v4(), press_at_the_shop());
        hub.hub.sharing.press(&maria, id, press).await.unwrap();
        device.obey().await;
        let camera = device.camera(1);
        assert!(hub.hub.sharing.is_live(camera));

        let listed = run(&hub, json!({ "command": "devices" })).await.unwrap();
        let text = listed["devices"][0]["id"].as_str().unwrap().to_owned();
        let revoke = json!({ "command": "revoke-device", "device": text });
        let answer = run(&hub, revoke.clone()).await.unwrap();
        assert_eq!(answer["sharesEnded"], 1);
        assert!(!hub.hub.sharing.is_live(camera));
        let share = hub.hub.sharing.shares(&maria).remove(0);
        assert_eq!(share.end_cause, Some(EndText::DeviceRevoked));
        let place = hub.hub.sharing.owner_premises(&maria, &hub.hub.identity);
        assert_eq!(json!(place[0].device_state), "never", "it has none now");

        // It was asked to end by itself before its line was cut, and whatever it says now opens nothing.
        let (_, mut outgoing) = device.line.take().unwrap();
        let told = outgoing.frames.try_recv().unwrap().body;
        assert!(matches!(told, Some(Body::End(_))), "{told:?}");
        assert_eq!(outgoing.cut.try_recv().unwrap(), LineEnd::Revoked);
        let pressed = device.press(button(), 0);
        let (sharing, premises) = (&hub.hub.sharing, device.premises);
        sharing
            .pressed_at_device(device.id, premises, pressed)
            .await;
        assert!(!sharing.is_live(camera));
        assert!(hub.hub.devices.attach(device.id).is_err());

        run(&hub, revoke).await.unwrap();
        let recorded = "SELECT COUNT(*) FROM audit_event WHERE class = 'device-revoked'";
        let recorded: i64 = sqlx::query_scalar(recorded)
            .fetch_one(hub.hub.world.store.pool())
            .await
            .unwrap();
        assert_eq!(recorded, 1, "revoked twice is revoked once");
        hub.hub.world.store.close().await;
    }
}

#[tokio::test]
async fn a_device_that_nobody_knows_cannot_be_revoked() {
    let hub = TestHub::new().await;
    for device in ["box".to_owned(), "0".repeat(64)] {
        let command = json!({ "command": "revoke-device", "device": device });
        let refused = run(&hub, command).await.unwrap_err();
        assert!(refused.public.contains("admin devices"), "{refused}");
    }
}

fn press_at_the_shop() -> PressAsked {
    serde_json::from_value(json!({ "premisesId": PremisesId::of_key("shop"), "level": "panic" }))
        .unwrap()
}

fn button() -> Trigger {
    let press = consent::Press {
        level: consent::Level::Panic,
        silent: false,
        drill: false,
        at: consent::PressedAt::Button,
        by: consent::PersonId::new("").unwrap(),
        cameras: BTreeSet::new(),
        note: consent::Note::new("").unwrap(),
    };
    Trigger {
        id: consent::TriggerId(*b"a press too late"),
        made_at: consent::WallTime(0),
        kind: consent::TriggerKind::Press(press),
    }
}

#[tokio::test]
async fn a_claim_needs_premises() {
    let hub = TestHub::new().await;
    let claim = run(&hub, json!({ "command": "claim", "premises": "shop" }))
        .await
        .unwrap();
    assert!(
        claim["claim"]
            .as_str()
            .unwrap()
            .contains("@localhost:7443#")
    );
    assert!(
        run(&hub, json!({ "command": "claim", "premises": "moon" }))
            .await
            .is_err()
    );
}
