//! What the hub carries to the gate: triggers, and its whole wish after an attach. Before the device is
//! paired the order of decision is size, parse, canonical, kind, known, policy, then receipt, then release;
//! afterwards it is that of `signed`.

use assent_consent::{
    Answer, CameraNumber, EndCause, HubClose, PressedAt, Refusal, Trigger, TriggerId, TriggerKind,
};
use assent_wire::link::receipt::Body;
use assent_wire::link::{self, device_frame};
use assent_wire::{Instruction, MAX_WANTED, grant_id, open, trigger_id};

use super::boot_now;
use super::judge::Judge;
use super::keeper::Keeper;
use super::record::Then;

impl Keeper {
    pub(super) fn instruct(&mut self, instruct: &link::Instruct) {
        let Ok(id) = trigger_id(&instruct.trigger_id) else {
            tracing::warn!("the hub sent an instruction without an id");
            return;
        };
        if self.is_under_way(id) {
            // The outbox tells, or has told.
            return;
        }
        match &self.judge {
            Judge::Signed(_) => self.instruct_signed(id, instruct),
            Judge::Configured(_) => match self.read(id, instruct) {
                Ok(trigger) => self.judge(&trigger, instruct.age_ms),
                Err(refusal) => self.refuse(id, refusal.into()),
            },
        }
    }

    /// Everything that the hub believes asked or live, and what it knows to be over.
    pub(super) fn wanted(&mut self, wanted: &link::Wanted) {
        for id in wanted
            .ended_grants
            .iter()
            .take(MAX_WANTED)
            .filter_map(|id| grant_id(id).ok())
        {
            let effects = match &mut self.judge {
                Judge::Configured(sharing) => sharing.end(id, EndCause::Revoked, boot_now()),
                signed @ Judge::Signed(_) => signed.hub_closes(HubClose::Grant(id), boot_now()),
            };
            self.carry_out(effects);
        }
        for instruct in wanted.instructions.iter().take(MAX_WANTED) {
            self.instruct(instruct);
        }
    }

    fn read(&self, id: TriggerId, instruct: &link::Instruct) -> Result<Trigger, Refusal> {
        let Ok(Instruction::Trigger(trigger)) = open(&instruct.envelope) else {
            return Err(Refusal::Malformed);
        };
        let trigger = trigger.into_value();
        if trigger.id != id {
            return Err(Refusal::Malformed);
        }
        match &trigger.kind {
            TriggerKind::Press(press) if !press.cameras.iter().all(|camera| self.has(*camera)) => {
                Err(Refusal::UnknownCamera)
            }
            // The button and the standing rules are here; nobody else speaks for them.
            TriggerKind::Press(press) if press.at == PressedAt::Button && !self.made_here(id) => {
                Err(Refusal::Malformed)
            }
            TriggerKind::Standing(_) if !self.made_here(id) => Err(Refusal::Malformed),
            TriggerKind::Press(_)
            | TriggerKind::Alert(_)
            | TriggerKind::Approval(_)
            | TriggerKind::Standing(_) => Ok(trigger),
        }
    }

    fn judge(&mut self, trigger: &Trigger, age_ms: u64) {
        let now = Self::now();
        let Judge::Configured(sharing) = &mut self.judge else {
            return;
        };
        match sharing.answer(trigger, age_ms, &now) {
            Answer::Opens(terms) => {
                let grants = sharing.ask(trigger, &terms, now.boot);
                tracing::info!(trigger.id = %trigger.id, grants = grants.len(), "an instruction opens");
                let bodies = self
                    .openings(&grants)
                    .into_iter()
                    .map(Body::Opened)
                    .collect();
                let then = match &trigger.kind {
                    TriggerKind::Press(_) => Then::OpenLate { grants },
                    TriggerKind::Alert(_) | TriggerKind::Standing(_) | TriggerKind::Approval(_) => {
                        Then::Open {
                            trigger: trigger.id,
                            grants,
                        }
                    }
                };
                self.record_then(bodies, then);
            }
            Answer::Asks(_) => self.refuse(trigger.id, Refusal::AsksOwner.into()),
            // Answered before: the journal has it, and once more would be a second receipt for one answer.
            Answer::Nothing(Refusal::Replayed) => {
                self.say_refused(trigger.id, Refusal::Replayed.into());
            }
            Answer::Nothing(refusal) => self.refuse(trigger.id, refusal.into()),
        }
    }

    pub(super) fn refuse(&mut self, id: TriggerId, refusal: link::Refusal) {
        let why = refusal.as_str_name();
        tracing::info!(trigger.id = %id, refusal = why, "an instruction opens nothing");
        if self.refusals.allow(boot_now()) {
            self.count_refusal(refusal);
            let refused = link::Refused {
                trigger_id: id.0.to_vec(),
                refusal: refusal.into(),
            };
            self.record(vec![Body::Refused(refused)]);
        } else {
            self.say_refused(id, refusal);
        }
    }

    /// A refusal that is not kept.
    pub(super) fn say_refused(&mut self, id: TriggerId, refusal: link::Refusal) {
        self.count_refusal(refusal);
        self.say(device_frame::Body::Refused(link::Refused {
            trigger_id: id.0.to_vec(),
            refusal: refusal.into(),
        }));
    }

    /// For whoever looks at the device.
    pub(super) fn count_refusal(&mut self, refusal: link::Refusal) {
        self.doors.status.send_if_modified(|status| {
            *status.refused.entry(refusal.as_str_name()).or_default() += 1;
            // Nobody waits for a number.
            false
        });
    }

    pub(super) fn say(&self, body: device_frame::Body) {
        // Without a link nobody listens; the hub asks again after its next attach.
        self.doors.words.send(body).ok();
    }

    fn is_under_way(&self, id: TriggerId) -> bool {
        let mut grants = self.judge.sharing().grants_of(id);
        grants.any(|grant| !grant.is_ended())
    }

    fn made_here(&self, id: TriggerId) -> bool {
        self.judge.sharing().grants_of(id).next().is_some()
    }

    fn has(&self, camera: CameraNumber) -> bool {
        self.valves.contains_key(&camera)
    }
}
