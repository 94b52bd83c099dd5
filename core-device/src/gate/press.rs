//! Presses, stops and renewals that the device makes itself. A press opens on the device's own receipt;
//! the hub hears of it by the outbox, once, even when nothing opened.

use std::collections::BTreeSet;

use assent_consent::{
    Answer, Effect, Ending, Grant, GrantId, Note, PersonId, Press, PressedAt, Refusal, RuleId,
    Trigger, TriggerId, TriggerKind,
};
use assent_wire::link::receipt::Body;
use assent_wire::{Canonical, link, seal};
use tokio::sync::oneshot;

use super::keeper::Keeper;
use super::record::Then;
use super::{LocalPress, Pressed, Stop, boot_now, wall_now};

impl Keeper {
    pub(super) fn press(&mut self, press: LocalPress, reply: oneshot::Sender<Pressed>) {
        let id = press.id.unwrap_or_else(new_trigger);
        if self.sharing.grants_of(id).next().is_some() {
            return self.pressed_again(id, reply);
        }
        let Some(kind) = button(press) else { return };
        let trigger = Trigger {
            id,
            made_at: wall_now(),
            kind,
        };
        let (opened, refusal) = match self.sharing.answer(&trigger, 0, &Self::now()) {
            Answer::Opens(terms) => (self.sharing.ask(&trigger, &terms, boot_now()), None),
            Answer::Asks(_) => (Vec::new(), Some(Refusal::AsksOwner)),
            Answer::Nothing(refusal) => (Vec::new(), Some(refusal)),
        };
        tracing::info!(trigger.id = %id, grants = opened.len(), ?refusal, "pressed at the premises");
        let body = Body::Pressed(link::Pressed {
            trigger_id: id.0.to_vec(),
            envelope: seal(&Canonical::of(trigger)),
            age_ms: 0,
            opened: self.openings(&opened),
        });
        let pressed = Pressed {
            trigger: id,
            opened: opened.clone(),
            refusal,
        };
        self.record_then(
            vec![body],
            Then::OpenPress {
                grants: opened,
                reply,
                pressed,
            },
        );
    }

    /// The same press once more: the same answer, and nothing happens.
    fn pressed_again(&self, id: TriggerId, reply: oneshot::Sender<Pressed>) {
        let opened: Vec<_> = self.sharing.grants_of(id).map(Grant::id).collect();
        reply
            .send(Pressed {
                trigger: id,
                opened,
                refusal: None,
            })
            .ok();
    }

    pub(super) fn stop(&mut self, stop: Stop) {
        match stop {
            Stop::Everything(reply) => {
                let effects = self.sharing.stop_locally(boot_now());
                let stopped = ended(&effects);
                self.carry_out(effects);
                tracing::info!(grants = stopped.len(), "stopped at the premises");
                reply.send(stopped).ok();
            }
            Stop::End(end) => self.end(&end),
        }
    }

    pub(super) fn renew(&mut self, rule: RuleId) {
        let now = Self::now();
        self.sharing.renewal_tried(rule, now.boot);
        let trigger = Trigger {
            id: new_trigger(),
            made_at: wall_now(),
            kind: TriggerKind::Standing(rule),
        };
        match self.sharing.answer(&trigger, 0, &now) {
            Answer::Opens(terms) => {
                let grants = self.sharing.ask(&trigger, &terms, now.boot);
                let bodies = self
                    .openings(&grants)
                    .into_iter()
                    .map(Body::Opened)
                    .collect();
                self.record_then(
                    bodies,
                    Then::Open {
                        trigger: trigger.id,
                        grants,
                    },
                );
            }
            Answer::Asks(_) | Answer::Nothing(_) => {}
        }
    }
}

fn button(press: LocalPress) -> Option<TriggerKind> {
    Some(TriggerKind::Press(Press {
        level: press.level,
        silent: press.silent,
        drill: press.drill,
        at: PressedAt::Button,
        by: PersonId::new("").ok()?,
        cameras: BTreeSet::new(),
        note: Note::new("").ok()?,
    }))
}

fn new_trigger() -> TriggerId {
    TriggerId(uuid::Uuid::new_v4().into_bytes())
}

/// The grants that these effects close.
pub(super) fn ended(effects: &[Effect]) -> Vec<GrantId> {
    let closed = |effect: &Effect| match effect {
        Effect::GrantEnded(ended) if matches!(ended.ending, Ending::Closed(_)) => Some(ended.id),
        _ => None,
    };
    effects.iter().filter_map(closed).collect()
}
