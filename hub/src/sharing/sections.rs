//! The sections `shares`, `presses` and `asks`, computed from memory at the moment of asking.

use std::cmp::Reverse;

use assent_consent as consent;
use consent::{CameraNumber, EndCause, TriggerId};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::note::{AskNote, Cause, GrantNote, Life, PressNote, PressState};
use super::page::{
    AcknowledgedBy, Ask, EndText, LatLon, Named, Press, Share, ShareRights, ShareState,
};
use super::{Sharing, uuid, words};
use crate::identity::{Person, Role};
use crate::world::{CameraId, DeviceId, PremisesId, Stamp};

/// A press with what its page does not tell.
pub struct RememberedPress {
    pub press: Press,
    pub at: consent::PressedAt,
    pub note: String,
    pub received_at: OffsetDateTime,
}

/// A share's end may be the device's own account of it, by its own clock.
const CLOCKS_APART: Duration = Duration::seconds(5);
/// Ended shares stay in sight this long.
const SHOWN_AFTER_END: Duration = Duration::minutes(10);
/// A press can be taken back as a mistake this long.
const CANCELLABLE: Duration = Duration::seconds(5);

impl Sharing {
    /// The section `shares`: owners see their premises', operators what is shared with their agency.
    pub fn shares(&self, person: &Person) -> Vec<Share> {
        let now = self.world.clock.now();
        let held = self.held.lock();
        let mut notes: Vec<&GrantNote> = held
            .grants
            .values()
            .filter(|note| self.concerns(person, note.premises, note.terms.agency.as_str()))
            .filter(|note| {
                note.life
                    .over_at()
                    .is_none_or(|at| now - at < SHOWN_AFTER_END)
                    && !was_renewed(note)
            })
            .collect();
        notes.sort_by_key(|note| (note.asked_at, note.id));
        notes
            .into_iter()
            .map(|note| {
                let pressed = held.presses.contains_key(&note.trigger);
                self.share(note, pressed)
            })
            .collect()
    }

    fn share(&self, note: &GrantNote, pressed: bool) -> Share {
        let (state, ends_at, end_cause, refusal) = match note.life {
            Life::Asked => (ShareState::Asked, None, None, None),
            Life::Live { ends_at, .. } => (ShareState::Live, Some(ends_at), None, None),
            Life::Ended { at, cause, .. } => {
                let end = self.end_text(note.device, at, cause);
                (ShareState::Ended, None, Some(end), None)
            }
            Life::Refused { refusal, .. } => (
                ShareState::Refused,
                None,
                None,
                Some(words::refusal(refusal).to_owned()),
            ),
        };
        Share {
            id: uuid(note.id.0),
            premises: self.premises_named(note.premises),
            cameras: note
                .terms
                .cameras
                .iter()
                .map(|number| self.camera_named(note.device, number))
                .collect(),
            agency: self.agency_named(note.terms.agency.as_str()),
            cause: note.cause,
            state,
            asked_at: note.asked_at.into(),
            live_at: note.life.live_since().map(Stamp),
            ends_at: ends_at.map(Stamp),
            ended_at: note.life.over_at().map(Stamp),
            end_cause,
            refusal,
            rights: ShareRights {
                audio: note.terms.rights.audio,
                pre_roll: note.terms.rights.pre_roll,
                record: note.terms.rights.record,
            },
            incident_id: note.incident.map(|id| id.0),
            press_id: pressed.then(|| uuid(note.trigger.0)),
            renews: note.cause == Cause::Standing,
        }
    }

    /// Devices are told of their revocation as of a clearing; people read what it was.
    pub(super) fn end_text(
        &self,
        device: DeviceId,
        at: OffsetDateTime,
        cause: EndCause,
    ) -> EndText {
        let revoked = self.devices.device(device).and_then(|known| known.revoked);
        let as_of_then = revoked.is_some_and(|since| since - CLOCKS_APART <= at);
        if as_of_then && cause == EndCause::ClearedByAgency {
            return EndText::DeviceRevoked;
        }
        words::end(cause)
    }

    /// The section `presses`: those of the last day, of all co-owners, newest first.
    pub fn presses(&self, person: &Person) -> Vec<Press> {
        let held = self.held.lock();
        let mut notes: Vec<&PressNote> = held
            .presses
            .values()
            .filter(|press| person.answers_for(press.premises))
            .collect();
        notes.sort_by_key(|press| Reverse(press.received_at));
        notes
            .into_iter()
            .map(|note| {
                let shares = shares_of(held.grants.values(), note.id);
                page_of(note, shares, held.unsigned(note.id))
            })
            .collect()
    }

    pub(super) fn press_page(&self, id: TriggerId) -> Option<Press> {
        let held = self.held.lock();
        let note = held.presses.get(&id)?;
        let shares = shares_of(held.grants.values(), id);
        Some(page_of(note, shares, held.unsigned(id)))
    }

    /// One press, for the slices above.
    pub fn press_by_id(&self, id: Uuid) -> Option<Press> {
        self.press_page(super::trigger_of(id))
    }

    /// Every press that is remembered, for whoever keeps more about presses than sharing does.
    pub fn remembered_presses(&self) -> Vec<RememberedPress> {
        let notes: Vec<PressNote> = self.held.lock().presses.values().cloned().collect();
        let remembered = |note: PressNote| {
            Some(RememberedPress {
                press: self.press_page(note.id)?,
                at: note.at,
                note: note.note,
                received_at: note.received_at,
            })
        };
        notes.into_iter().filter_map(remembered).collect()
    }

    /// The section `asks`: alerts that wait for the owner's word.
    pub fn asks(&self, person: &Person) -> Vec<Ask> {
        let now = self.world.clock.now();
        let notes: Vec<AskNote> = {
            let held = self.held.lock();
            let open = held
                .asks
                .values()
                .filter(|ask| ask.answer.is_none() && ask.expires_at > now);
            open.filter(|ask| person.answers_for(ask.premises))
                .cloned()
                .collect()
        };
        notes.iter().map(|note| self.ask_page(note)).collect()
    }

    pub(super) fn ask_page(&self, note: &AskNote) -> Ask {
        let cameras = note.terms.iter().flat_map(|(device, terms)| {
            terms
                .cameras
                .iter()
                .map(|number| self.camera_named(*device, number))
        });
        let longest = note
            .terms
            .iter()
            .map(|(_, terms)| terms.ttl.secs())
            .max()
            .unwrap_or(0);
        Ask {
            alert_id: uuid(note.trigger.0),
            premises_id: note.premises.0,
            kind: note.alert.kind.as_str().to_owned(),
            raised_at: note.raised_at.into(),
            cameras: cameras.collect(),
            minutes: longest.div_ceil(60),
            agency: self.agency_named(note.alert.agency.as_str()),
            expires_at: note.expires_at.into(),
            place: note.place.map(LatLon::from),
            source: note.alert.source.as_str().to_owned(),
            signed_as: self.signed_name(note.alert.agency.as_str()),
        }
    }

    fn premises_named(&self, id: PremisesId) -> Named {
        let name = self.registry.premises(id).map_or_else(
            || "unknown premises".to_owned(),
            |premises| premises.name.clone(),
        );
        Named { id: id.0, name }
    }

    fn camera_named(&self, device: DeviceId, number: CameraNumber) -> Named {
        let id: CameraId = super::held::camera_id(device, number);
        let name = self
            .registry
            .camera(id)
            .map_or_else(|| format!("camera {number}"), |camera| camera.name.clone());
        Named { id: id.0, name }
    }

    fn concerns(&self, person: &Person, premises: PremisesId, agency: &str) -> bool {
        match person.role {
            Role::Owner => person.answers_for(premises),
            Role::Operator => {
                person.agency.is_some() && self.registry.agency_meant(agency) == person.agency
            }
        }
    }

    fn signed_name(&self, agency: &str) -> Option<String> {
        let agency = self.registry.agency_meant(agency)?;
        let set = self.registry.agency_set(agency)?;
        Some(set.name.to_string())
    }

    pub(super) fn agency_named(&self, text: &str) -> Named {
        let agency = self.registry.agency_meant(text);
        let agency = agency.and_then(|id| self.registry.agency(id));
        match agency {
            Some(agency) => Named {
                id: agency.id.0,
                name: agency.name.clone(),
            },
            None => Named {
                id: Uuid::nil(),
                name: "an agency that this hub does not know".to_owned(),
            },
        }
    }
}

/// A standing grant that ran out was followed by the next one: nothing that anybody needs to read.
fn was_renewed(note: &GrantNote) -> bool {
    note.cause == Cause::Standing
        && matches!(
            note.life,
            Life::Ended {
                cause: consent::EndCause::Expired,
                ..
            }
        )
}

fn shares_of<'a>(grants: impl Iterator<Item = &'a GrantNote>, trigger: TriggerId) -> Vec<Uuid> {
    grants
        .filter(|note| note.trigger == trigger)
        .map(|note| uuid(note.id.0))
        .collect()
}

fn page_of(note: &PressNote, share_ids: Vec<Uuid>, sign_for: Vec<String>) -> Press {
    let cancellable = matches!(note.state, PressState::Received | PressState::Opened);
    Press {
        id: uuid(note.id.0),
        premises_id: note.premises.0,
        state: note.state,
        level: note.level.into(),
        silent: note.silent,
        drill: note.drill,
        by: note.by.map(|id| Named {
            id: id.0,
            name: note.by_name.clone().unwrap_or_default(),
        }),
        received_at: note.received_at.into(),
        opened_at: note.opened_at.map(Stamp),
        on_wall_at: note.on_wall_at.map(Stamp),
        acknowledged: note.acknowledged.as_ref().map(|ack| AcknowledgedBy {
            badge: ack.badge.clone(),
            at: ack.at.into(),
        }),
        cancellable_until: cancellable.then(|| Stamp(note.received_at + CANCELLABLE)),
        share_ids,
        sign_for,
        refusal: match note.state {
            PressState::Message => Some(words::refusal(consent::Refusal::TooOld).to_owned()),
            PressState::Refused => {
                let why = note
                    .refusal
                    .map_or(words::NO_ANSWER, crate::words::sentence);
                Some(why.to_owned())
            }
            PressState::Received | PressState::Opened | PressState::Cancelled => None,
        },
    }
}
