//! A press becomes an alert, whatever came of it: operators hear of one that opened nothing, and of one
//! that was taken back.

use assent_consent::{PressedAt, STALE_AFTER_MS, TriggerKind};
use uuid::Uuid;

use super::Alerts;
use crate::error::Result;
use crate::identity::Person;
use crate::incidents::{AlertKind, AlertWords, Level, NewAlert};
use crate::sharing::{
    AlertAnswer, DevicePress, LevelText, Press, PressAsked, PressState, Revoke, RevokeAsked,
    RevokeScope,
};
use crate::world::{DeviceId, PremisesId};

impl Alerts {
    /// The owner's press from a phone.
    pub async fn press(&self, by: &Person, id: Uuid, asked: PressAsked) -> Result<Press> {
        let (age_ms, note) = (asked.age_ms, asked.note.clone());
        let (press, first) = self.sharing.press(by, id, asked).await?;
        if first {
            self.raise(&press, AlertKind::Press, age_ms, note);
        }
        self.written().await;
        Ok(press)
    }

    /// Sharing and incidents are written each on its own, so a hub that is killed between the two knows a
    /// press and has lost its alert. Whoever sent the press need not send it again: it is raised here, when
    /// the hub starts, and is as old as it is by now.
    pub fn raise_lost(&self) {
        let now = self.world.clock.now();
        for remembered in self.sharing.remembered_presses() {
            let (press, at) = (&remembered.press, remembered.received_at);
            if self
                .incidents
                .covers(press.id, PremisesId(press.premises_id), at)
            {
                continue;
            }
            let age_ms = u64::try_from((now - at).whole_milliseconds()).unwrap_or(0);
            tracing::warn!(press.id = %press.id, premises.id = %press.premises_id, "a press had lost its alert when the hub was killed; it is raised again");
            self.raise(press, kind_of(remembered.at), age_ms, Some(remembered.note));
        }
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
        if self.sharing.pressed_often(premises, &press.trigger)
            && let Some(incident) =
                self.incidents
                    .open_for(premises, what.drill, level_of(what.level.into()))
        {
            return self
                .sharing
                .joined_at_device(device, premises, press, incident)
                .await;
        }
        let (kind, id, age_ms, note) = (
            kind_of(what.at),
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
            PressState::Message | PressState::Refused => AlertAnswer::Nothing,
            PressState::Cancelled => AlertAnswer::Cancelled,
            // Nothing opens before somebody has signed.
            PressState::Received if !press.sign_for.is_empty() && press.share_ids.is_empty() => {
                AlertAnswer::Asked
            }
            PressState::Received | PressState::Opened => AlertAnswer::Opened,
        };
        let incident = self.incidents.raise(NewAlert {
            id: press.id,
            premises: PremisesId(press.premises_id),
            kind: if late { AlertKind::Message } else { kind },
            level: Some(level_of(press.level)),
            drill: press.drill,
            silent: press.silent,
            age_ms,
            by: press.by.as_ref().map(|by| by.name.clone()),
            note: note
                .filter(|note| !note.is_empty())
                .map(|note| AlertWords::cleaned(&note)),
            place: None,
            answer,
        });
        self.sharing.belongs_to(press.id, incident);
        // Taken back while it was raised.
        self.note_if_taken_back(press.id);
    }

    /// The owner's stop, from the phone. Of a press that is taken back operators are told so.
    pub async fn revoke(&self, by: &Person, id: Uuid, asked: RevokeAsked) -> Result<Revoke> {
        let press = match asked.scope {
            RevokeScope::PressId(press) => Some(press),
            RevokeScope::GrantId(_)
            | RevokeScope::CameraId(_)
            | RevokeScope::PremisesId(_)
            | RevokeScope::KeyId(_) => None,
        };
        let revoke = self.sharing.revoke(by, id, asked).await?;
        if let Some(press) = press {
            self.note_if_taken_back(press);
        }
        Ok(revoke)
    }

    fn note_if_taken_back(&self, press: Uuid) {
        let known = self.sharing.press_by_id(press);
        if known.is_some_and(|known| known.state == PressState::Cancelled) {
            self.incidents.taken_back(press);
        }
    }
}

fn level_of(level: LevelText) -> Level {
    match level {
        LevelText::Panic => Level::Panic,
        LevelText::StaffAlert => Level::StaffAlert,
    }
}

fn kind_of(at: PressedAt) -> AlertKind {
    match at {
        PressedAt::Button => AlertKind::Button,
        PressedAt::Phone => AlertKind::Press,
    }
}
