//! The one UDP port: receives in batches, sends runs of equal packets in one call where the kernel can
//! (UDP GSO). It looks at no contents. The kernel's buffers are its only queues. What goes by TCP passes
//! through here on its way to [`TcpPort`].

use crate::{framing, tcp::TcpPort};
use mio::{Interest, Registry, Token, event::Event, net::UdpSocket};
use quinn_udp::{BATCH_SIZE, RecvMeta, Transmit, UdpSockRef, UdpSocketState};
use socket2::{Domain, Socket, Type};
use std::{
    io::{self, IoSliceMut},
    net::{IpAddr, Ipv6Addr, SocketAddr},
    time::Instant,
};
use str0m::net::Protocol;

pub(crate) const READABLE: Token = Token(1);
/// Kernel buffers: 200 publishers' key frames in, or 50 walls' starts out, within a few milliseconds.
const KERNEL_BUFFER: usize = 8 << 20;
/// A datagram, or a run of them that the kernel glued together.
const RECEIVED_MOST: usize = 65_535;
/// Bytes in one send: what fits an IP packet.
const SENT_MOST: usize = 65_000;

pub(crate) struct Port {
    socket: UdpSocket,
    state: UdpSocketState,
    local: SocketAddr,
    received: Vec<u8>,
    run: Run,
    tcp: TcpPort,
}

/// Datagrams for one peer that wait for their one call: all of one size, the last may be smaller.
#[derive(Default)]
struct Run {
    bytes: Vec<u8>,
    size: usize,
    closed: bool,
    to: Option<(SocketAddr, Option<IpAddr>)>,
}

/// The kernel took less than it was given; what did not fit is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Overrun;

impl Port {
    pub(crate) fn new(socket: Socket, tcp: TcpPort, registry: &Registry) -> io::Result<Port> {
        let mut socket = UdpSocket::from_std(socket.into());
        let state = UdpSocketState::new(UdpSockRef::from(&socket))?;
        let local = socket.local_addr()?;
        registry.register(&mut socket, READABLE, Interest::READABLE)?;
        let received = vec![0; RECEIVED_MOST * BATCH_SIZE];
        Ok(Port {
            socket,
            state,
            local,
            received,
            run: Run::default(),
            tcp,
        })
    }

    /// The kernel says that a connection can go on.
    pub(crate) fn notice(&mut self, event: &Event) {
        self.tcp.notice(event);
    }

    /// What only time brings to connections.
    pub(crate) fn sweep(&mut self, now: Instant) {
        self.tcp.sweep(now);
    }

    /// Nothing that waits for these peers goes out any more.
    pub(crate) fn forget(&mut self, sources: impl Iterator<Item = Source>) {
        for source in sources.filter(|source| source.protocol == Protocol::Tcp) {
            self.tcp.forget(source.address);
        }
    }

    /// One batch of datagrams: `each(from, to, bytes)`. False when there is nothing more to read.
    pub(crate) fn receive(&mut self, each: &mut impl FnMut(&mut Sender<'_>, Datagram<'_>)) -> bool {
        let mut meta = [RecvMeta::default(); BATCH_SIZE];
        let mut buffers = self
            .received
            .chunks_exact_mut(RECEIVED_MOST)
            .map(IoSliceMut::new);
        let mut buffers: [IoSliceMut<'_>; BATCH_SIZE] =
            std::array::from_fn(|_| buffers.next().unwrap_or_else(|| IoSliceMut::new(&mut [])));
        let count = match self
            .state
            .recv(UdpSockRef::from(&self.socket), &mut buffers, &mut meta)
        {
            Ok(count) => count,
            // Nothing there, or the answer to an earlier send; every turn tries again.
            Err(_) => return false,
        };
        let mut sender = Sender {
            socket: &self.socket,
            state: &self.state,
            local: self.local,
            run: &mut self.run,
            tcp: &mut self.tcp,
        };
        for (meta, bytes) in meta[..count]
            .iter()
            .zip(self.received.chunks_exact(RECEIVED_MOST))
        {
            let from = Source {
                protocol: Protocol::Udp,
                address: canonical(meta.addr),
            };
            let to = meta.dst_ip.map(|ip| ip.to_canonical());
            for bytes in bytes[..meta.len].chunks(meta.stride.max(1)) {
                each(&mut sender, Datagram { from, to, bytes });
            }
        }
        true
    }

    /// Accepts who waits, and reads what came by TCP, a bounded part of each connection. False when
    /// there is nothing more.
    pub(crate) fn receive_tcp(
        &mut self,
        now: Instant,
        each: &mut impl FnMut(&mut Sender<'_>, Datagram<'_>),
    ) -> bool {
        self.tcp.accept(now);
        for key in self.tcp.readable() {
            let Some(brought) = self.tcp.read(key) else {
                continue;
            };
            let (to, from) = (
                Some(brought.at),
                Source {
                    protocol: Protocol::Tcp,
                    address: brought.from,
                },
            );
            let mut sender = self.sender();
            let taken = framing::datagrams(&brought.bytes, |bytes| {
                each(&mut sender, Datagram { from, to, bytes });
            });
            match taken {
                Ok(taken) => self.tcp.keep(brought.key, brought.bytes, taken),
                Err(framing::TooLong) => self.tcp.close(brought.key),
            }
        }
        self.tcp.has_more()
    }

    pub(crate) fn sender(&mut self) -> Sender<'_> {
        Sender {
            socket: &self.socket,
            state: &self.state,
            local: self.local,
            run: &mut self.run,
            tcp: &mut self.tcp,
        }
    }
}

/// Where packets of a peer come from. Under one address, UDP and TCP may be two peers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Source {
    pub(crate) protocol: Protocol,
    pub(crate) address: SocketAddr,
}

/// What came in: from whom, at which of our addresses.
#[derive(Clone, Copy)]
pub(crate) struct Datagram<'a> {
    pub(crate) from: Source,
    pub(crate) to: Option<IpAddr>,
    pub(crate) bytes: &'a [u8],
}

/// The sending half, while a received batch is still being read.
pub(crate) struct Sender<'a> {
    socket: &'a UdpSocket,
    state: &'a UdpSocketState,
    local: SocketAddr,
    run: &'a mut Run,
    tcp: &'a mut TcpPort,
}

impl Sender<'_> {
    /// Adds a datagram to the run for its peer, and sends what does not fit together. `from` only where
    /// that address is this machine's own.
    pub(crate) fn push(
        &mut self,
        to: Source,
        from: Option<IpAddr>,
        datagram: &[u8],
    ) -> Result<(), Overrun> {
        if to.protocol == Protocol::Tcp {
            return self.tcp.push(to.address, datagram);
        }
        let to = to.address;
        let way = (to, from);
        let sent = if self.fits(way, datagram.len()) {
            Ok(())
        } else {
            self.flush_run()
        };
        if self.run.bytes.is_empty() {
            self.run.size = datagram.len();
            self.run.closed = false;
            self.run.to = Some(way);
        }
        self.run.closed |= datagram.len() < self.run.size;
        self.run.bytes.extend_from_slice(datagram);
        sent
    }

    /// Sends what waits.
    pub(crate) fn flush(&mut self) -> Result<(), Overrun> {
        self.tcp.flush();
        self.flush_run()
    }

    /// A session took something from there.
    pub(crate) fn trust(&mut self, source: Source, now: Instant) {
        if source.protocol == Protocol::Tcp {
            self.tcp.trust(source.address, now);
        }
    }

    /// So much waits for this peer that a cache should not add to it.
    pub(crate) fn is_crowded(&self, sources: &[Source]) -> bool {
        sources
            .iter()
            .filter(|source| source.protocol == Protocol::Tcp)
            .any(|source| self.tcp.is_crowded(source.address))
    }

    fn flush_run(&mut self) -> Result<(), Overrun> {
        let Some((to, from)) = self.run.to.take() else {
            return Ok(());
        };
        let transmit = Transmit {
            destination: self.outward(to),
            ecn: None,
            contents: &self.run.bytes,
            segment_size: (self.run.bytes.len() > self.run.size).then_some(self.run.size),
            src_ip: from,
        };
        let sent = self
            .state
            .try_send(UdpSockRef::from(self.socket), &transmit);
        self.run.bytes.clear();
        match sent {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Err(Overrun),
            // Unreachable, forbidden or too large for this path: as if the network had lost it.
            Ok(()) | Err(_) => Ok(()),
        }
    }

    fn fits(&self, way: (SocketAddr, Option<IpAddr>), length: usize) -> bool {
        let run = &self.run;
        run.bytes.is_empty()
            || (run.to == Some(way)
                && !run.closed
                && length <= run.size
                && run.bytes.len() + length <= SENT_MOST
                && run.bytes.len() / run.size.max(1) < self.state.max_gso_segments())
    }

    /// An IPv6 socket reaches IPv4 peers under mapped addresses.
    fn outward(&self, to: SocketAddr) -> SocketAddr {
        match to.ip() {
            IpAddr::V4(ip) if self.local.is_ipv6() => SocketAddr::new(
                Ipv6Addr::from(ip.to_ipv6_mapped().octets()).into(),
                to.port(),
            ),
            IpAddr::V4(_) | IpAddr::V6(_) => to,
        }
    }
}

/// The UDP socket at this address, with the largest buffers that the kernel gives.
pub(crate) fn open(listen: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(
        Domain::for_address(listen),
        Type::DGRAM,
        Some(socket2::Protocol::UDP),
    )?;
    if listen.is_ipv6() {
        socket.set_only_v6(false)?;
    }
    enlarge(&socket);
    socket.bind(&listen.into())?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

/// The kernel gives what its limits allow; with less, bursts are lost sooner.
fn enlarge(socket: &Socket) {
    for set in [Socket::set_recv_buffer_size, Socket::set_send_buffer_size] {
        if let Err(error) = set(socket, KERNEL_BUFFER) {
            tracing::warn!(%error, "media socket keeps its small kernel buffer");
        }
    }
    if let Ok(bytes) = socket.recv_buffer_size()
        && bytes < KERNEL_BUFFER
    {
        tracing::info!(
            bytes,
            wanted = KERNEL_BUFFER,
            "for many cameras, raise net.core.rmem_max and net.core.wmem_max"
        );
    }
}

fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}
