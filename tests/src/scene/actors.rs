//! What moves in the scenes, and what stands in several of them: vehicles with made-up plates, people,
//! trees and lamps. Each takes the point where it touches the ground and a scale in pixels a metre.

use super::paint::{Canvas, Ink};

const RUBBER: Ink = Ink::rgb(0x1b1c1f);
const GLASS: Ink = Ink::rgb(0x2b3a46);
const SHADOW: Ink = Ink(0, 0, 0, 70);
const SKIN: [Ink; 4] = [
    Ink::rgb(0xe0b08e),
    Ink::rgb(0x8a5a3c),
    Ink::rgb(0xc68e66),
    Ink::rgb(0x5c3b28),
];

/// A place on the ground and how large a metre is there.
#[derive(Clone, Copy)]
pub struct Spot {
    pub x: f32,
    pub y: f32,
    pub metre: f32,
}

impl Spot {
    #[must_use]
    pub const fn new(x: f32, y: f32, metre: f32) -> Self {
        Self { x, y, metre }
    }
}

/// Which end of a vehicle is seen.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum End {
    Front,
    Rear,
}

/// A vehicle seen from its front or rear, with its plate.
pub fn vehicle(on: &mut Canvas, at: Spot, end: End, paint: Ink, plate: &str, lights: bool) {
    let m = at.metre;
    let (left, width) = (at.x - 0.92 * m, 1.84 * m);
    on.oval(at.x, at.y, 1.15 * m, 0.16 * m, SHADOW);
    for wheel in [left + 0.05 * m, left + width - 0.33 * m] {
        on.slab(wheel, at.y - 0.55 * m, 0.28 * m, 0.55 * m, 0.05 * m, RUBBER);
    }
    on.poly(
        &[
            (left + 0.26 * m, at.y - 1.48 * m),
            (left + width - 0.26 * m, at.y - 1.48 * m),
            (left + width - 0.04 * m, at.y - 0.9 * m),
            (left + 0.04 * m, at.y - 0.9 * m),
        ],
        paint,
    );
    on.poly(
        &[
            (left + 0.34 * m, at.y - 1.4 * m),
            (left + width - 0.34 * m, at.y - 1.4 * m),
            (left + width - 0.16 * m, at.y - 0.94 * m),
            (left + 0.16 * m, at.y - 0.94 * m),
        ],
        GLASS,
    );
    on.poly(
        &[
            (left + 0.5 * m, at.y - 1.4 * m),
            (left + 0.8 * m, at.y - 1.4 * m),
            (left + 0.56 * m, at.y - 0.94 * m),
            (left + 0.26 * m, at.y - 0.94 * m),
        ],
        Ink(255, 255, 255, 26),
    );
    on.slab(left, at.y - 0.92 * m, width, 0.66 * m, 0.1 * m, paint);
    on.rect(left, at.y - 0.44 * m, width, 0.12 * m, Ink(0, 0, 0, 60));
    lamps(on, at, end, lights);
    number_plate(on, at, plate);
}

fn lamps(on: &mut Canvas, at: Spot, end: End, lit: bool) {
    let m = at.metre;
    let ink = match end {
        End::Front => Ink::rgb(0xf4f1d8),
        End::Rear => Ink::rgb(0xb81f24),
    };
    for x in [at.x - 0.84 * m, at.x + 0.5 * m] {
        on.slab(x, at.y - 0.8 * m, 0.34 * m, 0.18 * m, 0.04 * m, ink);
        if lit {
            let reach = if end == End::Front { 2.6 } else { 1.2 };
            on.glow(x + 0.17 * m, at.y - 0.71 * m, reach * m, ink.fade(150));
        }
    }
}

fn number_plate(on: &mut Canvas, at: Spot, plate: &str) {
    let m = at.metre;
    let (x, y) = (at.x - 0.3 * m, at.y - 0.62 * m);
    on.rect(x, y, 0.6 * m, 0.2 * m, Ink::rgb(0xeeeee6));
    let dot = 0.6 * m / (8.0 * 7.5);
    if dot >= 0.6 {
        on.text(x + dot * 2.0, y + 0.03 * m, dot, plate, Ink::rgb(0x1c2d5a));
    }
}

/// A car from the side, driving right when `heading` is positive.
pub fn car_passing(on: &mut Canvas, at: Spot, heading: f32, paint: Ink) {
    let m = at.metre;
    let x = |along: f32| at.x + along * m * heading;
    on.oval(at.x, at.y, 2.3 * m, 0.14 * m, SHADOW);
    on.poly(
        &[
            (x(-2.1), at.y - 0.35 * m),
            (x(-2.05), at.y - 0.95 * m),
            (x(-1.5), at.y - m),
            (x(-1.0), at.y - 1.5 * m),
            (x(0.35), at.y - 1.5 * m),
            (x(1.0), at.y - m),
            (x(1.95), at.y - 0.85 * m),
            (x(2.15), at.y - 0.35 * m),
        ],
        paint,
    );
    on.poly(
        &[
            (x(-1.3), at.y - m),
            (x(-0.9), at.y - 1.4 * m),
            (x(0.28), at.y - 1.4 * m),
            (x(0.8), at.y - m),
        ],
        GLASS,
    );
    on.rect(
        x(-0.32).min(x(-0.24)),
        at.y - 1.42 * m,
        0.08 * m,
        0.45 * m,
        paint,
    );
    on.rect(
        x(1.95).min(x(2.1)),
        at.y - 0.8 * m,
        0.14 * m,
        0.14 * m,
        Ink::rgb(0xf4f1d8),
    );
    for wheel in [-1.3, 1.3] {
        on.oval(x(wheel), at.y - 0.33 * m, 0.36 * m, 0.36 * m, RUBBER);
        on.oval(
            x(wheel),
            at.y - 0.33 * m,
            0.18 * m,
            0.18 * m,
            Ink::rgb(0x8d9399),
        );
    }
}

/// Somebody walking (`gait` in turns; whole numbers stand still) or standing.
pub fn person(on: &mut Canvas, at: Spot, coat: Ink, who: usize, gait: f32) {
    let m = at.metre;
    let swing = (gait * std::f32::consts::TAU).sin() * 0.22 * m;
    let trousers = Ink::rgb([0x262f45, 0x3a332c, 0x222428, 0x4b5058][who % 4]);
    on.oval(at.x, at.y, 0.34 * m, 0.07 * m, SHADOW);
    for side in [swing, -swing] {
        on.line(
            (at.x, at.y - 0.86 * m),
            (at.x + side, at.y),
            0.17 * m,
            trousers,
        );
    }
    on.line(
        (at.x - 0.2 * m, at.y - 1.36 * m),
        (at.x - 0.24 * m - swing, at.y - 0.8 * m),
        0.11 * m,
        coat,
    );
    on.slab(
        at.x - 0.23 * m,
        at.y - 1.45 * m,
        0.46 * m,
        0.68 * m,
        0.1 * m,
        coat,
    );
    on.line(
        (at.x + 0.2 * m, at.y - 1.36 * m),
        (at.x + 0.24 * m + swing, at.y - 0.8 * m),
        0.11 * m,
        coat,
    );
    on.oval(
        at.x,
        at.y - 1.6 * m,
        0.125 * m,
        0.15 * m,
        SKIN[who % SKIN.len()],
    );
    let hair = Ink::rgb([0x2a1d16, 0x171414, 0x6b4a2a, 0x3b3b3d][who % 4]);
    on.oval(at.x, at.y - 1.68 * m, 0.14 * m, 0.1 * m, hair);
}

/// People in these coats on one way that they walk again and again, each so much of a turn behind the one
/// before. `place` says where somebody is and in which gait, by how far along the way they are.
pub fn walkers(
    on: &mut Canvas,
    coats: &[u32],
    (turn, apart): (f32, f32),
    place: impl Fn(usize, f32) -> (Spot, f32),
) {
    for (who, coat) in coats.iter().enumerate() {
        let way = (turn + who as f32 * apart).fract();
        let (at, gait) = place(who, way);
        person(on, at, Ink::rgb(*coat), who, gait);
    }
}

pub fn tree(on: &mut Canvas, at: Spot) {
    let m = at.metre;
    on.oval(at.x, at.y, 1.5 * m, 0.25 * m, SHADOW);
    on.rect(
        at.x - 0.12 * m,
        at.y - 2.2 * m,
        0.24 * m,
        2.2 * m,
        Ink::rgb(0x4d3b2d),
    );
    for (dx, dy, r, ink) in [
        (-0.7, 2.6, 0.95, 0x3f5d3a),
        (0.7, 2.7, 0.95, 0x44663f),
        (0.0, 3.2, 1.15, 0x4d7347),
        (-0.3, 3.5, 0.6, 0x5a8252),
    ] {
        on.oval(
            at.x + dx * m,
            at.y - dy * m,
            r * m,
            r * 0.9 * m,
            Ink::rgb(ink),
        );
    }
}

/// A street lamp; its head hangs over `reach` metres to the right.
pub fn street_lamp(on: &mut Canvas, at: Spot, reach: f32, lit: bool) {
    let m = at.metre;
    let (top, head) = (at.y - 5.0 * m, at.x + reach * m);
    on.line((at.x, at.y), (at.x, top), 0.12 * m, Ink::rgb(0x3a3f45));
    on.line(
        (at.x, top),
        (head, top - 0.1 * m),
        0.1 * m,
        Ink::rgb(0x3a3f45),
    );
    on.oval(head, top, 0.28 * m, 0.09 * m, Ink::rgb(0xcfd3d6));
    if lit {
        on.glow(head, top, 2.4 * m, Ink(255, 214, 150, 170));
        on.oval(head, at.y, 2.6 * m, 0.6 * m, Ink(255, 214, 150, 36));
    }
}
