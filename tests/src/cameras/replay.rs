//! Sends a clip's frames at the pace of a camera, for ever, into an RTSP media's `appsrc`. Time stamps
//! are even; when the camera was stalled it goes on with the next key frame.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::Result;
use gstreamer::prelude::*;
use gstreamer_app::AppSrc;

use super::clip::{Clip, at_frame};

/// Frames that may lie in front of a payloader whose client does not read.
pub(super) const QUEUED_FRAMES: u64 = 8;
/// How often a replay that cannot start yet looks again.
const WAIT_FOR_CLOCK: Duration = Duration::from_millis(5);

/// Whether frames flow out of a camera.
#[derive(Default)]
pub(super) struct Flow {
    stalled: AtomicBool,
}

impl Flow {
    pub(super) fn stall(&self, stalled: bool) {
        self.stalled.store(stalled, Ordering::Relaxed);
    }

    pub(super) fn stalled(&self) -> bool {
        self.stalled.load(Ordering::Relaxed)
    }
}

/// Starts the thread that feeds `source` until `done` is set or the media has gone.
pub(super) fn spawn(
    source: AppSrc,
    clip: Arc<Clip>,
    flow: Arc<Flow>,
    done: Arc<AtomicBool>,
) -> Result<()> {
    std::thread::Builder::new()
        .name("camera-replay".to_owned())
        .spawn(move || run(&source, &clip, &flow, &done))?;
    Ok(())
}

fn run(source: &AppSrc, clip: &Clip, flow: &Flow, done: &AtomicBool) {
    let Some(first) = start_time(source, done) else {
        return;
    };
    let began = Instant::now();
    let mut needs_key = true;
    for number in 0u32.. {
        let due = at_frame(number);
        std::thread::sleep(Duration::from(due).saturating_sub(began.elapsed()));
        if done.load(Ordering::Relaxed) {
            return;
        }
        let Some(frame) = clip.frames.get(number as usize % clip.frames.len()) else {
            return;
        };
        needs_key = flow.stalled() || (needs_key && !frame.key);
        if needs_key {
            continue;
        }
        let mut buffer = frame.bytes.copy();
        if let Some(buffer) = buffer.get_mut() {
            buffer.set_pts(first + due);
            buffer.set_duration(at_frame(1));
            if !frame.key {
                buffer.set_flags(gstreamer::BufferFlags::DELTA_UNIT);
            }
        }
        if source.push_buffer(buffer).is_err() {
            return;
        }
    }
}

/// The pipeline's own time, as soon as it runs.
fn start_time(source: &AppSrc, done: &AtomicBool) -> Option<gstreamer::ClockTime> {
    while !done.load(Ordering::Relaxed) {
        if let Some(now) = source.current_running_time() {
            return Some(now);
        }
        std::thread::sleep(WAIT_FOR_CLOCK);
    }
    None
}
