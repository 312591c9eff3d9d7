//! Bodies: trunk, legs, paws and tail in four poses, with the head in its place.

use super::brush::{Brush, Frame, Wear};
use super::canvas::{Color, Ellipse, scaled};
use super::head;
use super::random::Rng;
use super::species::Traits;

/// How the animal holds itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pose {
    /// Head and shoulders, close.
    Portrait,
    /// Sitting, seen from the front.
    Sitting,
    /// Standing, seen from the side.
    Standing,
    /// Lying, seen from the side.
    Lying,
}

const POSES: [Pose; 4] = [Pose::Portrait, Pose::Sitting, Pose::Standing, Pose::Lying];

impl Pose {
    /// Any of the four, portraits and sitting ones most often.
    pub fn new(rng: &mut Rng) -> Pose {
        POSES[rng.weighted(&[0.36, 0.30, 0.20, 0.14])]
    }

    /// The extent in head radii around the head's centre: left, right, up, down.
    pub fn extent(self, traits: &Traits) -> [f32; 4] {
        match self {
            Pose::Portrait => [1.3, 1.3, 1.6, 1.9],
            Pose::Sitting => [1.5, 1.5, 1.5, 3.2],
            Pose::Standing => [3.9 * traits.trunk[0], 1.2, 1.5, 1.5 + traits.legs[0]],
            Pose::Lying => [3.6 * traits.trunk[0], 1.5, 1.5, 1.45],
        }
    }
}

/// Paints a whole animal with its head's centre at the frame's origin.
pub fn draw(brush: &mut Brush, frame: &Frame, traits: &Traits, pose: Pose) {
    let yaw = brush.rng.normal(0.0, 0.22).clamp(-0.6, 0.6) + if pose == Pose::Portrait { 0.0 } else { 0.12 };
    let roll = brush.rng.normal(0.0, 0.13);
    let lids = if brush.rng.chance(0.1) { brush.rng.range(0.3, 0.6) } else { brush.rng.range(0.8, 1.05) };
    match pose {
        Pose::Portrait => portrait(brush, frame, traits),
        Pose::Sitting => sitting(brush, frame, traits),
        Pose::Standing => standing(brush, frame, traits),
        Pose::Lying => lying(brush, frame, traits),
    }
    let head_frame = frame.moved([0.0, 0.0], roll);
    head::draw(brush, &head_frame, traits, yaw, lids);
}

fn portrait(brush: &mut Brush, frame: &Frame, traits: &Traits) {
    let girth = traits.trunk[1];
    let shoulders = frame.ellipse([0.0, 2.1], [1.25 * girth, 1.45], 0.0);
    brush.part(frame, shoulders, Wear::Pattern);
    chest(brush, frame, [0.0, 1.9], [0.7 * girth, 1.1]);
    collar(brush, frame, traits, [0.0, 0.88], 0.72);
}

fn sitting(brush: &mut Brush, frame: &Frame, traits: &Traits) {
    let [long, girth] = traits.trunk;
    let ground = 1.75 + 1.1 * long;
    let lean = brush.rng.normal(0.0, 0.18);
    tail(brush, frame, traits, [0.7 + lean, ground - 0.25], [1.0, -0.1]);
    brush.part(frame, frame.ellipse([lean, 1.75], [0.82 * girth, 1.15 * long], 0.0), Wear::Pattern);
    for side in [-1.0, 1.0] {
        let haunch = frame.ellipse([lean + side * 0.62 * girth, ground - 0.5], [0.42 * girth, 0.55], 0.25 * side);
        brush.part(frame, haunch, Wear::Pattern);
        paw(brush, frame, [lean + side * 0.78 * girth, ground - 0.06], traits);
    }
    chest(brush, frame, [0.6 * lean, 1.4], [0.5 * girth, 0.75 * long]);
    let width = traits.legs[1];
    for side in [-1.0, 1.0] {
        let (top, foot) = ([lean + side * 0.32, 1.6], [lean + side * 0.30, ground]);
        brush.limb(frame, [top, [top[0], 2.0], [foot[0], 2.4], foot], [1.2 * width, width], Wear::Pattern);
        paw(brush, frame, [foot[0], ground - 0.03], traits);
    }
    collar(brush, frame, traits, [0.3 * lean, 0.86], 0.62);
}

fn standing(brush: &mut Brush, frame: &Frame, traits: &Traits) {
    let [long, girth] = traits.trunk;
    let [leg, width] = traits.legs;
    let (rear, belly) = (-3.0 * long, 1.35);
    let ground = belly + leg;
    let stride = brush.rng.range(-0.3, 0.3);
    tail(brush, frame, traits, [rear - 0.1, 0.45], [-0.8, -0.7]);
    for (far, start, shift) in
        [(true, -0.75, stride), (true, rear + 0.35, -stride), (false, -0.95, -stride), (false, rear + 0.5, stride)]
    {
        brush.dim = if far { 0.72 } else { 1.0 };
        let foot = [start + shift, if far { ground - 0.12 } else { ground }];
        let bend = if start < -1.5 { -0.2 } else { 0.05 };
        brush.limb(
            frame,
            [[start, 0.9], [start, 1.4], [start + bend, belly + 0.3 * leg], foot],
            [1.7 * width, width],
            Wear::Pattern,
        );
        paw(brush, frame, [foot[0] + 0.1, foot[1] - 0.03], traits);
        brush.dim = 1.0;
        if far && start < -1.5 {
            // The trunk goes between the far legs and the near ones.
            let middle = 0.5 * (rear - 0.35);
            brush.part(frame, frame.ellipse([middle, 0.85], [1.42 * long, 0.72 * girth], -0.04), Wear::Pattern);
            brush.limb(frame, [[-0.95, 0.75], [-0.6, 0.5], [-0.3, 0.3], [0.1, 0.0]], [1.3 * girth, 1.0], Wear::Pattern);
            chest(brush, frame, [-0.45, 0.95], [0.35, 0.5]);
        }
    }
    collar(brush, frame, traits, [-0.25, 0.72], 0.5);
}

fn lying(brush: &mut Brush, frame: &Frame, traits: &Traits) {
    let [long, girth] = traits.trunk;
    let ground = 1.35;
    let rear = -2.75 * long;
    tail(brush, frame, traits, [rear, ground - 0.2], [-0.9, 0.1]);
    brush.part(frame, frame.ellipse([0.52 * rear, 0.75], [1.4 * long, 0.65 * girth], 0.05), Wear::Pattern);
    brush.part(frame, frame.ellipse([rear + 0.65, 0.82], [0.68, 0.56 * girth], 0.2), Wear::Pattern);
    chest(brush, frame, [-0.2, 0.9], [0.45, 0.45]);
    let width = traits.legs[1];
    paw(brush, frame, [rear + 1.1, ground - 0.05], traits);
    for (start, reach) in [(-0.5, 0.75), (-0.8, 0.4)] {
        let foot = [start + reach + 0.35 * traits.legs[0], ground - 0.08];
        brush.limb(
            frame,
            [[start, 1.0], [start + 0.1, ground], [foot[0] - 0.4, ground - 0.1], foot],
            [1.3 * width, width],
            Wear::Pattern,
        );
        paw(brush, frame, foot, traits);
    }
    collar(brush, frame, traits, [-0.1, 0.8], 0.55);
}

fn chest(brush: &mut Brush, frame: &Frame, center: [f32; 2], radii: [f32; 2]) {
    if brush.coat.bib {
        brush.soft_part(frame, frame.ellipse(center, radii, 0.0), Wear::Pale, 0.9);
    }
}

fn paw(brush: &mut Brush, frame: &Frame, at: [f32; 2], traits: &Traits) {
    let half = 0.62 * traits.legs[1];
    let foot = frame.ellipse(at, [1.15 * half, 0.62 * half], 0.0);
    brush.part(frame, foot, if brush.coat.bib { Wear::Pale } else { Wear::Shaded(0.2) });
    let dark = scaled(brush.coat.marking(), 0.6);
    for toe in [-0.35, 0.35] {
        let x = at[0] + toe * half;
        let points = [[x, at[1]], [x, at[1] + 0.1 * half], [x, at[1] + 0.2 * half], [x, at[1] + 0.4 * half]];
        brush.line(frame, points, 0.035, dark, 0.6);
    }
}

/// A tail from its root in a direction; the third trait bends it up or down.
fn tail(brush: &mut Brush, frame: &Frame, traits: &Traits, root: [f32; 2], towards: [f32; 2]) {
    let [length, width, curl] = traits.tail;
    let (along, up) = ([towards[0] * length, towards[1] * length], length * curl);
    let points = [
        root,
        [root[0] + 0.4 * along[0], root[1] + 0.4 * along[1] + 0.1],
        [root[0] + 0.8 * along[0], root[1] + 0.6 * along[1] - 0.2 * up],
        [root[0] + (0.85 - 0.35 * curl.abs()) * along[0], root[1] + 0.6 * along[1] - 0.6 * up],
    ];
    brush.limb(frame, points, [width, 0.6 * width + brush.coat.shag], Wear::Pattern);
}

fn collar(brush: &mut Brush, frame: &Frame, traits: &Traits, [x, y]: [f32; 2], half: f32) {
    let Some(color) = traits.collar else { return };
    let points = [[x - half, y - 0.12], [x - 0.5 * half, y + 0.14], [x + 0.5 * half, y + 0.14], [x + half, y - 0.12]];
    brush.line(frame, points, 0.15, color, 1.0);
    let tag: Ellipse = frame.ellipse([x, y + 0.2], [0.1, 0.11], 0.0);
    let gold: Color = [0.90, 0.76, 0.30];
    brush.part(frame, tag, Wear::Bare(gold));
}
