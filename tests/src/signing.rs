//! Keys of people who are not there: phone keys and passkeys that sign as browsers and authenticators do,
//! for tests and benches. A key is made from a seed, so that the same test has the same keys.

use assent_consent::{KeyId, ObjectHash, PasskeyAssertion, Proof, PublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p256::ecdsa::signature::hazmat::PrehashSigner as _;
use p256::ecdsa::{Signature as Ecdsa, SigningKey};
use sha2::{Digest, Sha256};

/// Somebody was there, and was checked (WebAuthn Level 3, section 6.1).
pub const PRESENT_AND_VERIFIED: u8 = 0x05;

pub struct Hand(SigningKey);

impl Hand {
    /// # Errors
    /// Where the seed's hash is no scalar of the curve, which nobody has ever seen.
    pub fn from_seed(seed: &[u8]) -> anyhow::Result<Self> {
        Ok(Self(SigningKey::from_slice(&Sha256::digest(seed))?))
    }

    /// # Errors
    /// Never for a key that signs.
    pub fn public(&self) -> anyhow::Result<PublicKey> {
        let point = self.0.verifying_key().to_sec1_point(true);
        PublicKey::from_sec1(point.as_bytes()).map_err(|_| anyhow::anyhow!("not a point"))
    }

    /// # Errors
    /// As `public`.
    pub fn id(&self) -> anyhow::Result<KeyId> {
        Ok(self.public()?.id())
    }

    /// As a phone's key signs.
    ///
    /// # Errors
    /// As the library's.
    pub fn raw(&self, object: &ObjectHash) -> anyhow::Result<Proof> {
        let signature: Ecdsa = self.0.sign_prehash(&object.0)?;
        Ok(Proof::Raw(signature.to_bytes().into()))
    }

    /// As a passkey signs on a page of this host.
    ///
    /// # Errors
    /// As the library's, and for a host too long to fit.
    pub fn passkey(&self, object: &ObjectHash, host: &str, flags: u8) -> anyhow::Result<Proof> {
        self.passkey_at(object, &format!("https://{host}"), host, flags)
    }

    /// As a passkey of this relying party signs on a page of this origin.
    ///
    /// # Errors
    /// As `passkey`.
    pub fn passkey_at(
        &self,
        object: &ObjectHash,
        origin: &str,
        relying_party: &str,
        flags: u8,
    ) -> anyhow::Result<Proof> {
        let client = format!(
            r#"{{"type":"webauthn.get","challenge":"{}","origin":"{origin}","crossOrigin":false}}"#,
            URL_SAFE_NO_PAD.encode(object.0)
        );
        let mut data = Sha256::digest(relying_party).to_vec();
        data.extend([flags, 0, 0, 0, 0]);
        let digest = Sha256::new()
            .chain_update(&data)
            .chain_update(Sha256::digest(&client))
            .finalize();
        let signature: Ecdsa = self.0.sign_prehash(&digest)?;
        let der = signature.to_der().as_bytes().to_vec();
        let assertion = PasskeyAssertion::new(data, client.into_bytes(), der);
        let assertion = assertion.map_err(|_| anyhow::anyhow!("the host is too long"))?;
        Ok(Proof::Passkey(assertion))
    }
}
