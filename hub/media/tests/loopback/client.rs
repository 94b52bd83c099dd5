//! A publisher or a viewer for tests: a `str0m` session on its own socket and thread.

#[path = "wire.rs"]
pub(crate) mod wire;

use std::{
    net::{SocketAddr, TcpStream, UdpSocket},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
        mpsc,
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};
use str0m::{
    Candidate, Event, Input, Output, Rtc, RtcConfig,
    change::{SdpAnswer, SdpPendingOffer},
    media::{Direction, MediaKind, Mid},
    net::{Receive, TcpType},
    rtp::{Extension, RtpPacket, RtpWrite},
};
use tokio::sync::mpsc as async_mpsc;
use wire::Wire;

/// A session that has made its offer.
pub(crate) struct Offered {
    rtc: Rtc,
    wire: Wire,
    pending: SdpPendingOffer,
    pub(crate) sdp: String,
    pub(crate) mids: Vec<String>,
}

/// A packet that arrived, with the line it came on.
#[derive(Debug)]
pub(crate) struct Received {
    pub(crate) mid: String,
    pub(crate) packet: RtpPacket,
}

/// What to send: `(line, number, time, marker, payload)`.
pub(crate) type Sending = (String, u64, u32, bool, Vec<u8>);

pub(crate) struct Client {
    pub(crate) packets: async_mpsc::UnboundedReceiver<Received>,
    send: mpsc::Sender<Sending>,
    frozen: Arc<AtomicBool>,
    lose: Arc<AtomicU32>,
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

pub(crate) fn offer(lines: &[(MediaKind, Direction)]) -> Offered {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let candidate = Candidate::host(socket.local_addr().unwrap(), "udp").unwrap();
    offer_on(Wire::udp(socket), candidate, lines)
}

/// From a network without UDP.
pub(crate) fn offer_over_tcp(engine: SocketAddr, lines: &[(MediaKind, Direction)]) -> Offered {
    let stream = TcpStream::connect(engine).unwrap();
    let candidate = Candidate::builder()
        .tcp()
        .host(stream.local_addr().unwrap())
        .tcptype(TcpType::Active)
        .build()
        .unwrap();
    offer_on(Wire::tcp(stream), candidate, lines)
}

fn offer_on(wire: Wire, candidate: Candidate, lines: &[(MediaKind, Direction)]) -> Offered {
    let mut rtc = RtcConfig::new()
        .set_rtp_mode(true)
        .set_extension(5, Extension::PlayoutDelay)
        .build(Instant::now());
    rtc.add_local_candidate(candidate);
    let mut api = rtc.sdp_api();
    let mids = lines
        .iter()
        .map(|(kind, direction)| {
            api.add_media(*kind, *direction, None, None, None)
                .to_string()
        })
        .collect();
    let (offer, pending) = api.apply().unwrap();
    Offered {
        rtc,
        wire,
        pending,
        sdp: offer.to_sdp_string(),
        mids,
    }
}

impl Offered {
    pub(crate) fn connect(mut self, answer: &str) -> Client {
        let answer = SdpAnswer::from_sdp_string(answer).unwrap();
        self.rtc
            .sdp_api()
            .accept_answer(self.pending, answer)
            .unwrap();
        let (send, to_send) = mpsc::channel();
        let (arrived, packets) = async_mpsc::unbounded_channel();
        let frozen = Arc::new(AtomicBool::new(false));
        let over = Arc::new(AtomicBool::new(false));
        let lose = Arc::new(AtomicU32::new(0));
        let mut run = Running {
            rtc: self.rtc,
            wire: self.wire,
            to_send,
            arrived,
            frozen: Arc::clone(&frozen),
            lose: Arc::clone(&lose),
            over: Arc::clone(&over),
        };
        let thread = Some(thread::spawn(move || run.run()));
        Client {
            packets,
            send,
            frozen,
            lose,
            over,
            thread,
        }
    }
}

impl Client {
    pub(crate) fn send(&self, sending: Sending) {
        self.send.send(sending).unwrap();
    }

    /// The network loses the next datagrams that come.
    pub(crate) fn lose(&self, datagrams: u32) {
        self.lose.store(datagrams, Ordering::Relaxed);
    }

    /// From now on it neither reads nor writes, as if its cable were cut.
    pub(crate) fn freeze(&self) {
        self.frozen.store(true, Ordering::Relaxed);
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        self.thread.take().unwrap().join().unwrap();
    }
}

struct Running {
    rtc: Rtc,
    wire: Wire,
    to_send: mpsc::Receiver<Sending>,
    arrived: async_mpsc::UnboundedSender<Received>,
    frozen: Arc<AtomicBool>,
    lose: Arc<AtomicU32>,
    over: Arc<AtomicBool>,
}

impl Running {
    fn run(&mut self) {
        let mut buffer = vec![0; 2000];
        while !self.over.load(Ordering::Relaxed) && self.rtc.is_alive() {
            if self.frozen.load(Ordering::Relaxed) {
                thread::sleep(Duration::from_millis(5));
                continue;
            }
            while let Ok(sending) = self.to_send.try_recv() {
                self.write(sending);
            }
            self.rtc
                .handle_input(Input::Timeout(Instant::now()))
                .unwrap();
            self.drain();
            if let Some((length, from)) = self.wire.receive(&mut buffer)
                && !self.loses()
                && let Ok(receive) = Receive::new(
                    self.wire.protocol(),
                    from,
                    self.wire.local(),
                    &buffer[..length],
                )
            {
                self.rtc
                    .handle_input(Input::Receive(Instant::now(), receive))
                    .unwrap();
                self.drain();
            }
        }
        self.rtc.close().unwrap();
        self.drain();
    }

    fn loses(&self) -> bool {
        self.lose
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
                left.checked_sub(1)
            })
            .is_ok()
    }

    fn write(&mut self, (mid, seq, time, marker, payload): Sending) {
        let mid = Mid::from(mid.as_str());
        let pt = self.rtc.media(mid).unwrap().remote_pts()[0];
        let mut api = self.rtc.direct_api();
        let stream = api.stream_tx_by_mid(mid, None).unwrap();
        let write = RtpWrite::new(pt, seq.into(), time, Instant::now(), payload);
        stream.write_rtp(write.marker(marker).nackable(true));
    }

    fn drain(&mut self) {
        loop {
            match self.rtc.poll_output().unwrap() {
                Output::Timeout(_) => return,
                Output::Transmit(transmit) => {
                    self.wire.send(&transmit.contents, transmit.destination);
                }
                Output::Event(Event::RtpPacket(packet)) => {
                    let ssrc = packet.header.ssrc;
                    let mid = self
                        .rtc
                        .direct_api()
                        .stream_rx(&ssrc)
                        .unwrap()
                        .mid()
                        .to_string();
                    let _ = self.arrived.send(Received { mid, packet });
                }
                Output::Event(_) => {}
            }
        }
    }
}
