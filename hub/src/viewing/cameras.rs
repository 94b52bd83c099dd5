//! The section `cameras` of the operators' page: which cameras there are and, in technical words, why one
//! is not available. Declined, paused and no policy all read "not shared", so that nobody is pressed for
//! having said no.

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Viewing;
use crate::devices::Condition;
use crate::identity::Person;
use crate::registry::{Camera, Kind, Premises};
use crate::world::AgencyId;

#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OperatorCamera {
    pub id: Uuid,
    pub name: String,
    pub premises: CameraPremises,
    pub availability: Availability,
    pub reason: Option<String>,
    pub has_sub: bool,
    pub has_audio: bool,
    pub incident_id: Option<Uuid>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CameraPremises {
    pub id: Uuid,
    pub name: String,
    pub kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum Availability {
    Shared,
    NotShared,
    Offline,
    WrongPassword,
    Unsupported,
    Garbage,
    Connecting,
    DeviceAway,
}

impl Viewing {
    /// The cameras at the agency's premises, by premises and name.
    pub fn cameras(&self, person: &Person) -> Vec<OperatorCamera> {
        let Some(agency) = person.agency else {
            return Vec::new();
        };
        let own = self
            .registry
            .all_premises()
            .into_iter()
            .filter(|premises| premises.agency == agency);
        let mut cameras: Vec<OperatorCamera> = own
            .flat_map(|premises| {
                let cameras = self.registry.cameras_of(premises.id);
                cameras
                    .into_iter()
                    .map(move |camera| self.camera(&premises, &camera, agency))
                    .collect::<Vec<_>>()
            })
            .collect();
        cameras.sort_by(|a, b| {
            (&a.premises.name, &a.name, a.id).cmp(&(&b.premises.name, &b.name, b.id))
        });
        cameras
    }

    fn camera(&self, premises: &Premises, camera: &Camera, agency: AgencyId) -> OperatorCamera {
        let shown = self.sharing.shown(camera.id, agency);
        let (availability, reason) = match (self.technical(camera), &shown) {
            (Some((why, reason)), _) => (why, Some(reason)),
            (None, Some(_)) => (Availability::Shared, None),
            (None, None) => (Availability::NotShared, None),
        };
        OperatorCamera {
            id: camera.id.0,
            name: camera.name.clone(),
            premises: CameraPremises {
                id: premises.id.0,
                name: premises.name.clone(),
                kind: premises.kind,
            },
            availability,
            reason,
            has_sub: camera.has_sub,
            has_audio: camera.has_audio,
            incident_id: shown.and_then(|shown| shown.incident).map(|id| id.0),
        }
    }

    /// What stands in a camera's way technically; none when it works, or is registered only.
    pub(super) fn technical(&self, camera: &Camera) -> Option<(Availability, String)> {
        let at = camera.connection?;
        if !self.devices.is_online(at.device) {
            return Some((
                Availability::DeviceAway,
                "the device at the premises is away".to_owned(),
            ));
        }
        let Some(health) = self.devices.health(at.device, at.number) else {
            return Some((
                Availability::Offline,
                "the device no longer has this camera".to_owned(),
            ));
        };
        let (availability, words) = match health.condition {
            Condition::Online => return None,
            Condition::Connecting => (Availability::Connecting, "the device is connecting to it"),
            Condition::Offline => (Availability::Offline, "camera offline"),
            Condition::WrongPassword => (
                Availability::WrongPassword,
                "the device has the wrong password for it",
            ),
            Condition::Unsupported => (
                Availability::Unsupported,
                "it offers nothing that the device can read",
            ),
            Condition::Garbage => (
                Availability::Garbage,
                "it answers, but not as a camera should",
            ),
        };
        Some((
            availability,
            health.reason.unwrap_or_else(|| words.to_owned()),
        ))
    }
}
