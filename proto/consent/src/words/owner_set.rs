//! Who may say what to a device: the keys of owners, household and staff. A set without an owner's passkey,
//! or one that cannot itself meet its quorum, cannot be made.

use crate::{Addressed, CameraNumber, Cameras, KeyId, MemberName, PublicKey, Succession};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnerSet {
    to: Addressed,
    succession: Succession,
    members: Vec<Member>,
    quorum: u32,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    pub key: PublicKey,
    pub kind: KeyKind,
    pub role: Role,
    pub name: MemberName,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyKind {
    Passkey,
    /// Kept by a browser that cannot give it away; signs without asking who holds it.
    Phone,
}

/// An owner has all cameras, the others only those that the owner gave them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Role {
    Owner,
    Household(Cameras),
    Staff(Cameras),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadOwnerSet {
    /// None, or more than [`OwnerSet::MOST_MEMBERS`].
    HowMany,
    /// Not strictly increasing by key.
    OutOfOrder,
    NoOwnerPasskey,
    /// Zero, above [`OwnerSet::MOST_QUORUM`], or more than there are owner's passkeys.
    Quorum,
}

impl OwnerSet {
    /// A shop with its staff; every member is a line that the owner must oversee.
    pub const MOST_MEMBERS: usize = 32;
    pub const MOST_QUORUM: u32 = 3;

    pub fn new(
        to: Addressed,
        succession: Succession,
        members: Vec<Member>,
        quorum: u32,
    ) -> Result<Self, BadOwnerSet> {
        if !(1..=Self::MOST_MEMBERS).contains(&members.len()) {
            return Err(BadOwnerSet::HowMany);
        }
        if !members.is_sorted_by(|a, b| a.key < b.key) {
            return Err(BadOwnerSet::OutOfOrder);
        }
        let passkeys = members.iter().filter(|m| m.is_owner_passkey()).count();
        if passkeys == 0 {
            return Err(BadOwnerSet::NoOwnerPasskey);
        }
        let met = usize::try_from(quorum).is_ok_and(|quorum| (1..=passkeys).contains(&quorum));
        if !met || quorum > Self::MOST_QUORUM {
            return Err(BadOwnerSet::Quorum);
        }
        Ok(Self {
            to,
            succession,
            members,
            quorum,
        })
    }

    #[must_use]
    pub fn addressed(&self) -> Addressed {
        self.to
    }

    #[must_use]
    pub fn succession(&self) -> Succession {
        self.succession
    }

    #[must_use]
    pub fn members(&self) -> &[Member] {
        &self.members
    }

    #[must_use]
    pub fn quorum(&self) -> u32 {
        self.quorum
    }

    #[must_use]
    pub fn member(&self, key: KeyId) -> Option<&Member> {
        self.members.iter().find(|member| member.key.id() == key)
    }

    pub fn owner_passkeys(&self) -> impl Iterator<Item = KeyId> + '_ {
        let passkeys = self.members.iter().filter(|m| m.is_owner_passkey());
        passkeys.map(|member| member.key.id())
    }
}

impl Member {
    #[must_use]
    pub fn is_owner_passkey(&self) -> bool {
        self.role == Role::Owner && self.kind == KeyKind::Passkey
    }
}

impl Role {
    /// `None`: all of them.
    #[must_use]
    pub fn cameras(&self) -> Option<&Cameras> {
        match self {
            Self::Owner => None,
            Self::Household(cameras) | Self::Staff(cameras) => Some(cameras),
        }
    }

    #[must_use]
    pub fn covers(&self, camera: CameraNumber) -> bool {
        self.cameras().is_none_or(|mask| mask.contains(camera))
    }
}
