//! Commands, without the socket.

#![expect(clippy::unwrap_used, reason = "tests")]

use super::{Command, Town};
use crate::run::Bound;
use crate::testing::TestHub;
use crate::world::PersonId;
use serde_json::{Value, json};

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
