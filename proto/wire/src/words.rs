//! Signed words as bytes: an envelope with its type, its payload in the one canonical form, and its
//! signatures. Reading goes in the order size, parse, canonical, version; whether a signature is good and
//! its signer may speak is the gate's matter, in `assent-consent`.

mod agency;
mod alert;
mod ceiling;
mod owner_set;
mod parts;
mod policy;
mod receipt;
mod revoke;
mod signature;
mod terms;
mod trigger;

use assent_consent::{
    AgencySet, Ceiling, ObjectHash, OperatorCertificate, OwnerSet, Sealed, Signatures, SignedAlert,
    SignedBytes, SignedPolicy, SignedReceipt, SignedRevoke, SignedTerms, SignedTrigger, Word,
};
use prost::Message;

use crate::{MAX_ENVELOPE, MAX_POLICY, WireError, signed};

/// Reads one signed word.
pub fn open_word(bytes: &[u8]) -> Result<Sealed, WireError> {
    if bytes.len() > MAX_POLICY {
        return Err(WireError::TooLong);
    }
    let envelope = signed::Envelope::decode(bytes).map_err(|_| WireError::NotProtobuf)?;
    if !is_long(&envelope.r#type) && bytes.len() > MAX_ENVELOPE {
        return Err(WireError::TooLong);
    }
    if envelope.encode_to_vec() != bytes {
        return Err(WireError::NotCanonical);
    }
    let signatures = signature::signatures(&envelope.signatures)?;
    let word = read(&envelope.r#type, &envelope.payload)?;
    let signed = SignedBytes::new(&envelope.r#type, &envelope.payload);
    let hash = signed.ok_or(WireError::TooLong)?.hash();
    Ok(Sealed {
        word,
        hash,
        signatures,
    })
}

/// Writes a word with the signatures under it.
#[must_use]
pub fn seal_word(word: &Word, signatures: &Signatures) -> Vec<u8> {
    let envelope = signed::Envelope {
        r#type: word.type_name().to_owned(),
        payload: payload_of(word),
        signatures: signatures.iter().map(Into::into).collect(),
    };
    envelope.encode_to_vec()
}

/// A word's payload in its one form.
#[must_use]
pub fn payload_of(word: &Word) -> Vec<u8> {
    match word {
        Word::OwnerSet(word) => signed::OwnerSet::from(word).encode_to_vec(),
        Word::Policy(word) => signed::Policy::from(word).encode_to_vec(),
        Word::Ceiling(word) => signed::Ceiling::from(word).encode_to_vec(),
        Word::Terms(word) => signed::Terms::from(word).encode_to_vec(),
        Word::Trigger(word) => signed::Trigger::from(word).encode_to_vec(),
        Word::Alert(word) => signed::Alert::from(word).encode_to_vec(),
        Word::Revoke(word) => signed::Revoke::from(word).encode_to_vec(),
        Word::Receipt(word) => signed::Receipt::from(word).encode_to_vec(),
        Word::AgencySet(word) => signed::AgencySet::from(word).encode_to_vec(),
        Word::Operator(word) => signed::Operator::from(word).encode_to_vec(),
    }
}

/// What a key signs who signs this word.
///
/// # Errors
/// Only for a payload of 4 GiB.
pub fn signed_bytes(word: &Word) -> Result<SignedBytes, WireError> {
    SignedBytes::new(word.type_name(), &payload_of(word)).ok_or(WireError::TooLong)
}

/// What this word is called.
///
/// # Errors
/// As `signed_bytes`.
pub fn hash_of(word: &Word) -> Result<ObjectHash, WireError> {
    signed_bytes(word).map(|bytes| bytes.hash())
}

/// Reads a payload that is kept without its signatures, because they were checked before.
///
/// # Errors
/// As `open_word`.
pub fn read_payload(type_name: &str, payload: &[u8]) -> Result<(Word, ObjectHash), WireError> {
    let word = read(type_name, payload)?;
    let signed = SignedBytes::new(type_name, payload).ok_or(WireError::TooLong)?;
    Ok((word, signed.hash()))
}

/// Words that hold lists of rules, of keys, or an entry of the journal.
fn is_long(type_name: &str) -> bool {
    matches!(
        type_name.split_once('.').map(|(name, _)| name),
        Some("policy" | "owner-set" | "agency-set" | "receipt")
    )
}

fn read(type_name: &str, payload: &[u8]) -> Result<Word, WireError> {
    let word = match type_name {
        "owner-set.1" => decode::<signed::OwnerSet, OwnerSet>(payload).map(Word::OwnerSet),
        "policy.1" => decode::<signed::Policy, SignedPolicy>(payload).map(Word::Policy),
        "ceiling.1" => decode::<signed::Ceiling, Ceiling>(payload).map(Word::Ceiling),
        "terms.1" => decode::<signed::Terms, SignedTerms>(payload).map(Word::Terms),
        "trigger.1" => decode::<signed::Trigger, SignedTrigger>(payload).map(Word::Trigger),
        "alert.1" => decode::<signed::Alert, SignedAlert>(payload).map(Word::Alert),
        "revoke.1" => decode::<signed::Revoke, SignedRevoke>(payload).map(Word::Revoke),
        "receipt.1" => decode::<signed::Receipt, SignedReceipt>(payload).map(Word::Receipt),
        "agency-set.1" => decode::<signed::AgencySet, AgencySet>(payload).map(Word::AgencySet),
        "operator.1" => {
            decode::<signed::Operator, OperatorCertificate>(payload).map(Word::Operator)
        }
        other => return Err(unknown(other)),
    }?;
    // Written again from the value, not from the message: unsorted lists must not pass either.
    if payload_of(&word) != payload {
        return Err(WireError::NotCanonical);
    }
    Ok(word)
}

fn decode<M, W>(payload: &[u8]) -> Result<W, WireError>
where
    M: Message + Default,
    W: for<'a> TryFrom<&'a M, Error = WireError>,
{
    let message = M::decode(payload).map_err(|_| WireError::NotProtobuf)?;
    W::try_from(&message)
}

const NAMES: [&str; 10] = [
    "owner-set",
    "policy",
    "ceiling",
    "terms",
    "trigger",
    "alert",
    "revoke",
    "receipt",
    "agency-set",
    "operator",
];

/// A name that is known with a version above ours is from a newer device or phone.
fn unknown(type_name: &str) -> WireError {
    let newer = |version: &str| {
        let number = version.parse::<u32>().ok();
        number.is_some_and(|number| number > 1 && number.to_string() == version)
    };
    match type_name.split_once('.') {
        Some((name, version)) if NAMES.contains(&name) && newer(version) => {
            WireError::FromNewerVersion
        }
        _ => WireError::UnknownType,
    }
}
