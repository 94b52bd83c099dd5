//! The oracle's keys as real ones, and how they sign: for most days a sign says only whether it is good,
//! because signatures are slow and not what is compared; for some they are real.

use std::sync::OnceLock;

use assent_consent::{
    BadProof, KeyId, ObjectHash, Origins, PasskeyAssertion, Proof, PublicKey, Signature, Verify,
};

use crate::oracle::{Key, Signer, Truth};
use crate::signing::{self, PRESENT_AND_VERIFIED};

pub(super) const OWNERS: &str = "owner.example";
pub(super) const CONSOLE: &str = "console.example";

/// 0, 1: owner's passkeys. 2: owner's phone. 3: household phone. 4: staff phone. 5: household passkey.
/// 6, 7: supervisors. 8: alert key. 9: operator's passkey.
pub(super) const KEYS: u8 = 10;

pub(super) fn has_passkey(key: Key) -> bool {
    [0, 1, 5, 6, 7, 9].contains(&key)
}

pub(super) fn public(key: Key) -> PublicKey {
    static ALL: OnceLock<Vec<PublicKey>> = OnceLock::new();
    let all = ALL.get_or_init(|| {
        let public = |key| hand(key).public().unwrap();
        (0..KEYS).map(public).collect()
    });
    all[usize::from(key)].clone()
}

pub(super) fn id(key: Key) -> KeyId {
    public(key).id()
}

fn hand(key: Key) -> signing::Hand {
    signing::Hand::from_seed(&[b"oracle", &[key][..]].concat()).unwrap()
}

#[derive(Clone, Copy)]
pub(super) enum Hand {
    Pretending,
    Real,
}

/// Believes what a pretended signature says of itself.
#[derive(Clone, Copy)]
pub(super) struct Pretending;

impl Verify for Pretending {
    fn verify(
        &self,
        _: &PublicKey,
        _: &ObjectHash,
        proof: &Proof,
        _: &Origins,
    ) -> Result<(), BadProof> {
        let said = match proof {
            Proof::Raw(bytes) => bytes[0],
            Proof::Passkey(assertion) => assertion.signature()[0],
        };
        match said {
            0 => Ok(()),
            1 => Err(BadProof::BadSignature),
            2 => Err(BadProof::WrongOrigin),
            _ => Err(BadProof::NotVerified),
        }
    }
}

impl Hand {
    pub(super) fn sign(self, signer: &Signer, hash: ObjectHash) -> Signature {
        let proof = match self {
            Self::Pretending => pretend(signer),
            Self::Real => real(signer, hash),
        };
        Signature {
            key: id(signer.key),
            proof,
        }
    }
}

fn pretend(signer: &Signer) -> Proof {
    let said = match signer.truth {
        Truth::Good => 0,
        Truth::Forged => 1,
        Truth::Elsewhere => 2,
        Truth::Unverified => 3,
    };
    if signer.by_passkey {
        Proof::Passkey(PasskeyAssertion::new(vec![0; 37], vec![0], vec![said]).unwrap())
    } else {
        let mut raw = [0; 64];
        raw[0] = said;
        Proof::Raw(raw)
    }
}

fn real(signer: &Signer, hash: ObjectHash) -> Proof {
    let hash = match signer.truth {
        Truth::Forged => ObjectHash([0xee; 32]),
        Truth::Good | Truth::Elsewhere | Truth::Unverified => hash,
    };
    let hand = hand(signer.key);
    if !signer.by_passkey {
        return hand.raw(&hash).unwrap();
    }
    let home = if signer.key >= 6 { CONSOLE } else { OWNERS };
    let (host, flags) = match signer.truth {
        Truth::Good | Truth::Forged => (home, PRESENT_AND_VERIFIED),
        Truth::Elsewhere => ("elsewhere.example", PRESENT_AND_VERIFIED),
        Truth::Unverified => (home, 1),
    };
    hand.passkey(&hash, host, flags).unwrap()
}
