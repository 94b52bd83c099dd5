//! A GStreamer pipeline with one way in and one way out, fed without ever waiting. What it converts is
//! said by its description; errors inside it come back with the next frame pushed.

use std::time::Instant;

use bytes::Bytes;
use gst::prelude::*;
use gstreamer_app::{AppSink, AppSinkCallbacks, AppSrc};

use super::gst;
use crate::camera::health::Word;
use crate::camera::{Frame, Ring, Ticks, Trouble};

pub(super) struct Pipeline {
    pipeline: gst::Pipeline,
    input: AppSrc,
}

impl Pipeline {
    /// Builds from GStreamer's own notation; needs `appsrc name=in`.
    pub(super) fn build(description: &str) -> Result<Self, Trouble> {
        let pipeline = parse(description)?;
        let input = named(&pipeline, "in")?
            .downcast::<AppSrc>()
            .map_err(|_| Trouble::ConverterFailed)?;
        // The caller looks at `waiting` instead: frames must be left out by groups.
        input.set_max_bytes(0);
        Ok(Self { pipeline, input })
    }

    /// Only whether every element is installed.
    pub(super) fn check(description: &str) -> Result<(), Trouble> {
        parse(description).map(|_| ())
    }

    pub(super) fn element(&self, name: &str) -> Result<gst::Element, Trouble> {
        named(&self.pipeline, name)
    }

    /// Begins to push what comes out of `appsink name=out` into `ring`, in the form `shape` gives it.
    pub(super) fn start(
        &self,
        ring: Ring,
        shape: impl Fn(&[u8]) -> Option<Bytes> + Send + 'static,
    ) -> Result<(), Trouble> {
        let output = self
            .element("out")?
            .downcast::<AppSink>()
            .map_err(|_| Trouble::ConverterFailed)?;
        let take = move |sink: &AppSink| {
            let sample = sink.pull_sample().map_err(|_| gst::FlowError::Eos)?;
            if let Some(frame) = sample.buffer().and_then(|buffer| frame(buffer, &shape)) {
                ring.push(frame);
            }
            Ok(gst::FlowSuccess::Ok)
        };
        output.set_callbacks(AppSinkCallbacks::builder().new_sample(take).build());
        self.pipeline
            .set_state(gst::State::Playing)
            .map_err(|_| self.trouble())?;
        Ok(())
    }

    /// Frames that lie before the decoder.
    pub(super) fn waiting(&self) -> u64 {
        self.input.property::<u64>("current-level-buffers")
    }

    pub(super) fn push(&self, frame: Frame) -> Result<(), Trouble> {
        let mut buffer = gst::Buffer::from_slice(frame.data);
        if let Some(buffer) = buffer.get_mut() {
            buffer.set_pts(nanos(frame.at));
            if !frame.key {
                buffer.set_flags(gst::BufferFlags::DELTA_UNIT);
            }
        }
        self.input.push_buffer(buffer).map_err(|_| self.trouble())?;
        match self.error() {
            Some(trouble) => Err(trouble),
            None => Ok(()),
        }
    }

    fn trouble(&self) -> Trouble {
        self.error().unwrap_or(Trouble::ConverterFailed)
    }

    fn error(&self) -> Option<Trouble> {
        let message = self
            .pipeline
            .bus()?
            .pop_filtered(&[gst::MessageType::Error])?;
        if let gst::MessageView::Error(error) = message.view() {
            tracing::warn!(error = %error.error(), "converter");
        }
        Some(Trouble::ConverterFailed)
    }
}

impl Drop for Pipeline {
    fn drop(&mut self) {
        // Stopping waits for the elements' threads, which the camera's task must not do.
        let pipeline = self.pipeline.clone();
        let stop = move || {
            if pipeline.set_state(gst::State::Null).is_err() {
                tracing::warn!("a converter did not stop cleanly");
            }
        };
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn_blocking(stop)),
            Err(_) => stop(),
        }
    }
}

fn parse(description: &str) -> Result<gst::Pipeline, Trouble> {
    // Loads the library and its plugin registry at the first call.
    gst::init().map_err(|_| Trouble::NoConverter(Word::clean("GStreamer")))?;
    let element = gst::parse::launch(description).map_err(|error| {
        tracing::warn!(%error, "converter");
        Trouble::NoConverter(Word::clean(missing(error.message())))
    })?;
    element
        .downcast::<gst::Pipeline>()
        .map_err(|_| Trouble::ConverterFailed)
}

/// The element's name in `no element "openh264enc"`.
fn missing(message: &str) -> &str {
    message.split('"').nth(1).unwrap_or("GStreamer")
}

fn named(pipeline: &gst::Pipeline, name: &str) -> Result<gst::Element, Trouble> {
    pipeline.by_name(name).ok_or(Trouble::ConverterFailed)
}

fn frame(buffer: &gst::BufferRef, shape: &impl Fn(&[u8]) -> Option<Bytes>) -> Option<Frame> {
    let at = ticks(buffer.pts()?);
    let map = buffer.map_readable().ok()?;
    let data = shape(map.as_slice())?;
    let key = !buffer.flags().contains(gst::BufferFlags::DELTA_UNIT);
    Some(Frame {
        data,
        at,
        received: Instant::now(),
        key,
    })
}

fn nanos(at: Ticks) -> gst::ClockTime {
    let ticks = u64::try_from(at.0).unwrap_or(0);
    gst::ClockTime::from_nseconds(ticks.saturating_mul(100_000) / 9)
}

fn ticks(at: gst::ClockTime) -> Ticks {
    // Rounded, because the way in rounded down.
    Ticks(i64::try_from((at.nseconds().saturating_mul(9) + 50_000) / 100_000).unwrap_or(i64::MAX))
}
