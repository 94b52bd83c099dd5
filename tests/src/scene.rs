//! What the test cameras see: six small films of one town, drawn by our own code, each a seamless loop.
//! A film knows shapes and time within its loop. Encoding and sending are the cameras' business.

pub mod actors;
mod corridor;
pub mod paint;
mod school;
mod shop;
mod square;
mod street;

use anyhow::{Context as _, Result};
use paint::{Canvas, Ink};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;

pub const WIDTH: u32 = 1280;
pub const HEIGHT: u32 = 720;
pub const FRAMES_A_SECOND: u32 = 15;
/// Long enough that a loop is not noticed at a glance, short enough to encode in seconds.
pub const LOOP_FRAMES: u32 = 12 * FRAMES_A_SECOND;

const CLOCK: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day] [hour]:[minute]:[second]");

/// The picture's size as numbers to paint with.
const W: f32 = 1280.0;
const H: f32 = 720.0;

/// What a camera looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum View {
    Street,
    StreetAtNight,
    Shop,
    SchoolGate,
    Corridor,
    Square,
}

impl View {
    fn backdrop(self, on: &mut Canvas) {
        match self {
            Self::Street => street::backdrop(on, street::Light::Day),
            Self::StreetAtNight => street::backdrop(on, street::Light::Night),
            Self::Shop => shop::backdrop(on),
            Self::SchoolGate => school::backdrop(on),
            Self::Corridor => corridor::backdrop(on),
            Self::Square => square::backdrop(on),
        }
    }

    fn actors(self, on: &mut Canvas, turn: f32) {
        match self {
            Self::Street => street::actors(on, turn, street::Light::Day),
            Self::StreetAtNight => street::actors(on, turn, street::Light::Night),
            Self::Shop => shop::actors(on, turn),
            Self::SchoolGate => school::actors(on, turn),
            Self::Corridor => corridor::actors(on, turn),
            Self::Square => square::actors(on, turn),
        }
    }
}

/// One camera's film.
pub struct Film {
    view: View,
    still: Canvas,
    clock_from: Option<OffsetDateTime>,
}

impl Film {
    /// `clock_from` is the time shown in the first frame; without it the camera draws its own clock.
    ///
    /// # Errors
    /// Only when there is no memory for a picture.
    pub fn new(view: View, name: &str, clock_from: Option<OffsetDateTime>) -> Result<Self> {
        let mut still = Canvas::new(WIDTH, HEIGHT).context("a picture has a size")?;
        view.backdrop(&mut still);
        overlay(&mut still, 24.0, name);
        Ok(Self {
            view,
            still,
            clock_from,
        })
    }

    #[must_use]
    pub fn frame(&self, number: u32) -> Canvas {
        let mut picture = self.still.clone();
        let turn = (number % LOOP_FRAMES) as f32 / LOOP_FRAMES as f32;
        self.view.actors(&mut picture, turn);
        if let Some(from) = self.clock_from {
            let seconds = i64::from(number / FRAMES_A_SECOND);
            let text = clock_text(from + time::Duration::seconds(seconds));
            overlay(&mut picture, W - 24.0 - text.len() as f32 * 16.0, &text);
        }
        picture
    }
}

/// A camera's clock as it stands in the picture.
#[must_use]
pub fn clock_text(at: OffsetDateTime) -> String {
    at.format(CLOCK).unwrap_or_default()
}

fn overlay(on: &mut Canvas, x: f32, text: &str) {
    on.text(x + 2.0, 22.0, 2.0, text, Ink(0, 0, 0, 200));
    on.text(x, 20.0, 2.0, text, Ink(255, 255, 255, 255));
}

/// Runs from 0 to 1 while `turn` passes from `from` to `to`, and is nothing outside.
fn during(turn: f32, from: f32, to: f32) -> Option<f32> {
    (from..to)
        .contains(&turn)
        .then(|| (turn - from) / (to - from))
}

/// Small, repeatable disorder: a number in 0..1 for a whole number.
fn scatter(seed: u32) -> f32 {
    let mixed = seed.wrapping_mul(0x9E37_79B1) ^ seed.wrapping_mul(0x85EB_CA6B).rotate_left(13);
    (mixed >> 8 & 0xFFFF) as f32 / 65_536.0
}

/// Writes a still of each view as a raw PPM picture, to look at what was drawn.
///
/// # Errors
/// When the folder cannot be written.
pub fn write_stills<'a>(
    folder: &std::path::Path,
    views: impl Iterator<Item = (View, &'a str)>,
) -> Result<()> {
    std::fs::create_dir_all(folder)?;
    for (view, name) in views {
        let picture = Film::new(view, name, Some(OffsetDateTime::UNIX_EPOCH))?.frame(40);
        let mut ppm = format!("P6 {WIDTH} {HEIGHT} 255\n").into_bytes();
        ppm.extend(
            picture
                .bytes()
                .chunks_exact(4)
                .flat_map(|pixel| &pixel[..3]),
        );
        std::fs::write(folder.join(format!("{view:?}.ppm")), ppm)?;
    }
    Ok(())
}
