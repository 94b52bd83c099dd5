//! An alert may propose; the owner's policy answers on three levels: it opens, it asks the owner, or
//! nothing. Unlike a press, an alert opens only after the store has its record.

use std::collections::BTreeMap;

use assent_consent as consent;
use consent::{Answer, Refusal, Terms, Trigger, TriggerKind, Vec1};
use serde_json::json;

use super::Sharing;
use super::asks::ASK_OPEN_FOR;
use super::held::Orders;
use super::note::AskNote;
use crate::audit::{Actor, Class, Event};
use crate::error::Result;
use crate::world::{DeviceId, PremisesId};

#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, utoipa::ToSchema,
)]
#[serde(rename_all = "camelCase")]
pub enum AlertAnswer {
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
    ) -> Result<AlertAnswer> {
        let TriggerKind::Alert(ref alert) = trigger.kind else {
            return Ok(AlertAnswer::Nothing);
        };
        let proposals = self.proposals(premises, &trigger, age_ms);
        let answer = level(&proposals);
        let detail = json!({ "alert": super::uuid(trigger.id.0), "kind": alert.kind.as_str(), "answer": answer, "distanceM": alert.distance_m });
        let event = Event::new(
            Class::Alert,
            Actor::Source(alert.source.as_str().to_owned()),
        )
        .premises(premises)
        .detail(detail);
        self.audit.append(event).await?;
        match answer {
            AlertAnswer::Opened => self.open_by_trigger(premises, &trigger).await,
            AlertAnswer::Asked => self.ask_owner(premises, &trigger, alert.clone(), proposals),
            AlertAnswer::Nothing => {}
        }
        Ok(answer)
    }

    fn proposals(
        &self,
        premises: PremisesId,
        trigger: &Trigger,
        age_ms: u64,
    ) -> Vec<(DeviceId, Answer)> {
        let now = self.world.clock.now();
        let held = self.held.lock();
        held.sites_of(premises)
            .into_iter()
            .map(|device| (device, held.propose(device, trigger, age_ms, now)))
            .collect()
    }

    /// Asks the machines again, because a revoke may have come while the record was written.
    pub(super) async fn open_by_trigger(&self, premises: PremisesId, trigger: &Trigger) {
        let now = self.world.clock.now();
        self.change(|held| {
            let mut orders = Orders::default();
            let mut unanswered = BTreeMap::new();
            for device in held.sites_of(premises) {
                if let Answer::Opens(terms) = held.propose(device, trigger, 0, now) {
                    held.ask(device, trigger, &terms, now);
                    unanswered.insert(device, trigger.clone());
                }
            }
            held.instruct(trigger.id, unanswered, 0, now, &mut orders);
            ((), orders)
        })
        .await;
    }

    fn ask_owner(
        &self,
        premises: PremisesId,
        trigger: &Trigger,
        alert: consent::Alert,
        proposals: Vec<(DeviceId, Answer)>,
    ) {
        let now = self.world.clock.now();
        let terms = proposals.into_iter().flat_map(|(device, answer)| {
            asked_terms(answer)
                .into_iter()
                .map(move |terms| (device, terms))
        });
        let note = AskNote {
            trigger: trigger.id,
            premises,
            alert,
            raised_at: now,
            expires_at: now + ASK_OPEN_FOR,
            terms: terms.collect(),
            answer: None,
        };
        {
            let mut held = self.held.lock();
            held.asks.insert(trigger.id, note);
            held.dirty_ask(trigger.id);
        }
        self.touched();
    }
}

fn asked_terms(answer: Answer) -> Vec<Terms> {
    match answer {
        Answer::Asks(terms) => Vec1::into_vec(terms),
        Answer::Opens(_) | Answer::Nothing(_) => Vec::new(),
    }
}

fn level(proposals: &[(DeviceId, Answer)]) -> AlertAnswer {
    let of = |answer: &Answer| match answer {
        Answer::Opens(_) => AlertAnswer::Opened,
        Answer::Asks(_) | Answer::Nothing(Refusal::AsksOwner) => AlertAnswer::Asked,
        Answer::Nothing(_) => AlertAnswer::Nothing,
    };
    proposals
        .iter()
        .map(|(_, answer)| of(answer))
        .max()
        .unwrap_or(AlertAnswer::Nothing)
}
