//! Two files of fixed size that are written in turn: whatever moment the power fails, one of them is
//! whole, and the higher generation wins. Their blocks exist beforehand, so a full disk refuses nothing.
//! What they hold is not known here.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::Path;

use sha2::{Digest as _, Sha256};

const LENGTH: usize = 4;
const HASH: usize = 32;

pub(super) struct TwoSlots {
    pub(super) files: [File; 2],
    size: usize,
    generation: u64,
}

/// What was found in them.
pub(super) struct Found<T> {
    pub(super) newest: Option<T>,
    /// Both were written once, and neither is whole: this is no new device, and no power loss does it.
    pub(super) damaged: bool,
}

impl TwoSlots {
    /// `read` says what a whole slot holds, and its generation.
    pub(super) fn open<T>(
        dir: &Path,
        name: &str,
        size: usize,
        read: impl Fn(&[u8]) -> Option<(u64, T)>,
    ) -> io::Result<(Self, Found<T>)> {
        let files = [
            open_slot(&dir.join(format!("{name}-a")), size)?,
            open_slot(&dir.join(format!("{name}-b")), size)?,
        ];
        File::open(dir)?.sync_all()?;
        let mut slots = Self {
            files,
            size,
            generation: 0,
        };
        let mut found = Found {
            newest: None,
            damaged: false,
        };
        let mut written = 0;
        for file in &slots.files {
            let bytes = content(file, size)?;
            written += usize::from(bytes.is_some());
            let held = bytes.as_deref().and_then(whole).and_then(&read);
            if let Some((generation, held)) = held
                && (found.newest.is_none() || generation > slots.generation)
            {
                slots.generation = generation;
                found.newest = Some(held);
            }
        }
        found.damaged = found.newest.is_none() && written == 2;
        Ok((slots, found))
    }

    /// Of what is written next; it must be found again by `read`.
    pub(super) fn next_generation(&self) -> u64 {
        self.generation + 1
    }

    pub(super) fn write(&mut self, content: &[u8]) -> io::Result<()> {
        let generation = self.next_generation();
        let length = u32::try_from(content.len()).map_err(io::Error::other)?;
        if LENGTH + HASH + content.len() > self.size {
            return Err(io::Error::from(io::ErrorKind::FileTooLarge));
        }
        let mut bytes = length.to_be_bytes().to_vec();
        bytes.extend(Sha256::digest(content));
        bytes.extend(content);
        // The older of the two; the newer one stays whole until this one is synced.
        let file = &self.files[usize::from(generation % 2 == 1)];
        file.write_all_at(&bytes, 0)?;
        file.sync_data()?;
        self.generation = generation;
        Ok(())
    }
}

fn open_slot(path: &Path, size: usize) -> io::Result<File> {
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)?;
    if file.metadata()?.len() < size as u64 {
        file.write_all_at(&vec![0; size], 0)?;
        file.sync_all()?;
    }
    Ok(file)
}

/// `None` for a slot that was never written.
fn content(file: &File, size: usize) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = vec![0; size];
    file.read_exact_at(&mut bytes, 0)?;
    let written = bytes.iter().take(LENGTH + HASH).any(|byte| *byte != 0);
    Ok(written.then_some(bytes))
}

fn whole(bytes: &[u8]) -> Option<&[u8]> {
    let (length, rest) = bytes.split_first_chunk::<LENGTH>()?;
    let (hash, rest) = rest.split_first_chunk::<HASH>()?;
    let content = rest.get(..usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
    (*hash == *Sha256::digest(content)).then_some(content)
}
