//! Between generated messages and the rules' own values. Everything that comes in is parsed once, here,
//! into a type that cannot be wrong; nothing is decided.

mod grant;
mod policy;
mod refusal;
mod revoke;
mod terms;
mod trigger;

use assent_consent::{CameraNumber, GrantId, RevokeId, TriggerId};
pub use grant::opened_message;
pub use refusal::WordRefusal;

use crate::WireError;

pub fn trigger_id(bytes: &[u8]) -> Result<TriggerId, WireError> {
    sixteen(bytes)
        .map(TriggerId)
        .ok_or(WireError::Bad("trigger id"))
}

pub fn grant_id(bytes: &[u8]) -> Result<GrantId, WireError> {
    sixteen(bytes)
        .map(GrantId)
        .ok_or(WireError::Bad("grant id"))
}

pub fn revoke_id(bytes: &[u8]) -> Result<RevokeId, WireError> {
    sixteen(bytes)
        .map(RevokeId)
        .ok_or(WireError::Bad("revoke id"))
}

pub fn camera_number(number: u32) -> Result<CameraNumber, WireError> {
    let number = u16::try_from(number).ok().and_then(CameraNumber::new);
    number.ok_or(WireError::Bad("camera number"))
}

fn sixteen(bytes: &[u8]) -> Option<[u8; 16]> {
    bytes.try_into().ok()
}

/// All numbers of a list, in strictly increasing order, so that a set has one way to be written.
pub(crate) fn increasing(numbers: &[u32]) -> Result<Vec<CameraNumber>, WireError> {
    if numbers.len() > assent_consent::Cameras::MOST || !numbers.is_sorted_by(|a, b| a < b) {
        return Err(WireError::Bad("cameras"));
    }
    numbers
        .iter()
        .map(|number| camera_number(*number))
        .collect()
}

pub(crate) fn numbers(cameras: impl Iterator<Item = CameraNumber>) -> Vec<u32> {
    cameras.map(|camera| u32::from(camera.get())).collect()
}
