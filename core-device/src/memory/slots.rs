//! What may be a little behind when the power fails: how far the hub has acknowledged, what is paused, and
//! how far open shares have come. Losing the newest only says a fact to the hub once more.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;

use assent_consent::{CameraNumber, GrantId, Pause, RuleId};
use serde::{Deserialize, Serialize};

use super::two::TwoSlots;

/// 64 rules of 256 cameras, all paused, take about 200 KiB; a mark of 256 grants 20 more.
const SLOT_BYTES: usize = 256 * 1024;

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

pub(super) struct Slots(TwoSlots);

impl Slots {
    pub(super) fn open(dir: &Path) -> io::Result<(Self, Kept)> {
        let (slots, found) = TwoSlots::open(dir, "state", SLOT_BYTES, |bytes| {
            let written: Written = serde_json::from_slice(bytes).ok()?;
            Some((written.generation, written))
        })?;
        Ok((
            Self(slots),
            found.newest.map(Kept::from).unwrap_or_default(),
        ))
    }

    pub(super) fn keep(&mut self, kept: &Kept) -> io::Result<()> {
        let written = kept.written(self.0.next_generation());
        self.0
            .write(&serde_json::to_vec(&written).map_err(io::Error::other)?)
    }
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
    use std::os::unix::fs::FileExt as _;

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
        slots.0.files[0].write_all_at(b"xxxx", 40).unwrap();
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
