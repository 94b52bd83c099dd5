//! What the fuzz targets claim of any bytes that come as signed words. Pure functions, so that
//! `proto/wire/tests/word_claims.rs` tries the same claims in every test run, on mutated test vectors.

use assent_consent::ClientData;
use assent_wire::{hash_of, open_word, payload_of, seal_word, signed};
use prost::Message as _;

/// Every type that an envelope may name, and two that it may not.
const TYPES: [&str; 12] = [
    "owner-set.1",
    "policy.1",
    "ceiling.1",
    "terms.1",
    "trigger.1",
    "alert.1",
    "revoke.1",
    "receipt.1",
    "agency-set.1",
    "operator.1",
    "trigger.2",
    "trigger",
];

/// Any bytes as an envelope: refused, or read into a word that is written as these very bytes.
pub(crate) fn word(bytes: &[u8]) {
    let Ok(sealed) = open_word(bytes) else {
        return;
    };
    let again = seal_word(&sealed.word, &sealed.signatures);
    assert_eq!(again, bytes, "two ways to write one word");
    assert_eq!(
        hash_of(&sealed.word),
        Ok(sealed.hash),
        "two names for one word"
    );
}

/// Any bytes as the payload of any type: refused, or the one form of what they say.
pub(crate) fn payload(which: u8, payload: &[u8]) {
    let type_name = TYPES[usize::from(which) % TYPES.len()];
    let envelope = signed::Envelope {
        r#type: type_name.to_owned(),
        payload: payload.to_vec(),
        signatures: vec![signed::Signature {
            key: vec![1; 32],
            raw: vec![2; 64],
            passkey: None,
        }],
    };
    let bytes = envelope.encode_to_vec();
    if let Ok(sealed) = open_word(&bytes) {
        assert_eq!(sealed.word.type_name(), type_name);
        assert_eq!(
            payload_of(&sealed.word),
            payload,
            "two ways to write one payload"
        );
    }
    word(&bytes);
}

/// Any bytes as a browser's client data: refused, or read as every other reader of JSON reads them.
pub(crate) fn client_data(bytes: &[u8]) {
    let Ok(said) = ClientData::parse(bytes) else {
        return;
    };
    let Ok(other) = serde_json::from_slice::<serde_json::Value>(bytes) else {
        panic!("no other reader takes it for JSON");
    };
    assert_eq!(other["type"], said.kind);
    assert_eq!(other["challenge"], said.challenge);
    assert_eq!(other["origin"], said.origin);
    let crosses = other
        .get("crossOrigin")
        .is_some_and(|crosses| crosses == true);
    assert_eq!(crosses, said.cross_origin);
}
