//! One stream as it comes in: counters unwrapped, duplicates dropped, restarts noticed, the packets
//! since the last key frame kept. It does not know who watches.

use crate::{
    cache::{Cache, KeyFrame, Stored},
    extend::{Extender, Seen, WINDOW},
    h264::Content,
    packet::{Kind, Moment, Packet},
};
use std::time::Duration;

/// A jump in sequence numbers past this is a restart, not loss: more than a 2 Mbit/s camera sends in
/// 4 s, and the receivers would give up on such a gap anyway.
const LARGEST_GAP: u64 = WINDOW;
/// So many packets in a row from far behind are a publisher that counts anew; fewer are answers to old
/// retransmission requests.
const STALE_RUN: u32 = 32;

/// A stream without a packet for this long does not start anybody; the slowest cameras send a picture
/// a second.
const STALE_AFTER: Duration = Duration::from_secs(2);

/// A stream and its key-frame cache. Lives as long as the hub knows the camera, over any number of
/// publishers.
#[derive(Clone, Debug)]
pub struct Stream {
    kind: Kind,
    epoch: u64,
    run: Run,
    last_packet: Option<Moment>,
    last_key: Option<Moment>,
}

/// What belongs to one uninterrupted numbering of the publisher.
#[derive(Clone, Debug, Default)]
struct Run {
    source: Option<u32>,
    seq: Extender<16>,
    timestamp: Extender<32>,
    seen: Seen,
    stale: u32,
    cache: Cache,
}

/// A packet that was accepted, on its way to the slots.
#[derive(Clone, Debug)]
pub struct Taken {
    pub(crate) epoch: u64,
    pub(crate) packet: Stored,
    /// It begins a key frame: slots that wait can start.
    pub key_frame: bool,
}

impl Stream {
    pub fn new(kind: Kind) -> Stream {
        Stream {
            kind,
            epoch: 0,
            run: Run::default(),
            last_packet: None,
            last_key: None,
        }
    }

    /// Takes a packet; `None` for duplicates and for what is too old to be of use.
    pub fn take(&mut self, packet: Packet, now: Moment) -> Option<Taken> {
        if self.run.begins_anew(&packet) {
            self.restart();
        }
        if self.last_packet.is_some() && !self.is_fresh(now) {
            // What comes now follows a silence; a start must not show what was before it.
            self.run.cache.clear();
        }
        let run = &mut self.run;
        run.source = Some(packet.source);
        let (seq, _) = run.seq.extend(u64::from(packet.seq));
        if !run.seen.mark(seq) {
            return None;
        }
        run.stale = 0;
        let (timestamp, _) = run.timestamp.extend(u64::from(packet.timestamp));
        run.seq.accept(seq);
        run.timestamp.accept(timestamp);
        self.last_packet = Some(now);

        let content = match self.kind {
            Kind::Video => Content::of(&packet.payload),
            Kind::Audio => Content::default(),
        };
        let stored = Stored {
            seq,
            timestamp,
            marker: packet.marker,
            content,
            payload: packet.payload,
        };
        let key_frame = self.kind == Kind::Video && run.cache.push(stored.clone());
        if key_frame {
            self.last_key = Some(now);
        }
        Some(Taken {
            epoch: self.epoch,
            packet: stored,
            key_frame,
        })
    }

    /// Forgets everything of the present publisher: no picture from before is ever shown again.
    pub fn restart(&mut self) {
        self.epoch += 1;
        self.run = Run::default();
        self.last_key = None;
    }

    pub fn kind(&self) -> Kind {
        self.kind
    }

    pub fn key_frame(&self) -> Option<KeyFrame> {
        self.run.cache.key()
    }

    /// Whether the cache has a key frame and misses nothing since.
    pub fn is_whole(&self) -> bool {
        self.run.cache.is_whole()
    }

    pub fn cached_bytes(&self) -> usize {
        self.run.cache.bytes()
    }

    pub fn last_packet(&self) -> Option<Moment> {
        self.last_packet
    }

    /// Whether the cache ends at the present: a picture from before is never shown as live.
    pub fn is_fresh(&self, now: Moment) -> bool {
        self.last_packet
            .is_some_and(|packet| now.since(packet) < STALE_AFTER)
    }

    pub fn last_key_frame(&self) -> Option<Moment> {
        self.last_key
    }

    pub(crate) fn epoch(&self) -> u64 {
        self.epoch
    }

    pub(crate) fn cache(&self) -> &Cache {
        &self.run.cache
    }
}

impl Run {
    fn begins_anew(&mut self, packet: &Packet) -> bool {
        let (_, ahead) = self.seq.extend(u64::from(packet.seq));
        if ahead <= -LARGEST_GAP.cast_signed() {
            self.stale += 1;
        }
        self.source.is_some_and(|known| known != packet.source)
            || ahead > LARGEST_GAP.cast_signed()
            || self.stale >= STALE_RUN
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn packet(source: u32, seq: u16, head: u8) -> Packet {
        Packet {
            source,
            seq,
            timestamp: u32::from(seq) * 3600,
            marker: true,
            payload: vec![head, 1].into(),
        }
    }

    #[test]
    fn another_source_starts_the_stream_again() {
        let mut stream = Stream::new(Kind::Video);
        assert!(
            stream
                .take(packet(1, 500, 0x65), Moment(0))
                .unwrap()
                .key_frame
        );
        let taken = stream.take(packet(2, 501, 0x41), Moment(1)).unwrap();
        assert_eq!(taken.epoch, 1);
        assert!(
            stream.key_frame().is_none(),
            "the old publisher's picture is gone"
        );
    }

    #[test]
    fn duplicates_and_stale_packets_are_dropped() {
        let mut stream = Stream::new(Kind::Video);
        assert!(stream.take(packet(1, 2000, 0x65), Moment(0)).is_some());
        assert!(stream.take(packet(1, 2000, 0x65), Moment(0)).is_none());
        assert!(
            stream.take(packet(1, 1999, 0x41), Moment(0)).is_some(),
            "late, but new"
        );
        assert!(
            stream
                .take(packet(1, 2000 - 1024, 0x41), Moment(0))
                .is_none(),
            "too old to tell"
        );
        assert_eq!(stream.epoch(), 0);
        let anew = (0..40)
            .filter_map(|n| stream.take(packet(1, n, 0x41), Moment(0)))
            .count();
        assert_eq!(
            (anew, stream.epoch()),
            (10, 1),
            "a publisher that counts anew is believed after a while"
        );
    }
}
