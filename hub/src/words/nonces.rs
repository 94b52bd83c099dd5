//! Nonces: a key asks its device, through the hub, for something fresh to sign. The device decides who
//! gets one; the hub only remembers who waits.

use std::collections::BTreeMap;
use std::time::Duration;

use assent_consent::KeyId;
use assent_wire::WordRefusal;
use assent_wire::link::{self, hub_frame::Body};
use tokio::sync::oneshot;

use super::page::Nonce;
use super::{Words, away, refusals};
use crate::error::{Error, Result};
use crate::identity::Person;
use crate::world::DeviceId;

/// A device answers at once; beyond this its line is as good as down.
const GIVEN_WITHIN: Duration = Duration::from_secs(3);
/// Questions under way at all devices. Each page has one.
const MOST: usize = 1_024;
/// Questions under way at one device: a household's phones and the agencies' alert keys.
const MOST_A_DEVICE: usize = 32;

#[derive(Default)]
pub(super) struct Asked(BTreeMap<u64, Waiting>);

impl Asked {
    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

struct Waiting {
    device: DeviceId,
    key: KeyId,
    tell: oneshot::Sender<Answer>,
}

type Answer = std::result::Result<Nonce, WordRefusal>;

/// Forgets the question however its asker went away.
struct Question<'a> {
    words: &'a Words,
    number: u64,
}

impl Drop for Question<'_> {
    fn drop(&mut self) {
        self.words.asked.lock().0.remove(&self.number);
    }
}

impl Words {
    /// For a page of this person.
    pub async fn nonce_for(&self, by: &Person, device: DeviceId, key: KeyId) -> Result<Nonce> {
        let device = self.of(by, device)?.id;
        self.nonce(device, key).await
    }

    /// Asks the device and waits a little for its answer.
    pub async fn nonce(&self, device: DeviceId, key: KeyId) -> Result<Nonce> {
        let number = u64::from_le_bytes(self.world.random.bytes());
        let (tell, told) = oneshot::channel();
        self.note(number, Waiting { device, key, tell })?;
        let _question = Question {
            words: self,
            number,
        };
        let ask = link::NonceAsk {
            ask: number,
            key: key.0.to_vec(),
        };
        if !self.devices.say(device, Body::NonceAsk(ask)) {
            return Err(away());
        }
        match tokio::time::timeout(GIVEN_WITHIN, told).await {
            Ok(Ok(Ok(nonce))) => Ok(nonce),
            Ok(Ok(Err(refusal))) => {
                Err(Error::unprocessable(refusals::sentence(refusal)).slug(refusals::slug(refusal)))
            }
            Ok(Err(_)) | Err(_) => Err(away()),
        }
    }

    fn note(&self, number: u64, waiting: Waiting) -> Result<()> {
        let mut asked = self.asked.lock();
        let here = asked.0.values().filter(|one| one.device == waiting.device);
        if here.count() >= MOST_A_DEVICE || asked.0.len() >= MOST {
            return Err(Error::too_many(
                "Your device is asked for many signatures at the moment. Try again.",
            ));
        }
        asked.0.insert(number, waiting);
        Ok(())
    }

    /// What a device says to a question. To one that it was not asked nobody listens.
    pub fn nonce_given(&self, device: DeviceId, given: &link::NonceGiven) -> Result<()> {
        let nonce = given.nonce.as_slice().try_into();
        let nonce: [u8; 16] = nonce.map_err(|_| Error::invalid("A nonce has 16 bytes."))?;
        let nonce = Nonce::new(nonce, given.lives_ms);
        self.tell(device, given.ask, &given.key, Ok(nonce));
        Ok(())
    }

    pub fn nonce_refused(&self, device: DeviceId, refused: &link::NonceRefused, why: WordRefusal) {
        self.tell(device, refused.ask, &refused.key, Err(why));
    }

    fn tell(&self, device: DeviceId, number: u64, key: &[u8], answer: Answer) {
        let mut asked = self.asked.lock();
        let fits = |one: &Waiting| one.device == device && one.key.0 == key;
        if asked.0.get(&number).is_some_and(fits)
            && let Some(waiting) = asked.0.remove(&number)
        {
            // Whoever asked may have given up in this very moment.
            waiting.tell.send(answer).ok();
        }
    }
}
