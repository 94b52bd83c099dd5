//! What only time brings: silence of streams and peers, demand that lapses, the numbers for `/metrics`.

use super::Hall;
use crate::{
    demux::PeerKey,
    fact::Fact,
    peer::{Peer, Role},
    port::Sender,
    table::Seat,
    totals::Levels,
};
use assent_sfu::{Kind, Moment, StreamId};
use std::time::{Duration, Instant};

/// Without a packet for so long, a stream is said to stall.
const STALLED_AFTER: Duration = Duration::from_secs(1);
/// A peer is asked for a sign of life every 1.5 s and sends reports by itself; four lost in a row.
const SILENT_AFTER: Duration = Duration::from_secs(6);
/// From the answer to an encrypted connection; devices on slow networks need some round trips.
const CONNECT_WITHIN: Duration = Duration::from_secs(30);
const REPORT_EVERY: Duration = Duration::from_secs(1);

impl Hall {
    pub(super) fn upkeep(&mut self, now: Instant, sender: &mut Sender<'_>) {
        let moment = self.moment(now);
        while let Some(change) = self.demand.lapse(moment) {
            self.tell(Fact::Demand {
                stream: change.stream,
                wanted: change.wanted,
            });
        }
        for (stream, silent) in self.stalls(moment) {
            let for_ms = u64::try_from(silent.as_millis()).unwrap_or(u64::MAX);
            self.tell(Fact::StreamStalled { stream, for_ms });
        }
        for stream in self.awaited(moment) {
            self.ask_key_frame(stream, now);
        }
        let gone: Vec<PeerKey> = self
            .peers
            .iter()
            .filter(|(_, peer)| is_gone(peer, moment))
            .map(|(key, _)| key)
            .collect();
        for key in gone {
            self.close(key, now, sender);
        }
        if now >= self.next_report {
            self.next_report = now + REPORT_EVERY;
            let levels = self.levels();
            self.totals.report(levels);
        }
    }

    /// Streams that have just become silent.
    fn stalls(&mut self, now: Moment) -> Vec<(StreamId, Duration)> {
        let mut stalls = Vec::new();
        for (stream, flow) in self.table.iter_mut() {
            let silent = flow
                .stream
                .last_packet()
                .map_or(Duration::ZERO, |packet| now.since(packet));
            if flow.sender.is_some() && !flow.stalled && silent >= STALLED_AFTER {
                flow.stalled = true;
                stalls.push((stream, silent));
            }
        }
        stalls
    }

    /// Streams that flow, without a picture that those who wait could start with.
    fn awaited(&mut self, now: Moment) -> Vec<StreamId> {
        let mut awaited = Vec::new();
        for (stream, flow) in self.table.iter_mut() {
            let waits = |seat: &Seat| {
                let place = self
                    .peers
                    .get(seat.peer)
                    .and_then(|peer| peer.places().get(seat.place));
                place.is_some_and(|place| place.slot.is_waiting())
            };
            let pictures = flow.stream.kind() == Kind::Video && flow.stream.is_fresh(now);
            if pictures && flow.stream.key_frame().is_none() && flow.seats.iter().any(waits) {
                awaited.push(stream);
            }
        }
        awaited
    }

    fn levels(&mut self) -> Levels {
        let shown = |peer: &Peer| {
            peer.places()
                .iter()
                .filter(|place| place.slot.wants().is_some())
                .count()
        };
        let publishers = self
            .peers
            .iter()
            .filter(|(_, peer)| matches!(peer.role, Role::Publisher { .. }))
            .count();
        Levels {
            publishers,
            walls: self.peers.len() - publishers,
            slots_shown: self.peers.iter().map(|(_, peer)| shown(peer)).sum(),
            streams: self.table.len(),
            cache_bytes: self
                .table
                .iter_mut()
                .map(|(_, flow)| flow.stream.cached_bytes())
                .sum(),
        }
    }
}

fn is_gone(peer: &Peer, now: Moment) -> bool {
    if peer.connected {
        now.since(peer.heard) >= SILENT_AFTER
    } else {
        now.since(peer.since) >= CONNECT_WITHIN
    }
}
