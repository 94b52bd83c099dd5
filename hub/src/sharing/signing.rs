//! Devices that obey signed words only: what waits for a signature, what is signed once more because its
//! nonce had grown stale, and what the hub does of itself where a signature is missing or was refused,
//! which is to tell operators and to close, and never to open.

use std::collections::BTreeMap;
use std::sync::Arc;

use assent_consent as consent;
use assent_wire::WordRefusal;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use consent::{Answer, GateRefusal, Refusal, RevokeId, Trigger, TriggerId, TriggerKind};
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};

use super::Sharing;
use super::asks::{ApprovalAsked, YesNo, approval};
use super::decide::Named;
use super::held::Held;
use super::note::{AskNote, Envelopes, Instruction, PressState, RevokeNote};
use super::orders::{Order, Orders, Told};
use super::page::Press;
use super::press::PressAsked;
use super::signed::{SignedYes, needed};
use crate::error::Result;
use crate::identity::Person;
use crate::words::base64url;
use crate::world::{CameraId, DeviceId, millis};

/// Records of a press stay short enough for the spool: with more than this the envelopes are left to the row.
const LONGEST_RECORDED: usize = 8 << 10;

impl Sharing {
    /// What a press asks for: as its page signed it, else as the page says.
    pub(super) fn asked_for(
        &self,
        by: &Person,
        trigger: &mut Trigger,
        asked: &PressAsked,
    ) -> Result<(Vec<CameraId>, Envelopes)> {
        if let Some(signed) = self.signed_press(by, trigger.id, asked)? {
            trigger.kind = TriggerKind::Press(signed.press);
            return Ok((signed.cameras, signed.envelopes));
        }
        let named = asked.camera_ids.iter().flatten().copied();
        Ok((named.map(CameraId).collect(), Envelopes::new()))
    }

    /// A known press comes again with envelopes: for devices that had none, or whose nonce was stale.
    pub(super) async fn sign_press(
        &self,
        trigger: &Trigger,
        named: &Named,
        envelopes: Envelopes,
    ) -> Option<Press> {
        if envelopes.is_empty() {
            return None;
        }
        let now = self.world.clock.now();
        self.change(|held| {
            let mut orders = Orders::default();
            for (device, envelope) in envelopes {
                if let Some(told) = named.told(trigger, device) {
                    orders = orders.and(held.sign_press(&told, device, envelope, now));
                }
            }
            ((), orders)
        })
        .await;
        self.press_page(trigger.id)
    }

    /// The signatures under a yes. Refused without any where one is needed, before the answer counts.
    pub(super) fn yes_to(
        &self,
        by: &Person,
        alert: TriggerId,
        asked: &ApprovalAsked,
    ) -> Result<SignedYes> {
        let (ask, needs) = {
            let held = self.held.lock();
            let ask = held
                .asks
                .get(&alert)
                .filter(|ask| by.answers_for(ask.premises));
            let Some(ask) = ask.filter(|_| asked.answer == YesNo::Yes).cloned() else {
                return Ok(SignedYes::new());
            };
            let mut devices = ask.terms.iter().map(|(device, _)| *device);
            let needs = devices.any(|device| held.is_paired(device));
            (ask, needs)
        };
        let signed = self.signed_yes(by, &ask, &asked.envelopes)?;
        if needs && signed.is_empty() {
            return Err(needed());
        }
        Ok(signed)
    }

    /// The answer stands and is on record: each device is told what was signed for it.
    pub(super) async fn open_by_yes(
        &self,
        by: &Person,
        alert: TriggerId,
        signed: SignedYes,
    ) -> Result<()> {
        if signed.is_empty() {
            return Ok(());
        }
        let now = self.world.clock.now();
        self.change(|held| {
            let Some(ask) = held.asks.get_mut(&alert) else {
                return (Ok(()), Orders::default());
            };
            ask.yes.extend(signed);
            let ask = ask.clone();
            held.dirty_ask(alert);
            match approval(by, &ask, millis(now)) {
                Ok(trigger) => (Ok(()), held.tell_yes(&ask, &trigger, 0, now)),
                Err(error) => (Err(error), Orders::default()),
            }
        })
        .await
    }

    /// The owner signs for a stop that the hub has carried out as far as it may.
    pub(super) async fn sign_stop(&self, by: &Person, id: RevokeId, envelopes: Envelopes) {
        self.change(|held| {
            let mut orders = Orders::default();
            let note = held.revokes.get_mut(&id);
            let Some(note) = note.filter(|note| by.answers_for(note.premises)) else {
                return ((), orders);
            };
            let fresh: Envelopes = envelopes
                .into_iter()
                .filter(|(device, envelope)| !note.has_had(*device, envelope))
                .collect();
            for (device, envelope) in &fresh {
                note.envelopes.insert(*device, Arc::clone(envelope));
                note.unconfirmed.insert(*device);
                note.confirmed_at = None;
            }
            for device in fresh.into_keys() {
                orders = orders.and(held.stop_orders(id, device));
                held.dirty_revoke(id);
            }
            ((), orders)
        })
        .await;
    }

    /// The device does not obey this signature. The owner is told so, and what the hub may close it closes.
    pub async fn stop_refused(&self, device: DeviceId, id: RevokeId, why: WordRefusal) {
        tracing::warn!(device.id = %device, revoke.id = %id, ?why, "a device did not obey a signed stop");
        self.change(|held| {
            let mut orders = Orders::default();
            let note = held.revokes.get_mut(&id);
            if let Some(note) = note
                && let Some(envelope) = note.envelopes.remove(&device)
            {
                note.refused.insert(device, (envelope, why));
                orders = orders.and(held.stop_orders(id, device));
                held.dirty_revoke(id);
            }
            ((), orders)
        })
        .await;
    }
}

impl Held {
    /// Whether it obeys signed words only.
    pub(super) fn is_paired(&self, device: DeviceId) -> bool {
        self.sites.get(&device).is_some_and(|site| site.paired)
    }

    pub(super) fn envelope_for(&self, trigger: TriggerId, device: DeviceId) -> Option<Arc<[u8]>> {
        let press = self.presses.get(&trigger)?;
        press.envelopes.get(&device).cloned()
    }

    /// Devices that wait for a signature under this press.
    pub(super) fn unsigned(&self, trigger: TriggerId) -> Vec<String> {
        let instruction = self.instructions.get(&trigger);
        let unsigned = instruction.map(|instruction| &instruction.unsigned);
        unsigned
            .into_iter()
            .flatten()
            .map(ToString::to_string)
            .collect()
    }

    fn sign_press(
        &mut self,
        trigger: &Trigger,
        device: DeviceId,
        envelope: Arc<[u8]>,
        now: OffsetDateTime,
    ) -> Orders {
        let counts = |press: &&mut super::note::PressNote| {
            matches!(press.state, PressState::Received | PressState::Opened)
        };
        let Some(press) = self.presses.get_mut(&trigger.id).filter(counts) else {
            return Orders::default();
        };
        let Some(instruction) = self.instructions.get_mut(&trigger.id) else {
            return Orders::default();
        };
        let other = instruction.unanswered.contains_key(&device)
            && instruction.envelopes.get(&device) != Some(&envelope);
        if !instruction.unsigned.remove(&device) && !other {
            return Orders::default();
        }
        press.envelopes.insert(device, Arc::clone(&envelope));
        instruction.unanswered.insert(device, trigger.clone());
        instruction.envelopes.insert(device, Arc::clone(&envelope));
        let age_ms = age_of(instruction.made_at, now);
        self.dirty_press(trigger.id);
        if let Answer::Opens(terms) = self.propose(device, trigger, age_ms, now) {
            self.ask(device, trigger, &terms, now);
        }
        let told = Told {
            trigger: trigger.clone(),
            age_ms,
            envelope: Some(envelope),
        };
        Orders {
            send: vec![(device, Order::Instruct(told))],
            ..Orders::default()
        }
    }

    /// A press that came too late for its nonce only waits for another signature; true if it is one.
    pub(super) fn signs_again(
        &mut self,
        trigger: TriggerId,
        device: DeviceId,
        why: WordRefusal,
    ) -> bool {
        let stale = why == WordRefusal::Gate(GateRefusal::StaleNonce);
        let Some(press) = self.presses.get_mut(&trigger).filter(|_| stale) else {
            return false;
        };
        let Some(instruction) = self.instructions.get_mut(&trigger) else {
            return false;
        };
        if instruction.unanswered.remove(&device).is_none() {
            return false;
        }
        instruction.envelopes.remove(&device);
        instruction.unsigned.insert(device);
        press.envelopes.remove(&device);
        self.dirty_press(trigger);
        true
    }

    /// A yes that was under way when the hub ended.
    pub(super) fn yes_again(&mut self, ask: &AskNote, now: OffsetDateTime) -> Orders {
        let Some(answered) = ask.answer.as_ref().filter(|_| !ask.yes.is_empty()) else {
            return Orders::default();
        };
        let Ok(by) = consent::PersonId::new(answered.by.to_string()) else {
            return Orders::default();
        };
        let trigger = Trigger {
            id: ask.trigger,
            made_at: consent::WallTime(millis(answered.at)),
            kind: TriggerKind::Approval(consent::Approval {
                of: ask.trigger,
                alert: ask.alert.clone(),
                by,
            }),
        };
        let age_ms = age_of(answered.at, now);
        self.tell_yes(ask, &trigger, age_ms, now)
    }

    fn tell_yes(
        &mut self,
        ask: &AskNote,
        trigger: &Trigger,
        age_ms: u64,
        now: OffsetDateTime,
    ) -> Orders {
        let mut orders = Orders::default();
        for (device, (id, envelope)) in &ask.yes {
            let trigger = Trigger {
                id: *id,
                ..trigger.clone()
            };
            match self.propose(*device, &trigger, age_ms, now) {
                Answer::Opens(terms) => self.ask(*device, &trigger, &terms, now),
                // Stopped, or told before.
                Answer::Nothing(Refusal::Replayed | Refusal::TooOld) => continue,
                Answer::Asks(_) | Answer::Nothing(_) => {}
            }
            let told = BTreeMap::from([(*device, trigger)]);
            let signed = Envelopes::from([(*device, Arc::clone(envelope))]);
            self.instruct(*id, (told, signed), age_ms, now, &mut orders);
        }
        orders
    }
}

impl Instruction {
    /// Somebody has yet to answer, or to sign.
    pub(super) fn is_open(&self) -> bool {
        !self.unanswered.is_empty() || !self.unsigned.is_empty()
    }
}

impl RevokeNote {
    /// Whether this device was told of it.
    pub(super) fn concerns(&self, device: DeviceId) -> bool {
        self.envelopes.contains_key(&device) || self.told.iter().any(|(told, _)| *told == device)
    }

    fn has_had(&self, device: DeviceId, envelope: &Arc<[u8]>) -> bool {
        let refused = self.refused.get(&device).map(|(refused, _)| refused);
        self.envelopes.get(&device) == Some(envelope) || refused == Some(envelope)
    }

    /// One answer of the device; where it was asked to close several grants, the last of them counts.
    pub(super) fn answered(&mut self, device: DeviceId) {
        if let Some(open) = self.closing.get_mut(&device).filter(|open| **open > 1) {
            *open -= 1;
            return;
        }
        self.closing.remove(&device);
        self.unconfirmed.remove(&device);
    }

    pub(super) fn confirm(&mut self, at: OffsetDateTime) {
        if self.unconfirmed.is_empty() && self.confirmed_at.is_none() {
            self.confirmed_at = Some(at);
        }
    }
}

fn age_of(since: OffsetDateTime, now: OffsetDateTime) -> u64 {
    let age: Duration = now - since;
    u64::try_from(age.whole_milliseconds()).unwrap_or(0)
}

/// What the rules' machine, which knows no signatures, is told of a refusal.
pub(super) fn nearest(why: WordRefusal) -> Refusal {
    match why {
        WordRefusal::Gate(GateRefusal::Rules(refusal)) => refusal,
        WordRefusal::Gate(GateRefusal::Revoked) => Refusal::Replayed,
        WordRefusal::Gate(_) | WordRefusal::Bytes(_) | WordRefusal::NotPaired => Refusal::Malformed,
    }
}

/// Envelopes as the record and the rows keep them.
pub(super) fn recorded(envelopes: &Envelopes) -> Value {
    let texts = envelopes
        .iter()
        .map(|(device, envelope)| (device.to_string(), base64url(envelope)));
    let texts: BTreeMap<String, String> = texts.collect();
    json!(texts)
}

/// The same for the audit's record, which has to fit the spool.
pub(super) fn on_record(envelopes: &Envelopes) -> Value {
    let all: usize = envelopes.values().map(|envelope| envelope.len()).sum();
    if all > LONGEST_RECORDED {
        return json!({});
    }
    recorded(envelopes)
}

/// What cannot be read is left out: the page signs again.
pub(super) fn envelopes_of(texts: BTreeMap<DeviceId, String>) -> Envelopes {
    let one = |(device, text): (DeviceId, String)| {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        Some((device, Arc::from(bytes)))
    };
    texts.into_iter().filter_map(one).collect()
}
