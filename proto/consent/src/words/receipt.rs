//! What the device did, in its own hand. The entry stays as the journal wrote it, numbered and chained
//! inside, so that whoever holds the journal's bytes can check the signature and the chain alike.

use crate::Addressed;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedReceipt {
    /// The device that signs, in its present life.
    pub from: Addressed,
    /// Never empty.
    pub entry: Vec<u8>,
}
