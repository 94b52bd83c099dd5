//! Test vectors of the signed words, for every implementation to check itself against: `proto/vectors`.
//! Here they are compared byte by byte with what this implementation writes, and read back. After a change
//! that is meant, write them anew with ASSENT_WRITE_VECTORS=1 and look at what changed.

#![expect(clippy::unwrap_used, reason = "tests")]

#[path = "vectors/at_the_gate.rs"]
mod at_the_gate;
#[path = "vectors/cases.rs"]
mod cases;
#[path = "vectors/forged.rs"]
mod forged;
#[path = "vectors/json.rs"]
mod json;
#[path = "vectors/keys.rs"]
mod keys;
#[path = "vectors/refused.rs"]
mod refused;
#[path = "vectors/scene.rs"]
mod scene;

use std::path::PathBuf;

use assent_consent::{Origin, Origins, P256, PublicKey, Sealed, Verify as _};
use assent_wire::{hash_of, open_word, payload_of, seal_word};
use serde_json::{Value, json};

use cases::{Case, cases};
use json::hex;
use keys::Key;

#[test]
fn the_keys_are_as_written() {
    let keys: Vec<Value> = Key::ALL.iter().map(|key| json::key(*key)).collect();
    compare(
        "keys.json",
        &json!({
            "warning": "test keys in clear, known to everybody: never enrol one",
            "keys": keys,
        }),
    );
}

#[test]
fn every_word_is_written_as_in_its_vector() {
    for (file, type_name) in [
        ("owner-set.json", "owner-set.1"),
        ("policy.json", "policy.1"),
        ("ceiling.json", "ceiling.1"),
        ("terms.json", "terms.1"),
        ("trigger.json", "trigger.1"),
        ("alert.json", "alert.1"),
        ("revoke.json", "revoke.1"),
        ("receipt.json", "receipt.1"),
        ("agency-set.json", "agency-set.1"),
        ("operator.json", "operator.1"),
    ] {
        let of_type = cases()
            .into_iter()
            .filter(|case| case.word.type_name() == type_name);
        let written: Vec<Value> = of_type.map(|case| json::case(&case)).collect();
        assert!(!written.is_empty(), "no case of {type_name}");
        compare(file, &json!({ "type": type_name, "cases": written }));
    }
}

#[test]
fn every_vector_is_read_back_and_its_signatures_are_good() {
    for case in cases() {
        let bytes = seal_word(&case.word, &case.signatures());
        let sealed = open_word(&bytes).unwrap();
        assert_eq!(sealed.word, case.word, "{}", case.name);
        assert_eq!(sealed.hash, hash_of(&case.word).unwrap());
        for (signer, signature) in case.signers.iter().zip(case.in_order()) {
            let origins = Origins::from(Origin::new(signature.0.origin()).unwrap());
            let key = signature.0.public();
            let proof = &signature.1.proof;
            assert_eq!(
                P256.verify(&key, &sealed.hash, proof, &origins),
                Ok(()),
                "{} by {signer:?}",
                case.name
            );
        }
    }
}

#[test]
fn every_refused_envelope_is_refused_for_its_reason() {
    let written: Vec<Value> = refused::envelopes()
        .iter()
        .map(|(name, refusal, envelope)| {
            assert_eq!(
                open_word(envelope).map(|_| ()),
                Err(*refusal),
                "{name}: {}",
                hex(envelope)
            );
            json!({ "name": name, "refusal": format!("{refusal:?}"), "envelope": hex(envelope) })
        })
        .collect();
    compare("refused-envelopes.json", &json!({ "cases": written }));
}

#[test]
fn every_refused_signature_is_refused_for_its_reason() {
    let written: Vec<Value> = forged::signatures()
        .iter()
        .map(|case| {
            let origins = Origins::from(Origin::new(case.signer.origin()).unwrap());
            let public = case.signer.public();
            let verified = P256.verify(&public, &case.hash, &case.proof, &origins);
            assert_eq!(verified, Err(case.refusal), "{}", case.name);
            json!({
                "name": case.name,
                "refusal": format!("{:?}", case.refusal),
                "key": case.signer.name(),
                "accepted_origin": case.signer.origin(),
                "hash": hex(&case.hash.0),
                "signature": json::proof(&case.proof),
            })
        })
        .collect();
    compare("refused-signatures.json", &json!({ "cases": written }));
}

/// No single bit of an envelope can be changed so that it still reads and verifies as the signer's word.
/// Most changes are seen without looking at the signature; it is looked at for all of them in one word of
/// each kind of signature, and for some in the others, because that is slow without optimisation.
#[test]
fn every_single_bit_of_a_signed_word_counts() {
    for case in cases() {
        let envelope = seal_word(&case.word, &case.signatures());
        let original = open_word(&envelope).unwrap();
        let signers = Signers::of(&case);
        let thorough = ["a press by passkey", "yes to a gunshot alarm"].contains(&case.name);
        for bit in 0..envelope.len() * 8 {
            let mut changed = envelope.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            let Ok(sealed) = open_word(&changed) else {
                continue;
            };
            assert_ne!(sealed, original, "{}: bit {bit}", case.name);
            if thorough || bit % SOME == 0 {
                assert!(!signers.stand_under(&sealed), "{}: bit {bit}", case.name);
            }
        }
    }
}

/// Not a multiple of eight, so that every place in a byte has its turn.
const SOME: usize = 61;

/// The keys that a case's signatures must be good for.
struct Signers(Vec<(PublicKey, Origins)>);

impl Signers {
    fn of(case: &Case) -> Self {
        let signers = case.in_order().into_iter().map(|(key, _)| {
            let origin = Origin::new(key.origin()).unwrap();
            (key.public(), Origins::from(origin))
        });
        Self(signers.collect())
    }

    fn stand_under(&self, sealed: &Sealed) -> bool {
        sealed.signatures.iter().count() == self.0.len()
            && sealed
                .signatures
                .iter()
                .zip(&self.0)
                .all(|(signature, (key, origins))| {
                    signature.key == key.id()
                        && P256
                            .verify(key, &sealed.hash, &signature.proof, origins)
                            .is_ok()
                })
    }
}

fn compare(file: &str, now: &Value) {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../vectors");
    let path = folder.join(file);
    let text = format!("{}\n", serde_json::to_string_pretty(now).unwrap());
    if std::env::var_os("ASSENT_WRITE_VECTORS").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == text,
        "proto/vectors/{file} differs from what is written now"
    );
}

#[test]
fn payloads_fit_their_bounds() {
    for case in cases() {
        assert!(payload_of(&case.word).len() < 3 * 1024, "{}", case.name);
    }
}
