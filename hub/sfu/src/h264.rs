//! Reads just enough of an H.264 RTP payload (RFC 6184) to know where decoding can start. It does not
//! parse parameter sets or slices, and takes any bytes without failing.

const IDR_SLICE: u8 = 5;
/// Supplement, sequence parameter set, picture parameter set, access unit delimiter.
const PREAMBLE: std::ops::RangeInclusive<u8> = 6..=9;
const STAP_A: u8 = 24;
const FU_A: u8 = 28;

/// What matters for the gate in one packet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Content {
    /// Carries a part of an IDR slice: decoding can start at this access unit.
    pub key: bool,
    /// Carries nothing but parameter sets, delimiters and supplements: belongs to what follows.
    pub preamble: bool,
}

impl Content {
    pub fn of(payload: &[u8]) -> Content {
        let Some(&head) = payload.first() else {
            return Content::default();
        };
        match head & 0x1f {
            STAP_A => aggregated(&payload[1..]),
            FU_A => payload
                .get(1)
                .map_or_else(Content::default, |fragment| single(fragment & 0x1f)),
            unit => single(unit),
        }
    }
}

fn single(unit: u8) -> Content {
    Content {
        key: unit == IDR_SLICE,
        preamble: PREAMBLE.contains(&unit),
    }
}

fn aggregated(mut rest: &[u8]) -> Content {
    let mut content = Content {
        key: false,
        preamble: true,
    };
    let mut units = 0;
    while let [high, low, unit, ..] = *rest {
        let length = usize::from(u16::from_be_bytes([high, low]));
        let one = single(unit & 0x1f);
        content.key |= one.key;
        content.preamble &= one.preamble;
        units += 1;
        let Some(next) = rest.get(2 + length.max(1)..) else {
            break;
        };
        rest = next;
    }
    Content {
        preamble: content.preamble && units > 0,
        ..content
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const KEY: Content = Content {
        key: true,
        preamble: false,
    };
    const PREAMBLE: Content = Content {
        key: false,
        preamble: true,
    };
    const NEITHER: Content = Content {
        key: false,
        preamble: false,
    };

    #[test]
    fn single_units_are_told_apart() {
        assert_eq!(Content::of(&[0x65, 1, 2]), KEY);
        assert_eq!(Content::of(&[0x67, 1, 2]), PREAMBLE);
        assert_eq!(Content::of(&[0x68, 1]), PREAMBLE);
        assert_eq!(Content::of(&[0x09, 0x10]), PREAMBLE);
        assert_eq!(Content::of(&[0x41, 1, 2]), NEITHER);
    }

    #[test]
    fn every_fragment_of_a_key_slice_is_key() {
        assert_eq!(Content::of(&[0x7c, 0x85, 1]), KEY, "first fragment");
        assert_eq!(Content::of(&[0x7c, 0x05, 1]), KEY, "middle");
        assert_eq!(Content::of(&[0x7c, 0x45, 1]), KEY, "last");
        assert_eq!(Content::of(&[0x7c, 0x81, 1]), NEITHER);
    }

    #[test]
    fn an_aggregate_is_what_its_units_are() {
        assert_eq!(Content::of(&[0x78, 0, 2, 0x67, 1, 0, 2, 0x68, 1]), PREAMBLE);
        assert_eq!(
            Content::of(&[0x78, 0, 2, 0x67, 1, 0, 2, 0x68, 1, 0, 2, 0x65, 1]),
            KEY
        );
        assert_eq!(Content::of(&[0x78, 0, 2, 0x41, 1]), NEITHER);
        assert_eq!(Content::of(&[0x78]), NEITHER);
    }

    proptest! {
        #[test]
        fn any_bytes_are_taken(payload in prop::collection::vec(any::<u8>(), 0..64)) {
            let content = Content::of(&payload);
            prop_assert!(!(content.key && content.preamble));
        }
    }
}
