//! The owners' history, on both stores.

use time::Duration;
use uuid::Uuid;

use crate::config::Config;
use crate::testing::TestHub;
use crate::viewing::history::{end_all, put, recent};
use crate::viewing::note::View;
use crate::world::{AgencyId, CameraId, Engine, PersonId, PremisesId, ViewingId};

fn view(number: u32, premises: &str, test: &TestHub) -> View {
    let started_at = test.hub.world.clock.now() + Duration::seconds(i64::from(number / 2));
    View {
        id: ViewingId(Uuid::from_u128(u128::from(number) + 1)),
        camera: CameraId(Uuid::from_u128(7)),
        camera_name: "Door".to_owned(),
        premises: PremisesId::of_key(premises),
        person: PersonId::of_key("op417"),
        badge: "417".to_owned(),
        agency: AgencyId::of_key("pd"),
        agency_name: "Springfield PD".to_owned(),
        reason: "standing share".to_owned(),
        incident: None,
        receipt: Uuid::from_u128(9),
        started_at,
        first_frame_at: None,
        ended_at: None,
    }
}

#[tokio::test]
async fn an_owner_pages_through_every_view_of_the_own_cameras_and_no_other() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let test = TestHub::on(engine, Config::default()).await;
        let world = &test.hub.world;
        let mut transaction = world.store.pool().begin().await.unwrap();
        for number in 0..120 {
            put(&mut transaction, &view(number, "shop", &test))
                .await
                .unwrap();
        }
        put(&mut transaction, &view(500, "school", &test))
            .await
            .unwrap();
        transaction.commit().await.unwrap();

        let owner = test.hub.identity.person(PersonId::of_key("maria")).unwrap();
        let (mut seen, mut cursor) = (Vec::new(), None);
        loop {
            let page = test.hub.viewing.history(&owner, cursor.as_deref());
            let page = page.await.unwrap();
            seen.extend(page.viewings.into_iter().map(|viewing| viewing.id));
            cursor = page.cursor;
            if cursor.is_none() {
                break;
            }
        }
        let all: Vec<Uuid> = (0..120)
            .rev()
            .map(|number| Uuid::from_u128(number + 1))
            .collect();
        assert_eq!(seen, all, "each once, newest first");

        let bad = test.hub.viewing.history(&owner, Some("yesterday")).await;
        assert_eq!(bad.err().unwrap().kind, crate::error::Kind::Invalid);

        end_all(world).await.unwrap();
        let recalled = recent(world).await.unwrap();
        assert_eq!(recalled.len(), 121);
        assert!(recalled.iter().all(|view| view.ended_at.is_some()));
        world.store.close().await;
    }
}
