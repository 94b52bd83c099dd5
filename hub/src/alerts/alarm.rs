//! Alarms of their own: something at the premises ended or broke a panic. An alarm joins the incident
//! that is open there; where none is open there is nothing to be alarmed about.

use std::collections::BTreeSet;
use std::time::Duration;

use assent_consent::GrantId;
use sha2::{Digest as _, Sha256};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::Alerts;
use crate::incidents::{AlertKind, Level, NewAlert};
use crate::sharing::AlertAnswer;
use crate::world::{DeviceId, PremisesId};

/// A device comes back to a hub that was restarted within its longest pause between tries, and some.
const BACK_WITHIN: Duration = Duration::from_secs(10);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alarm {
    StoppedAtPremises,
    Unplugged,
    Rebooted,
}

impl Alerts {
    /// A device says that something happened at the premises. Said again, it is the same alarm.
    pub fn alarm(
        &self,
        device: DeviceId,
        premises: PremisesId,
        alarm: Alarm,
        grant: Option<GrantId>,
    ) {
        let id = match grant {
            Some(grant) => alarm_id(device, alarm, grant),
            None => self.world.random.id(),
        };
        self.raise_alarm(id, premises, alarm);
    }

    /// Runs until told to finish: a device whose line goes down while a panic of it is live. A hub that
    /// starts in the middle of a panic gives its device a moment to come back.
    pub async fn watch_lines(self, finish: CancellationToken) {
        self.watch_lines_from(BACK_WITHIN, finish).await;
    }

    pub(super) async fn watch_lines_from(self, back_within: Duration, finish: CancellationToken) {
        let mut changes = self.devices.changes();
        let mut online = self.online();
        let back = tokio::time::sleep(back_within);
        tokio::pin!(back);
        let mut waiting = true;
        loop {
            tokio::select! {
                changed = changes.changed() => if changed.is_err() { return },
                () = &mut back, if waiting => {
                    waiting = false;
                    online.extend(self.everywhere());
                }
                () = finish.cancelled() => return,
            }
            let now = self.online();
            for (device, premises) in online.difference(&now) {
                if self.sharing.panic_at(*device).is_some() && !finish.is_cancelled() {
                    self.raise_alarm(self.world.random.id(), *premises, Alarm::Unplugged);
                }
            }
            online = now;
        }
    }

    fn everywhere(&self) -> BTreeSet<(DeviceId, PremisesId)> {
        let all = self.devices.all().into_iter();
        all.map(|device| (device.id, device.premises)).collect()
    }

    fn online(&self) -> BTreeSet<(DeviceId, PremisesId)> {
        self.devices
            .all()
            .into_iter()
            .filter(|device| device.online)
            .map(|device| (device.id, device.premises))
            .collect()
    }

    fn raise_alarm(&self, id: Uuid, premises: PremisesId, alarm: Alarm) {
        let Some((incident, Level::Panic)) = self.incidents.open_at(premises) else {
            return;
        };
        tracing::warn!(premises.id = %premises, incident.id = %incident, ?alarm, "alarm during a panic");
        self.incidents.raise(NewAlert {
            id,
            premises,
            kind: match alarm {
                Alarm::StoppedAtPremises => AlertKind::StoppedAtPremises,
                Alarm::Unplugged => AlertKind::Unplugged,
                Alarm::Rebooted => AlertKind::Rebooted,
            },
            level: None,
            drill: false,
            silent: false,
            age_ms: 0,
            by: None,
            note: None,
            place: None,
            answer: AlertAnswer::Nothing,
        });
    }
}

fn alarm_id(device: DeviceId, alarm: Alarm, grant: GrantId) -> Uuid {
    let digest = Sha256::new()
        .chain_update(device.0)
        .chain_update([alarm as u8])
        .chain_update(grant.0)
        .finalize();
    let mut id = [0; 16];
    id.copy_from_slice(&digest[..16]);
    Uuid::from_bytes(id)
}
