//! A camera's film as encoded frames: made once by GStreamer, kept in a file, loaded for replay. A clip
//! begins with a key frame, so that its end joins its beginning.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use gstreamer::prelude::*;
use gstreamer_app::{AppSink, AppSrc};
use time::OffsetDateTime;

use super::plan::{CameraPlan, Video};
use crate::scene::{FRAMES_A_SECOND, Film, HEIGHT, LOOP_FRAMES, WIDTH};

/// Part of the file's name: raise it when a scene or an encoder setting changes.
const EDITION: u32 = 1;
pub(super) const MAIN_KBPS: u32 = 2_000;
pub(super) const SUB_KBPS: u32 = 500;
/// Two seconds, as most cameras come from their maker.
pub(super) const KEY_FRAME_EVERY: u32 = 2 * FRAMES_A_SECOND;
const BYTE_STREAM: &str = "video/x-h264,stream-format=byte-stream,alignment=au";
/// Sensor noise of a cheap camera, in luma steps; it also keeps the bit rate honest.
const NOISE: i16 = 3;

pub(super) struct Frame {
    pub(super) key: bool,
    pub(super) bytes: gstreamer::Buffer,
}

pub(super) struct Clip {
    pub(super) frames: Vec<Frame>,
}

/// Main stream and substream of one camera.
pub(super) struct Clips {
    pub(super) main: Arc<Clip>,
    pub(super) sub: Option<Arc<Clip>>,
}

pub(super) fn clips(plan: &CameraPlan, cache: &Path) -> Result<Clips> {
    let main = cache.join(file_name(plan, "main"));
    let sub = plan.sub.then(|| cache.join(file_name(plan, "sub")));
    if !main.exists() || sub.as_ref().is_some_and(|sub| !sub.exists()) {
        fs::create_dir_all(cache)?;
        tracing::info!(camera.name = %plan.name, "encoding the film of a test camera, once");
        encode(plan, &main, sub.as_deref())
            .with_context(|| format!("encoding the film of {}", plan.name))?;
    }
    Ok(Clips {
        main: load(&main)?,
        sub: sub.as_deref().map(load).transpose()?,
    })
}

fn file_name(plan: &CameraPlan, layer: &str) -> String {
    let name = plan.name.to_lowercase().replace(' ', "-");
    format!(
        "{name}-{:?}-{:?}-{layer}-{EDITION}.clip",
        plan.view, plan.video
    )
    .to_lowercase()
}

fn encode(plan: &CameraPlan, main: &Path, sub: Option<&Path>) -> Result<()> {
    let description = format!(
        "appsrc name=film format=time block=true max-buffers=4 \
           caps=video/x-raw,format=RGBA,width={WIDTH},height={HEIGHT},framerate={FRAMES_A_SECOND}/1 \
         ! videoconvert ! video/x-raw,format=I420 ! identity name=noise ! tee name=both \
         both. ! queue max-size-buffers=4 ! {} ! appsink name=main sync=false async=false \
         both. ! queue max-size-buffers=4 ! {} ! appsink name=sub sync=false async=false",
        encoder(plan.video, MAIN_KBPS),
        sub_encoder(plan.video),
    );
    let pipeline = gstreamer::parse::launch(&description)?
        .downcast::<gstreamer::Pipeline>()
        .map_err(|_| anyhow::anyhow!("a launch line with several elements is a pipeline"))?;
    let writers = [
        Writer::attach(&pipeline, "main", Some(main))?,
        Writer::attach(&pipeline, "sub", sub)?,
    ];
    make_noise(&pipeline)?;
    pipeline.set_state(gstreamer::State::Playing)?;
    let fed = feed(&pipeline, plan);
    let ended = fed.and_then(|()| wait_for_end(&pipeline));
    pipeline.set_state(gstreamer::State::Null)?;
    ended?;
    for writer in writers {
        writer.finish()?;
    }
    Ok(())
}

fn encoder(video: Video, kbps: u32) -> String {
    let x264 = format!(
        "x264enc bitrate={kbps} vbv-buf-capacity=1000 key-int-max={KEY_FRAME_EVERY} bframes=0 \
         speed-preset=veryfast option-string=scenecut=0"
    );
    match video {
        Video::H264 | Video::H264Live => {
            format!("{x264} ! {BYTE_STREAM},profile=constrained-baseline")
        }
        Video::H264High => format!("{x264} dct8x8=true ! {BYTE_STREAM},profile=high"),
        Video::H265 => format!(
            "x265enc bitrate={kbps} key-int-max={KEY_FRAME_EVERY} speed-preset=superfast \
             option-string=bframes=0:scenecut=0:repeat-headers=1:log-level=error \
             ! h265parse config-interval=-1 ! video/x-h265,stream-format=byte-stream,alignment=au"
        ),
        Video::Mjpeg => "jpegenc quality=62".to_owned(),
    }
}

fn sub_encoder(main: Video) -> String {
    let video = if main == Video::H264High {
        Video::H264High
    } else {
        Video::H264
    };
    format!(
        "videoscale ! video/x-raw,width=640,height=360 ! {}",
        encoder(video, SUB_KBPS)
    )
}

/// The one that is encoded live draws its own clock.
fn feed(pipeline: &gstreamer::Pipeline, plan: &CameraPlan) -> Result<()> {
    let source: AppSrc = part(pipeline, "film")?;
    let clock = (plan.video != Video::H264Live).then(OffsetDateTime::now_utc);
    let film = Film::new(plan.view, &plan.name, clock)?;
    for number in 0..LOOP_FRAMES {
        let mut buffer = gstreamer::Buffer::from_slice(film.frame(number).bytes().to_vec());
        if let Some(buffer) = buffer.get_mut() {
            buffer.set_pts(at_frame(number));
            buffer.set_duration(at_frame(1));
        }
        source.push_buffer(buffer)?;
    }
    source.end_of_stream()?;
    Ok(())
}

pub(super) fn at_frame(number: u32) -> gstreamer::ClockTime {
    gstreamer::ClockTime::from_nseconds(
        u64::from(number) * 1_000_000_000 / u64::from(FRAMES_A_SECOND),
    )
}

fn make_noise(pipeline: &gstreamer::Pipeline) -> Result<()> {
    let table: Vec<i16> = (0..40_961u32)
        .map(|n| (n.wrapping_mul(0x9E37_79B1) >> 20) as i16 % (2 * NOISE + 1) - NOISE)
        .collect();
    let element: gstreamer::Element = part(pipeline, "noise")?;
    let pad = element
        .static_pad("src")
        .context("identity has a source pad")?;
    let luma = (WIDTH * HEIGHT) as usize;
    let counter = std::sync::atomic::AtomicUsize::new(0);
    pad.add_probe(gstreamer::PadProbeType::BUFFER, move |_, info| {
        let from = counter.fetch_add(6_151, std::sync::atomic::Ordering::Relaxed);
        if let Some(mut map) = info
            .buffer_mut()
            .and_then(|buffer| buffer.make_mut().map_writable().ok())
        {
            let noise = table.iter().cycle().skip(from % table.len());
            for (pixel, noise) in map.iter_mut().take(luma).zip(noise) {
                *pixel = (i16::from(*pixel) + noise).clamp(16, 235) as u8;
            }
        }
        gstreamer::PadProbeReturn::Ok
    });
    Ok(())
}

fn wait_for_end(pipeline: &gstreamer::Pipeline) -> Result<()> {
    use gstreamer::MessageView;
    let bus = pipeline.bus().context("a pipeline has a bus")?;
    for message in bus.iter_timed(gstreamer::ClockTime::from_seconds(180)) {
        match message.view() {
            MessageView::Eos(_) => return Ok(()),
            MessageView::Error(error) => {
                anyhow::bail!("{} ({:?})", error.error(), error.debug());
            }
            _ => {}
        }
    }
    anyhow::bail!("the encoder did not finish in three minutes")
}

fn part<T: IsA<gstreamer::Element>>(pipeline: &gstreamer::Pipeline, name: &str) -> Result<T> {
    pipeline
        .by_name(name)
        .and_then(|element| element.downcast::<T>().ok())
        .with_context(|| format!("the pipeline has an element {name}"))
}

/// Collects the frames of one layer and moves the file into place when it is whole, so that two test
/// programmes can fill one cache.
struct Writer {
    bytes: Arc<std::sync::Mutex<Vec<u8>>>,
    path: Option<PathBuf>,
}

impl Writer {
    fn attach(pipeline: &gstreamer::Pipeline, name: &str, path: Option<&Path>) -> Result<Self> {
        let sink: AppSink = part(pipeline, name)?;
        let bytes = Arc::new(std::sync::Mutex::new(Vec::new()));
        let into = Arc::clone(&bytes);
        let wanted = path.is_some();
        let take = move |sink: &AppSink| {
            let sample = sink.pull_sample().map_err(|_| gstreamer::FlowError::Eos)?;
            let buffer = sample.buffer().ok_or(gstreamer::FlowError::Error)?;
            let map = buffer
                .map_readable()
                .map_err(|_| gstreamer::FlowError::Error)?;
            if wanted && let Ok(mut into) = into.lock() {
                let key = !buffer.flags().contains(gstreamer::BufferFlags::DELTA_UNIT);
                into.push(u8::from(key));
                into.extend_from_slice(&(map.len() as u32).to_be_bytes());
                into.extend_from_slice(&map);
            }
            Ok(gstreamer::FlowSuccess::Ok)
        };
        sink.set_callbacks(
            gstreamer_app::AppSinkCallbacks::builder()
                .new_sample(take)
                .build(),
        );
        Ok(Self {
            bytes,
            path: path.map(Path::to_owned),
        })
    }

    fn finish(self) -> Result<()> {
        let Some(path) = self.path else { return Ok(()) };
        let bytes = self
            .bytes
            .lock()
            .map_err(|_| anyhow::anyhow!("a sink panicked"))?;
        let unfinished = path.with_extension(format!("{}.part", std::process::id()));
        fs::write(&unfinished, &*bytes)?;
        fs::rename(&unfinished, &path)?;
        Ok(())
    }
}

fn load(path: &Path) -> Result<Arc<Clip>> {
    let bytes = fs::read(path).with_context(|| format!("reading {}", path.display()))?;
    let mut rest = bytes.as_slice();
    let mut frames = Vec::new();
    while let Some((header, after)) = rest.split_first_chunk::<5>() {
        let [key, a, b, c, d] = *header;
        let length = u32::from_be_bytes([a, b, c, d]) as usize;
        ensure!(after.len() >= length, "{} is cut short", path.display());
        let (frame, next) = after.split_at(length);
        frames.push(Frame {
            key: key == 1,
            bytes: gstreamer::Buffer::from_slice(frame.to_vec()),
        });
        rest = next;
    }
    ensure!(
        frames.first().is_some_and(|first| first.key),
        "{} does not begin with a key frame: delete it to have it made anew",
        path.display()
    );
    Ok(Arc::new(Clip { frames }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scene::View;

    #[test]
    fn another_view_is_another_file() {
        let street = CameraPlan::new("A", View::Street, Video::H264);
        let shop = CameraPlan::new("A", View::Shop, Video::H264);
        assert_ne!(file_name(&street, "main"), file_name(&shop, "main"));
    }
}
