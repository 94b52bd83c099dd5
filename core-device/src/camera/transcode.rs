//! Makes H.264 and Opus where a camera's own stream cannot be passed on: H.265, MJPEG, pictures with
//! privacy masks, AAC, G.711. One converter a stream, fed before the ring, so that nothing unmasked is
//! ever kept. GStreamer is started with the first converter only: a device that passes everything
//! through never loads it.

mod annex_b;
mod mask;
mod pipeline;

use gstreamer as gst;

use super::source::{AudioCodec, VideoCodec};
use super::{Frame, Ring, Trouble};
use crate::config::{Encoder, Mask};
use pipeline::Pipeline;

/// Compressed pictures that may wait for the decoder: past this the device cannot keep up, and the
/// rest of the group is left out.
const MOST_WAITING: u64 = 30;
/// Pictures from one key frame to the next: two seconds at the usual 15 a second.
const GROUP_OF_PICTURES: u32 = 30;
/// Above this an encoder on a small device does not keep up, so larger pictures are scaled down.
const LARGEST: &str = "width=[1,1920],height=[1,1080]";
/// Bits a second for each pixel of the picture: about 1.8 Mbit/s at 720p, 4.1 at 1080p.
const BITS_PER_PIXEL: u32 = 2;
const LEAST_BITRATE: u32 = 300_000;

/// Turns one camera's pictures into H.264 in its ring.
pub(super) struct VideoConverter {
    pipeline: Pipeline,
    waits_for_key: bool,
}

impl VideoConverter {
    pub(super) fn start(
        codec: VideoCodec,
        size: Option<(u32, u32)>,
        masks: &[Mask],
        encoder: Encoder,
        ring: Ring,
    ) -> Result<Self, Trouble> {
        let description = format!(
            "{} ! videoconvert ! videoscale add-borders=false \
             ! video/x-raw,format=I420,{LARGEST},pixel-aspect-ratio=1/1 ! identity name=masked \
             ! {} ! video/x-h264,stream-format=byte-stream,alignment=au \
             ! appsink name=out sync=false",
            decoder(codec),
            encoder_element(encoder, size),
        );
        let pipeline = Pipeline::build(&description)?;
        if !masks.is_empty() {
            mask::draw_on(&pipeline.element("masked")?, masks.to_vec())?;
        }
        pipeline.start(ring, annex_b::to_lengths)?;
        Ok(Self {
            pipeline,
            waits_for_key: true,
        })
    }

    /// Hands over one access unit with start codes (or one JPEG); its result comes to the ring later.
    pub(super) fn push(&mut self, frame: Frame) -> Result<(), Trouble> {
        if self.pipeline.waiting() >= MOST_WAITING {
            self.waits_for_key = true;
        }
        if self.waits_for_key && !frame.key {
            return Ok(());
        }
        self.waits_for_key = self.pipeline.waiting() >= MOST_WAITING;
        if self.waits_for_key {
            Ok(())
        } else {
            self.pipeline.push(frame)
        }
    }
}

/// Turns one camera's sound into Opus in its ring.
pub(super) struct AudioConverter {
    pipeline: Pipeline,
}

impl AudioConverter {
    pub(super) fn start(codec: AudioCodec, ring: Ring) -> Result<Self, Trouble> {
        let decoder = match codec {
            AudioCodec::Aac => {
                "caps=audio/mpeg,mpegversion=4,stream-format=adts ! aacparse ! avdec_aac".to_owned()
            }
            AudioCodec::G711A { rate_hz } => {
                format!("caps=audio/x-alaw,rate={rate_hz},channels=1 ! alawdec")
            }
            AudioCodec::G711U { rate_hz } => {
                format!("caps=audio/x-mulaw,rate={rate_hz},channels=1 ! mulawdec")
            }
        };
        let pipeline = Pipeline::build(&format!(
            "appsrc name=in format=time is-live=true {decoder} ! audioconvert ! audioresample \
             ! audio/x-raw,rate=48000,channels=[1,2] ! opusenc bitrate=32000 frame-size=20 \
             ! appsink name=out sync=false"
        ))?;
        pipeline.start(ring, |bytes| Some(bytes.to_vec().into()))?;
        Ok(Self { pipeline })
    }

    pub(super) fn push(&mut self, frame: Frame) -> Result<(), Trouble> {
        if self.pipeline.waiting() >= MOST_WAITING {
            return Ok(());
        }
        self.pipeline.push(frame)
    }
}

/// One thread each: more would hold pictures back and make eight cameras fight over four cores.
fn decoder(codec: VideoCodec) -> &'static str {
    match codec {
        VideoCodec::H264 => {
            "appsrc name=in format=time is-live=true \
             caps=video/x-h264,stream-format=byte-stream,alignment=au ! h264parse ! avdec_h264 max-threads=1"
        }
        VideoCodec::H265 => {
            "appsrc name=in format=time is-live=true \
             caps=video/x-h265,stream-format=byte-stream,alignment=au ! h265parse ! avdec_h265 max-threads=1"
        }
        VideoCodec::Mjpeg => {
            "appsrc name=in format=time is-live=true caps=image/jpeg ! jpegparse ! jpegdec"
        }
    }
}

fn encoder_element(encoder: Encoder, size: Option<(u32, u32)>) -> String {
    let (width, height) = size.unwrap_or((1280, 720));
    let pixels = width.min(1920).saturating_mul(height.min(1080));
    let bitrate = pixels.saturating_mul(BITS_PER_PIXEL).max(LEAST_BITRATE);
    match encoder {
        Encoder::OpenH264 => format!(
            "openh264enc complexity=low rate-control=bitrate multi-thread=1 \
             bitrate={bitrate} gop-size={GROUP_OF_PICTURES}"
        ),
        Encoder::X264 => format!(
            "x264enc tune=zerolatency speed-preset=ultrafast threads=1 \
             bitrate={} key-int-max={GROUP_OF_PICTURES}",
            bitrate / 1000
        ),
    }
}

/// Whether this device has the software to convert these pictures; for `probe`.
pub(super) fn can_convert(codec: VideoCodec, encoder: Encoder) -> Result<(), Trouble> {
    let description = format!(
        "{} ! videoconvert ! {} ! fakesink",
        decoder(codec),
        encoder_element(encoder, None)
    );
    Pipeline::check(&description)
}

#[cfg(test)]
mod tests;
