//! Alerts, as an agency signs them and as an owner's yes repeats them.

use assent_consent::{AlertFacts, AlertKind, AlertSource, Purpose, SignedAlert, WallTime};

use super::parts::{addressed, agency, nonce, place, place_message};
use crate::{WireError, signed, trigger_id};

impl TryFrom<&signed::Alert> for SignedAlert {
    type Error = WireError;

    fn try_from(m: &signed::Alert) -> Result<Self, WireError> {
        Ok(Self {
            to: addressed(&m.device, m.epoch)?,
            id: trigger_id(&m.id)?,
            nonce: nonce(&m.nonce)?,
            made_at: WallTime(m.made_at_ms),
            facts: AlertFacts {
                kind: kind(&m.kind)?,
                agency: agency(&m.agency)?,
                place: place(m.place.as_ref())?,
                source: source(&m.source)?,
            },
            purpose: Purpose::new(&m.purpose).map_err(|_| WireError::Bad("purpose"))?,
        })
    }
}

impl From<&SignedAlert> for signed::Alert {
    fn from(alert: &SignedAlert) -> Self {
        Self {
            device: alert.to.device.0.to_vec(),
            epoch: alert.to.epoch.get(),
            id: alert.id.0.to_vec(),
            nonce: alert.nonce.0.to_vec(),
            made_at_ms: alert.made_at.0,
            agency: alert.facts.agency.0.to_vec(),
            kind: alert.facts.kind.to_string(),
            place: alert.facts.place.map(place_message),
            source: alert.facts.source.to_string(),
            purpose: alert.purpose.to_string(),
        }
    }
}

impl TryFrom<&signed::AlertFacts> for AlertFacts {
    type Error = WireError;

    fn try_from(m: &signed::AlertFacts) -> Result<Self, WireError> {
        Ok(Self {
            kind: kind(&m.kind)?,
            agency: agency(&m.agency)?,
            place: place(m.place.as_ref())?,
            source: source(&m.source)?,
        })
    }
}

impl From<&AlertFacts> for signed::AlertFacts {
    fn from(facts: &AlertFacts) -> Self {
        Self {
            kind: facts.kind.to_string(),
            agency: facts.agency.0.to_vec(),
            place: facts.place.map(place_message),
            source: facts.source.to_string(),
        }
    }
}

fn kind(text: &str) -> Result<AlertKind, WireError> {
    AlertKind::new(text).map_err(|_| WireError::Bad("alert kind"))
}

fn source(text: &str) -> Result<AlertSource, WireError> {
    AlertSource::new(text).map_err(|_| WireError::Bad("source"))
}
