//! Datagrams in a byte stream (RFC 4571): two bytes of length, then the datagram. The two directions of
//! one connection as plain values; it knows no sockets.

use crate::port::Overrun;
use std::collections::VecDeque;

const HEADER: usize = 2;
/// Longer than any DTLS, RTP or STUN packet of a well-meaning peer.
const LONGEST: usize = 8 << 10;
/// What waits for one slow peer: a start of all tiles of a wall. Whoever is further behind goes on with
/// the next key frame.
const WAITING_MOST: usize = 2 << 20;
/// From here on, caches wait for the peer instead of adding to it: live pictures find room in the rest.
const CROWDED: usize = 512 << 10;

/// The stream cannot be understood from here on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooLong;

/// Hands out every whole datagram; returns the bytes that they took.
pub(crate) fn datagrams(bytes: &[u8], mut each: impl FnMut(&[u8])) -> Result<usize, TooLong> {
    let mut taken = 0;
    while let Some((header, rest)) = bytes[taken..].split_first_chunk::<HEADER>() {
        let length = usize::from(u16::from_be_bytes(*header));
        if length > LONGEST {
            return Err(TooLong);
        }
        let Some(datagram) = rest.get(..length) else {
            break;
        };
        each(datagram);
        taken += HEADER + length;
    }
    Ok(taken)
}

/// Datagrams that the kernel has not taken yet, as they go out.
#[derive(Default)]
pub(crate) struct Outbox {
    bytes: VecDeque<u8>,
    /// Left of the first datagram, of which the peer has a part.
    begun: usize,
}

impl Outbox {
    pub(crate) fn push(&mut self, datagram: &[u8]) -> Result<(), Overrun> {
        let length = u16::try_from(datagram.len()).map_err(|_| Overrun)?;
        if self.bytes.len() + HEADER + datagram.len() > WAITING_MOST {
            return Err(Overrun);
        }
        self.bytes.extend(length.to_be_bytes());
        self.bytes.extend(datagram);
        Ok(())
    }

    /// What to write next; empty when nothing waits.
    pub(crate) fn front(&self) -> &[u8] {
        self.bytes.as_slices().0
    }

    /// The kernel took so many bytes.
    pub(crate) fn taken(&mut self, mut count: usize) {
        while count > 0 {
            if self.begun == 0 {
                let (Some(high), Some(low)) = (self.bytes.front(), self.bytes.get(1)) else {
                    return;
                };
                self.begun = HEADER + usize::from(u16::from_be_bytes([*high, *low]));
            }
            let step = count.min(self.begun);
            self.bytes.drain(..step.min(self.bytes.len()));
            self.begun -= step;
            count -= step;
        }
        if self.bytes.is_empty() {
            // One slow minute must not hold its memory for as long as the connection lives.
            self.bytes.shrink_to(CROWDED);
        }
    }

    /// Nothing that waits goes out any more, except the rest of what the peer has a part of.
    pub(crate) fn forget(&mut self) {
        self.bytes.truncate(self.begun);
    }

    pub(crate) fn is_crowded(&self) -> bool {
        self.bytes.len() >= CROWDED
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn read(bytes: &[u8]) -> (Vec<Vec<u8>>, Result<usize, TooLong>) {
        let mut found = Vec::new();
        let taken = datagrams(bytes, |datagram| found.push(datagram.to_vec()));
        (found, taken)
    }

    #[test]
    fn a_datagram_comes_out_when_all_of_it_is_there() {
        let stream = [0, 3, 1, 2, 3, 0, 0, 0, 2, 9];
        assert_eq!(read(&stream), (vec![vec![1, 2, 3], vec![]], Ok(7)));
        assert_eq!(read(&stream[..4]), (vec![], Ok(0)));
        assert_eq!(read(&stream[..1]), (vec![], Ok(0)));
    }

    #[test]
    fn a_length_that_no_packet_has_ends_the_stream() {
        assert_eq!(read(&[0xff, 0xff, 1]), (vec![], Err(TooLong)));
    }

    #[test]
    fn what_is_pushed_comes_out_framed() {
        let mut outbox = Outbox::default();
        outbox.push(&[1, 2, 3]).unwrap();
        outbox.push(&[4]).unwrap();
        assert_eq!(outbox.front(), [0, 3, 1, 2, 3, 0, 1, 4]);
        outbox.taken(6);
        assert_eq!(outbox.front(), [1, 4]);
        outbox.taken(2);
        assert!(outbox.front().is_empty());
    }

    #[test]
    fn after_a_stop_only_the_rest_of_a_begun_datagram_goes_out() {
        let mut outbox = Outbox::default();
        outbox.push(&[1, 2, 3]).unwrap();
        outbox.push(&[4; 100]).unwrap();
        outbox.taken(4);
        outbox.forget();
        assert_eq!(outbox.front(), [3]);
        outbox.taken(1);
        outbox.push(&[5]).unwrap();
        assert_eq!(outbox.front(), [0, 1, 5], "the stream stays readable");
        outbox.forget();
        assert!(outbox.front().is_empty(), "nothing had begun");
    }

    #[test]
    fn a_peer_that_takes_nothing_costs_a_bounded_queue() {
        let mut outbox = Outbox::default();
        let fitted = (0..10_000)
            .take_while(|_| outbox.push(&[0; 1_200]).is_ok())
            .count();
        assert_eq!(fitted, WAITING_MOST / 1_202);
        assert!(outbox.is_crowded());
    }
}
