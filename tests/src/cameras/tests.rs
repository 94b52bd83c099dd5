//! The cameras themselves are tried with GStreamer's own RTSP client, so that a mistake in them is not
//! taken for one in the CORE device.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::net::Ipv4Addr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use gstreamer::prelude::*;
use gstreamer_app::AppSink;
use gstreamer_video::{VideoFrameExt as _, VideoFrameRef, VideoInfo};

use super::*;
use crate::stamp;

fn start(name: &str) -> Cameras {
    let plans: Vec<_> = town_cameras()
        .into_iter()
        .filter(|plan| plan.name == name)
        .collect();
    let cache = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/test-cameras");
    Cameras::start(Ipv4Addr::LOCALHOST.into(), &cache, &plans).unwrap()
}

/// Decodes what `url` sends to grey pictures.
struct Player {
    pipeline: gstreamer::Pipeline,
    sink: AppSink,
}

impl Player {
    fn play(url: &str, camera: &Camera) -> Self {
        let launch = format!(
            "rtspsrc location={url} user-id={} user-pw={} protocols=tcp latency=0 \
             ! application/x-rtp,media=video ! decodebin ! videoconvert \
             ! video/x-raw,format=I420 ! appsink name=sink sync=false",
            camera.plan.username, camera.plan.password
        );
        let pipeline = gstreamer::parse::launch(&launch)
            .unwrap()
            .downcast::<gstreamer::Pipeline>()
            .unwrap();
        let sink = pipeline.by_name("sink").unwrap().downcast().unwrap();
        pipeline.set_state(gstreamer::State::Playing).unwrap();
        Self { pipeline, sink }
    }

    /// The stamp of the next picture, if a picture comes and if it has one.
    fn next(&self, patience: Duration) -> Option<Option<u64>> {
        let patience = gstreamer::ClockTime::try_from(patience).unwrap();
        let Some(sample) = self.sink.try_pull_sample(patience) else {
            self.say_why();
            return None;
        };
        let video = VideoInfo::from_caps(sample.caps().unwrap()).unwrap();
        let frame = VideoFrameRef::from_buffer_ref_readable(sample.buffer().unwrap(), &video);
        let frame = frame.unwrap();
        let stride = usize::try_from(frame.plane_stride()[0]).unwrap();
        let (width, height) = (frame.width() as usize, frame.height() as usize);
        Some(stamp::read(
            frame.plane_data(0).unwrap(),
            stride,
            width,
            height,
        ))
    }
}

impl Player {
    fn say_why(&self) {
        for message in self.pipeline.bus().unwrap().iter() {
            if let gstreamer::MessageView::Error(error) = message.view() {
                println!("{} ({:?})", error.error(), error.debug());
            }
        }
    }
}

impl Drop for Player {
    fn drop(&mut self) {
        let _ = self.pipeline.set_state(gstreamer::State::Null);
    }
}

fn unix_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    u64::try_from(since.as_millis()).unwrap()
}

#[test]
fn the_live_camera_says_in_each_picture_when_it_was_taken() {
    let cameras = start("Lopez 1 Street");
    let camera = &cameras.all()[0];
    for url in [camera.main_url(), camera.sub_url().unwrap()] {
        let player = Player::play(&url, camera);
        let mut ages = Vec::new();
        for _ in 0..30 {
            let stamp = player.next(Duration::from_secs(20)).unwrap();
            ages.push(unix_ms() - stamp.unwrap());
        }
        ages.sort_unstable();
        assert!(
            ages[15] < 400,
            "{url}: half of the pictures were older than {} ms",
            ages[15]
        );
    }
}

#[test]
fn every_camera_of_the_town_plays_in_its_own_codec() {
    for plan in town_cameras() {
        let cameras = start(&plan.name);
        let camera = &cameras.all()[0];
        for url in std::iter::once(camera.main_url()).chain(camera.sub_url()) {
            let player = Player::play(&url, camera);
            for _ in 0..20 {
                assert!(
                    player.next(Duration::from_secs(20)).is_some(),
                    "{} went silent",
                    plan.name
                );
            }
        }
    }
}

#[test]
fn a_camera_in_trouble_sends_nothing_and_comes_back() {
    let cameras = start("Square 1 Market");
    let camera = &cameras.all()[0];
    let soon = Duration::from_secs(20);
    for trouble in [
        Trouble::Stopped,
        Trouble::Garbage,
        Trouble::OtherPassword,
        Trouble::Stalled,
    ] {
        camera.put(trouble).unwrap();
        let player = Player::play(&camera.main_url(), camera);
        assert_eq!(player.next(Duration::from_secs(2)), None, "{trouble:?}");
        drop(player);

        camera.put(Trouble::None).unwrap();
        let player = Player::play(&camera.main_url(), camera);
        assert!(
            player.next(soon).is_some(),
            "did not come back from {trouble:?}"
        );
    }
}
