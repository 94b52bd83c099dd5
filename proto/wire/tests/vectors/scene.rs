//! One shop and its town, in words: what the vectors say.

use std::collections::BTreeSet;

use assent_consent::*;
use assent_wire::{hash_of, link};
use prost::Message as _;

use super::keys::{CONSOLE_ORIGIN, Key};

pub(crate) const TO: Addressed = Addressed {
    device: DeviceId([0x11; 32]),
    epoch: Epoch::FIRST,
};
/// 2026-11-20 12:00 UTC.
pub(crate) const NOON: WallTime = WallTime(1_795_176_000_000);
const YEAR_MS: i64 = 365 * 86_400_000;

pub(crate) fn camera(number: u16) -> CameraNumber {
    CameraNumber::new(number).unwrap()
}

pub(crate) fn cameras(numbers: &[u16]) -> Cameras {
    Cameras::new(numbers.iter().map(|number| camera(*number))).unwrap()
}

pub(crate) fn owner_set() -> OwnerSet {
    let members = [
        member(Key::OwnerPasskey, KeyKind::Passkey, Role::Owner),
        member(Key::OwnerPhone, KeyKind::Phone, Role::Owner),
    ];
    OwnerSet::new(TO, Succession::FIRST, sorted(members.into()), 1).unwrap()
}

pub(crate) fn second_owner_set() -> OwnerSet {
    let members = [
        member(Key::OwnerPasskey, KeyKind::Passkey, Role::Owner),
        member(Key::SecondPasskey, KeyKind::Passkey, Role::Owner),
        member(Key::OwnerPhone, KeyKind::Phone, Role::Owner),
        member(
            Key::HouseholdPhone,
            KeyKind::Phone,
            Role::Household(cameras(&[1, 2])),
        ),
        member(Key::StaffPhone, KeyKind::Phone, Role::Staff(cameras(&[2]))),
    ];
    let first = hash_of(&Word::OwnerSet(owner_set())).unwrap();
    let succession = Succession::new(2, Some(first)).unwrap();
    OwnerSet::new(TO, succession, sorted(members.into()), 2).unwrap()
}

pub(crate) fn third_owner_set() -> OwnerSet {
    let second = second_owner_set();
    let succession = Succession::new(3, Some(hash_of(&Word::OwnerSet(second.clone())).unwrap()));
    let staff = |member: &&Member| matches!(member.role, Role::Staff(_));
    let members = second.members().iter().filter(|member| !staff(member));
    OwnerSet::new(TO, succession.unwrap(), members.cloned().collect(), 2).unwrap()
}

fn member(key: Key, kind: KeyKind, role: Role) -> Member {
    Member {
        key: key.public(),
        kind,
        role,
        name: MemberName::new(format!("the {} of the shop", key.name())).unwrap(),
    }
}

fn sorted(mut members: Vec<Member>) -> Vec<Member> {
    members.sort_by(|a, b| a.key.cmp(&b.key));
    members
}

pub(crate) fn agency_set() -> AgencySet {
    let members = vec![
        agency_member(Key::SupervisorOne, AgencyRole::Supervisor),
        agency_member(Key::AlertSigner, alerts(&["gunshot"])),
    ];
    let origin = Origin::new(CONSOLE_ORIGIN).unwrap();
    AgencySet::new(None, Succession::FIRST, in_order(members), 1, origin).unwrap()
}

pub(crate) fn agency() -> AgencyHash {
    AgencyHash(hash_of(&Word::AgencySet(agency_set())).unwrap().0)
}

pub(crate) fn second_agency_set() -> AgencySet {
    let members = vec![
        agency_member(Key::SupervisorOne, AgencyRole::Supervisor),
        agency_member(Key::SupervisorTwo, AgencyRole::Supervisor),
        agency_member(Key::AlertSigner, alerts(&["alarm-panel", "gunshot"])),
    ];
    let previous = ObjectHash(agency().0);
    let succession = Succession::new(2, Some(previous)).unwrap();
    let origin = Origin::new(CONSOLE_ORIGIN).unwrap();
    AgencySet::new(Some(agency()), succession, in_order(members), 2, origin).unwrap()
}

fn agency_member(key: Key, role: AgencyRole) -> AgencyMember {
    AgencyMember {
        key: key.public(),
        role,
    }
}

fn in_order(mut members: Vec<AgencyMember>) -> Vec<AgencyMember> {
    members.sort_by(|a, b| a.key.cmp(&b.key));
    members
}

fn alerts(kinds: &[&str]) -> AgencyRole {
    AgencyRole::Alerts(AlertKinds::new(kind_set(kinds)).unwrap())
}

fn kind_set(kinds: &[&str]) -> BTreeSet<AlertKind> {
    kinds
        .iter()
        .map(|kind| AlertKind::new(*kind).unwrap())
        .collect()
}

pub(crate) fn operator() -> OperatorCertificate {
    OperatorCertificate {
        agency: agency(),
        key: Key::Operator.public(),
        until: WallTime(NOON.0 + 43_200_000),
        badge: Badge::new("417").unwrap(),
    }
}

pub(crate) fn place() -> Place {
    Place::new(397_817_213, -896_501_481).unwrap()
}

/// "When I press: front door and till, 30 minutes, with the 15 seconds before. When their gunshot alarm
/// fires within 300 m: the front door only, 15 minutes, at most twice a day, not between 22:00 and 06:00."
pub(crate) fn policy() -> SignedPolicy {
    let pre_roll = Rights {
        pre_roll: true,
        ..Rights::LIVE
    };
    let limits = AlertLimits {
        per_day: 2,
        cooldown_secs: 600,
        quiet: Some(QuietHours {
            from: MinuteOfDay::new(22 * 60).unwrap(),
            to: MinuteOfDay::new(6 * 60).unwrap(),
        }),
        within_metres: 300,
    };
    let on = |kinds: &[&str], asks, limits| {
        RuleTrigger::Alert(AlertRule {
            kinds: kind_set(kinds),
            asks,
            limits,
        })
    };
    let rules = vec![
        rule(1, RuleTrigger::Press, &[1, 2], (pre_roll, 15), 1800),
        rule(
            2,
            on(&["gunshot"], false, limits),
            &[1],
            (Rights::LIVE, 0),
            900,
        ),
        rule(
            3,
            on(&["alarm-panel", "gunshot"], true, AlertLimits::default()),
            &[1, 2, 3],
            (Rights::LIVE, 0),
            900,
        ),
        rule(4, RuleTrigger::Standing, &[300], (Rights::LIVE, 0), 86_400),
    ];
    let springfield = Agency {
        id: agency(),
        name: AgencyName::new("Springfield PD").unwrap(),
    };
    SignedPolicy::new(
        TO,
        Succession::FIRST,
        Some(place()),
        vec![springfield],
        StandingPolicy::new(PolicyVersion(1), rules).unwrap(),
        WallTime(NOON.0 + YEAR_MS),
    )
    .unwrap()
}

/// Shares nothing, and says so in few bytes.
pub(crate) fn second_policy() -> SignedPolicy {
    let first = hash_of(&Word::Policy(policy())).unwrap();
    SignedPolicy::new(
        TO,
        Succession::new(2, Some(first)).unwrap(),
        None,
        Vec::new(),
        StandingPolicy::new(PolicyVersion(2), Vec::new()).unwrap(),
        WallTime(-1),
    )
    .unwrap()
}

fn rule(
    id: u32,
    trigger: RuleTrigger,
    numbers: &[u16],
    (rights, pre_roll_secs): (Rights, u32),
    secs: u32,
) -> Rule {
    Rule {
        id: RuleId(id),
        trigger,
        cameras: cameras(numbers),
        agency: agency().into(),
        rights,
        longest: Ttl::from_secs(secs).unwrap(),
        pre_roll_secs,
    }
}

pub(crate) fn ceiling() -> Ceiling {
    let rights = Rights {
        pre_roll: true,
        record: true,
        ..Rights::LIVE
    };
    Ceiling::new(
        TO,
        Succession::FIRST,
        (Ttl::from_secs(7200).unwrap(), 14_400),
        cameras(&[1, 2, 3, 300]),
        BTreeSet::from([agency()]),
        rights,
    )
    .unwrap()
}

pub(crate) fn terms(secs: u32) -> SignedTerms {
    SignedTerms {
        to: TO,
        id: TriggerId([0x31; 16]),
        nonce: Nonce([0x41; 16]),
        made_at: NOON,
        cameras: cameras(&[2]),
        agency: agency(),
        rights: Rights::LIVE,
        ttl: Ttl::from_secs(secs).unwrap(),
        pre_roll_secs: 0,
        purpose: Purpose::new("to see who is at the back door").unwrap(),
        incident: Incident::new("26-001234").unwrap(),
    }
}

pub(crate) fn press() -> SignedTrigger {
    trigger(SignedTriggerKind::Press(Press {
        level: Level::Panic,
        silent: true,
        drill: false,
        at: PressedAt::Phone,
        by: PersonId::new("maria").unwrap(),
        cameras: [camera(1), camera(2)].into(),
        note: Note::new("two men, one with a knife ‽").unwrap(),
    }))
}

/// As short as a press can be.
pub(crate) fn bare_press() -> SignedTrigger {
    trigger(SignedTriggerKind::Press(Press {
        level: Level::StaffAlert,
        silent: false,
        drill: false,
        at: PressedAt::Phone,
        by: PersonId::new("").unwrap(),
        cameras: BTreeSet::new(),
        note: Note::new("").unwrap(),
    }))
}

pub(crate) fn approval() -> SignedTrigger {
    trigger(SignedTriggerKind::Approval {
        of: TriggerId([0x33; 16]),
        alert: facts(Some(place())),
        by: PersonId::new("maria").unwrap(),
    })
}

fn trigger(kind: SignedTriggerKind) -> SignedTrigger {
    SignedTrigger {
        to: TO,
        id: TriggerId([0x32; 16]),
        nonce: Nonce([0x42; 16]),
        made_at: NOON,
        kind,
    }
}

pub(crate) fn alert(place: Option<Place>) -> SignedAlert {
    SignedAlert {
        to: TO,
        id: TriggerId([0x33; 16]),
        nonce: Nonce([0x43; 16]),
        made_at: NOON,
        facts: facts(place),
        purpose: Purpose::new("shots fired").unwrap(),
    }
}

fn facts(place: Option<Place>) -> AlertFacts {
    AlertFacts {
        kind: AlertKind::new("gunshot").unwrap(),
        agency: agency(),
        place,
        source: AlertSource::new("sensor 12").unwrap(),
    }
}

pub(crate) fn revoke(scope: RevokeScope) -> SignedRevoke {
    SignedRevoke {
        to: TO,
        id: RevokeId([0x51; 16]),
        scope,
        reason: RevokeReason::Owner,
    }
}

pub(crate) fn receipt() -> SignedReceipt {
    let entry = link::Receipt {
        number: 7,
        previous: vec![0x61; 32],
        wall_ms: NOON.0,
        boot_ms: 123_456,
        boot_id: vec![0x62; 16],
        local_day: 20_777,
        body: Some(link::receipt::Body::Ended(link::Ended {
            grant_id: vec![0x63; 16],
            cause: link::EndCause::Revoked.into(),
            receipt: 7,
            lasted_ms: 61_000,
            bytes_left: 1_234_567,
        })),
    };
    SignedReceipt {
        from: TO,
        entry: entry.encode_to_vec(),
    }
}
