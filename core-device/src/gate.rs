//! The gate: the only part of the device that opens or shuts a camera. It decides from the owner's signed
//! words, or before the device is paired from the policy in its own configuration; never from the hub's
//! word. It runs the rules of `assent-consent`. How a picture travels (`publish`) and what survives power loss (`memory`) are not its business.

mod allowance;
mod clock;
mod instruct;
mod judge;
mod keeper;
mod mark;
mod owner;
mod papers;
mod press;
mod record;
mod revoke;
mod signed;
mod status;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use assent_consent::{
    CameraNumber, DeviceId, GateRefusal, GrantId, Level, Origin, Permission, StandingPolicy,
    TriggerId,
};
use assent_wire::link::{self, device_frame};
use tokio::sync::{broadcast, mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use clock::{boot_now, wall_now};
pub use status::{LiveShare, Standing, Status, Storage, WaitsFor};

use crate::device_key::DeviceKey;
use crate::memory::{Memory, ORDER_QUEUE, Outbox, Past};
use crate::pairing::Invitation;
use crate::valve::Valves;
use keeper::Keeper;

/// Presses and frames from the hub that may wait for a decision, which takes microseconds.
const ASK_QUEUE: usize = 256;
/// Stops have a queue of their own, which is emptied first.
const STOP_QUEUE: usize = 64;
/// Words to the hub that need not survive: it asks again.
const WORDS: usize = 64;

/// What may leave now; a camera that is not here is shut.
pub type Permissions = BTreeMap<CameraNumber, Permission>;

pub struct Setup {
    pub device: DeviceId,
    pub policy: StandingPolicy,
    /// One for every configured camera; shut.
    pub valves: Valves,
    pub consent: ConsentSetup,
}

/// What a device that is or will be paired is told by its own configuration.
#[derive(Clone, Debug, Default)]
pub struct ConsentSetup {
    /// Where the owner's passkeys may sign; the first one is in the QR code. Without any there is no pairing.
    pub origins: Vec<Origin>,
    /// Cameras inside a home, which no alert opens.
    pub indoor: BTreeSet<CameraNumber>,
    /// Without one, receipts are unsigned and there is no pairing.
    pub key: Option<DeviceKey>,
}

/// A press at the premises.
#[derive(Clone, Copy, Debug)]
pub struct LocalPress {
    /// Of the press itself, when whoever sends it may send it twice.
    pub id: Option<TriggerId>,
    pub level: Level,
    pub silent: bool,
    pub drill: bool,
}

/// What a press at the premises came to. It reaches the hub in any case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pressed {
    pub trigger: TriggerId,
    pub opened: Vec<GrantId>,
    pub refusal: Option<GateRefusal>,
}

/// What somebody at the device said yes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Confirmed {
    /// The device belongs to an owner now.
    Paired,
    Ceiling,
    /// Nothing waited, or too long.
    Nothing,
    /// It is in force until the programme ends; the disk does not take it.
    NotKept,
}

/// After a factory reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reset {
    /// Words of an epoch before count no more.
    pub epoch: u64,
    /// False while the disk does not take it; after a loss of power the old words would be back.
    pub kept: bool,
}

/// The gate has ended; the programme is going down and everything is shut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GateClosed;

/// A cloneable handle to the one task that decides.
#[derive(Clone)]
pub struct Gate {
    asks: mpsc::Sender<Ask>,
    stops: mpsc::Sender<Stop>,
    permissions: watch::Receiver<Permissions>,
    status: watch::Receiver<Status>,
    words: broadcast::Sender<device_frame::Body>,
    outbox: Outbox,
    device: DeviceId,
}

pub(crate) enum Ask {
    Press {
        press: LocalPress,
        reply: oneshot::Sender<Pressed>,
    },
    Instruct(link::Instruct),
    Wanted(link::Wanted),
    Acknowledged(u64),
    Unpause(oneshot::Sender<()>),
    NonceAsk(link::NonceAsk),
    Present(link::Present),
    PairingHello(link::PairingHello),
    Confirm(oneshot::Sender<Confirmed>),
    Reset(oneshot::Sender<Reset>),
    Invite {
        anew: bool,
        reply: oneshot::Sender<Option<Invitation>>,
    },
}

enum Stop {
    Everything(oneshot::Sender<Vec<GrantId>>),
    End(link::End),
    HubClose(link::HubClose),
}

impl Gate {
    /// Starts the task and the thread that writes. Both end by `stop`; every camera is shut then.
    #[must_use]
    pub fn start(
        setup: Setup,
        mut memory: Memory,
        past: Past,
        tasks: &TaskTracker,
        stop: &CancellationToken,
    ) -> Self {
        let (asks, ask_queue) = mpsc::channel(ASK_QUEUE);
        let (stops, stop_queue) = mpsc::channel(STOP_QUEUE);
        let (orders, order_queue) = mpsc::channel(ORDER_QUEUE);
        let (written, written_queue) = mpsc::channel(ORDER_QUEUE);
        let (words, _) = broadcast::channel(WORDS);
        let (permissions, permissions_seen) = watch::channel(Permissions::default());
        let (status, status_seen) = watch::channel(Status::new(setup.policy.clone()));
        let device = setup.device;
        if let Some(key) = setup.consent.key.clone() {
            memory.sign_as(device, key, &past);
        }
        let outbox = Outbox::new(past.unacknowledged.clone());
        let doors = keeper::Doors {
            orders,
            permissions,
            status,
            words: words.clone(),
            outbox: outbox.clone(),
        };
        let keeper = Keeper::new(setup, past, doors);
        tasks.spawn_blocking(move || memory.run(order_queue, &written));
        tasks.spawn(keeper.run(ask_queue, stop_queue, written_queue, stop.clone()));
        Self {
            asks,
            stops,
            permissions: permissions_seen,
            status: status_seen,
            words,
            outbox,
            device,
        }
    }

    /// Opens what the policy gives a press, and lets the hub know of the press in any case.
    ///
    /// # Errors
    /// Only when the programme is going down.
    pub async fn press(&self, press: LocalPress) -> Result<Pressed, GateClosed> {
        self.question(|reply| Ask::Press { press, reply }).await
    }

    /// Shuts everything and returns when it is shut. Needs nobody's leave. When the gate has ended,
    /// everything is shut already.
    pub async fn stop_everything(&self) -> Vec<GrantId> {
        let (reply, answer) = oneshot::channel();
        if self.stops.send(Stop::Everything(reply)).await.is_err() {
            return Vec::new();
        }
        answer.await.unwrap_or_default()
    }

    /// Lets paused standing rules run again.
    ///
    /// # Errors
    /// Only when the programme is going down.
    pub async fn unpause(&self) -> Result<(), GateClosed> {
        self.question(Ask::Unpause).await
    }

    /// Somebody at the device says yes to the pairing or the ceiling that waits. A press for help never
    /// does: nobody agrees to anything by being frightened.
    ///
    /// # Errors
    /// Only when the programme is going down.
    pub async fn confirm(&self) -> Result<Confirmed, GateClosed> {
        self.question(Ask::Confirm).await
    }

    /// Back to a device that belongs to nobody. Ends every share, forgets every word, and raises the epoch.
    ///
    /// # Errors
    /// Only when the programme is going down.
    pub async fn reset(&self) -> Result<Reset, GateClosed> {
        self.question(Ask::Reset).await
    }

    /// What an owner's phone scans; `None` on a device that is paired, is not enrolled, or was not told
    /// where the owner's page is. `anew`: with a new secret, where wrong tries ended the one before.
    ///
    /// # Errors
    /// Only when the programme is going down.
    pub async fn invitation(&self, anew: bool) -> Result<Option<Invitation>, GateClosed> {
        self.question(|reply| Ask::Invite { anew, reply }).await
    }

    async fn question<T>(
        &self,
        ask: impl FnOnce(oneshot::Sender<T>) -> Ask,
    ) -> Result<T, GateClosed> {
        let (reply, answer) = oneshot::channel();
        self.asks.send(ask(reply)).await.map_err(|_| GateClosed)?;
        answer.await.map_err(|_| GateClosed)
    }

    /// Returns when the gate has ended, with every camera shut.
    pub async fn ended(&self) {
        self.asks.closed().await;
    }

    #[must_use]
    pub fn permissions(&self) -> watch::Receiver<Permissions> {
        self.permissions.clone()
    }

    #[must_use]
    pub fn status(&self) -> watch::Receiver<Status> {
        self.status.clone()
    }

    #[must_use]
    pub fn outbox(&self) -> &Outbox {
        &self.outbox
    }

    #[must_use]
    pub fn device(&self) -> DeviceId {
        self.device
    }

    /// From the link: what the hub carries. Waits only for a place in the queue.
    pub(crate) async fn hear(&self, ask: Ask) -> Result<(), GateClosed> {
        self.asks.send(ask).await.map_err(|_| GateClosed)
    }

    pub(crate) async fn end(&self, end: link::End) -> Result<(), GateClosed> {
        self.stops
            .send(Stop::End(end))
            .await
            .map_err(|_| GateClosed)
    }

    pub(crate) async fn hub_closes(&self, close: link::HubClose) -> Result<(), GateClosed> {
        let stop = Stop::HubClose(close);
        self.stops.send(stop).await.map_err(|_| GateClosed)
    }

    /// Answers to the hub that need not survive.
    pub(crate) fn words(&self) -> broadcast::Receiver<device_frame::Body> {
        self.words.subscribe()
    }
}
