//! A passkey's assertion over a signed object (WebAuthn Level 3, section 7.2, as far as it is about the
//! assertion itself). Its challenge is the object's hash, so an assertion that signs somebody in, whose
//! challenge is random, can never be read as consent.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p256::ecdsa::Signature as Ecdsa;
use sha2::{Digest, Sha256};

use super::{BadProof, ClientData, Origins, verify_digest};
use crate::{ObjectHash, PublicKey};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasskeyAssertion {
    authenticator_data: Vec<u8>,
    client_data: Vec<u8>,
    signature: Vec<u8>,
}

/// One of its parts is shorter or longer than it can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadAssertion;

/// Relying party's hash, flags and counter.
const LEAST_AUTHENTICATOR_DATA: usize = 37;
/// Of the flags in byte 32 (section 6.1): somebody was there, and was checked by PIN or body.
const USER_PRESENT: u8 = 0x01;
const USER_VERIFIED: u8 = 0x04;

impl PasskeyAssertion {
    /// Extensions that authenticators write today take a few dozen bytes.
    pub const MOST_AUTHENTICATOR_DATA: usize = 256;
    /// Browsers write about 200 bytes.
    pub const MOST_CLIENT_DATA: usize = 1024;
    /// Two integers of 33 bytes with their tags.
    pub const MOST_SIGNATURE: usize = 72;

    pub fn new(
        authenticator_data: Vec<u8>,
        client_data: Vec<u8>,
        signature: Vec<u8>,
    ) -> Result<Self, BadAssertion> {
        let data = LEAST_AUTHENTICATOR_DATA..=Self::MOST_AUTHENTICATOR_DATA;
        let fits = data.contains(&authenticator_data.len())
            && (1..=Self::MOST_CLIENT_DATA).contains(&client_data.len())
            && (1..=Self::MOST_SIGNATURE).contains(&signature.len());
        let assertion = Self {
            authenticator_data,
            client_data,
            signature,
        };
        fits.then_some(assertion).ok_or(BadAssertion)
    }

    #[must_use]
    pub fn authenticator_data(&self) -> &[u8] {
        &self.authenticator_data
    }

    #[must_use]
    pub fn client_data(&self) -> &[u8] {
        &self.client_data
    }

    /// DER.
    #[must_use]
    pub fn signature(&self) -> &[u8] {
        &self.signature
    }

    pub(super) fn verify(
        &self,
        key: &PublicKey,
        object: &ObjectHash,
        origins: &Origins,
    ) -> Result<(), BadProof> {
        self.client_data_fits(object, origins)?;
        let flags = self.authenticator_data.get(32).copied().unwrap_or(0);
        if flags & USER_PRESENT == 0 || flags & USER_VERIFIED == 0 {
            return Err(BadProof::NotVerified);
        }
        let digest = Sha256::new()
            .chain_update(&self.authenticator_data)
            .chain_update(Sha256::digest(&self.client_data))
            .finalize();
        let signature = Ecdsa::from_der(&self.signature).map_err(|_| BadProof::BadSignature)?;
        verify_digest(key, &digest.into(), &signature)
    }

    fn client_data_fits(&self, object: &ObjectHash, origins: &Origins) -> Result<(), BadProof> {
        let said = ClientData::parse(&self.client_data).map_err(|_| BadProof::BadSignature)?;
        if said.kind != "webauthn.get" || said.challenge != URL_SAFE_NO_PAD.encode(object.0) {
            return Err(BadProof::BadSignature);
        }
        let origin = origins.iter().find(|origin| origin.as_str() == said.origin);
        let party = self.authenticator_data.get(..32);
        let at_home = origin
            .is_some_and(|origin| party == Some(origin.relying_party_hash().as_slice()))
            && !said.cross_origin;
        at_home.then_some(()).ok_or(BadProof::WrongOrigin)
    }
}
