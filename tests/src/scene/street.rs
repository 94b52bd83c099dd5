//! A shopping street towards its vanishing point, seen from above a shop door: by day, and at night in
//! the rain. Vehicles come and go with readable plates; people walk on the pavements.

use super::actors::{End, Spot, street_lamp, tree, vehicle, walkers};
use super::paint::{Canvas, Ink};
use super::{H, W, during, scatter};

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Light {
    Day,
    Night,
}

const HORIZON: f32 = 250.0;
const MIDDLE: f32 = 620.0;
/// Pixels a metre at the lower edge of the picture.
const NEAR: f32 = 118.0;

/// A place `across` metres right of the street's middle at `depth` (1 is the lower edge).
fn ground(across: f32, depth: f32) -> Spot {
    let metre = NEAR / depth;
    Spot::new(
        MIDDLE + across * metre,
        HORIZON + (H + 20.0 - HORIZON) / depth,
        metre,
    )
}

pub(super) fn backdrop(on: &mut Canvas, light: Light) {
    let (high, low) = match light {
        Light::Day => (Ink::rgb(0x8fb2d4), Ink::rgb(0xdfe6ea)),
        Light::Night => (Ink::rgb(0x0b1020), Ink::rgb(0x2a2433)),
    };
    on.fade_down(0.0, 0.0, W, HORIZON + 40.0, high, low);
    skyline(on);
    pavement(on);
    houses(on, -1.0, &[0xa7705a, 0xc9b79a, 0x8a8f98, 0xb5927a], light);
    houses(on, 1.0, &[0x7f8a92, 0xb98a6a, 0xd1c4ad, 0x93705f], light);
    for depth in [7.0, 4.6, 2.9] {
        tree(on, ground(5.1, depth));
    }
    if light == Light::Night {
        on.rect(0.0, 0.0, W, H, Ink(8, 12, 34, 150));
        on.fade_down(
            0.0,
            430.0,
            W,
            H - 430.0,
            Ink(120, 140, 190, 0),
            Ink(120, 140, 190, 46),
        );
    }
    for depth in [6.0, 3.6, 2.2] {
        street_lamp(on, ground(-4.8, depth), 1.3, light == Light::Night);
    }
}

fn skyline(on: &mut Canvas) {
    for block in 0..14u32 {
        let x = 380.0 + block as f32 * 36.0;
        let height = 30.0 + scatter(block) * 60.0;
        on.rect(x, HORIZON + 6.0 - height, 36.0, height, Ink::rgb(0x9aa5b2));
    }
}

fn pavement(on: &mut Canvas) {
    strip(on, -40.0, 40.0, Ink::rgb(0x8d8b85));
    strip(on, -4.2, 4.2, Ink::rgb(0x4a4d52));
    for kerb in [-4.2, 4.05] {
        strip(on, kerb, kerb + 0.15, Ink::rgb(0xc2c0b8));
    }
    for dash in 0..16 {
        let near = 1.0 + dash as f32 * 0.55;
        let (a, b) = (ground(-0.06, near), ground(0.06, near));
        let (c, d) = (ground(0.06, near + 0.28), ground(-0.06, near + 0.28));
        on.poly(
            &[(a.x, a.y), (b.x, b.y), (c.x, c.y), (d.x, d.y)],
            Ink::rgb(0xe6dfb8),
        );
    }
    for bar in 0..9 {
        let across = -3.9 + bar as f32 * 0.9;
        let (a, b) = (ground(across, 2.05), ground(across + 0.5, 2.05));
        let (c, d) = (ground(across + 0.5, 2.5), ground(across, 2.5));
        on.poly(
            &[(a.x, a.y), (b.x, b.y), (c.x, c.y), (d.x, d.y)],
            Ink(235, 235, 230, 190),
        );
    }
}

fn strip(on: &mut Canvas, from: f32, to: f32, ink: Ink) {
    let (a, b) = (ground(from, 0.9), ground(to, 0.9));
    let (c, d) = (ground(to, 60.0), ground(from, 60.0));
    on.poly(&[(a.x, a.y), (b.x, b.y), (c.x, c.y), (d.x, d.y)], ink);
}

fn houses(on: &mut Canvas, side: f32, walls: &[u32; 4], light: Light) {
    for (place, wall) in walls.iter().enumerate().rev() {
        let near = 1.35 + place as f32 * 1.6;
        let (a, b) = (ground(side * 7.0, near), ground(side * 7.0, near + 1.6));
        let tall = 6.5 + scatter(place as u32 + 40) * 3.0;
        let (roof_a, roof_b) = (a.y - tall * a.metre, b.y - tall * b.metre);
        on.poly(
            &[(a.x, a.y), (b.x, b.y), (b.x, roof_b), (a.x, roof_a)],
            Ink::rgb(*wall),
        );
        let edge = side * (W + 200.0);
        if place == 0 {
            on.poly(
                &[
                    (a.x, a.y),
                    (a.x + edge, a.y),
                    (a.x + edge, roof_a),
                    (a.x, roof_a),
                ],
                Ink::rgb(*wall),
            );
        }
        windows(on, (a, b), tall, place, light);
    }
}

fn windows(on: &mut Canvas, (a, b): (Spot, Spot), tall: f32, house: usize, light: Light) {
    let at = |along: f32, up: f32| {
        let metre = a.metre + (b.metre - a.metre) * along;
        (
            a.x + (b.x - a.x) * along,
            a.y + (b.y - a.y) * along - up * metre,
        )
    };
    let mut floor = 3.2;
    while floor + 1.6 < tall {
        for column in 0..4u32 {
            let from = 0.1 + column as f32 * 0.22;
            let lit =
                light == Light::Night && scatter(column + house as u32 * 9 + floor as u32) > 0.55;
            let ink = if lit {
                Ink::rgb(0xffdf95)
            } else {
                Ink::rgb(0x38454f)
            };
            on.poly(
                &[
                    at(from, floor),
                    at(from + 0.13, floor),
                    at(from + 0.13, floor + 1.4),
                    at(from, floor + 1.4),
                ],
                ink,
            );
        }
        floor += 2.4;
    }
    let blind = Ink::rgb([0xb23a3a, 0x2f6d62, 0x35507e, 0xc08a2d][house % 4]);
    on.poly(
        &[at(0.06, 0.3), at(0.94, 0.3), at(0.94, 2.1), at(0.06, 2.1)],
        Ink::rgb(0x27333b),
    );
    on.poly(
        &[at(0.04, 2.1), at(0.96, 2.1), at(0.96, 2.7), at(0.04, 2.7)],
        blind,
    );
}

struct Passing {
    from: f32,
    to: f32,
    lane: f32,
    paint: u32,
    plate: &'static str,
}

const TRAFFIC: [Passing; 5] = [
    Passing {
        from: 0.00,
        to: 0.42,
        lane: -2.0,
        paint: 0xa32c2c,
        plate: "KRV 418",
    },
    Passing {
        from: 0.30,
        to: 0.78,
        lane: -2.0,
        paint: 0xd8d9d6,
        plate: "7TQ 902",
    },
    Passing {
        from: 0.62,
        to: 0.99,
        lane: -2.1,
        paint: 0x2e4a78,
        plate: "LMN 350",
    },
    Passing {
        from: 0.10,
        to: 0.60,
        lane: 2.0,
        paint: 0x3c4348,
        plate: "BXA 77D",
    },
    Passing {
        from: 0.52,
        to: 0.98,
        lane: 2.0,
        paint: 0xc9a227,
        plate: "ZED 116",
    },
];

pub(super) fn actors(on: &mut Canvas, turn: f32, light: Light) {
    on_foot(on, turn);
    let mut seen: Vec<(f32, &Passing)> = TRAFFIC
        .iter()
        .filter_map(|car| during(turn, car.from, car.to).map(|way| (depth_of(car, way), car)))
        .collect();
    seen.sort_by(|a, b| b.0.total_cmp(&a.0));
    for (depth, car) in seen {
        let end = if car.lane < 0.0 {
            End::Front
        } else {
            End::Rear
        };
        vehicle(
            on,
            ground(car.lane, depth),
            end,
            Ink::rgb(car.paint),
            car.plate,
            light == Light::Night,
        );
    }
    if light == Light::Night {
        rain(on, turn);
    }
}

/// Traffic on the left lane comes nearer, on the right lane it drives away.
fn depth_of(car: &Passing, way: f32) -> f32 {
    let near_first = if car.lane < 0.0 { 1.0 - way } else { way };
    0.8 + near_first * near_first * 16.0
}

fn on_foot(on: &mut Canvas, turn: f32) {
    let coats = [0x7a3b52, 0x2f5d50, 0x44506b, 0x8d6b2c];
    walkers(on, &coats, (turn, 0.27), |who, way| {
        let depth = if who % 2 == 0 {
            1.4 + way * 7.0
        } else {
            8.4 - way * 7.0
        };
        let across = if who < 2 { 5.6 } else { -5.7 };
        (ground(across, depth), way * 14.0)
    });
}

fn rain(on: &mut Canvas, turn: f32) {
    for drop in 0..150u32 {
        let x = scatter(drop) * (W + 60.0) - 30.0;
        let falls = (1.0 + (drop % 3) as f32) * 12.0;
        let y = (scatter(drop + 500) + turn * falls).fract() * (H + 60.0) - 40.0;
        on.line((x, y), (x - 5.0, y + 24.0), 1.2, Ink(190, 205, 230, 90));
    }
}
