//! Which streams there are, who sends each, and which slots show it. The decisions about packets are in
//! `assent-sfu`; nothing here touches a socket.

use crate::demux::PeerKey;
use assent_sfu::{KeyFrameRequests, Kind, Stream, StreamId};
use std::collections::HashMap;
use str0m::media::Mid;

/// A stream and its two sides.
pub(crate) struct Flow {
    pub(crate) stream: Stream,
    pub(crate) sender: Option<Sender>,
    pub(crate) seats: Vec<Seat>,
    pub(crate) requests: KeyFrameRequests,
    pub(crate) stalled: bool,
}

/// The peer whose packets are taken. Only a peer that was accepted later can take over, with its first
/// packet, so that a device that connects anew leaves no gap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sender {
    pub(crate) peer: PeerKey,
    pub(crate) order: u64,
    pub(crate) mid: Mid,
}

/// A slot of a wall.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seat {
    pub(crate) peer: PeerKey,
    pub(crate) place: usize,
}

#[derive(Default)]
pub(crate) struct Table {
    flows: HashMap<StreamId, Flow>,
}

impl Table {
    pub(crate) fn get_mut(&mut self, stream: StreamId) -> Option<&mut Flow> {
        self.flows.get_mut(&stream)
    }

    /// The flow of a stream; one that changed its kind has nothing in common with the old one.
    pub(crate) fn open(&mut self, stream: StreamId, kind: Kind) -> &mut Flow {
        let flow = self.flows.entry(stream).or_insert_with(|| Flow::new(kind));
        if flow.sender.is_none() && flow.stream.kind() != kind {
            flow.stream = Stream::new(kind);
        }
        flow
    }

    pub(crate) fn remove(&mut self, stream: StreamId) -> Option<Flow> {
        self.flows.remove(&stream)
    }

    /// Forgets a stream that nobody sends and nobody shows.
    pub(crate) fn tidy(&mut self, stream: StreamId) {
        if self
            .flows
            .get(&stream)
            .is_some_and(|flow| flow.sender.is_none() && flow.seats.is_empty())
        {
            self.flows.remove(&stream);
        }
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = (StreamId, &mut Flow)> {
        self.flows.iter_mut().map(|(stream, flow)| (*stream, flow))
    }

    pub(crate) fn len(&self) -> usize {
        self.flows.len()
    }
}

impl Flow {
    fn new(kind: Kind) -> Flow {
        Flow {
            stream: Stream::new(kind),
            sender: None,
            seats: Vec::new(),
            requests: KeyFrameRequests::default(),
            stalled: false,
        }
    }
}
