//! The register on both stores.
#![expect(clippy::unwrap_used, reason = "tests")]

use super::*;
use crate::testing::{TestWorld, on_both_engines};
use crate::world::Private;

fn shop() -> Premises {
    Premises {
        id: PremisesId::of_key("shop"),
        agency: AgencyId::of_key("pd"),
        kind: Kind::School,
        name: "Lincoln Elementary".to_owned(),
        address: Private::new("1 Main Street".to_owned()),
        call_back: Some(Private::new("555 0100".to_owned())),
        keyholder: None,
        place: Place::new(39.8, -89.64),
    }
}

fn reported(number: u16, name: &str) -> Reported {
    Reported {
        number,
        name: CameraName::new(name).unwrap(),
        has_sub: true,
        has_audio: false,
        masked: true,
    }
}

#[tokio::test]
async fn what_is_registered_is_there_after_a_restart() {
    on_both_engines(async |test: &TestWorld| {
        let registry = Registry::open(test.world.clone()).await.unwrap();
        let early = registry.put_premises(shop()).await;
        assert!(early.is_err(), "the agency is not known yet");
        let agency = Agency {
            id: AgencyId::of_key("pd"),
            name: "Springfield PD".to_owned(),
        };
        registry.put_agency(agency.clone()).await.unwrap();
        registry.put_premises(shop()).await.unwrap();
        let device = DeviceId([3; 32]);
        let fresh = registry.connect(
            device,
            shop().id,
            &[reported(1, "Door"), reported(2, "Yard")],
        );
        registry.keep(&fresh).await.unwrap();
        // Only what changed is written again.
        let renamed = registry.connect(
            device,
            shop().id,
            &[reported(1, "Gate"), reported(2, "Yard")],
        );
        assert_eq!(renamed.len(), 1);
        registry.keep(&renamed).await.unwrap();

        let again = Registry::open(test.world.clone()).await.unwrap();
        assert_eq!(*again.agency(agency.id).unwrap(), agency);
        assert_eq!(*again.premises(shop().id).unwrap(), shop());
        let names: Vec<String> = again
            .cameras_of(shop().id)
            .iter()
            .map(|camera| camera.name.clone())
            .collect();
        assert_eq!(names.len(), 2);
        assert!(names.contains(&"Gate".to_owned()));
        let gate = Connection { device, number: 1 }.camera();
        assert_eq!(again.camera(gate), registry.camera(gate));
    })
    .await;
}

#[tokio::test]
async fn a_device_cannot_fill_the_register() {
    let test = TestWorld::on(crate::world::Engine::Sqlite).await;
    let registry = Registry::open(test.world.clone()).await.unwrap();
    let many: Vec<Reported> = (1..=1_000).map(|number| reported(number, "x")).collect();
    let fresh = registry.connect(DeviceId([3; 32]), shop().id, &many);
    assert_eq!(fresh.len(), MOST_CAMERAS);
}
