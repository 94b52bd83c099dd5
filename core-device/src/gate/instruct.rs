//! What the hub carries to the gate: triggers, revokes, and its whole wish after an attach. The order of
//! decision is size, parse, canonical, kind, known, policy, then receipt, then release; signer and
//! signature come between with the consent issue.

use assent_consent::{
    Answer, CameraNumber, EndCause, Grant, GrantId, PressedAt, Refusal, Revoke, Scope, Trigger,
    TriggerId, TriggerKind,
};
use assent_wire::link::receipt::Body;
use assent_wire::link::{self, device_frame};
use assent_wire::{Instruction, MAX_WANTED, grant_id, open, revoke_id, trigger_id};

use super::boot_now;
use super::keeper::Keeper;
use super::press::ended;
use super::record::Then;

impl Keeper {
    pub(super) fn instruct(&mut self, instruct: &link::Instruct) {
        let Ok(id) = trigger_id(&instruct.trigger_id) else {
            tracing::warn!("the hub sent an instruction without an id");
            return;
        };
        match self.read(id, instruct) {
            Ok(trigger) => self.judge(&trigger, instruct.age_ms),
            Err(refusal) => self.refuse(id, refusal),
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
            let effects = self.sharing.end(id, EndCause::Revoked, boot_now());
            self.carry_out(effects);
        }
        for instruct in wanted.instructions.iter().take(MAX_WANTED) {
            self.instruct(instruct);
        }
    }

    /// An owner's revoke. It is confirmed as soon as it is done, and written down afterwards.
    pub(super) fn end(&mut self, end: &link::End) {
        let Ok(Instruction::Revoke(revoke)) = open(&end.envelope) else {
            tracing::warn!("the hub sent a revoke that cannot be read");
            return;
        };
        let revoke = revoke.into_value();
        if revoke_id(&end.revoke_id) != Ok(revoke.id) {
            tracing::warn!("the hub sent a revoke under another id");
            return;
        }
        let known = self.sharing.tombstones().holds_revoke(revoke.id);
        let effects = self.sharing.revoke(&revoke, boot_now());
        let mut stopped = ended(&effects);
        stopped.extend(self.over_already(&revoke, &stopped));
        let done = link::StopDone {
            revoke_id: revoke.id.0.to_vec(),
            grant_ids: stopped.iter().map(|id| id.0.to_vec()).collect(),
            ..link::StopDone::default()
        };
        let closes = !stopped.is_empty();
        self.carry_out(effects);
        self.say(device_frame::Body::StopDone(done));
        // Those that close nothing are kept for triggers still to come, but not without end.
        if !known && (closes || self.closings.allow(boot_now())) {
            self.record(vec![Body::Revoked((&revoke).into())]);
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
        let known: Vec<bool> = self
            .sharing
            .grants_of(trigger.id)
            .map(Grant::is_ended)
            .collect();
        if known.iter().any(|ended| !ended) {
            // Under way or live: the outbox tells, or has told.
            return;
        }
        let now = Self::now();
        match self.sharing.answer(trigger, age_ms, &now) {
            Answer::Opens(terms) => {
                let grants = self.sharing.ask(trigger, &terms, now.boot);
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
            Answer::Asks(_) => self.refuse(trigger.id, Refusal::AsksOwner),
            // Answered before: the journal has it, and once more would be a second receipt for one answer.
            Answer::Nothing(Refusal::Replayed) => self.say_refused(trigger.id, Refusal::Replayed),
            Answer::Nothing(refusal) => self.refuse(trigger.id, refusal),
        }
    }

    fn refuse(&mut self, id: TriggerId, refusal: Refusal) {
        tracing::info!(trigger.id = %id, ?refusal, "an instruction opens nothing");
        if self.refusals.allow(boot_now()) {
            let refused = link::Refused {
                trigger_id: id.0.to_vec(),
                refusal: link::Refusal::from(refusal).into(),
            };
            self.record(vec![Body::Refused(refused)]);
        } else {
            self.say_refused(id, refusal);
        }
    }

    /// A refusal that is not kept.
    pub(super) fn say_refused(&self, id: TriggerId, refusal: Refusal) {
        let refusal = link::Refusal::from(refusal).into();
        self.say(device_frame::Body::Refused(link::Refused {
            trigger_id: id.0.to_vec(),
            refusal,
        }));
    }

    fn say(&self, body: device_frame::Body) {
        // Without a link nobody listens; the hub asks again after its next attach.
        self.doors.words.send(body).ok();
    }

    /// For a revoke that comes again: what it closed the first time.
    fn over_already(&self, revoke: &Revoke, stopped: &[GrantId]) -> Vec<GrantId> {
        let named = |grant: &&Grant| match revoke.scope {
            Scope::Grant(id) => grant.id() == id,
            Scope::Trigger(id) => grant.trigger() == id,
            Scope::Camera(_) | Scope::Everything => false,
        };
        let over = self
            .sharing
            .grants()
            .filter(named)
            .filter(|grant| grant.is_ended())
            .map(Grant::id);
        over.filter(|id| !stopped.contains(id)).collect()
    }

    fn made_here(&self, id: TriggerId) -> bool {
        self.sharing.grants_of(id).next().is_some()
    }

    fn has(&self, camera: CameraNumber) -> bool {
        self.valves.contains_key(&camera)
    }
}
