//! The owner's press: on a phone or on a button at the premises. Level, silent and drill are part of
//! what the presser said, so that nobody on the way can relabel a panic.

use std::collections::BTreeSet;

use crate::{CameraNumber, Note, PersonId};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Press {
    pub level: Level,
    pub silent: bool,
    pub drill: bool,
    pub at: PressedAt,
    pub by: PersonId,
    /// Empty: every camera that a press rule names.
    pub cameras: BTreeSet<CameraNumber>,
    pub note: Note,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    StaffAlert,
    Panic,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PressedAt {
    Phone,
    Button,
}
