//! The steps before a word's meaning counts: whom it is for, whether it was closed before it came, whether
//! it is fresh, who says it and whether that is true. The first that fails names the refusal.

use super::speakers::Speaker;
use super::{Gate, GateRefusal, Moment, TooManyNonces};
use crate::{
    BootTime, GrantId, KeyId, Nonce, RuleId, Sealed, SignedTriggerKind, TriggerId, Verify, Word,
};

impl<V: Verify> Gate<V> {
    /// A fresh nonce for this key; `random` is the caller's randomness.
    ///
    /// # Errors
    /// `UnknownKey` for a key that could say nothing, `KeyCancelled`, or too many at a time.
    pub fn hand_out(
        &mut self,
        key: KeyId,
        random: Nonce,
        at: BootTime,
    ) -> Result<Nonce, GateRefusal> {
        if self.kept.closed.holds_key(key) {
            return Err(GateRefusal::KeyCancelled);
        }
        if !self.knows(key) {
            return Err(GateRefusal::UnknownKey);
        }
        let given = self.nonces.hand_out(key, random, at);
        given.map_err(|TooManyNonces| GateRefusal::StaleNonce)?;
        Ok(random)
    }

    /// Who speaks; `None` where the very same word is in force already.
    pub(super) fn admit(
        &mut self,
        at: &Moment,
        sealed: &Sealed,
    ) -> Result<Option<Speaker>, GateRefusal> {
        self.is_for_us(&sealed.word)?;
        if self.is_in_force(sealed) {
            return Ok(None);
        }
        self.was_not_closed(sealed)?;
        self.is_fresh(at, sealed)?;
        let speakers = self.speakers(at, sealed)?;
        for (speaker, signature) in speakers.iter().zip(sealed.signatures.iter()) {
            self.verify.verify(
                &speaker.public,
                &sealed.hash,
                &signature.proof,
                &speaker.origins,
            )?;
        }
        speakers
            .into_iter()
            .next()
            .map(Some)
            .ok_or(GateRefusal::NotAllowed)
    }

    pub(super) fn is_for_us(&self, word: &Word) -> Result<(), GateRefusal> {
        let Some(to) = word.addressed() else {
            return Ok(());
        };
        if to.device != self.setup.device {
            return Err(GateRefusal::WrongDevice);
        }
        if to.epoch != self.kept.epoch {
            return Err(GateRefusal::WrongEpoch);
        }
        Ok(())
    }

    /// A phone sends its newest set and policy along with everything: nothing is to be done about them.
    fn is_in_force(&self, sealed: &Sealed) -> bool {
        let paired = self.kept.paired.as_ref();
        let ours = match &sealed.word {
            Word::OwnerSet(_) => paired.map(|paired| paired.set.hash),
            Word::Ceiling(_) => paired.map(|paired| paired.ceiling.hash),
            Word::Policy(policy) if self.kept.closed.holds_policy(policy.version()) => None,
            Word::Policy(_) => self.kept.policy.as_ref().map(|policy| policy.hash),
            Word::AgencySet(set) => {
                let known = self.kept.agencies.get(&set.agency(sealed.hash));
                known.map(|known| known.hash)
            }
            Word::Terms(_)
            | Word::Trigger(_)
            | Word::Alert(_)
            | Word::Revoke(_)
            | Word::Receipt(_)
            | Word::Operator(_) => None,
        };
        ours == Some(sealed.hash)
    }

    fn was_not_closed(&self, sealed: &Sealed) -> Result<(), GateRefusal> {
        let closed = &self.kept.closed;
        let revoked = match &sealed.word {
            Word::Terms(terms) => {
                self.holds(terms.id)
                    || self.sharing.tombstones().holds_grant(GrantId::derive(
                        &self.setup.device,
                        terms.id,
                        RuleId::SIGNED_TERMS,
                    ))
                    || closed.holds_agency(terms.agency)
            }
            Word::Trigger(trigger) => {
                self.holds(trigger.id)
                    || match &trigger.kind {
                        SignedTriggerKind::Press(_) => false,
                        SignedTriggerKind::Approval { of, alert, .. } => {
                            self.holds(*of) || closed.holds_agency(alert.agency)
                        }
                    }
            }
            Word::Alert(alert) => self.holds(alert.id) || closed.holds_agency(alert.facts.agency),
            Word::Policy(policy) => closed.holds_policy(policy.version()),
            Word::OwnerSet(_)
            | Word::Ceiling(_)
            | Word::Revoke(_)
            | Word::Receipt(_)
            | Word::AgencySet(_)
            | Word::Operator(_) => false,
        };
        if revoked {
            return Err(GateRefusal::Revoked);
        }
        let mut keys = sealed.signatures.iter().map(|signature| signature.key);
        if keys.any(|key| closed.holds_key(key)) {
            return Err(GateRefusal::KeyCancelled);
        }
        Ok(())
    }

    fn holds(&self, trigger: TriggerId) -> bool {
        self.sharing.tombstones().holds_trigger(trigger)
    }

    /// What opens must be fresh. The nonce is spent, whatever comes of the word.
    fn is_fresh(&mut self, at: &Moment, sealed: &Sealed) -> Result<(), GateRefusal> {
        let Some((_, nonce)) = sealed.word.opening() else {
            return Ok(());
        };
        // Such words have one signer; with more, the next step refuses them.
        let fresh = sealed
            .signatures
            .iter()
            .next()
            .is_some_and(|signature| self.nonces.spend(signature.key, nonce, at.now.boot));
        fresh.then_some(()).ok_or(GateRefusal::StaleNonce)
    }
}
