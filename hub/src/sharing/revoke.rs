//! Stopping. From memory first: the fan-out at the hub and the device are told before anything is
//! written. A revoke never fails, never ages and need not know what it closes; one that overtakes its
//! press closes it all the same.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use assent_consent as consent;
use consent::{CameraNumber, GrantId, Reason, RevokeId, Scope, TriggerId};
use serde::Deserialize;
use serde_json::json;
use time::OffsetDateTime;
use uuid::Uuid;

use super::held::{Held, boot_time};
use super::note::{Envelopes, PressState, RevokeNote};
use super::orders::Orders;
use super::page::Revoke;
use super::recall::encoded_revoke;
use super::signed::{KeyName, needed};
use super::{Sharing, trigger_of, uuid};
use crate::audit::{Actor, Class, Event};
use crate::devices::Barred;
use crate::error::{Error, Result};
use crate::identity::Person;
use crate::world::{CameraId, DeviceId, IncidentId, PersonId, PremisesId};

/// How long an answer waits for the device's word before it says "received". The stop itself waits for nothing.
const CONFIRM_WITHIN: Duration = Duration::from_millis(1_000);

/// Body of `PUT /api/revokes/{id}`.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RevokeAsked {
    pub scope: RevokeScope,
    pub reason: RevokeReason,
    /// The stop as it was signed, one a device that obeys signed words only, in base64url.
    #[serde(default)]
    pub envelopes: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum RevokeScope {
    GrantId(Uuid),
    PressId(Uuid),
    CameraId(Uuid),
    PremisesId(Uuid),
    /// A key, by its id: only the envelopes end it.
    KeyId(KeyName),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum RevokeReason {
    Owner,
    /// Within the first seconds after the press: it was a mistake.
    Cancelled,
}

/// The premises, and what each device there is told.
type Targets = (PremisesId, Vec<(DeviceId, Scope)>);

/// What each device is told, and as it was signed where it was.
pub(super) type ToldStop = (Vec<(DeviceId, Scope)>, Envelopes);

impl Sharing {
    /// The owner's stop. Answers "confirmed" when every device concerned has said so within a second,
    /// else "received"; asking again with the same id tells how far it has come.
    pub async fn revoke(&self, by: &Person, id: Uuid, asked: RevokeAsked) -> Result<Revoke> {
        let id = RevokeId(*id.as_bytes());
        let reason = match asked.reason {
            RevokeReason::Owner => Reason::Owner,
            RevokeReason::Cancelled => Reason::Cancelled,
        };
        // A signature that cannot be passed on keeps nothing open here.
        let (envelopes, problem) = match self.signed_stop(by, id, &asked) {
            Ok(envelopes) => (envelopes, None),
            Err(problem) => (Envelopes::new(), Some(problem)),
        };
        if self.held.lock().revokes.contains_key(&id) {
            self.sign_stop(by, id, envelopes).await;
        } else {
            let (premises, told) = self.targets(by, asked.scope, &envelopes)?;
            self.stop(id, premises, (told, envelopes), reason, Some(by.id))
                .await;
            tracing::info!(revoke.id = %id, premises.id = %premises, actor = %by.id, "revoke carried out");
        }
        if let Some(problem) = problem {
            return Err(problem);
        }
        self.confirmed(id, by).await
    }

    /// The agency clears an incident: everything that its triggers opened, or may yet open, ends.
    pub async fn clear(&self, incident: IncidentId, by: PersonId) {
        let mut told: BTreeMap<(PremisesId, TriggerId), BTreeSet<DeviceId>> = BTreeMap::new();
        {
            let mut held = self.held.lock();
            for ask in held.close_asks(incident, by, self.world.clock.now()) {
                let devices = ask.terms.iter().map(|(device, _)| *device);
                told.entry((ask.premises, ask.trigger))
                    .or_default()
                    .extend(devices);
            }
            let open = held
                .grants
                .values()
                .filter(|note| note.incident == Some(incident) && note.life.over_at().is_none());
            for note in open {
                told.entry((note.premises, note.trigger))
                    .or_default()
                    .insert(note.device);
            }
        }
        for ((premises, trigger), devices) in told {
            let told = devices
                .into_iter()
                .map(|device| (device, Scope::Trigger(trigger)))
                .collect();
            self.stop(
                RevokeId(self.world.random.bytes()),
                premises,
                (told, Envelopes::new()),
                Reason::Cleared,
                Some(by),
            )
            .await;
        }
    }

    /// A device that the hub has barred: everything of it ends here at once, and the device is asked to end
    /// it too. Waits a little for its word; afterwards the hub follows it no more.
    /// Gives how many shares ended.
    pub async fn device_revoked(&self, barred: &Barred) -> usize {
        let (device, premises) = (barred.device, barred.premises);
        if !barred.first {
            return 0;
        }
        let id = RevokeId(self.world.random.bytes());
        let told = (vec![(device, Scope::Everything)], Envelopes::new());
        self.stop(id, premises, told, Reason::Cleared, None).await;
        if self.devices.is_online(device) {
            self.wait_confirmed(id).await;
        }
        self.change(|held| {
            held.sites.remove(&device);
            for instruction in held.instructions.values_mut() {
                instruction.unanswered.remove(&device);
            }
            let ended = held.revokes.get(&id).map_or(0, |note| note.stopped.len());
            (ended, Orders::default())
        })
        .await
    }

    async fn stop(
        &self,
        id: RevokeId,
        premises: PremisesId,
        told: ToldStop,
        reason: Reason,
        by: Option<PersonId>,
    ) {
        let now = self.world.clock.now();
        self.change(|held| ((), held.stop(id, premises, told, reason, by, now)))
            .await;
    }

    /// Which devices are concerned, and what each is told.
    fn targets(&self, by: &Person, scope: RevokeScope, envelopes: &Envelopes) -> Result<Targets> {
        let held = self.held.lock();
        let (premises, scope) = match scope {
            RevokeScope::KeyId(_) => {
                let device = envelopes.keys().next().ok_or_else(needed)?;
                let known = self.devices.device(*device).ok_or_else(needed)?;
                return Ok((known.premises, Vec::new()));
            }
            RevokeScope::GrantId(id) => {
                let id = GrantId(*id.as_bytes());
                let note = held.grants.get(&id);
                if let Some(note) = note {
                    let told = vec![(note.device, Scope::Grant(id))];
                    return Ok((yours(by, note.premises)?, told));
                }
                (None, Scope::Grant(id))
            }
            RevokeScope::PressId(id) => {
                let press = held.presses.get(&trigger_of(id));
                (
                    press.map(|press| press.premises),
                    Scope::Trigger(trigger_of(id)),
                )
            }
            RevokeScope::PremisesId(id) => (Some(PremisesId(id)), Scope::Everything),
            RevokeScope::CameraId(id) => return self.target_camera(by, CameraId(id)),
        };
        // What nobody here knows is told to all the owner's devices: it may be on its way.
        let concerned = match premises {
            Some(premises) => vec![yours(by, premises)?],
            None => by.premises.clone(),
        };
        let first = concerned.first().copied();
        let first = first.ok_or_else(|| Error::forbidden("You have no premises here."))?;
        let devices = concerned
            .into_iter()
            .flat_map(|premises| held.sites_of(premises));
        Ok((first, devices.map(|device| (device, scope)).collect()))
    }

    fn target_camera(&self, by: &Person, id: CameraId) -> Result<Targets> {
        let camera = self.registry.camera(id);
        let camera = camera.ok_or_else(|| {
            Error::not_found("This camera is not known here.").slug("unknown-camera")
        })?;
        let at = camera.connection;
        let told =
            at.and_then(|at| Some((at.device, Scope::Camera(CameraNumber::new(at.number)?))));
        Ok((yours(by, camera.premises)?, told.into_iter().collect()))
    }

    async fn confirmed(&self, id: RevokeId, by: &Person) -> Result<Revoke> {
        let known = self.held.lock().revokes.get(&id).map(|note| note.premises);
        let note = match known.filter(|premises| by.answers_for(*premises)) {
            Some(_) => self.wait_confirmed(id).await,
            None => None,
        };
        let note = note.ok_or_else(|| Error::not_found("This stop is not known here."))?;
        Ok(Revoke::of(&note))
    }

    /// Waits a little for the devices' word, and gives the stop as it then stands.
    async fn wait_confirmed(&self, id: RevokeId) -> Option<RevokeNote> {
        let mut changes = self.changes();
        let deadline = tokio::time::Instant::now() + CONFIRM_WITHIN;
        loop {
            changes.mark_unchanged();
            let note = self.held.lock().revokes.get(&id).cloned()?;
            if note.confirmed_at.is_some() {
                return Some(note);
            }
            match tokio::time::timeout_at(deadline, changes.changed()).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) | Err(_) => return Some(note),
            }
        }
    }
}

impl Held {
    pub(super) fn stop(
        &mut self,
        id: RevokeId,
        premises: PremisesId,
        (told, envelopes): ToldStop,
        reason: Reason,
        by: Option<PersonId>,
        now: OffsetDateTime,
    ) -> Orders {
        let mut orders = Orders::default();
        // The same stop once more, perhaps while the first was on its way here.
        if self.revokes.contains_key(&id) {
            return orders;
        }
        let before = self.open_grants();
        for (device, scope) in &told {
            let revoke = consent::Revoke {
                id,
                scope: *scope,
                reason,
            };
            orders = orders.and(self.run(*device, now, |machine| {
                machine.revoke(&revoke, boot_time(now))
            }));
            if let Scope::Trigger(trigger) = scope {
                self.answered(*trigger, *device);
                self.press_stopped(*trigger, reason);
            }
        }
        let told_all = told.iter().map(|(device, _)| *device);
        let unconfirmed: BTreeSet<DeviceId> = told_all.chain(envelopes.keys().copied()).collect();
        let concerned = unconfirmed.clone();
        self.note_revoke(RevokeNote {
            id,
            premises,
            by,
            reason,
            received_at: now,
            told,
            envelopes,
            closing: BTreeMap::new(),
            refused: BTreeMap::new(),
            confirmed_at: unconfirmed.is_empty().then_some(now),
            unconfirmed,
            stopped: before.difference(&self.open_grants()).copied().collect(),
        });
        for device in concerned {
            orders = orders.and(self.stop_orders(id, device));
        }
        orders
    }

    /// The record follows the stop.
    fn note_revoke(&mut self, note: RevokeNote) {
        let stopped: Vec<Uuid> = note.stopped.iter().map(|grant| uuid(grant.0)).collect();
        let mut detail = json!({ "revoke": uuid(note.id.0), "reason": format!("{:?}", note.reason), "grants": stopped });
        // What was to be closed, for a hub that finds the record and no row. One scope fits all whom it was
        // told; a camera's number is one device's.
        if let Some((device, scope)) = note.told.first() {
            let alone = (note.told.len() == 1).then_some(device);
            detail["device"] = json!(alone);
            detail["payload"] = json!(encoded_revoke(&consent::Revoke {
                id: note.id,
                scope: *scope,
                reason: note.reason,
            }));
        }
        let actor = note.by.map_or(Actor::Hub, Actor::Person);
        let event = Event::new(Class::Revoke, actor).once(note.id.0);
        self.event(event.premises(note.premises).detail(detail));
        let id = note.id;
        self.revokes.insert(id, note);
        self.dirty_revoke(id);
    }

    fn open_grants(&self) -> BTreeSet<GrantId> {
        self.grants
            .values()
            .filter(|note| note.life.over_at().is_none())
            .map(|note| note.id)
            .collect()
    }

    fn press_stopped(&mut self, trigger: TriggerId, reason: Reason) {
        let Some(press) = self.presses.get_mut(&trigger) else {
            return;
        };
        if reason == Reason::Cancelled
            && matches!(
                press.state,
                PressState::Received | PressState::Opened | PressState::Refused
            )
        {
            press.state = PressState::Cancelled;
            self.dirty_press(trigger);
        }
    }
}

fn yours(by: &Person, premises: PremisesId) -> Result<PremisesId> {
    if by.answers_for(premises) {
        return Ok(premises);
    }
    Err(Error::not_found(
        "That is not yours to stop, or not known here.",
    ))
}
