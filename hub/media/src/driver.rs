//! The thread that owns every socket, session and stream. One turn: commands, datagrams, bursts, timers;
//! then it sleeps until one of them is due. It never waits for the hub.

mod commands;
mod forward;
mod inbound;
mod upkeep;

use crate::{
    command::Ordered,
    demux::{Demux, PeerKey},
    fact::{Fact, PublisherId, WallId},
    identity::Reached,
    peer::{Peer, Ways},
    port::{Overrun, Port, Sender, Source},
    table::Table,
    totals::Totals,
};
use assent_sfu::{Demand, Moment, Outgoing};
use mio::{Events, Poll};
use slab::Slab;
use std::{
    collections::HashMap,
    time::{Duration, Instant},
};
use str0m::Event;
use tokio::sync::mpsc;

/// Batches of datagrams in one turn, so that a flood does not keep commands and timers waiting.
const BATCHES_A_TURN: usize = 8;
/// Stalls and dead peers are looked for this often.
const UPKEEP_EVERY: Duration = Duration::from_millis(100);
/// Kernel notifications in one turn; what does not fit comes with the next.
const NOTIFICATIONS: usize = 64;

pub(crate) struct Driver {
    poll: Poll,
    port: Port,
    ordered: mpsc::Receiver<Ordered>,
    hall: Hall,
    next_upkeep: Instant,
}

/// Everything but the socket, so that a received batch can be read while it changes.
pub(crate) struct Hall {
    origin: Instant,
    peers: Slab<Peer>,
    demux: Demux,
    table: Table,
    demand: Demand,
    publishers: HashMap<PublisherId, PeerKey>,
    walls: HashMap<WallId, PeerKey>,
    /// Publishers are numbered as they are accepted.
    accepted: u64,
    ways: Ways,
    bursts: forward::Bursts,
    /// Peers with something to send; each is in here at most once.
    dirty: Vec<PeerKey>,
    /// Peers of which a slot has just stopped: what still waits for them must not go out.
    stopped: Vec<Source>,
    /// Room that is used again for every packet.
    events: Vec<Event>,
    outgoing: Vec<Outgoing>,
    facts: mpsc::Sender<Fact>,
    totals: Totals,
    next_report: Instant,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turn {
    Sleep,
    Again,
    Stop,
}

impl Driver {
    pub(crate) fn new(
        poll: Poll,
        port: Port,
        reached: Reached,
        ordered: mpsc::Receiver<Ordered>,
        facts: mpsc::Sender<Fact>,
    ) -> Driver {
        let origin = Instant::now();
        let hall = Hall {
            origin,
            peers: Slab::new(),
            demux: Demux::default(),
            table: Table::default(),
            demand: Demand::default(),
            publishers: HashMap::new(),
            walls: HashMap::new(),
            accepted: 0,
            ways: Ways::new(reached),
            bursts: forward::Bursts::default(),
            dirty: Vec::new(),
            stopped: Vec::new(),
            events: Vec::new(),
            outgoing: Vec::new(),
            facts,
            totals: Totals::default(),
            next_report: origin,
        };
        Driver {
            poll,
            port,
            ordered,
            hall,
            next_upkeep: origin,
        }
    }

    pub(crate) fn run(mut self) {
        let mut events = Events::with_capacity(NOTIFICATIONS);
        let mut wait = Duration::ZERO;
        loop {
            if let Err(error) = self.poll.poll(&mut events, Some(wait))
                && error.kind() != std::io::ErrorKind::Interrupted
            {
                tracing::error!(%error, "media engine cannot wait for its socket and ends");
                return;
            }
            for event in &events {
                self.port.notice(event);
            }
            match self.turn() {
                Turn::Sleep => wait = self.until_due(),
                Turn::Again => wait = Duration::ZERO,
                Turn::Stop => return,
            }
        }
    }

    fn turn(&mut self) -> Turn {
        let now = Instant::now();
        let obeyed = self.obey(now);
        if obeyed == Turn::Stop {
            return Turn::Stop;
        }
        let more = self.read() | self.read_tcp() | (obeyed == Turn::Again);
        let now = Instant::now();
        let mut sender = self.port.sender();
        self.hall.burst(now, &sender);
        self.hall.send(now, &mut sender);
        self.hall.timers(now, &mut sender);
        if now >= self.next_upkeep {
            self.next_upkeep = now + UPKEEP_EVERY;
            self.hall.upkeep(now, &mut sender);
            self.port.sweep(now);
        }
        // What overran is told where it is pushed; this is for connections that have room again.
        let _ = self.port.sender().flush();
        if more || !self.hall.dirty.is_empty() {
            Turn::Again
        } else {
            Turn::Sleep
        }
    }

    /// Reads what is there, up to a bound; true when there may be more.
    fn read(&mut self) -> bool {
        for _ in 0..BATCHES_A_TURN {
            let hall = &mut self.hall;
            let now = Instant::now();
            let more = self
                .port
                .receive(&mut |sender, datagram| hall.receive(now, sender, datagram));
            self.hall.send(now, &mut self.port.sender());
            if !more {
                return false;
            }
        }
        true
    }

    /// One part of what came by each connection; true when there may be more.
    fn read_tcp(&mut self) -> bool {
        let (hall, now) = (&mut self.hall, Instant::now());
        let more = self.port.receive_tcp(now, &mut |sender, datagram| {
            hall.receive(now, sender, datagram)
        });
        self.hall.send(now, &mut self.port.sender());
        more
    }

    fn until_due(&self) -> Duration {
        let timers = self.hall.peers.iter().map(|(_, peer)| peer.due);
        let due = timers
            .chain(self.hall.bursts.due())
            .fold(self.next_upkeep, Instant::min);
        due.saturating_duration_since(Instant::now())
    }
}

impl Hall {
    fn moment(&self, now: Instant) -> Moment {
        let span = now.saturating_duration_since(self.origin);
        Moment(u64::try_from(span.as_micros()).unwrap_or(u64::MAX))
    }

    fn tell(&mut self, fact: Fact) {
        if self.facts.try_send(fact).is_err() {
            self.totals.facts_lost += 1;
        }
    }

    fn mark(&mut self, key: PeerKey) {
        if let Some(peer) = self.peers.get_mut(key)
            && !std::mem::replace(&mut peer.noted, true)
        {
            self.dirty.push(key);
        }
    }

    /// Sends what was written to peers since the last time.
    fn send(&mut self, now: Instant, sender: &mut Sender<'_>) {
        let mut dirty = std::mem::take(&mut self.dirty);
        for key in dirty.drain(..) {
            if let Some(peer) = self.peers.get_mut(key) {
                peer.tick(now);
                self.drive(key, now, sender);
            }
        }
        // What was noted meanwhile goes first; else the list keeps its room.
        if self.dirty.is_empty() {
            self.dirty = dirty;
        }
    }

    fn timers(&mut self, now: Instant, sender: &mut Sender<'_>) {
        let due: Vec<PeerKey> = self
            .peers
            .iter()
            .filter(|(_, peer)| peer.due <= now)
            .map(|(key, _)| key)
            .collect();
        for key in due {
            if let Some(peer) = self.peers.get_mut(key) {
                peer.tick(now);
                self.drive(key, now, sender);
            }
        }
    }

    /// Lets one session send, and acts on what it reports.
    fn drive(&mut self, key: PeerKey, now: Instant, sender: &mut Sender<'_>) {
        let Some(peer) = self.peers.get_mut(key) else {
            return;
        };
        let mut events = std::mem::take(&mut self.events);
        let sent = peer.drive(now, &self.ways, sender, &mut self.totals, |event| {
            events.push(event)
        });
        let over = peer.over;
        for event in events.drain(..) {
            self.on_event(key, event, now);
        }
        self.events = events;
        if sent == Err(Overrun) {
            self.lagged(key);
        }
        if over {
            self.remove(key, now);
        }
    }
}
