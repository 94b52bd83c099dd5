//! The line to one attached device: a bounded queue of frames that the link's front drains. A device has
//! one line; a newer attach cuts the older. Which frames there are is the wire's matter.

use std::sync::PoisonError;

use assent_wire::link::{HubFrame, hub_frame::Body};
use tokio::sync::{mpsc, oneshot};

use super::{Devices, rows};
use crate::error::{Error, Result};
use crate::world::DeviceId;

/// Frames that may wait for a device. A line that cannot take one more is cut: after its next `Hello`
/// the device is told again what matters.
pub const LINE_QUEUE: usize = 256;

/// Why the hub cut a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineEnd {
    /// The same device attached again.
    Replaced,
    /// The queue was full.
    TooSlow,
    Revoked,
}

pub(super) struct Line {
    number: u64,
    frames: mpsc::Sender<HubFrame>,
    cut: Option<oneshot::Sender<LineEnd>>,
}

/// The front's end of a line. The device counts as online until this is dropped or cut.
pub struct Attachment {
    devices: Devices,
    device: DeviceId,
    number: u64,
}

/// What goes out on a line, until it is cut.
pub struct Outgoing {
    pub frames: mpsc::Receiver<HubFrame>,
    pub cut: oneshot::Receiver<LineEnd>,
}

impl Line {
    pub(super) fn cut(mut self, why: LineEnd) {
        if let Some(cut) = self.cut.take() {
            // Nobody hears it when the front is gone already, which is what a cut is for.
            cut.send(why).ok();
        }
    }
}

impl Devices {
    /// Gives an enrolled device its line; an older one of the same device is cut.
    pub fn attach(&self, device: DeviceId) -> Result<(Attachment, Outgoing)> {
        let (frames, queue) = mpsc::channel(LINE_QUEUE);
        let (cut, was_cut) = oneshot::channel();
        let number = u64::from_le_bytes(self.world.random.bytes());
        let now = self.world.clock.now();
        let replaced = self.change(device, |known| {
            if known.revoked.is_some() {
                return Err(Error::forbidden(
                    "This device was revoked and may not attach again.",
                ));
            }
            known.last_seen = Some(now);
            known.health.clear();
            Ok(known.line.replace(Line {
                number,
                frames,
                cut: Some(cut),
            }))
        });
        let older = replaced.ok_or_else(|| {
            Error::new(
                crate::error::Kind::SignedOut,
                "This hub does not know this device. Enrol it with a claim code.",
            )
        })??;
        if let Some(older) = older {
            older.cut(LineEnd::Replaced);
        }
        tracing::info!(device.id = %device, "device attached");
        Ok((
            Attachment {
                devices: self.clone(),
                device,
                number,
            },
            Outgoing {
                frames: queue,
                cut: was_cut,
            },
        ))
    }

    /// Puts a frame on the device's line, at once and without waiting. False when the device is away.
    pub fn say(&self, device: DeviceId, body: Body) -> bool {
        let sender = self
            .read()
            .get(&device)
            .and_then(|known| known.line.as_ref())
            .map(|line| (line.number, line.frames.clone()));
        let Some((number, frames)) = sender else {
            return false;
        };
        match frames.try_send(HubFrame { body: Some(body) }) {
            Ok(()) => true,
            Err(mpsc::error::TrySendError::Closed(_)) => false,
            Err(mpsc::error::TrySendError::Full(_)) => {
                tracing::warn!(device.id = %device, "device does not take its frames: line cut");
                if let Some(line) = self.take_line(device, number) {
                    line.cut(LineEnd::TooSlow);
                }
                false
            }
        }
    }

    fn take_line(&self, device: DeviceId, number: u64) -> Option<Line> {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let device = known.get_mut(&device)?;
        if device.line.as_ref()?.number != number {
            return None;
        }
        device.last_seen = Some(self.world.clock.now());
        let line = device.line.take();
        drop(known);
        self.changed.send_modify(|number| *number += 1);
        line
    }

    /// Writes down when the device was last here.
    pub async fn note_seen(&self, device: DeviceId) -> Result<()> {
        rows::put_seen(&self.world, device).await
    }
}

impl Drop for Attachment {
    fn drop(&mut self) {
        if self.devices.take_line(self.device, self.number).is_some() {
            tracing::info!(device.id = %self.device, "device away");
        }
    }
}
