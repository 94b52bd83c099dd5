//! The way in where UDP is blocked: peers connect to one TCP port (ICE-TCP, RFC 6544, passive side) and
//! every connection carries datagrams. It looks at no contents; whoever proves nothing is closed soon.

use crate::{framing::Outbox, port::Overrun};
use mio::{
    Interest, Registry, Token,
    event::Event,
    net::{TcpListener, TcpStream},
};
use slab::Slab;
use socket2::SockRef;
use std::{
    collections::HashMap,
    io::{self, ErrorKind, Read as _, Write as _},
    net::{IpAddr, SocketAddr},
    time::{Duration, Instant},
};

const LISTENER: Token = Token(2);
const FIRST_CONNECTION: usize = 3;
/// Connections at once: 50 operators with several pages each. UDP is for everybody else.
const CONNECTIONS: usize = 256;
/// New ones in one turn, so that a flood does not keep packets waiting.
const ACCEPTED_A_TURN: usize = 16;
/// From the connection to a STUN request that its session accepts: a browser sends it at once.
const PROVES_WITHIN: Duration = Duration::from_secs(5);
/// Browsers keep even the ways that they do not use alive more often than this.
const SILENT_AFTER: Duration = Duration::from_secs(45);
/// Bytes that the kernel holds for one peer (it doubles this): what is in there cannot be taken back.
const KERNEL_BUFFER: usize = 128 << 10;
/// Bytes from one connection in one turn.
const READ_MOST: usize = 16 << 10;

pub(crate) struct TcpPort {
    listener: Option<TcpListener>,
    registry: Registry,
    connections: Slab<Connection>,
    by_address: HashMap<SocketAddr, usize>,
    /// Somebody may wait to be accepted.
    knocking: bool,
    /// Connections that may have something to read.
    readable: Vec<usize>,
    /// Connections with something to write, now or since the kernel has room again.
    unsent: Vec<usize>,
    chunk: Vec<u8>,
}

struct Connection {
    stream: TcpStream,
    from: SocketAddr,
    at: IpAddr,
    inbox: Vec<u8>,
    outbox: Outbox,
    opened: Instant,
    /// Last time that a session took something from it.
    trusted: Option<Instant>,
}

/// What one connection brought, taken out while it is looked at.
pub(crate) struct Brought {
    pub(crate) key: usize,
    pub(crate) from: SocketAddr,
    pub(crate) at: IpAddr,
    pub(crate) bytes: Vec<u8>,
}

impl TcpPort {
    pub(crate) fn new(
        listener: Option<std::net::TcpListener>,
        registry: &Registry,
    ) -> io::Result<TcpPort> {
        let mut listener = listener.map(TcpListener::from_std);
        if let Some(listener) = &mut listener {
            registry.register(listener, LISTENER, Interest::READABLE)?;
        }
        Ok(TcpPort {
            listener,
            registry: registry.try_clone()?,
            connections: Slab::new(),
            by_address: HashMap::new(),
            knocking: false,
            readable: Vec::new(),
            unsent: Vec::new(),
            chunk: vec![0; READ_MOST],
        })
    }

    /// The kernel says that something can go on.
    pub(crate) fn notice(&mut self, event: &Event) {
        if event.token() == LISTENER {
            self.knocking = true;
            return;
        }
        let Some(key) = event.token().0.checked_sub(FIRST_CONNECTION) else {
            return;
        };
        if event.is_readable() || event.is_error() || event.is_read_closed() {
            once(&mut self.readable, key);
        }
        if event.is_writable() {
            once(&mut self.unsent, key);
        }
    }

    pub(crate) fn accept(&mut self, now: Instant) {
        for _ in 0..ACCEPTED_A_TURN {
            let Some(listener) = self.listener.as_ref().filter(|_| self.knocking) else {
                return;
            };
            match listener.accept() {
                Ok((stream, from)) => {
                    if let Err(error) = self.admit(stream, from, now) {
                        tracing::debug!(%error, "media connection could not be taken");
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => self.knocking = false,
                // They left already, or this process may open no more: tried again in the next turn.
                Err(_) => return,
            }
        }
    }

    fn admit(&mut self, mut stream: TcpStream, from: SocketAddr, now: Instant) -> io::Result<()> {
        if self.connections.len() >= CONNECTIONS && !self.make_way() {
            return Ok(());
        }
        stream.set_nodelay(true)?;
        SockRef::from(&stream).set_send_buffer_size(KERNEL_BUFFER)?;
        let at = stream.local_addr()?.ip().to_canonical();
        let from = SocketAddr::new(from.ip().to_canonical(), from.port());
        let entry = self.connections.vacant_entry();
        let token = Token(FIRST_CONNECTION + entry.key());
        self.registry
            .register(&mut stream, token, Interest::READABLE | Interest::WRITABLE)?;
        self.by_address.insert(from, entry.key());
        entry.insert(Connection {
            stream,
            from,
            at,
            inbox: Vec::new(),
            outbox: Outbox::default(),
            opened: now,
            trusted: None,
        });
        Ok(())
    }

    /// The oldest stranger goes, so that strangers cannot fill the door.
    fn make_way(&mut self) -> bool {
        let oldest = self
            .connections
            .iter()
            .filter(|(_, connection)| connection.trusted.is_none())
            .min_by_key(|(_, connection)| connection.opened)
            .map(|(key, _)| key);
        oldest.inspect(|key| self.close(*key)).is_some()
    }

    /// Closes those who prove nothing or have fallen silent.
    pub(crate) fn sweep(&mut self, now: Instant) {
        let gone = |connection: &Connection| match connection.trusted {
            None => now.saturating_duration_since(connection.opened) >= PROVES_WITHIN,
            Some(last) => now.saturating_duration_since(last) >= SILENT_AFTER,
        };
        let gone: Vec<usize> = self
            .connections
            .iter()
            .filter(|(_, connection)| gone(connection))
            .map(|(key, _)| key)
            .collect();
        for key in gone {
            self.close(key);
        }
    }

    pub(crate) fn readable(&mut self) -> Vec<usize> {
        std::mem::take(&mut self.readable)
    }

    pub(crate) fn has_more(&self) -> bool {
        !self.readable.is_empty()
    }

    /// What came since, with what was not whole before; [`TcpPort::keep`] takes the rest back.
    pub(crate) fn read(&mut self, key: usize) -> Option<Brought> {
        let connection = self.connections.get_mut(key)?;
        match connection.stream.read(&mut self.chunk) {
            Ok(count) if count > 0 => {
                once(&mut self.readable, key);
                let mut bytes = std::mem::take(&mut connection.inbox);
                bytes.extend_from_slice(&self.chunk[..count]);
                let (from, at) = (connection.from, connection.at);
                Some(Brought {
                    key,
                    from,
                    at,
                    bytes,
                })
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => None,
            Err(error) if error.kind() == ErrorKind::Interrupted => {
                once(&mut self.readable, key);
                None
            }
            Ok(_) | Err(_) => {
                self.close(key);
                None
            }
        }
    }

    /// Keeps what is not whole yet.
    pub(crate) fn keep(&mut self, key: usize, mut bytes: Vec<u8>, taken: usize) {
        if let Some(connection) = self.connections.get_mut(key) {
            bytes.drain(..taken);
            connection.inbox = bytes;
        }
    }

    /// A session took something that came from this address.
    pub(crate) fn trust(&mut self, address: SocketAddr, now: Instant) {
        if let Some(connection) = self.at_mut(address) {
            connection.trusted = Some(now);
        }
    }

    /// Adds a datagram to what waits for its peer; who is no longer connected gets nothing.
    pub(crate) fn push(&mut self, to: SocketAddr, datagram: &[u8]) -> Result<(), Overrun> {
        let Some(key) = self.by_address.get(&to).copied() else {
            return Ok(());
        };
        once(&mut self.unsent, key);
        self.connections
            .get_mut(key)
            .map_or(Ok(()), |connection| connection.outbox.push(datagram))
    }

    /// Writes what the kernel takes of all that waits.
    pub(crate) fn flush(&mut self) {
        while let Some(key) = self.unsent.pop() {
            if let Some(connection) = self.connections.get_mut(key)
                && connection.write().is_err()
            {
                self.close(key);
            }
        }
    }

    pub(crate) fn forget(&mut self, address: SocketAddr) {
        if let Some(connection) = self.at_mut(address) {
            connection.outbox.forget();
        }
    }

    pub(crate) fn is_crowded(&self, address: SocketAddr) -> bool {
        self.by_address
            .get(&address)
            .and_then(|key| self.connections.get(*key))
            .is_some_and(|connection| connection.outbox.is_crowded())
    }

    pub(crate) fn close(&mut self, key: usize) {
        if let Some(mut connection) = self.connections.try_remove(key) {
            self.by_address.remove(&connection.from);
            // Closing takes it out of the poll too; this only says so earlier.
            let _ = self.registry.deregister(&mut connection.stream);
        }
    }

    fn at_mut(&mut self, address: SocketAddr) -> Option<&mut Connection> {
        let key = self.by_address.get(&address)?;
        self.connections.get_mut(*key)
    }
}

impl Connection {
    /// Until the kernel has no more room; it says when it has some again.
    fn write(&mut self) -> io::Result<()> {
        while !self.outbox.front().is_empty() {
            match self.stream.write(self.outbox.front()) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(count) => self.outbox.taken(count),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

fn once(keys: &mut Vec<usize>, key: usize) {
    if !keys.contains(&key) {
        keys.push(key);
    }
}

/// Listens at this address, at once again after a restart.
pub(crate) fn listen(at: SocketAddr) -> io::Result<std::net::TcpListener> {
    // The standard library sets SO_REUSEADDR.
    let listener = std::net::TcpListener::bind(at)?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}
