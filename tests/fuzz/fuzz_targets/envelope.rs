//! Any bytes as an envelope. See `claims`.
#![no_main]

#[path = "../claims.rs"]
#[expect(dead_code, reason = "each target tries one claim")]
mod claims;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| claims::envelope(bytes));
