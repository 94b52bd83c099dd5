//! The signed words in force, and until the device is paired the secret of its QR code, in two slots of
//! their own. Written before anybody is told and before anything opens under them; found damaged, the
//! device does not start, because without them it would obey nobody's words or somebody else's.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use assent_consent::{
    AgencyHash, AgencySet, Ceiling, Certified, Closed, Epoch, GateKept, Held, KeyId, OwnerSet,
    Paired, PolicyVersion, RevokeId, SignedPolicy, SpentSecs, Word,
};
use assent_wire::{link, payload_of, read_payload};
use prost::Message as _;

use super::two::TwoSlots;
use crate::pairing::Secret;

/// The largest sets of 32 agencies, a policy and 256 certificates take 1.3 MiB; a household's are 4 KiB.
const SLOT_BYTES: usize = 2 * 1024 * 1024;

/// What is kept of the owner's words.
#[derive(Clone)]
pub(crate) struct Words {
    pub(crate) gate: GateKept,
    /// Erased when the device is paired, and after too many wrong tries.
    pub(crate) secret: Option<Secret>,
}

pub(super) struct WordSlots {
    slots: TwoSlots,
    /// Whether a secret may still stand in the older slot.
    secret_written: bool,
}

impl Words {
    pub(crate) fn new(epoch: Epoch, secret: Secret) -> Self {
        Self {
            gate: GateKept::new(epoch),
            secret: Some(secret),
        }
    }
}

impl WordSlots {
    /// A device that was never started gets a secret here.
    pub(super) fn open(dir: &Path) -> io::Result<(Self, Words)> {
        let (slots, found) = TwoSlots::open(dir, "words", SLOT_BYTES, |bytes| {
            let kept = link::KeptWords::decode(bytes).ok()?;
            let words = read(&kept)?;
            (kept.encode_to_vec() == bytes).then_some((kept.generation, words))
        })?;
        if found.damaged {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "the owner's words are damaged; remove words-a and words-b only if you own the device: \
                 it belongs to nobody then",
            ));
        }
        let mut slots = Self {
            slots,
            secret_written: true,
        };
        if let Some(words) = found.newest {
            return Ok((slots, words));
        }
        let words = Words::new(Epoch::FIRST, Secret::random());
        slots.keep(&words)?;
        Ok((slots, words))
    }

    pub(super) fn keep(&mut self, words: &Words) -> io::Result<()> {
        self.write(words)?;
        // The slot before still holds the secret: over it, too.
        if words.secret.is_none() && self.secret_written {
            self.write(words)?;
        }
        self.secret_written = words.secret.is_some();
        Ok(())
    }

    fn write(&mut self, words: &Words) -> io::Result<()> {
        let kept = message(words, self.slots.next_generation());
        self.slots.write(&kept.encode_to_vec())
    }
}

fn message(words: &Words, generation: u64) -> link::KeptWords {
    let gate = &words.gate;
    let paired = gate.paired.as_ref();
    let operator = |operator: &Certified| link::kept_words::Operator {
        certificate: payload_of(&Word::Operator(operator.certificate.clone())),
        by: operator.by.0.to_vec(),
    };
    let set = |held: &Held<AgencySet>| payload_of(&Word::AgencySet(held.word.clone()));
    let policy = |held: &Held<SignedPolicy>| payload_of(&Word::Policy(held.word.clone()));
    link::KeptWords {
        generation,
        epoch: gate.epoch.get(),
        owner_set: paired.map_or_else(Vec::new, |paired| {
            payload_of(&Word::OwnerSet(paired.set.word.clone()))
        }),
        ceiling: paired.map_or_else(Vec::new, |paired| {
            payload_of(&Word::Ceiling(paired.ceiling.word.clone()))
        }),
        policy: gate.policy.as_ref().map(policy).unwrap_or_default(),
        agency_sets: gate.agencies.values().map(set).collect(),
        operators: gate.operators.iter().map(operator).collect(),
        cancelled_keys: gate.closed.keys().map(|key| key.0.to_vec()).collect(),
        void_up_to: gate.closed.policies_up_to().0,
        shut_out: gate.closed.agencies().map(|id| id.0.to_vec()).collect(),
        heard: gate.closed.heard().map(|id| id.0.to_vec()).collect(),
        spent_day: gate.spent.day,
        spent_secs: gate.spent.secs,
        pairing_secret: words
            .secret
            .as_ref()
            .map_or_else(Vec::new, |secret| secret.bytes().to_vec()),
    }
}

/// All of it, or nothing: a part that cannot be read makes the whole slot worthless.
fn read(kept: &link::KeptWords) -> Option<Words> {
    let closed = Closed::restore(
        arrays(&kept.cancelled_keys)?.into_iter().map(KeyId),
        PolicyVersion(kept.void_up_to),
        arrays(&kept.shut_out)?.into_iter().map(AgencyHash),
        arrays(&kept.heard)?.into_iter().map(RevokeId),
    );
    let secret = match kept.pairing_secret.as_slice() {
        [] => None,
        bytes => Some(Secret::from_bytes(bytes.try_into().ok()?)),
    };
    let gate = GateKept {
        epoch: Epoch::new(kept.epoch)?,
        paired: paired(kept)?,
        policy: match kept.policy.as_slice() {
            [] => None,
            payload => Some(policy(payload)?),
        },
        agencies: agencies(kept)?,
        operators: kept.operators.iter().map(operator).collect::<Option<_>>()?,
        closed,
        spent: SpentSecs {
            day: kept.spent_day,
            secs: kept.spent_secs,
        },
    };
    Some(Words { gate, secret })
}

/// Both or neither: outside is `None` what cannot be read, inside a device that belongs to nobody.
#[expect(clippy::option_option, reason = "unreadable is not the same as absent")]
fn paired(kept: &link::KeptWords) -> Option<Option<Paired>> {
    if kept.owner_set.is_empty() && kept.ceiling.is_empty() {
        return Some(None);
    }
    Some(Some(Paired {
        set: owner_set(&kept.owner_set)?,
        ceiling: ceiling(&kept.ceiling)?,
    }))
}

fn owner_set(payload: &[u8]) -> Option<Held<OwnerSet>> {
    match read_payload("owner-set.1", payload).ok()? {
        (Word::OwnerSet(word), hash) => Some(Held { word, hash }),
        _ => None,
    }
}

fn ceiling(payload: &[u8]) -> Option<Held<Ceiling>> {
    match read_payload("ceiling.1", payload).ok()? {
        (Word::Ceiling(word), hash) => Some(Held { word, hash }),
        _ => None,
    }
}

fn policy(payload: &[u8]) -> Option<Held<SignedPolicy>> {
    match read_payload("policy.1", payload).ok()? {
        (Word::Policy(word), hash) => Some(Held { word, hash }),
        _ => None,
    }
}

fn agencies(kept: &link::KeptWords) -> Option<BTreeMap<AgencyHash, Held<AgencySet>>> {
    let agency = |payload: &Vec<u8>| match read_payload("agency-set.1", payload).ok()? {
        (Word::AgencySet(word), hash) => Some((word.agency(hash), Held { word, hash })),
        _ => None,
    };
    kept.agency_sets.iter().map(agency).collect()
}

fn operator(kept: &link::kept_words::Operator) -> Option<Certified> {
    match read_payload("operator.1", &kept.certificate).ok()? {
        (Word::Operator(certificate), _) => Some(Certified {
            certificate,
            by: KeyId(kept.by.as_slice().try_into().ok()?),
        }),
        _ => None,
    }
}

fn arrays<const N: usize>(list: &[Vec<u8>]) -> Option<Vec<[u8; N]>> {
    list.iter()
        .map(|bytes| bytes.as_slice().try_into().ok())
        .collect()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use std::os::unix::fs::FileExt as _;

    use assent_consent::Succession;
    use assent_wire::hash_of;

    use super::*;
    use crate::soft_owner::{Key, Owner, on_press, town, town_set};

    /// Everything that a device can hold.
    fn full(owner: &Owner, secs: u32) -> Words {
        let held = |word: &Word| hash_of(word).unwrap();
        let (set, ceiling) = (owner.set(), owner.ceiling(Succession::FIRST, 60));
        let policy = owner.policy(Succession::FIRST, vec![on_press(&[1])]);
        let hashes = (held(&set), held(&ceiling), held(&policy), held(&town_set()));
        let (Word::OwnerSet(set), Word::Ceiling(ceiling)) = (set, ceiling) else {
            panic!("other words")
        };
        let (Word::Policy(policy), Word::AgencySet(town_set)) = (policy, town_set()) else {
            panic!("other words")
        };
        let mut gate = GateKept::new(Epoch::FIRST);
        gate.paired = Some(Paired {
            set: Held {
                word: set,
                hash: hashes.0,
            },
            ceiling: Held {
                word: ceiling,
                hash: hashes.1,
            },
        });
        gate.policy = Some(Held {
            word: policy,
            hash: hashes.2,
        });
        gate.agencies = [(
            town(),
            Held {
                word: town_set,
                hash: hashes.3,
            },
        )]
        .into();
        let heard = (1..=9).map(|id| RevokeId([id; 16]));
        let keys = [Key::Stranger.id()];
        gate.closed = Closed::restore(keys, PolicyVersion(0), [town()], heard);
        gate.spent = SpentSecs { day: 3, secs };
        Words { gate, secret: None }
    }

    fn owner() -> Owner {
        let page = crate::soft_owner::OWNER_PAGE;
        Owner::scan(&format!(
            "{page}/#p={}.AAECAwQFBgcICQoLDA0ODw",
            "ab".repeat(32)
        ))
    }

    #[test]
    fn all_words_come_back_and_the_secret_is_gone_from_both_slots() {
        let dir = tempfile::tempdir().unwrap();
        let (mut slots, first) = WordSlots::open(dir.path()).unwrap();
        let secret = *first.secret.unwrap().bytes();
        let (_, again) = WordSlots::open(dir.path()).unwrap();
        assert!(
            again.secret.unwrap().bytes() == &secret,
            "the same after a restart"
        );
        let words = full(&owner(), 5);
        slots.keep(&words).unwrap();
        let (_, kept) = WordSlots::open(dir.path()).unwrap();
        assert_eq!(kept.gate, words.gate);
        for name in ["words-a", "words-b"] {
            let bytes = std::fs::read(dir.path().join(name)).unwrap();
            assert!(!bytes.windows(16).any(|window| window == secret));
        }
    }

    /// Whatever part of a write reached the disk: the words before or the words after, never a mix.
    #[test]
    fn a_power_loss_during_a_write_leaves_the_words_before_or_after() {
        let dir = tempfile::tempdir().unwrap();
        let (mut slots, _) = WordSlots::open(dir.path()).unwrap();
        let (before, after) = (full(&owner(), 5), full(&owner(), 6));
        slots.keep(&before).unwrap();
        let old = ["words-a", "words-b"].map(|name| std::fs::read(dir.path().join(name)).unwrap());
        slots.keep(&after).unwrap();
        let new = ["words-a", "words-b"].map(|name| std::fs::read(dir.path().join(name)).unwrap());
        let changed = usize::from(old[0] == new[0]);
        let last = (0..new[changed].len()).rfind(|at| old[changed][*at] != new[changed][*at]);
        for cut in (0..=last.unwrap() + 1).step_by(7) {
            let torn = [&new[changed][..cut], &old[changed][cut..]].concat();
            slots.slots.files[changed]
                .write_all_at(&torn[..last.unwrap() + 1], 0)
                .unwrap();
            let (_, found) = WordSlots::open(dir.path()).unwrap();
            assert!(
                found.gate == before.gate || found.gate == after.gate,
                "cut at {cut}"
            );
        }
    }

    #[test]
    fn words_that_are_damaged_in_both_slots_do_not_make_a_device_without_an_owner() {
        let dir = tempfile::tempdir().unwrap();
        let (mut slots, _) = WordSlots::open(dir.path()).unwrap();
        slots.keep(&full(&owner(), 5)).unwrap();
        for file in &slots.slots.files {
            file.write_all_at(&[0xff; 4], 60).unwrap();
        }
        assert!(WordSlots::open(dir.path()).is_err());
    }
}
