//! Real streams through real converters. Needs the GStreamer plugins that the set-up installs.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::time::{Duration, Instant};

use bytes::Bytes;
use gst::prelude::*;
use gstreamer_app::AppSink;

use super::*;
use crate::camera::{RingLimits, Ticks};

/// Pulls the buffers of `n` pictures or packets out of a test pipeline ending in `appsink name=out`.
fn made(description: &str) -> Vec<(Bytes, bool)> {
    gst::init().unwrap();
    let pipeline = gst::parse::launch(description)
        .unwrap()
        .downcast::<gst::Pipeline>()
        .unwrap();
    let sink = pipeline
        .by_name("out")
        .unwrap()
        .downcast::<AppSink>()
        .unwrap();
    pipeline.set_state(gst::State::Playing).unwrap();
    let mut out = Vec::new();
    while let Ok(sample) = sink.pull_sample() {
        let buffer = sample.buffer().unwrap();
        let key = !buffer.flags().contains(gst::BufferFlags::DELTA_UNIT);
        out.push((Bytes::copy_from_slice(&buffer.map_readable().unwrap()), key));
    }
    pipeline.set_state(gst::State::Null).unwrap();
    out
}

fn ring() -> Ring {
    Ring::new(RingLimits {
        span: Duration::from_secs(60),
        bytes: 1 << 24,
    })
}

/// Pushes everything and waits until `least` frames are in the ring.
fn convert(
    mut push: impl FnMut(Frame),
    ring: &Ring,
    input: Vec<(Bytes, bool)>,
    step: i64,
    least: usize,
) {
    for (index, (data, key)) in input.into_iter().enumerate() {
        let at = Ticks(90_000 + step * i64::try_from(index).unwrap());
        push(Frame {
            data,
            at,
            received: Instant::now(),
            key,
        });
        std::thread::sleep(Duration::from_millis(5));
    }
    let until = Instant::now() + Duration::from_secs(30);
    while ring.fill(Instant::now()).frames < least {
        assert!(
            Instant::now() < until,
            "only {} frames",
            ring.fill(Instant::now()).frames
        );
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn converted(codec: VideoCodec, masks: &[Mask], source: &str) -> Vec<std::sync::Arc<Frame>> {
    let ring = ring();
    let mut converter = VideoConverter::start(
        codec,
        Some((320, 240)),
        masks,
        Encoder::OpenH264,
        ring.clone(),
    )
    .unwrap();
    let input = made(source);
    let count = input.len();
    convert(
        |frame| converter.push(frame).unwrap(),
        &ring,
        input,
        6_000,
        count - 2,
    );
    let frames = ring
        .follow(Instant::now(), Duration::from_secs(60))
        .take_backlog();
    frames.into_iter().collect()
}

const WHITE: &str =
    "videotestsrc pattern=white num-buffers=20 ! video/x-raw,width=320,height=240,framerate=15/1";

/// Average brightness of a square of the last decoded picture.
fn brightness(frames: &[std::sync::Arc<Frame>], left: usize, top: usize) -> u32 {
    let mut stream = Vec::new();
    for frame in frames {
        let mut rest = &frame.data[..];
        while let [a, b, c, d, tail @ ..] = rest {
            let length = u32::from_be_bytes([*a, *b, *c, *d]) as usize;
            stream.extend_from_slice(&[0, 0, 0, 1]);
            stream.extend_from_slice(&tail[..length]);
            rest = &tail[length..];
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("stream.h264");
    std::fs::write(&file, stream).unwrap();
    let pictures = made(&format!(
        "filesrc location={} ! h264parse ! avdec_h264 ! videoconvert ! video/x-raw,format=GRAY8 ! appsink name=out sync=false",
        file.display()
    ));
    let (picture, _) = pictures.last().unwrap();
    let square = (0..16).flat_map(|y| (0..16).map(move |x| (top + y) * 320 + left + x));
    square.map(|at| u32::from(picture[at])).sum::<u32>() / 256
}

#[test]
fn a_mask_is_black_in_the_ring_and_the_rest_is_not() {
    let masks = [Mask {
        x: 0.5,
        y: 0.0,
        w: 0.5,
        h: 0.5,
    }];
    let source = format!(
        "{WHITE} ! openh264enc gop-size=10 ! h264parse config-interval=-1 ! video/x-h264,stream-format=byte-stream,alignment=au ! appsink name=out sync=false"
    );
    let frames = converted(VideoCodec::H264, &masks, &source);
    assert!(frames.first().unwrap().key);
    assert!(brightness(&frames, 240, 40) < 24, "inside the mask");
    assert!(brightness(&frames, 40, 40) > 200, "outside of it");
    assert!(brightness(&frames, 240, 180) > 200, "below it");
}

#[test]
fn h265_and_mjpeg_become_h264_with_their_own_times() {
    let h265 = format!(
        "{WHITE} ! x265enc tune=zerolatency key-int-max=10 ! h265parse config-interval=-1 ! video/x-h265,stream-format=byte-stream,alignment=au ! appsink name=out sync=false"
    );
    let mjpeg = format!("{WHITE} ! jpegenc ! appsink name=out sync=false");
    for (codec, source) in [(VideoCodec::H265, h265), (VideoCodec::Mjpeg, mjpeg)] {
        let frames = converted(codec, &[], &source);
        assert!(frames.first().unwrap().key, "{codec:?}");
        assert!(
            frames
                .iter()
                .all(|frame| (frame.at.0 - 90_000) % 6_000 == 0),
            "{codec:?}"
        );
        assert!(brightness(&frames, 100, 100) > 200, "{codec:?}");
    }
}

#[test]
fn g711_and_aac_become_opus() {
    let g711 = "audiotestsrc num-buffers=50 samplesperbuffer=160 ! audio/x-raw,rate=8000,channels=1 ! alawenc ! appsink name=out sync=false";
    let aac = "audiotestsrc num-buffers=60 samplesperbuffer=1024 ! audio/x-raw,rate=16000,channels=1 ! avenc_aac ! aacparse ! audio/mpeg,stream-format=adts ! appsink name=out sync=false";
    let g711 = (AudioCodec::G711A { rate_hz: 8000 }, g711, 1_800);
    let aac = (AudioCodec::Aac, aac, 5_760);
    for (codec, source, step) in [g711, aac] {
        let ring = ring();
        let mut converter = AudioConverter::start(codec, ring.clone()).unwrap();
        convert(
            |frame| converter.push(frame).unwrap(),
            &ring,
            made(source),
            step,
            40,
        );
    }
}

#[test]
fn garbage_ends_in_a_word_and_not_in_a_panic() {
    let ring = ring();
    let start = VideoConverter::start(
        VideoCodec::Mjpeg,
        None,
        &[],
        Encoder::OpenH264,
        ring.clone(),
    );
    let Ok(mut converter) = start else {
        panic!("{:?}", start.err())
    };
    for index in 0..50 {
        let data = Bytes::from(vec![0xff; 300]);
        let frame = Frame {
            data,
            at: Ticks(index * 6_000),
            received: Instant::now(),
            key: true,
        };
        if converter.push(frame).is_err() {
            break;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(ring.fill(Instant::now()).frames, 0);
}
