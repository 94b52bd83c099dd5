//! What the record knows and the rows do not: a hub that is killed while its store takes nothing (a full
//! disk, a database that is away) has told an owner "received" on the strength of the audit's spool. The
//! next hub takes such a stop and such a press from there. A press at the premises needs none of this: its
//! device repeats it until the rows are written.

use std::collections::{BTreeMap, BTreeSet};

use assent_consent::{GrantId, Level, PressedAt, STALE_AFTER_MS};
use serde::Deserialize;
use uuid::Uuid;

use super::held::Held;
use super::note::{Envelopes, PressNote, PressState};
use super::press::LevelText;
use super::recall::decoded_revoke;
use super::signing::envelopes_of;
use super::tick::REMEMBERED;
use super::{Sharing, trigger_of};
use crate::audit::{Class, Recorded};
use crate::error::Result;
use crate::identity::Identity;
use crate::registry::Registry;
use crate::world::{CameraId, DeviceId, PersonId, PremisesId, millis};

/// What `record_press` writes of a phone's press. The owner's line of text is not on record.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PressDetail {
    press: Uuid,
    made_at_ms: i64,
    level: LevelText,
    silent: bool,
    drill: bool,
    #[serde(default)]
    camera_ids: Vec<CameraId>,
    /// By device, in base64url.
    #[serde(default)]
    envelopes: BTreeMap<DeviceId, String>,
}

/// What `note_revoke` writes of a stop that was told to somebody.
#[derive(Deserialize)]
struct RevokeDetail {
    payload: String,
    /// Missing: every device at the owner's premises was told.
    #[serde(default)]
    device: Option<DeviceId>,
    grants: Vec<Uuid>,
}

impl Sharing {
    /// Called once, before anybody is served. Stops come first, so that nothing stopped opens again.
    pub async fn recover(&self, identity: &Identity) -> Result<()> {
        let now = self.world.clock.now();
        let since = now - REMEMBERED;
        let stops = self.audit.recorded(Class::Revoke, since).await?;
        let presses = self.audit.recorded(Class::Press, since).await?;
        let name = |by: PersonId| Some(identity.person(by)?.name.reveal().clone());
        let mut held = self.held.lock();
        for stop in &stops {
            let owner = identity.person(stop.by);
            let premises = owner.map_or_else(Vec::new, |owner| owner.premises.clone());
            held.stop_again(stop, &premises, now);
        }
        for press in &presses {
            held.press_from_record(press, name(press.by), &self.registry, now);
        }
        Ok(())
    }
}

impl Held {
    /// The same stop as it was: closed here, and told again to its devices once they are here.
    fn stop_again(&mut self, stop: &Recorded, owned: &[PremisesId], now: time::OffsetDateTime) {
        let Ok(detail) = RevokeDetail::deserialize(&stop.detail) else {
            return;
        };
        let Some(revoke) = decoded_revoke(&detail.payload) else {
            return;
        };
        if self.revokes.contains_key(&revoke.id) {
            return;
        }
        let places: BTreeSet<PremisesId> = owned.iter().copied().chain([stop.premises]).collect();
        let told = match detail.device {
            Some(device) => vec![device],
            None => places
                .into_iter()
                .flat_map(|premises| self.sites_of(premises))
                .collect(),
        };
        let told = told.into_iter().map(|device| (device, revoke.scope));
        let (told, by) = ((told.collect(), Envelopes::new()), Some(stop.by));
        tracing::warn!(revoke.id = %revoke.id, premises.id = %stop.premises, "a stop had reached the record and not its row when the hub was killed");
        // Nobody watches and nobody has a line yet: there is nothing to carry out.
        drop(self.stop(revoke.id, stop.premises, told, revoke.reason, by, now));
        if let Some(note) = self.revokes.get_mut(&revoke.id) {
            note.received_at = stop.at;
            let stopped = detail.grants.iter().map(|grant| GrantId(*grant.as_bytes()));
            note.stopped.extend(stopped);
        }
    }

    fn press_from_record(
        &mut self,
        press: &Recorded,
        name: Option<String>,
        registry: &Registry,
        now: time::OffsetDateTime,
    ) {
        let Ok(detail) = PressDetail::deserialize(&press.detail) else {
            return;
        };
        let id = trigger_of(detail.press);
        if self.presses.contains_key(&id) {
            return;
        }
        let late = millis(press.at) - detail.made_at_ms
            > i64::try_from(STALE_AFTER_MS).unwrap_or(i64::MAX);
        let note = PressNote {
            id,
            premises: press.premises,
            level: Level::from(detail.level),
            silent: detail.silent,
            drill: detail.drill,
            at: PressedAt::Phone,
            by: Some(press.by),
            by_name: name,
            note: String::new(),
            cameras: detail.camera_ids,
            envelopes: envelopes_of(detail.envelopes),
            state: if late {
                PressState::Message
            } else {
                PressState::Received
            },
            refusal: None,
            received_at: press.at,
            opened_at: None,
            on_wall_at: None,
            acknowledged: None,
        };
        tracing::warn!(press.id = %detail.press, "a press had reached the record and not its row when the hub was killed");
        self.presses.insert(id, note.clone());
        self.dirty_press(id);
        if !late {
            self.press_again(registry, &note, now);
        }
    }
}
