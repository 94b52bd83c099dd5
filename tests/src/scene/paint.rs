//! The brushes that scenes are painted with: a thin skin over tiny-skia that takes plain numbers and
//! silently skips shapes without area. No scene knowledge here.

use tiny_skia::{
    Color, FillRule, GradientStop, LinearGradient, Paint, Path, PathBuilder, Pixmap, Point,
    RadialGradient, Rect, Shader, SpreadMode, Stroke, Transform,
};

/// Red, green, blue and opacity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ink(pub u8, pub u8, pub u8, pub u8);

impl Ink {
    #[must_use]
    pub const fn rgb(hex: u32) -> Self {
        let [_, r, g, b] = hex.to_be_bytes();
        Self(r, g, b, 255)
    }

    #[must_use]
    pub const fn fade(self, opacity: u8) -> Self {
        Self(self.0, self.1, self.2, opacity)
    }

    fn color(self) -> Color {
        Color::from_rgba8(self.0, self.1, self.2, self.3)
    }
}

/// A picture being painted.
#[derive(Clone)]
pub struct Canvas {
    pixels: Pixmap,
}

impl Canvas {
    /// `None` for a size of zero.
    #[must_use]
    pub fn new(width: u32, height: u32) -> Option<Self> {
        Pixmap::new(width, height).map(|pixels| Self { pixels })
    }

    /// RGBA bytes, row by row.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        self.pixels.data()
    }

    pub fn rect(&mut self, x: f32, y: f32, w: f32, h: f32, ink: Ink) {
        if let Some(rect) = Rect::from_xywh(x, y, w.max(0.0), h.max(0.0)) {
            self.pixels
                .fill_rect(rect, &solid(ink), Transform::identity(), None);
        }
    }

    /// A rectangle whose colour runs from top to bottom.
    pub fn fade_down(&mut self, x: f32, y: f32, w: f32, h: f32, top: Ink, bottom: Ink) {
        let shader = LinearGradient::new(
            Point::from_xy(x, y),
            Point::from_xy(x, y + h),
            stops(top, bottom),
            SpreadMode::Pad,
            Transform::identity(),
        );
        if let (Some(rect), Some(shader)) = (Rect::from_xywh(x, y, w, h), shader) {
            self.pixels
                .fill_rect(rect, &shaded(shader), Transform::identity(), None);
        }
    }

    pub fn poly(&mut self, points: &[(f32, f32)], ink: Ink) {
        if let Some(path) = polygon(points) {
            self.fill(&path, ink);
        }
    }

    pub fn oval(&mut self, cx: f32, cy: f32, rx: f32, ry: f32, ink: Ink) {
        let path =
            Rect::from_xywh(cx - rx, cy - ry, rx * 2.0, ry * 2.0).and_then(PathBuilder::from_oval);
        if let Some(path) = path {
            self.fill(&path, ink);
        }
    }

    /// A rectangle with cut corners, which reads as rounded at these sizes.
    pub fn slab(&mut self, x: f32, y: f32, w: f32, h: f32, cut: f32, ink: Ink) {
        self.poly(
            &[
                (x + cut, y),
                (x + w - cut, y),
                (x + w, y + cut),
                (x + w, y + h - cut),
                (x + w - cut, y + h),
                (x + cut, y + h),
                (x, y + h - cut),
                (x, y + cut),
            ],
            ink,
        );
    }

    pub fn line(&mut self, from: (f32, f32), to: (f32, f32), width: f32, ink: Ink) {
        let mut path = PathBuilder::new();
        path.move_to(from.0, from.1);
        path.line_to(to.0, to.1);
        let stroke = Stroke {
            width,
            ..Stroke::default()
        };
        if let Some(path) = path.finish() {
            self.pixels
                .stroke_path(&path, &solid(ink), &stroke, Transform::identity(), None);
        }
    }

    /// Light that fades out from a point.
    pub fn glow(&mut self, cx: f32, cy: f32, radius: f32, ink: Ink) {
        let middle = Point::from_xy(cx, cy);
        let shader = RadialGradient::new(
            middle,
            0.0,
            middle,
            radius,
            stops(ink, ink.fade(0)),
            SpreadMode::Pad,
            Transform::identity(),
        );
        let square = Rect::from_xywh(cx - radius, cy - radius, radius * 2.0, radius * 2.0);
        if let (Some(square), Some(shader)) = (square, shader) {
            self.pixels
                .fill_rect(square, &shaded(shader), Transform::identity(), None);
        }
    }

    /// Text in the 8 by 8 font of a camera's on-screen display; a dot is `dot` pixels wide.
    pub fn text(&mut self, x: f32, y: f32, dot: f32, text: &str, ink: Ink) {
        for (place, letter) in text.chars().enumerate() {
            let Some(rows) = usize::try_from(u32::from(letter))
                .ok()
                .and_then(|code| font8x8::legacy::BASIC_LEGACY.get(code))
            else {
                continue;
            };
            let left = x + place as f32 * 8.0 * dot;
            self.letter(left, y, dot, rows, ink);
        }
    }

    fn letter(&mut self, x: f32, y: f32, dot: f32, rows: &[u8; 8], ink: Ink) {
        for (row, bits) in (0u8..).zip(rows) {
            for column in 0u8..8 {
                if bits >> column & 1 == 1 {
                    let (dx, dy) = (f32::from(column) * dot, f32::from(row) * dot);
                    self.rect(x + dx, y + dy, dot, dot, ink);
                }
            }
        }
    }

    fn fill(&mut self, path: &Path, ink: Ink) {
        self.pixels.fill_path(
            path,
            &solid(ink),
            FillRule::Winding,
            Transform::identity(),
            None,
        );
    }
}

fn polygon(points: &[(f32, f32)]) -> Option<Path> {
    let (first, rest) = points.split_first()?;
    let mut path = PathBuilder::new();
    path.move_to(first.0, first.1);
    for point in rest {
        path.line_to(point.0, point.1);
    }
    path.close();
    path.finish()
}

fn solid(ink: Ink) -> Paint<'static> {
    shaded(Shader::SolidColor(ink.color()))
}

fn shaded(shader: Shader<'static>) -> Paint<'static> {
    Paint {
        shader,
        anti_alias: true,
        ..Paint::default()
    }
}

fn stops(from: Ink, to: Ink) -> Vec<GradientStop> {
    vec![
        GradientStop::new(0.0, from.color()),
        GradientStop::new(1.0, to.color()),
    ]
}
