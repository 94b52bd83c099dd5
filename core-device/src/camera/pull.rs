//! Keeps one stream of one camera flowing into its ring: connect, read, notice silence, reconnect.
//! The ring outlives every connection. Nothing here knows whether anything is shared.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::StreamExt;
use retina::codec::{AudioFrame, CodecItem, VideoFrame, VideoParameters};
use tokio::sync::watch;
use tokio::time::timeout_at;

use super::backoff::Backoff;
use super::source::{self, Playing, VideoCodec};
use super::timeline::Timeline;
use super::transcode::{AudioConverter, VideoConverter};
use super::{Condition, Frame, Health, Ring, Ticks, Trouble, picture};
use crate::config::{CameraConfig, Encoder, Source};

/// Without a picture for this long a stream counts as dead, whatever else the camera still says.
const SILENT_AFTER: Duration = Duration::from_secs(5);

/// One stream to be kept flowing.
pub(super) struct Pull {
    pub camera: Arc<CameraConfig>,
    pub source: Source,
    /// "main" or "sub", for the log.
    pub layer: &'static str,
    pub video: Ring,
    /// Where sound goes; `None` where no rule shares it.
    pub audio: Option<Ring>,
    pub encoder: Encoder,
    pub health: watch::Sender<Health>,
    pub epoch: Instant,
}

/// What lasts over reconnects.
struct Lines {
    video: Timeline,
    audio: Timeline,
}

impl Pull {
    /// Runs until it is dropped.
    pub(super) async fn run(&self) {
        let mut backoff = Backoff::default();
        let mut lines = Lines {
            video: Timeline::new(self.epoch),
            audio: Timeline::new(self.epoch),
        };
        loop {
            let trouble = self.connection(&mut backoff, &mut lines).await;
            self.report(&trouble);
            let wrong_password = trouble.condition() == Condition::WrongPassword;
            let wait = backoff.next(wrong_password, &mut rand::rng());
            tokio::time::sleep(wait).await;
        }
    }

    /// One connection, from the first word to the trouble that ended it.
    async fn connection(&self, backoff: &mut Backoff, lines: &mut Lines) -> Trouble {
        lines.video.reconnected();
        lines.audio.reconnected();
        let passes = |codec| codec == VideoCodec::H264 && self.camera.masks.is_empty();
        let opened = match source::describe(&self.source).await {
            Ok(described) => {
                described
                    .play(&self.camera, self.audio.is_some(), passes)
                    .await
            }
            Err(trouble) => Err(trouble),
        };
        match opened {
            Ok(playing) => {
                let passes = passes(playing.codec);
                let mut intake = Intake {
                    pull: self,
                    lines,
                    backoff,
                    passes,
                    video: None,
                    audio: None,
                };
                intake.read(playing).await
            }
            Err(trouble) => trouble,
        }
    }

    fn report(&self, trouble: &Trouble) {
        tracing::warn!(
            camera.id = self.camera.number,
            camera.name = %self.camera.name,
            layer = self.layer,
            address = %self.source.url,
            condition = trouble.condition().word(),
            "{trouble}"
        );
        let health = trouble.health(Instant::now());
        // A stream that merely ended is tried again at once; it is not shown as broken in between.
        if *trouble == Trouble::Closed {
            self.set_health(Health {
                condition: Condition::Connecting,
                ..health
            });
        } else {
            self.set_health(health);
        }
    }

    /// Keeps the time of the first report while nothing changes.
    fn set_health(&self, health: Health) {
        self.health.send_if_modified(|now| {
            let changed = now.condition != health.condition || now.reason != health.reason;
            if changed {
                *now = health;
            }
            changed
        });
    }
}

/// Reading of one connection: takes frames apart by stream and passes or converts them.
struct Intake<'a> {
    pull: &'a Pull,
    lines: &'a mut Lines,
    backoff: &'a mut Backoff,
    /// Pictures go into the ring as they are.
    passes: bool,
    video: Option<VideoConverter>,
    audio: Option<AudioConverter>,
}

impl Intake<'_> {
    async fn read(&mut self, mut playing: Playing) -> Trouble {
        let mut last_picture = tokio::time::Instant::now();
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
                    self.picture(&playing, frame)
                }
                CodecItem::AudioFrame(frame) => self.sound(&playing, &frame),
                // Message frames, sender reports and what future versions bring.
                _ => Ok(()),
            };
            if let Err(trouble) = taken {
                return trouble;
            }
        }
    }

    fn picture(&mut self, playing: &Playing, frame: VideoFrame) -> Result<(), Trouble> {
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
            if self.video.is_none() {
                self.video = Some(self.start_converter(playing)?);
            }
            if let Some(converter) = &mut self.video {
                converter.push(frame)?;
            }
        }
        self.backoff.reset();
        self.pull
            .set_health(Health::new(Condition::Online, "", Instant::now()));
        Ok(())
    }

    fn start_converter(&self, playing: &Playing) -> Result<VideoConverter, Trouble> {
        let size = playing
            .video_parameters()
            .map(VideoParameters::pixel_dimensions);
        let masks = &self.pull.camera.masks;
        VideoConverter::start(
            playing.codec,
            size,
            masks,
            self.pull.encoder,
            self.pull.video.clone(),
        )
    }

    fn sound(&mut self, playing: &Playing, frame: &AudioFrame) -> Result<(), Trouble> {
        let (Some(ring), Some((_, codec))) = (&self.pull.audio, playing.audio) else {
            return Ok(());
        };
        let received = frame.ctx().received();
        let at = self
            .lines
            .audio
            .place(to_ticks(frame.timestamp()), received);
        if self.audio.is_none() {
            self.audio = Some(AudioConverter::start(codec, ring.clone())?);
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
