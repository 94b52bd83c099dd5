//! What is signed, and how a signature over it is checked: plain P-256 from a phone, an agency or a device,
//! and a passkey's assertion (`passkey`). Whether the signer may say what was signed is the gate's matter.

mod client_data;
mod origin;
mod passkey;

use p256::ecdsa::Signature as Ecdsa;
use p256::ecdsa::signature::hazmat::PrehashVerifier as _;
use sha2::{Digest, Sha256};

pub use client_data::{BadClientData, ClientData};
pub use origin::{BadOrigin, Origin, Origins};
pub use passkey::{BadAssertion, PasskeyAssertion};

use crate::{KeyId, ObjectHash, PublicKey, Vec1};

/// Keeps what is signed here apart from everything else that the same key might ever sign.
const SIGNED_DOMAIN: &[u8] = b"ASSENT-SIG-v1\0";

/// The very bytes that a signature is over. Nobody keeps them: their hash is what is signed and compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedBytes(Vec<u8>);

impl SignedBytes {
    /// `None` for a type or payload too long for its length field; both are bounded far below that.
    #[must_use]
    pub fn new(type_name: &str, payload: &[u8]) -> Option<Self> {
        let type_length = u16::try_from(type_name.len()).ok()?;
        let payload_length = u32::try_from(payload.len()).ok()?;
        let parts: [&[u8]; 5] = [
            SIGNED_DOMAIN,
            &type_length.to_be_bytes(),
            type_name.as_bytes(),
            &payload_length.to_be_bytes(),
            payload,
        ];
        Some(Self(parts.concat()))
    }

    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    #[must_use]
    pub fn hash(&self) -> ObjectHash {
        ObjectHash(Sha256::digest(&self.0).into())
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    pub key: KeyId,
    pub proof: Proof,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proof {
    /// r and s (IEEE P1363): ECDSA with SHA-256 over the signed bytes.
    Raw([u8; 64]),
    Passkey(PasskeyAssertion),
}

/// One to four, strictly increasing by key, so that a set of them has one way to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signatures(Vec1<Signature>);

/// None, too many, or not in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadSignatures;

impl Signatures {
    /// The largest quorum, and one more.
    pub const MOST: usize = 4;

    pub fn new(signatures: Vec<Signature>) -> Result<Self, BadSignatures> {
        let in_order = signatures.is_sorted_by(|a, b| a.key < b.key);
        if signatures.len() > Self::MOST || !in_order {
            return Err(BadSignatures);
        }
        Vec1::new(signatures).map(Self).ok_or(BadSignatures)
    }

    pub fn iter(&self) -> impl Iterator<Item = &Signature> {
        self.0.iter()
    }

    /// The signature, where there is only one.
    #[must_use]
    pub fn only(&self) -> Option<&Signature> {
        match &*self.0 {
            [one] => Some(one),
            _ => None,
        }
    }
}

/// Why a signature does not stand for what it is under.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BadProof {
    BadSignature,
    /// A passkey's assertion from a page that may not ask for it.
    WrongOrigin,
    /// The authenticator did not check who held it.
    NotVerified,
}

/// Checks one signature. The product has one way to do it, [`P256`]; a test that is about something else
/// may bring its own.
pub trait Verify {
    fn verify(
        &self,
        key: &PublicKey,
        object: &ObjectHash,
        proof: &Proof,
        origins: &Origins,
    ) -> Result<(), BadProof>;
}

#[derive(Clone, Copy, Debug, Default)]
pub struct P256;

impl Verify for P256 {
    fn verify(
        &self,
        key: &PublicKey,
        object: &ObjectHash,
        proof: &Proof,
        origins: &Origins,
    ) -> Result<(), BadProof> {
        match proof {
            Proof::Raw(bytes) => {
                let signature = Ecdsa::from_slice(bytes).map_err(|_| BadProof::BadSignature)?;
                verify_digest(key, &object.0, &signature)
            }
            Proof::Passkey(assertion) => assertion.verify(key, object, origins),
        }
    }
}

fn verify_digest(key: &PublicKey, digest: &[u8; 32], signature: &Ecdsa) -> Result<(), BadProof> {
    key.point()
        .verify_prehash(digest, signature)
        .map_err(|_| BadProof::BadSignature)
}

#[cfg(test)]
mod tests;
