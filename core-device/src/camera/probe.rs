//! Tells an installer what one stream offers and what this device would do with it, or why it does not
//! work and what to do. It reads for some seconds and keeps nothing.

use std::fmt::Write;
use std::time::{Duration, Instant};

use futures::StreamExt;
use retina::codec::{CodecItem, VideoParameters};
use tokio::time::timeout_at;

use super::source::{self, AudioCodec, Offer, Playing, VideoCodec};
use super::{Trouble, picture, transcode};
use crate::config::{CameraConfig, Encoder};

/// Long enough to see two key frames of most cameras.
const LOOKS_FOR: Duration = Duration::from_secs(6);

/// What a stream turned out to be.
pub struct Report {
    video: VideoCodec,
    audio: Option<Result<AudioCodec, String>>,
    size: Option<(u32, u32)>,
    seen: Seen,
    /// Why pictures could not be converted, where they must be.
    converter: Result<(), Trouble>,
    masked: bool,
}

#[derive(Default)]
struct Seen {
    pictures: u32,
    bytes: usize,
    span: Duration,
    keys: Vec<Instant>,
}

/// Looks at the camera's main stream.
pub async fn probe(camera: &CameraConfig, encoder: Encoder) -> Result<Report, Trouble> {
    let described = source::describe(&camera.main).await?;
    let audio = sound(&described.offer);
    let mut playing = described
        .play(camera, false, |codec| codec == VideoCodec::H264)
        .await?;
    let seen = look(&mut playing).await?;
    let masked = !camera.masks.is_empty();
    let converter = if playing.codec == VideoCodec::H264 && !masked {
        Ok(())
    } else {
        transcode::can_convert(playing.codec, encoder)
    };
    let size = playing
        .video_parameters()
        .map(VideoParameters::pixel_dimensions);
    Ok(Report {
        video: playing.codec,
        audio,
        size,
        seen,
        converter,
        masked,
    })
}

fn sound(offer: &Offer) -> Option<Result<AudioCodec, String>> {
    let (_, codec) = offer.audio.as_ref()?;
    Some(codec.clone().map_err(|name| name.to_string()))
}

async fn look(playing: &mut Playing) -> Result<Seen, Trouble> {
    let mut seen = Seen::default();
    let start = Instant::now();
    let end = tokio::time::Instant::now() + LOOKS_FOR;
    loop {
        match timeout_at(end, playing.demuxed.next()).await {
            Err(_) => break,
            Ok(None) => return Err(Trouble::Closed),
            Ok(Some(Err(error))) => return Err(Trouble::from(&error)),
            Ok(Some(Ok(CodecItem::VideoFrame(frame)))) => {
                seen.pictures += 1;
                seen.bytes += frame.data().len();
                seen.span = start.elapsed();
                if picture::is_key(&frame, playing.codec) {
                    seen.keys.push(Instant::now());
                }
            }
            Ok(Some(Ok(_))) => {}
        }
    }
    if seen.pictures == 0 {
        Err(Trouble::Silent)
    } else {
        Ok(seen)
    }
}

impl Report {
    /// What the installer reads.
    pub fn in_words(&self) -> String {
        let mut text = format!("Picture: {}", self.video_name());
        if let Some((width, height)) = self.size {
            let _ = write!(text, ", {width} × {height}");
        }
        let secs = self.seen.span.as_secs_f64().max(0.1);
        let rate = f64::from(self.seen.pictures) / secs;
        let _ = writeln!(
            text,
            ", {rate:.0} pictures a second, {} kbit/s",
            self.kbps()
        );
        let _ = writeln!(text, "{}", self.key_frames());
        let _ = writeln!(text, "{}", self.way());
        let _ = writeln!(text, "{}", self.sound());
        text
    }

    fn video_name(&self) -> &'static str {
        match self.video {
            VideoCodec::H264 => "H.264",
            VideoCodec::H265 => "H.265",
            VideoCodec::Mjpeg => "MJPEG",
        }
    }

    fn kbps(&self) -> u128 {
        self.seen.bytes as u128 * 8 / self.seen.span.as_millis().max(1)
    }

    fn key_frames(&self) -> String {
        let gaps = self.seen.keys.windows(2).map(|pair| pair[1] - pair[0]);
        match (self.video, gaps.max()) {
            (VideoCodec::Mjpeg, _) => "Every picture stands alone.".to_owned(),
            (_, Some(gap)) if gap <= Duration::from_secs(4) => {
                format!("A key frame every {:.1} s.", gap.as_secs_f32())
            }
            _ => "Key frames are more than 4 s apart: set the camera's key frame (I-frame) interval to 2 s, \
                  or a share may begin with a wait."
                .to_owned(),
        }
    }

    fn way(&self) -> String {
        match (&self.converter, self.video, self.masked) {
            (Ok(()), VideoCodec::H264, false) => "Passed on untouched; costs next to nothing.".to_owned(),
            (Ok(()), VideoCodec::H264, true) => {
                "Re-encoded to draw the privacy masks, all the time: about 0.1 of a core at 720p, 0.2 at 1080p."
                    .to_owned()
            }
            (Ok(()), _, _) => "Re-encoded to H.264, all the time: about 0.1 of a core at 720p, 0.2 at 1080p, and \
                               larger pictures are made 1080p. Setting the camera to H.264 saves that."
                .to_owned(),
            (Err(trouble), _, _) => trouble.to_string(),
        }
    }

    fn sound(&self) -> String {
        match &self.audio {
            None => "Sound: none.".to_owned(),
            Some(Ok(codec)) => {
                let name = match codec {
                    AudioCodec::Aac => "AAC",
                    AudioCodec::G711A { .. } | AudioCodec::G711U { .. } => "G.711",
                };
                format!(
                    "Sound: {name}; read only if the camera has `audio = true` and a rule shares sound."
                )
            }
            Some(Err(name)) => format!("Sound: {name}, which this device cannot share."),
        }
    }
}
