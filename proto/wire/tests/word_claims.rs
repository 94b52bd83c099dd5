//! The claims of the fuzz targets about signed words, tried in every test run on mutated test vectors. The
//! fuzzer itself needs a nightly compiler and goes deeper: see `tests/fuzz`.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::path::PathBuf;

use proptest::prelude::*;
use serde_json::Value;

#[path = "../../../tests/fuzz/word_claims.rs"]
mod word_claims;

/// All that the vectors have under this key, anywhere.
fn vectors(key: &str) -> Vec<Vec<u8>> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../vectors");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "json"))
        .collect();
    files.sort();
    let mut found = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(file).unwrap();
        collect(&serde_json::from_str(&text).unwrap(), key, &mut found);
    }
    assert!(found.len() > 10, "the vectors have no {key}");
    found
}

fn collect(value: &Value, key: &str, found: &mut Vec<Vec<u8>>) {
    match value {
        Value::Object(members) => {
            if let Some(Value::String(hex)) = members.get(key) {
                found.push(bytes(hex));
            }
            members
                .values()
                .for_each(|value| collect(value, key, found));
        }
        Value::Array(list) => list.iter().for_each(|value| collect(value, key, found)),
        _ => {}
    }
}

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex
        .bytes()
        .map(|digit| u8::try_from(char::from(digit).to_digit(16).unwrap()).unwrap())
        .collect();
    digits
        .chunks(2)
        .map(|pair| pair[0] << 4 | pair[1])
        .collect()
}

/// One of the seeds with a few bytes put over, in or out, as a fuzzer would do it.
fn near(seeds: Vec<Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    let edit = (any::<prop::sample::Index>(), any::<u8>(), 0..3u8);
    let edits = prop::collection::vec(edit, 0..4);
    (prop::sample::select(seeds), edits).prop_map(|(mut bytes, edits)| {
        for (at, byte, how) in edits {
            let at = at.index(bytes.len().max(1)).min(bytes.len());
            match how {
                0 if at < bytes.len() => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                _ if at < bytes.len() => drop(bytes.remove(at)),
                _ => {}
            }
        }
        bytes
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    #[test]
    fn a_word_is_refused_or_has_one_form(bytes in near(vectors("envelope"))) {
        word_claims::word(&bytes);
    }

    #[test]
    fn a_payload_is_refused_or_has_one_form(which in any::<u8>(), bytes in near(vectors("payload"))) {
        word_claims::payload(which, &bytes);
    }

    #[test]
    fn client_data_is_refused_or_read_as_everybody_reads_it(bytes in near(vectors("client_data"))) {
        word_claims::client_data(&bytes);
    }

    #[test]
    fn bytes_from_nowhere_are_no_exception(
        which in any::<u8>(),
        bytes in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        word_claims::word(&bytes);
        word_claims::payload(which, &bytes);
        word_claims::client_data(&bytes);
    }
}

#[test]
fn every_vector_is_claimed_as_it_stands() {
    vectors("envelope")
        .iter()
        .for_each(|bytes| word_claims::word(bytes));
    vectors("client_data")
        .iter()
        .for_each(|bytes| word_claims::client_data(bytes));
    for payload in vectors("payload") {
        (0..12).for_each(|which| word_claims::payload(which, &payload));
    }
}
