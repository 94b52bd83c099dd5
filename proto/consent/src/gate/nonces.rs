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
