//! The oracle's words as the gate hears them.

use std::collections::BTreeSet;

use assent_consent::*;

use super::keys::{CONSOLE, Hand, id, public};
use crate::oracle as plain;
use crate::oracle::{LIVE, What};

pub(super) const PRE_ROLL: u8 = 2;
pub(super) const AUDIO: u8 = 4;

pub(super) fn sealed(said: &plain::Said, hand: Hand) -> Sealed {
    let hash = hash(said.name);
    let signatures = said.signers.iter().map(|signer| hand.sign(signer, hash));
    Sealed {
        word: word(said),
        hash,
        signatures: Signatures::new(signatures.collect()).unwrap(),
    }
}

pub(super) fn device(name: u8) -> DeviceId {
    DeviceId([name; 32])
}

pub(super) fn hash(name: u64) -> ObjectHash {
    let mut bytes = [0; 32];
    bytes[24..].copy_from_slice(&name.to_be_bytes());
    ObjectHash(bytes)
}

pub(super) fn town(name: u64) -> AgencyHash {
    AgencyHash(hash(name).0)
}

pub(super) fn sixteen(number: u64) -> [u8; 16] {
    u128::from(number).to_be_bytes()
}

pub(super) fn cameras(numbers: &BTreeSet<u16>) -> Cameras {
    Cameras::new(numbers.iter().map(|number| camera(*number))).unwrap()
}

pub(super) fn camera(number: u16) -> CameraNumber {
    CameraNumber::new(number).unwrap()
}

pub(super) fn rights(bits: u8) -> Rights {
    Rights {
        live: bits & LIVE != 0,
        pre_roll: bits & PRE_ROLL != 0,
        audio: bits & AUDIO != 0,
        ..Rights::default()
    }
}

pub(super) fn bits(rights: Rights) -> u8 {
    u8::from(rights.live) * LIVE
        + u8::from(rights.pre_roll) * PRE_ROLL
        + u8::from(rights.audio) * AUDIO
}

fn pre_roll_secs(bits: u8) -> u32 {
    u32::from(bits & PRE_ROLL != 0) * 10
}

fn succession(version: u64, previous: Option<u64>) -> Succession {
    Succession::new(version, previous.map(hash)).unwrap()
}

fn word(said: &plain::Said) -> Word {
    let to = || {
        let to = said.to.unwrap();
        Addressed {
            device: device(to.device),
            epoch: Epoch::new(to.epoch).unwrap(),
        }
    };
    match &said.what {
        What::Set(set) => Word::OwnerSet(owner_set(to(), set)),
        What::Policy(said) => Word::Policy(policy(to(), said)),
        What::Ceiling(said) => Word::Ceiling(ceiling(to(), said)),
        What::Terms(said) => Word::Terms(terms(to(), said)),
        What::Press(said) => Word::Trigger(press(to(), said)),
        What::Approval(said) => Word::Trigger(approval(to(), said)),
        What::Alert(said) => Word::Alert(alert(to(), said)),
        What::Revoke(said) => Word::Revoke(revoke(to(), said)),
        What::Town(set) => Word::AgencySet(agency_set(set)),
        What::Operator(paper) => Word::Operator(OperatorCertificate {
            agency: town(paper.town),
            key: public(paper.key),
            until: WallTime(paper.until_ms),
            badge: Badge::new("417").unwrap(),
        }),
    }
}

fn owner_set(to: Addressed, set: &plain::Set) -> OwnerSet {
    let member = |member: &plain::Member| Member {
        key: public(member.key),
        kind: if member.has_passkey {
            KeyKind::Passkey
        } else {
            KeyKind::Phone
        },
        role: match member.role {
            plain::Role::Owner => Role::Owner,
            plain::Role::Household => Role::Household(cameras(&member.cameras)),
            plain::Role::Staff => Role::Staff(cameras(&member.cameras)),
        },
        name: MemberName::new("somebody").unwrap(),
    };
    let mut members: Vec<_> = set.members.iter().map(member).collect();
    members.sort_by(|a, b| a.key.cmp(&b.key));
    let quorum = u32::try_from(set.quorum).unwrap();
    OwnerSet::new(to, succession(set.version, set.previous), members, quorum).unwrap()
}

fn policy(to: Addressed, policy: &plain::Policy) -> SignedPolicy {
    let rules = policy.rules.iter().map(rule).collect();
    let agency = |name: &u64| Agency {
        id: town(*name),
        name: AgencyName::new("a town").unwrap(),
    };
    SignedPolicy::new(
        to,
        succession(policy.version, policy.previous),
        Place::new(policy.north_e7, 0),
        policy.towns.iter().map(agency).collect(),
        StandingPolicy::new(PolicyVersion(policy.version), rules).unwrap(),
        WallTime(policy.alerts_until_ms),
    )
    .unwrap()
}

fn rule(rule: &plain::Rule) -> Rule {
    Rule {
        id: RuleId(rule.id),
        trigger: match &rule.on {
            plain::On::Press => RuleTrigger::Press,
            plain::On::Standing => RuleTrigger::Standing,
            plain::On::Alert(limits) => RuleTrigger::Alert(alert_rule(limits)),
        },
        cameras: cameras(&rule.cameras),
        agency: town(rule.town).into(),
        rights: rights(rule.rights),
        longest: Ttl::from_secs(rule.secs).unwrap(),
        pre_roll_secs: pre_roll_secs(rule.rights),
    }
}

fn alert_rule(limits: &plain::Limits) -> AlertRule {
    let minute = |minute| MinuteOfDay::new(minute).unwrap();
    AlertRule {
        kinds: BTreeSet::from([kind(limits.kind)]),
        asks: limits.asks,
        limits: AlertLimits {
            per_day: limits.per_day,
            cooldown_secs: limits.cooldown_secs,
            quiet: limits.quiet.map(|(from, to)| QuietHours {
                from: minute(from),
                to: minute(to),
            }),
            within_metres: limits.within_metres,
        },
    }
}

fn kind(kind: u8) -> AlertKind {
    AlertKind::new(format!("kind-{kind}")).unwrap()
}

fn ceiling(to: Addressed, said: &plain::Ceiling) -> Ceiling {
    Ceiling::new(
        to,
        succession(said.version, said.previous),
        (Ttl::from_secs(said.longest_secs).unwrap(), said.secs_a_day),
        cameras(&said.cameras),
        said.towns.iter().map(|name| town(*name)).collect(),
        rights(said.rights),
    )
    .unwrap()
}

fn terms(to: Addressed, said: &plain::Terms) -> SignedTerms {
    SignedTerms {
        to,
        id: TriggerId(sixteen(said.id)),
        nonce: Nonce(sixteen(said.nonce)),
        made_at: WallTime(said.made_at_ms),
        cameras: cameras(&said.cameras),
        agency: town(said.town),
        rights: rights(said.rights),
        ttl: Ttl::from_secs(said.secs).unwrap(),
        pre_roll_secs: pre_roll_secs(said.rights),
        purpose: Purpose::new("").unwrap(),
        incident: Incident::new("").unwrap(),
    }
}

pub(super) fn pressed(numbers: &BTreeSet<u16>, at: PressedAt) -> Press {
    Press {
        level: Level::Panic,
        silent: false,
        drill: false,
        at,
        by: PersonId::new("").unwrap(),
        cameras: numbers.iter().map(|number| camera(*number)).collect(),
        note: Note::new("").unwrap(),
    }
}

fn press(to: Addressed, said: &plain::Press) -> SignedTrigger {
    SignedTrigger {
        to,
        id: TriggerId(sixteen(said.id)),
        nonce: Nonce(sixteen(said.nonce)),
        made_at: WallTime(said.made_at_ms),
        kind: SignedTriggerKind::Press(pressed(&said.cameras, PressedAt::Phone)),
    }
}

fn approval(to: Addressed, said: &plain::Approval) -> SignedTrigger {
    SignedTrigger {
        to,
        id: TriggerId(sixteen(said.id)),
        nonce: Nonce(sixteen(said.nonce)),
        made_at: WallTime(said.made_at_ms),
        kind: SignedTriggerKind::Approval {
            of: TriggerId(sixteen(said.of)),
            alert: facts(&said.alert),
            by: PersonId::new("").unwrap(),
        },
    }
}

fn facts(facts: &plain::Facts) -> AlertFacts {
    AlertFacts {
        kind: kind(facts.kind),
        agency: town(facts.town),
        place: facts.north_e7.and_then(|north| Place::new(north, 0)),
        source: AlertSource::new("").unwrap(),
    }
}

fn alert(to: Addressed, said: &plain::Alert) -> SignedAlert {
    SignedAlert {
        to,
        id: TriggerId(sixteen(said.id)),
        nonce: Nonce(sixteen(said.nonce)),
        made_at: WallTime(said.made_at_ms),
        facts: facts(&said.facts),
        purpose: Purpose::new("").unwrap(),
    }
}

pub(super) fn grant(to: DeviceId, trigger: u64, rule: u32) -> GrantId {
    GrantId::derive(&to, TriggerId(sixteen(trigger)), RuleId(rule))
}

fn revoke(to: Addressed, said: &plain::Revoke) -> SignedRevoke {
    use plain::Scope as S;
    SignedRevoke {
        to,
        id: RevokeId(sixteen(said.id)),
        scope: match said.scope {
            S::Grant(trigger, rule) => RevokeScope::Grant(grant(to.device, trigger, rule)),
            S::Trigger(trigger) => RevokeScope::Trigger(TriggerId(sixteen(trigger))),
            S::Camera(number) => RevokeScope::Camera(camera(number)),
            S::Everything => RevokeScope::Everything,
            S::Policy(version) => RevokeScope::Policy(PolicyVersion(version)),
            S::Town(name) => RevokeScope::Agency(town(name)),
            S::Key(key) => RevokeScope::Key(id(key)),
        },
        reason: RevokeReason::Owner,
    }
}

fn agency_set(set: &plain::Town) -> AgencySet {
    let role = |of: &Option<u8>| match of {
        None => AgencyRole::Supervisor,
        Some(of) => AgencyRole::Alerts(AlertKinds::new(BTreeSet::from([kind(*of)])).unwrap()),
    };
    let members = set.members.iter().map(|(key, kind)| AgencyMember {
        key: public(*key),
        role: role(kind),
    });
    let mut members: Vec<_> = members.collect();
    members.sort_by(|a, b| a.key.cmp(&b.key));
    let quorum = u32::try_from(set.quorum).unwrap();
    let origin = Origin::new(format!("https://{CONSOLE}")).unwrap();
    let line = succession(set.version, set.previous);
    AgencySet::new(set.first.map(town), line, members, quorum, origin).unwrap()
}

pub(super) fn moment(clock: &plain::Clock) -> Moment {
    Moment {
        now: Now {
            boot: BootTime(clock.boot_ms),
            local_day: clock.day,
            local_minute: MinuteOfDay::new(clock.minute).unwrap(),
        },
        wall: clock.wall_ms.map(WallTime),
    }
}
