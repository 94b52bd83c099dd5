//! The last place before the network: every socket of a media connection is wrapped, and what carries
//! picture or sound goes only while the valve lets it. Whatever the WebRTC library still has in its
//! queues, or is asked to send again, stays here; its goodbye may go.

use std::fmt;
use std::future::Future;
use std::io::{self, IoSliceMut};
use std::net::{SocketAddr, UdpSocket};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use webrtc::runtime::{
    AsyncInterval, AsyncTcpListener, AsyncTcpStream, AsyncUdpSocket, JoinHandle, RecvMeta, Runtime,
    TokioRuntime, Transmit,
};

use crate::valve::{Carries, Valve};

/// RTP's fixed header; its last four bytes name the source.
const HEADER: usize = 12;

/// What a media connection runs on: tokio, with guarded sockets and nothing but UDP.
#[derive(Debug)]
pub(super) struct Outlet {
    tokio: TokioRuntime,
    guard: Guard,
}

#[derive(Debug, Clone)]
struct Guard {
    valve: Arc<Valve>,
    /// The source that names sound, where there is any.
    sound: Option<u32>,
}

struct Guarded {
    socket: Arc<dyn AsyncUdpSocket>,
    guard: Guard,
}

impl Outlet {
    pub(super) fn new(valve: Arc<Valve>, sound: Option<u32>) -> Self {
        Self {
            tokio: TokioRuntime,
            guard: Guard { valve, sound },
        }
    }
}

impl Guard {
    /// What one datagram carries; `None` for the connection's own talk (RFC 7983, section 7).
    fn carries(&self, datagram: &[u8]) -> Option<Carries> {
        if !matches!(datagram.first(), Some(128..=191)) {
            return None;
        }
        // Reports name their source elsewhere; they go with the picture.
        let is_report = matches!(datagram.get(1), Some(192..=223));
        let source = datagram
            .get(8..HEADER)
            .and_then(|bytes| bytes.try_into().ok())
            .map(u32::from_be_bytes);
        if !is_report && source.is_some() && source == self.sound {
            Some(Carries::Sound)
        } else {
            Some(Carries::Picture)
        }
    }

    /// Hands over what may go. What may not is gone, and the library thinks that the network lost it.
    fn send(
        &self,
        transmit: &Transmit<'_>,
        hand_over: impl FnOnce() -> Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        let size = transmit.segment_size.unwrap_or(transmit.contents.len());
        let carried = || {
            let datagrams = transmit.contents.chunks(size.max(1));
            datagrams.filter_map(|datagram| self.carries(datagram))
        };
        if carried().next().is_none() {
            return hand_over();
        }
        let sent = self.valve.pass(carried(), || {
            let sent = hand_over();
            if let Poll::Ready(Ok(bytes)) = &sent {
                self.valve.count(*bytes);
            }
            sent
        });
        sent.unwrap_or(Poll::Ready(Ok(transmit.contents.len())))
    }
}

impl AsyncUdpSocket for Guarded {
    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    fn max_gso_segments(&self) -> usize {
        self.socket.max_gso_segments()
    }

    fn max_gro_segments(&self) -> usize {
        self.socket.max_gro_segments()
    }

    fn poll_send(&self, cx: &mut Context<'_>, transmit: &Transmit<'_>) -> Poll<io::Result<usize>> {
        self.guard
            .send(transmit, || self.socket.poll_send(cx, transmit))
    }

    fn poll_recv(
        &self,
        cx: &mut Context<'_>,
        bufs: &mut [IoSliceMut<'_>],
        meta: &mut [RecvMeta],
    ) -> Poll<io::Result<usize>> {
        self.socket.poll_recv(cx, bufs, meta)
    }
}

impl fmt::Debug for Guarded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Guarded").field(&self.socket).finish()
    }
}

type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// No TCP: it would be a way around the valve, and nothing here asks for it.
impl Runtime for Outlet {
    fn spawn(&self, future: Boxed<'static, ()>) -> Box<dyn JoinHandle> {
        self.tokio.spawn(future)
    }

    fn wrap_udp_socket(&self, socket: UdpSocket) -> io::Result<Arc<dyn AsyncUdpSocket>> {
        Ok(Arc::new(Guarded {
            socket: self.tokio.wrap_udp_socket(socket)?,
            guard: self.guard.clone(),
        }))
    }

    fn wrap_tcp_listener(&self, _: std::net::TcpListener) -> io::Result<Arc<dyn AsyncTcpListener>> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn connect_tcp<'a>(&'a self, _: SocketAddr) -> Boxed<'a, io::Result<Arc<dyn AsyncTcpStream>>> {
        Box::pin(async { Err(io::ErrorKind::Unsupported.into()) })
    }

    fn resolve_host<'a>(&'a self, host: &'a str) -> Boxed<'a, io::Result<Vec<SocketAddr>>> {
        self.tokio.resolve_host(host)
    }

    fn sleep(&self, duration: Duration) -> Boxed<'static, ()> {
        self.tokio.sleep(duration)
    }

    fn interval(&self, period: Duration) -> Box<dyn AsyncInterval> {
        self.tokio.interval(period)
    }

    fn block_on(&self, future: Pin<Box<dyn Future<Output = ()> + '_>>) {
        self.tokio.block_on(future);
    }

    fn yield_now(&self) -> Boxed<'static, ()> {
        self.tokio.yield_now()
    }

    fn name(&self) -> &'static str {
        "outlet"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOUND: u32 = 7;

    fn rtp(source: u32) -> Vec<u8> {
        let mut packet = vec![0x80, 96, 0, 0, 0, 0, 0, 0];
        packet.extend(source.to_be_bytes());
        packet.extend([0; 88]);
        packet
    }

    /// Whether these datagrams, in one call, reach the network.
    fn goes(guard: &Guard, contents: &[u8], segment_size: Option<usize>) -> bool {
        let transmit = Transmit {
            destination: SocketAddr::from(([127, 0, 0, 1], 9)),
            ecn: None,
            contents,
            segment_size,
            src_ip: None,
        };
        let mut gone = false;
        let sent = guard.send(&transmit, || {
            gone = true;
            Poll::Ready(Ok(contents.len()))
        });
        assert!(matches!(sent, Poll::Ready(Ok(bytes)) if bytes == contents.len()));
        gone
    }

    #[test]
    fn only_the_connections_own_talk_passes_a_shut_valve() {
        let guard = Guard {
            valve: Arc::default(),
            sound: Some(SOUND),
        };
        let report = [&[0x80, 200][..], &[0; 26]].concat();
        let (check, handshake) = ([0x00, 0x01, 0, 0], [22, 0xfe, 0xfd, 0]);
        assert!(goes(&guard, &check, None) && goes(&guard, &handshake, None));
        for media in [&rtp(1), &rtp(SOUND), &report, &vec![0x80]] {
            assert!(!goes(&guard, media, None));
        }
        assert_eq!(guard.valve.bytes_left(), 0);
        guard.valve.open(false);
        assert!(goes(&guard, &rtp(1), None) && goes(&guard, &report, None));
        assert!(!goes(&guard, &rtp(SOUND), None));
        assert_eq!(guard.valve.bytes_left(), 100 + 28);
    }

    #[test]
    fn one_call_with_many_packets_is_judged_by_all_of_them() {
        let guard = Guard {
            valve: Arc::default(),
            sound: Some(SOUND),
        };
        guard.valve.open(false);
        let mixed = [rtp(1), rtp(SOUND), rtp(1)].concat();
        assert!(!goes(&guard, &mixed, Some(100)));
        guard.valve.open(true);
        assert!(goes(&guard, &mixed, Some(100)));
    }
}
