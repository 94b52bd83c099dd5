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

use crate::devices::Devices;
use crate::error::Result;
use crate::incidents::Incidents;
use crate::registry::Registry;
use crate::sharing::Sharing;
use crate::world::World;

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
}
