//! The one task that holds the machine of grants. It waits for presses, frames, stops, written receipts
//! and the clock; every change ends in `carry_out`, which shuts first, then tells, then records.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use assent_consent::{
    BootTime, CameraNumber, Cameras, Cause, Effect, EndCause, Ended, Ending, GrantId,
    Kept as Memories, Refusal, StandingPolicy,
};
use assent_wire::link::receipt::Body;
use assent_wire::link::{self, device_frame};
use assent_wire::{Canonical, opened_message};
use sha2::{Digest as _, Sha256};
use tokio::sync::{broadcast, mpsc, watch};
use tokio_util::sync::CancellationToken;

use super::allowance::Allowance;
use super::judge::Judge;
use super::owner::Ownership;
use super::press::LastPresses;
use super::record::Recording;
use super::status::EndedShare;
use super::{Ask, LiveShare, Permissions, Setup, Status, Stop, boot_now, clock, mark, wall_now};
use crate::memory::{Kept, Mark, Order, Outbox, Past, Unfinished, Words, Written};
use crate::valve::{Valve, Valves};

/// The clock is looked at this often, so that a grant ends on time even after the machine slept.
const TICK: Duration = Duration::from_millis(200);

/// How long the end of the programme waits for its last receipts.
const FAREWELL: Duration = Duration::from_millis(300);

/// The ways out of the task.
pub(super) struct Doors {
    pub(super) orders: mpsc::Sender<Order>,
    pub(super) permissions: watch::Sender<Permissions>,
    pub(super) status: watch::Sender<Status>,
    pub(super) words: broadcast::Sender<device_frame::Body>,
    pub(super) outbox: Outbox,
}

pub(super) struct Keeper {
    pub(super) judge: Judge,
    pub(super) owner: Ownership,
    pub(super) valves: Valves,
    pub(super) doors: Doors,
    pub(super) recording: Recording,
    /// What the valves had let out when each live grant opened.
    pub(super) passed_before: BTreeMap<GrantId, u64>,
    /// Receipts of live grants.
    pub(super) receipts: BTreeMap<GrantId, u64>,
    pub(super) kept: Kept,
    pub(super) marked_at: BootTime,
    ended: VecDeque<EndedShare>,
    pub(super) refusals: Allowance,
    /// Revokes that closed nothing.
    pub(super) closings: Allowance,
    pub(super) last_presses: LastPresses,
}

impl Keeper {
    pub(super) fn new(setup: Setup, past: Past, doors: Doors) -> Self {
        // A policy that was changed while the programme was down ends the pauses of the one before.
        let policy = digest_of(&past.words, &setup.policy);
        let pauses = if past.kept.policy == policy {
            past.kept.pauses
        } else {
            BTreeSet::new()
        };
        let memories = Memories {
            tombstones: past.tombstones,
            used: past.used.into(),
            pauses: pauses.clone(),
            openings: past.openings.into(),
        };
        let told = (setup.consent, setup.policy);
        let there = (&setup.valves, memories);
        let (owner, judge) = Ownership::begin(setup.device, told, past.words, there);
        let mut keeper = Self {
            judge,
            owner,
            valves: setup.valves,
            doors,
            recording: Recording::after(past.last_receipt),
            passed_before: BTreeMap::new(),
            receipts: BTreeMap::new(),
            kept: Kept {
                acknowledged: past.kept.acknowledged,
                policy,
                pauses,
                mark: None,
            },
            marked_at: BootTime::default(),
            ended: VecDeque::new(),
            refusals: Allowance::default(),
            closings: Allowance::default(),
            last_presses: LastPresses::default(),
        };
        keeper.show_standing();
        keeper.begin(past.unfinished.into_values(), past.kept.mark.as_ref());
        keeper
    }

    pub(super) async fn run(
        mut self,
        mut asks: mpsc::Receiver<Ask>,
        mut stops: mpsc::Receiver<Stop>,
        mut written: mpsc::Receiver<Written>,
        stop: CancellationToken,
    ) {
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                () = stop.cancelled() => break,
                // Before everything that the hub can fill: a flood must not keep a share from expiring.
                _ = tick.tick() => self.tick(),
                Some(stop) = stops.recv() => self.stop(stop),
                Some(written) = written.recv() => self.written(written),
                Some(ask) = asks.recv() => self.ask(ask),
                else => break,
            }
        }
        self.farewell(written).await;
        self.doors.permissions.send_replace(Permissions::default());
    }

    /// An orderly end is told at once: the hub need not guess why the line broke.
    async fn farewell(&mut self, mut written: mpsc::Receiver<Written>) {
        let effects = self.judge.shut(boot_now());
        self.carry_out(effects);
        let standing = async {
            while self.recording.is_waiting() {
                let Some(written) = written.recv().await else {
                    return;
                };
                // Only noted: nothing opens any more.
                self.note_written(written);
            }
        };
        if tokio::time::timeout(FAREWELL, standing).await.is_err() {
            tracing::warn!(
                "the last receipts were not written in time; the next start makes up for them"
            );
        }
    }

    fn ask(&mut self, ask: Ask) {
        match ask {
            Ask::Press { press, reply } => self.press(press, reply),
            Ask::Instruct(instruct) => self.instruct(&instruct),
            Ask::Wanted(wanted) => self.wanted(&wanted),
            Ask::Acknowledged(upto) => self.acknowledged(upto),
            Ask::Unpause(reply) => {
                self.judge.unpause();
                self.keep_pauses();
                self.show();
                // Nobody waits any more when the caller went away.
                reply.send(()).ok();
            }
            Ask::NonceAsk(ask) => self.nonce_ask(&ask),
            Ask::Present(present) => self.present(&present),
            Ask::PairingHello(hello) => self.pairing_hello(&hello),
            Ask::Confirm(reply) => self.confirm(reply),
            Ask::Reset(reply) => self.reset(reply),
            Ask::Invite { anew, reply } => drop(reply.send(self.invite(anew))),
        }
    }

    fn tick(&mut self) {
        let effects = self.judge.expire(boot_now());
        self.carry_out(effects);
        self.press_on_without_storage();
        self.retry_records();
        self.mark();
        self.forget_proposal();
        for rule in self.judge.renewals_due(boot_now()) {
            self.renew(rule);
        }
    }

    /// What was open when the programme last ended is over; if it was somebody's need, it is an alarm.
    fn begin(&mut self, unfinished: impl Iterator<Item = Unfinished>, mark: Option<&Mark>) {
        let started = link::Started {
            boot_id: uuid::Uuid::new_v4().as_bytes().to_vec(),
            software: env!("CARGO_PKG_VERSION").to_owned(),
        };
        let mut bodies = vec![Body::Started(started)];
        for unfinished in unfinished {
            bodies.push(Body::Ended(mark::cut_off(&unfinished, mark)));
            if unfinished.grant.cause != Cause::Standing {
                bodies.push(alarm(
                    unfinished.grant.grant,
                    link::premises_alarm::Kind::Rebooted,
                ));
            }
        }
        self.record(bodies);
    }

    /// Shut, tell, record: in this order.
    pub(super) fn carry_out(&mut self, effects: Vec<Effect>) {
        if effects.is_empty() {
            return;
        }
        for effect in &effects {
            match effect {
                Effect::StopCamera { camera, .. } => self.valve(*camera, Valve::shut),
                Effect::StartCamera { camera, permission }
                | Effect::ChangeCamera { camera, permission } => {
                    self.valve(*camera, |valve| valve.open(permission.rights.audio));
                }
                Effect::GrantOpened(_) | Effect::GrantEnded(_) | Effect::Paused { .. } => {}
            }
        }
        self.doors
            .permissions
            .send_replace(self.judge.sharing().permitted().clone());
        let mut bodies = Vec::new();
        let mut paused = false;
        for effect in effects {
            match effect {
                Effect::GrantOpened(id) => self.opened(id),
                Effect::GrantEnded(ended) => bodies.extend(self.ended(&ended)),
                Effect::Paused { .. } => paused = true,
                Effect::StopCamera { .. }
                | Effect::StartCamera { .. }
                | Effect::ChangeCamera { .. } => {}
            }
        }
        if paused {
            self.keep_pauses();
        }
        self.show();
        self.record(bodies);
    }

    fn opened(&mut self, id: GrantId) {
        let Some(live) = self
            .judge
            .sharing()
            .grant(id)
            .and_then(assent_consent::Grant::live)
        else {
            return;
        };
        let passed = self.passed_bytes(&live.terms.cameras);
        tracing::info!(grant.id = %id, secs = live.terms.ttl.secs(), "sharing begins");
        self.passed_before.insert(id, passed);
    }

    fn ended(&mut self, ended: &Ended) -> Vec<Body> {
        let Ending::Closed(cause) = ended.ending else {
            return Vec::new();
        };
        let before = self.passed_before.remove(&ended.id);
        self.receipts.remove(&ended.id);
        let passed = self.passed_bytes(&ended.terms.cameras);
        tracing::info!(grant.id = %ended.id, ?cause, "sharing is over");
        self.ended.push_back(EndedShare {
            cause: ended.cause,
            end: cause,
            at: wall_now(),
        });
        let mut bodies = vec![Body::Ended(link::Ended {
            grant_id: ended.id.0.to_vec(),
            cause: link::EndCause::from(cause).into(),
            receipt: 0,
            lasted_ms: ended.lasted_ms,
            bytes_left: before.map_or(0, |before| passed.saturating_sub(before)),
        })];
        if ended.cause != Cause::Standing {
            bodies.extend(alarm_of(cause).map(|kind| alarm(ended.id, kind)));
        }
        bodies
    }

    fn valve(&self, camera: CameraNumber, turn: impl Fn(&Valve)) {
        self.valves
            .get(&camera)
            .into_iter()
            .for_each(|valve| turn(valve));
    }

    pub(super) fn passed_bytes(&self, cameras: &Cameras) -> u64 {
        cameras
            .iter()
            .filter_map(|camera| self.valves.get(&camera))
            .map(|valve| valve.bytes_left())
            .sum()
    }

    /// The receipt's `Opened` for every grant that was just asked for.
    pub(super) fn openings(&self, ids: &[GrantId]) -> Vec<link::Opened> {
        let sharing = self.judge.sharing();
        let grants = ids.iter().filter_map(|id| sharing.grant(*id));
        let opening = |grant: &assent_consent::Grant| {
            let there = assent_consent::Adopted {
                grant: grant.id(),
                trigger: grant.trigger(),
                cause: grant.cause(),
                terms: grant.terms().clone(),
                remaining_ms: grant.terms().ttl.ms(),
            };
            opened_message(&there, 0)
        };
        grants.map(opening).collect()
    }

    pub(super) fn show(&mut self) {
        let live = self.judge.sharing().live().map(|live| LiveShare {
            live: live.clone(),
            receipt: self.receipts.get(&live.id).copied().unwrap_or(0),
        });
        let live: Vec<_> = live.collect();
        let (paused, storage) = (
            self.judge.sharing().pauses().clone(),
            self.recording.storage(),
        );
        let (last_receipt, chain_head) =
            (self.recording.last_receipt(), self.recording.chain_head());
        let ended = std::mem::take(&mut self.ended);
        self.doors.status.send_modify(|status| {
            status.live = live;
            status.paused = paused;
            status.storage = storage;
            status.last_receipt = last_receipt;
            status.chain_head = chain_head;
            ended.into_iter().for_each(|share| status.note_end(share));
        });
    }

    fn acknowledged(&mut self, upto: u64) {
        // A hub that acknowledges what it cannot have heard must not make us forget it.
        let upto = upto.min(self.recording.last_receipt());
        if upto > self.kept.acknowledged {
            self.doors.outbox.acknowledge(upto);
            self.kept.acknowledged = upto;
            self.keep();
        }
    }

    pub(super) fn keep_pauses(&mut self) {
        let pauses = self.judge.sharing().pauses();
        self.kept.pauses.clone_from(pauses);
        self.keep();
    }

    /// Latest wins; where the queue is full the next change brings it along.
    pub(super) fn keep(&self) {
        if self
            .doors
            .orders
            .try_send(Order::Keep(self.kept.clone()))
            .is_err()
        {
            tracing::warn!("the device's state waits for its disk");
        }
    }

    /// Refuses what was asked for, and lets the hub know.
    pub(super) fn not_durable(&mut self, trigger: assent_consent::TriggerId) {
        let effects = self.judge.refuse(trigger, Refusal::NotDurable, boot_now());
        self.carry_out(effects);
        self.say_refused(trigger, Refusal::NotDurable.into());
    }

    pub(super) fn now() -> assent_consent::Now {
        clock::now()
    }
}

/// However the task ends, a panic included, the pictures stay in the building.
impl Drop for Keeper {
    fn drop(&mut self) {
        self.valves.values().for_each(|valve| valve.shut());
    }
}

/// An end that may mean that somebody at the premises is not well.
fn alarm_of(cause: EndCause) -> Option<link::premises_alarm::Kind> {
    match cause {
        EndCause::StoppedLocally => Some(link::premises_alarm::Kind::StoppedAtPremises),
        EndCause::Reboot => Some(link::premises_alarm::Kind::Rebooted),
        EndCause::Revoked
        | EndCause::Expired
        | EndCause::ClearedByAgency
        | EndCause::CancelledByOwner
        | EndCause::PolicyChanged => None,
    }
}

fn alarm(grant: GrantId, kind: link::premises_alarm::Kind) -> Body {
    Body::Alarm(link::PremisesAlarm {
        kind: kind.into(),
        grant_id: grant.0.to_vec(),
    })
}

/// Of the policy that is in force when the programme starts.
fn digest_of(words: &Words, configured: &StandingPolicy) -> [u8; 32] {
    let gate = &words.gate;
    match (&gate.paired, &gate.policy) {
        (None, _) => digest(configured),
        (Some(_), None) => [0; 32],
        (Some(_), Some(policy)) => policy.hash.0,
    }
}

pub(super) fn digest(policy: &StandingPolicy) -> [u8; 32] {
    Sha256::digest(Canonical::of(policy.clone()).bytes()).into()
}
