//! Owner sets and their members.

use assent_consent::{Cameras, KeyKind, Member, MemberName, OwnerSet, Role};

use super::parts::{addressed, camera_numbers, cameras, key, previous, succession};
use crate::{WireError, signed};

impl TryFrom<&signed::OwnerSet> for OwnerSet {
    type Error = WireError;

    fn try_from(m: &signed::OwnerSet) -> Result<Self, WireError> {
        if m.members.len() > Self::MOST_MEMBERS {
            return Err(WireError::Bad("members"));
        }
        let members = m.members.iter().map(Member::try_from);
        Self::new(
            addressed(&m.device, m.epoch)?,
            succession(m.version, &m.previous)?,
            members.collect::<Result<_, _>>()?,
            m.quorum,
        )
        .map_err(|_| WireError::Bad("members"))
    }
}

impl From<&OwnerSet> for signed::OwnerSet {
    fn from(set: &OwnerSet) -> Self {
        Self {
            device: set.addressed().device.0.to_vec(),
            epoch: set.addressed().epoch.get(),
            version: set.succession().version(),
            previous: previous(set.succession()),
            members: set.members().iter().map(Into::into).collect(),
            quorum: set.quorum(),
        }
    }
}

impl TryFrom<&signed::Member> for Member {
    type Error = WireError;

    fn try_from(m: &signed::Member) -> Result<Self, WireError> {
        use signed::member::KeyKind as K;
        Ok(Self {
            key: key(&m.key)?,
            kind: match m.kind() {
                K::Unspecified => return Err(WireError::Bad("kind")),
                K::Passkey => KeyKind::Passkey,
                K::Phone => KeyKind::Phone,
            },
            role: role(m)?,
            name: MemberName::new(&m.name).map_err(|_| WireError::Bad("name"))?,
        })
    }
}

fn role(m: &signed::Member) -> Result<Role, WireError> {
    use signed::member::Role as R;
    match m.role() {
        R::Unspecified => Err(WireError::Bad("role")),
        R::Owner if m.cameras.is_empty() => Ok(Role::Owner),
        R::Owner => Err(WireError::Bad("cameras")),
        R::Household => cameras(&m.cameras).map(Role::Household),
        R::Staff => cameras(&m.cameras).map(Role::Staff),
    }
}

impl From<&Member> for signed::Member {
    fn from(member: &Member) -> Self {
        use signed::member::{KeyKind as K, Role as R};
        let kind = match member.kind {
            KeyKind::Passkey => K::Passkey,
            KeyKind::Phone => K::Phone,
        };
        let role = match &member.role {
            Role::Owner => R::Owner,
            Role::Household(_) => R::Household,
            Role::Staff(_) => R::Staff,
        };
        let mask = |cameras: &Cameras| camera_numbers(cameras);
        Self {
            key: member.key.sec1().to_vec(),
            kind: kind.into(),
            role: role.into(),
            cameras: member.role.cameras().map(mask).unwrap_or_default(),
            name: member.name.to_string(),
        }
    }
}
