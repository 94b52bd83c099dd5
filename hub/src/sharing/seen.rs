//! What the slices above ask of sharing, and the few facts they hand down to be shown to owners: that a
//! picture is on the wall, that an operator has acknowledged, which incident it belongs to.

use assent_consent as consent;
use consent::{CameraNumber, GrantId, Level, Rights, TriggerId};
use time::OffsetDateTime;
use uuid::Uuid;

use super::held::camera_id;
use super::note::{Acknowledged, Cause, GrantNote, Life, PressState};
use super::page::EndText;
use super::{Sharing, trigger_of, uuid};
use crate::world::{AgencyId, CameraId, DeviceId, IncidentId, PremisesId};

/// What an agency may see of one camera now: the sum of its live grants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    pub premises: PremisesId,
    pub device: DeviceId,
    pub number: u16,
    pub rights: Rights,
    /// Why, as the youngest grant says.
    pub cause: Cause,
    pub trigger: Uuid,
    pub incident: Option<IncidentId>,
    pub grants: Vec<Uuid>,
}

impl Sharing {
    /// Whether an agency may see a camera now. From memory; none is the default.
    pub fn shown(&self, camera: CameraId, agency: AgencyId) -> Option<Shown> {
        let at = self.registry.camera(camera)?.connection?;
        let number = CameraNumber::new(at.number)?;
        let held = self.held.lock();
        let site = held.sites.get(&at.device)?;
        let permission = site.machine.permitted().get(&number)?;
        let mut notes: Vec<&GrantNote> = permission
            .grants
            .iter()
            .filter_map(|id| held.grants.get(id))
            .filter(|note| self.registry.agency_meant(note.terms.agency.as_str()) == Some(agency))
            .collect();
        notes.sort_by_key(|note| note.asked_at);
        let newest = notes.last()?;
        Some(Shown {
            premises: site.premises,
            device: at.device,
            number: at.number,
            rights: notes
                .iter()
                .fold(Rights::default(), |sum, note| sum.or(note.terms.rights)),
            cause: newest.cause,
            trigger: uuid(newest.trigger.0),
            incident: notes.iter().rev().find_map(|note| note.incident),
            grants: notes.iter().map(|note| uuid(note.id.0)).collect(),
        })
    }

    /// Whether any live grant lets this camera leave the premises, whoever sees it.
    pub fn is_live(&self, camera: CameraId) -> bool {
        let Some(at) = self
            .registry
            .camera(camera)
            .and_then(|camera| camera.connection)
        else {
            return false;
        };
        let Some(number) = CameraNumber::new(at.number) else {
            return false;
        };
        self.held
            .lock()
            .sites
            .get(&at.device)
            .is_some_and(|site| site.machine.permitted().contains_key(&number))
    }

    /// Why a camera is not shared any more: the cause of its newest ended grant.
    pub fn last_end(&self, camera: CameraId) -> Option<EndText> {
        let at = self.registry.camera(camera)?.connection?;
        let number = CameraNumber::new(at.number)?;
        let held = self.held.lock();
        let of_camera = held
            .grants
            .values()
            .filter(|note| note.device == at.device && note.terms.cameras.contains(number));
        let ends = of_camera.filter_map(|note| match note.life {
            Life::Ended { at, cause, .. } => Some((at, cause)),
            Life::Asked | Life::Live { .. } | Life::Refused { .. } => None,
        });
        let (ended, cause) = ends.max_by_key(|(ended, _)| *ended)?;
        Some(self.end_text(at.device, ended, cause))
    }

    /// Whether a panic that was opened by a press is live at this device. A drill counts: it is there to show
    /// what an unplugged box looks like.
    pub fn panic_at(&self, device: DeviceId) -> Option<TriggerId> {
        let held = self.held.lock();
        let site = held.sites.get(&device)?;
        site.machine
            .live()
            .find(|live| {
                matches!(
                    live.cause,
                    consent::Cause::Press {
                        level: Level::Panic,
                        ..
                    }
                )
            })
            .map(|live| live.trigger)
    }

    /// Which press or alert a grant followed from.
    pub fn trigger_of_grant(&self, grant: GrantId) -> Option<TriggerId> {
        self.held.lock().grants.get(&grant).map(|note| note.trigger)
    }

    /// The first picture of a camera was shown on a tile: the presses that opened it are "on the wall".
    pub fn on_wall(&self, camera: CameraId, at: OffsetDateTime) {
        let Some(connection) = self
            .registry
            .camera(camera)
            .and_then(|camera| camera.connection)
        else {
            return;
        };
        let Some(number) = CameraNumber::new(connection.number) else {
            return;
        };
        let changed = {
            let mut held = self.held.lock();
            let live = held.grants.values().filter(|note| {
                note.device == connection.device
                    && matches!(note.life, Life::Live { .. })
                    && note.terms.cameras.contains(number)
            });
            let triggers: Vec<TriggerId> = live.map(|note| note.trigger).collect();
            let mut changed = false;
            for trigger in triggers {
                let Some(press) = held
                    .presses
                    .get_mut(&trigger)
                    .filter(|press| press.on_wall_at.is_none())
                else {
                    continue;
                };
                press.on_wall_at = Some(at);
                held.dirty_press(trigger);
                changed = true;
            }
            changed
        };
        if changed {
            self.touched();
        }
    }

    /// An operator's own act. The first one stands.
    pub fn acknowledged(&self, press: Uuid, badge: &str, at: OffsetDateTime) {
        {
            let mut held = self.held.lock();
            let Some(note) = held
                .presses
                .get_mut(&trigger_of(press))
                .filter(|note| note.acknowledged.is_none())
            else {
                return;
            };
            note.acknowledged = Some(Acknowledged {
                badge: badge.to_owned(),
                at,
            });
            held.dirty_press(trigger_of(press));
        }
        self.touched();
    }

    /// What a trigger opened, and will open, belongs to this incident.
    pub fn belongs_to(&self, trigger: Uuid, incident: IncidentId) {
        {
            let mut held = self.held.lock();
            if let Some(instruction) = held.instructions.get_mut(&trigger_of(trigger)) {
                instruction.incident = Some(incident);
            }
            if let Some(ask) = held.asks.get_mut(&trigger_of(trigger)) {
                ask.incident = Some(incident);
                held.dirty_ask(trigger_of(trigger));
            }
            let ids: Vec<GrantId> = held
                .grants
                .values()
                .filter(|note| {
                    note.trigger == trigger_of(trigger) && note.incident != Some(incident)
                })
                .map(|note| note.id)
                .collect();
            for id in ids {
                if let Some(note) = held.grants.get_mut(&id) {
                    note.incident = Some(incident);
                }
                held.dirty_grant(id);
            }
        }
        self.touched();
    }

    /// The cameras that an incident's grants open now, or are about to.
    pub fn cameras_of(&self, incident: IncidentId) -> Vec<CameraId> {
        let held = self.held.lock();
        let open = held
            .grants
            .values()
            .filter(|note| note.incident == Some(incident) && note.life.over_at().is_none());
        let cameras: std::collections::BTreeSet<CameraId> = open
            .flat_map(|note| {
                note.terms
                    .cameras
                    .iter()
                    .map(|number| camera_id(note.device, number))
            })
            .collect();
        cameras.into_iter().collect()
    }

    /// Whether a press came too late to open anything.
    pub fn is_message(&self, press: Uuid) -> bool {
        self.held
            .lock()
            .presses
            .get(&trigger_of(press))
            .is_some_and(|note| note.state == PressState::Message)
    }
}
