//! What a test's session sends and receives on: UDP, or one TCP connection with framed datagrams.

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream, UdpSocket},
    time::Duration,
};
use str0m::net::Protocol;

/// How long a session waits for a datagram before it looks at its timers.
const A_MOMENT: Option<Duration> = Some(Duration::from_millis(1));

pub(crate) enum Wire {
    Udp(UdpSocket),
    Tcp(TcpStream, Vec<u8>),
}

impl Wire {
    pub(crate) fn udp(socket: UdpSocket) -> Wire {
        socket.set_read_timeout(A_MOMENT).unwrap();
        Wire::Udp(socket)
    }

    pub(crate) fn tcp(stream: TcpStream) -> Wire {
        stream.set_read_timeout(A_MOMENT).unwrap();
        stream.set_nodelay(true).unwrap();
        Wire::Tcp(stream, Vec::new())
    }

    pub(crate) fn protocol(&self) -> Protocol {
        match self {
            Wire::Udp(_) => Protocol::Udp,
            Wire::Tcp(..) => Protocol::Tcp,
        }
    }

    pub(crate) fn local(&self) -> SocketAddr {
        match self {
            Wire::Udp(socket) => socket.local_addr().unwrap(),
            Wire::Tcp(stream, _) => stream.local_addr().unwrap(),
        }
    }

    pub(crate) fn send(&mut self, datagram: &[u8], to: SocketAddr) {
        match self {
            Wire::Udp(socket) => drop(socket.send_to(datagram, to)),
            Wire::Tcp(stream, _) => drop(stream.write_all(&framed(datagram))),
        }
    }

    pub(crate) fn receive(&mut self, into: &mut [u8]) -> Option<(usize, SocketAddr)> {
        let (stream, read) = match self {
            Wire::Udp(socket) => return socket.recv_from(into).ok(),
            Wire::Tcp(stream, read) => (stream, read),
        };
        if whole(read).is_none() {
            let mut chunk = [0; 4096];
            let count = stream.read(&mut chunk).ok()?;
            read.extend_from_slice(&chunk[..count]);
        }
        let length = whole(read)?;
        into[..length].copy_from_slice(&read[2..2 + length]);
        read.drain(..2 + length);
        Some((length, stream.peer_addr().unwrap()))
    }
}

pub(crate) fn framed(datagram: &[u8]) -> Vec<u8> {
    let length = u16::try_from(datagram.len()).unwrap();
    [&length.to_be_bytes(), datagram].concat()
}

/// The length of the first datagram, when all of it is there.
fn whole(read: &[u8]) -> Option<usize> {
    let length = usize::from(u16::from_be_bytes([*read.first()?, *read.get(1)?]));
    (read.len() >= 2 + length).then_some(length)
}
