//! Any bytes as a policy and a trigger. See `claims`.
#![no_main]

#[path = "../claims.rs"]
#[expect(dead_code, reason = "each target tries one claim")]
mod claims;

libfuzzer_sys::fuzz_target!(|input: (&[u8], &[u8])| claims::policy(input.0, input.1));
