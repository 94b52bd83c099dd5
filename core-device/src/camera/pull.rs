//! Keeps one stream of one camera flowing into its ring: connect, read, notice silence, reconnect.
//! The ring outlives every connection. Nothing here knows whether anything is shared.

use std::sync::Arc;
use std::time::Instant;

use tokio::sync::watch;

use super::backoff::Backoff;
use super::intake::{Intake, Lines};
use super::source::{self, VideoCodec};
use super::{Condition, Health, Ring, Trouble};
use crate::config::{CameraConfig, Encoder, Source};

/// One stream to be kept flowing.
#[derive(Clone)]
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

impl Pull {
    /// Runs until it is dropped.
    pub(super) async fn run(&self) {
        let mut backoff = Backoff::default();
        let mut lines = Lines::new(self.epoch);
        let mut told = None;
        loop {
            let trouble = self.connection(&mut backoff, &mut lines).await;
            // A trouble that lasts is told once, and again when pictures came in between.
            if backoff.is_fresh() || told.as_ref() != Some(&trouble) {
                self.log(&trouble);
            }
            self.report(&trouble);
            let needs_somebody = matches!(
                trouble.condition(),
                Condition::WrongPassword | Condition::Unsupported
            );
            told = Some(trouble);
            let wait = backoff.next(needs_somebody, &mut rand::rng());
            tokio::time::sleep(wait).await;
        }
    }

    /// One connection, from the first word to the trouble that ended it.
    async fn connection(&self, backoff: &mut Backoff, lines: &mut Lines) -> Trouble {
        lines.reconnected();
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
                Intake::new(self, lines, backoff, passes(playing.codec))
                    .read(playing)
                    .await
            }
            Err(trouble) => trouble,
        }
    }

    fn log(&self, trouble: &Trouble) {
        tracing::warn!(
            camera.id = self.camera.number,
            camera.name = %self.camera.name,
            layer = self.layer,
            address = %self.source.url,
            condition = trouble.condition().word(),
            "{trouble}"
        );
    }

    fn report(&self, trouble: &Trouble) {
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
    pub(super) fn set_health(&self, health: Health) {
        self.health.send_if_modified(|now| {
            let changed = now.condition != health.condition || now.reason != health.reason;
            if changed {
                *now = health;
            }
            changed
        });
    }
}

#[cfg(test)]
#[path = "pull_tests.rs"]
mod tests;
