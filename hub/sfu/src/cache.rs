//! The packets of one stream since its last key frame, in order, bounded in bytes and time, so that a
//! viewer who comes later decodes at once. It does not parse payloads and knows no viewers.

use crate::{h264::Content, packet::Payload};
use std::collections::VecDeque;

/// Longest cache of one stream: 4 s of an 8 Mbit/s camera, with what it costs to keep a packet. Past it a
/// late viewer waits for the next key frame, as it would everywhere else.
pub const CACHE_BYTES: usize = 4 << 20;
/// Longest time a cache spans. A camera with a longer key-frame interval would make every start a
/// burst of hundreds of pictures.
pub const CACHE_SPAN_SECS: u64 = 12;
const CACHE_SPAN_TICKS: u64 = CACHE_SPAN_SECS * 90_000;

/// A packet under its extended number and time.
#[derive(Clone, Debug)]
pub(crate) struct Stored {
    pub(crate) seq: u64,
    pub(crate) timestamp: u64,
    pub(crate) marker: bool,
    pub(crate) content: Content,
    pub(crate) payload: Payload,
}

/// Where decoding can start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyFrame {
    /// First packet of its access unit, parameter sets included.
    pub(crate) first: u64,
    /// Names the key frame: a late parameter set can still move `first`.
    pub(crate) timestamp: u64,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Cache {
    packets: VecDeque<Stored>,
    bytes: usize,
    key: Option<KeyFrame>,
    newest_timestamp: u64,
}

impl Cache {
    /// Keeps a packet that is no duplicate. True when it begins a new key frame.
    pub(crate) fn push(&mut self, packet: Stored) -> bool {
        if self
            .key
            .is_some_and(|key| packet.seq < key.first && packet.timestamp < key.timestamp)
        {
            return false;
        }
        let (seq, timestamp, key) = (packet.seq, packet.timestamp, packet.content.key);
        self.insert(packet);
        let begun = key && self.key.is_none_or(|known| timestamp > known.timestamp);
        if begun {
            self.key = Some(KeyFrame {
                first: seq,
                timestamp,
            });
        }
        self.settle();
        self.bound();
        begun
    }

    pub(crate) fn key(&self) -> Option<KeyFrame> {
        self.key
    }

    pub(crate) fn newest_timestamp(&self) -> u64 {
        self.newest_timestamp
    }

    pub(crate) fn is_whole(&self) -> bool {
        let ends = self.packets.front().zip(self.packets.back());
        let numbers = ends.map_or(0, |(first, last)| last.seq - first.seq + 1);
        self.key.is_some() && numbers == self.packets.len() as u64
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// The first kept packet numbered `seq` or higher.
    pub(crate) fn at_or_after(&self, seq: u64) -> Option<&Stored> {
        self.packets
            .get(self.packets.partition_point(|kept| kept.seq < seq))
    }

    fn insert(&mut self, packet: Stored) {
        self.bytes += weight(&packet);
        self.newest_timestamp = self.newest_timestamp.max(packet.timestamp);
        let behind = self
            .packets
            .iter()
            .rev()
            .take_while(|kept| kept.seq > packet.seq)
            .count();
        self.packets.insert(self.packets.len() - behind, packet);
    }

    /// Moves the start back over what belongs to the key frame's access unit, gaps or not, and lets go
    /// of everything before it. Without a key frame only a preamble that may belong to the next is kept.
    fn settle(&mut self) {
        let Some(key) = self.key else {
            if self
                .packets
                .back()
                .is_some_and(|last| !last.content.preamble)
            {
                self.clear();
            }
            return;
        };
        let at = self.packets.partition_point(|kept| kept.seq < key.first);
        let belonging = self
            .packets
            .iter()
            .take(at)
            .rev()
            .take_while(|kept| kept.timestamp == key.timestamp || kept.content.preamble)
            .count();
        for _ in 0..at - belonging {
            if let Some(dropped) = self.packets.pop_front() {
                self.bytes -= weight(&dropped);
            }
        }
        let first = self.packets.front().map_or(key.first, |front| front.seq);
        self.key = Some(KeyFrame { first, ..key });
    }

    fn bound(&mut self) {
        let span = self
            .key
            .map_or(0, |key| self.newest_timestamp.saturating_sub(key.timestamp));
        if self.bytes > CACHE_BYTES || span > CACHE_SPAN_TICKS {
            self.clear();
        }
    }

    pub(crate) fn clear(&mut self) {
        self.packets.clear();
        self.bytes = 0;
        self.key = None;
    }
}

/// What a packet takes, so that a flood of tiny ones is bounded too.
fn weight(packet: &Stored) -> usize {
    size_of::<Stored>() + packet.payload.len()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn packet(seq: u64, timestamp: u64, head: u8) -> Stored {
        let payload: Payload = vec![head, 0x85, 0, 0].into();
        Stored {
            seq,
            timestamp,
            marker: false,
            content: Content::of(&payload),
            payload,
        }
    }
    const SPS: u8 = 0x67;
    const IDR: u8 = 0x65;
    const SLICE: u8 = 0x41;

    #[test]
    fn it_starts_at_the_parameter_sets_of_the_key_frame() {
        let mut cache = Cache::default();
        cache.push(packet(9, 0, SLICE));
        cache.push(packet(10, 3600, SPS));
        cache.push(packet(11, 3600, 0x68));
        assert!(cache.push(packet(12, 3600, IDR)));
        assert!(
            !cache.push(packet(13, 3600, IDR)),
            "a second slice begins nothing"
        );
        cache.push(packet(14, 7200, SLICE));
        assert_eq!(cache.key().unwrap().first, 10);
        assert_eq!(cache.at_or_after(0).unwrap().seq, 10);
    }

    #[test]
    fn a_parameter_set_that_comes_late_moves_the_start_back() {
        let mut cache = Cache::default();
        cache.push(packet(1, 0, IDR));
        cache.push(packet(12, 3600, IDR));
        cache.push(packet(10, 3600, SPS));
        assert_eq!(cache.key().unwrap().first, 10);
        cache.push(packet(9, 0, SLICE));
        assert_eq!(cache.key().unwrap().first, 10, "an older picture does not");
    }

    #[test]
    fn it_gives_up_rather_than_grow_past_its_bounds() {
        let mut cache = Cache::default();
        cache.push(packet(1, 0, IDR));
        cache.push(packet(2, CACHE_SPAN_TICKS + 1, SLICE));
        assert!(cache.key().is_none());
        cache.push(packet(3, CACHE_SPAN_TICKS + 2, IDR));
        for seq in 4..200 {
            let payload: Payload = vec![SLICE; CACHE_BYTES / 100].into();
            cache.push(Stored {
                payload,
                ..packet(seq, CACHE_SPAN_TICKS + 3, SLICE)
            });
            assert!(cache.bytes() <= CACHE_BYTES);
        }
    }

    #[test]
    fn a_flood_of_tiny_packets_is_bounded_too() {
        let mut cache = Cache::default();
        cache.push(packet(1, 0, IDR));
        let most = CACHE_BYTES / size_of::<Stored>();
        for seq in 2..3 * most as u64 {
            cache.push(packet(seq, 0, SPS));
            assert!(cache.packets.len() <= most);
        }
    }

    #[test]
    fn without_a_key_frame_it_holds_no_pictures() {
        let mut cache = Cache::default();
        for seq in 0..500 {
            cache.push(packet(seq, seq * 3600, SLICE));
        }
        assert_eq!(cache.bytes(), 0);
    }
}
