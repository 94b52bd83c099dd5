//! A preallocated file for records that cannot wait for the store: a full disk or a dead database does
//! not stop them. Frames are `length u32 | SHA-256 prefix u32 | JSON`; a torn last frame is ignored,
//! because nobody was told that it was durable.

use super::Numbered;
use sha2::{Digest, Sha256};
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// About ten thousand presses: days of them in any town, and nothing on a disk.
const SIZE: usize = 4 << 20;
/// One event with its detail; longer ones are refused rather than allowed to fill the file.
const LONGEST_FRAME: usize = 16 << 10;
const HEAD: usize = 8;

pub(super) struct Spool {
    file: File,
    end: Mutex<End>,
}

/// Where the next frame goes. `emptied` counts, so that the same position of a later use is not taken for this one.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct End {
    emptied: u64,
    at: usize,
}

impl Spool {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(path)?;
        preallocate(&file)?;
        let spool = Self {
            file,
            end: Mutex::default(),
        };
        let (_, at) = spool.scan(SIZE)?;
        spool.lock().at = at;
        Ok(spool)
    }

    /// On disk when it returns.
    pub(super) fn push(&self, event: &Numbered) -> io::Result<()> {
        let json = serde_json::to_vec(event)?;
        let mut end = self.lock();
        // The frame ends with an empty head, so that what an earlier, longer use left behind is never read.
        if json.len() > LONGEST_FRAME || end.at + HEAD + json.len() + HEAD > SIZE {
            return Err(io::Error::new(
                io::ErrorKind::StorageFull,
                "the audit spool is full",
            ));
        }
        let mut frame = Vec::with_capacity(json.len() + 2 * HEAD);
        frame.extend_from_slice(&u32::try_from(json.len()).unwrap_or(u32::MAX).to_le_bytes());
        frame.extend_from_slice(&check(&json));
        frame.extend_from_slice(&json);
        frame.extend_from_slice(&[0; HEAD]);
        self.file.write_all_at(&frame, end.at as u64)?;
        self.file.sync_data()?;
        end.at += HEAD + json.len();
        Ok(())
    }

    /// All events and the position behind the last.
    pub(super) fn read(&self) -> io::Result<(Vec<Numbered>, End)> {
        let end = *self.lock();
        Ok((self.scan(end.at)?.0, end))
    }

    /// Empties the file if nothing was added behind `upto`; says whether it did.
    pub(super) fn empty_if(&self, upto: End) -> io::Result<bool> {
        let mut end = self.lock();
        if *end != upto {
            return Ok(false);
        }
        if upto.at > 0 {
            self.file.write_all_at(&[0; HEAD], 0)?;
            self.file.sync_data()?;
            *end = End {
                emptied: end.emptied + 1,
                at: 0,
            };
        }
        Ok(true)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, End> {
        self.end.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn scan(&self, upto: usize) -> io::Result<(Vec<Numbered>, usize)> {
        let mut events = Vec::new();
        let mut at = 0;
        while at + HEAD <= upto {
            let mut head = [0; HEAD];
            self.file.read_exact_at(&mut head, at as u64)?;
            let [l0, l1, l2, l3, sum @ ..] = head;
            let length = u32::from_le_bytes([l0, l1, l2, l3]) as usize;
            if length == 0 || length > LONGEST_FRAME || at + HEAD + length > SIZE {
                break;
            }
            let mut json = vec![0; length];
            self.file.read_exact_at(&mut json, (at + HEAD) as u64)?;
            if check(&json) != sum {
                break;
            }
            events.push(serde_json::from_slice(&json)?);
            at += HEAD + length;
        }
        Ok((events, at))
    }
}

/// Writes zeros rather than asking for space, because some file systems promise space that they then lack.
fn preallocate(file: &File) -> io::Result<()> {
    let have = usize::try_from(file.metadata()?.len()).unwrap_or(SIZE);
    if have < SIZE {
        file.write_all_at(&vec![0; SIZE - have], have as u64)?;
        file.sync_all()?;
    }
    Ok(())
}

fn check(json: &[u8]) -> [u8; 4] {
    let digest = Sha256::digest(json);
    [digest[0], digest[1], digest[2], digest[3]]
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::audit::{Actor, Class, Event};
    use uuid::Uuid;

    fn event(n: u128) -> Numbered {
        Numbered {
            id: Uuid::from_u128(n),
            at_ms: 5,
            event: Event::new(Class::Press, Actor::Hub),
        }
    }

    fn ids(spool: &Spool) -> Vec<u128> {
        spool
            .read()
            .unwrap()
            .0
            .iter()
            .map(|e| e.id.as_u128())
            .collect()
    }

    #[test]
    fn what_was_spooled_is_there_after_a_restart() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("spool");
        let spool = Spool::open(&path).unwrap();
        spool.push(&event(1)).unwrap();
        spool.push(&event(2)).unwrap();
        drop(spool);
        assert_eq!(ids(&Spool::open(&path).unwrap()), [1, 2]);
    }

    #[test]
    fn a_torn_frame_is_ignored_and_overwritten() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("spool");
        let spool = Spool::open(&path).unwrap();
        spool.push(&event(1)).unwrap();
        let end = spool.lock().at;
        spool.push(&event(2)).unwrap();
        spool
            .file
            .write_all_at(b"torn", (end + HEAD + 3) as u64)
            .unwrap();
        drop(spool);
        let spool = Spool::open(&path).unwrap();
        spool.push(&event(3)).unwrap();
        assert_eq!(ids(&spool), [1, 3]);
    }

    #[test]
    fn an_emptied_spool_never_shows_older_frames_again() {
        let dir = tempfile::tempdir().unwrap();
        let spool = Spool::open(&dir.path().join("spool")).unwrap();
        for n in 1..=3 {
            spool.push(&event(n)).unwrap();
        }
        let (_, upto) = spool.read().unwrap();
        assert!(spool.empty_if(upto).unwrap());
        spool.push(&event(9)).unwrap();
        assert!(!spool.empty_if(upto).unwrap());
        assert_eq!(ids(&spool), [9]);
    }

    #[test]
    fn a_full_spool_says_so() {
        let dir = tempfile::tempdir().unwrap();
        let spool = Spool::open(&dir.path().join("spool")).unwrap();
        spool.lock().at = SIZE - 20;
        assert_eq!(
            spool.push(&event(1)).unwrap_err().kind(),
            io::ErrorKind::StorageFull
        );
    }
}
