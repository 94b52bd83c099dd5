//! Where a passkey may sign: the origin of the owner's page, or of an agency's console. Compared as text,
//! as browsers write it (HTML, section 7.1.1); nothing is normalised, so nothing can be confused.

use std::fmt;

use sha2::{Digest, Sha256};

use crate::Vec1;

/// `https://owner.example.org`, with a port where it is not the usual one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin(String);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadOrigin;

/// A host name has at most 253 bytes (RFC 1035, section 2.3.4).
const MOST_BYTES: usize = 270;

impl Origin {
    pub fn new(text: impl Into<String>) -> Result<Self, BadOrigin> {
        let text = text.into();
        let Some((scheme, rest)) = text.split_once("://") else {
            return Err(BadOrigin);
        };
        let (host, port) = rest
            .split_once(':')
            .map_or((rest, None), |(host, port)| (host, Some(port)));
        let written = |byte: u8| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'-')
        };
        let host_fits = !host.is_empty() && host.bytes().all(written);
        // Plain HTTP signs nothing but on this very machine, where browsers allow passkeys too.
        let scheme_fits = match scheme {
            "https" => true,
            "http" => host == "localhost" || host.ends_with(".localhost"),
            _ => false,
        };
        let fits = text.len() <= MOST_BYTES && host_fits && scheme_fits && port.is_none_or(is_port);
        fits.then_some(Self(text)).ok_or(BadOrigin)
    }

    /// Where no browser ever is (RFC 2606, section 2): for whoever takes no passkey's word.
    #[must_use]
    pub fn nowhere() -> Self {
        Self("https://nowhere.invalid".to_owned())
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The relying party that its passkeys belong to, as authenticators hash it.
    #[must_use]
    pub fn relying_party_hash(&self) -> [u8; 32] {
        Sha256::digest(self.host()).into()
    }

    /// Its name, which is the relying party's id.
    #[must_use]
    pub fn host(&self) -> &str {
        let rest = self.0.split_once("://").map_or("", |(_, rest)| rest);
        rest.split_once(':').map_or(rest, |(host, _)| host)
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// As a URL is written: no leading zero.
fn is_port(port: &str) -> bool {
    port.parse::<u16>()
        .is_ok_and(|number| number > 0 && number.to_string() == port)
}

/// The origins that one signer may sign at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origins(Vec1<Origin>);

impl Origins {
    /// The owner's page, and the few places that serve the same page.
    pub const MOST: usize = 4;

    /// `None` without any, and past the bound.
    #[must_use]
    pub fn new(origins: Vec<Origin>) -> Option<Self> {
        if origins.len() > Self::MOST {
            return None;
        }
        Vec1::new(origins).map(Self)
    }

    pub fn iter(&self) -> impl Iterator<Item = &Origin> {
        self.0.iter()
    }
}

impl From<Origin> for Origins {
    fn from(origin: Origin) -> Self {
        Self(Vec1::of(origin))
    }
}
