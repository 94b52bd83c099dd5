//! The owner's word on an alert that asks. A yes is a trigger of its own, named after the alert, so that
//! answering twice opens once; a no, or silence, opens nothing and is not told to operators.

use assent_consent as consent;
use consent::{Approval, Trigger, TriggerId, TriggerKind, WallTime};
use serde::Deserialize;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::held::Held;
use super::note::{Answered, AskNote, Word};
use super::page::Ask;
use super::{Sharing, trigger_of, uuid};
use crate::audit::{Actor, Class, Event};
use crate::error::{Error, Result};
use crate::identity::Person;
use crate::world::{IncidentId, PersonId, millis};

/// How long the owner may think about it. After that the alert is history.
pub(super) const ASK_OPEN_FOR: Duration = Duration::minutes(10);

/// Body of `PUT /api/approvals/{alertId}`.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ApprovalAsked {
    pub answer: YesNo,
    /// A yes as it was signed, one a device that obeys signed words only, in base64url.
    #[serde(default)]
    pub envelopes: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum YesNo {
    Yes,
    No,
}

impl Sharing {
    pub async fn approve(&self, by: &Person, alert: Uuid, asked: ApprovalAsked) -> Result<Ask> {
        let id = trigger_of(alert);
        let signed = self.yes_to(by, id, &asked)?;
        let word = match asked.answer {
            YesNo::Yes => Word::Yes,
            YesNo::No => Word::No,
        };
        let yes = word == Word::Yes;
        let (note, first) = self.answer_ask(by, id, word)?;
        if first {
            let detail = json!({ "alert": uuid(id.0), "yes": yes });
            let event = Event::new(Class::Approval, Actor::Person(by.id))
                .premises(note.premises)
                .detail(detail);
            if let Err(error) = self.audit.append_or_spool(event).await {
                self.take_back(id);
                return Err(error);
            }
            if yes {
                let approval = approval(by, &note, millis(self.world.clock.now()))?;
                self.open_by_trigger(note.premises, &approval, 0).await;
            }
        }
        if yes {
            self.open_by_yes(by, id, signed).await?;
        }
        self.touched();
        Ok(self.ask_page(&note))
    }

    /// Notes the answer; the first one stands.
    fn answer_ask(&self, by: &Person, id: TriggerId, word: Word) -> Result<(AskNote, bool)> {
        let now = self.world.clock.now();
        let mut held = self.held.lock();
        let note = held
            .asks
            .get_mut(&id)
            .filter(|note| by.answers_for(note.premises));
        let note =
            note.ok_or_else(|| Error::not_found("No alert of this name asks you anything."))?;
        let over = || Error::gone("This alert is over. Press the button if you want to share now.");
        match note.answer.as_ref().map(|answered| answered.word) {
            Some(Word::Cleared) => return Err(over()),
            Some(known) if known == word => return Ok((note.clone(), false)),
            Some(Word::Yes | Word::No) => {
                return Err(Error::conflict(
                    "This alert was answered already. To stop what is shared, use STOP.",
                )
                .slug("already-answered"));
            }
            None if note.expires_at <= now => return Err(over()),
            None => {}
        }
        note.answer = Some(Answered {
            word,
            by: by.id,
            at: now,
        });
        let note = note.clone();
        held.dirty_ask(id);
        Ok((note, true))
    }

    fn take_back(&self, id: TriggerId) {
        let mut held = self.held.lock();
        let cleared = |note: &&mut AskNote| {
            let answer = note.answer.as_ref();
            answer.is_some_and(|answered| answered.word == Word::Cleared)
        };
        // Unless the incident was cleared while the answer was to be recorded.
        if let Some(note) = held.asks.get_mut(&id).filter(|note| !cleared(note)) {
            note.answer = None;
            held.dirty_ask(id);
        }
    }
}

impl Held {
    /// The incident that this trigger's grants belong to: a trigger's own, or that of the alert to which it
    /// is the owner's yes.
    pub(super) fn incident_of(&self, trigger: TriggerId) -> Option<IncidentId> {
        let instruction = self.instructions.get(&trigger);
        let told = instruction.and_then(|instruction| instruction.incident);
        let asked = |ask: &&AskNote| ask.trigger == trigger || approval_id(ask.trigger) == trigger;
        told.or_else(|| self.asks.values().find(asked)?.incident)
    }

    /// Nobody is asked any more on behalf of an incident that is over. Gives the alerts that may still open
    /// something: what waits, and a yes whose record is being written.
    pub(super) fn close_asks(
        &mut self,
        incident: IncidentId,
        by: PersonId,
        at: OffsetDateTime,
    ) -> Vec<AskNote> {
        let word = |ask: &AskNote| ask.answer.as_ref().map(|answered| answered.word);
        let opens = |ask: &&mut AskNote| match word(ask) {
            None | Some(Word::Yes) => ask.incident == Some(incident),
            Some(Word::No | Word::Cleared) => false,
        };
        let mut closed = Vec::new();
        for ask in self.asks.values_mut().filter(opens) {
            let word = Word::Cleared;
            ask.answer = Some(Answered { word, by, at });
            closed.push(ask.clone());
        }
        for ask in &closed {
            self.dirty_ask(ask.trigger);
        }
        closed
    }
}

pub(super) fn approval(by: &Person, note: &AskNote, now_ms: i64) -> Result<Trigger> {
    let person = consent::PersonId::new(by.id.to_string())
        .map_err(|_| Error::internal("a person id is too long"))?;
    Ok(Trigger {
        id: approval_id(note.trigger),
        made_at: WallTime(now_ms),
        kind: TriggerKind::Approval(Approval {
            of: note.trigger,
            alert: note.alert.clone(),
            by: person,
        }),
    })
}

/// Follows from the alert's id: a yes that is sent twice is one trigger.
fn approval_id(alert: TriggerId) -> TriggerId {
    let digest = Sha256::new()
        .chain_update(b"assent approval\0")
        .chain_update(alert.0)
        .finalize();
    let mut id = [0; 16];
    id.copy_from_slice(&digest[..16]);
    TriggerId(id)
}
