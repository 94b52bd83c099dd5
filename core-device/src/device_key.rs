//! The device's own key as what it signs with: receipts, and its half of a pairing. The same key is its
//! identity on the link; where it lies is `link`'s matter.

use std::fmt;
use std::io;
use std::sync::Arc;

use assent_consent::{KeyId, PublicKey, SignedBytes};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};

/// Cheap to clone; never written to a log.
#[derive(Clone)]
pub struct DeviceKey {
    pair: Arc<EcdsaKeyPair>,
    public: PublicKey,
}

impl DeviceKey {
    /// # Errors
    /// Anything that is not a P-256 key.
    pub fn from_pkcs8(der: &[u8]) -> io::Result<Self> {
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der)
            .map_err(|_| io::Error::other("the device's key is not a P-256 key"))?;
        let public = compressed(pair.public_key().as_ref())
            .and_then(|sec1| PublicKey::from_sec1(&sec1).ok())
            .ok_or_else(|| io::Error::other("the device's key has no public half"))?;
        Ok(Self {
            pair: Arc::new(pair),
            public,
        })
    }

    #[must_use]
    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    #[must_use]
    pub fn id(&self) -> KeyId {
        self.public.id()
    }

    /// r and s, as `Proof::Raw` holds them.
    ///
    /// # Errors
    /// Only when the machine has no randomness.
    pub fn sign(&self, bytes: &SignedBytes) -> io::Result<[u8; 64]> {
        let signature = self
            .pair
            .sign(&SystemRandom::new(), bytes.as_bytes())
            .map_err(|_| io::Error::other("the device's key does not sign"))?;
        signature
            .as_ref()
            .try_into()
            .map_err(|_| io::Error::other("the device's key signs in another form"))
    }
}

impl fmt::Debug for DeviceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DeviceKey({})", self.id())
    }
}

/// SEC 1, section 2.3.3: the x coordinate, and whether y is odd.
fn compressed(point: &[u8]) -> Option<[u8; 33]> {
    let (4, coordinates) = (point.first()?, point.get(1..)?) else {
        return None;
    };
    let (x, y) = coordinates.split_at_checked(32)?;
    let mut sec1 = [0; 33];
    sec1[0] = 2 + (y.last()? & 1);
    sec1[1..].copy_from_slice(x);
    (y.len() == 32).then_some(sec1)
}

#[cfg(test)]
pub(crate) mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use assent_consent::{Origin, P256, Proof, Verify as _};

    use super::*;

    pub(crate) fn key() -> DeviceKey {
        let pair = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
        DeviceKey::from_pkcs8(&pair.serialize_der()).unwrap()
    }

    #[test]
    fn what_it_signs_is_found_good_by_the_rules_of_consent() {
        let key = key();
        let bytes = SignedBytes::new("receipt.1", b"payload").unwrap();
        let proof = Proof::Raw(key.sign(&bytes).unwrap());
        let nowhere = Origin::nowhere().into();
        let verified = P256.verify(key.public(), &bytes.hash(), &proof, &nowhere);
        assert_eq!(verified, Ok(()));
    }
}
