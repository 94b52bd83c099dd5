//! A key that a person holds: a phone's own, or a passkey in an authenticator that always finds its owner
//! there and verified. How each signs is `signing`'s.

use anyhow::{Context as _, Result, anyhow};
use assent_consent::{
    KeyId, KeyKind, Member, MemberName, Origin, PublicKey, Role, Signature, Signatures, Word,
};
use assent_wire::{hash_of, seal_word};
use uuid::Uuid;

use crate::signing::{Hand, PRESENT_AND_VERIFIED};

pub struct Key {
    hand: Hand,
    by: By,
}

enum By {
    Phone,
    Passkey(Origin),
}

impl Key {
    /// A new key that only this phone has.
    ///
    /// # Errors
    /// As `Hand::from_seed`.
    pub fn phone() -> Result<Self> {
        Ok(Self {
            hand: Hand::from_seed(Uuid::new_v4().as_bytes())?,
            by: By::Phone,
        })
    }

    /// A new passkey of the page at `origin`.
    ///
    /// # Errors
    /// As `Hand::from_seed`, and for something that is no origin.
    pub fn passkey(origin: &str) -> Result<Self> {
        let origin = Origin::new(origin).map_err(|_| anyhow!("{origin} is no origin"))?;
        Ok(Self {
            hand: Hand::from_seed(Uuid::new_v4().as_bytes())?,
            by: By::Passkey(origin),
        })
    }

    /// # Errors
    /// As `Hand::public`.
    pub fn public(&self) -> Result<PublicKey> {
        self.hand.public()
    }

    /// # Errors
    /// As `Hand::public`.
    pub fn id(&self) -> Result<KeyId> {
        self.hand.id()
    }

    /// A line of an owner set for this key.
    ///
    /// # Errors
    /// For a name that does not fit.
    pub fn member(&self, name: &str, role: Role) -> Result<Member> {
        Ok(Member {
            key: self.public()?,
            kind: match self.by {
                By::Phone => KeyKind::Phone,
                By::Passkey(_) => KeyKind::Passkey,
            },
            role,
            name: MemberName::new(name).map_err(|_| anyhow!("{name} is no name"))?,
        })
    }

    /// The word in an envelope, under this key's signature alone.
    ///
    /// # Errors
    /// As the library's.
    pub fn seal(&self, word: &Word) -> Result<Vec<u8>> {
        let hash = hash_of(word).context("a word has a name")?;
        let proof = match &self.by {
            By::Phone => self.hand.raw(&hash)?,
            By::Passkey(origin) => {
                let (page, host) = (origin.as_str(), origin.host());
                self.hand
                    .passkey_at(&hash, page, host, PRESENT_AND_VERIFIED)?
            }
        };
        let key = self.id()?;
        let signatures = Signatures::new(vec![Signature { key, proof }]);
        let signatures = signatures.map_err(|_| anyhow!("one signature is enough"))?;
        Ok(seal_word(word, &signatures))
    }
}
