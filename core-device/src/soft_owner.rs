//! For tests: an owner with a passkey and phones, and a town with its alert signer, all with keys in memory.
//! What they say is written as a browser would write it; pairing's MACs are made without the device's code.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeSet;

use assent_consent::{
    Addressed, Agency, AgencyHash, AgencyId, AgencyMember, AgencyName, AgencyRole, AgencySet,
    AlertFacts, AlertKind, AlertKinds, AlertLimits, AlertRule, AlertSource, CameraNumber, Cameras,
    Ceiling, DeviceId, Epoch, Incident, KeyId, KeyKind, Level, Member, MemberName, Nonce, Note,
    ObjectHash, Origin, OwnerSet, PasskeyAssertion, PersonId, PolicyVersion, Press, PressedAt,
    Proof, PublicKey, Purpose, RevokeId, RevokeReason, RevokeScope, Rights, Role, Rule, RuleId,
    RuleTrigger, Signature, Signatures, SignedAlert, SignedPolicy, SignedRevoke, SignedTerms,
    SignedTrigger, SignedTriggerKind, StandingPolicy, Succession, TriggerId, Ttl, WallTime, Word,
};
use assent_wire::{hash_of, pairing, seal_word};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p256::ecdsa::signature::hazmat::PrehashSigner as _;
use p256::ecdsa::{Signature as Ecdsa, SigningKey};
use prost::Message as _;
use sha2::{Digest as _, Sha256};

use crate::gate::wall_now;

pub(crate) const OWNER_PAGE: &str = "http://owner.localhost:7400";
const CONSOLE: &str = "http://console.localhost:7400";

/// Whose key, and how it signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Key {
    OwnerPasskey,
    OwnerPhone,
    StaffPhone,
    Stranger,
    Supervisor,
    AlertSigner,
}

impl Key {
    fn secret(self) -> SigningKey {
        let seed: [u8; 32] = Sha256::digest(format!("soft {self:?}")).into();
        SigningKey::from_slice(&seed).unwrap()
    }

    pub(crate) fn public(self) -> PublicKey {
        let point = self.secret().verifying_key().to_sec1_point(true);
        PublicKey::from_sec1(point.as_bytes()).unwrap()
    }

    pub(crate) fn id(self) -> KeyId {
        self.public().id()
    }

    pub(crate) fn sign(self, hash: ObjectHash) -> Signature {
        let proof = match self {
            Self::OwnerPasskey => Proof::Passkey(self.assert(hash, OWNER_PAGE, 5)),
            Self::Supervisor => Proof::Passkey(self.assert(hash, CONSOLE, 5)),
            Self::OwnerPhone | Self::StaffPhone | Self::Stranger | Self::AlertSigner => {
                let raw: Ecdsa = self.secret().sign_prehash(&hash.0).unwrap();
                Proof::Raw(raw.to_bytes().into())
            }
        };
        Signature {
            key: self.id(),
            proof,
        }
    }

    pub(crate) fn assert(self, hash: ObjectHash, origin: &str, flags: u8) -> PasskeyAssertion {
        let client = format!(
            r#"{{"type":"webauthn.get","challenge":"{}","origin":"{origin}","crossOrigin":false}}"#,
            URL_SAFE_NO_PAD.encode(hash.0)
        );
        let mut data = Sha256::digest(Origin::new(origin).unwrap().host()).to_vec();
        data.extend([flags, 0, 0, 0, 0]);
        let signed = [&data[..], &Sha256::digest(&client)].concat();
        let made: Ecdsa = self.secret().sign_prehash(&Sha256::digest(signed)).unwrap();
        let der = made.to_der().as_bytes().to_vec();
        PasskeyAssertion::new(data, client.into_bytes(), der).unwrap()
    }
}

pub(crate) fn seal(word: &Word, by: Key) -> Vec<u8> {
    let signature = by.sign(hash_of(word).unwrap());
    seal_word(word, &Signatures::new(vec![signature]).unwrap())
}

pub(crate) fn cameras(numbers: &[u16]) -> Cameras {
    Cameras::new(
        numbers
            .iter()
            .filter_map(|number| CameraNumber::new(*number)),
    )
    .unwrap()
}

pub(crate) fn second(of: &Word) -> Succession {
    Succession::new(2, Some(hash_of(of).unwrap())).unwrap()
}

pub(crate) fn town_set() -> Word {
    let kinds = BTreeSet::from([AlertKind::new("gunshot").unwrap()]);
    let member = |key: Key, role| AgencyMember {
        key: key.public(),
        role,
    };
    let kinds = AlertKinds::new(kinds).unwrap();
    let mut members = vec![
        member(Key::Supervisor, AgencyRole::Supervisor),
        member(Key::AlertSigner, AgencyRole::Alerts(kinds)),
    ];
    members.sort_by(|a, b| a.key.cmp(&b.key));
    let origin = Origin::new(CONSOLE).unwrap();
    Word::AgencySet(AgencySet::new(None, Succession::FIRST, members, 1, origin).unwrap())
}

pub(crate) fn town() -> AgencyHash {
    AgencyHash(hash_of(&town_set()).unwrap().0)
}

fn rule(id: u32, trigger: RuleTrigger, numbers: &[u16], secs: u32) -> Rule {
    Rule {
        id: RuleId(id),
        trigger,
        cameras: cameras(numbers),
        agency: AgencyId::from(town()),
        rights: Rights::LIVE,
        longest: Ttl::from_secs(secs).unwrap(),
        pre_roll_secs: 0,
    }
}

/// Shares these cameras on a press.
pub(crate) fn on_press(numbers: &[u16]) -> Rule {
    rule(1, RuleTrigger::Press, numbers, 60)
}

/// Shares these cameras on the town's gunshot alarm.
pub(crate) fn on_gunshot(numbers: &[u16]) -> Rule {
    let on = AlertRule {
        kinds: BTreeSet::from([AlertKind::new("gunshot").unwrap()]),
        asks: false,
        limits: AlertLimits::default(),
    };
    rule(2, RuleTrigger::Alert(on), numbers, 60)
}

/// Who owns one device in one of its lives.
#[derive(Clone, Copy)]
pub(crate) struct Owner {
    pub(crate) to: Addressed,
    secret: [u8; 16],
}

impl Owner {
    /// Scans the device's code, as a phone does.
    pub(crate) fn scan(url: &str) -> Self {
        let said = url.strip_prefix(&format!("{OWNER_PAGE}/#p=")).unwrap();
        let mut parts = said.split('.');
        let device = parts.next().unwrap();
        let byte = |at| u8::from_str_radix(&device[2 * at..2 * at + 2], 16).unwrap();
        let secret = URL_SAFE_NO_PAD.decode(parts.next().unwrap()).unwrap();
        let epoch = parts.next().map_or(1, |epoch| epoch.parse().unwrap());
        Self {
            to: Addressed {
                device: DeviceId(std::array::from_fn(byte)),
                epoch: Epoch::new(epoch).unwrap(),
            },
            secret: secret.try_into().unwrap(),
        }
    }

    pub(crate) fn set(&self) -> Word {
        let member = |key: Key, kind, role| Member {
            key: key.public(),
            kind,
            role,
            name: MemberName::new(format!("{key:?}")).unwrap(),
        };
        let mut members = vec![
            member(Key::OwnerPasskey, KeyKind::Passkey, Role::Owner),
            member(Key::OwnerPhone, KeyKind::Phone, Role::Owner),
            member(Key::StaffPhone, KeyKind::Phone, Role::Staff(cameras(&[1]))),
        ];
        members.sort_by(|a, b| a.key.cmp(&b.key));
        Word::OwnerSet(OwnerSet::new(self.to, Succession::FIRST, members, 1).unwrap())
    }

    pub(crate) fn ceiling(&self, succession: Succession, longest_secs: u32) -> Word {
        let longest = Ttl::from_secs(longest_secs).unwrap();
        let agencies = BTreeSet::from([town()]);
        let (all, rights) = (cameras(&[1, 2]), Rights::LIVE);
        let limits = (longest, 7_200);
        Word::Ceiling(Ceiling::new(self.to, succession, limits, all, agencies, rights).unwrap())
    }

    pub(crate) fn policy(&self, succession: Succession, rules: Vec<Rule>) -> Word {
        let version = PolicyVersion(succession.version());
        let rules = StandingPolicy::new(version, rules).unwrap();
        let agency = Agency {
            id: town(),
            name: AgencyName::new("Springfield PD").unwrap(),
        };
        let until = WallTime(wall_now().0 + 86_400_000);
        let policy = SignedPolicy::new(self.to, succession, None, vec![agency], rules, until);
        Word::Policy(policy.unwrap())
    }

    pub(crate) fn press(&self, id: u8, nonce: Nonce) -> Word {
        Word::Trigger(SignedTrigger {
            to: self.to,
            id: TriggerId([id; 16]),
            nonce,
            made_at: wall_now(),
            kind: SignedTriggerKind::Press(Press {
                level: Level::Panic,
                silent: false,
                drill: false,
                at: PressedAt::Phone,
                by: PersonId::new("").unwrap(),
                cameras: BTreeSet::new(),
                note: Note::new("").unwrap(),
            }),
        })
    }

    pub(crate) fn terms(&self, id: u8, nonce: Nonce, secs: u32) -> Word {
        Word::Terms(SignedTerms {
            to: self.to,
            id: TriggerId([id; 16]),
            nonce,
            made_at: wall_now(),
            cameras: cameras(&[2]),
            agency: town(),
            rights: Rights::LIVE,
            ttl: Ttl::from_secs(secs).unwrap(),
            pre_roll_secs: 0,
            purpose: Purpose::new("looking for a child").unwrap(),
            incident: Incident::new("").unwrap(),
        })
    }

    pub(crate) fn alert(&self, id: u8, nonce: Nonce) -> Word {
        Word::Alert(SignedAlert {
            to: self.to,
            id: TriggerId([id; 16]),
            nonce,
            made_at: wall_now(),
            facts: AlertFacts {
                kind: AlertKind::new("gunshot").unwrap(),
                agency: town(),
                place: None,
                source: AlertSource::new("").unwrap(),
            },
            purpose: Purpose::new("").unwrap(),
        })
    }

    pub(crate) fn revoke(&self, id: u8, scope: RevokeScope) -> Word {
        Word::Revoke(SignedRevoke {
            to: self.to,
            id: RevokeId([id; 16]),
            scope,
            reason: RevokeReason::Owner,
        })
    }

    /// What the phone leaves in the mailbox: an owner set, a ceiling of an hour, and this policy.
    pub(crate) fn hello(&self, policy: Option<&Word>) -> Vec<u8> {
        let sealed = |word: &Word| seal(word, Key::OwnerPasskey);
        let hello = pairing::Hello {
            device: self.to.device.0.to_vec(),
            owner_set: sealed(&self.set()),
            ceiling: sealed(&self.ceiling(Succession::FIRST, 3_600)),
            policy: policy.map_or_else(Vec::new, sealed),
        };
        let said = hello.encode_to_vec();
        [self.mac("phone", &said).to_vec(), said].concat()
    }

    /// The device's answer to this hello, of which everything was checked but the key's signature.
    pub(crate) fn read_answer(&self, hello: &[u8], body: &[u8]) -> pairing::Paired {
        let (mac, said) = body.split_at(32);
        assert_eq!(mac, self.mac("device", said), "the device's MAC");
        let envelope = assent_wire::signed::Envelope::decode(said).unwrap();
        assert_eq!(envelope.r#type, "paired.1");
        let paired = pairing::Paired::decode(&*envelope.payload).unwrap();
        assert_eq!(paired.hello, Sha256::digest(hello).to_vec());
        assert_eq!(paired.owner_set, hash_of(&self.set()).unwrap().0.to_vec());
        paired
    }

    /// HKDF (RFC 5869, one block) and HMAC (RFC 2104), written out.
    fn mac(&self, side: &str, said: &[u8]) -> [u8; 32] {
        let root = hmac(&self.to.device.0, &self.secret);
        let key = hmac(&root, b"ASSENT-PAIR-v1\x01");
        hmac(&key, &[side.as_bytes(), b"\0", said].concat())
    }
}

fn hmac(key: &[u8], bytes: &[u8]) -> [u8; 32] {
    let mut block = [0; 64];
    block[..key.len()].copy_from_slice(key);
    let inner = Sha256::new()
        .chain_update(block.map(|byte| byte ^ 0x36))
        .chain_update(bytes)
        .finalize();
    let outer = Sha256::new().chain_update(block.map(|byte| byte ^ 0x5c));
    outer.chain_update(inner).finalize().into()
}
