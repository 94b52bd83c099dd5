//! What a browser says about an assertion (WebAuthn Level 3, section 5.8.1): JSON of its own making, with
//! keys that may grow. It is read strictly in one point: no key may come twice, at any depth, so that no
//! other reader can understand it differently.

use std::collections::BTreeSet;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

/// The four members that are judged; what else a browser wrote is only known to be well formed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientData {
    pub kind: String,
    /// As written: base64url without padding.
    pub challenge: String,
    pub origin: String,
    pub cross_origin: bool,
}

/// Not JSON, a key twice, or one of the four missing or of another type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadClientData;

impl ClientData {
    pub fn parse(json: &[u8]) -> Result<Self, BadClientData> {
        let Ok(Json::Object(members)) = serde_json::from_slice(json) else {
            return Err(BadClientData);
        };
        let (mut kind, mut challenge, mut origin, mut cross_origin) = (None, None, None, false);
        for (key, value) in members {
            match (key.as_str(), value) {
                ("type", Json::Text(text)) => kind = Some(text),
                ("challenge", Json::Text(text)) => challenge = Some(text),
                ("origin", Json::Text(text)) => origin = Some(text),
                ("crossOrigin", Json::Bool(crosses)) => cross_origin = crosses,
                ("type" | "challenge" | "origin" | "crossOrigin", _) => return Err(BadClientData),
                _ => {}
            }
        }
        Ok(Self {
            kind: kind.ok_or(BadClientData)?,
            challenge: challenge.ok_or(BadClientData)?,
            origin: origin.ok_or(BadClientData)?,
            cross_origin,
        })
    }
}

/// Any JSON, as far as it is looked at.
enum Json {
    Text(String),
    Bool(bool),
    Object(Vec<(String, Json)>),
    Other,
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Strict)
    }
}

struct Strict;

impl<'de> Visitor<'de> for Strict {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON without a key twice")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Json, E> {
        Ok(Json::Other)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Json, E> {
        Ok(Json::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Json, E> {
        Ok(Json::Other)
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Other)
    }

    fn visit_str<E>(self, text: &str) -> Result<Json, E> {
        Ok(Json::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Json, A::Error> {
        while list.next_element::<Json>()?.is_some() {}
        Ok(Json::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json, A::Error> {
        let mut seen = BTreeSet::new();
        let mut members = Vec::new();
        while let Some((key, value)) = map.next_entry::<String, Json>()? {
            if !seen.insert(key.clone()) {
                return Err(A::Error::custom("a key comes twice"));
            }
            members.push((key, value));
        }
        Ok(Json::Object(members))
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    const PLAIN: &str = r#"{"type":"webauthn.get","challenge":"abc","origin":"https://o.example"}"#;

    #[test]
    fn what_a_browser_writes_is_read_with_keys_that_nobody_knows_yet() {
        let read = ClientData::parse(PLAIN.as_bytes()).unwrap();
        assert_eq!(
            (
                read.kind.as_str(),
                read.challenge.as_str(),
                read.cross_origin
            ),
            ("webauthn.get", "abc", false)
        );
        let more = PLAIN.replace(
            '}',
            r#","crossOrigin":true,"other":{"a":[1,-2.5,null,"x"]}}"#,
        );
        assert!(ClientData::parse(more.as_bytes()).unwrap().cross_origin);
    }

    #[test]
    fn a_key_twice_is_refused_at_any_depth() {
        for more in [
            r#","type":"webauthn.get"}"#,
            r#","origin":"https://evil.example"}"#,
            r#","x":1,"x":1}"#,
            r#","x":[{"y":{"z":1,"z":2}}]}"#,
            // The same key, written with an escape.
            r#","\u006frigin":"https://evil.example"}"#,
        ] {
            let json = PLAIN.replace('}', more);
            assert_eq!(
                ClientData::parse(json.as_bytes()),
                Err(BadClientData),
                "{json}"
            );
        }
    }

    #[test]
    fn what_is_not_the_four_members_is_refused() {
        let without_challenge = PLAIN.replace("challenge", "chall");
        let number = PLAIN.replace("\"abc\"", "7");
        let text_for_bool = PLAIN.replace('}', r#","crossOrigin":"false"}"#);
        let more_behind = format!("{PLAIN} {PLAIN}");
        let deep = format!("{}{}", "[".repeat(500), "]".repeat(500));
        for json in [
            "",
            "[]",
            "null",
            "{",
            &without_challenge,
            &number,
            &text_for_bool,
            &more_behind,
            &deep,
        ] {
            assert_eq!(
                ClientData::parse(json.as_bytes()),
                Err(BadClientData),
                "{json}"
            );
        }
        assert_eq!(
            ClientData::parse(b"{\"type\":\"\xff\"}"),
            Err(BadClientData)
        );
    }
}
