//! The school's main gate from the road side: fence, flag, the building behind, children and a
//! crossing guard, the yellow bus that stops and drives on.

use super::actors::{Spot, car_passing, person, tree, walkers};
use super::paint::{Canvas, Ink};
use super::{H, W, during};

pub(super) fn backdrop(on: &mut Canvas) {
    on.fade_down(0.0, 0.0, W, 330.0, Ink::rgb(0x86b3da), Ink::rgb(0xe3ecee));
    for (x, y, r) in [
        (210.0, 90.0, 60.0),
        (290.0, 104.0, 46.0),
        (930.0, 70.0, 54.0),
        (1010.0, 84.0, 40.0),
    ] {
        on.oval(x, y, r * 1.7, r * 0.5, Ink(255, 255, 255, 170));
    }
    on.rect(0.0, 330.0, W, 150.0, Ink::rgb(0x7d9a5c));
    building(on);
    for (x, y) in [(60.0, 420.0), (1190.0, 424.0), (1085.0, 400.0)] {
        tree(on, Spot::new(x, y, 44.0));
    }
    on.poly(
        &[
            (560.0, 372.0),
            (700.0, 372.0),
            (840.0, 500.0),
            (420.0, 500.0),
        ],
        Ink::rgb(0xbdb6a8),
    );
    on.rect(0.0, 480.0, W, 66.0, Ink::rgb(0xb4afa4));
    on.rect(0.0, 540.0, W, 8.0, Ink::rgb(0xd3cfc5));
    on.fade_down(
        0.0,
        548.0,
        W,
        H - 548.0,
        Ink::rgb(0x53565b),
        Ink::rgb(0x44474b),
    );
    for dash in 0..9 {
        on.rect(
            dash as f32 * 160.0 + 20.0,
            640.0,
            84.0,
            7.0,
            Ink::rgb(0xe9d985),
        );
    }
    fence(on);
}

fn building(on: &mut Canvas) {
    on.rect(180.0, 170.0, 900.0, 205.0, Ink::rgb(0xa65a48));
    on.rect(170.0, 156.0, 920.0, 20.0, Ink::rgb(0xd9d2c5));
    on.rect(500.0, 120.0, 260.0, 255.0, Ink::rgb(0xb4654f));
    on.poly(
        &[(484.0, 122.0), (630.0, 62.0), (776.0, 122.0)],
        Ink::rgb(0xd9d2c5),
    );
    on.text(530.0, 140.0, 1.5, "LINCOLN ELEMENTARY", Ink::rgb(0xf7efe0));
    for floor in 0..2 {
        for column in 0..11 {
            let x = 204.0 + column as f32 * 80.0;
            if (480.0..760.0).contains(&x) {
                continue;
            }
            let y = 196.0 + floor as f32 * 86.0;
            on.rect(x, y, 52.0, 54.0, Ink::rgb(0xe8e2d6));
            on.fade_down(
                x + 4.0,
                y + 4.0,
                44.0,
                46.0,
                Ink::rgb(0x6f8aa0),
                Ink::rgb(0x42586a),
            );
        }
    }
    on.rect(578.0, 260.0, 104.0, 115.0, Ink::rgb(0x3f3a37));
    on.fade_down(
        584.0,
        268.0,
        44.0,
        107.0,
        Ink::rgb(0x8fa7b5),
        Ink::rgb(0x57707d),
    );
    on.fade_down(
        632.0,
        268.0,
        44.0,
        107.0,
        Ink::rgb(0x8fa7b5),
        Ink::rgb(0x57707d),
    );
}

fn fence(on: &mut Canvas) {
    for post in 0..48 {
        let x = post as f32 * 28.0;
        if (452.0..812.0).contains(&x) {
            continue;
        }
        on.rect(x, 424.0, 5.0, 66.0, Ink::rgb(0x2f3a3f));
    }
    for rail in [432.0, 476.0] {
        on.rect(0.0, rail, 450.0, 5.0, Ink::rgb(0x2f3a3f));
        on.rect(812.0, rail, W - 812.0, 5.0, Ink::rgb(0x2f3a3f));
    }
    for post in [440.0, 806.0] {
        on.slab(post, 400.0, 24.0, 96.0, 4.0, Ink::rgb(0x8a4a3c));
    }
    on.rect(338.0, 150.0, 5.0, 275.0, Ink::rgb(0xcdd2d6));
}

pub(super) fn actors(on: &mut Canvas, turn: f32) {
    flag(on, turn);
    children(on, turn);
    person(
        on,
        Spot::new(850.0, 538.0, 74.0),
        Ink::rgb(0xf08a1d),
        3,
        0.0,
    );
    on.slab(872.0, 428.0, 34.0, 34.0, 10.0, Ink::rgb(0xb8252b));
    on.text(874.0, 441.0, 0.9, "STOP", Ink::rgb(0xffffff));
    if let Some(way) = during(turn, 0.0, 0.55) {
        bus(on, -420.0 + stopping(way) * (W + 900.0));
    }
    if let Some(way) = during(turn, 0.55, 0.8) {
        car_passing(
            on,
            Spot::new(W + 200.0 - way * (W + 400.0), 690.0, 84.0),
            -1.0,
            Ink::rgb(0x486a8c),
        );
    }
    if let Some(way) = during(turn, 0.72, 0.99) {
        car_passing(
            on,
            Spot::new(-200.0 + way * (W + 400.0), 622.0, 74.0),
            1.0,
            Ink::rgb(0xb9bcc0),
        );
    }
}

/// Drives in, waits in the middle, drives out.
fn stopping(way: f32) -> f32 {
    let stop = 0.42;
    if way < 0.3 {
        let part = way / 0.3;
        stop * (1.0 - (1.0 - part) * (1.0 - part))
    } else if way < 0.6 {
        stop
    } else {
        let part = (way - 0.6) / 0.4;
        stop + (1.0 - stop) * part * part
    }
}

fn bus(on: &mut Canvas, x: f32) {
    let y = 632.0;
    on.oval(x + 190.0, y, 210.0, 12.0, Ink(0, 0, 0, 70));
    on.slab(x, y - 170.0, 380.0, 150.0, 14.0, Ink::rgb(0xf2b01e));
    on.slab(x + 340.0, y - 100.0, 76.0, 80.0, 12.0, Ink::rgb(0xf2b01e));
    on.rect(x, y - 78.0, 400.0, 6.0, Ink::rgb(0x1e1e1e));
    for pane in 0..6 {
        on.slab(
            x + 18.0 + pane as f32 * 57.0,
            y - 154.0,
            46.0,
            44.0,
            5.0,
            Ink::rgb(0x37474f),
        );
    }
    on.text(x + 90.0, y - 104.0, 2.2, "SCHOOL BUS", Ink::rgb(0x1e1e1e));
    for wheel in [70.0, 330.0] {
        on.oval(x + wheel, y - 24.0, 27.0, 27.0, Ink::rgb(0x1b1c1f));
        on.oval(x + wheel, y - 24.0, 12.0, 12.0, Ink::rgb(0x8d9399));
    }
}

fn children(on: &mut Canvas, turn: f32) {
    let coats = [0xd14b4b, 0x3f78c0, 0x4fa05a, 0xb661b0, 0xe0a63a];
    walkers(on, &coats, (turn, 0.2), |who, way| {
        let up = (1.0 - way) * 150.0;
        let aside = (who as f32 - 2.0) * (34.0 + way * 22.0);
        let at = Spot::new(632.0 + aside, 390.0 + (150.0 - up), 34.0 + way * 16.0);
        (at, way * 12.0)
    });
}

fn flag(on: &mut Canvas, turn: f32) {
    for strip in 0..12 {
        let x = 344.0 + strip as f32 * 7.0;
        let sway = (turn * 37.7 + strip as f32 * 0.6).sin() * 1.0 * strip as f32 * 0.5;
        for band in 0..5u8 {
            let ink = if band % 2 == 0 { 0xb8333a } else { 0xf3efe6 };
            on.rect(
                x,
                156.0 + sway + f32::from(band) * 9.0,
                7.5,
                9.0,
                Ink::rgb(ink),
            );
        }
        if strip < 5 {
            on.rect(x, 156.0 + sway, 7.5, 27.0, Ink::rgb(0x2d4378));
        }
    }
}
