//! Words as JSON: the fields of `consent.proto` by name, bytes in hex, enums by name, nothing left out.

use assent_consent::{Place, Proof, Word};
use assent_wire::{hash_of, payload_of, seal_word, signed, signed_bytes};
use prost::Message as _;
use serde_json::{Value, json};

use super::cases::Case;
use super::keys::Key;

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(crate) fn key(key: Key) -> Value {
    json!({
        "name": key.name(),
        "private": hex(&key.secret()),
        "public": hex(key.public().sec1()),
        "key_id": hex(&key.public().id().0),
        "signs": if key.is_passkey() { "passkey" } else { "raw" },
        "origin": key.origin(),
    })
}

pub(crate) fn case(case: &Case) -> Value {
    let signatures: Vec<Value> = case
        .in_order()
        .iter()
        .map(|(key, signature)| {
            let mut value = proof(&signature.proof);
            value["signer"] = key.name().into();
            value["key"] = hex(&signature.key.0).into();
            value
        })
        .collect();
    json!({
        "name": case.name,
        "value": value(&case.word),
        "payload": hex(&payload_of(&case.word)),
        "signed": hex(signed_bytes(&case.word).unwrap().as_bytes()),
        "hash": hex(&hash_of(&case.word).unwrap().0),
        "signatures": signatures,
        "envelope": hex(&seal_word(&case.word, &case.signatures())),
    })
}

pub(crate) fn proof(proof: &Proof) -> Value {
    match proof {
        Proof::Raw(raw) => json!({ "raw": hex(raw) }),
        Proof::Passkey(assertion) => json!({ "passkey": {
            "authenticator_data": hex(assertion.authenticator_data()),
            "client_data": hex(assertion.client_data()),
            "signature": hex(assertion.signature()),
        }}),
    }
}

fn value(word: &Word) -> Value {
    let payload = payload_of(word);
    let payload = payload.as_slice();
    match word {
        Word::OwnerSet(_) => owner_set(&signed::OwnerSet::decode(payload).unwrap()),
        Word::Policy(_) => policy(&signed::Policy::decode(payload).unwrap()),
        Word::Ceiling(_) => ceiling(&signed::Ceiling::decode(payload).unwrap()),
        Word::Terms(_) => terms(&signed::Terms::decode(payload).unwrap()),
        Word::Trigger(_) => trigger(&signed::Trigger::decode(payload).unwrap()),
        Word::Alert(_) => alert(&signed::Alert::decode(payload).unwrap()),
        Word::Revoke(_) => revoke(&signed::Revoke::decode(payload).unwrap()),
        Word::Receipt(_) => {
            let m = signed::Receipt::decode(payload).unwrap();
            json!({ "device": hex(&m.device), "epoch": m.epoch, "entry": hex(&m.entry) })
        }
        Word::AgencySet(_) => agency_set(&signed::AgencySet::decode(payload).unwrap()),
        Word::Operator(_) => {
            let m = signed::Operator::decode(payload).unwrap();
            json!({
                "agency": hex(&m.agency), "key": hex(&m.key), "until_ms": m.until_ms, "badge": m.badge,
            })
        }
    }
}

fn owner_set(m: &signed::OwnerSet) -> Value {
    let members = m.members.iter().map(|m| {
        json!({
            "key": hex(&m.key), "kind": m.kind().as_str_name(), "role": m.role().as_str_name(),
            "cameras": m.cameras, "name": m.name,
        })
    });
    json!({
        "device": hex(&m.device), "epoch": m.epoch, "version": m.version, "previous": hex(&m.previous),
        "members": members.collect::<Vec<_>>(), "quorum": m.quorum,
    })
}

fn policy(m: &signed::Policy) -> Value {
    let agencies = m.agencies.iter();
    let agencies = agencies.map(|m| json!({ "id": hex(&m.id), "name": m.name }));
    json!({
        "device": hex(&m.device), "epoch": m.epoch, "version": m.version, "previous": hex(&m.previous),
        "place": place(m.place.as_ref()), "agencies": agencies.collect::<Vec<_>>(),
        "rules": m.rules.iter().map(rule).collect::<Vec<_>>(), "alerts_until_ms": m.alerts_until_ms,
    })
}

fn rule(m: &signed::Rule) -> Value {
    let quiet = m.quiet.as_ref();
    let quiet = quiet.map(|m| json!({ "from_minute": m.from_minute, "to_minute": m.to_minute }));
    json!({
        "id": m.id, "trigger": m.trigger().as_str_name(), "alert_kinds": m.alert_kinds,
        "cameras": m.cameras, "agency": hex(&m.agency), "rights": rights(m.rights.as_ref()),
        "longest_secs": m.longest_secs, "pre_roll_secs": m.pre_roll_secs,
        "answer": m.answer().as_str_name(), "per_day": m.per_day, "cooldown_secs": m.cooldown_secs,
        "quiet": quiet, "within_metres": m.within_metres,
    })
}

fn ceiling(m: &signed::Ceiling) -> Value {
    json!({
        "device": hex(&m.device), "epoch": m.epoch, "version": m.version, "previous": hex(&m.previous),
        "longest_secs": m.longest_secs, "secs_a_day": m.secs_a_day, "cameras": m.cameras,
        "agencies": m.agencies.iter().map(|id| hex(id)).collect::<Vec<_>>(),
        "rights": rights(m.rights.as_ref()),
    })
}

fn terms(m: &signed::Terms) -> Value {
    json!({
        "device": hex(&m.device), "epoch": m.epoch, "id": hex(&m.id), "nonce": hex(&m.nonce),
        "made_at_ms": m.made_at_ms, "cameras": m.cameras, "agency": hex(&m.agency),
        "rights": rights(m.rights.as_ref()), "ttl_secs": m.ttl_secs, "pre_roll_secs": m.pre_roll_secs,
        "purpose": m.purpose, "incident": m.incident,
    })
}

fn trigger(m: &signed::Trigger) -> Value {
    use signed::trigger::Kind;
    let mut value = json!({
        "device": hex(&m.device), "epoch": m.epoch, "id": hex(&m.id), "nonce": hex(&m.nonce),
        "made_at_ms": m.made_at_ms,
    });
    match m.kind.as_ref().unwrap() {
        Kind::Press(m) => {
            value["press"] = json!({
                "level": m.level().as_str_name(), "silent": m.silent, "drill": m.drill,
                "at": m.at().as_str_name(), "by": m.by, "cameras": m.cameras, "note": m.note,
            });
        }
        Kind::Approval(m) => {
            let alert = m.alert.as_ref().unwrap();
            value["approval"] = json!({
                "of_trigger": hex(&m.of_trigger),
                "alert": {
                    "kind": alert.kind, "agency": hex(&alert.agency),
                    "place": place(alert.place.as_ref()), "source": alert.source,
                },
                "by": m.by,
            });
        }
    }
    value
}

fn alert(m: &signed::Alert) -> Value {
    json!({
        "device": hex(&m.device), "epoch": m.epoch, "id": hex(&m.id), "nonce": hex(&m.nonce),
        "made_at_ms": m.made_at_ms, "agency": hex(&m.agency), "kind": m.kind,
        "place": place(m.place.as_ref()), "source": m.source, "purpose": m.purpose,
    })
}

fn revoke(m: &signed::Revoke) -> Value {
    use signed::revoke::Scope;
    let (scope, of) = match m.scope.as_ref().unwrap() {
        Scope::Grant(id) => ("grant", json!(hex(id))),
        Scope::Trigger(id) => ("trigger", json!(hex(id))),
        Scope::Camera(number) => ("camera", json!(number)),
        Scope::Everything(all) => ("everything", json!(all)),
        Scope::Policy(version) => ("policy", json!(version)),
        Scope::Agency(id) => ("agency", json!(hex(id))),
        Scope::Key(id) => ("key", json!(hex(id))),
    };
    let mut value = json!({
        "device": hex(&m.device), "epoch": m.epoch, "id": hex(&m.id),
        "reason": m.reason().as_str_name(),
    });
    value[scope] = of;
    value
}

fn agency_set(m: &signed::AgencySet) -> Value {
    let members = m
        .members
        .iter()
        .map(|m| json!({ "key": hex(&m.key), "role": m.role().as_str_name(), "kinds": m.kinds }));
    json!({
        "agency": hex(&m.agency), "version": m.version, "previous": hex(&m.previous),
        "members": members.collect::<Vec<_>>(), "quorum": m.quorum, "origin": m.origin,
    })
}

fn rights(m: Option<&signed::Rights>) -> Value {
    let m = m.unwrap();
    json!({
        "live": m.live, "pre_roll": m.pre_roll, "audio": m.audio, "ptz": m.ptz,
        "record": m.record, "forward": m.forward,
    })
}

fn place(m: Option<&signed::Place>) -> Value {
    let read = |m: &signed::Place| Place::new(m.lat_e7, m.lon_e7).unwrap();
    m.map(read).map_or(
        Value::Null,
        |place| json!({ "lat_e7": place.lat_e7(), "lon_e7": place.lon_e7() }),
    )
}
