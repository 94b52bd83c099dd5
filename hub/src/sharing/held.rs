//! Everything sharing knows, in memory: one machine of the consent rules a device, and the notes beside
//! it. Whatever a machine decides passes through `take_in`, which turns its effects into orders that are
//! carried out after the lock is released: stops first, then frames, then records.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use assent_consent as consent;
use consent::{
    BootTime, CameraNumber, Cameras, Effect, Ended, Ending, GateRefusal, RevokeId, StandingPolicy,
    TriggerId,
};
use serde_json::json;
use time::OffsetDateTime;

use super::note::{
    AskNote, Cause, GrantNote, Instruction, Life, PressNote, PressState, RevokeNote,
};
use super::orders::Orders;
use crate::audit::{Actor, Class, Event};
use crate::registry::{Connection, Registry};
use crate::world::{CameraId, DeviceId, PremisesId, millis};

#[derive(Default)]
pub(super) struct Held {
    /// By what names signed words call the agencies.
    pub(super) registry: Option<Registry>,
    pub(super) sites: BTreeMap<DeviceId, Site>,
    pub(super) grants: BTreeMap<consent::GrantId, GrantNote>,
    pub(super) presses: BTreeMap<TriggerId, PressNote>,
    pub(super) revokes: BTreeMap<RevokeId, RevokeNote>,
    pub(super) asks: BTreeMap<TriggerId, AskNote>,
    pub(super) instructions: BTreeMap<TriggerId, Instruction>,
    pub(super) unsaved: Unsaved,
}

/// One device and the rules' machine that follows it.
pub(super) struct Site {
    pub(super) premises: PremisesId,
    pub(super) machine: consent::Sharing,
    pub(super) boot_id: Option<[u8; 16]>,
    /// It obeys signed words only.
    pub(super) paired: bool,
}

/// What still has to reach the store, and how far it got (`version` grows with every change).
#[derive(Default)]
pub(super) struct Unsaved {
    pub(super) version: u64,
    pub(super) grants: BTreeSet<consent::GrantId>,
    pub(super) presses: BTreeSet<TriggerId>,
    pub(super) revokes: BTreeSet<RevokeId>,
    pub(super) asks: BTreeSet<TriggerId>,
    pub(super) events: VecDeque<Event>,
}

/// The hub counts a grant's life on its wall clock, so that it survives a restart. It is only the back-up:
/// the device's own boot clock is the one that ends a grant.
pub(super) fn boot_time(at: OffsetDateTime) -> BootTime {
    BootTime(u64::try_from(millis(at)).unwrap_or(0))
}

impl Held {
    /// The site of a device, made on first sight.
    pub(super) fn site(&mut self, device: DeviceId, premises: PremisesId) -> &mut Site {
        let site = self.sites.entry(device).or_insert_with(|| Site {
            premises,
            machine: consent::Sharing::new(consent::DeviceId(device.0), StandingPolicy::default()),
            boot_id: None,
            paired: false,
        });
        site.premises = premises;
        site
    }

    pub(super) fn sites_of(&self, premises: PremisesId) -> Vec<DeviceId> {
        self.sites
            .iter()
            .filter(|(_, site)| site.premises == premises)
            .map(|(device, _)| *device)
            .collect()
    }

    /// Runs one change of a device's machine and notes what came of it.
    pub(super) fn run(
        &mut self,
        device: DeviceId,
        now: OffsetDateTime,
        change: impl FnOnce(&mut consent::Sharing) -> Vec<Effect>,
    ) -> Orders {
        let Some(site) = self.sites.get_mut(&device) else {
            return Orders::default();
        };
        let effects = change(&mut site.machine);
        self.take_in(device, effects, now)
    }

    pub(super) fn take_in(
        &mut self,
        device: DeviceId,
        effects: Vec<Effect>,
        now: OffsetDateTime,
    ) -> Orders {
        let mut orders = Orders::default();
        for effect in effects {
            match effect {
                Effect::StopCamera { camera, cause: _ } => {
                    orders.stop.push(camera_id(device, camera));
                    self.trim(device);
                }
                Effect::GrantOpened(id) => self.opened(device, id, now),
                Effect::GrantEnded(ended) => self.ended(device, &ended, now),
                // Whether a camera may be seen is asked of the machine each time; pauses bind the device's renewals.
                Effect::StartCamera { .. }
                | Effect::ChangeCamera { .. }
                | Effect::Paused { .. } => {}
            }
        }
        orders
    }

    /// A camera that the owner closed alone is out of the grants that opened it, for good: a hub that
    /// starts again must not take it back in.
    fn trim(&mut self, device: DeviceId) {
        let Some(site) = self.sites.get(&device) else {
            return;
        };
        let left: Vec<_> = site
            .machine
            .live()
            .filter_map(|live| Some((live.id, Cameras::new(live.cameras())?)))
            .collect();
        for (id, cameras) in left {
            let Some(note) = self.grants.get_mut(&id) else {
                continue;
            };
            if note.terms.cameras != cameras {
                note.terms.cameras = cameras;
                self.dirty_grant(id);
            }
        }
    }

    fn opened(&mut self, device: DeviceId, id: consent::GrantId, now: OffsetDateTime) {
        let Some(site) = self.sites.get(&device) else {
            return;
        };
        let Some(live) = site
            .machine
            .grant(id)
            .and_then(consent::Grant::live)
            .cloned()
        else {
            return;
        };
        let ends_at = now
            + time::Duration::milliseconds(
                i64::try_from(live.remaining_ms(boot_time(now))).unwrap_or(0),
            );
        let incident = self.incident_of(live.trigger);
        let fresh = || GrantNote {
            id,
            device,
            premises: site.premises,
            trigger: live.trigger,
            cause: cause_of(live.cause),
            terms: live.terms.clone(),
            asked_at: now,
            life: Life::Asked,
            confirmed: false,
            receipt: None,
            bytes_left: None,
            incident,
        };
        let note = self.grants.entry(id).or_insert_with(fresh);
        note.life = Life::Live {
            since: now,
            ends_at,
        };
        let (premises, trigger) = (note.premises, note.trigger);
        if self.is_pressed_at(trigger, device) {
            self.press_opened(trigger, now);
        }
        self.dirty_grant(id);
        let detail = json!({ "grant": id.to_string(), "trigger": trigger.to_string() });
        self.event(
            Event::new(Class::GrantLive, Actor::Device(device))
                .once(id.0)
                .premises(premises)
                .detail(detail),
        );
    }

    fn ended(&mut self, device: DeviceId, ended: &Ended, now: OffsetDateTime) {
        let Some(note) = self.grants.get_mut(&ended.id) else {
            return;
        };
        let since = note.life.live_since();
        note.life = match ended.ending {
            Ending::Closed(cause) => Life::Ended {
                since,
                at: now,
                cause,
            },
            Ending::Refused(refusal) => Life::Refused { at: now, refusal },
        };
        // What never opened needs no word from the device that it is over.
        note.confirmed |= since.is_none();
        let (premises, trigger) = (note.premises, note.trigger);
        self.dirty_grant(ended.id);
        if self.is_pressed_at(trigger, device) {
            self.press_refused(trigger);
        }
        let class = match ended.ending {
            Ending::Closed(_) => Class::GrantEnded,
            Ending::Refused(_) => Class::GrantRefused,
        };
        let detail = json!({
            "grant": ended.id.to_string(), "trigger": trigger.to_string(), "why": format!("{:?}", ended.ending),
        });
        self.event(
            Event::new(class, Actor::Device(device))
                .once(ended.id.0)
                .premises(premises)
                .detail(detail),
        );
    }

    /// The first grant of a press that lives makes the press "opened".
    fn press_opened(&mut self, trigger: TriggerId, now: OffsetDateTime) {
        let Some(press) = self.presses.get_mut(&trigger) else {
            return;
        };
        if press.opened_at.is_none() && press.state != PressState::Message {
            press.opened_at = Some(now);
            press.state = PressState::Opened;
            self.dirty_press(trigger);
        }
    }

    /// A press is refused when nothing it asked for is left and nothing ever opened.
    pub(super) fn press_refused(&mut self, trigger: TriggerId) {
        let undecided = self
            .grants
            .values()
            .any(|note| note.trigger == trigger && note.life.over_at().is_none());
        let waiting = self
            .instructions
            .get(&trigger)
            .is_some_and(Instruction::is_open);
        let refusal = self
            .grants
            .values()
            .filter(|note| note.trigger == trigger)
            .find_map(|note| match note.life {
                Life::Refused { refusal, .. } => Some(refusal),
                Life::Asked | Life::Live { .. } | Life::Ended { .. } => None,
            });
        let Some(press) = self.presses.get_mut(&trigger) else {
            return;
        };
        if undecided || waiting || press.state != PressState::Received {
            return;
        }
        press.state = PressState::Refused;
        let refusal = refusal.map(|refusal| GateRefusal::Rules(refusal).into());
        press.refusal = press.refusal.or(refusal);
        self.dirty_press(trigger);
    }

    pub(super) fn dirty_grant(&mut self, id: consent::GrantId) {
        self.unsaved.version += 1;
        self.unsaved.grants.insert(id);
    }

    pub(super) fn dirty_press(&mut self, id: TriggerId) {
        self.unsaved.version += 1;
        self.unsaved.presses.insert(id);
    }

    pub(super) fn dirty_revoke(&mut self, id: RevokeId) {
        self.unsaved.version += 1;
        self.unsaved.revokes.insert(id);
    }

    pub(super) fn dirty_ask(&mut self, id: TriggerId) {
        self.unsaved.version += 1;
        self.unsaved.asks.insert(id);
    }

    /// A record that follows its effect (closings, and facts that the device reports).
    pub(super) fn event(&mut self, event: Event) {
        self.unsaved.version += 1;
        self.unsaved.events.push_back(event);
    }
}

pub(super) fn camera_id(device: DeviceId, camera: CameraNumber) -> CameraId {
    Connection {
        device,
        number: camera.get(),
    }
    .camera()
}

pub(super) fn cause_of(cause: consent::Cause) -> Cause {
    match cause {
        consent::Cause::Press {
            at: consent::PressedAt::Button,
            ..
        } => Cause::Button,
        consent::Cause::Press {
            at: consent::PressedAt::Phone,
            ..
        }
        // The owner's own word from a phone, as a press is.
        | consent::Cause::Terms => Cause::Press,
        consent::Cause::Alert | consent::Cause::Approval => Cause::Alert,
        consent::Cause::Standing => Cause::Standing,
    }
}
