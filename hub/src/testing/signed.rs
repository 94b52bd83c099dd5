//! Words as a phone would sign them, with signatures that nobody checked: the hub looks at their form only.

use crate::words::base64url;
use crate::world::DeviceId;
use assent_consent as consent;
use assent_wire::seal_word;
use consent::{
    Addressed, AgencyHash, AgencyMember, AgencyRole, AgencySet, AlertFacts, Epoch, KeyId, Level,
    Nonce, Origin, PersonId, PolicyVersion, PressedAt, Proof, PublicKey, RevokeId, RevokeReason,
    RevokeScope, Signature, Signatures, SignedPolicy, SignedRevoke, SignedTrigger,
    SignedTriggerKind, StandingPolicy, Succession, TriggerId, WallTime, Word,
};
use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256, PublicKeyData as _};
use uuid::Uuid;

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

/// An agency that began with one supervisor's key.
pub(crate) fn agency_set() -> Vec<u8> {
    let pair = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
    let point = pair.der_bytes();
    let mut short = vec![2 + (point[64] & 1)];
    short.extend_from_slice(&point[1..33]);
    let supervisor = AgencyMember {
        key: PublicKey::from_sec1(&short).unwrap(),
        role: AgencyRole::Supervisor,
    };
    let origin = Origin::new("https://console.example.org").unwrap();
    let set = AgencySet::new(None, Succession::FIRST, vec![supervisor], 1, origin);
    sealed(&Word::AgencySet(set.unwrap()))
}

fn trigger(device: DeviceId, id: Uuid, nonce: u8, kind: SignedTriggerKind) -> Word {
    Word::Trigger(SignedTrigger {
        to: to(device),
        id: TriggerId(*id.as_bytes()),
        nonce: Nonce([nonce; 16]),
        made_at: WallTime(0),
        kind,
    })
}

/// A panic that names no cameras.
pub(crate) fn press(device: DeviceId, id: Uuid, nonce: u8, by: &str) -> Word {
    let press = consent::Press {
        level: Level::Panic,
        silent: false,
        drill: false,
        at: PressedAt::Phone,
        by: PersonId::new(by).unwrap(),
        cameras: std::collections::BTreeSet::new(),
        note: consent::Note::new("back door").unwrap(),
    };
    trigger(device, id, nonce, SignedTriggerKind::Press(press))
}

pub(crate) fn yes(device: DeviceId, of: TriggerId, agency: AgencyHash, by: &str) -> Word {
    let kind = SignedTriggerKind::Approval {
        of,
        alert: AlertFacts {
            kind: consent::AlertKind::new("gunshot").unwrap(),
            agency,
            place: None,
            source: consent::AlertSource::new("detector").unwrap(),
        },
        by: PersonId::new(by).unwrap(),
    };
    trigger(device, Uuid::new_v4(), 1, kind)
}

pub(crate) fn stop(device: DeviceId, id: Uuid, scope: RevokeScope) -> Word {
    Word::Revoke(SignedRevoke {
        to: to(device),
        id: RevokeId(*id.as_bytes()),
        scope,
        reason: RevokeReason::Owner,
    })
}
