//! The no, in all its forms.

use super::house::*;
use crate::GateRefusal as No;
use crate::*;

fn is_refused(outcome: &Outcome, refusal: GateRefusal) {
    assert_eq!(*outcome, Outcome::Refused(refusal));
}

#[test]
fn a_revoke_closes_and_said_twice_is_said_once() {
    let mut house = House::new();
    let outcome = house.press(Who::OwnerPhone, 1);
    house.open(&outcome);
    let everything = RevokeScope::Everything;
    assert_eq!(house.revoke(Who::Staff, 1, everything), Outcome::Closed);
    assert_eq!(house.open_cameras(), [0u16; 0]);
    let outcome = house.press(Who::OwnerPhone, 2);
    house.open(&outcome);
    assert_eq!(house.revoke(Who::Staff, 1, everything), Outcome::Closed);
    assert_eq!(house.open_cameras(), [1, 2], "it meant what was open then");
}

#[test]
fn a_revoke_never_ages() {
    let mut house = House::new();
    house.later_ms(400 * 86_400_000);
    let outcome = house.press(Who::OwnerPhone, 1);
    house.open(&outcome);
    let outcome = house.revoke(Who::OwnerPhone, 1, RevokeScope::Trigger(TriggerId([1; 16])));
    assert_eq!(outcome, Outcome::Closed);
    assert_eq!(house.open_cameras(), [0u16; 0]);
}

#[test]
fn what_is_closed_while_its_receipt_is_written_does_not_open() {
    let mut house = House::new();
    let outcome = house.press(Who::OwnerPhone, 1);
    house.revoke(Who::OwnerPhone, 1, RevokeScope::Everything);
    house.open(&outcome);
    assert_eq!(house.open_cameras(), [0u16; 0]);
}

#[test]
fn a_void_policy_ends_what_it_opened_and_leaves_signed_terms() {
    let mut house = House::new();
    for outcome in [
        house.press(Who::OwnerPhone, 1),
        house.terms(Who::OwnerPhone, 2, 600),
    ] {
        house.open(&outcome);
    }
    let void = RevokeScope::Policy(PolicyVersion(1));
    assert_eq!(house.revoke(Who::OwnerPhone, 1, void), Outcome::Closed);
    assert_eq!(house.open_cameras(), [1], "the terms rest on no policy");
    is_refused(&house.press(Who::OwnerPhone, 3), No::Rules(Refusal::NoRule));
    // A newer one stands; one that is void already does not.
    let next = RevokeScope::Policy(PolicyVersion(2));
    let by_phone = house.revoke(Who::OwnerPhone, 2, next);
    is_refused(&by_phone, No::NotAllowed);
    assert_eq!(house.revoke(Who::Owner, 2, next), Outcome::Closed);
    is_refused(
        &house.say(Word::Policy(policy()), &[Who::Owner]),
        No::Revoked,
    );
    let first = hash(&Word::Policy(policy()));
    let second = Word::Policy(later_policy(2, first, WALL));
    is_refused(&house.say(second, &[Who::Owner]), No::Revoked);
    let third = Word::Policy(later_policy(3, first, WALL));
    assert_eq!(house.say(third, &[Who::Owner]), Outcome::Taken);
}

#[test]
fn a_void_policy_is_void_after_a_reboot_too() {
    let mut house = House::new();
    house.revoke(Who::OwnerPhone, 1, RevokeScope::Policy(PolicyVersion(1)));
    let kept = house.gate.kept().clone();
    house.gate = Gate::restore(setup(), kept, Default::default());
    is_refused(&house.press(Who::OwnerPhone, 1), No::Rules(Refusal::NoRule));
}

#[test]
fn an_agency_that_was_shut_out_comes_back_only_by_a_newer_policy() {
    let mut house = House::new();
    for outcome in [
        house.press(Who::OwnerPhone, 1),
        house.terms(Who::OwnerPhone, 2, 600),
    ] {
        house.open(&outcome);
    }
    let out = RevokeScope::Agency(town_name());
    assert_eq!(house.revoke(Who::OwnerPhone, 1, out), Outcome::Closed);
    assert_eq!(house.open_cameras(), [0u16; 0]);
    is_refused(&house.press(Who::OwnerPhone, 3), No::Revoked);
    is_refused(&house.terms(Who::OwnerPhone, 4, 600), No::Revoked);
    is_refused(&house.alert(5), No::Revoked);
    let second = Word::Policy(later_policy(2, hash(&Word::Policy(policy())), WALL));
    assert_eq!(house.say(second, &[Who::Owner]), Outcome::Taken);
    assert_eq!(house.revoke(Who::OwnerPhone, 1, out), Outcome::Closed);
    assert!(
        matches!(house.terms(Who::OwnerPhone, 6, 600), Outcome::Opens { .. }),
        "the same revoke again does not undo a newer policy"
    );
}

#[test]
fn a_cancelled_key_ends_what_it_opened_and_says_nothing_more() {
    let mut house = House::new();
    let theirs = house.press(Who::Staff, 1);
    house.open(&theirs);
    let mine = house.terms(Who::OwnerPhone, 2, 60);
    house.open(&mine);
    let cancel = RevokeScope::Key(Who::Staff.id());
    assert_eq!(house.revoke(Who::Owner, 1, cancel), Outcome::Closed);
    assert_eq!(house.open_cameras(), [1]);
    let asked = house
        .gate
        .hand_out(Who::Staff.id(), Nonce([77; 16]), house.at.now.boot);
    assert_eq!(asked, Err(No::KeyCancelled));
    let outcome = house.revoke(Who::Staff, 2, RevokeScope::Everything);
    is_refused(&outcome, No::KeyCancelled);
    // A newer set that still names it does not bring it back.
    let next = Succession::new(2, Some(hash(&Word::OwnerSet(set(Succession::FIRST))))).unwrap();
    assert_eq!(
        house.say(Word::OwnerSet(set(next)), &[Who::Owner]),
        Outcome::Taken
    );
    let outcome = house.revoke(Who::Staff, 3, RevokeScope::Everything);
    is_refused(&outcome, No::KeyCancelled);
}

#[test]
fn the_last_owners_passkey_cannot_be_cancelled() {
    let mut house = House::new();
    let second = RevokeScope::Key(Who::SecondOwner.id());
    assert_eq!(house.revoke(Who::Owner, 1, second), Outcome::Closed);
    let first = RevokeScope::Key(Who::Owner.id());
    is_refused(&house.revoke(Who::Owner, 2, first), No::LastPasskey);
    is_refused(&house.revoke(Who::SecondOwner, 3, first), No::KeyCancelled);
}

#[test]
fn an_owner_cancels_a_thousand_keys_and_not_more() {
    let mut house = House::new();
    let cancel = |house: &mut House, number: u16| {
        let mut id = [0; 32];
        id[..2].copy_from_slice(&number.to_be_bytes());
        let mut word = revoke(0, RevokeScope::Key(KeyId(id)));
        word.id.0[..2].copy_from_slice(&number.to_be_bytes());
        let at = house.at;
        house.gate.close(&at, &word).outcome
    };
    for number in 0..1024 {
        assert_eq!(cancel(&mut house, number), Outcome::Closed);
    }
    is_refused(&cancel(&mut house, 1024), No::NotAllowed);
    assert_eq!(cancel(&mut house, 3), Outcome::Closed, "again is once");
}

#[test]
fn a_yes_to_an_alert_of_an_agency_that_was_shut_out_opens_nothing() {
    let mut house = House::new();
    house.revoke(Who::OwnerPhone, 1, RevokeScope::Agency(town_name()));
    let nonce = house.nonce(Who::OwnerPhone);
    let outcome = house.say(Word::Trigger(approval(2, nonce)), &[Who::OwnerPhone]);
    is_refused(&outcome, No::Revoked);
}

#[test]
fn the_hub_closes_and_leaves_nothing_behind() {
    let mut house = House::new();
    let outcome = house.press(Who::OwnerPhone, 1);
    house.open(&outcome);
    let at = house.at;
    let close = Input::HubClose(HubClose::Trigger(TriggerId([1; 16])));
    let decision = house.gate.decide(&at, close);
    assert_eq!(decision.outcome, Outcome::Closed);
    assert_eq!(house.open_cameras(), [0u16; 0]);
    assert!(decision.effects.iter().any(|effect| matches!(
        effect,
        Effect::GrantEnded(ended) if ended.ending == Ending::Closed(EndCause::ClearedByAgency)
    )));
    assert!(matches!(
        house.press(Who::OwnerPhone, 2),
        Outcome::Opens { .. }
    ));
}
