//! Pairing: how a device that belongs to nobody comes to belong to an owner. A secret on its screen proves
//! phone and device to each other through a mailbox that can only lose; a press at the device says that
//! somebody stands there. What is obeyed afterwards is the gate's matter.
//!
//! ```text
//!  secret made --QR--> phone --hello, MAC--> right MAC, good words --press within 60 s--> words kept, answer
//!      |                                        | five wrong MACs                            |
//!      +<---- `assent-core pair` -----------  no secret  <-------------- erased -------------+
//! ```

mod code;
mod mac;
mod secret;

use std::io;

use assent_consent::{BootTime, DeviceId, Epoch, ObjectHash, Origin, Sealed};
use assent_wire::{Covered, WireError, open_word, paired_bytes, pairing, read_hello, seal_paired};
use sha2::{Digest as _, Sha256};

pub use code::Invitation;
pub(crate) use secret::Secret;

use crate::device_key::DeviceKey;
use mac::{Side, cover, covers};

/// A secret of 128 bits is not found by trying; somebody who tries has something else in mind.
pub(crate) const MOST_WRONG: u32 = 5;

/// What a phone proposes, of which the secret proved where it comes from.
#[derive(Clone, Debug)]
pub(crate) struct Proposal {
    /// SHA-256 of the whole hello, which names it in the mailbox and in the answer.
    pub(crate) hello: [u8; 32],
    pub(crate) set: Sealed,
    pub(crate) ceiling: Sealed,
    pub(crate) policy: Option<Sealed>,
}

/// A proposal that waits for somebody at the device.
pub(crate) struct Waiting<T> {
    pub(crate) proposal: Proposal,
    /// What the device becomes.
    pub(crate) becomes: T,
    pub(crate) until: BootTime,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BadHello {
    WrongMac,
    WrongDevice,
    Bytes(WireError),
}

impl From<WireError> for BadHello {
    fn from(error: WireError) -> Self {
        Self::Bytes(error)
    }
}

pub(crate) fn hash_of_hello(body: &[u8]) -> [u8; 32] {
    Sha256::digest(body).into()
}

/// Reads a hello. Nothing in it is looked at before its MAC is right.
pub(crate) fn hear(secret: &Secret, device: DeviceId, body: &[u8]) -> Result<Proposal, BadHello> {
    let covered = Covered::split(body)?;
    if !covers(secret, device, Side::Phone, covered) {
        return Err(BadHello::WrongMac);
    }
    let hello = read_hello(covered.said)?;
    if hello.device != device.0 {
        return Err(BadHello::WrongDevice);
    }
    let policy = match hello.policy.as_slice() {
        [] => None,
        envelope => Some(open_word(envelope)?),
    };
    Ok(Proposal {
        hello: hash_of_hello(body),
        set: open_word(&hello.owner_set)?,
        ceiling: open_word(&hello.ceiling)?,
        policy,
    })
}

/// Who the device is, as it says so to its owner's phone.
pub(crate) struct Answerer<'a> {
    pub(crate) device: DeviceId,
    pub(crate) epoch: Epoch,
    pub(crate) key: &'a DeviceKey,
    pub(crate) origins: &'a [Origin],
}

/// The device's half: MAC, and `paired.1` under the device's signature.
pub(crate) fn answer(
    by: &Answerer<'_>,
    secret: &Secret,
    hello: [u8; 32],
    set: ObjectHash,
) -> io::Result<Vec<u8>> {
    let mut origins: Vec<String> = by.origins.iter().map(ToString::to_string).collect();
    origins.sort();
    origins.dedup();
    let paired = pairing::Paired {
        device: by.device.0.to_vec(),
        epoch: by.epoch.get(),
        key: by.key.public().sec1().to_vec(),
        hello: hello.to_vec(),
        owner_set: set.0.to_vec(),
        origins,
    };
    let bytes = paired_bytes(&paired).map_err(io::Error::other)?;
    let said = seal_paired(&paired, by.key.id(), by.key.sign(&bytes)?);
    let mac = cover(secret, by.device, Side::Device, &said)
        .map_err(|_| io::Error::other("the answer has no MAC"))?;
    Ok([mac, said].concat())
}
