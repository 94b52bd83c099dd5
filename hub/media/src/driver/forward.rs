//! From a publisher's packet to the slots that show its stream, and from the caches to the slots that
//! start. What goes out under which number is decided in `assent-sfu`.

use super::Hall;
use crate::{
    demux::PeerKey,
    fact::Fact,
    peer::{Peer, Role, Track},
    port,
    table::{Seat, Sender},
};
use assent_sfu::{Outgoing, Packet, Pumped, StreamId};
use std::time::{Duration, Instant};

/// Packets from caches to one wall in one step, and the time between steps: 300 Mbit/s. Faster overruns
/// the 64 KiB of kernel buffer that browsers read from, slower is seen.
const BURST_PACKETS: usize = 32;
const BURST_STEP: Duration = Duration::from_millis(1);
/// However many slots of a wall start together, each moves on.
const BURST_LEAST: usize = 2;

/// Slots that read from a cache.
#[derive(Default)]
pub(crate) struct Bursts {
    seats: Vec<Seat>,
    next: Option<Instant>,
}

impl Bursts {
    pub(super) fn due(&self) -> Option<Instant> {
        self.next.filter(|_| !self.seats.is_empty())
    }

    pub(super) fn forget(&mut self, key: PeerKey) {
        self.seats.retain(|seat| seat.peer != key);
    }

    fn add(&mut self, seat: Seat, now: Instant) {
        if !self.seats.contains(&seat) {
            self.seats.push(seat);
            self.next = Some(now);
        }
    }

    fn budget(&self, key: PeerKey) -> usize {
        let alike = self.seats.iter().filter(|seat| seat.peer == key).count();
        (BURST_PACKETS / alike.max(1)).max(BURST_LEAST)
    }
}

impl Hall {
    /// Takes a packet for its stream and gives it to everybody who watches.
    pub(super) fn forward(
        &mut self,
        key: PeerKey,
        order: u64,
        track: Track,
        packet: Packet,
        now: Instant,
    ) {
        let moment = self.moment(now);
        if !self.may_send(key, order, track) {
            self.totals.refused += 1;
            return;
        }
        let Some(flow) = self.table.get_mut(track.stream) else {
            return;
        };
        let Some(taken) = flow.stream.take(packet, moment) else {
            self.totals.refused += 1;
            return;
        };
        let resumed = std::mem::take(&mut flow.stalled);
        for seat in &flow.seats {
            let Some(peer) = self.peers.get_mut(seat.peer).filter(|peer| peer.connected) else {
                continue;
            };
            let Some(place) = peer
                .place_mut(seat.place)
                .filter(|place| place.kind == track.kind)
            else {
                continue;
            };
            let outgoing = place.slot.live(&flow.stream, &taken, moment);
            if place.slot.is_waiting() && flow.stream.key_frame().is_some() {
                self.bursts.add(*seat, now);
            }
            if let Some(outgoing) = outgoing {
                let shown = deliver(peer, seat.place, outgoing, now);
                note(&mut self.dirty, peer, seat.peer);
                self.totals.facts_lost +=
                    shown.map_or(0, |fact| u64::from(self.facts.try_send(fact).is_err()));
            }
        }
        if resumed {
            self.tell(Fact::StreamResumed {
                stream: track.stream,
            });
        }
    }

    /// A slot that may have something to start with.
    pub(super) fn begin(&mut self, key: PeerKey, place: usize, now: Instant) {
        let Some(peer) = self.peers.get(key).filter(|peer| peer.connected) else {
            return;
        };
        let Some(stream) = peer.places().get(place).and_then(|at| at.slot.wants()) else {
            return;
        };
        let Some(flow) = self.table.get_mut(stream) else {
            return;
        };
        if flow.stream.key_frame().is_some() {
            self.bursts.add(Seat { peer: key, place }, now);
        } else {
            self.ask_key_frame(stream, now);
        }
    }

    /// The next step of every start that is under way.
    pub(super) fn burst(&mut self, now: Instant, sender: &port::Sender<'_>) {
        if self.bursts.due().is_none_or(|due| due > now) {
            return;
        }
        self.bursts.next = Some(now + BURST_STEP);
        for at in (0..self.bursts.seats.len()).rev() {
            let seat = self.bursts.seats[at];
            if self.burst_one(seat, now, sender) == Pumped::Idle {
                self.bursts.seats.swap_remove(at);
            }
        }
    }

    fn burst_one(&mut self, seat: Seat, now: Instant, sender: &port::Sender<'_>) -> Pumped {
        let (moment, mut budget) = (self.moment(now), self.bursts.budget(seat.peer));
        let Some(peer) = self.peers.get_mut(seat.peer) else {
            return Pumped::Idle;
        };
        if sender.is_crowded(&peer.addresses) {
            return Pumped::More;
        }
        let Some(place) = peer.place_mut(seat.place) else {
            return Pumped::Idle;
        };
        let flow = place
            .slot
            .wants()
            .and_then(|stream| self.table.get_mut(stream));
        let Some(flow) = flow else {
            return Pumped::Idle;
        };
        let mut outgoing = std::mem::take(&mut self.outgoing);
        let pumped = place
            .slot
            .pump(&flow.stream, moment, &mut budget, |packet| {
                outgoing.push(packet)
            });
        let mut shown = None;
        for packet in outgoing.drain(..) {
            shown = deliver(peer, seat.place, packet, now).or(shown);
        }
        self.outgoing = outgoing;
        note(&mut self.dirty, peer, seat.peer);
        if let Some(fact) = shown {
            self.tell(fact);
        }
        pumped
    }

    /// A viewer cannot decode: the cache repairs it where it can, else the publisher is asked.
    pub(super) fn on_picture_lost(&mut self, key: PeerKey, place: usize, now: Instant) {
        let moment = self.moment(now);
        let Some(at) = self
            .peers
            .get_mut(key)
            .and_then(|peer| peer.place_mut(place))
        else {
            return;
        };
        let Some(stream) = at.slot.wants() else {
            return;
        };
        let Some(flow) = self.table.get_mut(stream) else {
            return;
        };
        if !flow.stream.is_whole() {
            self.ask_key_frame(stream, now);
        } else if at.slot.picture_lost(&flow.stream, moment) {
            self.totals.replays += 1;
            self.bursts.add(Seat { peer: key, place }, now);
        }
    }

    pub(super) fn ask_key_frame(&mut self, stream: StreamId, now: Instant) {
        let moment = self.moment(now);
        let Some(flow) = self.table.get_mut(stream) else {
            return;
        };
        if !flow.requests.ask(flow.stream.last_key_frame(), moment) {
            return;
        }
        self.totals.key_frame_requests += 1;
        if let Some(sender) = flow.sender
            && let Some(peer) = self.peers.get_mut(sender.peer)
        {
            peer.ask_key_frame(sender.mid);
            note(&mut self.dirty, peer, sender.peer);
        }
        self.tell(Fact::KeyFrameWanted { stream });
    }

    /// The kernel could not take all that this wall was sent.
    pub(super) fn lagged(&mut self, key: PeerKey) {
        self.totals.overruns += 1;
        let Some(Role::Wall { places, .. }) = self.peers.get_mut(key).map(|peer| &mut peer.role)
        else {
            return;
        };
        for place in places {
            let flow = place
                .slot
                .wants()
                .and_then(|stream| self.table.get_mut(stream));
            if let Some(flow) = flow {
                place.slot.lagged(&flow.stream);
            }
        }
    }

    /// Whether this peer is the stream's publisher, now at the latest.
    fn may_send(&mut self, key: PeerKey, order: u64, track: Track) -> bool {
        let flow = self.table.open(track.stream, track.kind);
        let known = flow.sender;
        if known.is_some_and(|known| known.peer == key) {
            return true;
        }
        if known.is_some_and(|known| known.order > order) {
            return false;
        }
        flow.sender = Some(Sender {
            peer: key,
            order,
            mid: track.mid,
        });
        flow.stream.restart();
        if let Some(Role::Publisher { id, .. }) = self.peers.get(key).map(|peer| &peer.role) {
            let publisher = *id;
            self.tell(Fact::StreamStarted {
                stream: track.stream,
                publisher,
            });
        }
        true
    }
}

/// Writes a packet to a viewer; the fact that it completes, if any.
fn deliver(peer: &mut Peer, place: usize, outgoing: Outgoing, now: Instant) -> Option<Fact> {
    let token = outgoing.first_frame;
    let slot = peer.places().get(place)?.id;
    peer.write(place, outgoing, now);
    match &peer.role {
        Role::Wall { id, .. } => token.map(|token| Fact::FirstFrame {
            wall: *id,
            slot,
            token,
        }),
        Role::Publisher { .. } => None,
    }
}

/// Puts a peer on the list of those with something to send, once.
fn note(dirty: &mut Vec<PeerKey>, peer: &mut Peer, key: PeerKey) {
    if !std::mem::replace(&mut peer.noted, true) {
        dirty.push(key);
    }
}
