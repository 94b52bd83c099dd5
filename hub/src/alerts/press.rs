//! A press becomes an alert, whatever came of it: operators hear of one that opened nothing too.

use assent_consent::{PressedAt, STALE_AFTER_MS, TriggerKind};
use uuid::Uuid;

use super::Alerts;
use crate::error::Result;
use crate::identity::Person;
use crate::incidents::{AlertKind, Level, NewAlert};
use crate::sharing::{AlertAnswer, DevicePress, LevelText, Press, PressAsked, PressState};
use crate::world::{DeviceId, PremisesId};

impl Alerts {
    /// The owner's press from a phone.
    pub async fn press(&self, by: &Person, id: Uuid, asked: PressAsked) -> Result<Press> {
        let (age_ms, note) = (asked.age_ms, asked.note.clone());
        let (press, first) = self.sharing.press(by, id, asked).await?;
        if first {
            self.raise(&press, AlertKind::Press, age_ms, note);
        }
        Ok(press)
    }

    /// A press at the premises, with what the device opened on its own receipt.
    pub async fn pressed_at_device(
        &self,
        device: DeviceId,
        premises: PremisesId,
        press: DevicePress,
    ) {
        let TriggerKind::Press(ref what) = press.trigger.kind else {
            return;
        };
        let kind = match what.at {
            PressedAt::Button => AlertKind::Button,
            PressedAt::Phone => AlertKind::Press,
        };
        let (id, age_ms, note) = (
            Uuid::from_bytes(press.trigger.id.0),
            press.age_ms,
            what.note.as_str().to_owned(),
        );
        let first = self
            .sharing
            .pressed_at_device(device, premises, press)
            .await;
        if let Some(page) = self.sharing.press_by_id(id).filter(|_| first) {
            self.raise(&page, kind, age_ms, Some(note));
        }
    }

    fn raise(&self, press: &Press, kind: AlertKind, age_ms: u64, note: Option<String>) {
        let late = press.state == PressState::Message || age_ms > STALE_AFTER_MS;
        let answer = match press.state {
            PressState::Message | PressState::Refused | PressState::Cancelled => {
                AlertAnswer::Nothing
            }
            PressState::Received | PressState::Opened => AlertAnswer::Opened,
        };
        let incident = self.incidents.raise(NewAlert {
            id: press.id,
            premises: PremisesId(press.premises_id),
            kind: if late { AlertKind::Message } else { kind },
            level: Some(match press.level {
                LevelText::Panic => Level::Panic,
                LevelText::StaffAlert => Level::StaffAlert,
            }),
            drill: press.drill,
            silent: press.silent,
            age_ms,
            by: press.by.as_ref().map(|by| by.name.clone()),
            note: note.filter(|note| !note.is_empty()),
            place: None,
            answer,
        });
        self.sharing.belongs_to(press.id, incident);
    }
}
