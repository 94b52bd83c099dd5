//! The school's hallway towards its end window: lockers, doors, an exit sign, a few people. The
//! quietest picture of the town, as most cameras' pictures are.

use super::actors::{Spot, person};
use super::paint::{Canvas, Ink};
use super::{H, W};

const EYE: (f32, f32) = (640.0, 270.0);

/// A point on the wall: `side` -1 or 1, `depth` 1 at the picture's edge, `up` metres from the floor.
fn wall(side: f32, depth: f32, up: f32) -> (f32, f32) {
    let metre = 210.0 / depth;
    (EYE.0 + side * 3.2 * metre, EYE.1 + (2.3 - up) * metre)
}

fn floor(across: f32, depth: f32) -> Spot {
    let metre = 210.0 / depth;
    Spot::new(EYE.0 + across * metre, EYE.1 + 2.3 * metre, metre)
}

pub(super) fn backdrop(on: &mut Canvas) {
    on.rect(0.0, 0.0, W, H, Ink::rgb(0xcfc9ba));
    on.poly(&[(-40.0, H), (W + 40.0, H), EYE, EYE], Ink::rgb(0x97a3a0));
    on.poly(
        &[
            wall(-1.0, 0.9, 0.0),
            wall(1.0, 0.9, 0.0),
            wall(1.0, 12.0, 0.0),
            wall(-1.0, 12.0, 0.0),
        ],
        Ink::rgb(0x9aa7a2),
    );
    on.poly(
        &[
            wall(-1.0, 0.9, 3.4),
            wall(1.0, 0.9, 3.4),
            wall(1.0, 12.0, 3.4),
            wall(-1.0, 12.0, 3.4),
        ],
        Ink::rgb(0xe6e3da),
    );
    for side in [-1.0, 1.0] {
        on.poly(
            &[
                wall(side, 0.7, 0.0),
                wall(side, 12.0, 0.0),
                wall(side, 12.0, 3.4),
                wall(side, 0.7, 3.4),
            ],
            Ink::rgb(0xd9cfb6),
        );
        on.poly(
            &[
                wall(side, 0.7, 0.0),
                wall(side, 12.0, 0.0),
                wall(side, 12.0, 0.25),
                wall(side, 0.7, 0.25),
            ],
            Ink::rgb(0x6d6a5f),
        );
        lockers(on, side);
    }
    for lamp in 0..7 {
        let near = 1.0 + lamp as f32 * 1.5;
        let (a, b) = (wall(-0.3, near, 3.38), wall(0.3, near, 3.38));
        let (c, d) = (wall(0.3, near + 0.6, 3.38), wall(-0.3, near + 0.6, 3.38));
        on.poly(&[a, b, c, d], Ink::rgb(0xfffdf2));
        let shine = floor(0.0, near + 0.3);
        on.oval(
            shine.x,
            shine.y,
            shine.metre,
            shine.metre * 0.16,
            Ink(255, 255, 250, 60),
        );
    }
    let (left, top) = wall(-1.0, 12.0, 3.4);
    let (right, low) = wall(1.0, 12.0, 0.0);
    on.rect(left, top, right - left, low - top, Ink::rgb(0xbfb79f));
    on.fade_down(
        left + 24.0,
        top + 14.0,
        right - left - 48.0,
        low - top - 14.0,
        Ink::rgb(0xf2f7fb),
        Ink::rgb(0xbcd0d8),
    );
    on.slab(EYE.0 - 26.0, 178.0, 52.0, 20.0, 3.0, Ink::rgb(0x17402a));
    on.text(EYE.0 - 20.0, 183.0, 1.25, "EXIT", Ink::rgb(0x7dffa8));
}

fn lockers(on: &mut Canvas, side: f32) {
    let colours = [0x3f6f8f, 0x47789a];
    for number in 0..22usize {
        let near = 0.8 + number as f32 * 0.32;
        if number % 8 == 7 {
            on.poly(
                &[
                    wall(side, near, 0.1),
                    wall(side, near + 0.3, 0.1),
                    wall(side, near + 0.3, 2.3),
                    wall(side, near, 2.3),
                ],
                Ink::rgb(0x8a6137),
            );
            continue;
        }
        on.poly(
            &[
                wall(side, near, 0.25),
                wall(side, near + 0.3, 0.25),
                wall(side, near + 0.3, 2.0),
                wall(side, near, 2.0),
            ],
            Ink::rgb(colours[number % 2]),
        );
        let (from, to) = (near + 0.08, near + 0.22);
        for slot in [1.65, 1.75] {
            on.line(
                wall(side, from, slot),
                wall(side, to, slot),
                1.5,
                Ink(20, 40, 55, 170),
            );
        }
    }
}

pub(super) fn actors(on: &mut Canvas, turn: f32) {
    let coats = [0x7d4f8f, 0x2f6d5f, 0xb0603a];
    let mut seen: Vec<(f32, usize)> = (0..coats.len())
        .map(|who| {
            let way = (turn + who as f32 * 0.37).fract();
            let near = if who == 1 { way } else { 1.0 - way };
            (1.5 + near * 9.5, who)
        })
        .collect();
    seen.sort_by(|a, b| b.0.total_cmp(&a.0));
    for (depth, who) in seen {
        let across = [-1.2, 1.3, 0.4][who];
        person(
            on,
            floor(across, depth),
            Ink::rgb(coats[who]),
            who,
            depth * 1.3,
        );
    }
}
