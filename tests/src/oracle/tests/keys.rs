//! The oracle's keys as real ones, and how they sign: for most days a sign says only whether it is good,
//! because signatures are slow and not what is compared; for some they are real.

use std::sync::OnceLock;

use assent_consent::{
    BadProof, KeyId, ObjectHash, Origins, PasskeyAssertion, Proof, PublicKey, Signature, Verify,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p256::ecdsa::signature::hazmat::PrehashSigner as _;
use p256::ecdsa::{Signature as Ecdsa, SigningKey};
use sha2::{Digest, Sha256};

use crate::oracle::{Key, Signer, Truth};

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
        let public = |key| {
            let point = secret(key).verifying_key().to_sec1_point(true);
            PublicKey::from_sec1(point.as_bytes()).unwrap()
        };
        (0..KEYS).map(public).collect()
    });
    all[usize::from(key)].clone()
}

pub(super) fn id(key: Key) -> KeyId {
    public(key).id()
}

fn secret(key: Key) -> SigningKey {
    let seed: [u8; 32] = Sha256::digest([b"oracle", &[key][..]].concat()).into();
    SigningKey::from_slice(&seed).unwrap()
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
    if !signer.by_passkey {
        let raw: Ecdsa = secret(signer.key).sign_prehash(&hash.0).unwrap();
        return Proof::Raw(raw.to_bytes().into());
    }
    let home = if signer.key >= 6 { CONSOLE } else { OWNERS };
    let (host, flags) = match signer.truth {
        Truth::Good | Truth::Forged => (home, 5),
        Truth::Elsewhere => ("elsewhere.example", 5),
        Truth::Unverified => (home, 1),
    };
    let client = format!(
        r#"{{"type":"webauthn.get","challenge":"{}","origin":"https://{host}"}}"#,
        URL_SAFE_NO_PAD.encode(hash.0)
    );
    let mut data = Sha256::digest(host).to_vec();
    data.extend([flags, 0, 0, 0, 0]);
    let digest = Sha256::new()
        .chain_update(&data)
        .chain_update(Sha256::digest(&client))
        .finalize();
    let made: Ecdsa = secret(signer.key).sign_prehash(&digest).unwrap();
    let der = made.to_der().as_bytes().to_vec();
    Proof::Passkey(PasskeyAssertion::new(data, client.into_bytes(), der).unwrap())
}
