//! Reads one connection to its end: pictures and sound are put on the camera's own line of time and go
//! into their rings, as they are or through a converter. Connecting again is `pull`'s business.

use std::time::{Duration, Instant};

use futures::StreamExt;
use retina::codec::{AudioFrame, CodecItem, VideoFrame, VideoParameters};
use tokio::task::spawn_blocking;
use tokio::time::timeout_at;

use super::backoff::Backoff;
use super::pull::Pull;
use super::source::{self, Playing};
use super::timeline::Timeline;
use super::transcode::{AudioConverter, VideoConverter};
use super::{Condition, Frame, Health, Ticks, Trouble, picture};

/// Without a picture for this long a stream counts as dead, whatever else the camera still says.
const SILENT_AFTER: Duration = Duration::from_secs(5);
/// A converter that was fed for this long and gave nothing has failed.
const CONVERTS_WITHIN: Duration = Duration::from_secs(10);

/// A camera's lines of time, which last over reconnects.
pub(super) struct Lines {
    video: Timeline,
    audio: Timeline,
}

impl Lines {
    pub(super) fn new(epoch: Instant) -> Self {
        Self {
            video: Timeline::new(epoch),
            audio: Timeline::new(epoch),
        }
    }

    pub(super) fn reconnected(&mut self) {
        self.video.reconnected();
        self.audio.reconnected();
    }
}

pub(super) struct Intake<'a> {
    pull: &'a Pull,
    lines: &'a mut Lines,
    backoff: &'a mut Backoff,
    /// Pictures go into the ring as they are.
    passes: bool,
    video: Option<(VideoConverter, Instant)>,
    audio: Option<AudioConverter>,
}

impl<'a> Intake<'a> {
    pub(super) fn new(
        pull: &'a Pull,
        lines: &'a mut Lines,
        backoff: &'a mut Backoff,
        passes: bool,
    ) -> Self {
        Self {
            pull,
            lines,
            backoff,
            passes,
            video: None,
            audio: None,
        }
    }

    /// Returns why it ended.
    pub(super) async fn read(&mut self, mut playing: Playing) -> Trouble {
        let mut last_picture = tokio::time::Instant::now();
        tracing::info!(
            camera.id = self.pull.camera.number,
            layer = self.pull.layer,
            codec = ?playing.codec,
            sound = playing.audio.is_some(),
            passed_on = self.passes,
            "reading a camera"
        );
        loop {
            let item = match timeout_at(last_picture + SILENT_AFTER, playing.demuxed.next()).await {
                Err(_) => return Trouble::Silent,
                Ok(None) => return Trouble::Closed,
                Ok(Some(Err(error))) => {
                    tracing::info!(
                        camera.id = self.pull.camera.number,
                        layer = self.pull.layer,
                        error = source::first_line(&error),
                        "stream ended"
                    );
                    return Trouble::from(&error);
                }
                Ok(Some(Ok(item))) => item,
            };
            let taken = match item {
                CodecItem::VideoFrame(frame) => {
                    last_picture = tokio::time::Instant::now();
                    self.picture(&playing, frame).await
                }
                CodecItem::AudioFrame(frame) => self.sound(&playing, &frame).await,
                // Message frames, sender reports and what future versions bring.
                _ => Ok(()),
            };
            if let Err(trouble) = taken {
                return trouble;
            }
        }
    }

    async fn picture(&mut self, playing: &Playing, frame: VideoFrame) -> Result<(), Trouble> {
        let received = frame.end_ctx().received();
        let at = self
            .lines
            .video
            .place(to_ticks(frame.timestamp()), received);
        let (data, key) = picture::take(frame, playing.codec, playing.video_parameters());
        let frame = Frame {
            data,
            at,
            received,
            key,
        };
        if self.passes {
            self.pull.video.push(frame);
        } else {
            self.convert(playing, frame).await?;
        }
        self.backoff.reset();
        self.pull
            .set_health(Health::new(Condition::Online, "", Instant::now()));
        Ok(())
    }

    async fn convert(&mut self, playing: &Playing, frame: Frame) -> Result<(), Trouble> {
        if self.video.is_none() {
            self.video = Some((self.start_converter(playing).await?, Instant::now()));
        }
        let Some((converter, since)) = &mut self.video else {
            return Ok(());
        };
        converter.push(frame)?;
        let newest = self
            .pull
            .video
            .newest()
            .map_or(*since, |newest| newest.max(*since));
        if newest.elapsed() > CONVERTS_WITHIN {
            Err(Trouble::ConverterFailed)
        } else {
            Ok(())
        }
    }

    /// On a thread of its own: the first one loads GStreamer, which may take seconds.
    async fn start_converter(&self, playing: &Playing) -> Result<VideoConverter, Trouble> {
        let size = playing
            .video_parameters()
            .map(VideoParameters::pixel_dimensions);
        let (codec, encoder, ring) = (playing.codec, self.pull.encoder, self.pull.video.clone());
        let masks = self.pull.camera.masks.clone();
        let start = move || VideoConverter::start(codec, size, &masks, encoder, ring);
        spawn_blocking(start)
            .await
            .unwrap_or(Err(Trouble::ConverterFailed))
    }

    async fn sound(&mut self, playing: &Playing, frame: &AudioFrame) -> Result<(), Trouble> {
        let (Some(ring), Some((_, codec))) = (&self.pull.audio, playing.audio) else {
            return Ok(());
        };
        let received = frame.ctx().received();
        let at = self
            .lines
            .audio
            .place(to_ticks(frame.timestamp()), received);
        if self.audio.is_none() {
            let ring = ring.clone();
            let start = move || AudioConverter::start(codec, ring);
            self.audio = Some(
                spawn_blocking(start)
                    .await
                    .unwrap_or(Err(Trouble::ConverterFailed))?,
            );
        }
        if let Some(converter) = &mut self.audio {
            let data = bytes::Bytes::copy_from_slice(frame.data());
            converter.push(Frame {
                data,
                at,
                received,
                key: true,
            })?;
        }
        Ok(())
    }
}

fn to_ticks(timestamp: retina::Timestamp) -> i64 {
    let scaled = i128::from(timestamp.timestamp()) * i128::from(Ticks::PER_SECOND)
        / i128::from(timestamp.clock_rate().get());
    i64::try_from(scaled).unwrap_or(0)
}
