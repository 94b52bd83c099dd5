//! A claim: what an installer copies from the hub to the device. It names the hub's authority by hash, so
//! that the device knows its hub from the first byte.

use std::fmt;

/// `<code>@<host>:<port>#<SHA-256 of the hub's authority, 64 hex digits>`
#[derive(Clone, PartialEq, Eq)]
pub struct Claim {
    pub(super) code: String,
    pub(super) address: String,
    pub(super) authority: [u8; 32],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadClaim {
    NoAt,
    NoHash,
    Code,
    Address,
    Hash,
}

const LONGEST_CODE: usize = 64;
const LONGEST_ADDRESS: usize = 260;

impl Claim {
    /// # Errors
    /// Which part is missing or wrong.
    pub fn parse(text: &str) -> Result<Self, BadClaim> {
        let (code, rest) = text.trim().split_once('@').ok_or(BadClaim::NoAt)?;
        let (address, hash) = rest.split_once('#').ok_or(BadClaim::NoHash)?;
        if code.is_empty() || code.len() > LONGEST_CODE || !code.is_ascii() {
            return Err(BadClaim::Code);
        }
        let (host, port) = address.rsplit_once(':').ok_or(BadClaim::Address)?;
        let good = !host.is_empty()
            && address.len() <= LONGEST_ADDRESS
            && port.parse::<u16>().is_ok_and(|p| p > 0);
        if !good {
            return Err(BadClaim::Address);
        }
        let authority = parse_hash(hash).ok_or(BadClaim::Hash)?;
        Ok(Self {
            code: code.to_owned(),
            address: address.to_owned(),
            authority,
        })
    }

    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }
}

fn parse_hash(hex: &str) -> Option<[u8; 32]> {
    if hex.len() != 64 || !hex.is_ascii() {
        return None;
    }
    let mut hash = [0; 32];
    for (byte, pair) in hash.iter_mut().zip(hex.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(hash)
}

impl fmt::Debug for Claim {
    /// Without the code: whoever has it can enrol.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Claim(…@{})", self.address)
    }
}

impl fmt::Display for BadClaim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self {
            Self::NoAt => {
                "the claim has no @ after its code; copy the whole line that the hub printed"
            }
            Self::NoHash => {
                "the claim has no # with the hub's fingerprint; put it in quotes, or the shell cuts it off"
            }
            Self::Code => "the code before the @ is empty or too long",
            Self::Address => {
                "between @ and # the claim needs the hub's host and port, as in hub.example.org:7443"
            }
            Self::Hash => {
                "the fingerprint after the # is not 64 hex digits; copy the whole line again"
            }
        };
        f.write_str(what)
    }
}

impl std::error::Error for BadClaim {}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn a_claim_names_code_address_and_authority() {
        let claim = Claim::parse(&format!("c0de@[::1]:7443#{}\n", "ab".repeat(32))).unwrap();
        assert_eq!(
            (claim.code.as_str(), claim.address()),
            ("c0de", "[::1]:7443")
        );
        assert_eq!(claim.authority, [0xab; 32]);
        assert!(!format!("{claim:?}").contains("c0de"));
    }

    #[test]
    fn what_is_wrong_with_a_claim_is_said() {
        let hash = "ab".repeat(32);
        for (text, bad) in [
            (format!("code.hub:1#{hash}"), BadClaim::NoAt),
            ("code@hub:7443".to_owned(), BadClaim::NoHash),
            (format!("@hub:7443#{hash}"), BadClaim::Code),
            (format!("code@hub#{hash}"), BadClaim::Address),
            (format!("code@hub:0#{hash}"), BadClaim::Address),
            ("code@hub:7443#abc".to_owned(), BadClaim::Hash),
            (format!("code@hub:7443#{}", "zz".repeat(32)), BadClaim::Hash),
        ] {
            assert_eq!(Claim::parse(&text), Err(bad), "{text}");
        }
    }
}
