//! What a frame from the RTSP library is worth: its bytes, and whether decoding can start with it. The
//! library marks only IDR pictures of H.265 and leaves parameter sets away from the other kinds at which
//! decoding can start as well, which are all that many cameras ever send after the first.

use bytes::{BufMut, Bytes, BytesMut};
use retina::codec::{VideoFrame, VideoParameters};

use super::source::VideoCodec;

/// BLA, IDR and CRA pictures (ITU-T H.265, table 7-1).
const RANDOM_ACCESS: std::ops::RangeInclusive<u8> = 16..=21;
/// Slices of pictures; above are parameter sets, delimiters and supplements.
const LAST_SLICE: u8 = 31;

/// Bytes and key mark of a frame. H.265 is expected with start codes.
pub(super) fn take(
    frame: VideoFrame,
    codec: VideoCodec,
    parameters: Option<&VideoParameters>,
) -> (Bytes, bool) {
    let marked = frame.is_random_access_point();
    match codec {
        VideoCodec::H264 => (frame.into_data().into(), marked),
        VideoCodec::Mjpeg => (frame.into_data().into(), true),
        VideoCodec::H265 if marked || !starts_decoding(frame.data()) => {
            (frame.into_data().into(), marked)
        }
        VideoCodec::H265 => {
            let sets = parameters.map_or(&[][..], VideoParameters::extra_data);
            let mut data = BytesMut::with_capacity(sets.len() + frame.data().len());
            data.put_slice(sets);
            data.put_slice(frame.data());
            (data.freeze(), !sets.is_empty())
        }
    }
}

/// Whether decoding can start with this frame, for counting.
pub(super) fn is_key(frame: &VideoFrame, codec: VideoCodec) -> bool {
    match codec {
        VideoCodec::H264 => frame.is_random_access_point(),
        VideoCodec::H265 => frame.is_random_access_point() || starts_decoding(frame.data()),
        VideoCodec::Mjpeg => true,
    }
}

/// Looks at the first slice of an access unit with start codes.
fn starts_decoding(bytes: &[u8]) -> bool {
    let starts = bytes.windows(4).filter(|window| window[..3] == [0, 0, 1]);
    let mut kinds = starts.map(|window| window[3] >> 1 & 0x3f);
    kinds
        .find(|kind| *kind <= LAST_SLICE)
        .is_some_and(|kind| RANDOM_ACCESS.contains(&kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit(kind: u8) -> [u8; 7] {
        [0, 0, 0, 1, kind << 1, 1, 0xaa]
    }

    #[test]
    fn decoding_starts_at_every_random_access_picture() {
        for kind in [16, 19, 20, 21] {
            assert!(starts_decoding(&unit(kind)), "{kind}");
            assert!(
                starts_decoding(&[unit(35), unit(kind)].concat()),
                "after a delimiter"
            );
        }
        assert!(!starts_decoding(&unit(1)));
        assert!(!starts_decoding(&unit(32)), "a parameter set alone");
        assert!(!starts_decoding(&[]));
    }
}
