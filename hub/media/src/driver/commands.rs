//! Carries out what the hub orders. A command that stops something is answered when nothing of it can go
//! out any more, retransmissions included.

use super::{Driver, Hall, Turn};
use crate::{
    command::{Command, Ordered, Reply},
    demux::PeerKey,
    error::MediaError,
    fact::{Fact, PublisherId, SlotId, WallId},
    offer::{Line, Prepared},
    peer::{Peer, Role},
    port::Sender,
    table::Seat,
};
use assent_sfu::StreamId;
use std::time::Instant;
use tokio::sync::mpsc::error::TryRecvError;

/// Connections at once: a city's 200 publishers and 50 operators with several pages each.
const PEERS: usize = 2_000;
/// Commands in one turn, so that they do not keep packets waiting.
const COMMANDS_A_TURN: usize = 256;

impl Driver {
    pub(super) fn obey(&mut self, now: Instant) -> Turn {
        for _ in 0..COMMANDS_A_TURN {
            let Ordered { command, done } = match self.ordered.try_recv() {
                Ok(ordered) => ordered,
                Err(TryRecvError::Empty) => return Turn::Sleep,
                Err(TryRecvError::Disconnected) => {
                    self.goodbye(now);
                    return Turn::Stop;
                }
            };
            let mut sender = self.port.sender();
            let reply = match command {
                Command::Stop => {
                    self.goodbye(now);
                    let _ = done.send(Ok(()));
                    return Turn::Stop;
                }
                command => self.hall.obey(command, now, &mut sender),
            };
            self.port.forget(self.hall.stopped.drain(..));
            // Whoever asked may have gone; the command holds all the same.
            let _ = done.send(reply);
        }
        Turn::Again
    }

    fn goodbye(&mut self, now: Instant) {
        let keys: Vec<PeerKey> = self.hall.peers.iter().map(|(key, _)| key).collect();
        for key in keys {
            self.hall.close(key, now, &mut self.port.sender());
        }
    }
}

impl Hall {
    fn obey(&mut self, command: Command, now: Instant, sender: &mut Sender<'_>) -> Reply {
        match command {
            Command::Publish {
                publisher,
                session,
                tracks,
            } => self.publish(publisher, session, &tracks, now, sender),
            Command::OpenWall { wall, session } => self.open_wall(wall, session, now, sender),
            Command::Show {
                wall,
                slot,
                stream,
                token,
            } => self.show(wall, slot, stream, token, now),
            Command::Pause { wall, slot, paused } => self.pause(wall, slot, paused, now),
            Command::ClosePublisher { publisher } => {
                let key = *self
                    .publishers
                    .get(&publisher)
                    .ok_or(MediaError::UnknownPublisher)?;
                self.close(key, now, sender);
                Ok(())
            }
            Command::CloseWall { wall } => {
                let key = *self.walls.get(&wall).ok_or(MediaError::UnknownWall)?;
                self.close(key, now, sender);
                Ok(())
            }
            Command::DropStream { stream } => {
                self.drop_stream(stream, now);
                Ok(())
            }
            // The driver itself ends.
            Command::Stop => Err(MediaError::Stopped),
        }
    }

    fn publish(
        &mut self,
        id: PublisherId,
        session: Prepared,
        tracks: &[(Line, StreamId)],
        now: Instant,
        sender: &mut Sender<'_>,
    ) -> Reply {
        if let Some(earlier) = self.publishers.get(&id) {
            self.close(*earlier, now, sender);
        }
        self.accepted += 1;
        let peer = Peer::publisher(id, self.accepted, session, tracks, self.moment(now));
        let key = self.admit(peer)?;
        self.publishers.insert(id, key);
        Ok(())
    }

    fn open_wall(
        &mut self,
        id: WallId,
        session: Prepared,
        now: Instant,
        sender: &mut Sender<'_>,
    ) -> Reply {
        if let Some(earlier) = self.walls.get(&id) {
            self.close(*earlier, now, sender);
        }
        let key = self.admit(Peer::wall(id, session, self.moment(now)))?;
        self.walls.insert(id, key);
        Ok(())
    }

    /// Known to the demultiplexer before its answer is out, so that its first packet finds it.
    fn admit(&mut self, peer: Peer) -> Result<PeerKey, MediaError> {
        if self.peers.len() >= PEERS {
            return Err(MediaError::Full);
        }
        let name = peer.name.clone();
        let key = self.peers.insert(peer);
        self.demux.add(key, name);
        self.mark(key);
        Ok(key)
    }

    fn show(
        &mut self,
        wall: WallId,
        slot: SlotId,
        stream: Option<StreamId>,
        token: u64,
        now: Instant,
    ) -> Reply {
        let (key, place) = self.find(wall, slot)?;
        self.leave(key, place, now);
        let Some(stream) = stream else { return Ok(()) };
        if let Some(at) = self.place(key, place) {
            at.slot.show(stream, token);
            let kind = at.kind;
            self.table
                .open(stream, kind)
                .seats
                .push(Seat { peer: key, place });
        }
        self.join(key, place, now);
        Ok(())
    }

    fn pause(&mut self, wall: WallId, slot: SlotId, paused: bool, now: Instant) -> Reply {
        let (key, place) = self.find(wall, slot)?;
        let moment = self.moment(now);
        let Some(at) = self.place(key, place) else {
            return Ok(());
        };
        let (before, after) = {
            let before = at.slot.wants();
            at.slot.pause(paused);
            (before, at.slot.wants())
        };
        match (before, after) {
            (Some(stream), None) => {
                self.demand.remove(stream, moment);
                self.forget_sent(key, place);
            }
            (None, Some(_)) => self.join(key, place, now),
            (None, None) | (Some(_), Some(_)) => {}
        }
        Ok(())
    }

    fn find(&self, wall: WallId, slot: SlotId) -> Result<(PeerKey, usize), MediaError> {
        let key = *self.walls.get(&wall).ok_or(MediaError::UnknownWall)?;
        let peer = self.peers.get(key).ok_or(MediaError::UnknownWall)?;
        Ok((key, peer.place_at(slot).ok_or(MediaError::UnknownSlot)?))
    }

    fn place(&mut self, key: PeerKey, place: usize) -> Option<&mut crate::peer::Place> {
        self.peers.get_mut(key)?.place_mut(place)
    }

    fn forget_sent(&mut self, key: PeerKey, place: usize) {
        if let Some(peer) = self.peers.get_mut(key) {
            peer.forget_sent(place);
            self.stopped.extend_from_slice(&peer.addresses);
        }
    }

    /// A slot begins to want its stream: demand, and a picture as soon as there is one.
    fn join(&mut self, key: PeerKey, place: usize, now: Instant) {
        let Some(stream) = self.place(key, place).and_then(|at| at.slot.wants()) else {
            return;
        };
        if let Some(change) = self.demand.add(stream) {
            self.tell(Fact::Demand {
                stream,
                wanted: change.wanted,
            });
        }
        self.begin(key, place, now);
    }

    /// A slot shows nothing from here on.
    fn leave(&mut self, key: PeerKey, place: usize, now: Instant) {
        let moment = self.moment(now);
        let Some(at) = self.place(key, place) else {
            return;
        };
        let (shown, wanted) = (at.slot.shown(), at.slot.wants());
        at.slot.hide();
        let Some(stream) = shown else { return };
        if wanted.is_some() {
            self.demand.remove(stream, moment);
        }
        self.forget_sent(key, place);
        if let Some(flow) = self.table.get_mut(stream) {
            flow.seats.retain(|seat| *seat != Seat { peer: key, place });
        }
        self.table.tidy(stream);
    }

    fn drop_stream(&mut self, stream: StreamId, now: Instant) {
        let seats = self
            .table
            .get_mut(stream)
            .map(|flow| flow.seats.clone())
            .unwrap_or_default();
        for seat in seats {
            self.leave(seat.peer, seat.place, now);
        }
        let sent = self
            .table
            .remove(stream)
            .is_some_and(|flow| flow.sender.is_some());
        for (_, peer) in &mut self.peers {
            if let Role::Publisher { tracks, .. } = &mut peer.role {
                tracks.retain(|track| track.stream != stream);
            }
        }
        if sent {
            self.tell(Fact::StreamEnded { stream });
        }
    }

    /// Says goodbye and forgets the peer.
    pub(super) fn close(&mut self, key: PeerKey, now: Instant, sender: &mut Sender<'_>) {
        if let Some(peer) = self.peers.get_mut(key) {
            peer.close();
            peer.tick(now);
            // Nobody is left to hear what it still reports, nor to lag.
            let _ = peer.drive(now, &self.ways, sender, &mut self.totals, |_| {});
            self.remove(key, now);
        }
    }

    /// Forgets a peer and everything that hung on it.
    pub(super) fn remove(&mut self, key: PeerKey, now: Instant) {
        for place in 0..self.peers.get(key).map_or(0, |peer| peer.places().len()) {
            self.leave(key, place, now);
        }
        let Some(peer) = self.peers.try_remove(key) else {
            return;
        };
        self.demux.remove(key, &peer.name, &peer.addresses);
        self.dirty.retain(|dirty| *dirty != key);
        self.bursts.forget(key);
        match peer.role {
            Role::Wall { id, .. } => {
                self.walls.remove(&id);
                self.tell(Fact::WallGone { wall: id });
            }
            Role::Publisher { id, tracks, .. } => {
                self.publishers.remove(&id);
                for track in tracks {
                    self.abandon(track.stream, key);
                }
                self.tell(Fact::PublisherGone { publisher: id });
            }
        }
    }

    /// A stream lost its publisher: its pictures are forgotten, its slots wait for another.
    fn abandon(&mut self, stream: StreamId, key: PeerKey) {
        let Some(flow) = self.table.get_mut(stream) else {
            return;
        };
        if flow.sender.is_some_and(|sender| sender.peer == key) {
            flow.sender = None;
            flow.stalled = false;
            flow.stream.restart();
            self.tell(Fact::StreamEnded { stream });
        }
        self.table.tidy(stream);
    }
}
