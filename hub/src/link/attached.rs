//! One attached device, from its Hello to the end of its line: frames in, in order; pings out; and
//! acknowledgements for what the store has. A device that says nothing for 4.5 s is away.

use std::sync::Arc;
use std::time::Duration;

use assent_wire::link::{self, DeviceFrame, device_frame::Body as In, hub_frame::Body as Out};
use tokio::sync::{Semaphore, watch};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tonic::Streaming;

use super::hello;
use crate::devices::Attachment;
use crate::error::{Error, Result};
use crate::state::Hub;
use crate::world::{DeviceId, PremisesId};

/// Between two pings.
const PING_EVERY: Duration = Duration::from_millis(1_500);
/// Three pings without any answer: the line is dead, and operators see it within 5 s.
const SILENT_FOR: Duration = Duration::from_millis(4_500);
/// A line begins with a Hello.
const HELLO_WITHIN: Duration = Duration::from_secs(5);
/// How old "last seen" may be after a hub was killed; thousands of devices are then a few writes a second.
const SEEN_EVERY: Duration = Duration::from_secs(300);
/// So that a `Drain` is on its way before the line closes.
const DRAIN_GRACE: Duration = Duration::from_millis(200);
/// Session descriptions of one device that are answered at once. A device has one connection, and makes
/// another when that breaks; each of its answers takes milliseconds.
pub(super) const OFFERS_AT_ONCE: usize = 4;

pub(super) struct Attached {
    pub(super) hub: Hub,
    pub(super) device: DeviceId,
    pub(super) premises: PremisesId,
    /// Cancelled when either side of the line is over.
    pub(super) gone: CancellationToken,
    pub(super) draining: CancellationToken,
    pub(super) tasks: TaskTracker,
    /// One is taken for every session description that is being answered.
    pub(super) offers: Arc<Semaphore>,
}

/// The last frame that was handled, and how far sharing and incidents had to be written for it.
#[derive(Clone, Copy, Default)]
struct Handled {
    seq: u64,
    sharing: u64,
    incidents: u64,
}

impl Attached {
    pub(super) async fn run(self, attachment: Attachment, frames: Streaming<DeviceFrame>) {
        let _over = self.gone.clone().drop_guard();
        let (hub, device, gone) = (self.hub.clone(), self.device, self.gone.clone());
        self.tasks.spawn(note_seen(hub, device, gone));
        if let Err(error) = self.follow(frames).await {
            tracing::warn!(device.id = %self.device, %error, "line given up");
        }
        // The device counts as away from here on.
        drop(attachment);
    }

    async fn follow(&self, mut frames: Streaming<DeviceFrame>) -> Result<()> {
        self.greet(&mut frames).await?;
        let (handled, to_acknowledge) = watch::channel(Handled::default());
        let acknowledging = self.acknowledge(to_acknowledge);
        tokio::pin!(acknowledging);
        let mut pings = interval(PING_EVERY);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut heard = Instant::now();
        loop {
            tokio::select! {
                () = self.gone.cancelled() => return Ok(()),
                () = self.draining.cancelled() => return self.drain().await,
                () = sleep_until(heard + SILENT_FOR) => return Err(Error::unavailable("The device says nothing.")),
                _ = pings.tick() => {
                    let nonce = u64::from_le_bytes(self.hub.world.random.bytes());
                    self.hub.devices.say(self.device, Out::Ping(link::Ping { nonce }));
                }
                () = &mut acknowledging => {}
                frame = frames.message() => {
                    match frame {
                        Ok(Some(frame)) => self.take(frame, &handled).await?,
                        Ok(None) => return Ok(()),
                        Err(status) => return Err(Error::unavailable("The line to the device broke.").because(status)),
                    }
                    // What the slices did with it must not count as the device's silence.
                    heard = Instant::now();
                }
            }
        }
    }

    async fn greet(&self, frames: &mut Streaming<DeviceFrame>) -> Result<()> {
        let first = tokio::time::timeout(HELLO_WITHIN, frames.message()).await;
        let Ok(Ok(Some(DeviceFrame {
            body: Some(In::Hello(first)),
            ..
        }))) = first
        else {
            return Err(Error::invalid("A line begins with a Hello."));
        };
        let greeting = hello::parse(first)?;
        hello::take_in(self, greeting).await;
        Ok(())
    }

    async fn take(&self, frame: DeviceFrame, handled: &watch::Sender<Handled>) -> Result<()> {
        let Some(body) = frame.body else {
            return Err(Error::invalid("The device sent an empty frame."));
        };
        // A frame that cannot be read would come again with every attach: it is logged and counts as taken.
        if let Err(error) = self.handle(body).await {
            tracing::warn!(device.id = %self.device, %error, "a frame from a device is passed over");
        }
        if frame.seq > 0 {
            let (sharing, incidents) = (self.hub.sharing.version(), self.hub.incidents.version());
            handled.send_replace(Handled {
                seq: frame.seq,
                sharing,
                incidents,
            });
        }
        Ok(())
    }

    /// Acknowledges what is in the store, and only that; a later acknowledgement covers the earlier.
    async fn acknowledge(&self, mut handled: watch::Receiver<Handled>) {
        while handled.changed().await.is_ok() {
            let upto = *handled.borrow_and_update();
            self.hub.sharing.saved(upto.sharing).await;
            self.hub.incidents.saved(upto.incidents).await;
            self.hub
                .devices
                .say(self.device, Out::Ack(link::Ack { seq: upto.seq }));
        }
    }

    async fn drain(&self) -> Result<()> {
        let reason = "the hub is going away".to_owned();
        self.hub
            .devices
            .say(self.device, Out::Drain(link::Drain { reason }));
        tokio::time::sleep(DRAIN_GRACE).await;
        Ok(())
    }
}

/// Beside the line, which a slow store must not hold up. The last word is written when the line is over.
async fn note_seen(hub: Hub, device: DeviceId, gone: CancellationToken) {
    loop {
        if let Err(error) = hub.devices.note_seen(device).await {
            tracing::debug!(device.id = %device, %error, "when a device was last seen could not be written");
        }
        if gone.is_cancelled() {
            return;
        }
        tokio::select! { () = gone.cancelled() => {}, () = tokio::time::sleep(SEEN_EVERY) => {} }
    }
}
