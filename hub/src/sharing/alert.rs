//! An alert may propose; the owner's policy answers on three levels: it opens, it asks the owner, or
//! nothing; and it may open one camera and ask about another. Unlike a press, an alert opens only after
//! the store has its record.

use std::collections::BTreeMap;

use assent_consent as consent;
use consent::{Answer, Refusal, Terms, Trigger, TriggerKind};
use serde_json::json;

use super::Sharing;
use super::asks::ASK_OPEN_FOR;
use super::held::Held;
use super::note::{AskNote, Envelopes};
use super::orders::Orders;
use super::signed::SignedYes;
use crate::audit::{Actor, Class, Event};
use crate::error::Result;
use crate::registry::Place;
use crate::world::{DeviceId, PremisesId};

/// The strongest thing that came of it, as operators read it.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, utoipa::ToSchema,
)]
#[serde(rename_all = "camelCase")]
pub enum AlertAnswer {
    /// The owner took the press back within its first seconds.
    Cancelled,
    Nothing,
    Asked,
    Opened,
}

impl Sharing {
    /// What the premises' policies say to an alert, carried out. The same trigger twice does nothing more.
    pub async fn alert(
        &self,
        premises: PremisesId,
        trigger: Trigger,
        age_ms: u64,
        place: Option<Place>,
    ) -> Result<AlertAnswer> {
        let TriggerKind::Alert(ref alert) = trigger.kind else {
            return Ok(AlertAnswer::Nothing);
        };
        let now = self.world.clock.now();
        let (answer, questions) = {
            let held = self.held.lock();
            let answer = held.level(premises, &trigger, age_ms, now);
            (answer, held.questions(premises, &trigger, age_ms, now))
        };
        let asks = if questions.is_empty() {
            AlertAnswer::Nothing
        } else {
            AlertAnswer::Asked
        };
        let answer = answer.max(asks);
        let detail = json!({
            "alert": super::uuid(trigger.id.0), "kind": alert.kind.as_str(), "answer": answer,
            "asks": !questions.is_empty(), "distanceM": alert.distance_m,
        });
        let source = Actor::Source(alert.source.as_str().to_owned());
        let event = Event::new(Class::Alert, source).premises(premises);
        self.audit.append(event.detail(detail)).await?;
        if !questions.is_empty() {
            self.ask_owner(premises, &trigger, (alert.clone(), place), questions);
        }
        if answer == AlertAnswer::Opened {
            let recording = (self.world.clock.now() - now).whole_milliseconds();
            let age_ms = age_ms.saturating_add(u64::try_from(recording).unwrap_or(0));
            self.open_by_trigger(premises, &trigger, age_ms).await;
        }
        Ok(answer)
    }

    /// Asks the machines again, because a revoke may have come while the record was written.
    pub(super) async fn open_by_trigger(
        &self,
        premises: PremisesId,
        trigger: &Trigger,
        age_ms: u64,
    ) {
        let now = self.world.clock.now();
        self.change(|held| {
            let mut orders = Orders::default();
            let mut unanswered = BTreeMap::new();
            for device in held.sites_of(premises) {
                // It obeys signed words only, and is told them by whoever has them.
                if held.is_paired(device) {
                    continue;
                }
                if let Answer::Opens(terms) = held.propose(device, trigger, age_ms, now) {
                    held.ask(device, trigger, &terms, now);
                    unanswered.insert(device, trigger.clone());
                }
            }
            let told = (unanswered, Envelopes::new());
            held.instruct(trigger.id, told, age_ms, now, &mut orders);
            ((), orders)
        })
        .await;
    }

    /// A source that sends its alert again does not ask again: the owner may have answered.
    fn ask_owner(
        &self,
        premises: PremisesId,
        trigger: &Trigger,
        (alert, place): (consent::Alert, Option<Place>),
        terms: Vec<(DeviceId, Terms)>,
    ) {
        let now = self.world.clock.now();
        {
            let mut held = self.held.lock();
            if held.asks.contains_key(&trigger.id) {
                return;
            }
            let note = AskNote {
                trigger: trigger.id,
                premises,
                alert,
                place,
                raised_at: now,
                expires_at: now + ASK_OPEN_FOR,
                terms,
                answer: None,
                yes: SignedYes::new(),
                incident: None,
            };
            held.asks.insert(trigger.id, note);
            held.dirty_ask(trigger.id);
        }
        self.touched();
    }
}

impl Held {
    fn level(
        &self,
        premises: PremisesId,
        trigger: &Trigger,
        age_ms: u64,
        now: time::OffsetDateTime,
    ) -> AlertAnswer {
        let of = |device| match self.propose(device, trigger, age_ms, now) {
            // It opens on an alert that the agency signed, and this one nobody signed.
            Answer::Opens(_) if self.is_paired(device) => AlertAnswer::Nothing,
            Answer::Opens(_) => AlertAnswer::Opened,
            Answer::Asks(_) | Answer::Nothing(Refusal::AsksOwner) => AlertAnswer::Asked,
            Answer::Nothing(_) => AlertAnswer::Nothing,
        };
        let devices = self.sites_of(premises).into_iter();
        devices.map(of).max().unwrap_or(AlertAnswer::Nothing)
    }
}
