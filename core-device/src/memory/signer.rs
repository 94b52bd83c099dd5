//! Receipts under the device's signature, and how one is read again. What is numbered and chained is the
//! entry inside, so that a device that got its key later has one chain all the same.

use std::borrow::Cow;
use std::io;

use assent_consent::{
    Addressed, DeviceId, Epoch, Origin, P256, Proof, Signature, Signatures, SignedReceipt,
    Verify as _, Word,
};
use assent_wire::{open_word, seal_word, signed_bytes};

use crate::device_key::DeviceKey;

/// Signs the receipts of one device.
#[derive(Clone, Debug)]
pub(super) struct Signer {
    pub(super) device: DeviceId,
    pub(super) epoch: Epoch,
    pub(super) key: DeviceKey,
}

impl Signer {
    /// The entry as `receipt.1`, in its envelope.
    pub(super) fn seal(&self, entry: Vec<u8>) -> io::Result<Vec<u8>> {
        let from = Addressed {
            device: self.device,
            epoch: self.epoch,
        };
        let word = Word::Receipt(SignedReceipt { from, entry });
        let bytes = signed_bytes(&word).map_err(io::Error::other)?;
        let signature = Signature {
            key: self.key.id(),
            proof: Proof::Raw(self.key.sign(&bytes)?),
        };
        let signatures = Signatures::new(vec![signature])
            .map_err(|_| io::Error::other("a signature is lost"))?;
        Ok(seal_word(&word, &signatures))
    }

    /// Whether this record is a receipt that this device signed. Through the chain it stands for all before.
    pub(super) fn made(&self, record: &[u8]) -> bool {
        let Ok(sealed) = open_word(record) else {
            return false;
        };
        let Word::Receipt(receipt) = &sealed.word else {
            return false;
        };
        let Some(signature) = sealed.signatures.only() else {
            return false;
        };
        // A device has no page; a passkey's proof is none of its own.
        matches!(signature.proof, Proof::Raw(_))
            && receipt.from.device == self.device
            && signature.key == self.key.id()
            && P256
                .verify(
                    self.key.public(),
                    &sealed.hash,
                    &signature.proof,
                    &Origin::nowhere().into(),
                )
                .is_ok()
    }
}

/// What a record of the journal says; records from before the device had a key are bare.
pub(super) fn entry_of(record: &[u8]) -> Cow<'_, [u8]> {
    match open_word(record) {
        Ok(sealed) => match sealed.word {
            Word::Receipt(receipt) => Cow::Owned(receipt.entry),
            _ => Cow::Borrowed(record),
        },
        Err(_) => Cow::Borrowed(record),
    }
}
