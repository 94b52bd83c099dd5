//! From a datagram to the session it belongs to, and from what the session reports to the stream or the
//! slot that it concerns.

use super::Hall;
use crate::{
    demux::{PeerKey, Route},
    fact::Fact,
    peer::Role,
    port::{Datagram, Sender},
};
use assent_sfu::Packet;
use std::time::Instant;
use str0m::{Event, IceConnectionState, rtp::RtpPacket};

impl Hall {
    pub(super) fn receive(
        &mut self,
        now: Instant,
        sender: &mut Sender<'_>,
        datagram: Datagram<'_>,
    ) {
        self.totals.packets_in += 1;
        self.totals.bytes_in += datagram.bytes.len() as u64;
        let route = self.demux.route(datagram.from, datagram.bytes);
        let at = self.ways.reached(datagram.to, datagram.from);
        let (Some(route), Some(at)) = (route, at) else {
            self.totals.unknown += 1;
            return;
        };
        let (key, claimed) = match route {
            Route::Known(key) => (key, false),
            Route::Claimed(key) => (key, true),
        };
        let moment = self.moment(now);
        let Some(peer) = self.peers.get_mut(key) else {
            return;
        };
        if !peer.receive(now, datagram, at, claimed) {
            self.totals.unknown += 1;
            return;
        }
        peer.heard = moment;
        sender.trust(datagram.from, now);
        if claimed {
            self.demux.learn(key, datagram.from, &mut peer.addresses);
        }
        self.drive(key, now, sender);
    }

    pub(super) fn on_event(&mut self, key: PeerKey, event: Event, now: Instant) {
        match event {
            Event::RtpPacket(packet) => self.on_packet(key, packet, now),
            Event::Connected => self.on_connected(key, now),
            Event::KeyframeRequest(request) => {
                if let Some(place) = self
                    .peers
                    .get(key)
                    .and_then(|peer| peer.place_of(request.mid))
                {
                    self.on_picture_lost(key, place, now);
                }
            }
            Event::IceConnectionStateChange(IceConnectionState::Disconnected) | Event::Closed => {
                if let Some(peer) = self.peers.get_mut(key) {
                    peer.over = true;
                    self.mark(key);
                }
            }
            // The library's enum may grow; nothing else that it reports is used.
            _ => {}
        }
    }

    fn on_connected(&mut self, key: PeerKey, now: Instant) {
        let Some(peer) = self.peers.get_mut(key) else {
            return;
        };
        peer.connected = true;
        let places = peer.places().len();
        let fact = match &peer.role {
            Role::Publisher { id, .. } => Fact::PublisherConnected { publisher: *id },
            Role::Wall { id, .. } => Fact::WallConnected { wall: *id },
        };
        self.tell(fact);
        for place in 0..places {
            self.begin(key, place, now);
        }
    }

    fn on_packet(&mut self, key: PeerKey, packet: RtpPacket, now: Instant) {
        let Some(peer) = self.peers.get_mut(key) else {
            return;
        };
        let Some((order, track)) = peer
            .line_of(packet.header.ssrc)
            .and_then(|mid| peer.track(mid))
        else {
            self.totals.refused += 1;
            return;
        };
        let packet = Packet {
            source: *packet.header.ssrc,
            seq: packet.header.sequence_number,
            timestamp: packet.header.timestamp,
            marker: packet.header.marker,
            payload: packet.payload,
        };
        self.forward(key, order, track, packet, now);
    }
}
