//! What pages ask and read about signed words, as shapes. Bytes are base64url without padding; names of
//! keys and nonces are hex.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// Body of `POST /api/devices/{device}/nonces`.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NonceAsked {
    /// Key id: SHA-256 of the SEC 1 compressed point, 64 hex digits.
    pub key: String,
}

/// Something fresh to sign, good once and for this key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Nonce {
    /// 32 hex digits.
    pub nonce: String,
    /// On the device's clock, from when it was given.
    pub lives_ms: u64,
}

/// Body of `POST /api/devices/{device}/words`.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WordsAsked {
    /// Owner sets, policies, ceilings, agency sets and operators' certificates, older ones first.
    pub envelopes: Vec<String>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct WordsTaken {
    /// In the order of the envelopes.
    pub words: Vec<WordTaken>,
}

/// What the device says to one of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WordTaken {
    /// It is in force.
    pub accepted: bool,
    /// Good, but for a press at the device within a minute; `GET` shows it afterwards.
    pub waits_for_press: bool,
    /// Stable name of the reason, as in "staleNonce".
    pub refusal: Option<String>,
    /// The same as a sentence.
    pub detail: Option<String>,
}

/// What the hub has kept of a device's words. Whoever reads them checks them: a hub could leave some out.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct KnownWords {
    pub owner_set: Option<String>,
    pub policy: Option<String>,
    pub ceiling: Option<String>,
    /// The agencies that owners here may name, each with its own signed set of keys.
    pub agencies: Vec<AgencyWords>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AgencyWords {
    pub id: Uuid,
    pub name: String,
    /// What it is called in signed words: hash of its first set, hex.
    pub signed_as: String,
    pub envelope: String,
}

impl Nonce {
    pub(super) fn new(nonce: [u8; 16], lives_ms: u64) -> Self {
        Self {
            nonce: assent_consent::Nonce(nonce).to_string(),
            lives_ms,
        }
    }
}
