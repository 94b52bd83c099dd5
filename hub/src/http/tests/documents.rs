//! What others see of our errors, kept as a snapshot: a changed type or sentence shows in review.

use crate::testing::{Answer, TestHub};
use axum::http::Method;
use serde_json::{Value, json};

fn document(answer: Answer) -> Value {
    let mut document = answer.json;
    assert_eq!(document["status"], answer.status.as_u16());
    // Different at every call.
    document
        .as_object_mut()
        .unwrap()
        .remove("requestId")
        .unwrap();
    document
}

#[tokio::test]
async fn problem_documents_are_as_they_were() {
    let hub = TestHub::new().await;
    let owner = hub.sign_in("maria").await;
    let link = |token: &str| {
        hub.owner(Method::POST, "/api/session/link")
            .json(&json!({ "token": token }))
            .send()
    };
    let used = hub.link_for("maria").await;
    link(&used).await;
    let documents = json!({
        "nobody signed in": document(hub.owner(Method::GET, "/api/session").send().await),
        "unknown link": document(link("nonsense").await),
        "used link": document(link(&used).await),
        "link of the other page": document(link(&hub.link_for("op417").await).await),
        "wrong origin": document(hub.owner(Method::DELETE, "/api/session").with("origin", "http://evil.example").cookie(&owner).send().await),
        "wrong role": document(hub.owner(Method::POST, "/api/tickets").cookie(&owner).json(&json!({})).send().await),
        "unknown host": document(hub.call(Method::GET, "evil.example", "/").send().await),
        "unknown call": document(hub.owner(Method::GET, "/api/nothing").send().await),
        "not an id": document(hub.owner(Method::PUT, "/api/presses/x").cookie(&owner).json(&json!({})).send().await),
        "no pages built": document(TestHub::with(without_pages()).await.owner(Method::GET, "/").send().await),
    });
    insta::assert_json_snapshot!(documents);
}

fn without_pages() -> crate::config::Config {
    let web = crate::config::Web {
        dir: Some("/nowhere".into()),
    };
    crate::config::Config {
        web,
        ..crate::config::Config::default()
    }
}
