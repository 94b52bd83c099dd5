//! Any bytes as the payload of each signed object; the first byte says which. See `word_claims`.
#![no_main]

#[path = "../word_claims.rs"]
#[expect(dead_code, reason = "each target tries one claim")]
mod word_claims;

libfuzzer_sys::fuzz_target!(|input: (u8, &[u8])| word_claims::payload(input.0, input.1));
