//! Envelopes that must be refused, and as what: badly wrapped, not in the one canonical form, or saying
//! what cannot be said. Signatures that are refused are in `forged`.

use assent_consent::Word;
use assent_wire::{WireError, payload_of, seal_word, signed};
use prost::Message as _;

use super::cases::Case;
use super::keys::Key;
use super::scene;

type Refused = (&'static str, WireError, Vec<u8>);

pub(crate) fn envelopes() -> Vec<Refused> {
    let mut all = badly_wrapped();
    all.extend(badly_written());
    all.extend(badly_meant());
    all.extend(badly_ruled());
    all
}

/// A good press, as its message.
fn good() -> signed::Envelope {
    let case = Case {
        name: "",
        word: Word::Trigger(scene::press()),
        signers: vec![Key::OwnerPhone],
    };
    let bytes = seal_word(&case.word, &case.signatures());
    signed::Envelope::decode(bytes.as_slice()).unwrap()
}

fn with(change: impl FnOnce(&mut signed::Envelope)) -> Vec<u8> {
    let mut envelope = good();
    change(&mut envelope);
    envelope.encode_to_vec()
}

fn badly_wrapped() -> Vec<Refused> {
    use WireError::{Bad, FromNewerVersion, NotCanonical, NotProtobuf, TooLong, UnknownType};
    let typed = |name: &str| with(|envelope| name.clone_into(&mut envelope.r#type));
    let behind = |more: &[u8]| [good().encode_to_vec(), more.to_vec()].concat();
    let truncated = |left: usize| {
        let bytes = good().encode_to_vec();
        bytes[..bytes.len() - left].to_vec()
    };
    vec![
        ("nothing at all", Bad("signatures"), Vec::new()),
        ("no protobuf", NotProtobuf, vec![0xff; 40]),
        ("the last byte is missing", NotProtobuf, truncated(1)),
        (
            "longer than an envelope may be",
            TooLong,
            with(|e| e.payload = vec![0; 4096]),
        ),
        (
            "an unknown field behind",
            NotCanonical,
            behind(&[0x20, 0x01]),
        ),
        (
            "the type a second time",
            NotCanonical,
            behind(b"\x0a\x09trigger.1"),
        ),
        ("a newer version", FromNewerVersion, typed("trigger.2")),
        (
            "a much newer version",
            FromNewerVersion,
            typed("policy.4294967295"),
        ),
        ("an unknown name", UnknownType, typed("wish.1")),
        ("no version", UnknownType, typed("trigger")),
        ("version nought", UnknownType, typed("trigger.0")),
        (
            "a version written otherwise",
            UnknownType,
            typed("trigger.02"),
        ),
        ("no type", UnknownType, typed("")),
        ("another type\'s payload", NotProtobuf, typed("revoke.1")),
        (
            "no signature",
            Bad("signatures"),
            with(|e| e.signatures.clear()),
        ),
        ("five signatures", Bad("signatures"), with(five_signatures)),
        (
            "the same signature twice",
            Bad("signatures"),
            with(|e| {
                e.signatures.push(e.signatures[0].clone());
            }),
        ),
        (
            "a signature of 63 bytes",
            Bad("raw"),
            with(|e| {
                e.signatures[0].raw.pop();
            }),
        ),
        (
            "a short key id",
            Bad("key"),
            with(|e| {
                e.signatures[0].key.pop();
            }),
        ),
        (
            "raw and passkey at once",
            Bad("signatures"),
            with(|e| {
                e.signatures[0].passkey = Some(assertion());
            }),
        ),
        (
            "client data past its bound",
            Bad("passkey"),
            with(|e| {
                e.signatures[0].raw.clear();
                let client_data = vec![b' '; 1025];
                e.signatures[0].passkey = Some(signed::PasskeyAssertion {
                    client_data,
                    ..assertion()
                });
            }),
        ),
    ]
}

fn assertion() -> signed::PasskeyAssertion {
    signed::PasskeyAssertion {
        authenticator_data: vec![0; 37],
        client_data: b"{}".to_vec(),
        signature: vec![0x30],
    }
}

fn five_signatures(envelope: &mut signed::Envelope) {
    let numbered = |number| signed::Signature {
        key: vec![number; 32],
        ..envelope.signatures[0].clone()
    };
    envelope.signatures = (1..=5).map(numbered).collect();
}

/// Payloads that mean something and are not written in the one form.
fn badly_written() -> Vec<Refused> {
    use WireError::{Bad, NotCanonical, NotProtobuf};
    let press = payload_of(&Word::Trigger(scene::press()));
    let paid = |payload: Vec<u8>| with(|envelope| envelope.payload = payload);
    let behind = |more: &[u8]| paid([press.as_slice(), more].concat());
    let epoch_long = || {
        // Field 2, varint 1, written in two bytes.
        let mut bytes = press.clone();
        bytes.splice(34..36, [0x10, 0x81, 0x00]);
        paid(bytes)
    };
    let device_last = || paid([&press[34..], &press[..34]].concat());
    vec![
        (
            "an unknown field in the payload",
            NotCanonical,
            behind(&[0x78, 0x01]),
        ),
        (
            "the epoch a second time",
            NotCanonical,
            behind(&[0x10, 0x01]),
        ),
        ("a trailing byte", NotProtobuf, behind(&[0x00])),
        (
            "a varint longer than it need be",
            NotCanonical,
            epoch_long(),
        ),
        ("fields in another order", NotCanonical, device_last()),
        ("a default written out", NotCanonical, {
            let mut policy = payload_of(&Word::Policy(scene::second_policy()));
            policy.truncate(policy.len() - 2);
            policy.extend([0x40, 0x00]);
            with(|envelope| {
                envelope.r#type = "policy.1".to_owned();
                envelope.payload = policy;
            })
        }),
        ("cameras not packed", NotCanonical, {
            let word = Word::Terms(scene::terms(60));
            let packed = [0x32, 0x01, 0x02];
            let payload = payload_of(&word);
            let at = payload.windows(3).position(|part| part == packed).unwrap();
            let payload = [&payload[..at], &[0x30, 0x02], &payload[at + 3..]].concat();
            with(|envelope| {
                envelope.r#type = "terms.1".to_owned();
                envelope.payload = payload;
            })
        }),
        ("a text that is not UTF-8", NotProtobuf, {
            let at = press.windows(5).position(|part| part == b"maria").unwrap();
            let mut bytes = press.clone();
            bytes[at] = 0xff;
            paid(bytes)
        }),
        ("an empty payload", Bad("device"), paid(Vec::new())),
    ]
}

/// Payloads in the one form that say what cannot be said.
fn badly_meant() -> Vec<Refused> {
    use WireError::Bad;
    vec![
        (
            "another length of device id",
            Bad("device"),
            trigger(|m| m.device.push(0)),
        ),
        ("epoch nought", Bad("epoch"), trigger(|m| m.epoch = 0)),
        (
            "a short id",
            Bad("trigger id"),
            trigger(|m| m.id.truncate(15)),
        ),
        ("no nonce", Bad("nonce"), trigger(|m| m.nonce.clear())),
        ("a press at a button", Bad("at"), press(|m| m.at = 2)),
        ("no level", Bad("level"), press(|m| m.level = 0)),
        (
            "cameras out of order",
            Bad("cameras"),
            press(|m| m.cameras = vec![2, 1]),
        ),
        (
            "a camera twice",
            Bad("cameras"),
            press(|m| m.cameras = vec![1, 1]),
        ),
        (
            "camera nought",
            Bad("camera number"),
            press(|m| m.cameras = vec![0]),
        ),
        (
            "a note past its bound",
            Bad("note"),
            press(|m| m.note = "x".repeat(281)),
        ),
        (
            "a control character",
            Bad("note"),
            press(|m| m.note = "\u{1b}[2J".to_owned()),
        ),
        (
            "terms without a camera",
            Bad("cameras"),
            terms(|m| m.cameras.clear()),
        ),
        (
            "terms without live",
            Bad("rights"),
            terms(|m| m.rights = Some(signed::Rights::default())),
        ),
        (
            "terms without rights",
            Bad("rights"),
            terms(|m| m.rights = None),
        ),
        (
            "terms without an end",
            Bad("ttl_secs"),
            terms(|m| m.ttl_secs = 0),
        ),
        (
            "terms longer than a day",
            Bad("ttl_secs"),
            terms(|m| m.ttl_secs = 86_401),
        ),
        (
            "more of the moment before than a ring holds",
            Bad("rights"),
            terms(|m| {
                m.rights = Some(signed::Rights {
                    live: true,
                    pre_roll: true,
                    ..signed::Rights::default()
                });
                m.pre_roll_secs = 61;
            }),
        ),
        (
            "a moment before without the right",
            Bad("rights"),
            terms(|m| m.pre_roll_secs = 1),
        ),
    ]
}

fn badly_ruled() -> Vec<Refused> {
    use WireError::Bad;
    vec![
        (
            "a set without members",
            Bad("members"),
            owners(|m| m.members.clear()),
        ),
        (
            "members out of order",
            Bad("members"),
            owners(|m| m.members.reverse()),
        ),
        ("a quorum of none", Bad("members"), owners(|m| m.quorum = 0)),
        (
            "a quorum it cannot meet",
            Bad("members"),
            owners(|m| m.quorum = 2),
        ),
        (
            "a first set that follows another",
            Bad("version"),
            owners(|m| m.previous = vec![1; 32]),
        ),
        (
            "no point of the curve",
            Bad("key"),
            owners(|m| m.members[0].key = [&[2][..], &[0xff; 32]].concat()),
        ),
        (
            "an owner with a mask",
            Bad("cameras"),
            owners(|m| m.members[0].cameras = vec![1]),
        ),
        (
            "a rule for another agency",
            Bad("rules"),
            policy(|m| m.rules[0].agency = vec![9; 32]),
        ),
        (
            "a press rule with a limit",
            Bad("trigger"),
            policy(|m| m.rules[0].per_day = 1),
        ),
        (
            "a distance from nowhere",
            Bad("rules"),
            policy(|m| m.place = None),
        ),
        (
            "off the globe",
            Bad("place"),
            policy(|m| {
                m.place = Some(signed::Place {
                    lat_e7: 900_000_001,
                    lon_e7: 0,
                });
            }),
        ),
        (
            "the same rule twice",
            Bad("rules"),
            policy(|m| m.rules[1].id = m.rules[0].id),
        ),
    ]
}

fn trigger(change: impl FnOnce(&mut signed::Trigger)) -> Vec<u8> {
    changed("trigger.1", &Word::Trigger(scene::press()), change)
}

fn press(change: impl FnOnce(&mut signed::Press)) -> Vec<u8> {
    trigger(|trigger| match trigger.kind.as_mut() {
        Some(signed::trigger::Kind::Press(press)) => change(press),
        _ => panic!("the scene's press is one"),
    })
}

fn terms(change: impl FnOnce(&mut signed::Terms)) -> Vec<u8> {
    changed("terms.1", &Word::Terms(scene::terms(60)), change)
}

fn owners(change: impl FnOnce(&mut signed::OwnerSet)) -> Vec<u8> {
    changed("owner-set.1", &Word::OwnerSet(scene::owner_set()), change)
}

fn policy(change: impl FnOnce(&mut signed::Policy)) -> Vec<u8> {
    changed("policy.1", &Word::Policy(scene::policy()), change)
}

fn changed<M: prost::Message + Default>(
    type_name: &str,
    word: &Word,
    change: impl FnOnce(&mut M),
) -> Vec<u8> {
    let mut message = M::decode(payload_of(word).as_slice()).unwrap();
    change(&mut message);
    with(|envelope| {
        type_name.clone_into(&mut envelope.r#type);
        envelope.payload = message.encode_to_vec();
    })
}
