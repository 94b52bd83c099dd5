//! Closing by words that come over the link: the owner's revoke, signed where the device is paired, and what
//! the hub may close by itself. Shut first, then said, then written down.

use assent_consent::{
    Decision, Effect, Grant, GrantId, HubClose, Input, Outcome, Revoke, RevokeId, Scope, Word,
};
use assent_wire::link::receipt::Body;
use assent_wire::link::{self, device_frame, hub_close::What};
use assent_wire::{Instruction, WireError, grant_id, open, open_word, revoke_id, trigger_id};

use super::boot_now;
use super::judge::{Judge, moment};
use super::keeper::Keeper;
use super::papers::taken;
use super::press::ended;
use super::record::{Then, Told};

impl Keeper {
    /// An owner's revoke. It is confirmed as soon as it is done, and written down afterwards.
    pub(super) fn end(&mut self, end: &link::End) {
        match &self.judge {
            Judge::Configured(_) => self.end_unsigned(end),
            Judge::Signed(_) => self.end_signed(end),
        }
    }

    fn end_unsigned(&mut self, end: &link::End) {
        let Ok(Instruction::Revoke(revoke)) = open(&end.envelope) else {
            tracing::warn!("the hub sent a revoke that cannot be read");
            return;
        };
        let revoke = revoke.into_value();
        if revoke_id(&end.revoke_id) != Ok(revoke.id) {
            tracing::warn!("the hub sent a revoke under another id");
            return;
        }
        let Judge::Configured(sharing) = &mut self.judge else {
            return;
        };
        let known = sharing.tombstones().holds_revoke(revoke.id);
        let effects = sharing.revoke(&revoke, boot_now());
        self.share_closed(&revoke, known, effects);
    }

    fn end_signed(&mut self, end: &link::End) {
        let Ok(id) = revoke_id(&end.revoke_id) else {
            tracing::warn!("the hub sent a revoke without an id");
            return;
        };
        let sealed = match open_word(&end.envelope) {
            Ok(sealed) => sealed,
            Err(error) => {
                return self.not_closed(id, <link::Refusal as From<WireError>>::from(error));
            }
        };
        let (Word::Revoke(revoke), Judge::Signed(words)) = (&sealed.word, &mut self.judge) else {
            return self.not_closed(id, link::Refusal::NotAllowed);
        };
        if revoke.id != id {
            return self.not_closed(id, link::Refusal::Malformed);
        }
        let (of_a_share, receipt) = (revoke.of_a_share(), taken(&sealed));
        let known = words.sharing().tombstones().holds_revoke(id);
        let Decision {
            outcome,
            effects,
            keep,
        } = words.decide(&moment(), Input::Word(sealed));
        if let Outcome::Refused(refusal) = outcome {
            return self.not_closed(id, refusal.into());
        }
        match of_a_share {
            Some(revoke) => self.share_closed(&revoke, known, effects),
            None => {
                let stopped = ended(&effects);
                self.carry_out(effects);
                self.policy_may_have_changed();
                // Shut already. That it stays so is said when a loss of power cannot undo it.
                let told = Told {
                    said: vec![stop_done(id, &stopped, link::Refusal::Unspecified)],
                    otherwise: vec![stop_done(id, &stopped, link::Refusal::NotDurable)],
                    reply: None,
                };
                if keep {
                    self.words_changed(vec![receipt], told);
                } else {
                    self.record_then(Vec::new(), Then::Tell(told));
                }
            }
        }
    }

    fn share_closed(&mut self, revoke: &Revoke, known: bool, effects: Vec<Effect>) {
        let mut stopped = ended(&effects);
        stopped.extend(self.over_already(revoke, &stopped));
        let closes = !stopped.is_empty();
        self.carry_out(effects);
        self.say(stop_done(revoke.id, &stopped, link::Refusal::Unspecified));
        // Those that close nothing are kept for triggers still to come, but not without end.
        if !known && (closes || self.closings.allow(boot_now())) {
            self.record(vec![Body::Revoked(revoke.into())]);
        }
    }

    /// An agency cleared an incident, an operator signed out, the hub drains.
    pub(super) fn hub_closes(&mut self, close: &link::HubClose) {
        let Ok(id) = revoke_id(&close.close_id) else {
            tracing::warn!("the hub closes without an id");
            return;
        };
        let what = match &close.what {
            Some(What::Grant(grant)) => grant_id(grant).map(HubClose::Grant),
            Some(What::Trigger(trigger)) => trigger_id(trigger).map(HubClose::Trigger),
            None => Err(WireError::Bad("what")),
        };
        let Ok(what) = what else {
            return self.not_closed(id, link::Refusal::Malformed);
        };
        let effects = self.judge.hub_closes(what, boot_now());
        let mut stopped = ended(&effects);
        self.carry_out(effects);
        let named = |grant: &&Grant| match what {
            HubClose::Grant(id) => grant.id() == id,
            HubClose::Trigger(id) => grant.trigger() == id,
        };
        // Said again, it answers as it did the first time.
        let over = self.judge.sharing().grants().filter(named);
        stopped.extend(over.filter(|grant| grant.is_ended()).map(Grant::id));
        stopped.sort();
        stopped.dedup();
        self.say(stop_done(id, &stopped, link::Refusal::Unspecified));
    }

    fn not_closed(&mut self, id: RevokeId, refusal: link::Refusal) {
        tracing::warn!(refusal = refusal.as_str_name(), "a revoke is not obeyed");
        self.count_refusal(refusal);
        self.say(stop_done(id, &[], refusal));
    }

    /// For a revoke that comes again: what it closed the first time.
    fn over_already(&self, revoke: &Revoke, stopped: &[GrantId]) -> Vec<GrantId> {
        let named = |grant: &&Grant| match revoke.scope {
            Scope::Grant(id) => grant.id() == id,
            Scope::Trigger(id) => grant.trigger() == id,
            Scope::Camera(_) | Scope::Everything => false,
        };
        let grants = self.judge.sharing().grants().filter(named);
        let over = grants.filter(|grant| grant.is_ended()).map(Grant::id);
        over.filter(|id| !stopped.contains(id)).collect()
    }
}

fn stop_done(id: RevokeId, stopped: &[GrantId], refusal: link::Refusal) -> device_frame::Body {
    device_frame::Body::StopDone(link::StopDone {
        revoke_id: id.0.to_vec(),
        grant_ids: stopped.iter().map(|id| id.0.to_vec()).collect(),
        refusal: refusal.into(),
    })
}
