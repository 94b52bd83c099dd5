//! The hub's handle on the driver thread: sends commands, waits until they took effect, hands out the
//! facts. It holds no media state.

use crate::{
    command::{Command, Ordered, Reply},
    driver::Driver,
    error::MediaError,
    fact::{Fact, PublisherId, SlotId, WallId},
    identity::Identity,
    offer,
    port::{self, Port},
    tcp::{self, TcpPort},
};
use assent_sfu::StreamId;
use mio::{Poll, Token, Waker};
use std::{
    io,
    net::{IpAddr, SocketAddr},
    str::FromStr,
    sync::{Arc, Mutex, PoisonError},
    thread,
};
use tokio::sync::{mpsc, oneshot};

/// Commands that wait for the driver: each costs it microseconds, and their senders wait for the answer,
/// so that this many are only there when hundreds of operators act in the same millisecond.
const COMMANDS: usize = 1_024;
/// Facts that wait for the hub: a wall of 36 tiles that opens makes about a hundred.
const FACTS: usize = 8_192;

pub(crate) const WAKE: Token = Token(0);

/// Where media is listened for and under which addresses it is reached.
#[derive(Clone, Debug)]
pub struct MediaConfig {
    /// Port 0 takes a free one; see [`Engine::local_addr`].
    pub listen: SocketAddr,
    pub tcp_listen: TcpListen,
    /// Addresses for the candidates. None: the address that is listened on, or, with a wildcard, the one
    /// that this machine routes through, and loopback.
    pub advertise: Vec<IpAddr>,
}

/// Where connections are taken from peers whose network blocks UDP.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TcpListen {
    /// The address and port number of UDP, as long as nobody else listens there.
    #[default]
    Beside,
    At(SocketAddr),
    Off,
}

/// The running engine. Clones are handles on the same one; it stops with the last of them.
#[derive(Clone)]
pub struct Engine {
    inner: Arc<Inner>,
}

struct Inner {
    commands: mpsc::Sender<Ordered>,
    waker: Waker,
    facts: Mutex<Option<mpsc::Receiver<Fact>>>,
    identity: Identity,
    local: SocketAddr,
    tcp: Option<SocketAddr>,
}

impl Engine {
    pub fn start(config: MediaConfig) -> io::Result<Engine> {
        let poll = Poll::new()?;
        let waker = Waker::new(poll.registry(), WAKE)?;
        let socket = port::open(config.listen)?;
        let local = socket
            .local_addr()?
            .as_socket()
            .ok_or(io::ErrorKind::AddrNotAvailable)?;
        let listener = config.tcp_listen.open(local)?;
        let tcp = listener
            .as_ref()
            .map(std::net::TcpListener::local_addr)
            .transpose()?;
        let port = Port::new(
            socket,
            TcpPort::new(listener, poll.registry())?,
            poll.registry(),
        )?;
        let identity = Identity::new(local, tcp, &config.advertise)?;
        let (commands, ordered) = mpsc::channel(COMMANDS);
        let (tell, facts) = mpsc::channel(FACTS);
        let driver = Driver::new(poll, port, identity.reached().clone(), ordered, tell);
        thread::Builder::new()
            .name("media".into())
            .spawn(move || driver.run())?;
        let facts = Mutex::new(Some(facts));
        Ok(Engine {
            inner: Arc::new(Inner {
                commands,
                waker,
                facts,
                identity,
                local,
                tcp,
            }),
        })
    }

    /// The address that is really listened on.
    pub fn local_addr(&self) -> SocketAddr {
        self.inner.local
    }

    /// Where connections are taken, if they are.
    pub fn tcp_addr(&self) -> Option<SocketAddr> {
        self.inner.tcp
    }

    /// The facts, for their one reader; `None` when somebody has them already.
    pub fn facts(&self) -> Option<mpsc::Receiver<Fact>> {
        self.inner
            .facts
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }

    /// Takes exactly the named tracks from a device: `(mid, stream)` each. An earlier connection under
    /// the same id is closed. Returns the answer.
    pub async fn publish(
        &self,
        publisher: PublisherId,
        offer: &str,
        tracks: &[(String, StreamId)],
    ) -> Result<String, MediaError> {
        let (session, tracks) = offer::publisher(&self.inner.identity, offer, tracks)?;
        let answer = session.answer.clone();
        self.order(Command::Publish {
            publisher,
            session,
            tracks,
        })
        .await?;
        Ok(answer)
    }

    /// Opens a wall: every video line is a slot, every audio line one for sound, all empty. An earlier
    /// connection under the same id is closed. Returns the answer.
    pub async fn open_wall(&self, wall: WallId, offer: &str) -> Result<String, MediaError> {
        let session = offer::wall(&self.inner.identity, offer)?;
        let answer = session.answer.clone();
        self.order(Command::OpenWall { wall, session }).await?;
        Ok(answer)
    }

    /// Shows a stream in a slot, at once from the key-frame cache, or nothing. When it returns, no
    /// packet of what was shown before goes out any more. `token` comes back in [`Fact::FirstFrame`].
    pub async fn show(
        &self,
        wall: WallId,
        slot: SlotId,
        stream: Option<StreamId>,
        token: u64,
    ) -> Reply {
        self.order(Command::Show {
            wall,
            slot,
            stream,
            token,
        })
        .await
    }

    /// Stops or resumes what a slot shows; resumed, it starts with a picture from the cache.
    pub async fn pause(&self, wall: WallId, slot: SlotId, paused: bool) -> Reply {
        self.order(Command::Pause { wall, slot, paused }).await
    }

    pub async fn close_publisher(&self, publisher: PublisherId) -> Reply {
        self.order(Command::ClosePublisher { publisher }).await
    }

    pub async fn close_wall(&self, wall: WallId) -> Reply {
        self.order(Command::CloseWall { wall }).await
    }

    /// Ends a stream for everybody: when it returns, no packet of it goes out, it is taken from no
    /// publisher until one is answered anew, and nothing of it is kept.
    pub async fn drop_stream(&self, stream: StreamId) -> Reply {
        self.order(Command::DropStream { stream }).await
    }

    /// Says goodbye to every peer and ends the thread.
    pub async fn stop(&self) -> Reply {
        self.order(Command::Stop).await
    }

    async fn order(&self, command: Command) -> Reply {
        let (done, answer) = oneshot::channel();
        let ordered = Ordered { command, done };
        self.inner
            .commands
            .send(ordered)
            .await
            .map_err(|_| MediaError::Stopped)?;
        self.inner.wake();
        answer.await.unwrap_or(Err(MediaError::Stopped))
    }
}

impl FromStr for TcpListen {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "beside" => Ok(TcpListen::Beside),
            "off" => Ok(TcpListen::Off),
            address => address
                .parse()
                .map(TcpListen::At)
                .map_err(|_| "neither \"beside\" nor \"off\" nor an address with a port"),
        }
    }
}

impl TcpListen {
    fn open(self, udp: SocketAddr) -> io::Result<Option<std::net::TcpListener>> {
        match self {
            TcpListen::Off => Ok(None),
            TcpListen::At(at) => tcp::listen(at).map(Some),
            TcpListen::Beside => Ok(tcp::listen(udp)
                .inspect_err(|error| {
                    tracing::warn!(%error, address = %udp, "no media over TCP: the port is taken");
                })
                .ok()),
        }
    }
}

impl Inner {
    fn wake(&self) {
        if let Err(error) = self.waker.wake() {
            tracing::error!(%error, "the media thread cannot be woken; it will look by itself");
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        // The driver ends when it finds the channel closed; wake it so that it looks.
        let (closed, _) = mpsc::channel(1);
        self.commands = closed;
        self.wake();
    }
}
