//! Who may say what: kinds of key and roles.

use super::house::*;
use crate::GateRefusal as No;
use crate::*;

fn is_refused(outcome: &Outcome, refusal: GateRefusal) {
    assert_eq!(*outcome, Outcome::Refused(refusal));
}

#[test]
fn a_stranger_is_not_known() {
    let mut house = House::new();
    let outcome = house.revoke(Who::Stranger, 1, RevokeScope::Everything);
    is_refused(&outcome, No::UnknownKey);
    let outcome = house.say(Word::Policy(policy_two()), &[Who::Stranger]);
    is_refused(&outcome, No::UnknownKey);
}

#[test]
fn only_an_owners_passkey_says_policy_and_ceiling() {
    let next = Succession::new(2, Some(hash(&Word::Ceiling(ceiling(Succession::FIRST))))).unwrap();
    for who in [Who::OwnerPhone, Who::Household, Who::Staff] {
        let mut house = House::new();
        is_refused(
            &house.say(Word::Policy(policy_two()), &[who]),
            No::NotAllowed,
        );
        is_refused(
            &house.say(Word::Ceiling(ceiling(next)), &[who]),
            No::NotAllowed,
        );
    }
    let mut house = House::new();
    let second = [Who::SecondOwner];
    assert_eq!(
        house.say(Word::Policy(policy_two()), &second),
        Outcome::Taken
    );
    assert_eq!(
        house.say(Word::Ceiling(ceiling(next)), &second),
        Outcome::WaitsForPress
    );
}

fn policy_two() -> SignedPolicy {
    later_policy(2, hash(&Word::Policy(policy())), WALL)
}

#[test]
fn a_phone_signs_terms_of_ten_minutes_and_a_passkey_longer_ones() {
    let mut house = House::new();
    assert!(matches!(
        house.terms(Who::OwnerPhone, 1, 600),
        Outcome::Opens { .. }
    ));
    is_refused(&house.terms(Who::OwnerPhone, 2, 601), No::NotAllowed);
    assert!(matches!(
        house.terms(Who::Owner, 3, 3600),
        Outcome::Opens { .. }
    ));
}

#[test]
fn household_keeps_to_its_cameras_and_to_short_terms() {
    let mut house = House::new();
    let outcome = house.press(Who::Household, 1);
    house.open(&outcome);
    assert_eq!(
        house.open_cameras(),
        [1],
        "the rule's cameras within its own"
    );
    assert!(matches!(
        house.terms(Who::Household, 2, 600),
        Outcome::Opens { .. }
    ));
    is_refused(&house.terms(Who::Household, 3, 601), No::NotAllowed);
    let nonce = house.nonce(Who::Household);
    let elsewhere = SignedTerms {
        cameras: cameras(&[1, 2]),
        ..terms(4, nonce, 60)
    };
    is_refused(
        &house.say(Word::Terms(elsewhere), &[Who::Household]),
        No::NotAllowed,
    );
    let nonce = house.nonce(Who::Household);
    let outcome = house.say(Word::Trigger(approval(5, nonce)), &[Who::Household]);
    // Rule 3 asks about cameras 2 and 3; 3 is inside, 2 is not theirs.
    is_refused(&outcome, No::NotAllowed);
}

#[test]
fn staff_press_and_stop_and_nothing_else() {
    let mut house = House::new();
    let outcome = house.press(Who::Staff, 1);
    house.open(&outcome);
    assert_eq!(house.open_cameras(), [2]);
    is_refused(&house.terms(Who::Staff, 2, 60), No::NotAllowed);
    let nonce = house.nonce(Who::Staff);
    let yes = house.say(Word::Trigger(approval(3, nonce)), &[Who::Staff]);
    is_refused(&yes, No::NotAllowed);
    let closed = house.revoke(Who::Staff, 1, RevokeScope::Camera(camera(1)));
    assert_eq!(closed, Outcome::Closed, "closing is never narrowed");
    for scope in [
        RevokeScope::Policy(PolicyVersion(1)),
        RevokeScope::Agency(town_name()),
        RevokeScope::Key(Who::OwnerPhone.id()),
    ] {
        is_refused(&house.revoke(Who::Staff, 2, scope), No::NotAllowed);
    }
}

#[test]
fn a_press_that_names_only_others_cameras_is_not_theirs() {
    let mut house = House::new();
    let naming = |house: &mut House, id, number| {
        let nonce = house.nonce(Who::Staff);
        let mut word = press(id, nonce);
        if let SignedTriggerKind::Press(press) = &mut word.kind {
            press.cameras = [camera(number)].into();
        }
        house.say(Word::Trigger(word), &[Who::Staff])
    };
    is_refused(&naming(&mut house, 1, 1), No::NotAllowed);
    let outcome = naming(&mut house, 2, 2);
    house.open(&outcome);
    assert_eq!(house.open_cameras(), [2]);
}

#[test]
fn rules_and_agencies_are_the_owners_and_keys_the_passkeys_to_revoke() {
    let mut house = House::new();
    for scope in [
        RevokeScope::Policy(PolicyVersion(1)),
        RevokeScope::Agency(town_name()),
    ] {
        is_refused(&house.revoke(Who::Household, 1, scope), No::NotAllowed);
        assert_eq!(house.revoke(Who::OwnerPhone, 2, scope), Outcome::Closed);
    }
    let scope = RevokeScope::Key(Who::Staff.id());
    is_refused(&house.revoke(Who::OwnerPhone, 3, scope), No::NotAllowed);
    assert_eq!(house.revoke(Who::Owner, 3, scope), Outcome::Closed);
}

#[test]
fn a_key_signs_as_its_kind_does() {
    let mut house = House::new();
    let word = Word::Revoke(revoke(1, RevokeScope::Everything));
    let hash = hash(&word);
    let swapped = [
        (Who::Owner, Who::OwnerPhone.sign(hash).proof),
        (Who::OwnerPhone, Who::Owner.sign(hash).proof),
    ];
    for (who, proof) in swapped {
        let signature = Signature {
            key: who.id(),
            proof,
        };
        let sealed = Sealed {
            word: word.clone(),
            hash,
            signatures: Signatures::new(vec![signature]).unwrap(),
        };
        is_refused(&house.hear(sealed).outcome, No::NotAllowed);
    }
}

#[test]
fn what_one_says_two_do_not_sign() {
    let mut house = House::new();
    let word = Word::Revoke(revoke(1, RevokeScope::Everything));
    is_refused(
        &house.say(word, &[Who::Owner, Who::OwnerPhone]),
        No::NotAllowed,
    );
    let both = [Who::Owner, Who::SecondOwner];
    is_refused(
        &house.say(Word::Policy(policy_two()), &both),
        No::NotAllowed,
    );
}
