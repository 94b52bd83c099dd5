//! The town square from the town hall's roof: fountain, market stalls, benches, traffic on the far
//! side, people crossing. The agency's own camera, so it shows what a street camera shows.

use super::actors::{Spot, car_passing, person, street_lamp, tree};
use super::paint::{Canvas, Ink};
use super::{H, W, during, scatter};

pub(super) fn backdrop(on: &mut Canvas) {
    on.fade_down(0.0, 0.0, W, 220.0, Ink::rgb(0x9dbcd8), Ink::rgb(0xe9ecea));
    house_row(on);
    on.rect(0.0, 268.0, W, 22.0, Ink::rgb(0xb9b4a8));
    on.rect(0.0, 290.0, W, 66.0, Ink::rgb(0x55585c));
    for dash in 0..16 {
        on.rect(dash as f32 * 90.0, 321.0, 46.0, 4.0, Ink::rgb(0xe3dca8));
    }
    on.fade_down(
        0.0,
        356.0,
        W,
        H - 356.0,
        Ink::rgb(0xc4b9a4),
        Ink::rgb(0xa8977c),
    );
    paving(on);
    for (x, y, metre) in [
        (96.0, 470.0, 46.0),
        (1200.0, 462.0, 46.0),
        (1120.0, 700.0, 70.0),
    ] {
        tree(on, Spot::new(x, y, metre));
    }
    stalls(on);
    fountain(on);
    for x in [330.0, 940.0] {
        street_lamp(on, Spot::new(x, 440.0, 40.0), 0.9, false);
    }
}

fn house_row(on: &mut Canvas) {
    let walls = [
        0xb9876a, 0xd6c7a8, 0x8f9aa3, 0xc7a27c, 0xa9664f, 0xdad0bb, 0x7f8d84,
    ];
    for (place, wall) in walls.iter().enumerate() {
        let x = place as f32 * 186.0 - 10.0;
        let tall = 150.0 + scatter(place as u32 + 3) * 55.0;
        on.rect(x, 268.0 - tall, 186.0, tall, Ink::rgb(*wall));
        on.rect(x, 268.0 - tall, 186.0, 8.0, Ink(0, 0, 0, 60));
        for pane in 0..8 {
            let (column, floor) = ((pane % 4) as f32, (pane / 4) as f32);
            on.rect(
                x + 16.0 + column * 42.0,
                284.0 - tall + floor * 46.0,
                24.0,
                32.0,
                Ink::rgb(0x41505b),
            );
        }
        let blind = [0xa83a36, 0x2f6d62, 0x35507e, 0xc08a2d][place % 4];
        on.rect(x + 10.0, 226.0, 166.0, 42.0, Ink::rgb(0x2b363d));
        on.rect(x + 6.0, 216.0, 174.0, 13.0, Ink::rgb(blind));
    }
    on.slab(560.0, 30.0, 90.0, 238.0, 4.0, Ink::rgb(0xcfc3a6));
    on.poly(
        &[(552.0, 32.0), (605.0, -16.0), (658.0, 32.0)],
        Ink::rgb(0x55605f),
    );
    on.oval(605.0, 74.0, 26.0, 26.0, Ink::rgb(0xf5f1e4));
    on.line((605.0, 74.0), (605.0, 55.0), 3.0, Ink::rgb(0x2b2b2b));
    on.line((605.0, 74.0), (618.0, 79.0), 3.0, Ink::rgb(0x2b2b2b));
}

fn paving(on: &mut Canvas) {
    for line in 0..24 {
        let x = line as f32 * 120.0 - 800.0;
        on.line((x * 0.35 + 416.0, 356.0), (x, H), 1.2, Ink(90, 78, 58, 70));
    }
    for row in 0..8 {
        let y = 366.0 + (row * row) as f32 * 6.2;
        on.line((0.0, y), (W, y), 1.2, Ink(90, 78, 58, 70));
    }
}

fn stalls(on: &mut Canvas) {
    for (place, (x, ink)) in [(180.0, 0xb5453c), (420.0, 0x3c7a5a), (960.0, 0x3d629b)]
        .iter()
        .enumerate()
    {
        let y = 452.0;
        on.rect(x - 62.0, y - 46.0, 124.0, 46.0, Ink::rgb(0x7b5a39));
        for crate_at in 0..5u32 {
            let fruit = [0xd2572f, 0x7fa23c, 0xe1b23a, 0x8a3f5d][(crate_at as usize + place) % 4];
            on.oval(
                x - 48.0 + crate_at as f32 * 24.0,
                y - 48.0,
                12.0,
                7.0,
                Ink::rgb(fruit),
            );
        }
        for stripe in 0..8 {
            let colour = if stripe % 2 == 0 {
                Ink::rgb(*ink)
            } else {
                Ink::rgb(0xf1ece0)
            };
            on.rect(
                x - 72.0 + stripe as f32 * 18.0,
                y - 118.0,
                18.0,
                28.0,
                colour,
            );
        }
        for pole in [-68.0, 66.0] {
            on.rect(x + pole, y - 92.0, 4.0, 92.0, Ink::rgb(0xd9d4c8));
        }
    }
}

fn fountain(on: &mut Canvas) {
    on.oval(660.0, 520.0, 150.0, 44.0, Ink::rgb(0x8f8878));
    on.oval(660.0, 512.0, 138.0, 38.0, Ink::rgb(0x7fb3c8));
    on.slab(648.0, 420.0, 24.0, 92.0, 6.0, Ink::rgb(0x9c9484));
    on.oval(660.0, 430.0, 48.0, 13.0, Ink::rgb(0xb1a995));
}

pub(super) fn actors(on: &mut Canvas, turn: f32) {
    for (from, to, heading, y, paint) in [
        (0.0, 0.4, 1.0, 346.0, 0xa33a34),
        (0.22, 0.66, -1.0, 316.0, 0x3b4f6b),
        (0.5, 0.95, 1.0, 346.0, 0xdcdcd6),
        (0.68, 0.99, -1.0, 316.0, 0x4f6b4a),
    ] {
        if let Some(way) = during(turn, from, to) {
            let along = if heading > 0.0 { way } else { 1.0 - way };
            car_passing(
                on,
                Spot::new(-120.0 + along * (W + 240.0), y, 36.0),
                heading,
                Ink::rgb(paint),
            );
        }
    }
    spray(on, turn);
    crowd(on, turn);
}

fn spray(on: &mut Canvas, turn: f32) {
    for drop in 0..26u32 {
        let life = (turn * 18.0 + scatter(drop)).fract();
        let side = (scatter(drop + 60) - 0.5) * 180.0;
        let y = 428.0 - 60.0 * life * (1.0 - life) * 4.0 + 84.0 * life;
        on.oval(660.0 + side * life, y, 3.0, 4.0, Ink(225, 242, 250, 190));
    }
}

fn crowd(on: &mut Canvas, turn: f32) {
    let coats = [
        0x7a3b52, 0x2f5d50, 0x44506b, 0xb0602c, 0x5b4a86, 0x9a2f35, 0x2f6a8a,
    ];
    let mut people: Vec<(f32, f32, usize)> = (0..coats.len())
        .map(|who| {
            let way = (turn + scatter(who as u32 + 11)).fract();
            let along = if who % 2 == 0 { way } else { 1.0 - way };
            let y = 480.0 + who as f32 * 34.0;
            (-60.0 + along * (W + 120.0), y, who)
        })
        .collect();
    people.sort_by(|a, b| a.1.total_cmp(&b.1));
    for (x, y, who) in people {
        person(
            on,
            Spot::new(x, y, 40.0 + (y - 480.0) * 0.17),
            Ink::rgb(coats[who]),
            who,
            turn * 20.0,
        );
    }
}
