//! What opens on a paired device: a signed press, yes, alert or terms, and the button under a signed rule.
//! The order of the steps is the gate's of `assent-consent`; here are the bytes before it, and after it
//! the receipt and the opening.

use assent_consent::{
    Decision, GateRefusal, GrantId, Input, Outcome, Refusal, Sealed, TriggerId, Word,
};
use assent_wire::link::receipt::Body;
use assent_wire::{MAX_WORDS, WireError, link, open_word};

use super::judge::{Judge, moment};
use super::keeper::Keeper;
use super::record::Then;

impl Keeper {
    pub(super) fn instruct_signed(&mut self, id: TriggerId, instruct: &link::Instruct) {
        // What its signer thinks is newest; a device that lost its disk catches up.
        for envelope in instruct.words.iter().take(MAX_WORDS) {
            self.present_one(envelope);
        }
        let sealed = match opener(id, &instruct.envelope) {
            Ok(sealed) => sealed,
            Err(refusal) => return self.refuse(id, refusal),
        };
        let Judge::Signed(words) = &mut self.judge else {
            return;
        };
        let is_press = matches!(&sealed.word, Word::Trigger(trigger)
            if matches!(trigger.kind, assent_consent::SignedTriggerKind::Press(_)));
        let decision = words.decide(&moment(), Input::Word(sealed));
        self.open_on_receipt(id, is_press, decision);
    }

    fn open_on_receipt(&mut self, id: TriggerId, is_press: bool, decision: Decision) {
        let Decision {
            outcome,
            effects,
            keep,
        } = decision;
        self.carry_out(effects);
        if keep {
            self.owner.changes += 1;
        }
        match outcome {
            Outcome::Opens {
                trigger, grants, ..
            } => {
                let grants: Vec<GrantId> = grants.into_vec();
                tracing::info!(trigger.id = %trigger, grants = grants.len(), "a signed word opens");
                let opened = self.openings(&grants).into_iter();
                let then = if is_press {
                    Then::OpenLate { grants }
                } else {
                    Then::Open { trigger, grants }
                };
                self.record_then(opened.map(Body::Opened).collect(), then);
            }
            Outcome::Asks(_) => self.refuse(id, Refusal::AsksOwner.into()),
            // Answered before: the journal has it.
            Outcome::Refused(GateRefusal::Rules(Refusal::Replayed)) => {
                self.say_refused(id, Refusal::Replayed.into());
            }
            Outcome::Refused(refusal) => self.refuse(id, refusal.into()),
            Outcome::Closed | Outcome::Taken | Outcome::Known | Outcome::WaitsForPress => {
                self.refuse(id, link::Refusal::Malformed);
            }
        }
    }
}

/// What the button or a standing rule came to.
pub(super) fn by_words(decision: &Decision) -> (Vec<GrantId>, Option<GateRefusal>) {
    match &decision.outcome {
        Outcome::Opens { grants, .. } => (grants.iter().copied().collect(), None),
        Outcome::Asks(_) => (Vec::new(), Some(Refusal::AsksOwner.into())),
        Outcome::Refused(refusal) => (Vec::new(), Some(*refusal)),
        Outcome::Closed | Outcome::Taken | Outcome::Known | Outcome::WaitsForPress => {
            (Vec::new(), Some(Refusal::NoRule.into()))
        }
    }
}

/// A word that may open something, under the name that it was sent by.
fn opener(id: TriggerId, envelope: &[u8]) -> Result<Sealed, link::Refusal> {
    let sealed = open_word(envelope).map_err(<link::Refusal as From<WireError>>::from)?;
    let (named, _) = sealed.word.opening().ok_or(link::Refusal::NotAllowed)?;
    if named == id {
        Ok(sealed)
    } else {
        Err(link::Refusal::Malformed)
    }
}
