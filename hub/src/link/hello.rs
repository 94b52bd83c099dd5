//! The first frame of a line: who the device is today. Parsed whole before any of it is taken over.

use assent_consent::{Adopted, StandingPolicy};
use assent_wire::{Canonical, MAX_NAME, WireError, link};

use super::attached::Attached;
use super::frames::health_of;
use crate::devices::Health;
use crate::error::{Error, Result};
use crate::registry::{MOST_CAMERAS, Reported as CameraReported};
use crate::sharing::{Greeting, Reported};
use crate::world::AgencyId;

pub(super) struct Hello {
    greeting: Greeting,
    cameras: Vec<(CameraReported, Health)>,
}

pub(super) fn parse(hello: link::Hello) -> Result<Hello> {
    if hello.cameras.len() > MOST_CAMERAS || hello.live.len() > assent_consent::MAX_OPEN_GRANTS {
        return Err(Error::invalid(
            "The device names more cameras or grants than a device has.",
        ));
    }
    let boot_id = hello
        .boot_id
        .as_slice()
        .try_into()
        .map_err(|_| Error::invalid("A boot id has 16 bytes."))?;
    let policy = if hello.policy.is_empty() {
        StandingPolicy::default()
    } else {
        Canonical::<StandingPolicy>::decode(&hello.policy)
            .map_err(malformed)?
            .into_value()
    };
    let live = hello.live.iter().map(reported).collect::<Result<_>>()?;
    let cameras = hello
        .cameras
        .into_iter()
        .map(camera)
        .collect::<Result<_>>()?;
    Ok(Hello {
        greeting: Greeting {
            boot_id,
            policy,
            live,
        },
        cameras,
    })
}

/// What such a rule opens, nobody can see: most often a key that is written differently in two files.
fn warn_of_strangers(attached: &Attached, policy: &StandingPolicy) {
    for rule in policy.rules() {
        let agency = AgencyId::parse(rule.agency.as_str());
        if agency
            .and_then(|id| attached.hub.registry.agency(id))
            .is_none()
        {
            tracing::warn!(
                device = %attached.device, premises = %attached.premises, rule = rule.id.0, agency = %rule.agency,
                "a rule of this device shares with an agency that this hub does not know, so nobody here can see what it opens; \
                 write the agency's key from the town's file, or its id, into the device's configuration"
            );
        }
    }
}

/// Memory first, then the frames that answer it; the store follows on its own.
pub(super) async fn take_in(attached: &Attached, hello: Hello) {
    let (hub, device, premises) = (&attached.hub, attached.device, attached.premises);
    let cameras: Vec<CameraReported> = hello
        .cameras
        .iter()
        .map(|(camera, _)| camera.clone())
        .collect();
    let fresh = hub.registry.connect(device, premises, &cameras);
    for (camera, health) in hello.cameras {
        hub.devices.set_health(device, camera.number, health);
    }
    let other_policy = hub
        .devices
        .set_policy(device, hello.greeting.policy.clone());
    warn_of_strangers(attached, &hello.greeting.policy);
    hub.sharing.hello(device, premises, hello.greeting).await;
    if fresh.is_empty() && !other_policy {
        return;
    }
    let hub = hub.clone();
    attached.tasks.spawn(async move {
        let written = hub.registry.keep(&fresh).await;
        if let Err(error) = written.and(hub.devices.keep_policy(device).await) {
            tracing::warn!(device.id = %device, %error, "a device's cameras and policy could not be written; its next Hello brings them again");
        }
    });
}

pub(super) fn reported(opened: &link::Opened) -> Result<Reported> {
    let adopted = Adopted::try_from(opened).map_err(malformed)?;
    Ok(Reported {
        adopted,
        receipt: opened.receipt,
    })
}

pub(super) fn malformed(error: WireError) -> Error {
    Error::invalid(format!(
        "The device sent something that cannot be read: {error}."
    ))
}

fn camera(camera: link::Camera) -> Result<(CameraReported, Health)> {
    let number = assent_wire::camera_number(camera.number)
        .map_err(malformed)?
        .get();
    if camera.name.len() > MAX_NAME {
        return Err(Error::invalid("A camera's name is too long."));
    }
    let health = camera.health.map_or_else(Health::unknown, health_of);
    let reported = CameraReported {
        number,
        name: camera.name,
        has_sub: camera.has_sub,
        has_audio: camera.has_audio,
        masked: camera.masked,
    };
    Ok((reported, health))
}
