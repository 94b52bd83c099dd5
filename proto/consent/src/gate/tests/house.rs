//! A house with its device: who lives there, what they agreed to, and a town that may ask. Words here are
//! called by a hash of how they print; how they are written is not known in this crate.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p256::ecdsa::signature::hazmat::PrehashSigner as _;
use p256::ecdsa::{Signature as Ecdsa, SigningKey};
use sha2::{Digest, Sha256};

use crate::sharing::Kept as SharingKept;
use crate::*;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Who {
    Owner,
    SecondOwner,
    OwnerPhone,
    Household,
    Staff,
    Stranger,
    Supervisor,
    Signer,
    Operator,
}

impl Who {
    pub(crate) fn secret(self) -> SigningKey {
        let seed: [u8; 32] = Sha256::digest(format!("house {self:?}")).into();
        SigningKey::from_slice(&seed).unwrap()
    }

    pub(crate) fn public(self) -> PublicKey {
        let point = self.secret().verifying_key().to_sec1_point(true);
        PublicKey::from_sec1(point.as_bytes()).unwrap()
    }

    pub(crate) fn id(self) -> KeyId {
        self.public().id()
    }

    fn origin(self) -> &'static str {
        match self {
            Self::Supervisor | Self::Signer | Self::Operator => "https://console.example",
            _ => "https://owner.example",
        }
    }

    fn has_passkey(self) -> bool {
        matches!(
            self,
            Self::Owner | Self::SecondOwner | Self::Supervisor | Self::Operator
        )
    }

    pub(crate) fn sign(self, hash: ObjectHash) -> Signature {
        let proof = if self.has_passkey() {
            Proof::Passkey(self.assert(hash, self.origin(), 5))
        } else {
            let raw: Ecdsa = self.secret().sign_prehash(&hash.0).unwrap();
            Proof::Raw(raw.to_bytes().into())
        };
        Signature {
            key: self.id(),
            proof,
        }
    }

    pub(crate) fn assert(self, hash: ObjectHash, origin: &str, flags: u8) -> PasskeyAssertion {
        let client = format!(
            r#"{{"type":"webauthn.get","challenge":"{}","origin":"{origin}"}}"#,
            URL_SAFE_NO_PAD.encode(hash.0)
        );
        let mut data = Sha256::digest(Origin::new(origin).unwrap().host()).to_vec();
        data.extend([flags, 0, 0, 0, 0]);
        let digest = Sha256::new()
            .chain_update(&data)
            .chain_update(Sha256::digest(&client))
            .finalize();
        let made: Ecdsa = self.secret().sign_prehash(&digest).unwrap();
        let der = made.to_der().as_bytes().to_vec();
        PasskeyAssertion::new(data, client.into_bytes(), der).unwrap()
    }
}

pub(crate) const TO: Addressed = Addressed {
    device: DeviceId([1; 32]),
    epoch: Epoch::FIRST,
};
pub(crate) const WALL: WallTime = WallTime(1_795_176_000_000);

pub(crate) fn camera(number: u16) -> CameraNumber {
    CameraNumber::new(number).unwrap()
}

pub(crate) fn cameras(numbers: &[u16]) -> Cameras {
    Cameras::new(numbers.iter().map(|number| camera(*number))).unwrap()
}

pub(crate) fn hash(word: &Word) -> ObjectHash {
    ObjectHash(Sha256::digest(format!("{word:?}")).into())
}

pub(crate) fn seal(word: Word, signers: &[Who]) -> Sealed {
    let hash = hash(&word);
    let mut signatures: Vec<_> = signers.iter().map(|who| who.sign(hash)).collect();
    signatures.sort_by_key(|signature| signature.key);
    Sealed {
        word,
        hash,
        signatures: Signatures::new(signatures).unwrap(),
    }
}

/// A paired device with the house's policy, at noon. Cameras 1 and 2 are outside, 3 inside; 4 is one that
/// no ceiling allows.
pub(crate) struct House {
    pub(crate) gate: Gate,
    pub(crate) at: Moment,
    nonces: u8,
}

impl House {
    pub(crate) fn new() -> Self {
        let mut house = Self::unpaired();
        let set = seal(Word::OwnerSet(set(Succession::FIRST)), &[Who::Owner]);
        let ceiling = seal(Word::Ceiling(ceiling(Succession::FIRST)), &[Who::Owner]);
        house.gate.pair(&set, &ceiling).unwrap();
        assert_eq!(
            house.say(Word::Policy(policy()), &[Who::Owner]),
            Outcome::Taken
        );
        let town = Word::AgencySet(town(Succession::FIRST));
        assert_eq!(house.say(town, &[Who::Supervisor]), Outcome::Taken);
        house
    }

    pub(crate) fn unpaired() -> Self {
        let at = Moment {
            now: Now {
                boot: BootTime(1_000_000),
                local_day: 7,
                local_minute: MinuteOfDay::new(720).unwrap(),
            },
            wall: Some(WALL),
        };
        Self {
            gate: Gate::restore(setup(), GateKept::new(Epoch::FIRST), SharingKept::default()),
            at,
            nonces: 0,
        }
    }

    pub(crate) fn say(&mut self, word: Word, signers: &[Who]) -> Outcome {
        self.hear(seal(word, signers)).outcome
    }

    pub(crate) fn hear(&mut self, sealed: Sealed) -> Decision {
        self.gate.decide(&self.at, Input::Word(sealed))
    }

    pub(crate) fn later_ms(&mut self, ms: u64) {
        self.at.now.boot = self.at.now.boot.plus_ms(ms);
        let passed = i64::try_from(ms).unwrap();
        self.at.wall = self.at.wall.map(|wall| WallTime(wall.0 + passed));
        let boot = self.at.now.boot;
        self.gate.expire(boot);
    }

    pub(crate) fn nonce(&mut self, who: Who) -> Nonce {
        self.nonces += 1;
        let fresh = Nonce([self.nonces; 16]);
        self.gate
            .hand_out(who.id(), fresh, self.at.now.boot)
            .unwrap()
    }

    /// A press by phone, all the way to open cameras.
    pub(crate) fn press(&mut self, who: Who, id: u8) -> Outcome {
        let nonce = self.nonce(who);
        self.say(Word::Trigger(press(id, nonce)), &[who])
    }

    pub(crate) fn alert(&mut self, id: u8) -> Outcome {
        let nonce = self.nonce(Who::Signer);
        self.say(Word::Alert(alert(id, nonce)), &[Who::Signer])
    }

    pub(crate) fn terms(&mut self, who: Who, id: u8, secs: u32) -> Outcome {
        let nonce = self.nonce(who);
        self.say(Word::Terms(terms(id, nonce, secs)), &[who])
    }

    /// Writes the receipts, as it were.
    pub(crate) fn open(&mut self, outcome: &Outcome) {
        let Outcome::Opens { grants, .. } = outcome else {
            panic!("nothing to open: {outcome:?}");
        };
        for grant in grants {
            self.gate.open(*grant, &self.at.now);
        }
    }

    pub(crate) fn open_cameras(&self) -> Vec<u16> {
        let permitted = self.gate.sharing().permitted();
        permitted.keys().map(|camera| camera.get()).collect()
    }

    pub(crate) fn revoke(&mut self, who: Who, id: u8, scope: RevokeScope) -> Outcome {
        self.say(Word::Revoke(revoke(id, scope)), &[who])
    }
}

pub(crate) fn setup() -> GateSetup {
    let outside = [1, 2, 4].map(|number| (camera(number), Site::Outdoor));
    GateSetup {
        device: TO.device,
        origins: Origin::new("https://owner.example").unwrap().into(),
        cameras: BTreeMap::from(outside)
            .into_iter()
            .chain([(camera(3), Site::Indoor)])
            .collect(),
    }
}

pub(crate) fn member(who: Who, kind: KeyKind, role: Role) -> Member {
    Member {
        key: who.public(),
        kind,
        role,
        name: MemberName::new(format!("{who:?}")).unwrap(),
    }
}

pub(crate) fn members() -> Vec<Member> {
    let mut members = vec![
        member(Who::Owner, KeyKind::Passkey, Role::Owner),
        member(Who::SecondOwner, KeyKind::Passkey, Role::Owner),
        member(Who::OwnerPhone, KeyKind::Phone, Role::Owner),
        member(
            Who::Household,
            KeyKind::Phone,
            Role::Household(cameras(&[1, 3])),
        ),
        member(Who::Staff, KeyKind::Phone, Role::Staff(cameras(&[2]))),
    ];
    members.sort_by(|a, b| a.key.cmp(&b.key));
    members
}

pub(crate) fn set(succession: Succession) -> OwnerSet {
    OwnerSet::new(TO, succession, members(), 1).unwrap()
}

pub(crate) fn ceiling(succession: Succession) -> Ceiling {
    let rights = Rights {
        pre_roll: true,
        ..Rights::LIVE
    };
    let longest = Ttl::from_secs(3600).unwrap();
    let agencies = BTreeSet::from([town_name()]);
    Ceiling::new(
        TO,
        succession,
        (longest, 7200),
        cameras(&[1, 2, 3]),
        agencies,
        rights,
    )
    .unwrap()
}

pub(crate) fn town(succession: Succession) -> AgencySet {
    let kinds = BTreeSet::from([AlertKind::new("gunshot").unwrap()]);
    let mut members = vec![
        AgencyMember {
            key: Who::Supervisor.public(),
            role: AgencyRole::Supervisor,
        },
        AgencyMember {
            key: Who::Signer.public(),
            role: AgencyRole::Alerts(AlertKinds::new(kinds).unwrap()),
        },
    ];
    members.sort_by(|a, b| a.key.cmp(&b.key));
    let origin = Origin::new("https://console.example").unwrap();
    let name = succession.previous().map(|_| town_name());
    AgencySet::new(name, succession, members, 1, origin).unwrap()
}

pub(crate) fn town_name() -> AgencyHash {
    AgencyHash(hash(&Word::AgencySet(town(Succession::FIRST))).0)
}

pub(crate) fn place() -> Place {
    Place::new(397_817_213, -896_501_481).unwrap()
}

/// 1: press, cameras 1, 2 and 4, an hour and a half, with sound. 2: gunshot within 300 m, cameras 1 and 3,
/// 15 minutes. 3: asks, cameras 2 and 3. 4: standing, camera 2.
pub(crate) fn policy() -> SignedPolicy {
    let loud = Rights {
        audio: true,
        ..Rights::LIVE
    };
    let limits = AlertLimits {
        per_day: 2,
        cooldown_secs: 60,
        quiet: Some(QuietHours {
            from: MinuteOfDay::new(1320).unwrap(),
            to: MinuteOfDay::new(360).unwrap(),
        }),
        within_metres: 300,
    };
    let on = |asks, limits| {
        RuleTrigger::Alert(AlertRule {
            kinds: BTreeSet::from([AlertKind::new("gunshot").unwrap()]),
            asks,
            limits,
        })
    };
    let rules = vec![
        rule(1, RuleTrigger::Press, &[1, 2, 4], loud, 5400),
        rule(2, on(false, limits), &[1, 3], Rights::LIVE, 900),
        rule(
            3,
            on(true, AlertLimits::default()),
            &[2, 3],
            Rights::LIVE,
            900,
        ),
        rule(4, RuleTrigger::Standing, &[2], Rights::LIVE, 3600),
    ];
    let rules = StandingPolicy::new(PolicyVersion(1), rules).unwrap();
    let until = WallTime(WALL.0 + 86_400_000);
    let agencies = vec![agency()];
    SignedPolicy::new(TO, Succession::FIRST, Some(place()), agencies, rules, until).unwrap()
}

pub(crate) fn agency() -> Agency {
    Agency {
        id: town_name(),
        name: AgencyName::new("the town").unwrap(),
    }
}

fn rule(id: u32, trigger: RuleTrigger, numbers: &[u16], rights: Rights, secs: u32) -> Rule {
    Rule {
        id: RuleId(id),
        trigger,
        cameras: cameras(numbers),
        agency: town_name().into(),
        rights,
        longest: Ttl::from_secs(secs).unwrap(),
        pre_roll_secs: 0,
    }
}

/// A policy of this version without rules.
pub(crate) fn later_policy(version: u64, previous: ObjectHash, until: WallTime) -> SignedPolicy {
    let succession = Succession::new(version, Some(previous)).unwrap();
    let rules = StandingPolicy::new(PolicyVersion(version), Vec::new()).unwrap();
    SignedPolicy::new(TO, succession, None, vec![agency()], rules, until).unwrap()
}

pub(crate) fn press(id: u8, nonce: Nonce) -> SignedTrigger {
    SignedTrigger {
        to: TO,
        id: TriggerId([id; 16]),
        nonce,
        made_at: WALL,
        kind: SignedTriggerKind::Press(Press {
            level: Level::Panic,
            silent: false,
            drill: false,
            at: PressedAt::Phone,
            by: PersonId::new("").unwrap(),
            cameras: BTreeSet::new(),
            note: Note::new("").unwrap(),
        }),
    }
}

pub(crate) fn approval(id: u8, nonce: Nonce) -> SignedTrigger {
    SignedTrigger {
        kind: SignedTriggerKind::Approval {
            of: TriggerId([200; 16]),
            alert: facts(),
            by: PersonId::new("").unwrap(),
        },
        ..press(id, nonce)
    }
}

pub(crate) fn facts() -> AlertFacts {
    AlertFacts {
        kind: AlertKind::new("gunshot").unwrap(),
        agency: town_name(),
        place: Some(place()),
        source: AlertSource::new("").unwrap(),
    }
}

pub(crate) fn alert(id: u8, nonce: Nonce) -> SignedAlert {
    SignedAlert {
        to: TO,
        id: TriggerId([id; 16]),
        nonce,
        made_at: WALL,
        facts: facts(),
        purpose: Purpose::new("shots").unwrap(),
    }
}

pub(crate) fn terms(id: u8, nonce: Nonce, secs: u32) -> SignedTerms {
    SignedTerms {
        to: TO,
        id: TriggerId([id; 16]),
        nonce,
        made_at: WALL,
        cameras: cameras(&[1]),
        agency: town_name(),
        rights: Rights::LIVE,
        ttl: Ttl::from_secs(secs).unwrap(),
        pre_roll_secs: 0,
        purpose: Purpose::new("").unwrap(),
        incident: Incident::new("").unwrap(),
    }
}

pub(crate) fn revoke(id: u8, scope: RevokeScope) -> SignedRevoke {
    SignedRevoke {
        to: TO,
        id: RevokeId([id; 16]),
        scope,
        reason: RevokeReason::Owner,
    }
}

pub(crate) fn operator(until: WallTime) -> OperatorCertificate {
    OperatorCertificate {
        agency: town_name(),
        key: Who::Operator.public(),
        until,
        badge: Badge::new("417").unwrap(),
    }
}
