//! Two files of fixed size that are written in turn: whatever moment the power fails, one of them is
//! whole, and the higher generation wins. They hold what may be a little behind: losing the newest only
//! says a fact to the hub once more.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::Path;

use assent_consent::{CameraNumber, GrantId, Pause, RuleId};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// 64 rules of 256 cameras, all paused, take about 200 KiB; a mark of 256 grants 20 more.
const SLOT_BYTES: usize = 256 * 1024;
const LENGTH: usize = 4;
const HASH: usize = 32;

/// What the slots hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Kept {
    /// The hub has every fact up to here.
    pub(crate) acknowledged: u64,
    /// SHA-256 of the canonical policy that the pauses belong to.
    pub(crate) policy: [u8; 32],
    pub(crate) pauses: BTreeSet<Pause>,
    pub(crate) mark: Option<Mark>,
}

/// How far the open shares had come at one moment of the programme's last run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Mark {
    pub(crate) wall_ms: i64,
    /// Media bytes of each that had left by then.
    pub(crate) left: BTreeMap<GrantId, u64>,
}

#[derive(Serialize, Deserialize)]
struct Written {
    generation: u64,
    acknowledged: u64,
    policy: [u8; 32],
    pauses: Vec<(u32, u16)>,
    #[serde(default)]
    mark: Option<WrittenMark>,
}

#[derive(Serialize, Deserialize)]
struct WrittenMark {
    wall_ms: i64,
    left: Vec<([u8; 16], u64)>,
}

pub(super) struct Slots {
    files: [File; 2],
    generation: u64,
}

impl Slots {
    pub(super) fn open(dir: &Path) -> io::Result<(Self, Kept)> {
        let files = [
            open_slot(&dir.join("state-a"))?,
            open_slot(&dir.join("state-b"))?,
        ];
        File::open(dir)?.sync_all()?;
        let newest = files
            .iter()
            .filter_map(read_slot)
            .max_by_key(|written| written.generation);
        let generation = newest.as_ref().map_or(0, |written| written.generation);
        Ok((
            Self { files, generation },
            newest.map(Kept::from).unwrap_or_default(),
        ))
    }

    pub(super) fn keep(&mut self, kept: &Kept) -> io::Result<()> {
        let generation = self.generation + 1;
        let text = serde_json::to_vec(&kept.written(generation)).map_err(io::Error::other)?;
        let length = u32::try_from(text.len()).map_err(io::Error::other)?;
        if LENGTH + HASH + text.len() > SLOT_BYTES {
            return Err(io::Error::from(io::ErrorKind::FileTooLarge));
        }
        let mut bytes = length.to_be_bytes().to_vec();
        bytes.extend(Sha256::digest(&text));
        bytes.extend(text);
        // The older of the two; the newer one stays whole until this one is synced.
        let file = &self.files[usize::from(generation % 2 == 1)];
        file.write_all_at(&bytes, 0)?;
        file.sync_data()?;
        self.generation = generation;
        Ok(())
    }
}

fn open_slot(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)?;
    if file.metadata()?.len() < SLOT_BYTES as u64 {
        file.write_all_at(&vec![0; SLOT_BYTES], 0)?;
        file.sync_all()?;
    }
    Ok(file)
}

fn read_slot(file: &File) -> Option<Written> {
    let mut bytes = vec![0; SLOT_BYTES];
    file.read_exact_at(&mut bytes, 0).ok()?;
    let (length, rest) = bytes.split_first_chunk::<LENGTH>()?;
    let (hash, rest) = rest.split_first_chunk::<HASH>()?;
    let text = rest.get(..usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
    (*hash == *Sha256::digest(text)).then(|| serde_json::from_slice(text).ok())?
}

impl Kept {
    fn written(&self, generation: u64) -> Written {
        Written {
            generation,
            acknowledged: self.acknowledged,
            policy: self.policy,
            pauses: self
                .pauses
                .iter()
                .map(|pause| (pause.rule.0, pause.camera.get()))
                .collect(),
            mark: self.mark.as_ref().map(|mark| WrittenMark {
                wall_ms: mark.wall_ms,
                left: mark.left.iter().map(|(id, bytes)| (id.0, *bytes)).collect(),
            }),
        }
    }
}

impl From<Written> for Kept {
    fn from(written: Written) -> Self {
        let pause = |(rule, camera)| {
            Some(Pause {
                rule: RuleId(rule),
                camera: CameraNumber::new(camera)?,
            })
        };
        Self {
            acknowledged: written.acknowledged,
            policy: written.policy,
            pauses: written.pauses.into_iter().filter_map(pause).collect(),
            mark: written.mark.map(|mark| {
                let left = mark.left.into_iter();
                Mark {
                    wall_ms: mark.wall_ms,
                    left: left.map(|(id, bytes)| (GrantId(id), bytes)).collect(),
                }
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn a_slot_that_was_half_written_leaves_the_one_before() {
        let dir = tempfile::tempdir().unwrap();
        let (mut slots, kept) = Slots::open(dir.path()).unwrap();
        assert_eq!(kept, Kept::default());
        for acknowledged in 1..=4 {
            slots
                .keep(&Kept {
                    acknowledged,
                    ..Kept::default()
                })
                .unwrap();
        }
        assert_eq!(Slots::open(dir.path()).unwrap().1.acknowledged, 4);
        slots.files[0].write_all_at(b"xxxx", 40).unwrap();
        assert_eq!(Slots::open(dir.path()).unwrap().1.acknowledged, 3);
        let (mut slots, _) = Slots::open(dir.path()).unwrap();
        slots
            .keep(&Kept {
                acknowledged: 9,
                ..Kept::default()
            })
            .unwrap();
        assert_eq!(Slots::open(dir.path()).unwrap().1.acknowledged, 9);
    }

    #[test]
    fn pauses_and_the_mark_come_back() {
        let dir = tempfile::tempdir().unwrap();
        let pause = Pause {
            rule: RuleId(3),
            camera: CameraNumber::new(2).unwrap(),
        };
        let kept = Kept {
            acknowledged: 1,
            policy: [4; 32],
            pauses: [pause].into(),
            mark: Some(Mark {
                wall_ms: 5,
                left: [(GrantId([6; 16]), 7)].into(),
            }),
        };
        Slots::open(dir.path()).unwrap().0.keep(&kept).unwrap();
        assert_eq!(Slots::open(dir.path()).unwrap().1, kept);
    }
}
