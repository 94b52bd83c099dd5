//! What the hub must hear and has not acknowledged, in the order of the receipts it stands on. Filled
//! from the journal, at start and after every write, so that nothing is in here that is not on the disk.
//! Sending is the link's business.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use assent_consent::{BootTime, Ttl, WallTime};
use assent_wire::link::receipt::Body;
use assent_wire::link::{self, DeviceFrame, Receipt, device_frame};
use tokio::sync::watch;

/// A hub that is away for weeks; what falls out stands in the journal still.
const MOST: usize = 4096;

/// A receipt that the hub wants to know of.
#[derive(Clone, Debug)]
pub(crate) struct Fact {
    number: u64,
    wall: WallTime,
    /// `None` when it was before the machine's last boot.
    boot: Option<BootTime>,
    body: device_frame::Body,
}

/// Shared by the gate, which fills it, and the link, which empties it.
#[derive(Clone)]
pub struct Outbox {
    facts: Arc<Mutex<VecDeque<Fact>>>,
    newest: watch::Sender<u64>,
}

impl Outbox {
    pub(crate) fn new(facts: Vec<Fact>) -> Self {
        let newest = facts.last().map_or(0, Fact::number);
        Self {
            facts: Arc::new(Mutex::new(facts.into())),
            newest: watch::Sender::new(newest),
        }
    }

    pub(crate) fn push(&self, fact: Fact) {
        let number = fact.number;
        let mut facts = self.lock();
        facts.push_back(fact);
        if facts.len() > MOST {
            facts.pop_front();
        }
        drop(facts);
        self.newest.send_replace(number);
    }

    pub(crate) fn acknowledge(&self, upto: u64) {
        self.lock().retain(|fact| fact.number > upto);
    }

    /// The oldest fact after `sent`.
    pub(crate) fn next(&self, sent: u64) -> Option<Fact> {
        self.lock().iter().find(|fact| fact.number > sent).cloned()
    }

    /// Changes whenever there is more.
    pub(crate) fn newest(&self) -> watch::Receiver<u64> {
        self.newest.subscribe()
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.lock().len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, VecDeque<Fact>> {
        self.facts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Fact {
    /// `None` for receipts that are the device's own affair.
    pub(crate) fn of(receipt: &Receipt, this_boot: [u8; 16]) -> Option<Self> {
        use device_frame::Body as Frame;
        let body = match receipt.body.clone()? {
            Body::Pressed(pressed) => Frame::Pressed(pressed),
            Body::Opened(opened) => Frame::Opened(opened),
            Body::Refused(refused) => Frame::Refused(refused),
            Body::Ended(ended) => Frame::Ended(ended),
            Body::Alarm(alarm) => Frame::PremisesAlarm(alarm),
            Body::Started(_) | Body::Revoked(_) | Body::Reset(_) | Body::Taken(_) => return None,
        };
        let same_boot = receipt.boot_id == this_boot && this_boot != [0; 16];
        Some(Self {
            number: receipt.number,
            wall: WallTime(receipt.wall_ms),
            boot: same_boot.then_some(BootTime(receipt.boot_ms)),
            body,
        })
    }

    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    pub(crate) fn body(&self) -> &device_frame::Body {
        &self.body
    }

    /// As it is sent now: ages grow and lives shrink while it waits.
    pub(crate) fn frame(&self, boot: BootTime, wall: WallTime) -> DeviceFrame {
        let waited = self.waited_ms(boot, wall);
        let mut body = self.body.clone();
        match &mut body {
            device_frame::Body::Pressed(pressed) => {
                pressed.age_ms = waited;
                pressed
                    .opened
                    .iter_mut()
                    .for_each(|opened| self.shorten(opened, waited));
            }
            device_frame::Body::Opened(opened) => self.shorten(opened, waited),
            _ => {}
        }
        DeviceFrame {
            seq: self.number,
            body: Some(body),
        }
    }

    fn shorten(&self, opened: &mut link::Opened, waited_ms: u64) {
        let life = opened
            .terms
            .as_ref()
            .and_then(|terms| Ttl::from_secs(terms.ttl_secs))
            .map_or(0, Ttl::ms);
        // A reboot ended it, whatever the wall clock says of its age.
        opened.remaining_ms = if self.boot.is_some() {
            life.saturating_sub(waited_ms)
        } else {
            0
        };
    }

    fn waited_ms(&self, boot: BootTime, wall: WallTime) -> u64 {
        match self.boot {
            Some(then) => boot.since_ms(then),
            None => u64::try_from(wall.0.saturating_sub(self.wall.0)).unwrap_or(0),
        }
    }
}
