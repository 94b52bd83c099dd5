//! Words in plain numbers, as the oracle hears them.

use std::collections::BTreeSet;

pub type Key = u8;
/// What a word is called; no two differ only in their name.
pub type Name = u64;

/// Stands for no rule.
pub const SIGNED_TERMS: u32 = u32::MAX;

pub const LIVE: u8 = 1;

#[derive(Clone, Debug)]
pub struct Said {
    pub name: Name,
    /// `None` for an agency's own papers.
    pub to: Option<To>,
    pub what: What,
    /// In the order in which the envelope holds them.
    pub signers: Vec<Signer>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct To {
    pub device: u8,
    pub epoch: u64,
}

#[derive(Clone, Copy, Debug)]
pub struct Signer {
    pub key: Key,
    pub by_passkey: bool,
    pub truth: Truth,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Truth {
    Good,
    Forged,
    /// A passkey's, from another page.
    Elsewhere,
    /// A passkey's, of somebody who was not checked.
    Unverified,
}

#[derive(Clone, Debug)]
pub enum What {
    Set(Set),
    Policy(Policy),
    Ceiling(Ceiling),
    Terms(Terms),
    Press(Press),
    Approval(Approval),
    Alert(Alert),
    Revoke(Revoke),
    Town(Town),
    Operator(Certificate),
}

impl What {
    pub fn nonce(&self) -> Option<u64> {
        match self {
            Self::Terms(terms) => Some(terms.nonce),
            Self::Press(press) => Some(press.nonce),
            Self::Approval(yes) => Some(yes.nonce),
            Self::Alert(alert) => Some(alert.nonce),
            _ => None,
        }
    }
}

#[derive(Clone, Debug)]
pub struct Set {
    pub name: Name,
    pub version: u64,
    pub previous: Option<Name>,
    pub members: Vec<Member>,
    pub quorum: usize,
}

#[derive(Clone, Debug)]
pub struct Member {
    pub key: Key,
    pub has_passkey: bool,
    pub role: Role,
    pub cameras: BTreeSet<u16>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Owner,
    Household,
    Staff,
}

impl Set {
    pub fn member(&self, key: Key) -> Option<&Member> {
        self.members.iter().find(|member| member.key == key)
    }
}

impl Member {
    pub fn is_owner_passkey(&self) -> bool {
        self.role == Role::Owner && self.has_passkey
    }

    pub fn covers(&self, camera: u16) -> bool {
        self.role == Role::Owner || self.cameras.contains(&camera)
    }
}

#[derive(Clone, Debug)]
pub struct Policy {
    pub name: Name,
    pub version: u64,
    pub previous: Option<Name>,
    /// Ten-millionths of a degree north; everything lies on one meridian.
    pub north_e7: i32,
    pub towns: BTreeSet<Name>,
    pub rules: Vec<Rule>,
    pub alerts_until_ms: i64,
}

#[derive(Clone, Debug)]
pub struct Rule {
    pub id: u32,
    pub on: On,
    pub cameras: BTreeSet<u16>,
    pub town: Name,
    pub rights: u8,
    pub secs: u32,
}

#[derive(Clone, Debug)]
pub enum On {
    Press,
    Standing,
    Alert(Limits),
}

#[derive(Clone, Debug)]
pub struct Limits {
    pub kind: u8,
    pub asks: bool,
    pub per_day: u32,
    pub cooldown_secs: u32,
    pub quiet: Option<(u16, u16)>,
    pub within_metres: u32,
}

#[derive(Clone, Debug)]
pub struct Ceiling {
    pub name: Name,
    pub version: u64,
    pub previous: Option<Name>,
    pub longest_secs: u32,
    pub secs_a_day: u32,
    pub cameras: BTreeSet<u16>,
    pub towns: BTreeSet<Name>,
    pub rights: u8,
}

#[derive(Clone, Debug)]
pub struct Terms {
    pub id: u64,
    pub nonce: u64,
    pub made_at_ms: i64,
    pub cameras: BTreeSet<u16>,
    pub town: Name,
    pub rights: u8,
    pub secs: u32,
}

#[derive(Clone, Debug)]
pub struct Press {
    pub id: u64,
    pub nonce: u64,
    pub made_at_ms: i64,
    pub cameras: BTreeSet<u16>,
}

#[derive(Clone, Debug)]
pub struct Approval {
    pub id: u64,
    pub nonce: u64,
    pub made_at_ms: i64,
    pub of: u64,
    pub alert: Facts,
}

#[derive(Clone, Debug)]
pub struct Alert {
    pub id: u64,
    pub nonce: u64,
    pub made_at_ms: i64,
    pub facts: Facts,
}

#[derive(Clone, Debug)]
pub struct Facts {
    pub kind: u8,
    pub town: Name,
    pub north_e7: Option<i32>,
}

#[derive(Clone, Debug)]
pub struct Revoke {
    pub id: u64,
    pub scope: Scope,
}

#[derive(Clone, Copy, Debug)]
pub enum Scope {
    Grant(u64, u32),
    Trigger(u64),
    Camera(u16),
    Everything,
    Policy(u64),
    Town(Name),
    Key(Key),
}

#[derive(Clone, Debug)]
pub struct Town {
    pub name: Name,
    /// The name of its first set; `None` in that one.
    pub first: Option<Name>,
    pub version: u64,
    pub previous: Option<Name>,
    /// Supervisors, and alert keys with the kind that they may sign.
    pub members: Vec<(Key, Option<u8>)>,
    pub quorum: usize,
}

impl Town {
    pub fn of(&self) -> Name {
        self.first.unwrap_or(self.name)
    }

    pub fn member(&self, key: Key) -> Option<Option<u8>> {
        let found = self.members.iter().find(|(own, _)| *own == key);
        found.map(|(_, kind)| *kind)
    }
}

#[derive(Clone, Debug)]
pub struct Certificate {
    pub town: Name,
    pub key: Key,
    pub until_ms: i64,
}

#[derive(Clone, Debug)]
pub struct Operator {
    pub town: Name,
    pub key: Key,
    pub until_ms: i64,
    pub by: Key,
}
