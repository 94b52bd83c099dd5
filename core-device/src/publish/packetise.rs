//! Cuts one H.264 access unit into RTP payloads (RFC 6184, packetization mode 1) without touching what
//! is inside: small parameter sets together, slices alone or in fragments. Numbers and times of packets
//! are given in `feed`.

use bytes::{BufMut, Bytes, BytesMut};

/// Payload of one packet: fits every path, with room for RTP, SRTP and UDP headers and a tunnel.
pub(super) const LARGEST_PAYLOAD: usize = 1_180;

const STAP_A: u8 = 24;
const FU_A: u8 = 28;
const FRAGMENT_START: u8 = 0x80;
const FRAGMENT_END: u8 = 0x40;
const TYPE: u8 = 0x1f;
const REFERENCE: u8 = 0x60;

/// The payloads of one access unit whose NAL units stand behind their lengths, in order.
pub(super) fn h264(access_unit: &Bytes) -> Vec<Bytes> {
    let mut payloads = Vec::with_capacity(access_unit.len() / LARGEST_PAYLOAD + 2);
    let mut small = Aggregate::default();
    for unit in units(access_unit) {
        if carries_no_slice(&unit) && small.take(&unit) {
            continue;
        }
        small.flush(&mut payloads);
        if carries_no_slice(&unit) && small.take(&unit) {
            continue;
        }
        if unit.len() <= LARGEST_PAYLOAD {
            payloads.push(unit);
        } else {
            fragment(&unit, &mut payloads);
        }
    }
    small.flush(&mut payloads);
    payloads
}

/// Stops at the first length that is not true; bytes from a camera may be anything.
fn units(access_unit: &Bytes) -> impl Iterator<Item = Bytes> {
    let mut rest = access_unit.clone();
    std::iter::from_fn(move || {
        loop {
            let length = u32::from_be_bytes(*rest.first_chunk::<4>()?);
            let end = usize::try_from(length).ok()?.checked_add(4)?;
            if end > rest.len() {
                return None;
            }
            let unit = rest.slice(4..end);
            rest = rest.slice(end..);
            if !unit.is_empty() {
                return Some(unit);
            }
        }
    })
}

/// Supplements, parameter sets and delimiters.
fn carries_no_slice(unit: &Bytes) -> bool {
    (6..=9).contains(&(unit[0] & TYPE))
}

/// Small units on their way into one packet.
#[derive(Default)]
struct Aggregate {
    units: Vec<Bytes>,
    size: usize,
}

impl Aggregate {
    /// False when it does not fit.
    fn take(&mut self, unit: &Bytes) -> bool {
        let size = self.size.max(1) + 2 + unit.len();
        if size > LARGEST_PAYLOAD {
            return false;
        }
        self.size = size;
        self.units.push(unit.clone());
        true
    }

    fn flush(&mut self, payloads: &mut Vec<Bytes>) {
        match self.units.as_slice() {
            [] => {}
            [alone] => payloads.push(alone.clone()),
            several => {
                let reference = several
                    .iter()
                    .map(|unit| unit[0] & REFERENCE)
                    .max()
                    .unwrap_or(0);
                let mut payload = BytesMut::with_capacity(self.size);
                payload.put_u8(reference | STAP_A);
                for unit in several {
                    // At most LARGEST_PAYLOAD, checked in `take`.
                    payload.put_u16(unit.len() as u16);
                    payload.put_slice(unit);
                }
                payloads.push(payload.freeze());
            }
        }
        self.units.clear();
        self.size = 0;
    }
}

fn fragment(unit: &Bytes, payloads: &mut Vec<Bytes>) {
    let (header, body) = (unit[0], &unit[1..]);
    let size = LARGEST_PAYLOAD - 2;
    let count = body.len().div_ceil(size);
    for (index, part) in body.chunks(size).enumerate() {
        let mut marks = header & TYPE;
        if index == 0 {
            marks |= FRAGMENT_START;
        }
        if index + 1 == count {
            marks |= FRAGMENT_END;
        }
        let mut payload = BytesMut::with_capacity(part.len() + 2);
        payload.put_u8((header & !TYPE) | FU_A);
        payload.put_u8(marks);
        payload.put_slice(part);
        payloads.push(payload.freeze());
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use proptest::prelude::*;

    fn access_unit(units: &[Vec<u8>]) -> Bytes {
        let mut out = BytesMut::new();
        for unit in units {
            out.put_u32(u32::try_from(unit.len()).unwrap());
            out.put_slice(unit);
        }
        out.freeze()
    }

    /// What a receiver puts together again.
    fn reassembled(payloads: &[Bytes]) -> Vec<Vec<u8>> {
        let mut units: Vec<Vec<u8>> = Vec::new();
        for payload in payloads {
            match payload[0] & TYPE {
                STAP_A => {
                    let mut rest = &payload[1..];
                    while !rest.is_empty() {
                        let length = usize::from(u16::from_be_bytes([rest[0], rest[1]]));
                        units.push(rest[2..2 + length].to_vec());
                        rest = &rest[2 + length..];
                    }
                }
                FU_A => {
                    if payload[1] & FRAGMENT_START != 0 {
                        units.push(vec![payload[0] & !TYPE | payload[1] & TYPE]);
                    }
                    units.last_mut().unwrap().extend_from_slice(&payload[2..]);
                }
                _ => units.push(payload.to_vec()),
            }
        }
        units
    }

    fn unit() -> impl Strategy<Value = Vec<u8>> {
        let header = prop_oneof![
            Just(0x67u8),
            Just(0x68),
            Just(0x06),
            Just(0x09),
            Just(0x65),
            Just(0x41),
            Just(0x01)
        ];
        let size = prop_oneof![0usize..40, 1_100usize..1_300, 3_000usize..9_000];
        (header, size).prop_map(|(header, size)| {
            std::iter::once(header)
                .chain((0..size).map(|at| (at % 251) as u8))
                .collect()
        })
    }

    proptest! {
        #[test]
        fn what_arrives_is_what_was_cut(units in prop::collection::vec(unit(), 0..12)) {
            let payloads = h264(&access_unit(&units));
            prop_assert!(payloads.iter().all(|payload| payload.len() <= LARGEST_PAYLOAD));
            prop_assert_eq!(reassembled(&payloads), units);
        }

        #[test]
        fn any_bytes_are_taken(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let payloads = h264(&Bytes::from(bytes));
            prop_assert!(payloads.iter().all(|payload| !payload.is_empty()));
        }
    }

    #[test]
    fn parameter_sets_share_a_packet_and_slices_do_not() {
        let unit = access_unit(&[vec![0x67, 1, 2], vec![0x68, 3], vec![0x65; 10]]);
        let payloads = h264(&unit);
        assert_eq!(payloads.len(), 2);
        assert_eq!(payloads[0][0], 0x60 | STAP_A);
        assert_eq!(payloads[1][0], 0x65);
    }
}
