//! Whom the device belongs to: pairing, what somebody at the device confirms, the factory reset, and what
//! of it others see. What signed words say is judged in `signed` and `papers`.

use std::sync::Arc;

use assent_consent::{
    DeviceId, Epoch, Gate as Words, GateKept, GateRefusal, GateSetup, Input, Kept as Memories,
    Origin, Origins, Outcome, Sharing, Site, StandingPolicy, Word,
};
use assent_wire::link::receipt::Body;
use assent_wire::link::{self, device_frame};
use assent_wire::{Canonical, payload_of};
use tokio::sync::oneshot;

use super::judge::{Judge, moment};
use super::keeper::Keeper;
use super::press::LastPresses;
use super::record::{Then, Told};
use super::{Confirmed, ConsentSetup, Reset, Standing, WaitsFor, boot_now};
use crate::camera::Armed;
use crate::memory::Words as KeptWords;
use crate::pairing::{
    Answerer, BadHello, Invitation, MOST_WRONG, Proposal, Secret, Waiting, answer, hash_of_hello,
    hear,
};
use crate::valve::Valves;

/// What the device knows of its owner beside the words in force.
pub(super) struct Ownership {
    pub(super) device: DeviceId,
    pub(super) setup: ConsentSetup,
    /// The rules of the device's own file, for as long as nobody owns it.
    configured: StandingPolicy,
    unpaired: GateKept,
    secret: Option<Secret>,
    wrong_macs: u32,
    proposal: Option<Waiting<Box<Words>>>,
    /// The envelope of a ceiling that waits for somebody, as it was presented.
    pub(super) ceiling: Option<[u8; 32]>,
    /// The last hello that was taken, and what was answered: it may be lost on its way.
    answered: Option<([u8; 32], Vec<u8>)>,
    /// Changes of the words that were made, and those of them that are on the disk.
    pub(super) changes: u64,
    pub(super) changes_kept: u64,
}

impl Ownership {
    /// Who judges from the first moment on: a device that is paired never falls back on its file.
    pub(super) fn begin(
        device: DeviceId,
        (setup, configured): (ConsentSetup, StandingPolicy),
        words: KeptWords,
        (valves, memories): (&Valves, Memories),
    ) -> (Self, Judge) {
        let paired = words.gate.paired.is_some();
        let ownership = Self {
            device,
            setup,
            configured,
            unpaired: GateKept::new(words.gate.epoch),
            secret: words.secret,
            wrong_macs: 0,
            proposal: None,
            ceiling: None,
            answered: None,
            changes: 0,
            changes_kept: 0,
        };
        let judge = if paired {
            let setup = ownership.gate_setup(valves);
            Judge::Signed(Box::new(Words::restore(setup, words.gate, memories)))
        } else {
            ownership.by_configuration(memories)
        };
        (ownership, judge)
    }

    fn by_configuration(&self, memories: Memories) -> Judge {
        let sharing = Sharing::restore(self.device, self.configured.clone(), memories);
        Judge::Configured(Box::new(sharing))
    }

    fn gate_setup(&self, valves: &Valves) -> GateSetup {
        let site = |camera| {
            let indoor = self.setup.indoor.contains(&camera);
            (camera, if indoor { Site::Indoor } else { Site::Outdoor })
        };
        // Nobody said where the owner's page is: no passkey signs there.
        let origins = Origins::new(self.setup.origins.clone());
        let origins = origins.unwrap_or_else(|| Origin::nowhere().into());
        GateSetup {
            device: self.device,
            origins,
            cameras: valves.keys().copied().map(site).collect(),
        }
    }
}

impl Keeper {
    /// What an owner's phone scans.
    pub(super) fn invite(&mut self, anew: bool) -> Option<Invitation> {
        let owner = &mut self.owner;
        if matches!(self.judge, Judge::Signed(_)) || owner.setup.key.is_none() {
            return None;
        }
        let origin = owner.setup.origins.first()?.clone();
        if anew && owner.secret.is_none() {
            owner.secret = Some(Secret::random());
            owner.wrong_macs = 0;
            self.words_changed(Vec::new(), Told::nothing());
        }
        let owner = &self.owner;
        let (secret, epoch) = (owner.secret.as_ref()?, owner.unpaired.epoch);
        Some(Invitation::new(&origin, owner.device, secret, epoch))
    }

    /// A hello out of the mailbox. Only a right one is held for somebody to confirm; the newest counts.
    pub(super) fn pairing_hello(&mut self, hello: &link::PairingHello) {
        let hash = hash_of_hello(&hello.body);
        if let Some((answered, body)) = &self.owner.answered
            && *answered == hash
        {
            if self.words_are_kept() {
                self.say(pairing_answer(hash, body.clone()));
            }
            return;
        }
        let Judge::Configured(_) = self.judge else {
            tracing::warn!("a pairing is refused: this device has an owner");
            return self.count_refusal(link::Refusal::NotAllowed);
        };
        let Some(secret) = &self.owner.secret else {
            tracing::warn!("a pairing is refused: wrong tries ended the secret");
            return self.count_refusal(link::Refusal::NotAllowed);
        };
        match hear(secret, self.owner.device, &hello.body) {
            Ok(proposal) => self.propose(proposal),
            Err(BadHello::WrongMac) => self.wrong_mac(),
            Err(BadHello::WrongDevice) => self.count_refusal(link::Refusal::WrongDevice),
            Err(BadHello::Bytes(error)) => self.count_refusal(error.into()),
        }
    }

    fn wrong_mac(&mut self) {
        self.count_refusal(link::Refusal::BadSignature);
        self.owner.wrong_macs += 1;
        tracing::warn!(
            wrong = self.owner.wrong_macs,
            "a pairing with another secret than this device's"
        );
        if self.owner.wrong_macs >= MOST_WRONG {
            self.owner.secret = None;
            self.words_changed(Vec::new(), Told::nothing());
        }
    }

    fn propose(&mut self, proposal: Proposal) {
        match self.become_of(&proposal) {
            Ok(words) => {
                let until = boot_now().plus_ms(assent_consent::CONFIRM_WITHIN_MS);
                self.owner.proposal = Some(Waiting {
                    proposal,
                    becomes: Box::new(words),
                    until,
                });
                tracing::info!("an owner's phone wants to pair: confirm at the device within 60 s");
                self.show_standing();
            }
            Err(refusal) => {
                tracing::warn!(?refusal, "a pairing is refused");
                self.count_refusal(refusal.into());
            }
        }
    }

    /// The gate as it would be under these first words.
    fn become_of(&self, proposal: &Proposal) -> Result<Words, GateRefusal> {
        let memories = Memories {
            tombstones: self.judge.sharing().tombstones().clone(),
            ..Memories::default()
        };
        let setup = self.owner.gate_setup(&self.valves);
        let mut words = Words::restore(setup, self.owner.unpaired.clone(), memories);
        words.pair(&proposal.set, &proposal.ceiling)?;
        if let Some(policy) = &proposal.policy {
            let Word::Policy(_) = policy.word else {
                return Err(GateRefusal::NotAllowed);
            };
            match words.decide(&moment(), Input::Word(policy.clone())).outcome {
                Outcome::Taken => {}
                Outcome::Refused(refusal) => return Err(refusal),
                Outcome::Opens { .. }
                | Outcome::Asks(_)
                | Outcome::Closed
                | Outcome::Known
                | Outcome::WaitsForPress => return Err(GateRefusal::NotAllowed),
            }
        }
        Ok(words)
    }

    /// Somebody at the device says yes.
    pub(super) fn confirm(&mut self, reply: oneshot::Sender<Confirmed>) {
        let proposal = self.owner.proposal.take();
        let waiting = proposal.filter(|waiting| boot_now() <= waiting.until);
        match (&mut self.judge, waiting) {
            (Judge::Configured(_), Some(waiting)) => self.pair(waiting, reply),
            (Judge::Signed(words), _) if words.waiting_ceiling().is_some() => {
                let decision = words.decide(&moment(), Input::Confirm);
                self.ceiling_confirmed(decision, reply);
            }
            // Whoever asked may have gone away.
            (Judge::Configured(_) | Judge::Signed(_), _) => {
                reply.send(Confirmed::Nothing).ok();
            }
        }
        self.show_standing();
    }

    fn pair(&mut self, waiting: Waiting<Box<Words>>, reply: oneshot::Sender<Confirmed>) {
        let (proposal, words) = (waiting.proposal, waiting.becomes);
        let owner = &mut self.owner;
        let (Some(secret), Some(key)) = (owner.secret.take(), owner.setup.key.clone()) else {
            reply.send(Confirmed::Nothing).ok();
            return;
        };
        let by = Answerer {
            device: owner.device,
            epoch: owner.unpaired.epoch,
            key: &key,
            origins: &owner.setup.origins,
        };
        let body = match answer(&by, &secret, proposal.hello, proposal.set.hash) {
            Ok(body) => body,
            Err(error) => {
                tracing::error!(%error, "the pairing cannot be answered");
                owner.secret = Some(secret);
                reply.send(Confirmed::Nothing).ok();
                return;
            }
        };
        owner.answered = Some((proposal.hello, body.clone()));
        self.change_judge(Judge::Signed(words));
        tracing::info!("paired: from here on this device obeys its owner's signed words only");
        let taken = [Some(proposal.set), Some(proposal.ceiling), proposal.policy];
        let taken = taken.into_iter().flatten();
        let receipts = taken.map(|sealed| super::papers::taken(&sealed)).collect();
        let said = vec![pairing_answer(proposal.hello, body)];
        self.words_changed(
            receipts,
            Told {
                said,
                otherwise: Vec::new(),
                reply: Some(Box::new(move |kept| {
                    let outcome = if kept {
                        Confirmed::Paired
                    } else {
                        Confirmed::NotKept
                    };
                    reply.send(outcome).ok();
                })),
            },
        );
    }

    pub(super) fn reset(&mut self, reply: oneshot::Sender<Reset>) {
        let kept = match &self.judge {
            Judge::Configured(_) => self.owner.unpaired.reset(),
            Judge::Signed(words) => words.kept().reset(),
        };
        let epoch = kept.epoch;
        let owner = &mut self.owner;
        owner.unpaired = kept;
        owner.secret = Some(Secret::random());
        (owner.wrong_macs, owner.answered) = (0, None);
        (owner.proposal, owner.ceiling) = (None, None);
        let memories = Memories {
            tombstones: self.judge.sharing().tombstones().clone(),
            ..Memories::default()
        };
        let judge = self.owner.by_configuration(memories);
        self.change_judge(judge);
        tracing::warn!(
            epoch = epoch.get(),
            "factory reset: this device belongs to nobody"
        );
        let receipt = Body::Reset(link::FactoryReset { epoch: epoch.get() });
        let told = Told {
            reply: Some(Box::new(move |kept| {
                let epoch = epoch.get();
                reply.send(Reset { epoch, kept }).ok();
            })),
            ..Told::nothing()
        };
        self.words_changed(vec![receipt], told);
    }

    /// What is open rests on words that count no more.
    fn change_judge(&mut self, judge: Judge) {
        let effects = self.judge.stop(boot_now());
        self.carry_out(effects);
        self.judge = judge;
        self.last_presses = LastPresses::default();
        self.kept.policy = self.policy_digest();
        self.keep_pauses();
    }

    /// The words are another than those on the disk; they go there before anybody is told.
    pub(super) fn words_changed(&mut self, receipts: Vec<Body>, mut told: Told) {
        self.owner.changes += 1;
        self.show_standing();
        told.said.push(device_frame::Body::InForce(self.in_force()));
        self.record_then(receipts, Then::Tell(told));
    }

    pub(super) fn words_are_kept(&self) -> bool {
        self.owner.changes == self.owner.changes_kept
    }

    /// For the disk, where they are not there yet, with the number of the change.
    pub(super) fn unkept_words(&self) -> Option<(u64, Arc<KeptWords>)> {
        let words = || {
            let gate = match &self.judge {
                Judge::Configured(_) => self.owner.unpaired.clone(),
                Judge::Signed(words) => words.kept().clone(),
            };
            let secret = self.owner.secret.clone();
            Arc::new(KeptWords { gate, secret })
        };
        (!self.words_are_kept()).then(|| (self.owner.changes, words()))
    }

    /// Lets go of what nobody confirmed in time.
    pub(super) fn forget_proposal(&mut self) {
        let now = boot_now();
        let late = |waiting: &Waiting<_>| now > waiting.until;
        if self.owner.proposal.as_ref().is_some_and(late) {
            self.owner.proposal = None;
            self.show_standing();
        }
        let waits = match &self.judge {
            Judge::Configured(_) => false,
            Judge::Signed(words) => words.waiting_ceiling().is_some(),
        };
        if let Some(hash) = self.owner.ceiling.take_if(|_| !waits) {
            self.not_taken(hash, link::Refusal::NothingWaits);
            self.show_standing();
        }
    }

    fn in_force(&self) -> link::InForce {
        let standing = self.standing();
        link::InForce {
            consent: Some(standing.consent()),
            policy: standing.payload.to_vec(),
        }
    }

    pub(super) fn policy_digest(&self) -> [u8; 32] {
        match &self.judge {
            Judge::Configured(sharing) => super::keeper::digest(sharing.policy()),
            Judge::Signed(words) => {
                let policy = words.kept().policy.as_ref();
                policy.map_or([0; 32], |held| held.hash.0)
            }
        }
    }

    fn standing(&self) -> Standing {
        match &self.judge {
            Judge::Configured(sharing) => Standing {
                epoch: self.owner.unpaired.epoch.get(),
                payload: Canonical::of(sharing.policy().clone()).bytes().into(),
                waits: self.owner.proposal.as_ref().map(|_| WaitsFor::Pairing),
                ..Standing::default()
            },
            Judge::Signed(words) => {
                let kept = words.kept();
                let paired = kept.paired.as_ref();
                let policy = kept.policy.as_ref().map(|held| held.word.clone());
                Standing {
                    paired: true,
                    epoch: Epoch::get(kept.epoch),
                    owner_set: paired.map_or(0, |all| all.set.word.succession().version()),
                    ceiling: paired.map_or(0, |all| all.ceiling.word.succession().version()),
                    policy: policy
                        .as_ref()
                        .map_or(0, |word| word.succession().version()),
                    payload: policy
                        .map_or_else(Vec::new, |word| payload_of(&Word::Policy(word)))
                        .into(),
                    waits: words.waiting_ceiling().map(|_| WaitsFor::Ceiling),
                }
            }
        }
    }

    /// Cameras that could be shared: what rules name, and what terms for one occasion could.
    fn armed(&self) -> Armed {
        let mut armed = Armed::of(self.judge.sharing().policy());
        if let Judge::Signed(words) = &self.judge {
            let paired = words.kept().paired.as_ref();
            let ceiling = paired.map(|paired| paired.ceiling.word.cameras());
            armed
                .pictures
                .extend(ceiling.into_iter().flat_map(|cameras| cameras.iter()));
        }
        armed
    }

    pub(super) fn show_standing(&mut self) {
        let (standing, armed) = (self.standing(), self.armed());
        let policy = self.judge.sharing().policy().clone();
        self.doors.status.send_modify(|status| {
            status.standing = standing;
            status.armed = Arc::new(armed);
            status.policy = Arc::new(policy);
        });
    }
}

fn pairing_answer(hello: [u8; 32], body: Vec<u8>) -> device_frame::Body {
    device_frame::Body::PairingAnswer(link::PairingAnswer {
        hello_hash: hello.to_vec(),
        body,
    })
}
