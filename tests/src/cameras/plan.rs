//! What each test camera is: its name, its view, how it encodes. The six cameras of the demo town are
//! listed here; how a plan becomes a stream is `mount`'s and `clip`'s business.

use serde::{Deserialize, Serialize};

use crate::scene::View;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Video {
    /// H.264 constrained baseline, encoded while it is watched, with the time stamp in the picture.
    H264Live,
    /// H.264 constrained baseline, replayed.
    H264,
    /// H.264 High, replayed.
    H264High,
    H265,
    Mjpeg,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Sound {
    G711,
    Aac,
}

/// Fractions of the picture, from its top left.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mask {
    pub x: f64,
    pub y: f64,
    pub w: f64,
    pub h: f64,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CameraPlan {
    /// Shown in the picture, too.
    pub name: String,
    pub view: View,
    pub video: Video,
    /// Whether there is a 640 by 360 H.264 substream.
    pub sub: bool,
    pub sound: Option<Sound>,
    /// What the CORE device never shows: rectangles as it has them in its configuration.
    pub masks: Vec<Mask>,
    pub username: String,
    pub password: String,
}

impl CameraPlan {
    #[must_use]
    pub fn new(name: &str, view: View, video: Video) -> Self {
        Self {
            name: name.to_owned(),
            view,
            video,
            sub: video != Video::Mjpeg,
            sound: None,
            masks: Vec::new(),
            username: "viewer".to_owned(),
            password: format!("{}-pass", name.to_lowercase().replace(' ', "-")),
        }
    }

    #[must_use]
    pub fn with_sound(mut self, sound: Sound) -> Self {
        self.sound = Some(sound);
        self
    }

    #[must_use]
    pub fn with_mask(mut self, mask: Mask) -> Self {
        self.masks.push(mask);
        self
    }
}

/// A classroom's door in the hall's view.
pub const HALL_MASK: Mask = Mask {
    x: 0.0,
    y: 0.25,
    w: 0.25,
    h: 0.5,
};

/// The six cameras of the demo town: two at the shop, two at the school, two on the square.
#[must_use]
pub fn town_cameras() -> Vec<CameraPlan> {
    vec![
        CameraPlan::new("Lopez 1 Street", View::Street, Video::H264Live).with_sound(Sound::G711),
        CameraPlan::new("Lopez 2 Counter", View::Shop, Video::H264High).with_sound(Sound::Aac),
        CameraPlan::new("Lincoln 1 Gate", View::SchoolGate, Video::H265),
        CameraPlan::new("Lincoln 2 Hall", View::Corridor, Video::Mjpeg).with_mask(HALL_MASK),
        CameraPlan::new("Square 1 Market", View::Square, Video::H264),
        CameraPlan::new("Square 2 Main St", View::StreetAtNight, Video::H264),
    ]
}
