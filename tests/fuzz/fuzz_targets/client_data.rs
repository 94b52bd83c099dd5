//! Any bytes as a browser's client data. See `word_claims`.
#![no_main]

#[path = "../word_claims.rs"]
#[expect(dead_code, reason = "each target tries one claim")]
mod word_claims;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| word_claims::client_data(bytes));
