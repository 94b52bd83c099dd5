//! The link's door: takes connections and shakes hands, within bounds, before gRPC sees any of it. Turned
//! away is who comes while it is full; a device comes back by itself. Which device it is, and whether it
//! may attach, is not asked here.

use std::collections::BTreeMap;
use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::time::{Sleep, sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tonic::transport::server::{Connected, TcpConnectInfo, TlsConnectInfo};

use crate::world::Guarded;

/// Twice the devices that one hub is made for: after a cut all of them come back while the lost
/// connections still linger.
const MOST_CONNECTIONS: usize = 10_000;
/// Handshakes under way: some tens of KiB and a signature each.
const MOST_HANDSHAKES: usize = 512;
/// Of these from one address: a town's devices may share one router, a stranger must not take all.
pub(super) const MOST_HANDSHAKES_OF_ONE: usize = 64;
/// A device that has not finished its handshake by then is not one.
const HANDSHAKE_WITHIN: Duration = Duration::from_secs(10);
/// Without a certificate one can only enrol, and that is soon done.
const STRANGERS_STAY: Duration = Duration::from_secs(60);
/// Connections that were opened and then forgotten by the other side are found by this.
const TCP_KEEPALIVE: Duration = Duration::from_secs(30);
/// Shaken hands that wait for gRPC to take them.
const READY_QUEUE: usize = 64;
/// No file is left, most likely: one may be free again then.
const ACCEPT_AGAIN: Duration = Duration::from_millis(100);

pub(super) struct Door {
    pub(super) tls: TlsAcceptor,
    pub(super) tasks: TaskTracker,
    pub(super) draining: CancellationToken,
}

/// What bounds the door, shared by all that goes through it.
#[derive(Clone)]
struct Seats {
    connections: Arc<Semaphore>,
    handshakes: Arc<Semaphore>,
    of_one: Arc<Guarded<BTreeMap<IpAddr, usize>>>,
}

/// Held while hands are shaken.
struct Seat {
    seats: Seats,
    address: IpAddr,
    _handshake: OwnedSemaphorePermit,
}

/// A connection whose handshake is done. Its place is free again when it is dropped.
pub(super) struct Connection {
    stream: TlsStream<TcpStream>,
    until: Option<Pin<Box<Sleep>>>,
    _place: OwnedSemaphorePermit,
}

impl Door {
    /// Opens the door until draining.
    pub(super) fn open(self, listener: TcpListener) -> mpsc::Receiver<io::Result<Connection>> {
        let (ready, connections) = mpsc::channel(READY_QUEUE);
        self.tasks.clone().spawn(self.keep(listener, ready));
        connections
    }

    async fn keep(self, listener: TcpListener, ready: mpsc::Sender<io::Result<Connection>>) {
        let seats = Seats {
            connections: Arc::new(Semaphore::new(MOST_CONNECTIONS)),
            handshakes: Arc::new(Semaphore::new(MOST_HANDSHAKES)),
            of_one: Arc::default(),
        };
        loop {
            let accepted = tokio::select! {
                () = self.draining.cancelled() => return,
                accepted = listener.accept() => accepted,
            };
            let (stream, peer) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(%error, "a device's connection could not be taken");
                    sleep(ACCEPT_AGAIN).await;
                    continue;
                }
            };
            let Some((seat, place)) = seats.take(peer.ip().to_canonical()) else {
                tracing::debug!(%peer, "the link is full: a connection is turned away");
                continue;
            };
            let (tls, ready) = (self.tls.clone(), ready.clone());
            self.tasks.spawn(async move {
                let shaken = timeout(HANDSHAKE_WITHIN, shake(&tls, stream, place)).await;
                drop(seat);
                match shaken {
                    // Nobody takes it any more when the hub drains.
                    Ok(Ok(connection)) => drop(ready.send(Ok(connection)).await),
                    Ok(Err(error)) => tracing::debug!(%peer, %error, "a handshake failed"),
                    Err(_) => tracing::debug!(%peer, "a handshake took too long"),
                }
            });
        }
    }
}

async fn shake(
    tls: &TlsAcceptor,
    stream: TcpStream,
    place: OwnedSemaphorePermit,
) -> io::Result<Connection> {
    stream.set_nodelay(true)?;
    let keepalive = TcpKeepalive::new().with_time(TCP_KEEPALIVE);
    SockRef::from(&stream).set_tcp_keepalive(&keepalive)?;
    let stream = tls.accept(stream).await?;
    let stranger = stream.get_ref().1.peer_certificates().is_none();
    Ok(Connection {
        stream,
        until: stranger.then(|| Box::pin(sleep(STRANGERS_STAY))),
        _place: place,
    })
}

impl Seats {
    fn take(&self, address: IpAddr) -> Option<(Seat, OwnedSemaphorePermit)> {
        let place = Arc::clone(&self.connections).try_acquire_owned().ok()?;
        let handshake = Arc::clone(&self.handshakes).try_acquire_owned().ok()?;
        let mut of_one = self.of_one.lock();
        let own = of_one.entry(address).or_insert(0);
        if *own >= MOST_HANDSHAKES_OF_ONE {
            return None;
        }
        *own += 1;
        let seat = Seat {
            seats: self.clone(),
            address,
            _handshake: handshake,
        };
        Some((seat, place))
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut of_one = self.seats.of_one.lock();
        match of_one.get_mut(&self.address) {
            Some(own) if *own > 1 => *own -= 1,
            Some(_) | None => drop(of_one.remove(&self.address)),
        }
    }
}

impl Connected for Connection {
    type ConnectInfo = TlsConnectInfo<TcpConnectInfo>;

    fn connect_info(&self) -> Self::ConnectInfo {
        self.stream.connect_info()
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if let Some(until) = &mut self.until
            && until.as_mut().poll(cx).is_ready()
        {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        Pin::new(&mut self.stream).poll_read(cx, into)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
