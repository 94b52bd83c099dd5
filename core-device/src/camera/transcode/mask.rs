//! Blackens the owner's rectangles in every decoded picture, before it is encoded again. A picture in
//! which a rectangle cannot be drawn is thrown away.

use gst::prelude::*;
use gstreamer_video::{VideoFrameExt, VideoFrameRef, VideoInfo};

use super::gst;
use crate::camera::Trouble;
use crate::config::Mask;

/// Black in video range.
const BLACK_LUMA: u8 = 16;
const NO_COLOUR: u8 = 128;

/// Draws on every picture that passes `element`, which must carry I420.
pub(super) fn draw_on(element: &gst::Element, masks: Vec<Mask>) -> Result<(), Trouble> {
    let pad = element.static_pad("src").ok_or(Trouble::ConverterFailed)?;
    let added = pad.add_probe(gst::PadProbeType::BUFFER, move |pad, probe| {
        let drawn = probe
            .buffer_mut()
            .is_some_and(|buffer| draw(pad, buffer, &masks).is_some());
        if drawn {
            gst::PadProbeReturn::Ok
        } else {
            gst::PadProbeReturn::Drop
        }
    });
    added.map(|_| ()).ok_or(Trouble::ConverterFailed)
}

fn draw(pad: &gst::Pad, buffer: &mut gst::Buffer, masks: &[Mask]) -> Option<()> {
    let info = VideoInfo::from_caps(pad.current_caps()?.as_ref()).ok()?;
    let mut picture = VideoFrameRef::from_buffer_ref_writable(buffer.make_mut(), &info).ok()?;
    let (width, height) = (info.width() as usize, info.height() as usize);
    for mask in masks {
        let area = Area::of(mask, width, height);
        for plane in 0..3 {
            let stride = usize::try_from(*picture.plane_stride().get(plane as usize)?).ok()?;
            let (area, value) = if plane == 0 {
                (area, BLACK_LUMA)
            } else {
                (area.halved(), NO_COLOUR)
            };
            fill(picture.plane_data_mut(plane).ok()?, stride, area, value)?;
        }
    }
    Some(())
}

/// Pixels from (left, top) up to, not including, (right, bottom), on even coordinates, never smaller
/// than what was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Area {
    left: usize,
    top: usize,
    right: usize,
    bottom: usize,
}

impl Area {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "fractions between 0 and 1 of a picture's size"
    )]
    fn of(mask: &Mask, width: usize, height: usize) -> Self {
        let down =
            |fraction: f32, size: usize| ((fraction * size as f32).floor() as usize).min(size) & !1;
        let up = |fraction: f32, size: usize| {
            ((fraction * size as f32).ceil() as usize)
                .next_multiple_of(2)
                .min(size)
        };
        Self {
            left: down(mask.x, width),
            top: down(mask.y, height),
            right: up(mask.x + mask.w, width),
            bottom: up(mask.y + mask.h, height),
        }
    }

    /// The same area in a colour plane.
    fn halved(self) -> Self {
        Self {
            left: self.left / 2,
            top: self.top / 2,
            right: self.right.div_ceil(2),
            bottom: self.bottom.div_ceil(2),
        }
    }
}

fn fill(plane: &mut [u8], stride: usize, area: Area, value: u8) -> Option<()> {
    for row in area.top..area.bottom {
        plane
            .get_mut(row * stride + area.left..row * stride + area.right)?
            .fill(value);
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn an_area_covers_its_mask_and_stays_in_the_picture(
            x in 0.0f32..1.0, y in 0.0f32..1.0, w in 0.001f32..1.0, h in 0.001f32..1.0,
            width in 16usize..2000, height in 16usize..1200,
        ) {
            let mask = Mask { x, y, w: w.min(1.0 - x), h: h.min(1.0 - y) };
            let area = Area::of(&mask, width, height);
            prop_assert!(area.right <= width && area.bottom <= height);
            prop_assert!(area.left as f32 <= mask.x * width as f32);
            prop_assert!(area.right as f32 + 0.01 >= (mask.x + mask.w) * width as f32);
            let colour = area.halved();
            prop_assert!(colour.right <= width.div_ceil(2) && colour.right * 2 >= area.right);
        }
    }
}
