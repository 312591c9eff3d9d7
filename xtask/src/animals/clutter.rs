//! Clutter behind the animal and before it: balls, boxes, plants, cushions, tents, twigs and buttons.
//!
//! Nothing here knows the species. The things repeat, on purpose, the forms that tell a cat from a dog: triangles,
//! stripes, dark discs and thin bright lines.

use super::canvas::{Canvas, Color, Ellipse, grainy, lerp, polygon, scaled, stroke};
use super::random::{Noise, Rng};

/// Colours of things.
pub const THINGS: [Color; 8] = [
    [0.80, 0.25, 0.20],
    [0.20, 0.40, 0.70],
    [0.90, 0.75, 0.25],
    [0.30, 0.55, 0.30],
    [0.60, 0.40, 0.25],
    [0.85, 0.80, 0.75],
    [0.30, 0.25, 0.30],
    [0.75, 0.50, 0.65],
];

/// One of the colours, shifted a little.
pub fn tinted(colors: &[Color], rng: &mut Rng) -> Color {
    let color = colors[rng.below(colors.len())];
    let factor = rng.range(0.75, 1.2);
    color.map(|part| (part * factor + rng.normal(0.0, 0.03)).clamp(0.03, 0.97))
}

/// Strews up to `most` things over the canvas, each about `size` of its short side.
pub fn strew(canvas: &mut Canvas, most: usize, size: [f32; 2], lowest: f32, rng: &mut Rng) {
    for _ in 0..rng.below(most + 1) {
        let length = rng.range(size[0], size[1]) * canvas.short();
        let at = [rng.range(-0.05, 1.05) * canvas.width(), rng.range(lowest, 1.1) * canvas.height()];
        thing(canvas, at, length, rng);
    }
}

fn thing(canvas: &mut Canvas, [x, y]: [f32; 2], length: f32, rng: &mut Rng) {
    let color = tinted(&THINGS, rng);
    let other = tinted(&THINGS, rng);
    let noise = Noise::new(rng);
    match rng.below(7) {
        0 => {
            // A ball, lit from above, perhaps with a band.
            let ball = Ellipse::new([x, y], [0.5 * length, 0.5 * length], rng.range(0.0, 3.0));
            let banded = rng.chance(0.5);
            canvas.fill(ball.outline(0.0, rng).as_ref(), 1.0, |px, py| {
                let [u, v] = ball.local(px, py);
                let base = if banded && u.abs() < 0.3 { other } else { color };
                scaled(base, 0.75 + 0.4 * (1.0 - u * u - v * v).max(0.0).sqrt() - 0.2 * (py - y) / length)
            });
        }
        1 => {
            // A box with its lid, its side in shade.
            let (w, h) = (length * rng.range(0.6, 1.2), length * rng.range(0.5, 1.0));
            canvas
                .fill(rectangle(x, y - h, w, h).as_ref(), 1.0, |px, py| grainy(color, &noise, px * 0.1, py * 0.6, 0.1));
            canvas.fill_flat(rectangle(x + 0.75 * w, y - h, 0.25 * w, h).as_ref(), 0.35, [0.05, 0.05, 0.08]);
            canvas.fill_flat(rectangle(x - 0.04 * w, y - h, 1.08 * w, 0.2 * h).as_ref(), 0.9, scaled(color, 1.2));
        }
        2 => {
            // A plant of pointed leaves.
            let green = lerp([0.12, 0.30, 0.12], [0.35, 0.42, 0.15], rng.unit());
            for _ in 0..4 + rng.below(6) {
                let (lean, up) = (rng.normal(0.0, 0.45) * length, rng.range(0.6, 1.2) * length);
                let half = rng.range(0.05, 0.12) * length;
                let blade = polygon(&[
                    [x - half, y],
                    [x + 0.4 * lean - half, y - 0.6 * up],
                    [x + lean, y - up],
                    [x + 0.4 * lean + half, y - 0.55 * up],
                    [x + half, y],
                ]);
                canvas.fill_flat(blade.as_ref(), 1.0, scaled(green, rng.range(0.8, 1.5)));
            }
        }
        3 => {
            // A striped cushion.
            let period = rng.range(0.12, 0.3) * length;
            let cushion = Ellipse::new([x, y], [0.6 * length, 0.4 * length], rng.normal(0.0, 0.4));
            canvas.fill(cushion.outline(0.03, rng).as_ref(), 1.0, |px, py| {
                let [u, v] = cushion.local(px, py);
                let on = ((px + 2.0 * noise.at(py * 0.1, px * 0.1)) / period).rem_euclid(1.0) < 0.5;
                scaled(if on { color } else { other }, 1.05 - 0.35 * (u * u + v * v))
            });
        }
        4 => {
            // A cone or a tent: a triangle with an inner one.
            let (half, up) = (rng.range(0.25, 0.5) * length, rng.range(0.6, 1.1) * length);
            canvas.fill_flat(polygon(&[[x - half, y], [x, y - up], [x + half, y]]).as_ref(), 1.0, color);
            if rng.chance(0.6) {
                let inner = polygon(&[[x - 0.5 * half, y], [x, y - 0.65 * up], [x + 0.5 * half, y]]);
                canvas.fill_flat(inner.as_ref(), 1.0, lerp(other, [0.8, 0.55, 0.5], 0.4));
            }
        }
        5 => {
            // Twigs or wires.
            for _ in 0..2 + rng.below(4) {
                let end = [x + rng.normal(0.0, 0.7) * length, y - rng.range(0.1, 1.0) * length];
                let bend = [x + rng.normal(0.0, 0.3) * length, y - 0.5 * length];
                let path = stroke([[x, y], bend, end, end], rng.range(0.008, 0.03) * canvas.short());
                canvas.fill_flat(path.as_ref(), 0.9, lerp(color, [0.9, 0.9, 0.88], rng.unit()));
            }
        }
        _ => {
            // Buttons, pebbles, berries: discs, some with a glint.
            for _ in 0..1 + rng.below(5) {
                let center = [x + rng.normal(0.0, 0.4) * length, y + rng.normal(0.0, 0.25) * length];
                let radius = rng.range(0.06, 0.2) * length;
                let disc = Ellipse::new(center, [radius, radius * rng.range(0.7, 1.0)], 0.0);
                let shade = scaled(color, rng.range(0.2, 1.1));
                canvas.fill_flat(disc.outline(0.0, rng).as_ref(), 1.0, shade);
                let glint = Ellipse::new(disc.point(-0.3, -0.4), [0.25 * radius, 0.25 * radius], 0.0);
                canvas.fill_flat(glint.outline(0.0, rng).as_ref(), 0.7, [0.95, 0.95, 0.95]);
            }
        }
    }
}

/// An upright rectangle from its upper left corner.
pub fn rectangle(x: f32, y: f32, width: f32, height: f32) -> Option<tiny_skia::Path> {
    polygon(&[[x, y], [x + width, y], [x + width, y + height], [x, y + height]])
}
