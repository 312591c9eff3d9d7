//! Places: meadows, rooms, rugs, plain backdrops and foliage. Nothing here knows the species.

use super::canvas::{Canvas, Color, Ellipse, grainy, lerp, polygon, scaled, smoothstep, stroke};
use super::clutter::{THINGS, rectangle, tinted};
use super::random::{Noise, Rng};

const WALLS: [Color; 7] = [
    [0.78, 0.74, 0.66],
    [0.62, 0.70, 0.72],
    [0.74, 0.60, 0.55],
    [0.52, 0.50, 0.56],
    [0.84, 0.82, 0.80],
    [0.45, 0.55, 0.48],
    [0.36, 0.36, 0.42],
];

/// Paints a place on a new canvas, its horizon or floor line at `floor` of the height.
pub fn place(width: usize, height: usize, rng: &mut Rng) -> Canvas {
    let floor = height as f32 * rng.range(0.45, 0.8);
    let noise = Noise::new(rng);
    let unit = width.min(height) as f32;
    match rng.weighted(&[0.3, 0.35, 0.05, 0.18, 0.12]) {
        0 => meadow(width, height, floor, noise, unit, rng),
        1 => room(width, height, floor, noise, unit, rng),
        2 => rug(width, height, noise, unit, rng),
        3 => backdrop(width, height, noise, unit, rng),
        _ => foliage(width, height, noise, unit, rng),
    }
}

fn meadow(width: usize, height: usize, floor: f32, noise: Noise, unit: f32, rng: &mut Rng) -> Canvas {
    let sky_top = lerp([0.35, 0.58, 0.88], [0.72, 0.75, 0.80], rng.unit());
    let sky_low = lerp([0.80, 0.88, 0.94], [0.95, 0.80, 0.65], rng.unit() * rng.unit());
    let ground = lerp([0.30, 0.50, 0.20], [0.70, 0.62, 0.40], rng.unit() * rng.unit());
    let mut canvas = Canvas::new(width, height, |x, y| {
        let (u, v) = (x / unit, y / unit);
        if y < floor {
            let cloud = smoothstep(0.1, 0.5, noise.rough(3.0 * u, 7.0 * v));
            lerp(lerp(sky_top, sky_low, y / floor), [0.97, 0.97, 0.98], 0.7 * cloud)
        } else {
            let depth = (y - floor) / (height as f32 - floor);
            scaled(grainy(ground, &noise, 26.0 * u, 9.0 * v, 0.35), 1.05 - 0.25 * depth)
        }
    });
    if rng.chance(0.4) {
        // Hills or roofs on the horizon.
        for _ in 0..1 + rng.below(3) {
            let (x, half, top) =
                (rng.unit() * width as f32, rng.range(0.1, 0.4) * unit, floor - rng.range(0.08, 0.3) * unit);
            let color = lerp(tinted(&WALLS, rng), sky_low, 0.4);
            let hill = polygon(&[[x - half, floor + 1.0], [x, top], [x + half, floor + 1.0]]);
            canvas.fill(hill.as_ref(), 1.0, |px, py| grainy(color, &noise, px * 0.2, py * 0.2, 0.1));
        }
    }
    let blade = scaled(ground, rng.range(0.7, 1.3));
    for _ in 0..60 {
        grass_blade(
            &mut canvas,
            [rng.unit() * width as f32, rng.range(floor, height as f32)],
            rng.range(0.02, 0.07) * unit,
            blade,
            rng,
        );
    }
    canvas
}

fn grass_blade(canvas: &mut Canvas, [x, y]: [f32; 2], length: f32, color: Color, rng: &mut Rng) {
    let lean = rng.normal(0.0, 0.4) * length;
    let color = scaled(color, rng.range(0.75, 1.25));
    let path = stroke([[x, y], [x, y - 0.4 * length], [x + 0.4 * lean, y - 0.8 * length], [x + lean, y - length]], 0.9);
    canvas.fill_flat(path.as_ref(), 0.9, color);
}

fn room(width: usize, height: usize, floor: f32, noise: Noise, unit: f32, rng: &mut Rng) -> Canvas {
    let (wall, boards) =
        (tinted(&WALLS, rng), tinted(&[[0.55, 0.38, 0.24], [0.70, 0.55, 0.38], [0.50, 0.48, 0.46]], rng));
    let glow = [rng.unit() * width as f32, rng.range(-0.2, 0.4) * height as f32];
    let plank = rng.range(0.05, 0.12) * unit;
    let papered = rng.chance(0.12);
    let period = rng.range(0.06, 0.16) * unit;
    let mut canvas = Canvas::new(width, height, |x, y| {
        let (across, down) = (x - glow[0], y - glow[1]);
        let distance = (across * across + down * down).sqrt() / unit;
        let light = 1.15 - 0.3 * distance;
        if y < floor {
            let stripe = if papered && (x / period).rem_euclid(1.0) < 0.5 { 0.82 } else { 1.0 };
            scaled(grainy(wall, &noise, x / unit * 5.0, y / unit * 5.0, 0.06), light * stripe)
        } else {
            let depth = 1.0 + 2.0 * (y - floor) / unit;
            let seam = ((y - floor) / (plank * depth)).rem_euclid(1.0) < 0.08;
            scaled(grainy(boards, &noise, x / unit * 4.0, y / unit * 40.0, 0.2), light * if seam { 0.7 } else { 0.95 })
        }
    });
    if rng.chance(0.5) {
        let (x, y) = (rng.range(0.0, 0.8) * width as f32, rng.range(0.02, 0.3) * floor);
        let (w, h) = (rng.range(0.2, 0.5) * unit, rng.range(0.2, 0.4) * unit);
        let frame = scaled(tinted(&THINGS, rng), 0.7);
        let pane = lerp([0.75, 0.85, 0.95], tinted(&WALLS, rng), 0.5);
        canvas.fill_flat(rectangle(x, y, w, h).as_ref(), 1.0, frame);
        let rim = 0.03 * unit;
        canvas.fill(rectangle(x + rim, y + rim, w - 2.0 * rim, h - 2.0 * rim).as_ref(), 1.0, |px, py| {
            grainy(pane, &noise, px / unit * 9.0, py / unit * 9.0, 0.3)
        });
    }
    canvas
}

fn rug(width: usize, height: usize, noise: Noise, unit: f32, rng: &mut Rng) -> Canvas {
    let (first, second) = (tinted(&THINGS, rng), tinted(&WALLS, rng));
    let angle = rng.range(0.0, std::f32::consts::PI);
    let (cos, sin) = (libm::cosf(angle), libm::sinf(angle));
    let (period, checked) = (rng.range(0.06, 0.22) * unit, rng.chance(0.35));
    Canvas::new(width, height, |x, y| {
        let along = (x * cos + y * sin + 3.0 * noise.at(x / unit * 4.0, y / unit * 4.0)) / period;
        let across = (y * cos - x * sin) / period;
        let on = (along.rem_euclid(1.0) < 0.5) != (checked && across.rem_euclid(1.0) < 0.5);
        grainy(if on { first } else { lerp(first, second, 0.8) }, &noise, x * 0.5, y * 0.5, 0.2)
    })
}

fn backdrop(width: usize, height: usize, noise: Noise, unit: f32, rng: &mut Rng) -> Canvas {
    let (top, low) = (tinted(&WALLS, rng), tinted(&WALLS, rng));
    let rough = rng.range(0.05, 0.4);
    Canvas::new(width, height, |x, y| {
        grainy(lerp(top, low, y / height as f32), &noise, x / unit * 6.0, y / unit * 6.0, rough)
    })
}

fn foliage(width: usize, height: usize, noise: Noise, unit: f32, rng: &mut Rng) -> Canvas {
    let deep = scaled(lerp([0.10, 0.22, 0.10], [0.28, 0.20, 0.10], rng.unit()), rng.range(0.8, 1.6));
    let mut canvas = Canvas::new(width, height, |x, y| grainy(deep, &noise, x / unit * 7.0, y / unit * 7.0, 0.6));
    for _ in 0..50 {
        leaf(
            &mut canvas,
            [rng.unit() * width as f32, rng.unit() * height as f32],
            rng.range(0.05, 0.14) * unit,
            deep,
            rng,
        );
    }
    canvas
}

fn leaf(canvas: &mut Canvas, center: [f32; 2], length: f32, deep: Color, rng: &mut Rng) {
    let color = lerp(scaled(deep, rng.range(1.0, 2.6)), [0.6, 0.7, 0.2], 0.2 * rng.unit());
    let shape = Ellipse::new(center, [length, length * rng.range(0.2, 0.5)], rng.range(0.0, std::f32::consts::TAU));
    let (a, b) = (shape.point(-1.0, 0.0), shape.point(1.0, 0.0));
    let (c, d) = (shape.point(-0.2, 0.9), shape.point(-0.2, -0.9));
    let path = polygon(&[a, c, shape.point(0.5, 0.55), b, shape.point(0.5, -0.55), d]);
    canvas.fill_flat(path.as_ref(), 0.95, color);
}
