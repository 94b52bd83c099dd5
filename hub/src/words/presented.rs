//! Words that open nothing by themselves: given to the device, answered by it, and kept when it has taken
//! them. A ceiling that waits for a press at the device is kept when the device says so once more.

use std::sync::Arc;
use std::time::Duration;

use assent_consent::Word;
use assent_wire::link::{self, hub_frame::Body};
use assent_wire::{Covered, MAX_ENVELOPE, WireError, WordRefusal, read_hello};
use sha2::{Digest as _, Sha256};
use time::OffsetDateTime;
use tokio::sync::oneshot;

use super::envelope::{Envelope, MOST_ENVELOPES, base64url};
use super::page::{AgencyWords, KnownWords, WordTaken};
use super::{Words, away, refusals, rows};
use crate::error::{Error, Result};
use crate::identity::Person;
use crate::world::DeviceId;

/// A device checks a few signatures and writes one file.
const ANSWERED_WITHIN: Duration = Duration::from_secs(3);
/// A press at the device is waited for a minute, and its word is on the way a little longer.
const PENDING_FOR: time::Duration = time::Duration::seconds(90);
/// Words under way at all devices.
const MOST: usize = 1_024;

/// Words that a device was given and has not had its last say about, oldest first.
#[derive(Default)]
pub(super) struct Pending(Vec<One>);

struct One {
    device: DeviceId,
    /// SHA-256 of the envelope's bytes.
    hash: [u8; 32],
    envelope: Envelope,
    since: OffsetDateTime,
    tell: Option<oneshot::Sender<Said>>,
}

/// A device's word about one of them: what is in force by it, and who waits to hear it.
struct Heard {
    taken: Option<Envelope>,
    tell: Option<oneshot::Sender<Said>>,
}

/// What a device says to a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Said {
    Taken,
    WaitsForPress,
    Refused(WordRefusal),
}

impl Words {
    /// Gives the device what it is to have, and waits for its word about each.
    pub async fn present(
        &self,
        by: &Person,
        device: DeviceId,
        envelopes: &[String],
    ) -> Result<Vec<WordTaken>> {
        let device = self.of(by, device)?.id;
        if !(1..=MOST_ENVELOPES).contains(&envelopes.len()) {
            return Err(Error::invalid("Between one and eight envelopes at a time."));
        }
        let read = envelopes.iter().map(|text| presentable(text, device));
        let envelopes = read.collect::<Result<Vec<_>>>()?;
        let answers = self.give(device, envelopes)?;
        let deadline = tokio::time::Instant::now() + ANSWERED_WITHIN;
        let mut taken = Vec::with_capacity(answers.len());
        for answer in answers {
            match tokio::time::timeout_at(deadline, answer).await {
                Ok(Ok(said)) => taken.push(WordTaken::from(said)),
                Ok(Err(_)) | Err(_) => return Err(away()),
            }
        }
        Ok(taken)
    }

    fn give(
        &self,
        device: DeviceId,
        envelopes: Vec<Envelope>,
    ) -> Result<Vec<oneshot::Receiver<Said>>> {
        let since = self.world.clock.now();
        let bytes = envelopes.iter().map(|one| one.bytes.to_vec()).collect();
        let mut answers = Vec::with_capacity(envelopes.len());
        {
            let mut pending = self.pending.lock();
            pending.0.retain(|one| since - one.since < PENDING_FOR);
            if pending.0.len() + envelopes.len() > MOST {
                return Err(Error::unavailable(
                    "The hub has too much to do at the moment. Try again.",
                )
                .slug("busy"));
            }
            for envelope in envelopes {
                let (tell, told) = oneshot::channel();
                pending.0.push(One {
                    device,
                    hash: Sha256::digest(&envelope.bytes).into(),
                    envelope,
                    since,
                    tell: Some(tell),
                });
                answers.push(told);
            }
        }
        let present = link::Present { envelopes: bytes };
        if self.devices.say(device, Body::Present(present)) {
            return Ok(answers);
        }
        drop(answers);
        let given_up = |one: &One| one.tell.as_ref().is_some_and(oneshot::Sender::is_closed);
        let pending = &mut self.pending.lock().0;
        pending.retain(|one| one.device != device || !given_up(one));
        Err(away())
    }

    /// The device's word about something that it was given.
    pub async fn presented(&self, device: DeviceId, presented: &link::Presented) -> Result<()> {
        let said = match presented.refusal() {
            link::Refusal::Unspecified if presented.waits_for_press => Said::WaitsForPress,
            link::Refusal::Unspecified => Said::Taken,
            refusal => Said::Refused(WordRefusal::try_from(refusal).map_err(Error::internal)?),
        };
        let heard = self.pending.lock().hear(device, &presented.hash, said);
        let Some(heard) = heard else { return Ok(()) };
        // Kept first: whoever is told that it is in force finds it here.
        let kept = match &heard.taken {
            Some(envelope) => rows::put(&self.world, device, envelope).await,
            None => Ok(()),
        };
        if let Some(tell) = heard.tell {
            // Whoever asked may have given up meanwhile.
            tell.send(said).ok();
        }
        kept
    }

    /// The device was paired by this message: what stands in it is in force there.
    pub async fn paired(&self, device: DeviceId, hello: &[u8]) -> Result<()> {
        let unreadable = |error: WireError| Error::invalid(format!("A pairing message: {error}."));
        let covered = Covered::split(hello).map_err(unreadable)?;
        let hello = read_hello(covered.said).map_err(unreadable)?;
        for bytes in [hello.owner_set, hello.ceiling, hello.policy] {
            let Ok(envelope) = Envelope::open(&bytes) else {
                continue;
            };
            if envelope.device() == Some(device) {
                rows::put(&self.world, device, &envelope).await?;
            }
        }
        Ok(())
    }

    /// What the hub has kept of this device's words, for another phone of the household.
    pub async fn known(&self, by: &Person, device: DeviceId) -> Result<KnownWords> {
        let device = self.of(by, device)?.id;
        let mut words = KnownWords {
            owner_set: None,
            policy: None,
            ceiling: None,
            agencies: self.agencies(),
        };
        for (kind, envelope) in rows::of(&self.world, device).await? {
            let place = match kind.as_str() {
                "owner-set" => &mut words.owner_set,
                "policy" => &mut words.policy,
                "ceiling" => &mut words.ceiling,
                _ => continue,
            };
            *place = Some(base64url(&envelope));
        }
        Ok(words)
    }

    fn agencies(&self) -> Vec<AgencyWords> {
        let known = self.registry.agency_sets().into_iter();
        known
            .filter_map(|(id, set)| {
                let agency = self.registry.agency(id)?;
                Some(AgencyWords {
                    id: id.0,
                    name: agency.name.clone(),
                    signed_as: set.name.to_string(),
                    envelope: base64url(&set.envelope),
                })
            })
            .collect()
    }
}

impl Pending {
    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// None: nobody gave the device this. What waits for a press stays until the device has its last say.
    fn hear(&mut self, device: DeviceId, hash: &[u8], said: Said) -> Option<Heard> {
        let at = self
            .0
            .iter()
            .position(|one| one.device == device && one.hash == hash)?;
        if said == Said::WaitsForPress {
            let tell = self.0[at].tell.take();
            return Some(Heard { taken: None, tell });
        }
        let one = self.0.remove(at);
        Some(Heard {
            taken: (said == Said::Taken).then_some(one.envelope),
            tell: one.tell,
        })
    }
}

impl From<Said> for WordTaken {
    fn from(said: Said) -> Self {
        let refusal = match said {
            Said::Taken | Said::WaitsForPress => None,
            Said::Refused(refusal) => Some(refusal),
        };
        Self {
            accepted: said == Said::Taken,
            waits_for_press: said == Said::WaitsForPress,
            refusal: refusal.map(|refusal| refusals::name(refusal).to_owned()),
            detail: refusal.map(|refusal| refusals::sentence(refusal).to_owned()),
        }
    }
}

/// Something that opens nothing by itself, for this device or for everybody.
fn presentable(text: &str, device: DeviceId) -> Result<Envelope> {
    let envelope = Envelope::read(text)?;
    let long = match envelope.word() {
        Word::OwnerSet(_) | Word::Policy(_) | Word::AgencySet(_) => true,
        Word::Ceiling(_) | Word::Operator(_) => false,
        Word::Terms(_) | Word::Trigger(_) | Word::Alert(_) | Word::Revoke(_) | Word::Receipt(_) => {
            return Err(Error::unprocessable(
                "Only sets, policies, ceilings and certificates are given to a device this way.",
            )
            .slug("envelope-mismatch"));
        }
    };
    if envelope.device().is_some_and(|to| to != device) {
        return Err(
            Error::unprocessable("This envelope is for another device.").slug("envelope-mismatch")
        );
    }
    if !long && envelope.bytes.len() > MAX_ENVELOPE {
        return Err(Error::unprocessable("This envelope is too long.").slug("envelope-unreadable"));
    }
    Ok(envelope)
}

/// What the hub keeps a word under: its type without the version, and how new it is.
pub(super) struct Shelf {
    pub(super) kind: &'static str,
    pub(super) epoch: u64,
    pub(super) version: u64,
    pub(super) bytes: Arc<[u8]>,
}

impl Shelf {
    /// None for an agency's papers, which are the agency's to keep.
    pub(super) fn of(envelope: &Envelope) -> Option<Self> {
        let (kind, version) = match envelope.word() {
            Word::OwnerSet(set) => ("owner-set", set.succession().version()),
            Word::Policy(policy) => ("policy", policy.succession().version()),
            Word::Ceiling(ceiling) => ("ceiling", ceiling.succession().version()),
            Word::Terms(_)
            | Word::Trigger(_)
            | Word::Alert(_)
            | Word::Revoke(_)
            | Word::Receipt(_)
            | Word::AgencySet(_)
            | Word::Operator(_) => return None,
        };
        Some(Self {
            kind,
            epoch: envelope.word().addressed()?.epoch.get(),
            version,
            bytes: Arc::clone(&envelope.bytes),
        })
    }
}
