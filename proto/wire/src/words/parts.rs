//! What several words have in common: whom they are for, where they stand in their line, ids, places,
//! rights and keys.

use assent_consent::{
    Addressed, AgencyHash, CameraNumber, Cameras, DeviceId, Epoch, Nonce, ObjectHash, Place,
    PublicKey, Rights, Succession,
};

use crate::convert::{increasing, numbers};
use crate::{WireError, signed};

pub(super) fn addressed(device: &[u8], epoch: u64) -> Result<Addressed, WireError> {
    Ok(Addressed {
        device: DeviceId(array(device, "device")?),
        epoch: Epoch::new(epoch).ok_or(WireError::Bad("epoch"))?,
    })
}

pub(super) fn succession(version: u64, previous: &[u8]) -> Result<Succession, WireError> {
    let previous = match previous {
        [] => None,
        bytes => Some(ObjectHash(array(bytes, "previous")?)),
    };
    Succession::new(version, previous).ok_or(WireError::Bad("version"))
}

pub(super) fn previous(succession: Succession) -> Vec<u8> {
    let previous = succession.previous();
    previous.map(|hash| hash.0.to_vec()).unwrap_or_default()
}

pub(super) fn nonce(bytes: &[u8]) -> Result<Nonce, WireError> {
    array(bytes, "nonce").map(Nonce)
}

pub(super) fn agency(bytes: &[u8]) -> Result<AgencyHash, WireError> {
    array(bytes, "agency").map(AgencyHash)
}

pub(super) fn key(sec1: &[u8]) -> Result<PublicKey, WireError> {
    PublicKey::from_sec1(sec1).map_err(|_| WireError::Bad("key"))
}

pub(super) fn array<const N: usize>(
    bytes: &[u8],
    field: &'static str,
) -> Result<[u8; N], WireError> {
    bytes.try_into().map_err(|_| WireError::Bad(field))
}

/// At least one.
pub(super) fn cameras(numbers: &[u32]) -> Result<Cameras, WireError> {
    Cameras::new(camera_list(numbers)?).ok_or(WireError::Bad("cameras"))
}

/// May be empty.
pub(super) fn camera_list(numbers: &[u32]) -> Result<Vec<CameraNumber>, WireError> {
    increasing(numbers)
}

pub(super) fn camera_numbers(cameras: &Cameras) -> Vec<u32> {
    numbers(cameras.iter())
}

pub(super) fn place(m: Option<&signed::Place>) -> Result<Option<Place>, WireError> {
    let read = |m: &signed::Place| Place::new(m.lat_e7, m.lon_e7).ok_or(WireError::Bad("place"));
    m.map(read).transpose()
}

pub(super) fn place_message(place: Place) -> signed::Place {
    signed::Place {
        lat_e7: place.lat_e7(),
        lon_e7: place.lon_e7(),
    }
}

pub(super) fn rights(m: Option<&signed::Rights>) -> Result<Rights, WireError> {
    let signed::Rights {
        live,
        pre_roll,
        audio,
        ptz,
        record,
        forward,
    } = *m.ok_or(WireError::Bad("rights"))?;
    Ok(Rights {
        live,
        pre_roll,
        audio,
        ptz,
        record,
        forward,
    })
}

pub(super) fn rights_message(rights: Rights) -> signed::Rights {
    let Rights {
        live,
        pre_roll,
        audio,
        ptz,
        record,
        forward,
    } = rights;
    signed::Rights {
        live,
        pre_roll,
        audio,
        ptz,
        record,
        forward,
    }
}
