//! How an agency is called where people write, and the one id that this name stands for everywhere else.
//! Hub and device derive the same id, so a rule needs no list of agencies to be understood.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use crate::{AgencyHash, AgencyId, BadText};

const HEX_DIGITS: usize = 32;

impl AgencyId {
    /// The hash that this id writes out, where it is one (`AgencyHash`).
    #[must_use]
    pub fn as_hash(&self) -> Option<AgencyHash> {
        let digits = self.as_str().as_bytes();
        let mut hash = [0; 32];
        if digits.len() != 2 * hash.len() {
            return None;
        }
        for (byte, pair) in hash.iter_mut().zip(digits.chunks_exact(2)) {
            let [high, low] = *pair else { return None };
            *byte = nibble(high)? << 4 | nibble(low)?;
        }
        Some(AgencyHash(hash))
    }

    /// The id that a key in an administrator's or installer's file stands for ("springfield-pd"); a UUID
    /// stands for itself. Derived as a version 8 UUID (RFC 9562, section 5.8) from a hash of the key.
    pub fn of_key(key: &str) -> Result<Self, BadText> {
        Self::new(key)?;
        let digits = key.replace('-', "");
        if digits.len() == HEX_DIGITS && digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Self::new(hyphened(&digits.to_ascii_lowercase()));
        }
        let digest = Sha256::digest(format!("assent AgencyId\0{key}"));
        let mut digits = String::with_capacity(HEX_DIGITS);
        for (place, byte) in digest.iter().take(HEX_DIGITS / 2).enumerate() {
            let marked = match place {
                6 => byte & 0x0f | 0x80,
                8 => byte & 0x3f | 0x80,
                _ => *byte,
            };
            // Writing to a text does not fail.
            let _ = write!(digits, "{marked:02x}");
        }
        Self::new(hyphened(&digits))
    }
}

/// Lower case only, as hashes are written.
fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

/// 32 ASCII digits as a UUID is written.
fn hyphened(digits: &str) -> String {
    [0..8, 8..12, 12..16, 16..20, 20..32]
        .map(|part| digits.get(part).unwrap_or_default())
        .join("-")
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn a_key_has_one_id_and_an_id_stands_for_itself() {
        let id = AgencyId::of_key("springfield-pd").unwrap();
        assert_eq!(id, AgencyId::of_key("springfield-pd").unwrap());
        assert_eq!(id, AgencyId::of_key(id.as_str()).unwrap());
        assert_eq!(id, AgencyId::of_key(&id.as_str().to_uppercase()).unwrap());
        assert_ne!(id, AgencyId::of_key("shelbyville-pd").unwrap());
        assert_eq!((id.as_str().len(), &id.as_str()[14..15]), (36, "8"));
        assert_eq!(AgencyId::of_key(""), Err(BadText));
    }
}
