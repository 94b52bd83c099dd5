//! From start codes, as encoders write H.264 (ITU-T H.264 annex B), to lengths, as rings hold it.

use bytes::{BufMut, Bytes, BytesMut};

/// `None` where there is no NAL unit at all.
pub(super) fn to_lengths(bytes: &[u8]) -> Option<Bytes> {
    let mut out = BytesMut::with_capacity(bytes.len() + 16);
    for unit in units(bytes) {
        out.put_u32(u32::try_from(unit.len()).ok()?);
        out.put_slice(unit);
    }
    (!out.is_empty()).then(|| out.freeze())
}

/// NAL units between start codes of three or four bytes, without trailing zeros.
fn units(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = after_start_code(bytes);
    std::iter::from_fn(move || {
        loop {
            let current = rest?;
            let end = find_start_code(current);
            rest = end.map(|end| &current[end + 3..]);
            let unit = trim_zeros(&current[..end.unwrap_or(current.len())]);
            if !unit.is_empty() {
                return Some(unit);
            }
        }
    })
}

fn after_start_code(bytes: &[u8]) -> Option<&[u8]> {
    find_start_code(bytes).map(|start| &bytes[start + 3..])
}

fn find_start_code(bytes: &[u8]) -> Option<usize> {
    bytes.windows(3).position(|window| window == [0, 0, 1])
}

fn trim_zeros(unit: &[u8]) -> &[u8] {
    let end = unit
        .iter()
        .rposition(|byte| *byte != 0)
        .map_or(0, |last| last + 1);
    &unit[..end]
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn both_start_codes_are_understood() {
        let bytes = [
            0, 0, 0, 1, 0x67, 1, 2, 0, 0, 1, 0x68, 3, 0, 0, 0, 1, 0x65, 4, 5,
        ];
        let lengths = [
            0, 0, 0, 3, 0x67, 1, 2, 0, 0, 0, 2, 0x68, 3, 0, 0, 0, 3, 0x65, 4, 5,
        ];
        assert_eq!(
            to_lengths(&bytes).unwrap(),
            Bytes::copy_from_slice(&lengths)
        );
        assert_eq!(to_lengths(&[0, 0, 1]), None);
        assert_eq!(to_lengths(&[1, 2, 3]), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_taken_and_lengths_add_up(bytes in prop::collection::vec(0u8..4, 0..200)) {
            let mut rest = to_lengths(&bytes).unwrap_or_default();
            while !rest.is_empty() {
                let length = u32::from_be_bytes(rest[..4].try_into().unwrap()) as usize;
                prop_assert!(length > 0 && rest.len() >= 4 + length);
                rest = rest.slice(4 + length..);
            }
        }
    }
}
