//! The receipts: numbered without gaps, each carrying the hash of the one before, under the device's
//! signature, in a row of segments. The next segment always lies ready; when the disk has no room for
//! another, the oldest is written over, so that neither a press nor a stop ever fails for space.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use assent_consent::{BootTime, WallTime};
use assent_wire::link::Receipt;
use assent_wire::link::receipt::Body;
use prost::Message as _;
use sha2::{Digest as _, Sha256};

use super::segment::Segment;
use super::signer::{Signer, entry_of};
use super::{Fact, Stand};

#[derive(Clone, Copy)]
pub(super) struct Limits {
    pub(super) segment_bytes: usize,
    pub(super) most_segments: usize,
}

impl Default for Limits {
    /// A receipt is about 400 bytes: 16 MiB are some 40,000, years of a household and months of a
    /// school with standing rules.
    fn default() -> Self {
        Self {
            segment_bytes: 1 << 20,
            most_segments: 16,
        }
    }
}

/// When a receipt was decided.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stamp {
    pub(crate) wall: WallTime,
    pub(crate) boot: BootTime,
    pub(crate) local_day: u32,
}

pub(super) struct Journal {
    dir: PathBuf,
    limits: Limits,
    boot_id: [u8; 16],
    /// Segments by ordinal; the last is written to.
    ordinals: BTreeSet<u64>,
    current: Segment,
    chain: Chain,
    /// The last record that was found, until somebody has checked its signature.
    newest: Option<Vec<u8>>,
    signer: Option<Signer>,
}

/// Where the next receipt ties on.
#[derive(Clone, Copy, Default)]
struct Chain {
    last: u64,
    hash: [u8; 32],
}

const SPARE: &str = "spare";

impl Journal {
    /// Reads every receipt that is still there, oldest first, into `each`.
    pub(super) fn open(
        dir: &Path,
        limits: Limits,
        mut each: impl FnMut(Receipt),
    ) -> io::Result<Self> {
        fs::create_dir_all(dir)?;
        let mut ordinals = ordinals(dir)?;
        let spare = dir.join(SPARE);
        if !spare.exists() {
            make_spare(dir, limits, &mut ordinals)?;
        }
        let mut chain = Chain::default();
        let mut newest = None;
        let mut current = None;
        for ordinal in &ordinals {
            let mut first = true;
            let resumed = Segment::resume(&segment(dir, *ordinal), |record| {
                let Some(receipt) = chain.follow(record, first) else {
                    return false;
                };
                first = false;
                newest = Some(record.to_vec());
                each(receipt);
                true
            })?;
            current = Some(resumed);
        }
        let mut journal = match current {
            Some(current) => Self {
                dir: dir.to_owned(),
                limits,
                boot_id: boot_id(),
                ordinals,
                current,
                chain,
                newest,
                signer: None,
            },
            None => {
                let first = segment(dir, 1);
                fs::rename(&spare, &first)?;
                let current = Segment::begin(&first)?;
                Self {
                    dir: dir.to_owned(),
                    limits,
                    boot_id: boot_id(),
                    ordinals: [1].into(),
                    current,
                    chain,
                    newest,
                    signer: None,
                }
            }
        };
        journal.lay_out_spare();
        sync_dir(dir)?;
        Ok(journal)
    }

    /// Signs what is written from now on, and checks that what is there was this device's: through the
    /// chain, the newest signature stands for all before it.
    pub(super) fn sign_with(&mut self, signer: Signer) {
        let newest = self.newest.take();
        if newest.is_some_and(|record| entry_of(&record) != record && !signer.made(&record)) {
            tracing::error!(
                "the newest receipt in the journal has another signature than this device's"
            );
        }
        self.signer = Some(signer);
    }

    pub(super) fn signer(&mut self) -> Option<&mut Signer> {
        self.signer.as_mut()
    }

    /// Numbers, chains, signs, writes and syncs; all of them or none.
    pub(super) fn append(&mut self, stamp: &Stamp, bodies: Vec<Body>) -> io::Result<Stand> {
        let mut chain = self.chain;
        let mut records = Vec::with_capacity(bodies.len());
        let mut facts = Vec::with_capacity(bodies.len());
        for body in bodies {
            let receipt = chain.tie(body, stamp, self.boot_id);
            let entry = receipt.encode_to_vec();
            chain.hash = Sha256::digest(&entry).into();
            records.push(match &self.signer {
                Some(signer) => signer.seal(entry)?,
                None => entry,
            });
            facts.extend(Fact::of(&receipt, self.boot_id));
        }
        if records.is_empty() {
            return Ok(Stand {
                last: chain.last,
                hash: chain.hash,
                facts,
            });
        }
        if !self.current.has_room_for(records.iter().map(Vec::len)) {
            self.next_segment()?;
        }
        self.current.append(&records)?;
        self.chain = chain;
        Ok(Stand {
            last: chain.last,
            hash: chain.hash,
            facts,
        })
    }

    fn next_segment(&mut self) -> io::Result<()> {
        if self.current.is_empty() {
            return Err(io::Error::from(io::ErrorKind::StorageFull));
        }
        let spare = self.dir.join(SPARE);
        if !spare.exists() {
            make_spare(&self.dir, self.limits, &mut self.ordinals)?;
        }
        let ordinal = self.ordinals.last().map_or(1, |last| last + 1);
        // Emptied before it gets its name, so that old receipts never stand behind new ones.
        let next = Segment::begin(&spare)?;
        fs::rename(&spare, segment(&self.dir, ordinal))?;
        sync_dir(&self.dir)?;
        self.current = next;
        self.ordinals.insert(ordinal);
        self.lay_out_spare();
        Ok(())
    }

    /// Having none is not yet a failure: there is a whole empty segment to write to.
    fn lay_out_spare(&mut self) {
        if self.dir.join(SPARE).exists() {
            return;
        }
        if let Err(error) = make_spare(&self.dir, self.limits, &mut self.ordinals) {
            tracing::warn!(%error, "no room for the next part of the journal");
        }
    }
}

impl Chain {
    fn tie(&mut self, mut body: Body, stamp: &Stamp, boot_id: [u8; 16]) -> Receipt {
        self.last += 1;
        number_inside(&mut body, self.last);
        Receipt {
            number: self.last,
            previous: self.hash.to_vec(),
            wall_ms: stamp.wall.0,
            boot_ms: stamp.boot.0,
            boot_id: boot_id.to_vec(),
            local_day: stamp.local_day,
            body: Some(body),
        }
    }

    /// The first receipt of a segment may tie on to nothing known: what was before it was written over,
    /// or is damaged. Behind it there are no gaps.
    fn follow(&mut self, record: &[u8], first: bool) -> Option<Receipt> {
        let entry = entry_of(record);
        let receipt = Receipt::decode(&*entry).ok()?;
        let ties_on = receipt.number == self.last + 1 && receipt.previous == self.hash;
        let gap = first && receipt.number > self.last;
        if !ties_on && self.last > 0 {
            tracing::error!(
                receipt = receipt.number,
                "the journal is damaged before this receipt"
            );
        }
        if !ties_on && !gap {
            return None;
        }
        *self = Self {
            last: receipt.number,
            hash: Sha256::digest(&*entry).into(),
        };
        Some(receipt)
    }
}

/// Facts on the link name the receipt that they stand on.
fn number_inside(body: &mut Body, number: u64) {
    match body {
        Body::Opened(opened) => opened.receipt = number,
        Body::Pressed(pressed) => pressed
            .opened
            .iter_mut()
            .for_each(|opened| opened.receipt = number),
        Body::Ended(ended) => ended.receipt = number,
        Body::Started(_)
        | Body::Refused(_)
        | Body::Revoked(_)
        | Body::Alarm(_)
        | Body::Reset(_)
        | Body::Taken(_) => {}
    }
}

/// A new file, or the oldest segment where there is no room for one.
fn make_spare(dir: &Path, limits: Limits, ordinals: &mut BTreeSet<u64>) -> io::Result<()> {
    let spare = dir.join(SPARE);
    let mut failed = None;
    if ordinals.len() < limits.most_segments {
        match Segment::allocate(&dir.join("spare.new"), limits.segment_bytes) {
            Ok(()) => return fs::rename(dir.join("spare.new"), &spare),
            Err(error) => failed = Some(error),
        }
    }
    match ordinals.pop_first() {
        Some(oldest) if !ordinals.is_empty() => fs::rename(segment(dir, oldest), &spare),
        only => {
            ordinals.extend(only);
            Err(failed.unwrap_or_else(|| io::Error::from(io::ErrorKind::StorageFull)))
        }
    }
}

fn segment(dir: &Path, ordinal: u64) -> PathBuf {
    dir.join(format!("segment-{ordinal:012}"))
}

fn ordinals(dir: &Path) -> io::Result<BTreeSet<u64>> {
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(dir)? {
        let name = entry?.file_name();
        let ordinal = name
            .to_str()
            .and_then(|name| name.strip_prefix("segment-")?.parse::<u64>().ok());
        found.extend(ordinal);
    }
    Ok(found)
}

fn sync_dir(dir: &Path) -> io::Result<()> {
    fs::File::open(dir)?.sync_all()
}

/// Of this boot of the machine; zeros where the kernel does not say.
#[must_use]
pub fn boot_id() -> [u8; 16] {
    let text = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    uuid::Uuid::parse_str(text.trim()).map_or([0; 16], uuid::Uuid::into_bytes)
}

#[cfg(test)]
mod tests;
