//! Ceilings.

use assent_consent::{Ceiling, Ttl};

use super::parts::{
    addressed, agency, camera_numbers, cameras, previous, rights, rights_message, succession,
};
use crate::{WireError, signed};

impl TryFrom<&signed::Ceiling> for Ceiling {
    type Error = WireError;

    fn try_from(m: &signed::Ceiling) -> Result<Self, WireError> {
        if m.agencies.len() > Self::MOST_AGENCIES {
            return Err(WireError::Bad("agencies"));
        }
        let longest = Ttl::from_secs(m.longest_secs).ok_or(WireError::Bad("longest_secs"))?;
        let agencies = m.agencies.iter().map(|id| agency(id));
        Self::new(
            addressed(&m.device, m.epoch)?,
            succession(m.version, &m.previous)?,
            (longest, m.secs_a_day),
            cameras(&m.cameras)?,
            agencies.collect::<Result<_, _>>()?,
            rights(m.rights.as_ref())?,
        )
        .map_err(|_| WireError::Bad("ceiling"))
    }
}

impl From<&Ceiling> for signed::Ceiling {
    fn from(ceiling: &Ceiling) -> Self {
        let agencies = ceiling.agencies().iter();
        Self {
            device: ceiling.addressed().device.0.to_vec(),
            epoch: ceiling.addressed().epoch.get(),
            version: ceiling.succession().version(),
            previous: previous(ceiling.succession()),
            longest_secs: ceiling.longest().secs(),
            secs_a_day: ceiling.secs_a_day(),
            cameras: camera_numbers(ceiling.cameras()),
            agencies: agencies.map(|agency| agency.0.to_vec()).collect(),
            rights: Some(rights_message(ceiling.rights())),
        }
    }
}
