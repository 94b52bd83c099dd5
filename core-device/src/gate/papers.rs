//! Words that open nothing by themselves: sets, policies, ceilings, an agency's papers. Taken at once, told
//! when they are on the disk. And nonces, without which nothing opens.

use assent_consent::{Decision, KeyId, NONCE_LIFE_MS, Nonce, Outcome, Sealed, Word};
use assent_wire::link::receipt::Body;
use assent_wire::link::{self, device_frame};
use assent_wire::{MAX_PRESENTED, WireError, open_word};
use sha2::{Digest as _, Sha256};
use tokio::sync::oneshot;

use super::judge::{Judge, moment};
use super::keeper::Keeper;
use super::record::{Then, Told};
use super::{Confirmed, boot_now};

impl Keeper {
    pub(super) fn nonce_ask(&mut self, ask: &link::NonceAsk) {
        let answer = match self.hand_out(&ask.key) {
            Ok(Nonce(nonce)) => device_frame::Body::NonceGiven(link::NonceGiven {
                ask: ask.ask,
                key: ask.key.clone(),
                nonce: nonce.to_vec(),
                lives_ms: NONCE_LIFE_MS,
            }),
            Err(refusal) => {
                self.count_refusal(refusal);
                device_frame::Body::NonceRefused(link::NonceRefused {
                    ask: ask.ask,
                    key: ask.key.iter().copied().take(32).collect(),
                    refusal: refusal.into(),
                })
            }
        };
        self.say(answer);
    }

    fn hand_out(&mut self, key: &[u8]) -> Result<Nonce, link::Refusal> {
        let Judge::Signed(words) = &mut self.judge else {
            return Err(link::Refusal::NotPaired);
        };
        let key = KeyId(key.try_into().map_err(|_| link::Refusal::Malformed)?);
        Ok(words.hand_out(key, Nonce(rand::random()), boot_now())?)
    }

    pub(super) fn present(&mut self, present: &link::Present) {
        for envelope in present.envelopes.iter().take(MAX_PRESENTED) {
            self.present_one(envelope);
        }
    }

    pub(super) fn present_one(&mut self, envelope: &[u8]) {
        let hash: [u8; 32] = Sha256::digest(envelope).into();
        let sealed = match paper(envelope) {
            Ok(sealed) => sealed,
            Err(refusal) => return self.not_taken(hash, refusal),
        };
        let Judge::Signed(words) = &mut self.judge else {
            return self.not_taken(hash, link::Refusal::NotPaired);
        };
        let receipt = taken(&sealed);
        let Decision {
            outcome, effects, ..
        } = words.decide(&moment(), assent_consent::Input::Word(sealed));
        self.carry_out(effects);
        match outcome {
            Outcome::Taken => self.in_force_now(vec![receipt], hash),
            // It may be in force and not on the disk yet: told behind it.
            Outcome::Known => {
                let told = Told {
                    said: vec![presented(hash, None)],
                    otherwise: vec![presented(hash, Some(link::Refusal::NotDurable))],
                    reply: None,
                };
                self.record_then(Vec::new(), Then::Tell(told));
            }
            Outcome::WaitsForPress => {
                tracing::info!("an owner changes the ceiling: confirm at the device within 60 s");
                self.owner.ceiling = Some(hash);
                self.show_standing();
                self.say(device_frame::Body::Presented(link::Presented {
                    hash: hash.to_vec(),
                    refusal: link::Refusal::Unspecified.into(),
                    waits_for_press: true,
                }));
            }
            Outcome::Refused(refusal) => self.not_taken(hash, refusal.into()),
            Outcome::Opens { .. } | Outcome::Asks(_) | Outcome::Closed => {
                self.not_taken(hash, link::Refusal::NotAllowed);
            }
        }
    }

    /// The ceiling that waited.
    pub(super) fn ceiling_confirmed(
        &mut self,
        decision: Decision,
        reply: oneshot::Sender<Confirmed>,
    ) {
        let (hash, ceiling) = (self.owner.ceiling.take(), self.ceiling_in_force());
        self.carry_out(decision.effects);
        let (Outcome::Taken, Some(hash), Some(receipt)) = (decision.outcome, hash, ceiling) else {
            // Whoever asked may have gone away.
            reply.send(Confirmed::Nothing).ok();
            return;
        };
        let told = Told {
            said: vec![presented(hash, None)],
            otherwise: vec![presented(hash, Some(link::Refusal::NotDurable))],
            reply: Some(Box::new(move |kept| {
                let outcome = if kept {
                    Confirmed::Ceiling
                } else {
                    Confirmed::NotKept
                };
                reply.send(outcome).ok();
            })),
        };
        self.policy_may_have_changed();
        self.words_changed(vec![receipt], told);
    }

    fn ceiling_in_force(&self) -> Option<Body> {
        let Judge::Signed(words) = &self.judge else {
            return None;
        };
        let ceiling = &words.kept().paired.as_ref()?.ceiling;
        Some(Body::Taken(link::WordTaken {
            r#type: "ceiling.1".to_owned(),
            hash: ceiling.hash.0.to_vec(),
            version: ceiling.word.succession().version(),
        }))
    }

    fn in_force_now(&mut self, receipts: Vec<Body>, hash: [u8; 32]) {
        self.policy_may_have_changed();
        let told = Told {
            said: vec![presented(hash, None)],
            otherwise: vec![presented(hash, Some(link::Refusal::NotDurable))],
            reply: None,
        };
        self.words_changed(receipts, told);
    }

    /// Pauses belong to the policy that they were made under.
    pub(super) fn policy_may_have_changed(&mut self) {
        let digest = self.policy_digest();
        if digest != self.kept.policy {
            self.kept.policy = digest;
            self.keep_pauses();
        }
    }

    pub(super) fn not_taken(&mut self, hash: [u8; 32], refusal: link::Refusal) {
        tracing::info!(
            refusal = refusal.as_str_name(),
            "a signed word is not taken"
        );
        self.count_refusal(refusal);
        self.say(presented(hash, Some(refusal)));
    }
}

fn paper(envelope: &[u8]) -> Result<Sealed, link::Refusal> {
    let sealed = open_word(envelope).map_err(<link::Refusal as From<WireError>>::from)?;
    match sealed.word {
        Word::OwnerSet(_)
        | Word::Policy(_)
        | Word::Ceiling(_)
        | Word::AgencySet(_)
        | Word::Operator(_) => Ok(sealed),
        // These have a door of their own.
        Word::Terms(_) | Word::Trigger(_) | Word::Alert(_) | Word::Revoke(_) | Word::Receipt(_) => {
            Err(link::Refusal::NotAllowed)
        }
    }
}

/// The receipt of a word that is in force.
pub(super) fn taken(sealed: &Sealed) -> Body {
    let version = match &sealed.word {
        Word::OwnerSet(word) => word.succession().version(),
        Word::Policy(word) => word.succession().version(),
        Word::Ceiling(word) => word.succession().version(),
        Word::AgencySet(word) => word.succession().version(),
        Word::Terms(_)
        | Word::Trigger(_)
        | Word::Alert(_)
        | Word::Revoke(_)
        | Word::Receipt(_)
        | Word::Operator(_) => 0,
    };
    Body::Taken(link::WordTaken {
        r#type: sealed.word.type_name().to_owned(),
        hash: sealed.hash.0.to_vec(),
        version,
    })
}

fn presented(hash: [u8; 32], refusal: Option<link::Refusal>) -> device_frame::Body {
    device_frame::Body::Presented(link::Presented {
        hash: hash.to_vec(),
        refusal: refusal.unwrap_or_default().into(),
        waits_for_press: false,
    })
}
