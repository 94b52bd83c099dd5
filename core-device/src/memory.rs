//! What must survive power loss: the journal of numbered receipts, two slots for the owner's signed words,
//! and two small ones for what the hub has acknowledged and what is paused. One thread writes, so that a slow disk holds up nobody but the
//! opening that waits for its receipt. What is worth keeping, and when, is the gate's business.

mod journal;
mod outbox;
mod past;
mod segment;
mod signer;
mod slots;
mod two;
mod words;

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;

use assent_consent::DeviceId;
use assent_wire::link::receipt::Body;
use rustix::fs::FlockOperation;
use rustix::io::Errno;
use tokio::sync::mpsc;

pub(crate) use journal::Stamp;
pub use journal::boot_id;
pub(crate) use outbox::Fact;
pub use outbox::Outbox;
pub use past::{Past, Unfinished};
pub(crate) use slots::{Kept, Mark};
pub(crate) use words::Words;

use journal::{Journal, Limits};
use signer::Signer;
use slots::Slots;
use words::WordSlots;

use crate::device_key::DeviceKey;

/// Orders that may wait for the disk; a press is one, and there are at most 256 grants to end.
pub(crate) const ORDER_QUEUE: usize = 1024;

/// The open files. Moved into the thread that writes.
pub struct Memory {
    journal: Journal,
    slots: Slots,
    words: WordSlots,
    /// Held for as long as this lives.
    _lock: File,
    #[cfg(test)]
    broken: bool,
}

pub(crate) enum Order {
    /// All of these, or none, and synced; answered with `Written`. Changed words go first: no receipt stands
    /// on words that are not on the disk.
    Append {
        token: u64,
        stamp: Stamp,
        bodies: Vec<Body>,
        words: Option<Arc<Words>>,
    },
    Keep(Kept),
}

/// The receipts as they stand on the disk, or why not.
pub(crate) struct Written {
    pub(crate) token: u64,
    pub(crate) receipts: io::Result<Stand>,
}

/// Receipts that are on the disk.
pub(crate) struct Stand {
    /// Number of the last one.
    pub(crate) last: u64,
    /// Hash of its entry: the head of the chain.
    pub(crate) hash: [u8; 32],
    /// Those among them that the hub must hear of.
    pub(crate) facts: Vec<Fact>,
}

impl Memory {
    /// Opens or makes the files under `data_dir`, and reads what happened before.
    ///
    /// # Errors
    /// Whatever the file system says; a first start on a full disk is one of them.
    pub fn open(data_dir: &Path) -> io::Result<(Self, Past)> {
        Self::open_with(data_dir, Limits::default())
    }

    fn open_with(data_dir: &Path, limits: Limits) -> io::Result<(Self, Past)> {
        std::fs::create_dir_all(data_dir)?;
        let lock = lock(data_dir)?;
        let (slots, kept) = Slots::open(data_dir)?;
        let (word_slots, words) = WordSlots::open(data_dir)?;
        let mut past = Past::new(kept, words);
        let journal = Journal::open(&data_dir.join("journal"), limits, |receipt| {
            past.take(receipt)
        })?;
        let memory = Self {
            journal,
            slots,
            words: word_slots,
            _lock: lock,
            #[cfg(test)]
            broken: false,
        };
        Ok((memory, past))
    }

    /// Receipts from now on carry this key's signature.
    pub(crate) fn sign_as(&mut self, device: DeviceId, key: DeviceKey, past: &Past) {
        self.journal.sign_with(Signer {
            device,
            epoch: past.words.gate.epoch,
            key,
        });
    }

    /// Carries out orders until nobody can give any more. Blocking.
    pub(crate) fn run(
        mut self,
        mut orders: mpsc::Receiver<Order>,
        written: &mpsc::Sender<Written>,
    ) {
        while let Some(order) = orders.blocking_recv() {
            match order {
                Order::Append {
                    token,
                    stamp,
                    bodies,
                    words,
                } => {
                    let receipts = self.append(&stamp, bodies, words.as_deref());
                    // Without anybody to hear it, what is left in the queue is written all the same.
                    written.blocking_send(Written { token, receipts }).ok();
                }
                Order::Keep(kept) => {
                    if let Err(error) = self.slots.keep(&kept) {
                        tracing::error!(%error, "the device's state could not be kept; check its disk");
                    }
                }
            }
        }
    }

    fn append(
        &mut self,
        stamp: &Stamp,
        bodies: Vec<Body>,
        words: Option<&Words>,
    ) -> io::Result<Stand> {
        #[cfg(test)]
        if self.broken {
            return Err(io::Error::other("broken for a test"));
        }
        if let Some(words) = words {
            self.words.keep(words)?;
            if let Some(signer) = self.journal.signer() {
                signer.epoch = words.gate.epoch;
            }
        }
        self.journal.append(stamp, bodies)
    }

    #[cfg(test)]
    pub(crate) fn broken(data_dir: &Path) -> io::Result<(Self, Past)> {
        let (memory, past) = Self::open(data_dir)?;
        Ok((
            Self {
                broken: true,
                ..memory
            },
            past,
        ))
    }
}

/// Two programmes that write one journal would tear it.
fn lock(data_dir: &Path) -> io::Result<File> {
    let file = File::create(data_dir.join("lock"))?;
    match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(file),
        Err(Errno::WOULDBLOCK) => Err(io::Error::other(
            "another assent-core is using this data directory",
        )),
        Err(error) => Err(error.into()),
    }
}
