//! Words as a phone would sign them, with signatures that nobody checked: the hub looks at their form only.

use crate::words::base64url;
use crate::world::DeviceId;
use assent_consent as consent;
use assent_wire::seal_word;
use consent::{
    Addressed, Epoch, KeyId, PolicyVersion, Proof, Signature, Signatures, SignedPolicy,
    StandingPolicy, Succession, WallTime, Word,
};

pub(crate) const KEY: KeyId = KeyId([3; 32]);

pub(crate) fn to(device: DeviceId) -> Addressed {
    Addressed {
        device: consent::DeviceId(device.0),
        epoch: Epoch::FIRST,
    }
}

pub(crate) fn sealed(word: &Word) -> Vec<u8> {
    let proof = Proof::Raw([1; 64]);
    let signature = Signature { key: KEY, proof };
    seal_word(word, &Signatures::new(vec![signature]).unwrap())
}

/// As a page hands it over.
pub(crate) fn envelope(word: &Word) -> String {
    base64url(&sealed(word))
}

/// A policy without any rule.
pub(crate) fn empty_policy(device: DeviceId, version: u64) -> Word {
    let previous = (version > 1).then_some(consent::ObjectHash([5; 32]));
    let succession = Succession::new(version, previous).unwrap();
    let rules = StandingPolicy::new(PolicyVersion(version), Vec::new()).unwrap();
    let policy = SignedPolicy::new(to(device), succession, None, Vec::new(), rules, WallTime(0));
    Word::Policy(policy.unwrap())
}
