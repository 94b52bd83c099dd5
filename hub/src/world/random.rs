//! Ids and secrets. A secret leaves the hub once; what the hub keeps of it is a hash.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::rngs::{OsRng, StdRng};
use rand::{RngCore, SeedableRng, TryRngCore};
use sha2::{Digest, Sha256};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use uuid::Uuid;
use zeroize::Zeroizing;

/// 256 bits: not to be guessed however many are asked for.
const SECRET_BYTES: usize = 32;

#[derive(Clone, Default)]
pub struct Random {
    seeded: Option<Arc<Mutex<StdRng>>>,
}

impl Random {
    pub fn system() -> Self {
        Self { seeded: None }
    }

    /// For tests that replay from a seed.
    pub fn seeded(seed: u64) -> Self {
        Self {
            seeded: Some(Arc::new(Mutex::new(StdRng::seed_from_u64(seed)))),
        }
    }

    pub fn id(&self) -> Uuid {
        uuid::Builder::from_random_bytes(self.bytes()).into_uuid()
    }

    pub fn secret(&self) -> Secret {
        let bytes: Zeroizing<[u8; SECRET_BYTES]> = Zeroizing::new(self.bytes());
        Secret(Zeroizing::new(URL_SAFE_NO_PAD.encode(bytes.as_slice())))
    }

    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        match &self.seeded {
            Some(rng) => rng
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .fill_bytes(&mut bytes),
            // Without randomness no secret may be made: a process that cannot read it has to end.
            None => OsRng.unwrap_err().fill_bytes(&mut bytes),
        }
        bytes
    }
}

/// Text that opens something: a link, a session, a ticket, a claim.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

/// What the hub stores and compares. Secrets are long and random, so a plain SHA-256 suffices.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Hash(pub [u8; 32]);

impl Secret {
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    pub fn reveal(&self) -> &str {
        &self.0
    }

    pub fn hash(&self) -> Hash {
        Hash(Sha256::digest(self.0.as_bytes()).into())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("‹secret›")
    }
}
