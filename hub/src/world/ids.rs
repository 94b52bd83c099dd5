//! Ids that cross slices, each its own type so that a camera can never be asked for as a grant.
//! Ids that one slice keeps to itself are declared there.

use sha2::{Digest, Sha256};

/// Declares ids: a UUID inside, opaque text outside and in the store.
macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub uuid::Uuid);

        impl $name {
            pub fn parse(text: &str) -> Option<Self> {
                uuid::Uuid::try_parse(text).ok().map(Self)
            }
        }

        impl $name {
            /// The id that a key in an administrator's file stands for; a key that is an id already stands for itself.
            pub fn of_key(key: &str) -> Self {
                Self::parse(key).unwrap_or_else(|| Self(derived(stringify!($name), key)))
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }
    )+};
}

/// The first 128 bits of a hash over kind and key, marked as a version 8 UUID (RFC 9562, section 5.8).
fn derived(kind: &str, key: &str) -> uuid::Uuid {
    let digest = Sha256::digest(format!("assent {kind}\0{key}"));
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

ids! {
    PersonId
    AgencyId
    PremisesId
    CameraId
    GrantId
    IncidentId
    ViewingId
}

/// SHA-256 of the device's public key (SubjectPublicKeyInfo, DER), in hex outside and in the store: the
/// same id that the consent rules know it by.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeviceId(pub [u8; 32]);

impl DeviceId {
    pub fn parse(text: &str) -> Option<Self> {
        hash_of_hex(text).map(Self)
    }
}

/// 32 bytes as 64 digits; what hashes, device ids and key ids look like outside.
pub fn hash_of_hex(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if text.len() != 64 || !text.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    for (byte, at) in bytes.iter_mut().zip((0..64).step_by(2)) {
        *byte = u8::from_str_radix(&text[at..at + 2], 16).ok()?;
    }
    Some(bytes)
}

impl std::fmt::Display for DeviceId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl std::fmt::Debug for DeviceId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "DeviceId({self})")
    }
}

impl serde::Serialize for DeviceId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for DeviceId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("not a device id"))
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn the_rules_of_consent_know_an_agency_by_the_same_id() {
        for key in [
            "springfield-pd",
            "pd",
            "2F1A0C3E-8C1D-4E3B-9A55-0123456789AB",
        ] {
            let there = assent_consent::AgencyId::of_key(key).unwrap();
            assert_eq!(AgencyId::of_key(key).to_string(), there.as_str());
        }
    }
}
