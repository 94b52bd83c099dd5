//! One connection: its session with the library, what it is for, and the way its packets go out. The
//! driver decides when.

use crate::{
    fact::{PublisherId, SlotId, WallId},
    identity::{RESEND_PACKETS, Reached},
    offer::{Line, Prepared},
    port::{Datagram, Overrun, Sender, Source},
    totals::Totals,
};
use assent_sfu::{Kind, Moment, Outgoing, Slot, StreamId};
use std::{
    net::{IpAddr, SocketAddr},
    time::{Duration, Instant},
};
use str0m::{
    Event, Input, Output, Rtc,
    media::{MediaTime, Mid, Pt},
    net::{Protocol, Receive},
    rtp::{Extension, ExtensionValues, RtpWrite, Ssrc},
};

/// How long sent packets can be asked for again: a request that comes later is about a picture that was
/// given up.
const RESEND_SPAN: Duration = Duration::from_secs(2);
/// Part of what is sent that may be retransmissions, so that a viewer with a broken network does not
/// multiply its own load.
const RESEND_SHARE: f32 = 0.5;

/// What a session wants to do at once goes with what is written; its timers need no finer steps, and a
/// timer that does not move on must not keep the thread busy.
const SHORTEST_TIMER: Duration = Duration::from_millis(1);

pub(crate) struct Peer {
    rtc: Box<Rtc>,
    pub(crate) name: String,
    pub(crate) addresses: Vec<Source>,
    pub(crate) role: Role,
    pub(crate) connected: bool,
    /// Last time that anything came from it.
    pub(crate) heard: Moment,
    /// When the library wants to be called again.
    pub(crate) due: Instant,
    pub(crate) since: Moment,
    /// It is in the driver's list of peers with something to send.
    pub(crate) noted: bool,
    /// Gone for good; the driver removes it.
    pub(crate) over: bool,
}

pub(crate) enum Role {
    Publisher {
        id: PublisherId,
        order: u64,
        tracks: Vec<Track>,
    },
    Wall {
        id: WallId,
        places: Vec<Place>,
    },
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Track {
    pub(crate) mid: Mid,
    pub(crate) kind: Kind,
    pub(crate) stream: StreamId,
}

/// A slot and the line that it sends on.
pub(crate) struct Place {
    pub(crate) id: SlotId,
    pub(crate) slot: Slot,
    pub(crate) kind: Kind,
    mid: Mid,
    payload_type: Pt,
    ssrc: Ssrc,
    extensions: ExtensionValues,
}

impl Peer {
    pub(crate) fn publisher(
        id: PublisherId,
        order: u64,
        session: Prepared,
        tracks: &[(Line, StreamId)],
        now: Moment,
    ) -> Peer {
        let tracks = tracks
            .iter()
            .map(|(line, stream)| Track {
                mid: line.mid,
                kind: line.kind,
                stream: *stream,
            })
            .collect();
        Peer::new(session, Role::Publisher { id, order, tracks }, now)
    }

    pub(crate) fn wall(id: WallId, mut session: Prepared, now: Moment) -> Peer {
        let (mut videos, mut audios) = (0, 0);
        let lines = std::mem::take(&mut session.lines);
        let places = lines
            .iter()
            .filter_map(|line| {
                let (count, slot): (&mut u16, fn(u16) -> SlotId) = match line.kind {
                    Kind::Video => (&mut videos, SlotId::Video),
                    Kind::Audio => (&mut audios, SlotId::Audio),
                };
                let place = Place::new(&mut session.rtc, line, slot(*count))?;
                *count += 1;
                Some(place)
            })
            .collect();
        Peer::new(session, Role::Wall { id, places }, now)
    }

    fn new(session: Prepared, role: Role, now: Moment) -> Peer {
        Peer {
            rtc: session.rtc,
            name: session.ufrag,
            addresses: Vec::new(),
            role,
            connected: false,
            heard: now,
            due: Instant::now(),
            since: now,
            noted: false,
            over: false,
        }
    }

    /// Hands a datagram to the session. False when it is not this peer's.
    pub(crate) fn receive(
        &mut self,
        now: Instant,
        datagram: Datagram<'_>,
        at: SocketAddr,
        claimed: bool,
    ) -> bool {
        let from = datagram.from;
        let Ok(receive) = Receive::new(from.protocol, from.address, at, datagram.bytes) else {
            return false;
        };
        let input = Input::Receive(now, receive);
        if claimed && !self.rtc.accepts(&input) {
            return false;
        }
        // An error here is about this one datagram, which anybody could have sent under the peer's
        // address: it must not end the connection.
        if let Err(error) = self.rtc.handle_input(input) {
            tracing::debug!(%error, "media datagram refused");
        }
        true
    }

    /// Sends everything that is due, and hands out what happened.
    pub(crate) fn drive(
        &mut self,
        now: Instant,
        ways: &Ways,
        sender: &mut Sender<'_>,
        totals: &mut Totals,
        mut event: impl FnMut(Event),
    ) -> Result<(), Overrun> {
        let mut sent = Ok(());
        loop {
            match self.rtc.poll_output() {
                Ok(Output::Timeout(due)) => {
                    self.due = due;
                    break;
                }
                Ok(Output::Transmit(transmit)) => {
                    totals.packets_out += 1;
                    totals.bytes_out += transmit.contents.len() as u64;
                    let from = ways.own(transmit.source.ip());
                    let to = Source {
                        protocol: transmit.proto,
                        address: transmit.destination,
                    };
                    sent = sent.and(sender.push(to, from, &transmit.contents));
                }
                Ok(Output::Event(happened)) => event(happened),
                Err(error) => {
                    tracing::debug!(%error, "media session failed");
                    self.over = true;
                    break;
                }
            }
        }
        self.over |= !self.rtc.is_alive();
        self.due = self.due.max(now + SHORTEST_TIMER);
        sent.and(sender.flush())
    }

    /// Moves the session's clock, which is what lets written packets go.
    pub(crate) fn tick(&mut self, now: Instant) {
        self.noted = false;
        if let Err(error) = self.rtc.handle_input(Input::Timeout(now)) {
            tracing::debug!(%error, "media session failed");
            self.over = true;
        }
    }

    pub(crate) fn write(&mut self, place: usize, packet: Outgoing, now: Instant) {
        let Role::Wall { places, .. } = &self.role else {
            return;
        };
        let Some(place) = places.get(place) else {
            return;
        };
        let write = RtpWrite::new(
            place.payload_type,
            packet.seq.into(),
            packet.timestamp,
            now,
            packet.payload,
        )
        .marker(packet.marker)
        .nackable(place.kind == Kind::Video)
        .ext_vals(place.extensions.clone());
        if let Some(stream) = self.rtc.direct_api().stream_tx(&place.ssrc) {
            stream.write_rtp(write);
        }
    }

    /// Nothing that this place sent can be asked for again.
    pub(crate) fn forget_sent(&mut self, place: usize) {
        let Role::Wall { places, .. } = &self.role else {
            return;
        };
        if let Some(place) = places.get(place) {
            limit_resends(&mut self.rtc, place.ssrc);
        }
    }

    pub(crate) fn ask_key_frame(&mut self, mid: Mid) {
        use str0m::media::KeyframeRequestKind::Pli;
        if let Some(stream) = self.rtc.direct_api().stream_rx_by_mid(mid, None) {
            stream.request_keyframe(Pli);
        }
    }

    /// Begins to say goodbye; the next [`Peer::drive`] sends it.
    pub(crate) fn close(&mut self) {
        if let Err(error) = self.rtc.close() {
            tracing::debug!(%error, "media session could not say goodbye");
        }
    }

    pub(crate) fn places(&self) -> &[Place] {
        match &self.role {
            Role::Wall { places, .. } => places,
            Role::Publisher { .. } => &[],
        }
    }

    pub(crate) fn place_mut(&mut self, place: usize) -> Option<&mut Place> {
        match &mut self.role {
            Role::Wall { places, .. } => places.get_mut(place),
            Role::Publisher { .. } => None,
        }
    }

    /// The media line that a packet came on.
    pub(crate) fn line_of(&mut self, ssrc: Ssrc) -> Option<Mid> {
        self.rtc
            .direct_api()
            .stream_rx(&ssrc)
            .map(|stream| stream.mid())
    }

    pub(crate) fn place_of(&self, mid: Mid) -> Option<usize> {
        self.places().iter().position(|place| place.mid == mid)
    }

    pub(crate) fn place_at(&self, slot: SlotId) -> Option<usize> {
        self.places().iter().position(|place| place.id == slot)
    }

    pub(crate) fn track(&self, mid: Mid) -> Option<(u64, Track)> {
        match &self.role {
            Role::Publisher { order, tracks, .. } => tracks
                .iter()
                .find(|track| track.mid == mid)
                .map(|track| (*order, *track)),
            Role::Wall { .. } => None,
        }
    }
}

impl Place {
    fn new(rtc: &mut Rtc, line: &Line, id: SlotId) -> Option<Place> {
        let ssrc = rtc.direct_api().stream_tx_by_mid(line.mid, None)?.ssrc();
        limit_resends(rtc, ssrc);
        let at_once = rtc
            .media(line.mid)?
            .remote_extmap()
            .id_of(Extension::PlayoutDelay)
            .is_some();
        // No playout delay: the browser shows a frame as soon as it is decoded.
        let delay = (at_once && line.kind == Kind::Video).then_some(MediaTime::ZERO);
        let extensions = ExtensionValues {
            play_delay_min: delay,
            play_delay_max: delay,
            ..ExtensionValues::default()
        };
        Some(Place {
            id,
            slot: Slot::default(),
            kind: line.kind,
            mid: line.mid,
            payload_type: line.payload_type,
            ssrc,
            extensions,
        })
    }
}

/// Replaces the store of sent packets by an empty one.
fn limit_resends(rtc: &mut Rtc, ssrc: Ssrc) {
    if let Some(stream) = rtc.direct_api().stream_tx(&ssrc) {
        stream.set_rtx_cache(RESEND_PACKETS, RESEND_SPAN, Some(RESEND_SHARE));
    }
}

/// The engine's own addresses.
pub(crate) struct Ways {
    reached: Reached,
    own: Vec<IpAddr>,
}

impl Ways {
    pub(crate) fn new(reached: Reached) -> Ways {
        let here = |ip: &IpAddr| std::net::UdpSocket::bind((*ip, 0)).is_ok();
        let own = reached.udp.iter().map(SocketAddr::ip);
        let own = own.filter(here).collect();
        Ways { reached, own }
    }

    /// The candidate that a datagram reached: behind a forwarding router its address is not the
    /// advertised one.
    pub(crate) fn reached(&self, to: Option<IpAddr>, from: Source) -> Option<SocketAddr> {
        let advertised = match from.protocol {
            Protocol::Tcp => &self.reached.tcp,
            // Nothing else is listened for.
            Protocol::Udp | Protocol::SslTcp | Protocol::Tls => &self.reached.udp,
        };
        let exact = advertised.iter().find(|address| Some(address.ip()) == to);
        let alike = || {
            advertised
                .iter()
                .find(|address| address.is_ipv4() == from.address.is_ipv4())
        };
        exact.or_else(alike).copied()
    }

    /// An address to send from, where it is this machine's.
    fn own(&self, ip: IpAddr) -> Option<IpAddr> {
        self.own.contains(&ip).then_some(ip)
    }
}
