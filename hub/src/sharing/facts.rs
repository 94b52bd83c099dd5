//! What devices report about grants: opened, refused, ended, stopped. The device's word is the truth;
//! each of these may arrive twice or late. The link acknowledges a
//! frame only when `saved` says that what came of it is in the store.

use assent_consent as consent;
use assent_wire::WordRefusal;
use consent::{
    Adopted, EndCause, Grant, GrantId, Refusal, RevokeId, Terms, Trigger, TriggerId, Vec1,
};
use time::OffsetDateTime;

use super::Sharing;
use super::held::{Held, boot_time, cause_of};
use super::note::{GrantNote, Life, RevokeNote};
use super::orders::{Order, Orders};
use super::signing::nearest;
use crate::world::{DeviceId, PremisesId};

/// A grant that a device says is open, with the number of its own receipt.
#[derive(Clone, Debug)]
pub struct Reported {
    pub adopted: Adopted,
    pub receipt: u64,
}

/// What the device says of a grant that is over, by its own clock and count. It may come long after.
#[derive(Clone, Copy, Debug)]
pub struct Account {
    pub lasted_ms: u64,
    /// Media bytes that left the premises under it.
    pub bytes_left: u64,
}

impl Sharing {
    /// A grant lives on the device. If it was closed here meanwhile, the device is told to close it.
    pub async fn opened(&self, device: DeviceId, premises: PremisesId, reported: Reported) {
        let now = self.world.clock.now();
        self.change(|held| {
            held.answered(reported.adopted.trigger, device);
            if self.devices.is_barred(device) {
                return ((), Orders::default());
            }
            ((), held.adopt(device, premises, reported, now))
        })
        .await;
    }

    /// The device's own gate says no.
    pub async fn refused(&self, device: DeviceId, trigger: TriggerId, why: WordRefusal) {
        let now = self.world.clock.now();
        self.change(|held| {
            if held.signs_again(trigger, device, why) {
                return ((), Orders::default());
            }
            held.answered(trigger, device);
            if held.is_pressed_at(trigger, device)
                && let Some(press) = held.presses.get_mut(&trigger)
            {
                press.refusal = press.refusal.or(Some(why));
            }
            let orders = held.run(device, now, |machine| {
                machine.refuse(trigger, nearest(why), boot_time(now))
            });
            if held.is_pressed_at(trigger, device) {
                held.press_refused(trigger);
            }
            ((), orders)
        })
        .await;
    }

    /// A grant is over on the device.
    pub async fn ended(&self, device: DeviceId, grant: GrantId, cause: EndCause, said: Account) {
        let now = self.world.clock.now();
        self.change(|held| {
            let orders = held.run(device, now, |machine| {
                machine.end(grant, cause, boot_time(now))
            });
            held.confirm(device, grant, Some(said));
            ((), orders)
        })
        .await;
    }

    /// The device has carried out a stop, or one of the closings that a stop came to.
    pub async fn stop_done(&self, device: DeviceId, revoke: RevokeId, stopped: &[GrantId]) {
        let now = self.world.clock.now();
        self.change(|held| {
            // A device speaks of its own grants. One that the hub never heard of may be its own too.
            let own = |id: &&GrantId| held.grants.get(id).is_none_or(|note| note.device == device);
            let stopped: Vec<GrantId> = stopped.iter().filter(own).copied().collect();
            for grant in &stopped {
                held.confirm(device, *grant, None);
            }
            let told = |note: &&mut RevokeNote| note.concerns(device);
            if let Some(note) = held.revokes.get_mut(&revoke).filter(told) {
                note.answered(device);
                note.stopped.extend(stopped);
                if note.unconfirmed.is_empty() && note.confirmed_at.is_none() {
                    note.confirmed_at = Some(now);
                }
                held.dirty_revoke(revoke);
            }
            ((), Orders::default())
        })
        .await;
    }
}

impl Held {
    pub(super) fn adopt(
        &mut self,
        device: DeviceId,
        premises: PremisesId,
        reported: Reported,
        now: OffsetDateTime,
    ) -> Orders {
        let grant = reported.adopted.grant;
        let press = self.presses.get(&reported.adopted.trigger);
        if press.is_some_and(|press| press.premises != premises) {
            tracing::warn!(device.id = %device, grant.id = %grant, "a device names a press at other premises; its grant is not followed");
            return Orders::default();
        }
        let machine = &mut self.site(device, premises).machine;
        let effects = match machine.adopt(reported.adopted, boot_time(now)) {
            Ok(effects) => effects,
            Err(Refusal::Replayed) => {
                let close = Order::Wanted {
                    instructions: Vec::new(),
                    ended: vec![grant],
                };
                return Orders {
                    send: vec![(device, close)],
                    ..Orders::default()
                };
            }
            Err(refusal) => {
                tracing::warn!(device.id = %device, grant.id = %grant, ?refusal, "a device's grant is not followed");
                return Orders::default();
            }
        };
        let orders = self.take_in(device, effects, now);
        if let Some(note) = self.grants.get_mut(&grant)
            && note.receipt != Some(reported.receipt)
        {
            note.receipt = Some(reported.receipt);
            self.dirty_grant(grant);
        }
        orders
    }

    /// Notes grants that are asked for now; nothing may leave yet.
    pub(super) fn ask(
        &mut self,
        device: DeviceId,
        trigger: &Trigger,
        terms: &Vec1<Terms>,
        now: OffsetDateTime,
    ) {
        let incident = self.incident_of(trigger.id);
        let Some(site) = self.sites.get_mut(&device) else {
            return;
        };
        let premises = site.premises;
        let asked = site.machine.ask(trigger, terms, boot_time(now));
        let grants: Vec<Grant> = asked
            .iter()
            .filter_map(|id| site.machine.grant(*id).cloned())
            .collect();
        for grant in grants {
            let id = grant.id();
            self.grants.entry(id).or_insert_with(|| GrantNote {
                id,
                device,
                premises,
                trigger: grant.trigger(),
                cause: cause_of(grant.cause()),
                terms: grant.terms().clone(),
                asked_at: now,
                life: Life::Asked,
                confirmed: false,
                receipt: None,
                bytes_left: None,
                incident,
            });
            self.dirty_grant(id);
        }
    }

    /// Whether this trigger is a press at the premises where this device stands; of others' it has no say.
    pub(super) fn is_pressed_at(&self, trigger: TriggerId, device: DeviceId) -> bool {
        let press = self.presses.get(&trigger);
        let site = self.sites.get(&device);
        press
            .zip(site)
            .is_some_and(|(press, site)| press.premises == site.premises)
    }

    /// The device has had its say about this trigger: it need not be repeated to it.
    pub(super) fn answered(&mut self, trigger: TriggerId, device: DeviceId) {
        if let Some(instruction) = self.instructions.get_mut(&trigger) {
            instruction.unanswered.remove(&device);
            instruction.unsigned.remove(&device);
        }
    }

    /// The hub hears late of what happened while the line was down: the true end is the device's.
    fn confirm(&mut self, device: DeviceId, grant: GrantId, said: Option<Account>) {
        let note = self.grants.get_mut(&grant);
        let Some(note) = note.filter(|note| note.device == device) else {
            return;
        };
        if note.life.over_at().is_none() {
            return;
        }
        note.confirmed = true;
        if let Some(said) = said {
            note.bytes_left = Some(said.bytes_left);
            note.life = note.life.lasted(said.lasted_ms);
        }
        self.dirty_grant(grant);
    }
}
