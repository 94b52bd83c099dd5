//! A device's receipts as they lie on its disk, and whether they are one chain under the device's key. Written
//! from the form of the journal, with none of the device's code: length, checksum, record; a zero length ends.

use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use assent_consent::{Addressed, Origin, P256, PublicKey, Verify as _, Word};
use assent_wire::link::Receipt;
use assent_wire::open_word;
use prost::Message as _;
use sha2::{Digest as _, Sha256};

const HEADER: usize = 8;

/// The records of all segments, oldest first.
pub(super) fn records(journal: &Path) -> Result<Vec<Vec<u8>>> {
    let mut segments = Vec::new();
    for entry in std::fs::read_dir(journal)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        if name.is_some_and(|name| !name.starts_with("spare")) {
            segments.push(path);
        }
    }
    segments.sort();
    let mut records = Vec::new();
    for segment in segments {
        let bytes = std::fs::read(segment)?;
        let mut rest = &bytes[..];
        while let Some((record, behind)) = first(rest) {
            records.push(record.to_vec());
            rest = behind;
        }
    }
    Ok(records)
}

fn first(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (header, rest) = bytes.split_at_checked(HEADER)?;
    let length = u32::from_be_bytes(header[..4].try_into().ok()?);
    let (record, rest) = rest.split_at_checked(usize::try_from(length).ok()?)?;
    let good = length > 0 && header[4..] == Sha256::digest(record)[..4];
    good.then_some((record, rest))
}

/// Reads receipts that a device signed in this life, in their order.
///
/// # Errors
/// For the first that has another signature, is about another device, or does not tie on to the one before.
pub fn read_chain(records: &[Vec<u8>], of: Addressed, key: &PublicKey) -> Result<Vec<Receipt>> {
    let nowhere = Origin::new("https://nobody.invalid")
        .ok()
        .context("an origin")?;
    let mut chain: Vec<Receipt> = Vec::new();
    let mut before = [0; 32];
    for record in records {
        let sealed = open_word(record).context("a receipt that is not in an envelope")?;
        let Word::Receipt(receipt) = &sealed.word else {
            anyhow::bail!("{} in the journal", sealed.word.type_name());
        };
        let signature = sealed.signatures.only().context("one signature")?;
        let good = P256.verify(key, &sealed.hash, &signature.proof, &nowhere.clone().into());
        ensure!(
            good.is_ok() && signature.key == key.id(),
            "not the device's signature"
        );
        ensure!(receipt.from.device == of.device, "another device's receipt");
        let said = Receipt::decode(&*receipt.entry)?;
        let number = chain.last().map_or(1, |last| last.number + 1);
        ensure!(
            said.number == number,
            "receipt {} after {}",
            said.number,
            number - 1
        );
        ensure!(
            said.previous == before,
            "receipt {number} ties on to nothing"
        );
        before = Sha256::digest(&receipt.entry).into();
        chain.push(said);
    }
    Ok(chain)
}
