//! The one UDP port: receives in batches, sends runs of equal packets in one call where the kernel can
//! (UDP GSO). It looks at no contents. The kernel's buffers are its only queues.

use mio::{Interest, Registry, Token, net::UdpSocket};
use quinn_udp::{BATCH_SIZE, RecvMeta, Transmit, UdpSockRef, UdpSocketState};
use socket2::{Domain, Protocol, Socket, Type};
use std::{
    io::{self, IoSliceMut},
    net::{IpAddr, Ipv6Addr, SocketAddr},
};

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
    pub(crate) fn bind(listen: SocketAddr, registry: &Registry) -> io::Result<Port> {
        let socket = Socket::new(
            Domain::for_address(listen),
            Type::DGRAM,
            Some(Protocol::UDP),
        )?;
        if listen.is_ipv6() {
            socket.set_only_v6(false)?;
        }
        enlarge(&socket);
        socket.bind(&listen.into())?;
        socket.set_nonblocking(true)?;
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
        })
    }

    pub(crate) fn local_addr(&self) -> SocketAddr {
        self.local
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
        };
        for (meta, bytes) in meta[..count]
            .iter()
            .zip(self.received.chunks_exact(RECEIVED_MOST))
        {
            let from = canonical(meta.addr);
            let to = meta.dst_ip.map(|ip| ip.to_canonical());
            for bytes in bytes[..meta.len].chunks(meta.stride.max(1)) {
                each(&mut sender, Datagram { from, to, bytes });
            }
        }
        true
    }

    pub(crate) fn sender(&mut self) -> Sender<'_> {
        Sender {
            socket: &self.socket,
            state: &self.state,
            local: self.local,
            run: &mut self.run,
        }
    }
}

/// What came in: from whom, at which of our addresses.
#[derive(Clone, Copy)]
pub(crate) struct Datagram<'a> {
    pub(crate) from: SocketAddr,
    pub(crate) to: Option<IpAddr>,
    pub(crate) bytes: &'a [u8],
}

/// The sending half, while a received batch is still being read.
pub(crate) struct Sender<'a> {
    socket: &'a UdpSocket,
    state: &'a UdpSocketState,
    local: SocketAddr,
    run: &'a mut Run,
}

impl Sender<'_> {
    /// Adds a datagram to the run for its peer, and sends what does not fit together. `from` only where
    /// that address is this machine's own.
    pub(crate) fn push(
        &mut self,
        to: SocketAddr,
        from: Option<IpAddr>,
        datagram: &[u8],
    ) -> Result<(), Overrun> {
        let way = (to, from);
        let sent = if self.fits(way, datagram.len()) {
            Ok(())
        } else {
            self.flush()
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
