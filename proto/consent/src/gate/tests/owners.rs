//! Pairing, and the words that replace each other: sets, policies, ceilings.

use super::house::*;
use crate::GateRefusal as No;
use crate::*;

fn is_refused(outcome: &Outcome, refusal: GateRefusal) {
    assert_eq!(*outcome, Outcome::Refused(refusal));
}

fn next(word: &Word, version: u64) -> Succession {
    Succession::new(version, Some(hash(word))).unwrap()
}

fn first_set() -> Word {
    Word::OwnerSet(set(Succession::FIRST))
}

#[test]
fn a_device_is_paired_once_by_an_owner_of_the_set() {
    let ceiling = || seal(Word::Ceiling(ceiling(Succession::FIRST)), &[Who::Owner]);
    let pair = |set: &Sealed, ceiling: &Sealed| House::unpaired().gate.pair(set, ceiling);
    let good = seal(first_set(), &[Who::Owner]);
    assert!(pair(&good, &ceiling()).is_ok());
    assert_eq!(
        House::new().gate.pair(&good, &ceiling()),
        Err(No::OldVersion)
    );
    let stranger = seal(first_set(), &[Who::Stranger]);
    assert_eq!(pair(&stranger, &ceiling()), Err(No::UnknownKey));
    let phone = seal(first_set(), &[Who::OwnerPhone]);
    assert_eq!(pair(&phone, &ceiling()), Err(No::NotAllowed));
    let mut forged = seal(first_set(), &[Who::Owner]);
    forged.hash.0[0] ^= 1;
    assert_eq!(pair(&forged, &ceiling()), Err(No::BadSignature));
    let mut forged = ceiling();
    forged.hash.0[0] ^= 1;
    assert_eq!(pair(&good, &forged), Err(No::BadSignature));
    assert_eq!(pair(&ceiling(), &good), Err(No::NotAllowed));
    let later = seal(Word::OwnerSet(set(next(&first_set(), 2))), &[Who::Owner]);
    assert_eq!(pair(&later, &ceiling()), Err(No::OldVersion));
}

#[test]
fn a_factory_reset_begins_another_life() {
    let mut house = House::new();
    let kept = house.gate.kept().reset();
    assert_eq!(kept.epoch.get(), 2);
    house.gate = Gate::restore(setup(), kept, Default::default());
    let outcome = house.say(Word::Policy(policy()), &[Who::Owner]);
    is_refused(&outcome, No::WrongEpoch);
    assert_eq!(house.open_cameras(), [0u16; 0]);
}

#[test]
fn a_set_hangs_on_the_one_before() {
    let mut house = House::new();
    let second = Word::OwnerSet(set(next(&first_set(), 2)));
    let third = Word::OwnerSet(set(next(&second, 3)));
    is_refused(&house.say(third.clone(), &[Who::Owner]), No::WrongPrevious);
    let astray = Word::OwnerSet(set(next(&third, 2)));
    is_refused(&house.say(astray, &[Who::Owner]), No::WrongPrevious);
    for who in [Who::OwnerPhone, Who::Household] {
        is_refused(&house.say(second.clone(), &[who]), No::NotAllowed);
    }
    assert_eq!(house.say(second.clone(), &[Who::Owner]), Outcome::Taken);
    assert_eq!(house.say(second, &[Who::Owner]), Outcome::Known);
    is_refused(&house.say(first_set(), &[Who::Owner]), No::OldVersion);
    assert_eq!(house.say(third, &[Who::SecondOwner]), Outcome::Taken);
}

#[test]
fn a_quorum_of_the_previous_set_must_sign() {
    let mut house = House::new();
    let two = OwnerSet::new(TO, next(&first_set(), 2), members(), 2).unwrap();
    let two = Word::OwnerSet(two);
    assert_eq!(house.say(two.clone(), &[Who::Owner]), Outcome::Taken);
    let third = Word::OwnerSet(set(next(&two, 3)));
    is_refused(&house.say(third.clone(), &[Who::Owner]), No::NotAllowed);
    let with_phone = [Who::Owner, Who::OwnerPhone];
    is_refused(&house.say(third.clone(), &with_phone), No::NotAllowed);
    let mut forged = seal(third.clone(), &[Who::Owner, Who::SecondOwner]);
    let bad = forged
        .signatures
        .iter()
        .cloned()
        .enumerate()
        .map(|(place, mut signature)| {
            if place == 1 {
                let other = ObjectHash([0; 32]);
                let who = [Who::Owner, Who::SecondOwner];
                let who = who
                    .into_iter()
                    .find(|who| who.id() == signature.key)
                    .unwrap();
                signature.proof = who.sign(other).proof;
            }
            signature
        });
    forged.signatures = Signatures::new(bad.collect()).unwrap();
    is_refused(&house.hear(forged).outcome, No::BadSignature);
    let both = [Who::Owner, Who::SecondOwner];
    assert_eq!(house.say(third, &both), Outcome::Taken);
}

#[test]
fn a_set_of_cancelled_keys_alone_is_refused() {
    let mut house = House::new();
    house.revoke(Who::Owner, 1, RevokeScope::Key(Who::SecondOwner.id()));
    let only = vec![member(Who::SecondOwner, KeyKind::Passkey, Role::Owner)];
    let locked = OwnerSet::new(TO, next(&first_set(), 2), only, 1).unwrap();
    let outcome = house.say(Word::OwnerSet(locked), &[Who::Owner]);
    is_refused(&outcome, No::LastPasskey);
}

#[test]
fn a_policy_is_never_rolled_back_and_the_very_next_knows_the_last() {
    let mut house = House::new();
    let first = Word::Policy(policy());
    let owner = [Who::Owner];
    assert_eq!(house.say(first.clone(), &owner), Outcome::Known);
    let second = Word::Policy(later_policy(2, hash(&first), WALL));
    let astray = Word::Policy(later_policy(2, ObjectHash([9; 32]), WALL));
    is_refused(&house.say(astray, &owner), No::WrongPrevious);
    let fourth = Word::Policy(later_policy(4, ObjectHash([9; 32]), WALL));
    assert_eq!(
        house.say(fourth, &owner),
        Outcome::Taken,
        "those between were lost"
    );
    is_refused(&house.say(second, &owner), No::OldVersion);
    is_refused(&house.say(first, &owner), No::OldVersion);
}

#[test]
fn alerts_are_agreed_for_a_year_at_most() {
    let mut house = House::new();
    let first = hash(&Word::Policy(policy()));
    let ahead = |ms| Word::Policy(later_policy(2, first, WallTime(WALL.0 + ms)));
    let outcome = house.say(ahead(LONGEST_ALERTS_MS + 1), &[Who::Owner]);
    is_refused(&outcome, No::TooFarAhead);
    assert_eq!(
        house.say(ahead(LONGEST_ALERTS_MS), &[Who::Owner]),
        Outcome::Taken
    );
}

#[test]
fn a_device_that_did_not_know_the_time_finds_out_when_it_does() {
    let mut house = House::new();
    house.at.wall = None;
    let first = policy();
    let rules = StandingPolicy::new(PolicyVersion(2), first.rules().rules().to_vec()).unwrap();
    let succession = next(&Word::Policy(first), 2);
    let far = WallTime(WALL.0 + LONGEST_ALERTS_MS + 1);
    let far = SignedPolicy::new(TO, succession, Some(place()), vec![agency()], rules, far);
    let outcome = house.say(Word::Policy(far.unwrap()), &[Who::Owner]);
    assert_eq!(outcome, Outcome::Taken);
    house.at.wall = Some(WALL);
    is_refused(&house.alert(1), No::Expired);
    assert!(matches!(
        house.press(Who::OwnerPhone, 2),
        Outcome::Opens { .. }
    ));
}

#[test]
fn a_changed_policy_ends_at_once_what_it_would_no_longer_give() {
    let mut house = House::new();
    let outcome = house.press(Who::OwnerPhone, 1);
    house.open(&outcome);
    let second = Word::Policy(later_policy(2, hash(&Word::Policy(policy())), WALL));
    let decision = house.hear(seal(second, &[Who::Owner]));
    assert!(decision.keep && !decision.effects.is_empty());
    assert_eq!(house.open_cameras(), [0u16; 0]);
}

fn narrow(version: u64) -> Word {
    let rights = Rights::LIVE;
    let longest = Ttl::from_secs(3600).unwrap();
    let agencies = [town_name()].into();
    let succession = next(&Word::Ceiling(ceiling(Succession::FIRST)), version);
    let limits = (longest, 7200);
    Word::Ceiling(Ceiling::new(TO, succession, limits, cameras(&[2]), agencies, rights).unwrap())
}

#[test]
fn a_ceiling_takes_the_passkey_and_somebody_at_the_device() {
    let mut house = House::new();
    let outcome = house.press(Who::OwnerPhone, 1);
    house.open(&outcome);
    let at = house.at;
    is_refused(
        &house.gate.decide(&at, Input::Confirm).outcome,
        No::NothingWaits,
    );
    assert_eq!(house.say(narrow(2), &[Who::Owner]), Outcome::WaitsForPress);
    assert_eq!(house.open_cameras(), [1, 2], "not yet");
    house.later_ms(CONFIRM_WITHIN_MS);
    let at = house.at;
    let confirmed = house.gate.decide(&at, Input::Confirm);
    assert_eq!(confirmed.outcome, Outcome::Taken);
    assert_eq!(house.open_cameras(), [0u16; 0], "what goes beyond it ends");
    let outcome = house.press(Who::OwnerPhone, 2);
    house.open(&outcome);
    assert_eq!(house.open_cameras(), [2]);
    is_refused(
        &house.gate.decide(&at, Input::Confirm).outcome,
        No::NothingWaits,
    );
}

#[test]
fn a_ceiling_waits_a_minute_and_no_older_one_takes_its_place() {
    let mut house = House::new();
    assert_eq!(house.say(narrow(3), &[Who::Owner]), Outcome::WaitsForPress);
    is_refused(&house.say(narrow(2), &[Who::Owner]), No::OldVersion);
    assert_eq!(
        house.gate.waiting_ceiling().unwrap().succession().version(),
        3
    );
    house.later_ms(CONFIRM_WITHIN_MS + 1);
    let at = house.at;
    is_refused(
        &house.gate.decide(&at, Input::Confirm).outcome,
        No::NothingWaits,
    );
    let first = Word::Ceiling(ceiling(Succession::FIRST));
    assert_eq!(house.say(first, &[Who::Owner]), Outcome::Known);
}

#[test]
fn a_ceiling_of_a_key_that_is_cancelled_meanwhile_is_not_confirmed() {
    let mut house = House::new();
    assert_eq!(
        house.say(narrow(2), &[Who::SecondOwner]),
        Outcome::WaitsForPress
    );
    house.revoke(Who::Owner, 1, RevokeScope::Key(Who::SecondOwner.id()));
    let at = house.at;
    is_refused(
        &house.gate.decide(&at, Input::Confirm).outcome,
        No::NothingWaits,
    );
}
