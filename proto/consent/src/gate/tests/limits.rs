//! Policy, limits and ceiling: what a word that may be said still does not open.

use std::collections::BTreeSet;

use super::house::*;
use crate::GateRefusal as No;
use crate::*;

fn is_refused(outcome: &Outcome, refusal: GateRefusal) {
    assert_eq!(*outcome, Outcome::Refused(refusal));
}

#[test]
fn a_gunshot_nearby_opens_the_front_door_and_asks_about_the_rest() {
    let mut house = House::new();
    let outcome = house.alert(1);
    let Outcome::Opens {
        asks: Some(asks), ..
    } = &outcome
    else {
        panic!("{outcome:?}");
    };
    assert_eq!(asks.len(), 1);
    assert_eq!(asks[0].cameras, cameras(&[2]), "camera 3 is inside a home");
    house.open(&outcome);
    assert_eq!(house.open_cameras(), [1]);
    let nonce = house.nonce(Who::OwnerPhone);
    let yes = house.say(Word::Trigger(approval(2, nonce)), &[Who::OwnerPhone]);
    house.open(&yes);
    assert_eq!(house.open_cameras(), [1, 2]);
}

#[test]
fn how_far_it_was_is_measured_from_two_signed_places() {
    let mut house = House::new();
    for (id, lat, opens) in [(1, 397_843_000, true), (2, 397_845_000, false)] {
        house.later_ms(61_000);
        let nonce = house.nonce(Who::Signer);
        let mut word = alert(id, nonce);
        word.made_at = house.at.wall.unwrap();
        word.facts.place = Place::new(lat, place().lon_e7());
        let outcome = house.say(Word::Alert(word), &[Who::Signer]);
        assert_eq!(
            matches!(outcome, Outcome::Opens { .. }),
            opens,
            "{lat}: {outcome:?}"
        );
        if opens {
            house.open(&outcome);
        }
    }
    let nonce = house.nonce(Who::Signer);
    let mut word = alert(3, nonce);
    word.made_at = house.at.wall.unwrap();
    word.facts.place = None;
    let outcome = house.say(Word::Alert(word), &[Who::Signer]);
    assert!(
        matches!(outcome, Outcome::Asks(_)),
        "nobody knows where: {outcome:?}"
    );
}

#[test]
fn alerts_keep_to_their_number_cooldown_and_hours() {
    let mut house = House::new();
    let opens = |outcome: &Outcome| matches!(outcome, Outcome::Opens { .. });
    let first = house.alert(1);
    let raced = house.alert(2);
    assert!(
        opens(&first) && !opens(&raced),
        "while the first is being written"
    );
    house.open(&first);
    assert!(!opens(&house.alert(3)), "cooldown");
    house.later_ms(60_000);
    let second = house.alert(4);
    house.open(&second);
    house.later_ms(60_000);
    assert!(!opens(&house.alert(5)), "twice a day");
    house.at.now.local_day += 1;
    house.at.now.local_minute = MinuteOfDay::new(1400).unwrap();
    assert!(!opens(&house.alert(6)), "quiet hours");
    house.at.now.local_minute = MinuteOfDay::new(700).unwrap();
    assert!(opens(&house.alert(7)));
}

#[test]
fn nothing_but_the_ceiling_narrows_an_owners_press() {
    let mut house = House::new();
    house.at.now.local_minute = MinuteOfDay::new(1400).unwrap();
    house.at.wall = None;
    for id in 1..40 {
        let outcome = house.press(Who::OwnerPhone, id);
        assert!(
            matches!(outcome, Outcome::Opens { .. }),
            "press {id}: {outcome:?}"
        );
    }
}

#[test]
fn a_press_that_changes_nothing_to_keep_says_so() {
    let mut house = House::new();
    let nonce = house.nonce(Who::OwnerPhone);
    let press = house.hear(seal(Word::Trigger(press(1, nonce)), &[Who::OwnerPhone]));
    assert!(!press.keep, "a full disk must not hold it up");
    let nonce = house.nonce(Who::OwnerPhone);
    let terms = house.hear(seal(Word::Terms(terms(2, nonce, 60)), &[Who::OwnerPhone]));
    assert!(terms.keep, "a part of the day's seconds is gone");
}

#[test]
fn alert_and_standing_rules_end_and_a_press_does_not() {
    let mut house = House::new();
    house.later_ms(86_400_001);
    is_refused(&house.alert(1), No::Expired);
    let nonce = house.nonce(Who::OwnerPhone);
    let yes = house.say(Word::Trigger(approval(2, nonce)), &[Who::OwnerPhone]);
    is_refused(&yes, No::Expired);
    let standing = Input::Standing {
        id: TriggerId([3; 16]),
        rule: RuleId(4),
    };
    let at = house.at;
    is_refused(&house.gate.decide(&at, standing).outcome, No::Expired);
    assert!(matches!(
        house.press(Who::OwnerPhone, 4),
        Outcome::Opens { .. }
    ));
}

#[test]
fn nothing_opens_by_itself_where_nobody_knows_the_time() {
    let mut house = House::new();
    house.at.wall = None;
    is_refused(&house.alert(1), No::Expired);
    assert!(matches!(
        house.terms(Who::OwnerPhone, 2, 60),
        Outcome::Opens { .. }
    ));
}

#[test]
fn an_old_word_is_refused_where_the_clocks_agree() {
    let age = |house: &mut House, id: u8, ms: i64| {
        let nonce = house.nonce(Who::OwnerPhone);
        let word = SignedTrigger {
            made_at: WallTime(house.at.wall.unwrap().0 - ms),
            ..press(id, nonce)
        };
        house.say(Word::Trigger(word), &[Who::OwnerPhone])
    };
    let mut house = House::new();
    assert!(matches!(age(&mut house, 1, 120_000), Outcome::Opens { .. }));
    is_refused(&age(&mut house, 2, 120_001), No::Rules(Refusal::TooOld));
    is_refused(
        &age(&mut house, 3, CLOCKS_AGREE_WITHIN_MS),
        No::Rules(Refusal::TooOld),
    );
    // An hour and more: a clock is wrong, and the nonce alone says how old it is.
    assert!(matches!(
        age(&mut house, 4, CLOCKS_AGREE_WITHIN_MS + 1),
        Outcome::Opens { .. }
    ));
    assert!(matches!(
        age(&mut house, 5, -500_000),
        Outcome::Opens { .. }
    ));
}

#[test]
fn cameras_that_are_not_there_are_left_out_of_a_press_and_refused_in_terms() {
    let mut house = House::new();
    let naming = |house: &mut House, id: u8, numbers: &[u16]| {
        let nonce = house.nonce(Who::OwnerPhone);
        let mut word = press(id, nonce);
        if let SignedTriggerKind::Press(press) = &mut word.kind {
            press.cameras = numbers.iter().map(|number| camera(*number)).collect();
        }
        house.say(Word::Trigger(word), &[Who::OwnerPhone])
    };
    let outcome = naming(&mut house, 1, &[1, 77]);
    house.open(&outcome);
    assert_eq!(house.open_cameras(), [1]);
    is_refused(
        &naming(&mut house, 2, &[77]),
        No::Rules(Refusal::UnknownCamera),
    );
    let nonce = house.nonce(Who::OwnerPhone);
    let unknown = SignedTerms {
        cameras: cameras(&[1, 77]),
        ..terms(3, nonce, 60)
    };
    let outcome = house.say(Word::Terms(unknown), &[Who::OwnerPhone]);
    is_refused(&outcome, No::Rules(Refusal::UnknownCamera));
}

#[test]
fn terms_above_the_ceiling_are_refused_in_every_way() {
    let mut house = House::new();
    let above: [fn(&mut SignedTerms); 4] = [
        |terms| terms.cameras = cameras(&[1, 4]),
        |terms| terms.rights.audio = true,
        |terms| terms.agency = AgencyHash([9; 32]),
        |terms| terms.ttl = Ttl::from_secs(3601).unwrap(),
    ];
    for (id, change) in (1..).zip(above) {
        let nonce = house.nonce(Who::Owner);
        let mut word = terms(id, nonce, 60);
        change(&mut word);
        is_refused(
            &house.say(Word::Terms(word), &[Who::Owner]),
            No::AboveCeiling,
        );
    }
}

#[test]
fn what_a_ceiling_leaves_of_terms_is_never_more_than_both_allow() {
    let wide = Terms {
        rights: Rights {
            pre_roll: true,
            audio: true,
            ..Rights::LIVE
        },
        pre_roll_secs: 15,
        cameras: cameras(&[1, 4]),
        ttl: Ttl::from_secs(5400).unwrap(),
        ..terms(1, Nonce([0; 16]), 60).terms()
    };
    let clipped = ceiling(Succession::FIRST).clip(wide.clone()).unwrap();
    assert_eq!(clipped.pre_roll_secs, 15, "the ceiling has the right");
    assert!(clipped.rights.pre_roll && !clipped.rights.audio);
    assert_eq!((clipped.cameras, clipped.ttl.secs()), (cameras(&[1]), 3600));
    let limits = (Ttl::from_secs(7200).unwrap(), 60);
    let agencies: BTreeSet<_> = [town_name()].into();
    let line = Succession::FIRST;
    let live = Ceiling::new(TO, line, limits, cameras(&[1, 4]), agencies, Rights::LIVE).unwrap();
    let clipped = live.clip(wide.clone()).unwrap();
    assert_eq!((clipped.pre_roll_secs, clipped.rights), (0, Rights::LIVE));
    assert_eq!(clipped.ttl, wide.ttl);
    assert!(live.covers(&clipped) && !live.covers(&wide));
    let elsewhere = Terms {
        cameras: cameras(&[7]),
        ..wide.clone()
    };
    assert_eq!(live.clip(elsewhere), None);
    let stranger = Terms {
        agency: AgencyId::new("springfield-pd").unwrap(),
        ..wide
    };
    assert_eq!(live.clip(stranger), None);
}

#[test]
fn a_day_has_so_many_seconds_for_alerts_and_terms_and_no_end_for_presses() {
    let mut house = House::new();
    assert!(matches!(
        house.terms(Who::Owner, 1, 3600),
        Outcome::Opens { .. }
    ));
    assert!(
        matches!(house.alert(2), Outcome::Opens { .. }),
        "4500 of 7200"
    );
    is_refused(&house.terms(Who::Owner, 3, 2701), No::AboveCeiling);
    assert!(matches!(
        house.terms(Who::Owner, 4, 2700),
        Outcome::Opens { .. }
    ));
    let nonce = house.nonce(Who::OwnerPhone);
    let yes = house.say(Word::Trigger(approval(5, nonce)), &[Who::OwnerPhone]);
    is_refused(&yes, No::AboveCeiling);
    assert!(matches!(
        house.press(Who::OwnerPhone, 6),
        Outcome::Opens { .. }
    ));
    assert_eq!(house.gate.kept().spent.secs, 7200);
    house.at.now.local_day += 1;
    assert!(matches!(
        house.terms(Who::Owner, 7, 3600),
        Outcome::Opens { .. }
    ));
}

#[test]
fn the_button_opens_for_whom_the_policy_says_and_stop_shuts_everything() {
    let mut house = House::new();
    let SignedTriggerKind::Press(pressed) = press(0, Nonce([0; 16])).kind else {
        panic!("a press");
    };
    let input = Input::Button {
        id: TriggerId([1; 16]),
        press: Press {
            at: PressedAt::Button,
            ..pressed
        },
    };
    let at = house.at;
    let outcome = house.gate.decide(&at, input).outcome;
    house.open(&outcome);
    assert_eq!(house.open_cameras(), [1, 2]);
    let stopped = house.gate.decide(&at, Input::Stop);
    assert_eq!(stopped.outcome, Outcome::Closed);
    assert_eq!(house.open_cameras(), [0u16; 0]);
}

#[test]
fn standing_rules_come_round_under_the_ceiling() {
    let mut house = House::new();
    assert_eq!(house.gate.renewals_due(house.at.now.boot), [RuleId(4)]);
    let input = Input::Standing {
        id: TriggerId([1; 16]),
        rule: RuleId(4),
    };
    let at = house.at;
    let outcome = house.gate.decide(&at, input).outcome;
    house.open(&outcome);
    assert_eq!(house.open_cameras(), [2]);
    assert_eq!(
        house.gate.kept().spent.secs,
        0,
        "it has no seconds to spend"
    );
}
