//! One file of the journal: a fixed number of bytes whose blocks exist before anything is written, so
//! that a full disk cannot refuse a record. Records are length, checksum, bytes; a zero length ends them.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::Path;

use sha2::{Digest as _, Sha256};

/// Length and checksum, four bytes each.
const HEADER: usize = 8;
/// A zero length and checksum after the last record.
const END: [u8; HEADER] = [0; HEADER];

pub(super) struct Segment {
    file: File,
    size: usize,
    /// Where the next record goes.
    pub(super) at: usize,
}

impl Segment {
    /// Writes zeros over the whole file and syncs them: only then are its blocks really there.
    pub(super) fn allocate(path: &Path, size: usize) -> io::Result<()> {
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(path)?;
        let written = file
            .write_all_at(&vec![0; size], 0)
            .and_then(|()| file.sync_all());
        if written.is_err() {
            // Half a segment would only take the space that somebody else needs.
            std::fs::remove_file(path).ok();
        }
        written
    }

    /// Opens a segment that is allocated, as an empty one.
    pub(super) fn begin(path: &Path) -> io::Result<Self> {
        let mut segment = Self::handle(path)?;
        segment.file.write_all_at(&END, 0)?;
        segment.file.sync_data()?;
        segment.at = 0;
        Ok(segment)
    }

    /// Opens a segment with records in it; `each` says whether a record is a right one. Behind the last
    /// right one it goes on.
    pub(super) fn resume(path: &Path, mut each: impl FnMut(&[u8]) -> bool) -> io::Result<Self> {
        let mut segment = Self::handle(path)?;
        let bytes = std::fs::read(path)?;
        while let Some(record) = record_at(&bytes, segment.at) {
            if !each(record) {
                break;
            }
            segment.at += HEADER + record.len();
        }
        Ok(segment)
    }

    fn handle(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().read(true).write(true).open(path)?;
        let size = usize::try_from(file.metadata()?.len()).map_err(io::Error::other)?;
        Ok(Self { file, size, at: 0 })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.at == 0
    }

    pub(super) fn has_room_for(&self, lengths: impl Iterator<Item = usize>) -> bool {
        self.at + END.len() + lengths.map(|length| length + HEADER).sum::<usize>() <= self.size
    }

    /// Writes and syncs; what is written is either all there after a power loss or not there.
    pub(super) fn append(&mut self, records: &[Vec<u8>]) -> io::Result<()> {
        let mut bytes = Vec::new();
        for record in records {
            let length = u32::try_from(record.len()).map_err(io::Error::other)?;
            bytes.extend(length.to_be_bytes());
            bytes.extend(checksum(record));
            bytes.extend(record);
        }
        let length = bytes.len();
        bytes.extend(END);
        if self.at + bytes.len() > self.size {
            return Err(io::Error::from(io::ErrorKind::StorageFull));
        }
        self.file.write_all_at(&bytes, self.at as u64)?;
        self.file.sync_data()?;
        self.at += length;
        Ok(())
    }
}

fn record_at(bytes: &[u8], at: usize) -> Option<&[u8]> {
    let header = bytes.get(at..at + HEADER)?;
    let length = usize::try_from(u32::from_be_bytes(header[..4].try_into().ok()?)).ok()?;
    let record = bytes.get(at + HEADER..(at + HEADER).checked_add(length)?)?;
    (length > 0 && header[4..] == checksum(record)).then_some(record)
}

fn checksum(record: &[u8]) -> [u8; 4] {
    let digest = Sha256::digest(record);
    [digest[0], digest[1], digest[2], digest[3]]
}
