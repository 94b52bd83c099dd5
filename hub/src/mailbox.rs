//! The pairing mailbox: what a phone leaves for a device that does not know it yet, and the device's
//! answer. It lies in memory for ten minutes and is gone with the hub; whoever holds the QR code says it
//! again. Phone and device prove themselves to each other, past the hub, which reads nothing here; what a
//! device has taken of it `words` keeps for the household's other phones.
//!
//! A device that the hub does not know has a mailbox like any other, which nobody empties, so that nobody
//! can learn here which devices there are.

#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;

use assent_wire::MAX_PAIRING;
use assent_wire::link::{self, hub_frame::Body};
use bytes::Bytes;
use sha2::{Digest as _, Sha256};
use time::{Duration, OffsetDateTime};
use tokio::sync::watch;

use crate::devices::Devices;
use crate::error::{Error, Kind, Result};
use crate::world::{Clock, DeviceId, Guarded, World, hash_of_hex};

/// A pairing takes a minute; a device that is just being installed may need some to find its hub.
const KEPT_FOR: Duration = Duration::minutes(10);
/// One phone that tries again, and a household beside it.
const MOST_A_DEVICE: usize = 16;
/// All mailboxes together: 40 MiB at the very most.
const MOST: usize = 512;
/// A MAC and something behind it.
const SHORTEST: usize = 33;
/// How long a phone waits for the device's answer before it asks again. Proxies cut at 30 s.
pub const ANSWERED_WITHIN: std::time::Duration = std::time::Duration::from_secs(25);

/// SHA-256 of a message as it was left: its name, which only its maker and its device know.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct LetterHash([u8; 32]);

#[derive(Clone)]
pub struct Mailbox {
    clock: Clock,
    devices: Devices,
    /// Oldest first.
    letters: Arc<Guarded<VecDeque<Letter>>>,
    answered: watch::Sender<u64>,
}

struct Letter {
    device: DeviceId,
    hash: LetterHash,
    /// Nothing of one that no device will ever fetch, or that is answered.
    body: Bytes,
    /// Its device is enrolled here.
    expected: bool,
    left_at: OffsetDateTime,
    answer: Option<Bytes>,
}

impl Mailbox {
    pub fn new(world: &World, devices: Devices) -> Self {
        Self {
            clock: world.clock.clone(),
            devices,
            letters: Arc::default(),
            answered: watch::Sender::new(0),
        }
    }

    /// Leaves a message, and hands it over at once if the device is here. The same one again is the first.
    pub fn leave(&self, device: DeviceId, body: Bytes) -> Result<LetterHash> {
        if body.len() < SHORTEST {
            return Err(Error::invalid("This is too short for a pairing message."));
        }
        if body.len() > MAX_PAIRING {
            return Err(Error::new(
                Kind::TooLarge,
                "A pairing message has at most 80 KiB.",
            ));
        }
        let hash = LetterHash(Sha256::digest(&body).into());
        let expected = self.is_expected(device);
        if self.keep(device, hash, &body, expected)? && expected {
            self.hand_over(device, body);
        }
        Ok(hash)
    }

    /// False when it lies there already.
    fn keep(
        &self,
        device: DeviceId,
        hash: LetterHash,
        body: &Bytes,
        expected: bool,
    ) -> Result<bool> {
        let now = self.clock.now();
        let mut letters = self.letters.lock();
        letters.retain(|letter| now - letter.left_at < KEPT_FOR);
        let own = letters.iter().filter(|letter| letter.device == device);
        if own.clone().any(|letter| letter.hash == hash) {
            return Ok(false);
        }
        if own.count() >= MOST_A_DEVICE {
            return Err(Error::too_many(
                "Too many pairings were begun with this device. Wait ten minutes, or show a new code on it.",
            )
            .slug("mailbox-full"));
        }
        if letters.len() >= MOST {
            // Strangers' first: whoever makes up devices must not empty the mailbox of a real one.
            let goes = letters.iter().position(|letter| !letter.expected);
            letters.remove(goes.unwrap_or(0));
        }
        letters.push_back(Letter {
            device,
            hash,
            body: if expected { body.clone() } else { Bytes::new() },
            expected,
            left_at: now,
            answer: None,
        });
        Ok(true)
    }

    /// What still waits for a device's answer, oldest first; for a device that attaches.
    pub fn hand_over_all(&self, device: DeviceId) {
        let now = self.clock.now();
        let waiting: Vec<Bytes> = {
            let letters = self.letters.lock();
            let own = letters.iter().filter(|letter| {
                letter.device == device && letter.expected && now - letter.left_at < KEPT_FOR
            });
            own.filter(|letter| letter.answer.is_none())
                .map(|letter| letter.body.clone())
                .collect()
        };
        for body in waiting {
            self.hand_over(device, body);
        }
    }

    fn hand_over(&self, device: DeviceId, body: Bytes) {
        let hello = link::PairingHello { body: body.into() };
        self.devices.say(device, Body::PairingHello(hello));
    }

    /// The device's answer, and with it the message that it took. The first answer stands; one to a message
    /// that is gone has nobody to read it.
    pub fn answer(
        &self,
        device: DeviceId,
        hello: [u8; 32],
        body: Vec<u8>,
    ) -> Result<Option<Bytes>> {
        if !(SHORTEST..=MAX_PAIRING).contains(&body.len()) {
            return Err(Error::invalid("A pairing answer has 33 bytes to 80 KiB."));
        }
        let taken = {
            let mut letters = self.letters.lock();
            let mut own = letters.iter_mut().filter(|letter| letter.device == device);
            let letter = own.find(|letter| letter.hash.0 == hello && letter.answer.is_none());
            let Some(letter) = letter else {
                return Ok(None);
            };
            letter.answer = Some(body.into());
            std::mem::take(&mut letter.body)
        };
        self.answered.send_modify(|number| *number += 1);
        Ok(Some(taken))
    }

    /// Waits for the answer; none when there is none in time, whatever the reason.
    pub async fn wait(&self, device: DeviceId, hash: LetterHash) -> Option<Bytes> {
        let mut answered = self.answered.subscribe();
        let deadline = tokio::time::Instant::now() + ANSWERED_WITHIN;
        loop {
            answered.mark_unchanged();
            if let Some(answer) = self.answer_to(device, hash) {
                return Some(answer);
            }
            tokio::time::timeout_at(deadline, answered.changed())
                .await
                .ok()?
                .ok()?;
        }
    }

    fn answer_to(&self, device: DeviceId, hash: LetterHash) -> Option<Bytes> {
        let letters = self.letters.lock();
        let mut own = letters.iter().filter(|letter| letter.device == device);
        own.find(|letter| letter.hash == hash)?.answer.clone()
    }

    /// Forgets what is too old. Called every few seconds.
    pub fn sweep(&self) {
        let now = self.clock.now();
        self.letters
            .lock()
            .retain(|letter| now - letter.left_at < KEPT_FOR);
    }

    fn is_expected(&self, device: DeviceId) -> bool {
        let known = self.devices.device(device);
        known.is_some_and(|known| known.revoked.is_none())
    }
}

impl LetterHash {
    pub fn parse(text: &str) -> Option<Self> {
        hash_of_hex(text).map(Self)
    }
}

impl fmt::Display for LetterHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}
