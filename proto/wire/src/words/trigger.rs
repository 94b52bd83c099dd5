//! Signed presses, and the owner's yes to an alert.

use assent_consent::{
    Level, Note, PersonId, Press, PressedAt, SignedTrigger, SignedTriggerKind, WallTime,
};

use super::parts::{addressed, camera_list, nonce};
use crate::convert::numbers;
use crate::{WireError, signed, trigger_id};

impl TryFrom<&signed::Trigger> for SignedTrigger {
    type Error = WireError;

    fn try_from(m: &signed::Trigger) -> Result<Self, WireError> {
        use signed::trigger::Kind as K;
        Ok(Self {
            to: addressed(&m.device, m.epoch)?,
            id: trigger_id(&m.id)?,
            nonce: nonce(&m.nonce)?,
            made_at: WallTime(m.made_at_ms),
            kind: match m.kind.as_ref().ok_or(WireError::Bad("kind"))? {
                K::Press(press) => SignedTriggerKind::Press(read_press(press)?),
                K::Approval(approval) => approval.try_into()?,
            },
        })
    }
}

impl From<&SignedTrigger> for signed::Trigger {
    fn from(trigger: &SignedTrigger) -> Self {
        use signed::trigger::Kind as K;
        Self {
            device: trigger.to.device.0.to_vec(),
            epoch: trigger.to.epoch.get(),
            id: trigger.id.0.to_vec(),
            nonce: trigger.nonce.0.to_vec(),
            made_at_ms: trigger.made_at.0,
            kind: Some(match &trigger.kind {
                SignedTriggerKind::Press(press) => K::Press(press_message(press)),
                SignedTriggerKind::Approval { of, alert, by } => K::Approval(signed::Approval {
                    of_trigger: of.0.to_vec(),
                    alert: Some(alert.into()),
                    by: by.to_string(),
                }),
            }),
        }
    }
}

impl TryFrom<&signed::Approval> for SignedTriggerKind {
    type Error = WireError;

    fn try_from(m: &signed::Approval) -> Result<Self, WireError> {
        let alert = m.alert.as_ref().ok_or(WireError::Bad("alert"))?;
        Ok(Self::Approval {
            of: trigger_id(&m.of_trigger)?,
            alert: alert.try_into()?,
            by: PersonId::new(&m.by).map_err(|_| WireError::Bad("by"))?,
        })
    }
}

fn read_press(m: &signed::Press) -> Result<Press, WireError> {
    use signed::press::{Level as L, PressedAt as At};
    if m.at() != At::Phone {
        return Err(WireError::Bad("at"));
    }
    Ok(Press {
        level: match m.level() {
            L::Unspecified => return Err(WireError::Bad("level")),
            L::StaffAlert => Level::StaffAlert,
            L::Panic => Level::Panic,
        },
        silent: m.silent,
        drill: m.drill,
        at: PressedAt::Phone,
        by: PersonId::new(&m.by).map_err(|_| WireError::Bad("by"))?,
        cameras: camera_list(&m.cameras)?.into_iter().collect(),
        note: Note::new(&m.note).map_err(|_| WireError::Bad("note"))?,
    })
}

fn press_message(press: &Press) -> signed::Press {
    use signed::press::{Level as L, PressedAt as At};
    let level = match press.level {
        Level::StaffAlert => L::StaffAlert,
        Level::Panic => L::Panic,
    };
    // There is no way to write a button: such a payload is refused by whoever reads it.
    let at = match press.at {
        PressedAt::Phone => At::Phone,
        PressedAt::Button => At::Unspecified,
    };
    signed::Press {
        level: level.into(),
        silent: press.silent,
        drill: press.drill,
        at: at.into(),
        by: press.by.to_string(),
        cameras: numbers(press.cameras.iter().copied()),
        note: press.note.to_string(),
    }
}
