//! Inside the corner store, from above the shelves: counter with till, glass door to the street,
//! customers who come in, pay and leave. Indoor light only.

use super::actors::{Spot, person};
use super::paint::{Canvas, Ink};
use super::{H, W, during, scatter};

pub(super) fn backdrop(on: &mut Canvas) {
    on.fade_down(0.0, 0.0, W, 330.0, Ink::rgb(0xd8d2c4), Ink::rgb(0xc3bba9));
    on.fade_down(
        0.0,
        330.0,
        W,
        H - 330.0,
        Ink::rgb(0x9d8e78),
        Ink::rgb(0x75684f),
    );
    for tile in 0..18 {
        let x = tile as f32 * 110.0 - 300.0;
        on.line(
            (x + 260.0, 330.0),
            (x - 240.0 + tile as f32 * 26.0, H),
            1.5,
            Ink(60, 50, 36, 60),
        );
    }
    for row in 0..6 {
        let y = 350.0 + (row * row) as f32 * 13.0;
        on.line((0.0, y), (W, y), 1.5, Ink(60, 50, 36, 60));
    }
    for lamp in 0..3 {
        let x = 180.0 + lamp as f32 * 400.0;
        on.glow(x + 90.0, 60.0, 230.0, Ink(255, 250, 235, 120));
        on.slab(x, 52.0, 180.0, 14.0, 4.0, Ink::rgb(0xfdfcf4));
    }
    door(on);
    shelves(on);
    counter(on);
}

fn door(on: &mut Canvas) {
    on.rect(520.0, 110.0, 270.0, 330.0, Ink::rgb(0x3c434a));
    on.fade_down(
        532.0,
        122.0,
        120.0,
        306.0,
        Ink::rgb(0xbfd6e6),
        Ink::rgb(0x9fa9a6),
    );
    on.fade_down(
        660.0,
        122.0,
        120.0,
        306.0,
        Ink::rgb(0xbfd6e6),
        Ink::rgb(0x9fa9a6),
    );
    on.rect(640.0, 260.0, 6.0, 60.0, Ink::rgb(0xd7dadd));
    on.slab(676.0, 150.0, 88.0, 36.0, 6.0, Ink::rgb(0x1d5d3a));
    on.text(684.0, 160.0, 2.0, "OPEN", Ink::rgb(0xf2fff5));
    on.slab(560.0, 70.0, 190.0, 30.0, 4.0, Ink::rgb(0x8a2f2a));
    on.text(574.0, 78.0, 1.6, "LOPEZ CORNER", Ink::rgb(0xfff4e0));
}

fn shelves(on: &mut Canvas) {
    for (left, width) in [(0.0, 210.0), (228.0, 180.0)] {
        on.rect(left, 180.0, width, 330.0, Ink::rgb(0x6d5a42));
        for board in 0..4u32 {
            let y = 200.0 + board as f32 * 78.0;
            on.rect(left + 8.0, y, width - 16.0, 62.0, Ink::rgb(0x4b3d2d));
            goods(on, left + 12.0, y + 62.0, width - 24.0, board + left as u32);
        }
    }
    on.slab(1010.0, 130.0, 250.0, 300.0, 8.0, Ink::rgb(0xe3e6e8));
    for glass in 0..2u32 {
        let x = 1024.0 + glass as f32 * 116.0;
        on.fade_down(
            x,
            146.0,
            106.0,
            270.0,
            Ink::rgb(0xcfe9f5),
            Ink::rgb(0x9ec3d4),
        );
        for board in 0..3 {
            goods(
                on,
                x + 6.0,
                226.0 + board as f32 * 90.0,
                94.0,
                glass * 7 + board + 90,
            );
        }
    }
}

fn goods(on: &mut Canvas, left: f32, floor: f32, width: f32, seed: u32) {
    let colours = [0xc7453b, 0xe0a63a, 0x3f7f5d, 0x3d6aa8, 0xe6e1d3, 0x8a4f8f];
    let mut x = left;
    let mut item = seed * 31;
    while x + 14.0 < left + width {
        let wide = 11.0 + scatter(item) * 10.0;
        let tall = 26.0 + scatter(item + 7) * 26.0;
        let ink = Ink::rgb(colours[(scatter(item + 3) * 5.99) as usize % colours.len()]);
        on.slab(x, floor - tall, wide, tall, 3.0, ink);
        on.rect(
            x + 2.0,
            floor - tall * 0.6,
            wide - 4.0,
            tall * 0.2,
            Ink(255, 255, 255, 110),
        );
        x += wide + 3.0;
        item += 1;
    }
}

fn counter(on: &mut Canvas) {
    on.poly(
        &[
            (700.0, 520.0),
            (1280.0, 470.0),
            (1280.0, 560.0),
            (720.0, 590.0),
        ],
        Ink::rgb(0xb08a5b),
    );
    on.poly(
        &[
            (720.0, 590.0),
            (1280.0, 560.0),
            (1280.0, 720.0),
            (750.0, 720.0),
        ],
        Ink::rgb(0x7a5a38),
    );
    on.slab(1040.0, 440.0, 120.0, 84.0, 8.0, Ink::rgb(0x2d3238));
    on.slab(1052.0, 450.0, 96.0, 50.0, 4.0, Ink::rgb(0x8fd0c4));
    on.text(1060.0, 466.0, 2.0, "12.40", Ink::rgb(0x12302b));
    for (place, jar) in [0xc7453b, 0xe0a63a, 0x3f7f5d].iter().enumerate() {
        on.slab(
            800.0 + place as f32 * 52.0,
            482.0,
            38.0,
            56.0,
            8.0,
            Ink::rgb(*jar),
        );
        on.slab(
            802.0 + place as f32 * 52.0,
            474.0,
            34.0,
            12.0,
            3.0,
            Ink::rgb(0xd9d6cc),
        );
    }
}

pub(super) fn actors(on: &mut Canvas, turn: f32) {
    let clerk_sways = (turn * std::f32::consts::TAU * 2.0).sin() * 12.0;
    customer(on, turn, (0.02, 0.48), 0x2f5d7a, 1);
    customer(on, turn, (0.5, 0.97), 0x8a5a2c, 2);
    person(
        on,
        Spot::new(1215.0 + clerk_sways, 640.0, 142.0),
        Ink::rgb(0x2f6d4f),
        0,
        0.0,
    );
    let blink = if (turn * 24.0).fract() < 0.5 { 255 } else { 90 };
    on.oval(760.0, 133.0, 4.0, 4.0, Ink(210, 40, 40, blink));
}

/// In through the door, to the counter, a while there, and out again.
fn customer(on: &mut Canvas, turn: f32, (from, to): (f32, f32), coat: u32, who: usize) {
    let Some(visit) = during(turn, from, to) else {
        return;
    };
    let way = if visit < 0.35 {
        visit / 0.35
    } else if visit < 0.65 {
        1.0
    } else {
        (1.0 - visit) / 0.35
    };
    let at = Spot::new(655.0 + way * 45.0, 430.0 + way * 235.0, 86.0 + way * 66.0);
    let gait = if way < 1.0 { way * 5.0 } else { 0.0 };
    person(on, at, Ink::rgb(coat), who, gait);
}
