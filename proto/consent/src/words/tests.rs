//! What cannot be said cannot be made.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeSet;

use crate::gate::tests::Who;
use crate::gate::tests::house::*;
use crate::*;

fn owners(members: Vec<Member>, quorum: u32) -> Result<OwnerSet, BadOwnerSet> {
    OwnerSet::new(TO, Succession::FIRST, members, quorum)
}

#[test]
fn a_set_has_members_in_order_an_owners_passkey_and_a_quorum_it_can_meet() {
    assert!(owners(members(), 2).is_ok());
    assert_eq!(owners(Vec::new(), 1), Err(BadOwnerSet::HowMany));
    let mut astray = members();
    astray.reverse();
    assert_eq!(owners(astray, 1), Err(BadOwnerSet::OutOfOrder));
    let twice = vec![members()[0].clone(), members()[0].clone()];
    assert_eq!(owners(twice, 1), Err(BadOwnerSet::OutOfOrder));
    let phone = vec![member(Who::OwnerPhone, KeyKind::Phone, Role::Owner)];
    assert_eq!(owners(phone, 1), Err(BadOwnerSet::NoOwnerPasskey));
    for quorum in [0, 3] {
        assert_eq!(owners(members(), quorum), Err(BadOwnerSet::Quorum));
    }
    let many = vec![members()[0].clone(); OwnerSet::MOST_MEMBERS + 1];
    assert_eq!(owners(many, 1), Err(BadOwnerSet::HowMany));
}

#[test]
fn a_line_of_words_begins_with_one_that_follows_none() {
    let before = Some(ObjectHash([1; 32]));
    assert_eq!(Succession::new(1, None), Some(Succession::FIRST));
    assert_eq!(Succession::new(0, None), None);
    assert_eq!(Succession::new(1, before), None);
    assert_eq!(Succession::new(2, None), None);
    assert_eq!(Succession::new(2, before).unwrap().previous(), before);
    assert_eq!(Epoch::new(0), None);
    assert_eq!(Epoch::FIRST.next().get(), 2);
}

fn policy_of(rules: Vec<Rule>, place: Option<Place>) -> Result<SignedPolicy, BadSignedPolicy> {
    let rules = StandingPolicy::new(PolicyVersion(1), rules).unwrap();
    SignedPolicy::new(TO, Succession::FIRST, place, vec![agency()], rules, WALL)
}

#[test]
fn a_policy_names_the_agencies_of_its_rules_and_a_place_for_its_distances() {
    let rules = policy().rules().rules().to_vec();
    assert!(policy_of(rules.clone(), Some(place())).is_ok());
    assert_eq!(
        policy_of(rules.clone(), None),
        Err(BadSignedPolicy::NoPlace(RuleId(2)))
    );
    let mut stranger = rules.clone();
    stranger[0].agency = AgencyId::from(AgencyHash([9; 32]));
    let unknown = BadSignedPolicy::UnknownAgency(RuleId(1));
    assert_eq!(policy_of(stranger, Some(place())), Err(unknown));
    let mut reserved = rules.clone();
    reserved[0].id = RuleId::SIGNED_TERMS;
    assert_eq!(
        policy_of(reserved, Some(place())),
        Err(BadSignedPolicy::ReservedRule)
    );
    let agencies = vec![agency(), agency()];
    let none = StandingPolicy::new(PolicyVersion(1), Vec::new()).unwrap();
    let twice = SignedPolicy::new(TO, Succession::FIRST, None, agencies, none, WALL);
    assert_eq!(twice, Err(BadSignedPolicy::Agencies));
    let other = StandingPolicy::new(PolicyVersion(7), Vec::new()).unwrap();
    let astray = SignedPolicy::new(TO, Succession::FIRST, None, Vec::new(), other, WALL);
    assert_eq!(astray, Err(BadSignedPolicy::Version));
}

#[test]
fn a_ceiling_lets_something_be_seen_for_somebody() {
    let ceiling = |secs_a_day, agencies, rights| {
        let longest = Ttl::from_secs(60).unwrap();
        let limits = (longest, secs_a_day);
        Ceiling::new(
            TO,
            Succession::FIRST,
            limits,
            cameras(&[1]),
            agencies,
            rights,
        )
    };
    let town = BTreeSet::from([town_name()]);
    assert!(ceiling(0, town.clone(), Rights::LIVE).is_ok());
    let day = ceiling(86_401, town.clone(), Rights::LIVE);
    assert_eq!(day, Err(BadCeiling::SecsADay));
    let nobody = ceiling(60, BTreeSet::new(), Rights::LIVE);
    assert_eq!(nobody, Err(BadCeiling::Agencies));
    assert_eq!(
        ceiling(60, town, Rights::default()),
        Err(BadCeiling::NothingToSee)
    );
}

#[test]
fn an_agencys_first_set_has_no_name_and_the_later_have_one() {
    let members = town(Succession::FIRST).members().to_vec();
    let second = Succession::new(2, Some(ObjectHash([1; 32]))).unwrap();
    let origin = || Origin::new("https://console.example").unwrap();
    let made = |name, succession, members, quorum| {
        AgencySet::new(name, succession, members, quorum, origin())
    };
    let name = Some(town_name());
    let wrong = Err(BadAgencySet::Name);
    assert_eq!(made(name, Succession::FIRST, members.clone(), 1), wrong);
    assert_eq!(made(None, second, members.clone(), 1), wrong);
    assert!(made(name, second, members.clone(), 1).is_ok());
    assert_eq!(
        made(name, second, members.clone(), 2),
        Err(BadAgencySet::Quorum)
    );
    assert_eq!(
        made(name, second, members.clone(), 0),
        Err(BadAgencySet::Quorum)
    );
    assert_eq!(
        made(name, second, Vec::new(), 1),
        Err(BadAgencySet::HowMany)
    );
    let reversed = members.into_iter().rev().collect();
    assert_eq!(
        made(name, second, reversed, 1),
        Err(BadAgencySet::OutOfOrder)
    );
    assert_eq!(AlertKinds::new(BTreeSet::new()), None);
}

#[test]
fn places_are_on_the_globe_and_apart_as_on_a_map() {
    assert_eq!(Place::new(900_000_001, 0), None);
    assert_eq!(Place::new(0, -1_800_000_001), None);
    let here = place();
    assert_eq!(here.metres_to(here), 0);
    // A thousandth of a degree of latitude is 111.2 m.
    let north = Place::new(here.lat_e7() + 10_000, here.lon_e7()).unwrap();
    assert_eq!(here.metres_to(north), 112);
    assert_eq!(north.metres_to(here), 112);
    // Across the date line, and from pole to pole.
    let west = Place::new(0, -1_799_999_000).unwrap();
    let east = Place::new(0, 1_799_999_000).unwrap();
    assert_eq!(west.metres_to(east), 23);
    let poles = [900_000_000, -900_000_000].map(|lat| Place::new(lat, 0).unwrap());
    assert!((20_000_000..20_100_000).contains(&poles[0].metres_to(poles[1])));
}

#[test]
fn an_agencys_hash_is_its_id_written_out() {
    let hash = town_name();
    assert_eq!(AgencyId::from(hash).as_hash(), Some(hash));
    assert_eq!(AgencyId::new("springfield-pd").unwrap().as_hash(), None);
    let upper = AgencyId::new(hash.to_string().to_uppercase()).unwrap();
    assert_eq!(upper.as_hash(), None, "one way to write it");
}

#[test]
fn a_public_key_is_a_compressed_point() {
    let key = Who::Owner.public();
    assert_eq!(PublicKey::from_sec1(key.sec1()).unwrap(), key);
    assert_eq!(PublicKey::from_sec1(&key.sec1()[..32]), Err(BadKey));
    let whole = Who::Owner.secret().verifying_key().to_sec1_point(false);
    assert_eq!(PublicKey::from_sec1(whole.as_bytes()), Err(BadKey));
    let mut no_point = [0xff; 33];
    no_point[0] = 2;
    assert_eq!(PublicKey::from_sec1(&no_point), Err(BadKey));
}
