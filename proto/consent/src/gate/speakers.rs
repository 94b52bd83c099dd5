//! Who may say what. A key that is known has a kind and a role, and those say which words are its to sign;
//! whether the signature is good comes after.

use super::{Gate, GateRefusal, Moment};
use crate::{
    AgencyHash, AgencyRole, AgencySet, Cameras, Held, KeyId, KeyKind, Member, Origins, Proof,
    PublicKey, RevokeScope, Role, Sealed, Signature, SignedAlert, SignedRevoke, SignedTerms,
    SignedTrigger, SignedTriggerKind, Word,
};

/// Somebody who may say what was said, if the signature is good.
#[derive(Clone, Debug)]
pub(super) struct Speaker {
    pub(super) public: PublicKey,
    pub(super) origins: Origins,
    /// The cameras that they may speak of; `None`: all.
    pub(super) mask: Option<Cameras>,
}

impl Speaker {
    pub(super) fn key(&self) -> KeyId {
        self.public.id()
    }
}

impl<V> Gate<V> {
    /// One for each signature, in the same order.
    pub(super) fn speakers(
        &self,
        at: &Moment,
        sealed: &Sealed,
    ) -> Result<Vec<Speaker>, GateRefusal> {
        match &sealed.word {
            Word::OwnerSet(_) => self.quorum_of_owners(sealed),
            Word::AgencySet(set) => self.quorum_of_supervisors(sealed, set),
            word => {
                let signature = sealed.signatures.only().ok_or(GateRefusal::NotAllowed)?;
                self.one_speaker(at, word, signature).map(|one| vec![one])
            }
        }
    }

    fn one_speaker(
        &self,
        at: &Moment,
        word: &Word,
        signature: &Signature,
    ) -> Result<Speaker, GateRefusal> {
        if let Word::Alert(alert) = word {
            return self.alert_speaker(at, alert, signature);
        }
        if let Word::Operator(certificate) = word {
            return self.supervisor(certificate.agency, signature);
        }
        let member = self.member(signature)?;
        let allowed = match word {
            Word::Policy(_) | Word::Ceiling(_) => member.is_owner_passkey(),
            Word::Terms(terms) => may_sign_terms(member, terms),
            Word::Trigger(trigger) => may_trigger(member, trigger),
            Word::Revoke(revoke) => self.may_revoke(member, revoke),
            Word::OwnerSet(_)
            | Word::AgencySet(_)
            | Word::Alert(_)
            | Word::Operator(_)
            | Word::Receipt(_) => false,
        };
        if !allowed {
            return Err(GateRefusal::NotAllowed);
        }
        Ok(self.speaking(member))
    }

    fn speaking(&self, member: &Member) -> Speaker {
        Speaker {
            public: member.key.clone(),
            origins: self.setup.origins.clone(),
            mask: member.role.cameras().cloned(),
        }
    }

    /// The member whose key this is, signing as a key of its kind does.
    fn member(&self, signature: &Signature) -> Result<&Member, GateRefusal> {
        let set = self.kept.paired.as_ref().map(|paired| &paired.set.word);
        let member = set.and_then(|set| set.member(signature.key));
        let member = member.ok_or(GateRefusal::UnknownKey)?;
        let fits = match (member.kind, &signature.proof) {
            (KeyKind::Passkey, Proof::Passkey(_)) | (KeyKind::Phone, Proof::Raw(_)) => true,
            (KeyKind::Passkey, Proof::Raw(_)) | (KeyKind::Phone, Proof::Passkey(_)) => false,
        };
        fits.then_some(member).ok_or(GateRefusal::NotAllowed)
    }

    fn quorum_of_owners(&self, sealed: &Sealed) -> Result<Vec<Speaker>, GateRefusal> {
        let paired = self.kept.paired.as_ref().ok_or(GateRefusal::UnknownKey)?;
        let speakers = sealed.signatures.iter().map(|signature| {
            let member = self.member(signature)?;
            let owner = member.is_owner_passkey();
            owner
                .then(|| self.speaking(member))
                .ok_or(GateRefusal::NotAllowed)
        });
        enough(
            speakers.collect::<Result<_, _>>()?,
            paired.set.word.quorum(),
        )
    }

    /// A first set speaks for itself: its hash is the agency's name. Later ones hang on the one before.
    fn quorum_of_supervisors(
        &self,
        sealed: &Sealed,
        set: &AgencySet,
    ) -> Result<Vec<Speaker>, GateRefusal> {
        let agency = set.agency(sealed.hash);
        if !self.kept.names(agency) {
            return Err(GateRefusal::UnknownAgency);
        }
        let before = match (set.written_agency(), self.kept.agencies.get(&agency)) {
            (None, None) => set,
            // The first set again, after a later one.
            (None, Some(_)) => return Err(GateRefusal::OldVersion),
            (Some(_), None) => return Err(GateRefusal::WrongPrevious),
            (Some(_), Some(Held { word, .. })) => word,
        };
        let speakers = sealed
            .signatures
            .iter()
            .map(|signature| supervising(before, signature));
        enough(speakers.collect::<Result<_, _>>()?, before.quorum())
    }

    fn supervisor(
        &self,
        agency: AgencyHash,
        signature: &Signature,
    ) -> Result<Speaker, GateRefusal> {
        let set = self.kept.agencies.get(&agency);
        let set = set.ok_or(GateRefusal::UnknownAgency)?;
        supervising(&set.word, signature)
    }

    /// The agency's alert key for kinds of its own, or an operator under a certificate.
    fn alert_speaker(
        &self,
        at: &Moment,
        alert: &SignedAlert,
        signature: &Signature,
    ) -> Result<Speaker, GateRefusal> {
        let agency = alert.facts.agency;
        let Some(Held { word: set, .. }) = self.kept.agencies.get(&agency) else {
            return Err(GateRefusal::UnknownAgency);
        };
        let speaking = |public: &PublicKey| Speaker {
            public: public.clone(),
            origins: set.origin().clone().into(),
            mask: None,
        };
        if let Some(member) = set.member(signature.key) {
            let may = match (&member.role, &signature.proof) {
                (AgencyRole::Alerts(kinds), Proof::Raw(_)) => kinds.contains(&alert.facts.kind),
                (AgencyRole::Alerts(_), Proof::Passkey(_)) | (AgencyRole::Supervisor, _) => false,
            };
            return may
                .then(|| speaking(&member.key))
                .ok_or(GateRefusal::NotAllowed);
        }
        let operator = self.operator(agency, signature.key);
        let operator = operator.ok_or(GateRefusal::UnknownKey)?;
        if matches!(signature.proof, Proof::Raw(_)) {
            return Err(GateRefusal::NotAllowed);
        }
        if at.wall.is_none_or(|wall| operator.until < wall) {
            return Err(GateRefusal::Expired);
        }
        Ok(speaking(&operator.key))
    }

    /// Closing a share is anybody's who is enrolled, whatever cameras they have. What takes rules or keys away
    /// is the owner's; and policies that are not there yet a passkey's, or a stolen phone could void them all.
    fn may_revoke(&self, member: &Member, revoke: &SignedRevoke) -> bool {
        match revoke.scope {
            RevokeScope::Grant(_)
            | RevokeScope::Trigger(_)
            | RevokeScope::Camera(_)
            | RevokeScope::Everything => true,
            RevokeScope::Policy(version) => {
                let ours = self.kept.policy.as_ref().map(|held| held.word.version());
                let is_here = ours.is_some_and(|ours| version <= ours);
                member.role == Role::Owner && (is_here || member.is_owner_passkey())
            }
            RevokeScope::Agency(_) => member.role == Role::Owner,
            RevokeScope::Key(_) => member.is_owner_passkey(),
        }
    }

    /// Whether this key could say anything at all, so that a nonce for it is worth remembering.
    pub(super) fn knows(&self, key: KeyId) -> bool {
        let set = self.kept.paired.as_ref().map(|paired| &paired.set.word);
        let mut agencies = self.kept.agencies.iter();
        set.is_some_and(|set| set.member(key).is_some())
            || agencies.any(|(agency, held)| {
                held.word.member(key).is_some() || self.operator(*agency, key).is_some()
            })
    }
}

fn supervising(set: &AgencySet, signature: &Signature) -> Result<Speaker, GateRefusal> {
    let member = set.member(signature.key).ok_or(GateRefusal::UnknownKey)?;
    match (&member.role, &signature.proof) {
        (AgencyRole::Supervisor, Proof::Passkey(_)) => Ok(Speaker {
            public: member.key.clone(),
            origins: set.origin().clone().into(),
            mask: None,
        }),
        (AgencyRole::Supervisor, Proof::Raw(_)) | (AgencyRole::Alerts(_), _) => {
            Err(GateRefusal::NotAllowed)
        }
    }
}

fn enough(speakers: Vec<Speaker>, quorum: u32) -> Result<Vec<Speaker>, GateRefusal> {
    let met = usize::try_from(quorum).is_ok_and(|quorum| speakers.len() >= quorum);
    met.then_some(speakers).ok_or(GateRefusal::NotAllowed)
}

fn may_sign_terms(member: &Member, terms: &SignedTerms) -> bool {
    let short = terms.ttl.secs() <= SignedTerms::LONGEST_BY_PHONE_SECS;
    match (&member.role, member.kind) {
        (Role::Owner, KeyKind::Passkey) => true,
        (Role::Owner, KeyKind::Phone) => short,
        (Role::Household(cameras), KeyKind::Passkey | KeyKind::Phone) => {
            short && terms.cameras.is_subset(cameras)
        }
        (Role::Staff(_), _) => false,
    }
}

fn may_trigger(member: &Member, trigger: &SignedTrigger) -> bool {
    match (&trigger.kind, &member.role) {
        // Naming none means what the rules name; naming only others' cameras means nothing.
        (SignedTriggerKind::Press(press), role) => {
            press.cameras.is_empty() || press.cameras.iter().any(|camera| role.covers(*camera))
        }
        (SignedTriggerKind::Approval { .. }, Role::Owner | Role::Household(_)) => true,
        (SignedTriggerKind::Approval { .. }, Role::Staff(_)) => false,
    }
}
