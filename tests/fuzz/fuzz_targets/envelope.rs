//! Any bytes as an envelope: refused, or read into a value that writes the same bytes again.
#![no_main]

use assent_wire::{Instruction, open, seal};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let again = match open(bytes) {
        Ok(Instruction::Trigger(trigger)) => seal(&trigger),
        Ok(Instruction::Revoke(revoke)) => seal(&revoke),
        Ok(Instruction::Policy(policy)) => seal(&policy),
        Err(_) => return,
    };
    // Signatures are not kept by `seal`; without them the bytes must be the very same.
    assert!(bytes.starts_with(&again), "two ways to write one envelope");
});
