//! What one change wants done outside: frames to devices, and cameras whose fan-out stops. Made under the
//! lock, carried out after it is released. Here is also how a stop reaches a device: as its owner signed it,
//! else as the hub's word to a device that obeys the hub, else as closings, which need nobody's signature.

use std::sync::Arc;

use assent_consent as consent;
use assent_wire::link::{self, hub_close, hub_frame::Body};
use assent_wire::{Canonical, seal};
use consent::{GrantId, Reason, RevokeId, Scope, TriggerId};

use super::held::Held;
use super::note::RevokeNote;
use crate::world::{CameraId, DeviceId};

/// In this order.
#[derive(Default)]
#[must_use]
pub(super) struct Orders {
    pub(super) stop: Vec<CameraId>,
    pub(super) send: Vec<(DeviceId, Order)>,
}

pub(super) enum Order {
    Instruct(Told),
    /// The envelope as it was signed, or as the hub makes it for a device that obeys the hub.
    End(RevokeId, Vec<u8>),
    Close(RevokeId, Closing, Reason),
    Wanted {
        /// Triggers this device has not answered yet.
        instructions: Vec<Told>,
        /// These must be closed if they are still open.
        ended: Vec<GrantId>,
    },
}

/// A trigger as one device is told it.
#[derive(Clone, Debug)]
pub(super) struct Told {
    pub(super) trigger: consent::Trigger,
    pub(super) age_ms: u64,
    /// As it was signed. None: the device obeys the hub.
    pub(super) envelope: Option<Arc<[u8]>>,
}

/// What the hub may close without anybody's signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Closing {
    Grant(GrantId),
    Trigger(TriggerId),
}

impl Orders {
    pub(super) fn and(mut self, mut other: Self) -> Self {
        self.stop.append(&mut other.stop);
        self.send.append(&mut other.send);
        self
    }
}

pub(super) fn frame_of(order: Order) -> Body {
    match order {
        Order::Instruct(told) => Body::Instruct(instruct_of(told)),
        Order::End(revoke, envelope) => Body::End(link::End {
            revoke_id: revoke.0.to_vec(),
            envelope,
        }),
        Order::Close(id, what, reason) => Body::HubClose(close_of(id, what, reason)),
        Order::Wanted {
            instructions,
            ended,
        } => Body::Wanted(link::Wanted {
            instructions: instructions.into_iter().map(instruct_of).collect(),
            ended_grants: ended.iter().map(|id| id.0.to_vec()).collect(),
        }),
    }
}

fn instruct_of(told: Told) -> link::Instruct {
    let Told {
        trigger,
        age_ms,
        envelope,
    } = told;
    link::Instruct {
        trigger_id: trigger.id.0.to_vec(),
        envelope: match envelope {
            Some(signed) => signed.to_vec(),
            None => seal(&Canonical::of(trigger)),
        },
        age_ms,
        words: Vec::new(),
    }
}

fn close_of(id: RevokeId, what: Closing, reason: Reason) -> link::HubClose {
    use hub_close::{Reason as R, What};
    link::HubClose {
        close_id: id.0.to_vec(),
        what: Some(match what {
            Closing::Grant(grant) => What::Grant(grant.0.to_vec()),
            Closing::Trigger(trigger) => What::Trigger(trigger.0.to_vec()),
        }),
        reason: match reason {
            Reason::Owner | Reason::Cancelled | Reason::Cleared => R::Cleared,
            Reason::OperatorSignedOut => R::OperatorSignedOut,
        }
        .into(),
    }
}

impl Held {
    /// How one device is told of a stop, now or once more.
    pub(super) fn stop_orders(&mut self, id: RevokeId, device: DeviceId) -> Orders {
        let told = self.stop_told(id, device).into_iter();
        Orders {
            send: told.map(|order| (device, order)).collect(),
            ..Orders::default()
        }
    }

    /// In which words, and whether that leaves anything to wait for.
    fn stop_told(&mut self, id: RevokeId, device: DeviceId) -> Vec<Order> {
        let Some(note) = self.revokes.get(&id) else {
            return Vec::new();
        };
        if let Some(envelope) = note.envelopes.get(&device) {
            return vec![Order::End(id, envelope.to_vec())];
        }
        let told = note.told.iter().find(|(told, _)| *told == device);
        let Some((_, scope)) = told.copied() else {
            return Vec::new();
        };
        let reason = note.reason;
        if !self.is_paired(device) {
            let revoke = consent::Revoke { id, scope, reason };
            return vec![Order::End(id, seal(&Canonical::of(revoke)))];
        }
        let closings = self.closings(note, device, scope);
        let count = closings.len();
        if let Some(note) = self.revokes.get_mut(&id) {
            note.closing.insert(device, count);
            // A camera alone is the owner's to close; what ends with it here waits for a signature.
            if count == 0 && !matches!(scope, Scope::Camera(_)) {
                note.answered(device);
                note.confirm(note.received_at);
            }
        }
        let close = |what| Order::Close(id, what, reason);
        closings.into_iter().map(close).collect()
    }

    fn closings(&self, note: &RevokeNote, device: DeviceId, scope: Scope) -> Vec<Closing> {
        match scope {
            Scope::Trigger(trigger) => vec![Closing::Trigger(trigger)],
            Scope::Grant(grant) => vec![Closing::Grant(grant)],
            Scope::Camera(_) | Scope::Everything => {
                let here = |id: &&GrantId| {
                    let known = self.grants.get(*id);
                    known.is_some_and(|known| known.device == device)
                };
                let stopped = note.stopped.iter().filter(here);
                stopped.map(|id| Closing::Grant(*id)).collect()
            }
        }
    }
}
