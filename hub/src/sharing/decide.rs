//! The hub's own first decision about a trigger: what the policies that the devices last reported say,
//! and what each device is told. The device decides again, and its word counts.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use assent_consent as consent;
use consent::{
    Answer, CameraNumber, GateRefusal, Reason, Refusal, Scope, Terms, Trigger, TriggerId,
    TriggerKind, Vec1,
};
use time::{Duration, OffsetDateTime};

use super::held::{Held, Site, boot_time};
use super::note::{Envelopes, Instruction, PressState};
use super::orders::{Order, Orders, Told};
use crate::error::{Error, Result};
use crate::registry::{MOST_CAMERAS, Registry};
use crate::world::{CameraId, DeviceId, PremisesId};

/// The cameras that a press names, device by device; none named means what the press rules name.
#[derive(Clone, Debug, Default)]
pub(super) struct Named(BTreeMap<DeviceId, BTreeSet<CameraNumber>>);

impl Named {
    pub(super) fn of(
        registry: &Registry,
        premises: PremisesId,
        cameras: &[CameraId],
    ) -> Result<Self> {
        if cameras.len() > MOST_CAMERAS {
            return Err(Error::invalid("A press cannot name this many cameras."));
        }
        let mut named = Self::default();
        for id in cameras {
            let known = registry
                .camera(*id)
                .filter(|camera| camera.premises == premises);
            let at = known
                .and_then(|camera| camera.connection)
                .and_then(|at| Some((at.device, CameraNumber::new(at.number)?)));
            let (device, number) = at.ok_or_else(|| {
                Error::not_found("One of these cameras is not at these premises.")
                    .slug("unknown-camera")
            })?;
            named.0.entry(device).or_default().insert(number);
        }
        Ok(named)
    }

    /// The trigger as this device is to hear it; none when the press names only other devices' cameras.
    pub(super) fn told(&self, trigger: &Trigger, device: DeviceId) -> Option<Trigger> {
        let mut trigger = trigger.clone();
        if self.0.is_empty() {
            return Some(trigger);
        }
        let own = self.0.get(&device)?;
        if let TriggerKind::Press(press) = &mut trigger.kind {
            press.cameras.clone_from(own);
        }
        Some(trigger)
    }
}

/// Any local time that it may be at the premises now.
fn every_hour(now: OffsetDateTime) -> impl Iterator<Item = consent::Now> {
    (0..24).map(move |hour: u16| consent::Now {
        boot: boot_time(now),
        local_minute: consent::MinuteOfDay::new(hour * 60).unwrap_or_default(),
        ..consent::Now::default()
    })
}

impl Held {
    /// What the reported policies of the premises' devices say, and the instructions that follow.
    pub(super) fn decide(
        &mut self,
        trigger: &Trigger,
        named: &Named,
        premises: PremisesId,
        age_ms: u64,
        now: OffsetDateTime,
    ) -> Orders {
        let mut orders = Orders::default();
        if self
            .presses
            .get(&trigger.id)
            .is_none_or(|press| press.state != PressState::Received)
        {
            return orders;
        }
        let taken_back = self.taken_back(trigger.id);
        let mut refusal = Refusal::NoRule;
        let (mut unanswered, mut envelopes) = (BTreeMap::new(), Envelopes::new());
        let mut unsigned = BTreeSet::new();
        for device in self.sites_of(premises) {
            let Some(told) = named.told(trigger, device) else {
                continue;
            };
            let envelope = self.envelope_for(trigger.id, device);
            if envelope.is_none() && self.is_paired(device) && !taken_back {
                unsigned.insert(device);
                continue;
            }
            match self.propose(device, &told, age_ms, now) {
                Answer::Opens(terms) => self.ask(device, &told, &terms, now),
                // The device may have a newer policy than it last said here, and decides by that.
                Answer::Asks(_) | Answer::Nothing(_) if envelope.is_some() && !taken_back => {}
                Answer::Asks(_) => {
                    refusal = Refusal::AsksOwner;
                    continue;
                }
                Answer::Nothing(why) => {
                    refusal = why;
                    continue;
                }
            }
            unanswered.insert(device, told);
            envelopes.extend(envelope.map(|envelope| (device, envelope)));
        }
        let waits = !unsigned.is_empty();
        self.instruct(
            trigger.id,
            (unanswered, envelopes),
            age_ms,
            now,
            &mut orders,
        );
        if let Some(instruction) = self.instructions.get_mut(&trigger.id) {
            instruction.unsigned = unsigned;
        }
        if orders.send.is_empty()
            && !waits
            && let Some(press) = self.presses.get_mut(&trigger.id)
        {
            press.state = PressState::Refused;
            press.refusal = Some(GateRefusal::Rules(refusal).into());
            if taken_back {
                press.state = PressState::Cancelled;
            }
        }
        self.dirty_press(trigger.id);
        orders
    }

    /// The trigger in the words of that device's policy: signed ones call an agency by the hash of its keys.
    fn as_called_at<'a>(&self, site: &Site, trigger: &'a Trigger) -> Cow<'a, Trigger> {
        let Some(registry) = self.registry.as_ref().filter(|_| site.paired) else {
            return Cow::Borrowed(trigger);
        };
        let mut called = trigger.clone();
        let alert = match &mut called.kind {
            TriggerKind::Alert(alert) => alert,
            TriggerKind::Approval(approval) => &mut approval.alert,
            TriggerKind::Press(_) | TriggerKind::Standing(_) => return Cow::Borrowed(trigger),
        };
        let meant = registry.agency_meant(alert.agency.as_str());
        if let Some(set) = meant.and_then(|agency| registry.agency_set(agency)) {
            alert.agency = set.name.into();
        }
        Cow::Owned(called)
    }

    /// A phone may send its second thought before the press itself.
    fn taken_back(&self, trigger: TriggerId) -> bool {
        let mut cancels = self
            .revokes
            .values()
            .filter(|note| note.reason == Reason::Cancelled);
        cancels.any(|note| {
            note.told
                .iter()
                .any(|(_, scope)| *scope == Scope::Trigger(trigger))
        })
    }

    /// Tells each device its trigger, and keeps it until the device has answered.
    pub(super) fn instruct(
        &mut self,
        trigger: TriggerId,
        (unanswered, envelopes): (BTreeMap<DeviceId, Trigger>, Envelopes),
        age_ms: u64,
        now: OffsetDateTime,
        orders: &mut Orders,
    ) {
        for (device, told) in &unanswered {
            let told = Told {
                trigger: told.clone(),
                age_ms,
                envelope: envelopes.get(device).cloned(),
            };
            orders.send.push((*device, Order::Instruct(told)));
        }
        let age = Duration::milliseconds(i64::try_from(age_ms).unwrap_or(i64::MAX));
        let instruction = Instruction {
            made_at: now - age,
            unanswered,
            envelopes,
            unsigned: BTreeSet::new(),
            incident: self.incident_of(trigger),
        };
        self.instructions.insert(trigger, instruction);
    }

    /// What one device's policy, as it last reported it, says to a trigger. Only the device knows the local
    /// time at the premises, so quiet hours are left to it: here the hour is taken at which most is said.
    pub(super) fn propose(
        &self,
        device: DeviceId,
        trigger: &Trigger,
        age_ms: u64,
        now: OffsetDateTime,
    ) -> Answer {
        let Some(site) = self.sites.get(&device) else {
            return Answer::Nothing(Refusal::NoRule);
        };
        let trigger = &*self.as_called_at(site, trigger);
        let mut most = Answer::Nothing(Refusal::QuietHours);
        for here in every_hour(now) {
            let answer = site.machine.answer(trigger, age_ms, &here);
            match (&answer, &most) {
                (Answer::Opens(_), _) => return answer,
                (Answer::Asks(_), Answer::Nothing(_)) => most = answer,
                (Answer::Nothing(_), Answer::Nothing(Refusal::QuietHours)) => most = answer,
                (Answer::Asks(_) | Answer::Nothing(_), _) => {}
            }
        }
        most
    }

    /// What the owner is to be asked about a trigger, device by device, also where other rules open on it
    /// without asking. Only before the trigger is asked for: afterwards it has had its answer.
    pub(super) fn questions(
        &self,
        premises: PremisesId,
        trigger: &Trigger,
        age_ms: u64,
        now: OffsetDateTime,
    ) -> Vec<(DeviceId, Terms)> {
        let here = self.sites.iter();
        here.filter(|(_, site)| site.premises == premises)
            .flat_map(|(device, site)| {
                let trigger = &*self.as_called_at(site, trigger);
                let asks = every_hour(now).find_map(|at| site.machine.asks(trigger, age_ms, &at));
                let terms = asks.map(Vec1::into_vec).unwrap_or_default();
                terms.into_iter().map(|terms| (*device, terms))
            })
            .collect()
    }
}
