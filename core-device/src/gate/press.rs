//! Presses, stops and renewals that the device makes itself. A press opens on the device's own receipt;
//! the hub hears of it by the outbox, once, even when nothing opened.

use std::collections::{BTreeMap, BTreeSet};

use assent_consent::{
    Answer, BootTime, Effect, Ending, GateRefusal, Grant, GrantId, Input, Level, Note, PersonId,
    Press, PressedAt, Refusal, RuleId, Sharing, Trigger, TriggerId, TriggerKind,
};
use assent_wire::link::receipt::Body;
use assent_wire::{Canonical, link, seal};
use tokio::sync::oneshot;

use super::judge::{Judge, moment};
use super::keeper::Keeper;
use super::record::Then;
use super::signed::by_words;
use super::{LocalPress, Pressed, Stop, boot_now, wall_now};

/// A press that follows one of its kind sooner than this joins it: frightened people press many times, and
/// so does a machine that floods the page. Never the first one, nor one after a STOP; and whoever wants
/// more time presses later.
const JOINS_WITHIN_MS: u64 = 10_000;

/// The last press of each kind: two levels, silent or not, drill or not.
#[derive(Default)]
pub(super) struct LastPresses(BTreeMap<(bool, bool, bool), (BootTime, Pressed)>);

impl LastPresses {
    fn like(press: LocalPress) -> (bool, bool, bool) {
        (press.level == Level::Panic, press.silent, press.drill)
    }
}

impl Keeper {
    pub(super) fn press(&mut self, press: LocalPress, reply: oneshot::Sender<Pressed>) {
        let id = press.id.unwrap_or_else(new_trigger);
        if self.judge.sharing().grants_of(id).next().is_some() {
            return self.pressed_again(id, reply);
        }
        if let Some(joined) = self.joined(press) {
            reply.send(joined).ok();
            return;
        }
        let Some(words) = button(press) else { return };
        let trigger = Trigger {
            id,
            made_at: wall_now(),
            kind: TriggerKind::Press(words.clone()),
        };
        let (opened, refusal) = match &mut self.judge {
            Judge::Configured(sharing) => by_configuration(sharing, &trigger),
            Judge::Signed(signed) => {
                let input = Input::Button { id, press: words };
                by_words(&signed.decide(&moment(), input))
            }
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
        let last = (boot_now(), pressed.clone());
        self.last_presses.0.insert(LastPresses::like(press), last);
        self.record_then(
            vec![body],
            Then::OpenPress {
                grants: opened,
                reply,
                pressed,
            },
        );
    }

    /// What the last press of this kind came to, if that was just now and is not over.
    fn joined(&self, press: LocalPress) -> Option<Pressed> {
        let (at, pressed) = self.last_presses.0.get(&LastPresses::like(press))?;
        let grant = |id: &GrantId| self.judge.sharing().grant(*id);
        let open = |id| grant(id).is_some_and(|grant| !grant.is_ended());
        let stands = pressed.opened.is_empty() || pressed.opened.iter().any(open);
        let just_now = boot_now().0.saturating_sub(at.0) < JOINS_WITHIN_MS;
        (just_now && stands).then(|| pressed.clone())
    }

    /// The same press once more: the same answer, and nothing happens.
    fn pressed_again(&self, id: TriggerId, reply: oneshot::Sender<Pressed>) {
        let opened: Vec<_> = self.judge.sharing().grants_of(id).map(Grant::id).collect();
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
                let effects = self.judge.stop(boot_now());
                let stopped = ended(&effects);
                self.carry_out(effects);
                tracing::info!(grants = stopped.len(), "stopped at the premises");
                reply.send(stopped).ok();
            }
            Stop::End(end) => self.end(&end),
            Stop::HubClose(close) => self.hub_closes(&close),
        }
    }

    pub(super) fn renew(&mut self, rule: RuleId) {
        self.judge.renewal_tried(rule, boot_now());
        let id = new_trigger();
        let (grants, _) = match &mut self.judge {
            Judge::Configured(sharing) => {
                let trigger = Trigger {
                    id,
                    made_at: wall_now(),
                    kind: TriggerKind::Standing(rule),
                };
                by_configuration(sharing, &trigger)
            }
            Judge::Signed(signed) => {
                by_words(&signed.decide(&moment(), Input::Standing { id, rule }))
            }
        };
        if grants.is_empty() {
            return;
        }
        let opened = self.openings(&grants).into_iter();
        let then = Then::Open {
            trigger: id,
            grants,
        };
        self.record_then(opened.map(Body::Opened).collect(), then);
    }
}

/// What the device's own configuration gives.
fn by_configuration(
    sharing: &mut Sharing,
    trigger: &Trigger,
) -> (Vec<GrantId>, Option<GateRefusal>) {
    match sharing.answer(trigger, 0, &Keeper::now()) {
        Answer::Opens(terms) => (sharing.ask(trigger, &terms, boot_now()), None),
        Answer::Asks(_) => (Vec::new(), Some(Refusal::AsksOwner.into())),
        Answer::Nothing(refusal) => (Vec::new(), Some(refusal.into())),
    }
}

fn button(press: LocalPress) -> Option<Press> {
    Some(Press {
        level: press.level,
        silent: press.silent,
        drill: press.drill,
        at: PressedAt::Button,
        by: PersonId::new("").ok()?,
        cameras: BTreeSet::new(),
        note: Note::new("").ok()?,
    })
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
