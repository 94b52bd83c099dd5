//! The device's gate and the oracle on the same random days: what they say must be the same, and so must
//! be what is open after every step. A failure names its seed.

#![expect(clippy::unwrap_used, reason = "tests")]

mod compare;
mod dice;
mod draw;
mod draw_owners;
mod keys;
mod translate;

use assent_consent::P256;

use compare::{Day, Tally};
use keys::{Hand, Pretending};

/// Decisions of one day; long enough for a policy, its revoke and a day's limits.
const STEPS: u64 = 40;

/// Everything that the gate can say, so that none of it is agreed upon only because it never came up.
const EVERYTHING: &[&str] = &[
    "Opens",
    "Asks",
    "Closed",
    "Taken",
    "Known",
    "Waits",
    "WrongDevice",
    "WrongEpoch",
    "Revoked",
    "KeyCancelled",
    "StaleNonce",
    "UnknownKey",
    "NotAllowed",
    "BadSignature",
    "WrongOrigin",
    "NotVerified",
    "OldVersion",
    "WrongPrevious",
    "UnknownAgency",
    "LastPasskey",
    "TooFarAhead",
    "Expired",
    "NothingWaits",
    "AboveCeiling",
    "NoRule",
    "Paused",
    "QuietHours",
    "Cooldown",
    "DailyLimit",
    "TooOld",
    "TooFar",
    "UnknownCamera",
    "Replayed",
];

#[test]
fn the_gate_agrees_with_a_naive_oracle_on_a_hundred_thousand_decisions() {
    let long = std::env::var("ASSENT_ORACLE_DECISIONS").ok();
    let decisions: u64 = long.and_then(|text| text.parse().ok()).unwrap_or(100_000);
    let mut said = Tally::new();
    for seed in 1..=decisions / STEPS {
        Day::new(seed, Pretending, Hand::Pretending).live(STEPS, &mut said);
    }
    for word in EVERYTHING {
        let times = said.get(*word).copied().unwrap_or(0);
        assert!(times >= 10, "{word} was said {times} times only: {said:?}");
    }
}

#[test]
fn the_gate_agrees_with_the_oracle_with_real_signatures_too() {
    let mut said = Tally::new();
    for seed in 1_000_000..1_000_030 {
        Day::new(seed, P256, Hand::Real).live(STEPS, &mut said);
    }
    for word in ["Opens", "Closed", "Taken", "BadSignature"] {
        assert!(said.contains_key(word), "nobody said {word}: {said:?}");
    }
}

/// It would be no second opinion otherwise.
#[test]
fn the_oracle_knows_nothing_of_the_products_code() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = vec![folder.join("oracle.rs")];
    for entry in std::fs::read_dir(folder.join("oracle")).unwrap() {
        let path = entry.unwrap().path();
        let tests = path.is_dir() || path.ends_with("tests.rs");
        files.extend((!tests).then_some(path));
    }
    assert!(files.len() > 5, "{files:?}");
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(!text.contains("assent_"), "{} imports it", file.display());
    }
}
