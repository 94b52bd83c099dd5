//! Any bytes as a policy, and any policy against any trigger: no panic, and no yes that names a camera
//! outside its rule.
#![no_main]

use assent_consent::{Answer, Circumstances, StandingPolicy, Trigger};
use assent_wire::Canonical;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&[u8], &[u8])| {
    let Ok(policy) = Canonical::<StandingPolicy>::decode(input.0) else {
        return;
    };
    let Ok(trigger) = Canonical::<Trigger>::decode(input.1) else {
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
});
