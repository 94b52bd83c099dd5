//! The first frame of a line: who the device is today. Parsed whole before any of it is taken over.

use assent_consent::{Adopted, SignedPolicy, StandingPolicy};
use assent_wire::{Canonical, MAX_NAME, MAX_POLICY, WireError, link, signed};
use prost::Message as _;

use super::attached::Attached;
use super::frames::health_of;
use crate::devices::{Consent, Health};
use crate::error::{Error, Result};
use crate::registry::{CameraName, MOST_CAMERAS, Reported as CameraReported};
use crate::sharing::{Greeting, Reported};

pub(super) struct Hello {
    greeting: Greeting,
    consent: Consent,
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
    let consent = consent_of(hello.consent);
    let policy = policy_of(consent, &hello.policy)?;
    let live = hello.live.iter().map(reported).collect::<Result<_>>()?;
    let cameras = hello
        .cameras
        .into_iter()
        .map(camera)
        .collect::<Result<_>>()?;
    Ok(Hello {
        greeting: Greeting {
            boot_id,
            paired: consent.paired,
            policy,
            live,
        },
        consent,
        cameras,
    })
}

/// What such a rule opens, nobody can see: most often a key that is written differently in two files.
fn warn_of_strangers(attached: &Attached, policy: &StandingPolicy) {
    for rule in policy.rules() {
        let registry = &attached.hub.registry;
        let agency = registry.agency_meant(rule.agency.as_str());
        if agency.and_then(|id| registry.agency(id)).is_none() {
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
        .set_policy(device, hello.greeting.policy.clone())
        | hub.devices.set_consent(device, hello.consent);
    warn_of_strangers(attached, &hello.greeting.policy);
    hub.sharing.hello(device, premises, hello.greeting).await;
    hub.mailbox.hand_over_all(device);
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

/// The device was paired, reset, or has taken a policy, in the middle of a line.
pub(super) async fn in_force(attached: &Attached, said: link::InForce) -> Result<()> {
    let (hub, device) = (&attached.hub, attached.device);
    let consent = consent_of(said.consent);
    let policy = policy_of(consent, &said.policy)?;
    warn_of_strangers(attached, &policy);
    hub.devices.set_consent(device, consent);
    hub.devices.set_policy(device, policy.clone());
    hub.sharing.in_force(device, consent.paired, policy).await;
    let hub = hub.clone();
    attached.tasks.spawn(async move {
        if let Err(error) = hub.devices.keep_policy(device).await {
            tracing::warn!(device.id = %device, %error, "what is in force at a device could not be written; its next Hello brings it again");
        }
    });
    Ok(())
}

fn consent_of(said: Option<link::Consent>) -> Consent {
    let said = said.unwrap_or_default();
    Consent {
        paired: said.paired,
        epoch: said.epoch,
        owner_set_version: said.owner_set_version,
        policy_version: said.policy_version,
        ceiling_version: said.ceiling_version,
    }
}

/// Before it is paired a device says its own configuration's rules, afterwards those of its signed policy.
fn policy_of(consent: Consent, bytes: &[u8]) -> Result<StandingPolicy> {
    if bytes.is_empty() {
        return Ok(StandingPolicy::default());
    }
    if !consent.paired {
        let policy = Canonical::<StandingPolicy>::decode(bytes).map_err(malformed)?;
        return Ok(policy.into_value());
    }
    if bytes.len() > MAX_POLICY {
        return Err(malformed(WireError::TooLong));
    }
    let message = signed::Policy::decode(bytes).map_err(|_| malformed(WireError::NotProtobuf))?;
    let policy = SignedPolicy::try_from(&message).map_err(malformed)?;
    Ok(policy.rules().clone())
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
        name: CameraName::cleaned(&camera.name),
        has_sub: camera.has_sub,
        has_audio: camera.has_audio,
        masked: camera.masked,
    };
    Ok((reported, health))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn a_cameras_name_is_kept_without_what_a_store_or_a_terminal_chokes_on() {
        let named = link::Camera {
            number: 1,
            name: "Front\0 door\u{1b}[2J".to_owned(),
            ..link::Camera::default()
        };
        let (reported, _) = camera(named).unwrap();
        assert_eq!(reported.name.as_str(), "Front door[2J");
    }
}
