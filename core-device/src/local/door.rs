//! The page's front door: so many visits at once, so many from one address, and none that lasts. Whoever
//! floods it from one machine leaves room for a STOP from every other. What is asked is not its business.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::serve::Listener;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Sleep, sleep};

/// Between two tries to take a connection when the system has none to give.
const RETRY: Duration = Duration::from_secs(1);

#[derive(Clone, Copy)]
pub(super) struct Bounds {
    /// A house has fewer phones and buttons.
    pub(super) visits: usize,
    /// A browser opens six.
    pub(super) of_one_address: usize,
    /// Twice what a press may take on a slow disk. A page that stays open comes again.
    pub(super) lasts: Duration,
    /// Head and body of several requests.
    pub(super) bytes: usize,
}

pub(super) const BOUNDS: Bounds = Bounds {
    visits: 64,
    of_one_address: 8,
    lasts: Duration::from_secs(20),
    bytes: 64 * 1024,
};

pub(super) struct Door {
    listener: TcpListener,
    bounds: Bounds,
    inside: Inside,
}

/// Who is here now, and how often.
#[derive(Clone, Default)]
struct Inside(Arc<Mutex<BTreeMap<IpAddr, usize>>>);

/// One of the visits; leaves with the connection.
struct Seat {
    inside: Inside,
    address: IpAddr,
}

/// A connection that ends when its time or its words are used up.
pub(super) struct Visit {
    stream: TcpStream,
    until: Pin<Box<Sleep>>,
    bytes_left: usize,
    _seat: Seat,
}

impl Door {
    pub(super) fn new(listener: TcpListener, bounds: Bounds) -> Self {
        Self {
            listener,
            bounds,
            inside: Inside::default(),
        }
    }
}

impl Listener for Door {
    type Io = Visit;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Visit, SocketAddr) {
        loop {
            let (stream, from) = match self.listener.accept().await {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(%error, "the local page cannot take a connection");
                    sleep(RETRY).await;
                    continue;
                }
            };
            // Whoever finds no seat is turned away at once, and may come again.
            if let Some(seat) = self.inside.take(from.ip().to_canonical(), self.bounds) {
                let visit = Visit {
                    stream,
                    until: Box::pin(sleep(self.bounds.lasts)),
                    bytes_left: self.bounds.bytes,
                    _seat: seat,
                };
                return (visit, from);
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

impl Inside {
    fn take(&self, address: IpAddr, bounds: Bounds) -> Option<Seat> {
        let mut inside = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let here = inside.get(&address).copied().unwrap_or(0);
        if here >= bounds.of_one_address || inside.values().sum::<usize>() >= bounds.visits {
            return None;
        }
        inside.insert(address, here + 1);
        Some(Seat {
            inside: self.clone(),
            address,
        })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut inside = self.inside.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(here) = inside.get_mut(&self.address) {
            *here -= 1;
            if *here == 0 {
                inside.remove(&self.address);
            }
        }
    }
}

impl Visit {
    pub(super) fn hurry(&mut self) {
        if let Err(error) = self.stream.set_nodelay(true) {
            tracing::debug!(%error, "a small answer may wait for the next");
        }
    }

    fn is_over(&mut self, cx: &mut Context<'_>) -> bool {
        self.bytes_left == 0 || self.until.as_mut().poll(cx).is_ready()
    }
}

fn over<T>() -> Poll<io::Result<T>> {
    Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
}

impl AsyncRead for Visit {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.is_over(cx) {
            return over();
        }
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buf))?;
        let read = buf.filled().len() - before;
        self.bytes_left = self.bytes_left.saturating_sub(read);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Visit {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.until.as_mut().poll(cx).is_ready() {
            return over();
        }
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    async fn door(bounds: Bounds) -> (Door, SocketAddr) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        (Door::new(listener, bounds), address)
    }

    #[tokio::test]
    async fn who_drips_is_cut_and_who_says_too_much_too() {
        let bounds = Bounds {
            lasts: Duration::from_millis(50),
            ..BOUNDS
        };
        let (mut door, address) = door(bounds).await;
        let _silent = TcpStream::connect(address).await.unwrap();
        let (mut visit, _) = door.accept().await;
        let cut = visit.read_u8().await.unwrap_err();
        assert_eq!(cut.kind(), io::ErrorKind::TimedOut);

        let bounds = Bounds { bytes: 4, ..BOUNDS };
        let (mut door, address) = self::door(bounds).await;
        let mut talker = TcpStream::connect(address).await.unwrap();
        talker.write_all(b"GET / HTTP/1.1").await.unwrap();
        let (mut visit, _) = door.accept().await;
        let mut said = Vec::new();
        assert!(visit.read_to_end(&mut said).await.is_err());
    }

    #[tokio::test]
    async fn one_address_cannot_take_every_seat_and_gets_its_own_back() {
        let (inside, bounds) = (Inside::default(), BOUNDS);
        let [flood, phone] = ["192.168.1.66", "192.168.1.5"].map(|ip| ip.parse().unwrap());
        let seats: Vec<_> = std::iter::from_fn(|| inside.take(flood, bounds)).collect();
        assert_eq!(seats.len(), bounds.of_one_address);
        assert!(inside.take(phone, bounds).is_some(), "STOP is still there");
        drop(seats);
        assert!(inside.take(flood, bounds).is_some());
    }
}
