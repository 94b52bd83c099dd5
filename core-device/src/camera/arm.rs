//! Which cameras are read: those that the rules in force could share, with sound only where one shares it.
//! Rules change while the device runs; a camera that no rule names any more is let go, and forgotten.

use std::sync::Arc;
use std::time::{Duration, Instant};

use assent_consent::CameraNumber;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::pull::Pull;
use super::{Condition, Health};
use crate::gate::Status;

/// A task that panicked is started again after this; sooner would only fill the log.
const AFTER_PANIC: Duration = Duration::from_secs(1);

/// What of one camera may be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Layers {
    Nothing,
    Pictures,
    PicturesAndSound,
}

pub(super) struct ArmedFor {
    camera: CameraNumber,
    status: watch::Receiver<Status>,
}

impl ArmedFor {
    pub(super) fn new(camera: CameraNumber, status: watch::Receiver<Status>) -> Self {
        Self { camera, status }
    }

    fn now(&mut self) -> Layers {
        let armed = Arc::clone(&self.status.borrow_and_update().armed);
        match (
            armed.pictures.contains(&self.camera),
            armed.sound.contains(&self.camera),
        ) {
            (false, _) => Layers::Nothing,
            (true, false) => Layers::Pictures,
            (true, true) => Layers::PicturesAndSound,
        }
    }

    /// Returns when it is no longer `then`; never when nobody can change it any more.
    async fn other_than(&mut self, then: Layers) {
        while self.now() == then {
            if self.status.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }
}

pub(super) fn unarmed(since: Instant) -> Health {
    Health::new(Condition::Unarmed, "No rule shares this camera.", since)
}

/// Reads one stream while it is armed. Each pull runs in a task of its own, so that a panic over one
/// camera's bytes ends nothing else.
pub(super) async fn keep(stream: Pull, mut armed: ArmedFor, stop: CancellationToken) {
    while !stop.is_cancelled() {
        let layers = armed.now();
        if layers == Layers::Nothing {
            stream.health.send_replace(unarmed(Instant::now()));
            tokio::select! {
                () = stop.cancelled() => {}
                () = armed.other_than(layers) => {
                    let connecting = Health::new(Condition::Connecting, "", Instant::now());
                    stream.health.send_replace(connecting);
                }
            }
            continue;
        }
        let mut pull = stream.clone();
        pull.audio = pull.audio.filter(|_| layers == Layers::PicturesAndSound);
        let until = stop.child_token();
        let running = until.clone();
        let mut task = tokio::spawn(async move { running.run_until_cancelled(pull.run()).await });
        let ended = tokio::select! {
            ended = &mut task => Some(ended),
            () = armed.other_than(layers) => None,
        };
        match ended {
            Some(Ok(_)) => {}
            Some(Err(_)) => {
                tracing::error!(
                    camera.id = stream.camera.number,
                    layer = stream.layer,
                    "reading a camera panicked"
                );
                tokio::time::sleep(AFTER_PANIC).await;
            }
            None => {
                until.cancel();
                // However it ended: what is in the rings was read under other rules.
                task.await.ok();
                stream.video.clear();
                stream.audio.iter().for_each(super::Ring::clear);
            }
        }
    }
}
