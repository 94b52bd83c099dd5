//! Receipts under the device's own signature. The entry is the journal's, and must be one: canonical and
//! numbered.

use assent_consent::SignedReceipt;
use prost::Message as _;

use super::parts::addressed;
use crate::{WireError, link, signed};

impl TryFrom<&signed::Receipt> for SignedReceipt {
    type Error = WireError;

    fn try_from(m: &signed::Receipt) -> Result<Self, WireError> {
        let entry =
            link::Receipt::decode(m.entry.as_slice()).map_err(|_| WireError::Bad("entry"))?;
        if entry.number == 0 || entry.previous.len() != 32 || entry.encode_to_vec() != m.entry {
            return Err(WireError::Bad("entry"));
        }
        Ok(Self {
            from: addressed(&m.device, m.epoch)?,
            entry: m.entry.clone(),
        })
    }
}

impl From<&SignedReceipt> for signed::Receipt {
    fn from(receipt: &SignedReceipt) -> Self {
        Self {
            device: receipt.from.device.0.to_vec(),
            epoch: receipt.from.epoch.get(),
            entry: receipt.entry.clone(),
        }
    }
}
