//! Receipts under way to the disk, and what waits for them. An opening waits for its receipt; a press
//! waits two seconds at most, because a frightened owner must not be failed by a dying disk; a closing
//! waits for nothing.

use std::collections::{BTreeMap, VecDeque};

use assent_consent::{BootTime, GrantId, TriggerId};
use assent_wire::link::device_frame;
use assent_wire::link::receipt::Body;
use tokio::sync::oneshot;

use super::keeper::Keeper;
use super::{Pressed, Storage, boot_now, clock, wall_now};
use crate::memory::{Fact, Order, Stamp, Stand, Written};

/// How long a press waits for its receipt before it opens without.
const PRESS_WAITS_MS: u64 = 2_000;
/// Between two tries to write what could not be written.
const RETRY_MS: u64 = 1_000;
/// Receipts that wait for a disk which fails: the ends of every grant, and some more.
const MOST_UNWRITTEN: usize = 1024;

#[derive(Default)]
pub(super) struct Recording {
    next_token: u64,
    waiting: BTreeMap<u64, Waiting>,
    /// What failed, to be written in the same order as soon as the disk takes it.
    unwritten: VecDeque<Unwritten>,
    retried_at: BootTime,
    retrying: Option<Retry>,
    last_receipt: u64,
    chain_head: [u8; 32],
    failing: bool,
}

/// What is done when the receipt stands.
pub(super) enum Then {
    /// Nothing: it records what has happened.
    Nothing,
    Open {
        trigger: TriggerId,
        grants: Vec<GrantId>,
    },
    /// An owner's press that came by the link: it opens even without a disk.
    OpenLate { grants: Vec<GrantId> },
    OpenPress {
        grants: Vec<GrantId>,
        reply: oneshot::Sender<Pressed>,
        pressed: Pressed,
    },
    /// Words that changed are told of.
    Tell(Told),
}

/// What is said about words when they are on the disk.
pub(super) struct Told {
    pub(super) said: Vec<device_frame::Body>,
    /// When they are not.
    pub(super) otherwise: Vec<device_frame::Body>,
    /// To somebody at the device: whether they are.
    pub(super) reply: Option<Box<dyn FnOnce(bool) + Send>>,
}

impl Told {
    pub(super) fn nothing() -> Self {
        Self {
            said: Vec::new(),
            otherwise: Vec::new(),
            reply: None,
        }
    }
}

struct Waiting {
    bodies: Vec<Body>,
    stamp: Stamp,
    since: BootTime,
    then: Then,
    /// Number of the change of words that goes to the disk with it.
    change: Option<u64>,
}

struct Retry {
    token: u64,
    change: Option<u64>,
}

struct Unwritten {
    stamp: Stamp,
    bodies: Vec<Body>,
}

impl Recording {
    pub(super) fn after(last_receipt: u64) -> Self {
        Self {
            last_receipt,
            ..Self::default()
        }
    }

    pub(super) fn storage(&self) -> Storage {
        if self.failing {
            Storage::Failing
        } else {
            Storage::Fine
        }
    }

    pub(super) fn last_receipt(&self) -> u64 {
        self.last_receipt
    }

    pub(super) fn chain_head(&self) -> [u8; 32] {
        self.chain_head
    }

    pub(super) fn is_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    fn put_by(&mut self, stamp: Stamp, bodies: Vec<Body>) {
        if self.unwritten.len() < MOST_UNWRITTEN {
            self.unwritten.push_back(Unwritten { stamp, bodies });
        } else {
            tracing::error!("a receipt is lost: the disk has failed for too long");
        }
    }
}

impl Keeper {
    /// Records what has happened already.
    pub(super) fn record(&mut self, bodies: Vec<Body>) {
        if bodies.is_empty() {
            return;
        }
        self.record_then(bodies, Then::Nothing);
    }

    pub(super) fn record_then(&mut self, bodies: Vec<Body>, then: Then) {
        let now = clock::now();
        let stamp = Stamp {
            wall: wall_now(),
            boot: now.boot,
            local_day: now.local_day,
        };
        // Behind what is still to be written, or the chain would tell a story that did not happen.
        if !self.recording.unwritten.is_empty() {
            return self.fail(Waiting {
                bodies,
                stamp,
                since: now.boot,
                then,
                change: None,
            });
        }
        self.order(Waiting {
            bodies,
            stamp,
            since: now.boot,
            then,
            change: None,
        });
    }

    fn order(&mut self, mut waiting: Waiting) {
        self.recording.next_token += 1;
        let token = self.recording.next_token;
        let (change, words) = self.unkept_words().unzip();
        waiting.change = change;
        let order = Order::Append {
            token,
            stamp: waiting.stamp,
            bodies: waiting.bodies.clone(),
            words,
        };
        match self.doors.orders.try_send(order) {
            Ok(()) => drop(self.recording.waiting.insert(token, waiting)),
            Err(_) => self.fail(waiting),
        }
    }

    pub(super) fn written(&mut self, written: Written) {
        let retrying = self.recording.retrying.as_ref();
        if retrying.is_some_and(|retry| retry.token == written.token) {
            return self.retried(written);
        }
        let Some(waiting) = self.recording.waiting.remove(&written.token) else {
            return;
        };
        match written.receipts {
            Ok(receipts) => {
                self.words_stand(waiting.change);
                self.stands(receipts);
                self.go_on(waiting.then);
            }
            Err(error) => {
                tracing::error!(%error, "a receipt could not be written; check the device's disk");
                self.fail(waiting);
            }
        }
    }

    /// Without doing what waited for it.
    pub(super) fn note_written(&mut self, written: Written) {
        self.recording.waiting.remove(&written.token);
        if let Ok(receipts) = written.receipts {
            self.stands(receipts);
        }
    }

    fn words_stand(&mut self, change: Option<u64>) {
        let kept = &mut self.owner.changes_kept;
        *kept = (*kept).max(change.unwrap_or(0));
    }

    fn stands(&mut self, receipts: Stand) {
        self.recording.failing = false;
        self.recording.last_receipt = receipts.last;
        self.recording.chain_head = receipts.hash;
        for fact in receipts.facts {
            self.note_receipt(&fact);
            self.doors.outbox.push(fact);
        }
    }

    fn note_receipt(&mut self, fact: &Fact) {
        use assent_wire::link::device_frame::Body as Frame;
        let opened = match fact.body() {
            Frame::Opened(opened) => std::slice::from_ref(opened),
            Frame::Pressed(pressed) => pressed.opened.as_slice(),
            _ => return,
        };
        let ids = opened
            .iter()
            .filter_map(|opened| assent_wire::grant_id(&opened.grant_id).ok());
        self.receipts.extend(ids.map(|id| (id, fact.number())));
    }

    fn go_on(&mut self, then: Then) {
        match then {
            Then::Nothing => self.show(),
            Then::Open { grants, .. } | Then::OpenLate { grants } => self.open(&grants),
            Then::OpenPress {
                grants,
                reply,
                pressed,
            } => {
                self.open(&grants);
                // The owner's page may have gone away; the press stands all the same.
                reply.send(pressed).ok();
            }
            Then::Tell(told) => {
                told.said.into_iter().for_each(|body| self.say(body));
                told.reply.into_iter().for_each(|reply| reply(true));
                self.show();
            }
        }
    }

    fn open(&mut self, grants: &[GrantId]) {
        for id in grants {
            let effects = self.judge.open(*id, &clock::now());
            self.carry_out(effects);
        }
        // Ended before its receipt stood: nothing opened, and the number would stay for ever.
        let sharing = self.judge.sharing();
        self.receipts
            .retain(|id, _| sharing.grant(*id).is_some_and(|grant| !grant.is_ended()));
        self.show();
    }

    fn fail(&mut self, waiting: Waiting) {
        self.recording.failing = true;
        match waiting.then {
            Then::Open { trigger, .. } => self.not_durable(trigger),
            Then::Tell(told) => {
                self.recording.put_by(waiting.stamp, waiting.bodies);
                told.otherwise.into_iter().for_each(|body| self.say(body));
                told.reply.into_iter().for_each(|reply| reply(false));
                self.show();
            }
            then @ (Then::Nothing | Then::OpenLate { .. } | Then::OpenPress { .. }) => {
                self.recording.put_by(waiting.stamp, waiting.bodies);
                self.go_on(then);
            }
        }
    }

    /// A press whose receipt takes too long opens without; the receipt follows when it can.
    pub(super) fn press_on_without_storage(&mut self) {
        let now = boot_now();
        let late = |waiting: &Waiting| now.since_ms(waiting.since) >= PRESS_WAITS_MS;
        let tokens: Vec<u64> = self
            .recording
            .waiting
            .iter()
            .filter(|(_, w)| late(w))
            .map(|(token, _)| *token)
            .collect();
        for token in tokens {
            let Some(waiting) = self.recording.waiting.get_mut(&token) else {
                continue;
            };
            if matches!(waiting.then, Then::OpenPress { .. } | Then::OpenLate { .. }) {
                let then = std::mem::replace(&mut waiting.then, Then::Nothing);
                tracing::error!(
                    "a press opens without its receipt: the device's disk does not answer"
                );
                self.recording.failing = true;
                self.go_on(then);
            }
        }
    }

    pub(super) fn retry_records(&mut self) {
        let now = boot_now();
        let due = now.since_ms(self.recording.retried_at) >= RETRY_MS
            && self.recording.retrying.is_none();
        let Some(first) = self.recording.unwritten.front().filter(|_| due) else {
            return;
        };
        let (change, words) = self.unkept_words().unzip();
        let token = self.recording.next_token + 1;
        let order = Order::Append {
            token,
            stamp: first.stamp,
            bodies: first.bodies.clone(),
            words,
        };
        if self.doors.orders.try_send(order).is_ok() {
            self.recording.next_token = token;
            self.recording.retrying = Some(Retry { token, change });
        }
        self.recording.retried_at = now;
    }

    fn retried(&mut self, written: Written) {
        let retry = self.recording.retrying.take();
        let Ok(receipts) = written.receipts else {
            return;
        };
        self.words_stand(retry.and_then(|retry| retry.change));
        self.recording.unwritten.pop_front();
        self.stands(receipts);
        self.show();
        // The disk takes receipts again: the rest need not wait a second each.
        self.recording.retried_at = BootTime::default();
        self.retry_records();
    }
}
