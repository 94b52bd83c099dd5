//! Public keys as signed words name them: P-256 points, checked once when they are read. Private keys are
//! nobody's business here.

use std::cmp::Ordering;
use std::fmt;

use p256::ecdsa::VerifyingKey;
use sha2::{Digest, Sha256};

use crate::KeyId;

/// A point on P-256, as SEC 1 writes it compressed (SEC 1, section 2.3.3).
#[derive(Clone)]
pub struct PublicKey {
    sec1: [u8; 33],
    id: KeyId,
    point: VerifyingKey,
}

/// Not 33 bytes, or no point of the curve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadKey;

impl PublicKey {
    pub fn from_sec1(bytes: &[u8]) -> Result<Self, BadKey> {
        let sec1: [u8; 33] = bytes.try_into().map_err(|_| BadKey)?;
        let point = VerifyingKey::from_sec1_bytes(&sec1).map_err(|_| BadKey)?;
        Ok(Self {
            sec1,
            id: KeyId(Sha256::digest(sec1).into()),
            point,
        })
    }

    #[must_use]
    pub fn sec1(&self) -> &[u8; 33] {
        &self.sec1
    }

    #[must_use]
    pub fn id(&self) -> KeyId {
        self.id
    }

    pub(crate) fn point(&self) -> &VerifyingKey {
        &self.point
    }
}

impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.sec1 == other.sec1
    }
}

impl Eq for PublicKey {}

impl PartialOrd for PublicKey {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for PublicKey {
    fn cmp(&self, other: &Self) -> Ordering {
        self.sec1.cmp(&other.sec1)
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", self.id)
    }
}
