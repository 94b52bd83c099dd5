//! What is shared: the owners' presses, the grants that follow, their ends, and the owner's word on
//! alerts that ask. The rules are the consent crate's, one machine a device, in memory; the device
//! decides again and its facts are the truth. Who watches is `viewing`'s, what operators make of an
//! alert is `incidents`'.
//!
//! ```text
//! opening:  decide -> record (audit, or its spool) -> tell the device -> device says Opened -> live
//! closing:  stop the fan-out and tell the device -> record -> device says Ended or StopDone
//! ```

mod alert;
mod asks;
mod decide;
mod facts;
mod held;
mod hello;
mod note;
mod orders;
mod page;
mod places;
mod press;
mod recall;
mod recover;
mod revoke;
mod rows;
mod sections;
mod seen;
mod signed;
mod signing;
#[cfg(test)]
mod tests;
mod tick;
mod words;
mod writer;

pub use alert::AlertAnswer;
pub use asks::{ApprovalAsked, YesNo};
pub use facts::{Account, Reported};
pub use hello::Greeting;
pub use note::{Acknowledged, Cause, PressState};
pub use page::{
    AcknowledgedBy, Ask, CameraCondition, EndText, Named, OwnerPremises, Press, Revoke, Share,
};
pub use press::{DevicePress, LevelText, PressAsked};
pub use revoke::{RevokeAsked, RevokeReason, RevokeScope};
pub use sections::RememberedPress;
pub use seen::Shown;
pub use signed::KeyName;

use std::sync::Arc;

use assent_consent as consent;
use consent::TriggerId;
use tokio::sync::watch;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use crate::audit::Audit;
use crate::devices::Devices;
use crate::error::Result;
use crate::feeds::Feeds;
use crate::registry::Registry;
use crate::world::{Behind, Guarded, World};
use held::Held;
use orders::{Orders, frame_of};

#[derive(Clone)]
pub struct Sharing {
    world: World,
    audit: Audit,
    registry: Registry,
    devices: Devices,
    feeds: Feeds,
    held: Arc<Guarded<Held>>,
    changed: watch::Sender<u64>,
    behind: Behind,
    recording: Behind,
    tasks: TaskTracker,
}

impl Sharing {
    /// Recalls what was shared when the hub last ran. Nothing is shown before a device confirms it.
    pub async fn open(
        world: World,
        audit: Audit,
        registry: Registry,
        devices: Devices,
        feeds: Feeds,
    ) -> Result<Self> {
        let held = recall::held(&world, &registry, &devices).await?;
        Ok(Self {
            world,
            audit,
            registry,
            devices,
            feeds,
            held: Arc::new(Guarded::new(held)),
            changed: watch::Sender::new(0),
            behind: Behind::new("sharing"),
            recording: Behind::new("sharing's record"),
            tasks: TaskTracker::new(),
        })
    }

    /// Wakes when anything here changed.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// Runs one change under the lock, then carries out what it wants done and waits for that.
    async fn change<T>(&self, change: impl FnOnce(&mut Held) -> (T, Orders)) -> T {
        let (value, orders) = {
            let mut held = self.held.lock();
            change(&mut held)
        };
        self.carry_out(orders).await;
        value
    }

    /// Frames go out from memory at once; then no packet of a stopped camera leaves the hub. Not undone
    /// when the caller goes away half-way.
    async fn carry_out(&self, orders: Orders) {
        for (device, order) in orders.send {
            // A device that is away hears it after its next Hello.
            self.devices.say(device, frame_of(order));
        }
        self.touched();
        if orders.stop.is_empty() {
            return;
        }
        let feeds = self.feeds.clone();
        let stopping = self.tasks.spawn(async move {
            for camera in orders.stop {
                feeds.stop(camera).await;
            }
        });
        if let Err(error) = stopping.await {
            tracing::error!(%error, "stopping a camera's fan-out failed");
        }
    }

    /// Tells the pages and the writer that something changed.
    fn touched(&self) {
        self.changed.send_modify(|number| *number += 1);
        self.behind.wake();
        self.recording.wake();
    }
}

/// Triggers, grants and revokes are 16 bytes in the rules and UUIDs in the API and the store.
fn uuid(bytes: [u8; 16]) -> Uuid {
    Uuid::from_bytes(bytes)
}

fn trigger_of(id: Uuid) -> TriggerId {
    TriggerId(*id.as_bytes())
}
