//! What the record knows and the rows do not: a hub that is killed while its store takes nothing (a full
//! disk, a database that is away) has told an owner "received" on the strength of the audit's spool. The
//! next hub takes such a stop and such a press from there. A press at the premises needs none of this: its
//! device repeats it until the rows are written.

use assent_consent as consent;
use consent::{GrantId, Level, PressedAt, Reason, RevokeId, STALE_AFTER_MS, Scope};
use serde::Deserialize;
use uuid::Uuid;

use super::held::{Held, boot_time};
use super::note::{PressNote, PressState};
use super::press::LevelText;
use super::tick::REMEMBERED;
use super::{Sharing, trigger_of};
use crate::audit::{Class, Recorded};
use crate::error::Result;
use crate::identity::Identity;
use crate::registry::Registry;
use crate::world::{CameraId, PersonId, millis};

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
}

#[derive(Deserialize)]
struct RevokeDetail {
    revoke: Uuid,
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
            held.stop_again(stop, now);
        }
        for press in &presses {
            held.press_from_record(press, name(press.by), &self.registry, now);
        }
        Ok(())
    }
}

impl Held {
    /// The record names the grants that were stopped; whichever device has one of them is to close it.
    fn stop_again(&mut self, stop: &Recorded, now: time::OffsetDateTime) {
        let Ok(detail) = RevokeDetail::deserialize(&stop.detail) else {
            return;
        };
        let id = RevokeId(*detail.revoke.as_bytes());
        if self.revokes.contains_key(&id) {
            return;
        }
        for device in self.sites_of(stop.premises) {
            for grant in &detail.grants {
                let revoke = consent::Revoke {
                    id,
                    scope: Scope::Grant(GrantId(*grant.as_bytes())),
                    reason: Reason::Owner,
                };
                // Nobody watches and nobody has a line yet: there is nothing to carry out.
                drop(self.run(device, now, |machine| {
                    machine.revoke(&revoke, boot_time(now))
                }));
            }
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
