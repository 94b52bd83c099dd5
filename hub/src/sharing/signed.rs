//! What an owner's page signed, against what it says beside it: a press, a stop, a yes. The hub shows what
//! stands in the payload and passes the bytes on untouched; where call and payload differ it refuses, so
//! that nobody reads one thing while the device obeys another. Whose keys they are only the device knows.

use std::collections::BTreeMap;
use std::sync::Arc;

use assent_consent as consent;
use assent_wire::MAX_ENVELOPE;
use consent::{KeyId, RevokeId, SignedRevoke, SignedTrigger, SignedTriggerKind, TriggerId, Word};
use serde::{Deserialize, Deserializer};

use super::Sharing;
use super::held::camera_id;
use super::note::{AskNote, Envelopes};
use super::press::PressAsked;
use super::revoke::{RevokeAsked, RevokeReason, RevokeScope};
use crate::error::{Error, Result};
use crate::identity::Person;
use crate::words::{Envelope, MOST_ENVELOPES};
use crate::world::{CameraId, DeviceId, PremisesId, hash_of_hex};

/// A press as it was signed, device by device.
pub(super) struct SignedPress {
    /// What all of them say; the cameras differ from device to device.
    pub(super) press: consent::Press,
    pub(super) cameras: Vec<CameraId>,
    pub(super) envelopes: Envelopes,
}

/// A yes as it was signed, device by device: its own id, and the bytes.
pub(super) type SignedYes = BTreeMap<DeviceId, (TriggerId, Arc<[u8]>)>;

/// A key id in an address or a body: 64 hex digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, utoipa::ToSchema)]
#[schema(value_type = String)]
pub struct KeyName(pub(super) KeyId);

impl<'de> Deserialize<'de> for KeyName {
    fn deserialize<D: Deserializer<'de>>(from: D) -> std::result::Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        let key = hash_of_hex(&text).map(KeyId);
        key.map(Self)
            .ok_or_else(|| serde::de::Error::custom("a key is named by 64 hex digits"))
    }
}

/// The page is to sign and call again.
pub(super) fn needed() -> Error {
    Error::unprocessable(
        "This device obeys signed words only. Sign with this phone, and send it again.",
    )
    .slug("signature-needed")
}

fn mismatch(what: &str) -> Error {
    Error::unprocessable(format!(
        "What was signed and what was asked differ: {what}. Nothing was done."
    ))
    .slug("envelope-mismatch")
}

fn same<T: PartialEq>(signed: &T, asked: &T, what: &str) -> Result<()> {
    if signed == asked {
        Ok(())
    } else {
        Err(mismatch(what))
    }
}

/// One a device, each readable and short enough for the line.
fn read(texts: &[String]) -> Result<BTreeMap<DeviceId, Envelope>> {
    if texts.len() > MOST_ENVELOPES {
        return Err(Error::invalid("At most eight envelopes, one a device."));
    }
    let mut read = BTreeMap::new();
    for text in texts {
        let envelope = Envelope::read(text)?;
        let device = envelope
            .device()
            .filter(|_| envelope.bytes.len() <= MAX_ENVELOPE)
            .ok_or_else(|| mismatch("an envelope is too long, or for no device"))?;
        if read.insert(device, envelope).is_some() {
            return Err(mismatch("two envelopes are for one device"));
        }
    }
    Ok(read)
}

impl Sharing {
    /// None: the press is not signed.
    pub(super) fn signed_press(
        &self,
        by: &Person,
        id: TriggerId,
        asked: &PressAsked,
    ) -> Result<Option<SignedPress>> {
        let premises = PremisesId(asked.premises_id);
        let mut whole: Option<SignedPress> = None;
        for (device, envelope) in read(&asked.envelopes)? {
            let Word::Trigger(trigger) = envelope.word() else {
                return Err(mismatch("it is no press"));
            };
            self.at_premises(device, premises)?;
            let press = press_in(trigger, id)?;
            same(&press.level, &asked.level.into(), "the level")?;
            same(&press.silent, &asked.silent, "silent")?;
            same(&press.drill, &asked.drill, "drill")?;
            same(&press.by.as_str(), &by.id.to_string().as_str(), "who")?;
            if let Some(note) = &asked.note {
                same(&press.note.as_str(), &note.as_str(), "the note")?;
            }
            let numbers = press.cameras.iter();
            let cameras = numbers.map(|number| camera_id(device, *number));
            let whole = whole.get_or_insert_with(|| SignedPress {
                press: press.clone(),
                cameras: Vec::new(),
                envelopes: Envelopes::new(),
            });
            same(&press.note, &whole.press.note, "the note")?;
            whole.cameras.extend(cameras);
            whole.envelopes.insert(device, envelope.bytes);
        }
        if let (Some(whole), Some(asked)) = (&mut whole, &asked.camera_ids) {
            let asked = asked.iter().copied().map(CameraId);
            let mut asked: Vec<CameraId> = asked.collect();
            asked.sort_unstable();
            whole.cameras.sort_unstable();
            same(&whole.cameras, &asked, "the cameras")?;
        }
        Ok(whole)
    }

    /// By device.
    pub(super) fn signed_stop(
        &self,
        by: &Person,
        id: RevokeId,
        asked: &RevokeAsked,
    ) -> Result<Envelopes> {
        let mut envelopes = Envelopes::new();
        for (device, envelope) in read(&asked.envelopes)? {
            let Word::Revoke(revoke) = envelope.word() else {
                return Err(mismatch("it is no stop"));
            };
            let premises = self.devices.device(device).map(|known| known.premises);
            if !premises.is_some_and(|premises| by.answers_for(premises)) {
                return Err(mismatch("the device"));
            }
            same(&revoke.id, &id, "the id")?;
            let reason = match asked.reason {
                RevokeReason::Owner => consent::RevokeReason::Owner,
                RevokeReason::Cancelled => consent::RevokeReason::Cancelled,
            };
            same(&revoke.reason, &reason, "the reason")?;
            if !means_the_same(device, revoke, asked.scope) {
                return Err(mismatch("what is stopped"));
            }
            envelopes.insert(device, envelope.bytes);
        }
        Ok(envelopes)
    }

    pub(super) fn signed_yes(
        &self,
        by: &Person,
        ask: &AskNote,
        texts: &[String],
    ) -> Result<SignedYes> {
        let mut yes = SignedYes::new();
        for (device, envelope) in read(texts)? {
            let Word::Trigger(trigger) = envelope.word() else {
                return Err(mismatch("it is no yes"));
            };
            self.at_premises(device, ask.premises)?;
            let SignedTriggerKind::Approval { of, alert, by: who } = &trigger.kind else {
                return Err(mismatch("it is no yes"));
            };
            same(of, &ask.trigger, "the alert")?;
            same(&alert.kind, &ask.alert.kind, "the kind of alert")?;
            same(&alert.source, &ask.alert.source, "who raised it")?;
            same(&who.as_str(), &by.id.to_string().as_str(), "who")?;
            let agency = consent::AgencyId::from(alert.agency);
            let meant = self.registry.agency_meant(agency.as_str());
            let asking = self.registry.agency_meant(ask.alert.agency.as_str());
            if meant.is_none() || meant != asking {
                return Err(mismatch("the agency"));
            }
            yes.insert(device, (trigger.id, envelope.bytes));
        }
        Ok(yes)
    }

    fn at_premises(&self, device: DeviceId, premises: PremisesId) -> Result<()> {
        let known = self.devices.device(device);
        let here = known.is_some_and(|known| known.premises == premises && known.revoked.is_none());
        if here {
            Ok(())
        } else {
            Err(mismatch("the device"))
        }
    }
}

fn press_in(trigger: &SignedTrigger, id: TriggerId) -> Result<&consent::Press> {
    same(&trigger.id, &id, "the id")?;
    match &trigger.kind {
        SignedTriggerKind::Press(press) => Ok(press),
        SignedTriggerKind::Approval { .. } => Err(mismatch("it is no press")),
    }
}

fn means_the_same(device: DeviceId, revoke: &SignedRevoke, asked: RevokeScope) -> bool {
    use consent::RevokeScope as Signed;
    match (revoke.scope, asked) {
        (Signed::Grant(grant), RevokeScope::GrantId(id)) => grant.0 == *id.as_bytes(),
        (Signed::Trigger(trigger), RevokeScope::PressId(id)) => trigger.0 == *id.as_bytes(),
        (Signed::Camera(number), RevokeScope::CameraId(id)) => {
            camera_id(device, number) == CameraId(id)
        }
        (Signed::Everything, RevokeScope::PremisesId(_)) => true,
        (Signed::Key(key), RevokeScope::KeyId(name)) => key == name.0,
        (
            Signed::Grant(_)
            | Signed::Trigger(_)
            | Signed::Camera(_)
            | Signed::Everything
            | Signed::Policy(_)
            | Signed::Agency(_)
            | Signed::Key(_),
            _,
        ) => false,
    }
}
