//! What the fuzz targets claim of any bytes. Pure functions, so that `proto/wire/tests/claims.rs` tries the
//! same claims in every test run, on a few thousand mutations, without a fuzzer.

use assent_consent::{Adopted, Answer, Circumstances, StandingPolicy, Trigger};
use assent_wire::{Canonical, Instruction, link, open, seal};
use prost::Message as _;

/// Any bytes as an envelope: refused, or read into a value that writes the same bytes again.
pub(crate) fn envelope(bytes: &[u8]) {
    let again = match open(bytes) {
        Ok(Instruction::Trigger(trigger)) => seal(&trigger),
        Ok(Instruction::Revoke(revoke)) => seal(&revoke),
        Ok(Instruction::Policy(policy)) => seal(&policy),
        Err(_) => return,
    };
    // Signatures are not kept by `seal`; without them the bytes must be the very same.
    assert!(bytes.starts_with(&again), "two ways to write one envelope");
}

/// Any bytes as a frame of the link, from either side, into the values that are read out of it.
pub(crate) fn frames(bytes: &[u8]) {
    if let Ok(frame) = link::DeviceFrame::decode(bytes) {
        match frame.body {
            Some(link::device_frame::Body::Opened(opened)) => drop(Adopted::try_from(&opened)),
            Some(link::device_frame::Body::Pressed(pressed)) => drop(open(&pressed.envelope)),
            _ => {}
        }
    }
    if let Ok(link::HubFrame {
        body: Some(link::hub_frame::Body::Wanted(wanted)),
    }) = link::HubFrame::decode(bytes)
    {
        wanted
            .instructions
            .iter()
            .for_each(|instruct| drop(open(&instruct.envelope)));
    }
}

/// Any bytes as a policy, and any policy against any trigger: no panic, and no yes that names a camera
/// outside its rule.
pub(crate) fn policy(policy: &[u8], trigger: &[u8]) {
    let Ok(policy) = Canonical::<StandingPolicy>::decode(policy) else {
        return;
    };
    let Ok(trigger) = Canonical::<Trigger>::decode(trigger) else {
        return;
    };
    let (Answer::Opens(terms) | Answer::Asks(terms)) = policy
        .value()
        .answer(trigger.value(), &Circumstances::default())
    else {
        return;
    };
    for terms in &terms {
        let rule = policy.value().rule(terms.rule);
        assert!(rule.is_some_and(|rule| terms.cameras.is_subset(&rule.cameras)));
    }
}
