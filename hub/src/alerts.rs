//! What comes in: an owner's press, a press at the premises, a signed webhook, and alarms (a stop, an
//! unplugged box, a reboot during a panic). Each becomes an alert of an incident; an alert may propose,
//! the owner's policy decides, and operators hear of it in any case.

mod alarm;
mod hook;
mod press;
#[cfg(test)]
mod tests;

pub use alarm::Alarm;
pub use hook::{HookBody, HookTaken, Hooks};

use std::time::Duration;

use crate::devices::Devices;
use crate::error::Result;
use crate::incidents::Incidents;
use crate::registry::Registry;
use crate::sharing::Sharing;
use crate::world::World;

/// Two commits on a busy small machine. Whoever pressed waits no longer for the word that it was received.
const WRITTEN_WITHIN: Duration = Duration::from_millis(500);

#[derive(Clone)]
pub struct Alerts {
    world: World,
    registry: Registry,
    devices: Devices,
    sharing: Sharing,
    incidents: Incidents,
    hooks: Hooks,
}

impl Alerts {
    pub fn new(
        world: World,
        registry: Registry,
        devices: Devices,
        sharing: Sharing,
        incidents: Incidents,
        hooks: &[crate::config::Hook],
    ) -> Result<Self> {
        Ok(Self {
            world,
            registry,
            devices,
            sharing,
            incidents,
            hooks: Hooks::read(hooks)?,
        })
    }

    /// Before a caller is told that its press or alert is here, because it forgets it then: everything up
    /// to now is in the store. A store that is away is not waited for; the audit spool has the record.
    async fn written(&self) {
        let (sharing, incidents) = (self.sharing.version(), self.incidents.version());
        let written = async {
            self.sharing.saved(sharing).await;
            self.incidents.saved(incidents).await;
        };
        if tokio::time::timeout(WRITTEN_WITHIN, written).await.is_err() {
            tracing::warn!("an alert is answered before it is in the store");
        }
    }
}
