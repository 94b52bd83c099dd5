//! The vectors at a device's gate, with real signatures: each is obeyed as it stands, in the order in which
//! such a house would hear them, and refused with any bit changed.

use std::collections::BTreeMap;

use assent_consent::{
    BootTime, CameraNumber, Epoch, Gate, GateKept, GateSetup, Input, Kept, MinuteOfDay, Moment,
    Now, Origin, Outcome, Sealed, SignedTrigger, Site, Word,
};
use assent_wire::{open_word, seal_word};

use super::cases::{Case, cases};
use super::keys::OWNER_ORIGIN;
use super::scene;

/// Above the scene's ceiling, and a device obeys no receipt: these are refused as they stand, too.
const NOT_OBEYED: [&str; 2] = ["a whole day, by passkey", "an end, as the journal has it"];
/// What everything else stands on, in the order of hearing. The first two are the pairing.
const BEFORE: [&str; 7] = [
    "the first set, as paired",
    "the first ceiling",
    "the shop's rules",
    "the set that names the agency",
    "a second supervisor",
    "operator 417 until midnight",
    "a second passkey, household and staff; two passkeys from now on",
];
/// A prime, so that every place in a byte has its turn; the rest is in `every_single_bit…`.
const SOME: usize = 29;

#[test]
fn every_vector_is_obeyed_as_it_stands_and_refused_with_a_bit_changed() {
    let all = cases();
    let named = |name: &str| all.iter().find(|case| case.name == name).unwrap();
    let mut gate = unpaired();
    let [set, ceiling] = [BEFORE[0], BEFORE[1]].map(|name| sealed(named(name)));
    for changed in one_bit_off(named(BEFORE[0])) {
        assert!(gate.clone().pair(&changed, &ceiling).is_err());
    }
    for changed in one_bit_off(named(BEFORE[1])) {
        assert!(gate.clone().pair(&set, &changed).is_err());
    }
    gate.pair(&set, &ceiling).unwrap();
    for name in &BEFORE[2..] {
        refuses_changes(&gate, named(name));
        let decision = gate.decide(&moment(), Input::Word(sealed(named(name))));
        assert_eq!(decision.outcome, Outcome::Taken, "{name}");
    }
    for case in all.iter().filter(|case| !BEFORE.contains(&case.name)) {
        let outcome = hear(&gate, sealed(case));
        let refused = matches!(outcome, Outcome::Refused(_));
        assert_eq!(
            refused,
            NOT_OBEYED.contains(&case.name),
            "{}: {outcome:?}",
            case.name
        );
        refuses_changes(&gate, case);
    }
}

fn refuses_changes(gate: &Gate, case: &Case) {
    for changed in one_bit_off(case) {
        let outcome = hear(gate, changed.clone());
        let refused = matches!(outcome, Outcome::Refused(_));
        assert!(refused, "{}: {outcome:?} to {changed:?}", case.name);
    }
}

/// What can still be read.
fn one_bit_off(case: &Case) -> impl Iterator<Item = Sealed> + use<> {
    let envelope = seal_word(&case.word, &case.signatures());
    let bits = (0..envelope.len() * 8).step_by(SOME);
    bits.filter_map(move |bit| {
        let mut changed = envelope.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        open_word(&changed).ok()
    })
}

/// By a gate like this one, which gave the signer the very nonce that is in the word.
fn hear(gate: &Gate, sealed: Sealed) -> Outcome {
    let mut gate = gate.clone();
    let nonce = match &sealed.word {
        Word::Terms(terms) => Some(terms.nonce),
        Word::Trigger(SignedTrigger { nonce, .. }) => Some(*nonce),
        Word::Alert(alert) => Some(alert.nonce),
        _ => None,
    };
    if let Some(nonce) = nonce {
        for signature in sealed.signatures.iter() {
            // A changed key is not known, and gets none.
            gate.hand_out(signature.key, nonce, moment().now.boot).ok();
        }
    }
    gate.decide(&moment(), Input::Word(sealed)).outcome
}

fn sealed(case: &Case) -> Sealed {
    open_word(&seal_word(&case.word, &case.signatures())).unwrap()
}

fn unpaired() -> Gate {
    let cameras = [1, 2, 3, 300].map(|number| (CameraNumber::new(number).unwrap(), Site::Outdoor));
    let setup = GateSetup {
        device: scene::TO.device,
        origins: Origin::new(OWNER_ORIGIN).unwrap().into(),
        cameras: BTreeMap::from(cameras),
    };
    Gate::restore(setup, GateKept::new(Epoch::FIRST), Kept::default())
}

fn moment() -> Moment {
    Moment {
        now: Now {
            boot: BootTime(1_000_000),
            local_day: 1,
            local_minute: MinuteOfDay::new(720).unwrap(),
        },
        wall: Some(scene::NOON),
    }
}
