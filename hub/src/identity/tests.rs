//! Identity's SQL, run on both engines.

#![expect(clippy::unwrap_used, reason = "tests")]

use super::{Badge, Identity, Person, RelyingParties, Role, SignInLink};
use crate::audit::{Actor, Audit};
use crate::testing::{TestWorld, on_both_engines};
use crate::world::{AgencyId, PersonId, PremisesId, Private};
use std::time::Duration;

async fn open(test: &TestWorld) -> Identity {
    let audit = Audit::open(test.world.clone(), &test.data_dir()).unwrap();
    let relying = RelyingParties::new("console.localhost", "owner.localhost", false).unwrap();
    Identity::open(test.world.clone(), audit, relying)
        .await
        .unwrap()
}

fn maria() -> Person {
    Person {
        id: PersonId::of_key("maria"),
        name: Private::new("Maria".into()),
        role: Role::Owner,
        badge: None,
        agency: None,
        premises: vec![PremisesId::of_key("shop"), PremisesId::of_key("school")],
    }
}

fn operator() -> Person {
    Person {
        id: PersonId::of_key("op"),
        name: Private::new("Dana".into()),
        role: Role::Operator,
        badge: Some(Badge("417".into())),
        agency: Some(AgencyId::of_key("pd")),
        premises: Vec::new(),
    }
}

#[tokio::test]
async fn people_survive_a_restart_as_they_were_put_last() {
    on_both_engines(async |test: &TestWorld| {
        let identity = open(test).await;
        identity.put_person(maria()).await.unwrap();
        identity.put_person(operator()).await.unwrap();
        let mut less = maria();
        less.premises.pop();
        identity.put_person(less.clone()).await.unwrap();
        let again = open(test).await;
        assert_eq!(again.person(less.id).unwrap().premises, less.premises);
        assert_eq!(again.person(operator().id).unwrap().badge, operator().badge);
        assert_eq!(again.owners_of(PremisesId::of_key("school")).len(), 0);
    })
    .await;
}

#[tokio::test]
async fn a_link_stays_good_when_its_session_could_not_be_kept() {
    let test = TestWorld::on(crate::world::Engine::Sqlite).await;
    let identity = open(&test).await;
    let link = link_for(&identity, maria()).await;
    for table in ["audit_event", "session"] {
        let full = format!(
            "CREATE TRIGGER full_{table} BEFORE INSERT ON {table} BEGIN SELECT RAISE(ROLLBACK, 'full'); END"
        );
        let run = async |sql: String| {
            sqlx::raw_sql(sqlx::AssertSqlSafe(sql))
                .execute(test.world.store.pool())
                .await
                .unwrap();
        };
        run(full).await;
        let tried = identity.sign_in_by_link(&link.token, Role::Owner).await;
        assert_ne!(tried.unwrap_err().slug, "link-used", "{table}");
        run(format!("DROP TRIGGER full_{table}")).await;
    }
    identity
        .sign_in_by_link(&link.token, Role::Owner)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_session_lives_through_restarts_until_it_is_ended() {
    on_both_engines(async |test: &TestWorld| {
        let identity = open(test).await;
        let link = link_for(&identity, maria()).await;
        let (cookie, _) = identity
            .sign_in_by_link(&link.token, Role::Owner)
            .await
            .unwrap();
        assert_eq!(
            identity
                .sign_in_by_link(&link.token, Role::Owner)
                .await
                .unwrap_err()
                .slug,
            "link-used"
        );
        let again = open(test).await;
        let signed_in = again.admit(&cookie).unwrap();
        again.sign_out(&signed_in).await;
        assert!(signed_in.ended.is_cancelled());
        assert!(open(test).await.admit(&cookie).is_none());
    })
    .await;
}

#[tokio::test]
async fn a_role_that_was_taken_stays_taken() {
    on_both_engines(async |test: &TestWorld| {
        let identity = open(test).await;
        identity.put_person(operator()).await.unwrap();
        assert_eq!(
            identity
                .revoke_role(operator().id, Actor::Administrator)
                .await
                .unwrap(),
            0
        );
        assert!(open(test).await.person(operator().id).is_none());
        assert_eq!(
            identity
                .revoke_role(operator().id, Actor::Administrator)
                .await
                .unwrap_err()
                .slug,
            "not-found"
        );
    })
    .await;
}

#[tokio::test]
async fn being_seen_is_remembered_and_silence_ends_a_session() {
    on_both_engines(async |test: &TestWorld| {
        let identity = open(test).await;
        let link = link_for(&identity, operator()).await;
        let (cookie, _) = identity
            .sign_in_by_link(&link.token, Role::Operator)
            .await
            .unwrap();
        test.world.clock.advance(Duration::from_secs(20 * 60));
        let held = identity.admit(&cookie).unwrap();
        identity.sweep_sessions().await;
        test.world.clock.advance(Duration::from_secs(20 * 60));
        assert!(
            open(test).await.admit(&cookie).is_some(),
            "it was seen 20 minutes ago"
        );
        test.world.clock.advance(Duration::from_secs(11 * 60));
        identity.sweep_sessions().await;
        assert!(held.ended.is_cancelled());
        assert!(open(test).await.admit(&cookie).is_none());
    })
    .await;
}

#[tokio::test]
async fn signing_out_works_without_a_store() {
    let test = TestWorld::on(crate::world::Engine::Sqlite).await;
    let identity = open(&test).await;
    let link = link_for(&identity, maria()).await;
    let (cookie, signed_in) = identity
        .sign_in_by_link(&link.token, Role::Owner)
        .await
        .unwrap();
    test.world.store.close().await;
    identity.sign_out(&signed_in).await;
    assert!(identity.admit(&cookie).is_none());
    assert!(signed_in.ended.is_cancelled());
}

/// A sign-in link for somebody who was just put.
async fn link_for(identity: &Identity, person: Person) -> SignInLink {
    let id = person.id;
    identity.put_person(person).await.unwrap();
    identity.make_link(id, Actor::Administrator).await.unwrap()
}
