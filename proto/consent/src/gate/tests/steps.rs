//! The steps in their order, up to the signature.

use super::house::*;
use crate::GateRefusal as No;
use crate::*;

fn refused(outcome: &Outcome) -> GateRefusal {
    match outcome {
        Outcome::Refused(refusal) => *refusal,
        other => panic!("not refused: {other:?}"),
    }
}

#[test]
fn a_press_by_phone_opens_what_its_rule_and_the_ceiling_give() {
    let mut house = House::new();
    let outcome = house.press(Who::OwnerPhone, 1);
    assert_eq!(house.open_cameras(), [0u16; 0], "not before its receipt");
    house.open(&outcome);
    assert_eq!(
        house.open_cameras(),
        [1, 2],
        "camera 4 is above the ceiling"
    );
    let permission = &house.gate.sharing().permitted()[&camera(1)];
    assert_eq!(
        permission.rights,
        Rights::LIVE,
        "sound is above the ceiling"
    );
    assert_eq!(permission.until, house.at.now.boot.plus_ms(3_600_000));
}

#[test]
fn nobody_is_known_to_a_device_that_is_not_paired() {
    let mut house = House::unpaired();
    let word = Word::Trigger(press(1, Nonce([1; 16])));
    assert_eq!(
        refused(&house.say(word, &[Who::OwnerPhone])),
        No::StaleNonce
    );
    let outcome = house.say(Word::Policy(policy()), &[Who::Owner]);
    assert_eq!(refused(&outcome), No::UnknownKey);
    let asked = house
        .gate
        .hand_out(Who::OwnerPhone.id(), Nonce([1; 16]), house.at.now.boot);
    assert_eq!(asked, Err(No::UnknownKey));
}

#[test]
fn a_word_for_another_device_or_another_life_of_it_is_refused() {
    let mut house = House::new();
    let nonce = house.nonce(Who::OwnerPhone);
    let mut word = press(1, nonce);
    word.to.device = DeviceId([9; 32]);
    let outcome = house.say(Word::Trigger(word.clone()), &[Who::OwnerPhone]);
    assert_eq!(refused(&outcome), No::WrongDevice);
    word.to = Addressed {
        epoch: Epoch::new(2).unwrap(),
        ..TO
    };
    let outcome = house.say(Word::Trigger(word.clone()), &[Who::OwnerPhone]);
    assert_eq!(refused(&outcome), No::WrongEpoch);
    word.to = TO;
    let outcome = house.say(Word::Trigger(word), &[Who::OwnerPhone]);
    assert!(
        matches!(outcome, Outcome::Opens { .. }),
        "the nonce was not spent"
    );
}

#[test]
fn what_was_revoked_before_it_came_stays_shut() {
    let mut house = House::new();
    let staff = Who::Staff;
    house.revoke(staff, 1, RevokeScope::Trigger(TriggerId([1; 16])));
    assert_eq!(refused(&house.press(Who::OwnerPhone, 1)), No::Revoked);
    house.revoke(staff, 2, RevokeScope::Trigger(TriggerId([200; 16])));
    let nonce = house.nonce(Who::OwnerPhone);
    let outcome = house.say(Word::Trigger(approval(2, nonce)), &[Who::OwnerPhone]);
    assert_eq!(refused(&outcome), No::Revoked, "the alert behind the yes");
    let grant = GrantId::derive(&TO.device, TriggerId([3; 16]), RuleId::SIGNED_TERMS);
    house.revoke(staff, 3, RevokeScope::Grant(grant));
    assert_eq!(refused(&house.terms(Who::OwnerPhone, 3, 60)), No::Revoked);
    let grant = GrantId::derive(&TO.device, TriggerId([4; 16]), RuleId(1));
    house.revoke(staff, 4, RevokeScope::Grant(grant));
    let outcome = house.press(Who::OwnerPhone, 4);
    assert_eq!(refused(&outcome), No::Rules(Refusal::Replayed));
    house.revoke(staff, 5, RevokeScope::Trigger(TriggerId([5; 16])));
    assert_eq!(refused(&house.alert(5)), No::Revoked);
}

#[test]
fn a_nonce_is_good_once_for_its_key_and_a_minute() {
    let mut house = House::new();
    // Only the nonces say how old anything is.
    house.at.wall = None;
    let phone = [Who::OwnerPhone];
    let never = Word::Trigger(press(1, Nonce([99; 16])));
    assert_eq!(refused(&house.say(never, &phone)), No::StaleNonce);

    let nonce = house.nonce(Who::OwnerPhone);
    let by_another = house.say(Word::Trigger(press(2, nonce)), &[Who::Staff]);
    assert_eq!(
        refused(&by_another),
        No::StaleNonce,
        "handed to another key"
    );
    assert!(matches!(
        house.say(Word::Trigger(press(2, nonce)), &phone),
        Outcome::Opens { .. }
    ));
    let again = house.say(Word::Trigger(press(3, nonce)), &phone);
    assert_eq!(refused(&again), No::StaleNonce, "a second time");

    let late = house.nonce(Who::OwnerPhone);
    house.later_ms(NONCE_LIFE_MS + 1);
    let outcome = house.say(Word::Trigger(press(4, late)), &phone);
    assert_eq!(refused(&outcome), No::StaleNonce, "too late");
    let just = house.nonce(Who::OwnerPhone);
    house.later_ms(NONCE_LIFE_MS);
    assert!(matches!(
        house.say(Word::Trigger(press(5, just)), &phone),
        Outcome::Opens { .. }
    ));

    let replaced = house.nonce(Who::OwnerPhone);
    house.nonce(Who::OwnerPhone);
    let outcome = house.say(Word::Trigger(press(6, replaced)), &phone);
    assert_eq!(refused(&outcome), No::StaleNonce, "one outstanding a key");
}

#[test]
fn a_nonce_is_spent_whether_or_not_what_follows_fails() {
    let mut house = House::new();
    let nonce = house.nonce(Who::OwnerPhone);
    let mut sealed = seal(Word::Trigger(press(1, nonce)), &[Who::OwnerPhone]);
    let good = sealed.clone();
    sealed.hash.0[0] ^= 1;
    assert_eq!(refused(&house.hear(sealed).outcome), No::BadSignature);
    assert_eq!(refused(&house.hear(good).outcome), No::StaleNonce);
}

#[test]
fn what_opens_needs_a_nonce_and_what_closes_needs_none() {
    let mut house = House::new();
    for word in [
        Word::Terms(terms(1, Nonce([9; 16]), 60)),
        Word::Alert(alert(2, Nonce([9; 16]))),
    ] {
        assert_eq!(
            refused(&house.say(word, &[Who::OwnerPhone])),
            No::StaleNonce
        );
    }
    let outcome = house.revoke(Who::OwnerPhone, 1, RevokeScope::Everything);
    assert_eq!(outcome, Outcome::Closed);
}

#[test]
fn a_signature_must_be_good_from_the_owners_page_and_verified() {
    let mut house = House::new();
    let word = Word::Policy(later_policy(2, hash(&Word::Policy(policy())), WALL));
    let hash = hash(&word);
    for (origin, flags, refusal) in [
        ("https://owner.example.evil.test", 5, No::WrongOrigin),
        ("https://console.example", 5, No::WrongOrigin),
        ("https://owner.example", 1, No::NotVerified),
        ("https://owner.example", 4, No::NotVerified),
    ] {
        let signature = Signature {
            key: Who::Owner.id(),
            proof: Proof::Passkey(Who::Owner.assert(hash, origin, flags)),
        };
        let sealed = Sealed {
            word: word.clone(),
            hash,
            signatures: Signatures::new(vec![signature]).unwrap(),
        };
        assert_eq!(
            refused(&house.hear(sealed).outcome),
            refusal,
            "{origin} {flags}"
        );
    }
    let forged = Signature {
        key: Who::Owner.id(),
        proof: Who::SecondOwner.sign(hash).proof,
    };
    let sealed = Sealed {
        word,
        hash,
        signatures: Signatures::new(vec![forged]).unwrap(),
    };
    assert_eq!(refused(&house.hear(sealed).outcome), No::BadSignature);
}

#[test]
fn the_same_trigger_opens_once() {
    let mut house = House::new();
    let first = house.press(Who::OwnerPhone, 1);
    house.open(&first);
    let again = house.press(Who::OwnerPhone, 1);
    assert_eq!(refused(&again), No::Rules(Refusal::Replayed));
    let first = house.terms(Who::OwnerPhone, 2, 60);
    house.open(&first);
    let again = house.terms(Who::OwnerPhone, 2, 60);
    assert_eq!(refused(&again), No::Rules(Refusal::Replayed));
}

#[test]
fn a_receipt_is_nothing_that_a_device_obeys() {
    let mut house = House::new();
    let receipt = SignedReceipt {
        from: TO,
        entry: vec![1],
    };
    let outcome = house.say(Word::Receipt(receipt), &[Who::Owner]);
    assert_eq!(refused(&outcome), No::NotAllowed);
}
