//! Any bytes as a frame of the link. See `claims`.
#![no_main]

#[path = "../claims.rs"]
#[expect(dead_code, reason = "each target tries one claim")]
mod claims;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| claims::frames(bytes));
