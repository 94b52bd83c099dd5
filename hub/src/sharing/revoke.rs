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

use super::held::{Held, Order, Orders, boot_time};
use super::note::{PressState, RevokeNote};
use super::page::Revoke;
use super::{Sharing, trigger_of, uuid};
use crate::audit::{Actor, Class, Event};
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
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum RevokeScope {
    GrantId(Uuid),
    PressId(Uuid),
    CameraId(Uuid),
    PremisesId(Uuid),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum RevokeReason {
    Owner,
    /// Within the first seconds after the press: it was a mistake.
    Cancelled,
}

impl Sharing {
    /// The owner's stop. Answers "confirmed" when every device concerned has said so within a second,
    /// else "received"; asking again with the same id tells how far it has come.
    pub async fn revoke(&self, by: &Person, id: Uuid, asked: RevokeAsked) -> Result<Revoke> {
        let id = RevokeId(*id.as_bytes());
        let reason = match asked.reason {
            RevokeReason::Owner => Reason::Owner,
            RevokeReason::Cancelled => Reason::Cancelled,
        };
        if !self.held.lock().revokes.contains_key(&id) {
            let (premises, told) = self.targets(by, asked.scope)?;
            self.stop(id, premises, told, reason, Some(by.id)).await;
            tracing::info!(revoke.id = %id, premises.id = %premises, actor = %by.id, "revoke carried out");
        }
        self.confirmed(id, by).await
    }

    /// The agency clears an incident: everything that its triggers opened, or may yet open, ends.
    pub async fn clear(&self, incident: IncidentId, by: PersonId) {
        let mut told: BTreeMap<(PremisesId, TriggerId), BTreeSet<DeviceId>> = BTreeMap::new();
        {
            let held = self.held.lock();
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
                told,
                Reason::Cleared,
                Some(by),
            )
            .await;
        }
    }

    async fn stop(
        &self,
        id: RevokeId,
        premises: PremisesId,
        told: Vec<(DeviceId, Scope)>,
        reason: Reason,
        by: Option<PersonId>,
    ) {
        let now = self.world.clock.now();
        self.change(|held| ((), held.stop(id, premises, told, reason, by, now)))
            .await;
    }

    /// Which devices are concerned, and what each is told. What nobody here knows is told to all the
    /// owner's devices: it may be on its way.
    fn targets(
        &self,
        by: &Person,
        scope: RevokeScope,
    ) -> Result<(PremisesId, Vec<(DeviceId, Scope)>)> {
        let yours = |premises: PremisesId| {
            by.answers_for(premises)
                .then_some(premises)
                .ok_or_else(|| Error::not_found("That is not yours to stop, or not known here."))
        };
        let held = self.held.lock();
        let everywhere = |scope: Scope| {
            let devices = by
                .premises
                .iter()
                .flat_map(|premises| held.sites_of(*premises));
            let first = by
                .premises
                .first()
                .copied()
                .ok_or_else(|| Error::forbidden("You have no premises here."))?;
            Ok((first, devices.map(|device| (device, scope)).collect()))
        };
        match scope {
            RevokeScope::GrantId(id) => {
                let scope = Scope::Grant(GrantId(*id.as_bytes()));
                match held.grants.get(&GrantId(*id.as_bytes())) {
                    Some(note) => Ok((yours(note.premises)?, vec![(note.device, scope)])),
                    None => everywhere(scope),
                }
            }
            RevokeScope::PressId(id) => {
                let scope = Scope::Trigger(trigger_of(id));
                match held.presses.get(&trigger_of(id)) {
                    Some(press) => {
                        let devices = held.sites_of(yours(press.premises)?);
                        Ok((
                            press.premises,
                            devices.into_iter().map(|device| (device, scope)).collect(),
                        ))
                    }
                    None => everywhere(scope),
                }
            }
            RevokeScope::CameraId(id) => {
                let camera = self.registry.camera(CameraId(id)).ok_or_else(|| {
                    Error::not_found("This camera is not known here.").slug("unknown-camera")
                })?;
                let number = camera
                    .connection
                    .and_then(|at| Some((at.device, CameraNumber::new(at.number)?)));
                let told = number.map(|(device, number)| (device, Scope::Camera(number)));
                Ok((yours(camera.premises)?, told.into_iter().collect()))
            }
            RevokeScope::PremisesId(id) => {
                let premises = yours(PremisesId(id))?;
                Ok((
                    premises,
                    held.sites_of(premises)
                        .into_iter()
                        .map(|device| (device, Scope::Everything))
                        .collect(),
                ))
            }
        }
    }

    /// Waits a little for the devices' word.
    async fn confirmed(&self, id: RevokeId, by: &Person) -> Result<Revoke> {
        let mut changes = self.changes();
        let deadline = tokio::time::Instant::now() + CONFIRM_WITHIN;
        loop {
            changes.mark_unchanged();
            let note = self.held.lock().revokes.get(&id).cloned();
            let note = note
                .filter(|note| by.answers_for(note.premises))
                .ok_or_else(|| Error::not_found("This stop is not known here."))?;
            if note.confirmed_at.is_some() {
                return Ok(Revoke::of(&note));
            }
            match tokio::time::timeout_at(deadline, changes.changed()).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) | Err(_) => return Ok(Revoke::of(&note)),
            }
        }
    }
}

impl Held {
    fn stop(
        &mut self,
        id: RevokeId,
        premises: PremisesId,
        told: Vec<(DeviceId, Scope)>,
        reason: Reason,
        by: Option<PersonId>,
        now: OffsetDateTime,
    ) -> Orders {
        let mut orders = Orders::default();
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
            orders.send.push((*device, Order::End(revoke)));
            if let Scope::Trigger(trigger) = scope {
                self.answered(*trigger, *device);
                self.press_stopped(*trigger, reason);
            }
        }
        let stopped: BTreeSet<GrantId> = before.difference(&self.open_grants()).copied().collect();
        let unconfirmed: BTreeSet<DeviceId> = told.iter().map(|(device, _)| *device).collect();
        let confirmed_at = unconfirmed.is_empty().then_some(now);
        let detail = json!({
            "revoke": uuid(id.0), "reason": format!("{reason:?}"),
            "grants": stopped.iter().map(|grant| uuid(grant.0)).collect::<Vec<_>>(),
        });
        let actor = by.map_or(Actor::Hub, Actor::Person);
        self.event(
            Event::new(Class::Revoke, actor)
                .premises(premises)
                .detail(detail),
        );
        self.revokes.insert(
            id,
            RevokeNote {
                id,
                premises,
                by,
                reason,
                received_at: now,
                told,
                unconfirmed,
                stopped,
                confirmed_at,
            },
        );
        self.dirty_revoke(id);
        orders
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
