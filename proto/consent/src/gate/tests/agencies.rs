//! Agencies: their sets, their alert key, their operators.

use p256::ecdsa::SigningKey;
use sha2::{Digest, Sha256};

use super::house::*;
use crate::GateRefusal as No;
use crate::*;

fn is_refused(outcome: &Outcome, refusal: GateRefusal) {
    assert_eq!(*outcome, Outcome::Refused(refusal));
}

fn second_town() -> Word {
    let first = ObjectHash(town_name().0);
    Word::AgencySet(town(Succession::new(2, Some(first)).unwrap()))
}

#[test]
fn an_agency_is_known_by_its_first_set_and_only_where_an_owner_named_it() {
    let mut house = House::new();
    let first = Word::AgencySet(town(Succession::FIRST));
    assert_eq!(house.say(first.clone(), &[Who::Supervisor]), Outcome::Known);
    let origin = Origin::new("https://elsewhere.example").unwrap();
    let members = town(Succession::FIRST).members().to_vec();
    let other = AgencySet::new(None, Succession::FIRST, members, 1, origin).unwrap();
    let outcome = house.say(Word::AgencySet(other), &[Who::Supervisor]);
    is_refused(&outcome, No::UnknownAgency);
    assert_eq!(house.say(second_town(), &[Who::Supervisor]), Outcome::Taken);
    is_refused(&house.say(first, &[Who::Supervisor]), No::OldVersion);
}

#[test]
fn a_later_set_is_signed_by_the_supervisors_before() {
    let mut house = House::new();
    is_refused(&house.say(second_town(), &[Who::Signer]), No::NotAllowed);
    is_refused(&house.say(second_town(), &[Who::Owner]), No::UnknownKey);
    let astray = Succession::new(2, Some(ObjectHash([9; 32]))).unwrap();
    let astray = Word::AgencySet(town(astray));
    is_refused(&house.say(astray, &[Who::Supervisor]), No::WrongPrevious);
}

#[test]
fn an_alert_is_the_alert_keys_for_its_kinds() {
    let mut house = House::new();
    let nonce = house.nonce(Who::Signer);
    let mut word = alert(1, nonce);
    word.facts.kind = AlertKind::new("alarm-panel").unwrap();
    let outcome = house.say(Word::Alert(word), &[Who::Signer]);
    is_refused(&outcome, No::NotAllowed);
    let nonce = house.nonce(Who::Supervisor);
    let outcome = house.say(Word::Alert(alert(2, nonce)), &[Who::Supervisor]);
    is_refused(&outcome, No::NotAllowed);
    let nonce = house.nonce(Who::OwnerPhone);
    let outcome = house.say(Word::Alert(alert(3, nonce)), &[Who::OwnerPhone]);
    is_refused(&outcome, No::UnknownKey);
    let nonce = house.nonce(Who::Signer);
    let mut word = alert(4, nonce);
    word.facts.agency = AgencyHash([9; 32]);
    let outcome = house.say(Word::Alert(word), &[Who::Signer]);
    is_refused(&outcome, No::UnknownAgency);
}

fn say_alert(house: &mut House, id: u8) -> Outcome {
    let nonce = house.nonce(Who::Operator);
    let word = SignedAlert {
        made_at: house.at.wall.unwrap_or(WALL),
        ..alert(id, nonce)
    };
    house.say(Word::Alert(word), &[Who::Operator])
}

#[test]
fn an_operator_speaks_under_a_certificate_while_it_lasts() {
    let mut house = House::new();
    let asked = house
        .gate
        .hand_out(Who::Operator.id(), Nonce([77; 16]), house.at.now.boot);
    assert_eq!(asked, Err(No::UnknownKey));
    let until = WallTime(WALL.0 + 600_000);
    let certificate = Word::Operator(operator(until));
    is_refused(
        &house.say(certificate.clone(), &[Who::Signer]),
        No::NotAllowed,
    );
    is_refused(
        &house.say(certificate.clone(), &[Who::Owner]),
        No::UnknownKey,
    );
    assert_eq!(house.say(certificate, &[Who::Supervisor]), Outcome::Taken);
    let outcome = say_alert(&mut house, 1);
    house.open(&outcome);
    assert_eq!(house.open_cameras(), [1]);
    house.later_ms(600_001);
    is_refused(&say_alert(&mut house, 2), No::Expired);
    let over = Word::Operator(operator(until));
    is_refused(&house.say(over, &[Who::Supervisor]), No::Expired);
}

#[test]
fn a_certificate_ends_with_the_supervisor_who_signed_it() {
    let mut house = House::new();
    let certificate = Word::Operator(operator(WallTime(WALL.0 + 600_000)));
    assert_eq!(house.say(certificate, &[Who::Supervisor]), Outcome::Taken);
    let new = AgencyMember {
        key: Who::Stranger.public(),
        role: AgencyRole::Supervisor,
    };
    let succession = Succession::new(2, Some(ObjectHash(town_name().0))).unwrap();
    let origin = Origin::new("https://console.example").unwrap();
    let set = AgencySet::new(Some(town_name()), succession, vec![new], 1, origin).unwrap();
    assert_eq!(
        house.say(Word::AgencySet(set), &[Who::Supervisor]),
        Outcome::Taken
    );
    assert!(house.gate.kept().operators.is_empty());
    let asked = house
        .gate
        .hand_out(Who::Operator.id(), Nonce([77; 16]), house.at.now.boot);
    assert_eq!(asked, Err(No::UnknownKey));
}

#[test]
fn a_renewed_certificate_replaces_the_old_one_and_the_oldest_make_room() {
    let mut house = House::new();
    let soon = WallTime(WALL.0 + 1000);
    let later = WallTime(WALL.0 + 600_000);
    for until in [soon, later] {
        let outcome = house.say(Word::Operator(operator(until)), &[Who::Supervisor]);
        assert_eq!(outcome, Outcome::Taken);
    }
    assert_eq!(house.gate.kept().operators.len(), 1);
    house.later_ms(1001);
    assert!(matches!(say_alert(&mut house, 1), Outcome::Opens { .. }));
    let at = house.at;
    for number in 0..256_u16 {
        let key = key_of(number);
        let paper = OperatorCertificate {
            key,
            ..operator(later)
        };
        house.gate.take_operator(&at, &paper, Who::Supervisor.id());
    }
    assert_eq!(house.gate.kept().operators.len(), 256);
    let asked = house
        .gate
        .hand_out(Who::Operator.id(), Nonce([77; 16]), house.at.now.boot);
    assert_eq!(asked, Err(No::UnknownKey), "the oldest went");
}

fn key_of(number: u16) -> PublicKey {
    let seed: [u8; 32] = Sha256::digest(number.to_be_bytes()).into();
    let secret = SigningKey::from_slice(&seed).unwrap();
    let point = secret.verifying_key().to_sec1_point(true);
    PublicKey::from_sec1(point.as_bytes()).unwrap()
}

#[test]
fn an_agency_that_is_named_no_more_is_forgotten() {
    let mut house = House::new();
    let succession = Succession::new(2, Some(hash(&Word::Policy(policy())))).unwrap();
    let rules = StandingPolicy::new(PolicyVersion(2), Vec::new()).unwrap();
    let nobody = SignedPolicy::new(TO, succession, None, Vec::new(), rules, WALL).unwrap();
    house.say(Word::Policy(nobody), &[Who::Owner]);
    assert_eq!(
        house.gate.kept().agencies.len(),
        1,
        "the ceiling names it still"
    );
    let succession = Word::Ceiling(ceiling(Succession::FIRST));
    let succession = Succession::new(2, Some(hash(&succession))).unwrap();
    let limits = (Ttl::from_secs(60).unwrap(), 60);
    let other = [AgencyHash([9; 32])].into();
    let new = Ceiling::new(TO, succession, limits, cameras(&[1]), other, Rights::LIVE).unwrap();
    house.say(Word::Ceiling(new), &[Who::Owner]);
    let at = house.at;
    house.gate.decide(&at, Input::Confirm);
    assert!(house.gate.kept().agencies.is_empty());
}
