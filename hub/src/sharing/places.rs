//! The section `premises`: what an owner sees of the own premises, their cameras and what each may do.

use assent_consent::CameraNumber;

use super::page::{
    CameraCondition, DeviceState, LatLon, Named, OwnerCamera, OwnerDevice, OwnerPremises,
};
use super::{Sharing, words};
use crate::devices::Device;
use crate::identity::{Identity, Person};
use crate::registry;
use crate::world::Stamp;

impl Sharing {
    /// The section `premises` of an owner.
    pub fn owner_premises(&self, person: &Person, identity: &Identity) -> Vec<OwnerPremises> {
        let known = person
            .premises
            .iter()
            .filter_map(|id| self.registry.premises(*id));
        known
            .map(|premises| self.owner_view(&premises, identity))
            .collect()
    }

    fn owner_view(&self, premises: &registry::Premises, identity: &Identity) -> OwnerPremises {
        let mut devices = self.devices.at(premises.id);
        // Whoever had a device taken away waits for another.
        devices.retain(|device| device.revoked.is_none());
        let last_seen = devices.iter().filter_map(|device| device.last_seen).max();
        let device_state = if devices.iter().any(|device| device.online) {
            DeviceState::Online
        } else if devices.iter().any(|device| device.last_seen.is_some()) {
            DeviceState::Away
        } else {
            DeviceState::Never
        };
        let people = identity.owners_of(premises.id);
        OwnerPremises {
            id: premises.id.0,
            name: premises.name.clone(),
            kind: premises.kind,
            address: premises.address.reveal().clone(),
            device_state,
            last_seen_at: last_seen
                .filter(|_| device_state == DeviceState::Away)
                .map(Stamp),
            cameras: self
                .registry
                .cameras_of(premises.id)
                .iter()
                .map(|camera| self.owner_camera(camera))
                .collect(),
            devices: devices.iter().map(owner_device).collect(),
            place: premises.place.map(LatLon::from),
            people: people
                .iter()
                .map(|person| Named {
                    id: person.id.0,
                    name: person.name.reveal().clone(),
                })
                .collect(),
        }
    }

    fn owner_camera(&self, camera: &registry::Camera) -> OwnerCamera {
        let health = camera
            .connection
            .and_then(|at| self.devices.health(at.device, at.number));
        OwnerCamera {
            id: camera.id.0,
            name: camera.name.clone(),
            device_id: camera.connection.map(|at| at.device.to_string()),
            number: camera.connection.map(|at| at.number),
            condition: health
                .as_ref()
                .map_or(CameraCondition::DeviceAway, |health| {
                    health.condition.into()
                }),
            reason: health.and_then(|health| health.reason),
            masked: camera.masked,
            has_audio: camera.has_audio,
            rules: self.rules_of(camera),
        }
    }

    fn rules_of(&self, camera: &registry::Camera) -> Vec<String> {
        let Some(at) = camera.connection else {
            return Vec::new();
        };
        let policy = self
            .devices
            .device(at.device)
            .and_then(|device| device.policy);
        let (Some(policy), Some(number)) = (policy, CameraNumber::new(at.number)) else {
            return Vec::new();
        };
        let own = policy
            .rules()
            .iter()
            .filter(|rule| rule.cameras.contains(number));
        own.map(|rule| words::rule(rule, &self.agency_named(rule.agency.as_str()).name))
            .collect()
    }
}

fn owner_device(device: &Device) -> OwnerDevice {
    OwnerDevice {
        id: device.id.to_string(),
        online: device.online,
        paired: device.consent.paired,
        epoch: device.consent.epoch,
    }
}
