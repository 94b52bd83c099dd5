//! Nonces: what makes a word fresh. Each is good once, for the key that asked, for a minute on the boot
//! clock; so whoever carries words can delay one by a minute at most and replay none. They are not kept:
//! a reboot makes all of them stale.

use std::collections::BTreeMap;

use crate::{BootTime, KeyId, Nonce};

/// A slow network there and back, and a passkey's question in between.
pub const NONCE_LIFE_MS: u64 = 60_000;
/// All members and the alert keys of all agencies that one device can know.
const MOST: usize = 1024;

/// More keys ask within a minute than a device knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooManyNonces;

/// One outstanding a key.
#[derive(Clone, Debug, Default)]
pub(super) struct Nonces(BTreeMap<KeyId, (Nonce, BootTime)>);

impl Nonces {
    /// The one before, if it was not used, is stale from now on.
    pub(super) fn hand_out(
        &mut self,
        key: KeyId,
        fresh: Nonce,
        at: BootTime,
    ) -> Result<(), TooManyNonces> {
        if self.0.len() >= MOST {
            self.0.retain(|_, (_, given)| is_fresh(*given, at));
        }
        if self.0.len() >= MOST && !self.0.contains_key(&key) {
            return Err(TooManyNonces);
        }
        self.0.insert(key, (fresh, at));
        Ok(())
    }

    /// True once.
    pub(super) fn spend(&mut self, key: KeyId, nonce: Nonce, at: BootTime) -> bool {
        let outstanding = self.0.get(&key).copied();
        let Some((_, given)) = outstanding.filter(|(own, _)| *own == nonce) else {
            return false;
        };
        self.0.remove(&key);
        is_fresh(given, at)
    }
}

fn is_fresh(given: BootTime, at: BootTime) -> bool {
    at.since_ms(given) <= NONCE_LIFE_MS
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn key(number: usize) -> KeyId {
        let mut id = [0; 32];
        id[..8].copy_from_slice(&number.to_be_bytes());
        KeyId(id)
    }

    #[test]
    fn more_keys_than_there_can_be_get_none_until_the_old_ones_are_stale() {
        let mut nonces = Nonces::default();
        let nonce = Nonce([1; 16]);
        for number in 0..MOST {
            nonces.hand_out(key(number), nonce, BootTime(0)).unwrap();
        }
        let late = BootTime(NONCE_LIFE_MS);
        assert_eq!(nonces.hand_out(key(MOST), nonce, late), Err(TooManyNonces));
        assert!(nonces.hand_out(key(7), Nonce([2; 16]), late).is_ok());
        let later = BootTime(NONCE_LIFE_MS + 1);
        assert!(nonces.hand_out(key(MOST), nonce, later).is_ok());
        assert!(
            nonces.spend(key(7), Nonce([2; 16]), later),
            "it is fresh still"
        );
        assert!(!nonces.spend(key(8), nonce, later));
    }
}
