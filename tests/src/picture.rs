//! A picture as a browser would see it: one H.264 key frame (Annex B) decoded by itself, its luma kept.

use anyhow::{Context as _, Result, ensure};
use gstreamer::prelude::*;
use gstreamer_app::{AppSink, AppSrc};
use gstreamer_video::{VideoFrameExt as _, VideoFrameRef, VideoInfo};

/// A software decoder on a busy machine.
const DECODED_WITHIN: gstreamer::ClockTime = gstreamer::ClockTime::from_seconds(5);

const IDR: u8 = 5;
const SPS: u8 = 7;
const PPS: u8 = 8;

pub struct Picture {
    pub width: usize,
    pub height: usize,
    luma: Vec<u8>,
}

/// Whether a frame has everything that a decoder needs to begin with it.
#[must_use]
pub fn begins(frame: &[u8]) -> bool {
    [SPS, PPS, IDR].iter().all(|kind| {
        frame
            .windows(4)
            .any(|four| four.starts_with(&[0, 0, 1]) && four[3] & 0x1F == *kind)
    })
}

impl Picture {
    /// # Errors
    /// When the frame alone does not decode.
    pub fn decode(frame: &[u8]) -> Result<Self> {
        gstreamer::init()?;
        let pipeline = gstreamer::parse::launch(
            "appsrc name=frame format=time caps=video/x-h264,stream-format=byte-stream,alignment=au \
             ! h264parse ! avdec_h264 max-threads=1 ! videoconvert ! video/x-raw,format=GRAY8 \
             ! appsink name=picture sync=false",
        )?;
        let bin = pipeline
            .clone()
            .downcast::<gstreamer::Bin>()
            .ok()
            .context("a launched line is a bin")?;
        let source = bin
            .by_name("frame")
            .and_then(|e| e.downcast::<AppSrc>().ok());
        let sink = bin
            .by_name("picture")
            .and_then(|e| e.downcast::<AppSink>().ok());
        let (source, sink) = source.zip(sink).context("both ends have names")?;
        pipeline.set_state(gstreamer::State::Playing)?;
        source.push_buffer(gstreamer::Buffer::from_slice(frame.to_vec()))?;
        source.end_of_stream()?;
        let sample = sink.try_pull_sample(DECODED_WITHIN);
        pipeline.set_state(gstreamer::State::Null)?;
        Self::of(&sample.context("the frame alone does not decode")?)
    }

    fn of(sample: &gstreamer::Sample) -> Result<Self> {
        let info = VideoInfo::from_caps(sample.caps().context("a picture has caps")?)?;
        let buffer = sample.buffer().context("a sample has a picture")?;
        let frame = VideoFrameRef::from_buffer_ref_readable(buffer, &info)?;
        let (width, height) = (frame.width() as usize, frame.height() as usize);
        let stride = usize::try_from(frame.plane_stride()[0])?;
        let rows = frame.plane_data(0)?.chunks(stride).take(height);
        let luma: Vec<u8> = rows
            .flat_map(|row| row.iter().take(width))
            .copied()
            .collect();
        ensure!(luma.len() == width * height, "the picture is cut off");
        Ok(Self {
            width,
            height,
            luma,
        })
    }

    /// Darkest and brightest luma within a rectangle of fractions.
    #[must_use]
    pub fn range(&self, x: [f64; 2], y: [f64; 2]) -> (u8, u8) {
        let within = |of: [f64; 2], length: usize, at: usize| {
            let at = at as f64 / length as f64;
            (of[0]..of[1]).contains(&at)
        };
        let dots = self.luma.iter().enumerate().filter(|(place, _)| {
            within(x, self.width, place % self.width) && within(y, self.height, place / self.width)
        });
        dots.fold((u8::MAX, u8::MIN), |(least, most), (_, dot)| {
            (least.min(*dot), most.max(*dot))
        })
    }
}
