//! Terms that an owner signed for one occasion.

use assent_consent::{Incident, Purpose, SignedTerms, Ttl, WallTime};

use super::parts::{addressed, agency, camera_numbers, cameras, nonce, rights, rights_message};
use crate::{WireError, signed, trigger_id};

impl TryFrom<&signed::Terms> for SignedTerms {
    type Error = WireError;

    fn try_from(m: &signed::Terms) -> Result<Self, WireError> {
        let terms = Self {
            to: addressed(&m.device, m.epoch)?,
            id: trigger_id(&m.id)?,
            nonce: nonce(&m.nonce)?,
            made_at: WallTime(m.made_at_ms),
            cameras: cameras(&m.cameras)?,
            agency: agency(&m.agency)?,
            rights: rights(m.rights.as_ref())?,
            ttl: Ttl::from_secs(m.ttl_secs).ok_or(WireError::Bad("ttl_secs"))?,
            pre_roll_secs: m.pre_roll_secs,
            purpose: Purpose::new(&m.purpose).map_err(|_| WireError::Bad("purpose"))?,
            incident: Incident::new(&m.incident).map_err(|_| WireError::Bad("incident"))?,
        };
        terms.checked().map_err(|_| WireError::Bad("rights"))
    }
}

impl From<&SignedTerms> for signed::Terms {
    fn from(terms: &SignedTerms) -> Self {
        Self {
            device: terms.to.device.0.to_vec(),
            epoch: terms.to.epoch.get(),
            id: terms.id.0.to_vec(),
            nonce: terms.nonce.0.to_vec(),
            made_at_ms: terms.made_at.0,
            cameras: camera_numbers(&terms.cameras),
            agency: terms.agency.0.to_vec(),
            rights: Some(rights_message(terms.rights)),
            ttl_secs: terms.ttl.secs(),
            pre_roll_secs: terms.pre_roll_secs,
            purpose: terms.purpose.to_string(),
            incident: terms.incident.to_string(),
        }
    }
}
