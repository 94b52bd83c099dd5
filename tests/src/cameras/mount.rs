//! A camera's two RTSP addresses, `/main` and `/sub`, as GStreamer media factories. The live one
//! decodes its film, draws clock and time stamp into each frame and encodes it again.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Result;
use gstreamer::prelude::*;
use gstreamer_app::AppSrc;
use gstreamer_rtsp_server::prelude::*;
use gstreamer_rtsp_server::{RTSPMedia, RTSPMediaFactory};
use gstreamer_video::{VideoFrameExt as _, VideoFrameRef, VideoInfo};
use time::OffsetDateTime;

use super::clip::{self, Clip, KEY_FRAME_EVERY, MAIN_KBPS, SUB_KBPS};
use super::plan::{CameraPlan, Sound, Video};
use super::replay::{self, Flow, QUEUED_FRAMES};
use crate::scene::{self, FRAMES_A_SECOND};
use crate::stamp;

/// Who may watch: whoever knows the camera's password.
pub(super) const ROLE: &str = "viewer";

pub(super) fn factories(
    plan: &CameraPlan,
    cache: &Path,
    flow: &Arc<Flow>,
) -> Result<Vec<(&'static str, RTSPMediaFactory)>> {
    let clips = clip::clips(plan, cache)?;
    let sound = plan.sound.map(sound_branch).unwrap_or_default();
    let main = format!("( {} {sound} )", video_branch(plan.video, MAIN_KBPS));
    let mut all = vec![("/main", factory(&main, clips.main, flow))];
    if let Some(clip) = clips.sub {
        let video = if plan.video == Video::H265 {
            Video::H264
        } else {
            plan.video
        };
        let sub = format!("( {} )", video_branch(video, SUB_KBPS));
        all.push(("/sub", factory(&sub, clip, flow)));
    }
    Ok(all)
}

fn factory(launch: &str, clip: Arc<Clip>, flow: &Arc<Flow>) -> RTSPMediaFactory {
    let factory = RTSPMediaFactory::new();
    factory.set_launch(launch);
    factory.set_shared(true);
    factory.set_latency(0);
    let may = gstreamer::Structure::builder(ROLE)
        .field("media.factory.access", true)
        .field("media.factory.construct", true)
        .build();
    factory.add_role_from_structure(&may);
    let flow = Arc::clone(flow);
    factory.connect_media_configure(move |_, media| configure(media, &clip, &flow));
    factory
}

fn video_branch(video: Video, kbps: u32) -> String {
    let source = format!(
        "appsrc name=film is-live=true format=time block=false \
         max-buffers={QUEUED_FRAMES} max-bytes=0 max-time=0 leaky-type=downstream"
    );
    let h264 = "caps=video/x-h264,stream-format=byte-stream,alignment=au";
    match video {
        Video::H264Live => format!(
            "{source} {h264} ! h264parse ! avdec_h264 max-threads=1 \
             ! x264enc name=live tune=zerolatency speed-preset=ultrafast threads=1 bitrate={kbps} \
               key-int-max={KEY_FRAME_EVERY} option-string=scenecut=0 byte-stream=true \
             ! video/x-h264,profile=constrained-baseline ! h264parse \
             ! rtph264pay name=pay0 pt=96 config-interval=-1 aggregate-mode=zero-latency"
        ),
        Video::H264 | Video::H264High => format!(
            "{source} {h264} ! h264parse \
             ! rtph264pay name=pay0 pt=96 config-interval=-1 aggregate-mode=zero-latency"
        ),
        Video::H265 => format!(
            "{source} caps=video/x-h265,stream-format=byte-stream,alignment=au ! h265parse \
             ! rtph265pay name=pay0 pt=96 config-interval=-1"
        ),
        Video::Mjpeg => format!(
            "{source} caps=image/jpeg,width=1280,height=720,framerate={FRAMES_A_SECOND}/1 \
             ! jpegparse ! rtpjpegpay name=pay0 pt=26"
        ),
    }
}

/// Small blocks, so that sound does not hold back the picture. The tee takes it that nobody listens: the
/// generator alone would call that an error, and the server would turn every further reader away.
fn sound_branch(sound: Sound) -> &'static str {
    match sound {
        Sound::G711 => {
            "audiotestsrc name=sound is-live=true freq=440 volume=0.1 samplesperbuffer=160 \
             ! tee allow-not-linked=true ! audio/x-raw,rate=8000,channels=1 ! mulawenc ! rtppcmupay name=pay1 pt=0"
        }
        Sound::Aac => {
            "audiotestsrc name=sound is-live=true freq=660 volume=0.1 samplesperbuffer=320 \
             ! tee allow-not-linked=true ! audio/x-raw,rate=16000,channels=1 ! avenc_aac bitrate=32000 \
             ! rtpmp4gpay name=pay1 pt=97"
        }
    }
}

fn configure(media: &RTSPMedia, clip: &Arc<Clip>, flow: &Arc<Flow>) {
    let Some(bin) = media.element().downcast::<gstreamer::Bin>().ok() else {
        return;
    };
    if let Some(encoder) = bin.by_name("live") {
        stamp_frames(&encoder);
    }
    if let Some(sound) = bin.by_name("sound") {
        refuse_seeks(&sound);
    }
    let Some(source) = bin
        .by_name("film")
        .and_then(|film| film.downcast::<AppSrc>().ok())
    else {
        return;
    };
    let done = Arc::new(AtomicBool::new(false));
    media.connect_unprepared({
        let done = Arc::clone(&done);
        move |_| done.store(true, Ordering::Relaxed)
    });
    if let Err(error) = replay::spawn(source, Arc::clone(clip), Arc::clone(flow), done) {
        tracing::error!(%error, "a test camera could not start its replay");
    }
}

/// A tone generator says that it can seek, and the server then tries to when a client plays from the
/// start, which a live film cannot.
fn refuse_seeks(sound: &gstreamer::Element) {
    let Some(pad) = sound.static_pad("src") else {
        return;
    };
    pad.add_probe(gstreamer::PadProbeType::QUERY_UPSTREAM, |_, probe| {
        if let Some(query) = probe.query_mut()
            && let gstreamer::QueryViewMut::Seeking(seeking) = query.view_mut()
        {
            seeking.set(
                false,
                gstreamer::ClockTime::ZERO,
                gstreamer::ClockTime::NONE,
            );
            return gstreamer::PadProbeReturn::Handled;
        }
        gstreamer::PadProbeReturn::Ok
    });
}

/// Draws what only the present knows, and swallows key-frame requests as most cameras do.
fn stamp_frames(encoder: &gstreamer::Element) {
    if let Some(pad) = encoder.static_pad("sink") {
        pad.add_probe(gstreamer::PadProbeType::BUFFER, |pad, info| {
            if let (Some(buffer), Some(caps)) = (info.buffer_mut(), pad.current_caps())
                && let Ok(video) = VideoInfo::from_caps(&caps)
                && let Ok(mut frame) =
                    VideoFrameRef::from_buffer_ref_writable(buffer.make_mut(), &video)
            {
                draw_now(&mut frame);
            }
            gstreamer::PadProbeReturn::Ok
        });
    }
    if let Some(pad) = encoder.static_pad("src") {
        pad.add_probe(gstreamer::PadProbeType::EVENT_UPSTREAM, |_, info| {
            if info
                .event()
                .is_some_and(|event| event.has_name("GstForceKeyUnit"))
            {
                gstreamer::PadProbeReturn::Drop
            } else {
                gstreamer::PadProbeReturn::Ok
            }
        });
    }
}

fn draw_now(frame: &mut VideoFrameRef<&mut gstreamer::BufferRef>) {
    let (width, height) = (frame.width() as usize, frame.height() as usize);
    let Some(stride) = frame
        .plane_stride()
        .first()
        .and_then(|s| usize::try_from(*s).ok())
    else {
        return;
    };
    let Ok(luma) = frame.plane_data_mut(0) else {
        return;
    };
    let now = OffsetDateTime::now_utc();
    let millis = u64::try_from(now.unix_timestamp_nanos() / 1_000_000).unwrap_or_default();
    draw_clock(luma, stride, width, &scene::clock_text(now));
    stamp::write(luma, stride, width, height, millis);
}

/// The running clock, upper right, in white luma.
fn draw_clock(luma: &mut [u8], stride: usize, width: usize, text: &str) {
    let dot = width / 640;
    let left = width.saturating_sub(12 * dot + text.len() * 8 * dot);
    for (place, letter) in text.bytes().enumerate() {
        let Some(rows) = font8x8::legacy::BASIC_LEGACY.get(usize::from(letter)) else {
            continue;
        };
        for (y, bits) in (0..8 * dot).map(|y| (y, rows[y / dot])) {
            for x in (0..8 * dot).filter(|x| bits >> (x / dot) & 1 == 1) {
                let at = (10 * dot + y) * stride + left + place * 8 * dot + x;
                if let Some(pixel) = luma.get_mut(at) {
                    *pixel = 235;
                }
            }
        }
    }
}
