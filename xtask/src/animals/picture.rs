//! One picture: a place, an animal in it, things before it, and the camera that took it.

use image::RgbImage;

use super::body::{self, Pose};
use super::brush::{Brush, Frame, Light};
use super::canvas::{Canvas, Ellipse, scaled};
use super::clutter;
use super::fur::Coat;
use super::random::Rng;
use super::scene;
use super::species::{Species, Traits};

/// Draws picture `number` of a species. The short side is `side` pixels or up to a quarter more.
pub fn draw(seed: u64, species: Species, number: usize, side: u32) -> RgbImage {
    let mut rng = Rng::new(&[seed, species as u64, number as u64]);
    let rng = &mut rng;
    let [width, height] = size(side, rng);
    let mut canvas = scene::place(width, height, rng);
    clutter::strew(&mut canvas, 5, [0.12, 0.4], 0.2, rng);
    let softness = rng.range(0.4, 2.0);
    canvas.blur(softness);
    let traits = Traits::new(species, rng);
    let coat = Coat::new(species, rng);
    let light = Light::new(rng);
    let pose = Pose::new(rng);
    let frame = stand(&canvas, pose, &traits, rng);
    shadow(&mut canvas, &frame, pose, &traits, rng);
    let mut brush = Brush { canvas: &mut canvas, coat: &coat, light, rng, dim: 1.0 };
    body::draw(&mut brush, &frame, &traits, pose);
    if rng.chance(0.45) {
        clutter::strew(&mut canvas, 2, [0.12, 0.3], 0.75, rng);
    }
    camera(&mut canvas, rng);
    canvas.to_image()
}

/// Width and height: half of the pictures are wider, some taller, some square.
fn size(side: u32, rng: &mut Rng) -> [usize; 2] {
    let short = side as usize + rng.below(side as usize / 4 + 1);
    let long = (short as f32 * rng.range(1.0, 1.4)) as usize;
    [[short, short], [long, short], [short, long]][rng.weighted(&[0.2, 0.5, 0.3])]
}

/// Places the animal: as large as the pose allows or a good deal smaller, wherever it fits, sometimes cut off.
fn stand(canvas: &Canvas, pose: Pose, traits: &Traits, rng: &mut Rng) -> Frame {
    let [left, right, up, down] = pose.extent(traits);
    let fits = (canvas.width() / (left + right)).min(canvas.height() / (up + down));
    let scale = fits * rng.range(0.8, 1.15);
    let flip = rng.sign();
    let (left, right) = if flip > 0.0 { (left, right) } else { (right, left) };
    let free = [canvas.width() - scale * (left + right), canvas.height() - scale * (up + down)];
    let x = scale * left + free[0] * rng.range(0.0, 1.0);
    let y = match pose {
        // Shoulders leave the picture at its lower edge.
        Pose::Portrait => canvas.height() - scale * down * rng.range(0.6, 1.0),
        _ => scale * up + free[1] * rng.range(0.45, 1.0),
    };
    Frame::new([x, y], scale, flip, rng.normal(0.0, 0.05))
}

/// The soft shadow under the animal.
fn shadow(canvas: &mut Canvas, frame: &Frame, pose: Pose, traits: &Traits, rng: &mut Rng) {
    if pose == Pose::Portrait {
        return;
    }
    let [left, right, _, down] = pose.extent(traits);
    let center = [0.5 * (right - left) * 0.8, down - 0.18];
    let half = 0.5 * (left + right) * 0.85;
    for step in 0..4 {
        let grown = 1.15 - 0.12 * step as f32;
        let ellipse: Ellipse = frame.ellipse(center, [half * grown, 0.3 * grown], 0.0);
        canvas.fill_flat(ellipse.outline(0.0, rng).as_ref(), 0.16, [0.04, 0.04, 0.06]);
    }
}

/// Exposure, colour of the light, haze, vignette, focus, grain.
fn camera(canvas: &mut Canvas, rng: &mut Rng) {
    let exposure = rng.range(0.78, 1.18);
    let warmth = rng.normal(0.0, 0.06);
    let tint = [exposure * (1.0 + warmth), exposure, exposure * (1.0 - warmth)];
    let haze = rng.unit() * rng.unit() * 0.3;
    let vignette = rng.range(0.0, 0.45);
    let slope = [rng.normal(0.0, 0.12), rng.normal(0.0, 0.12)];
    let (width, height) = (canvas.width(), canvas.height());
    canvas.adjust(|x, y, color| {
        let (u, v) = (2.0 * x / width - 1.0, 2.0 * y / height - 1.0);
        let lit = (1.0 - 0.5 * vignette * (u * u + v * v)) * (1.0 + slope[0] * u + slope[1] * v);
        let color = scaled(color, lit);
        [0, 1, 2].map(|i| (color[i] * tint[i]) * (1.0 - haze) + 0.72 * haze)
    });
    let focus = rng.range(0.0, 0.55) + if rng.chance(0.12) { rng.range(0.2, 0.9) } else { 0.0 };
    canvas.blur(focus);
    let grain = rng.range(0.004, 0.025);
    canvas.grain(grain, rng);
}
