//! Heads: skull, ears, muzzle, nose, eyes, mouth and whiskers.
//!
//! A head is seen from the front or turned somewhat aside (`yaw`); the turn shifts the face over the skull
//! and pushes a long muzzle to the side.

use super::brush::{Brush, Frame, Wear};
use super::canvas::{Color, scaled};
use super::species::{Ear, Pupil, Traits};

const BLACK: Color = [0.05, 0.04, 0.05];
const WHITE: Color = [0.97, 0.96, 0.94];

/// Paints a head at the frame's origin, turned aside by `yaw` in about `[-0.6, 0.6]`, its eyes open by `lids`.
pub fn draw(brush: &mut Brush, frame: &Frame, traits: &Traits, yaw: f32, lids: f32) {
    let [width, height] = traits.skull;
    if traits.ear != Ear::Hanging {
        for side in [-1.0, 1.0] {
            standing_ear(brush, frame, traits, side, yaw);
        }
    }
    let skull = frame.ellipse([0.0, 0.0], [width, height], 0.0);
    brush.part(frame, skull, Wear::Pattern);
    // Cheeks make the lower face wider than the forehead.
    for side in [-1.0, 1.0] {
        let cheek = frame.ellipse([side * 0.45 * width + 0.15 * yaw, 0.35], [0.48 * width, 0.42 * height], 0.2 * side);
        brush.soft_part(frame, cheek, Wear::Pattern, 0.8);
    }
    if traits.ear == Ear::Hanging {
        for side in [-1.0, 1.0] {
            hanging_ear(brush, frame, traits, side, yaw);
        }
    }
    forehead(brush, frame, traits, yaw);
    muzzle(brush, frame, traits, yaw);
    for side in [-1.0, 1.0] {
        eye(brush, frame, traits, side, yaw, lids);
    }
}

fn standing_ear(brush: &mut Brush, frame: &Frame, traits: &Traits, side: f32, yaw: f32) {
    let [length, half] = traits.ear_size;
    let center = side * 0.56 * traits.skull[0] + 0.12 * yaw;
    let base = -0.58 * traits.skull[1];
    let lean = side * 0.22 + 0.08 * yaw;
    // A turned head shows the near ear wide and the far ear narrow.
    let half = half * (1.0 - 0.35 * side * yaw).max(0.4);
    let tip = [center + lean, base - length];
    let (inner, outer) = ([center - side * half, base - 0.08], [center + side * (half + 0.05), base + 0.28]);
    let bulge = |a: [f32; 2], b: [f32; 2], by: f32| [0.5 * (a[0] + b[0]) + side * by, 0.5 * (a[1] + b[1]) - 0.05];
    let outline = [
        [inner[0], base + 0.3],
        inner,
        bulge(inner, tip, -0.05),
        [tip[0] - side * 0.03, tip[1] + 0.03],
        [tip[0] + side * 0.03, tip[1] + 0.03],
        bulge(tip, outer, 0.09),
        outer,
    ];
    brush.shape(frame, &outline, Wear::Shaded(0.35), 0.95);
    let toward = |point: [f32; 2]| {
        [center + lean * 0.3 + 0.62 * (point[0] - center - lean * 0.3), base - 0.1 + 0.68 * (point[1] - base + 0.1)]
    };
    let skin =
        [toward(inner), toward(bulge(inner, tip, -0.04)), toward(tip), toward(bulge(tip, outer, 0.06)), toward(outer)];
    brush.shape(frame, &skin, Wear::Bare([0.78, 0.55, 0.52]), 0.85);
    if traits.ear == Ear::Folded {
        let fold = 0.45 * length;
        let left = [center + 0.55 * lean - half * 0.75, base - fold];
        let right = [center + 0.55 * lean + half * 0.85, base - fold + 0.05];
        // The upper half falls forward: hide what stands above the fold, and draw the flap below it.
        let flap = [left, [center + 0.6 * lean, base - fold - 0.16], right, [center + lean + side * 0.12, base + 0.12]];
        brush.shape(frame, &flap, Wear::Shaded(0.6), 0.9);
    }
}

fn hanging_ear(brush: &mut Brush, frame: &Frame, traits: &Traits, side: f32, yaw: f32) {
    let [length, half] = traits.ear_size;
    let top = [side * 0.62 * traits.skull[0] + 0.1 * yaw, -0.62 * traits.skull[1]];
    let out = side * (0.98 * traits.skull[0] + 0.12) + 0.1 * yaw;
    let end = [out - side * 0.04, top[1] + 1.55 * length];
    let points = [top, [out, top[1] - 0.12], [out + side * 0.16, top[1] + 0.6 * length], end];
    brush.limb(frame, points, [1.3 * half, 2.1 * half], Wear::Shaded(0.55));
}

fn forehead(brush: &mut Brush, frame: &Frame, traits: &Traits, yaw: f32) {
    let shift = 0.3 * yaw;
    if brush.coat.striped() {
        let color = brush.coat.marking();
        for place in [-0.34, -0.12, 0.12, 0.34] {
            let (x, top) = (place + shift, -0.78 * traits.skull[1]);
            let points = [[x, top], [x * 0.95, top + 0.12], [x * 0.85, top + 0.2], [0.75 * place + shift, -0.36]];
            brush.line(frame, points, 0.08, color, 0.75);
        }
    } else if brush.coat.bib {
        let blaze = frame.ellipse([shift, -0.15], [0.15, 0.55], 0.0);
        brush.soft_part(frame, blaze, Wear::Pale, 0.8);
    }
}

fn muzzle(brush: &mut Brush, frame: &Frame, traits: &Traits, yaw: f32) {
    let [half, out] = traits.muzzle;
    let x = (0.35 + 0.9 * out) * yaw;
    let y = 0.36 + 0.22 * out;
    if out > 0.15 {
        // The bridge between the eyes and the tip of a long muzzle.
        let bridge = frame.ellipse([0.6 * x, 0.5 * y], [0.72 * half, 0.5], -0.5 * x);
        brush.soft_part(frame, bridge, Wear::Pattern, 0.9);
    }
    if traits.tongue {
        let tongue = frame.ellipse([x + 0.02, y + 0.8 * half + 0.1], [0.32 * half, 0.22 + 0.2 * half], 0.0);
        brush.part(frame, tongue, Wear::Bare([0.86, 0.38, 0.42]));
    }
    let chin = frame.ellipse([x * 0.95, y + 0.62 * half], [0.55 * half, 0.36 * half], 0.0);
    brush.part(frame, chin, Wear::Pale);
    for side in [-1.0, 1.0] {
        let jowl = frame.ellipse(
            [x + side * 0.45 * half, y + 0.2 * half],
            [0.62 * half, (0.52 + 0.3 * out) * half],
            0.15 * side,
        );
        brush.part(frame, jowl, Wear::Pale);
    }
    let nose = [x, y - 0.32 * half];
    let dark = [0.16, 0.09, 0.09];
    for side in [-1.0, 1.0] {
        let corner = [x + side * 0.62 * half, y + 0.48 * half];
        let points =
            [[x, nose[1] + traits.nose], [x, y + 0.55 * half], [x + side * 0.3 * half, y + 0.72 * half], corner];
        brush.line(frame, points, 0.05, dark, 0.85);
    }
    nose_at(brush, frame, traits, nose);
    whiskers(brush, frame, traits, [x, y + 0.1 * half]);
}

fn nose_at(brush: &mut Brush, frame: &Frame, traits: &Traits, [x, y]: [f32; 2]) {
    let half = traits.nose;
    if half > 0.145 {
        let tip = frame.ellipse([x, y], [1.15 * half, 0.82 * half], 0.0);
        brush.part(frame, tip, Wear::Bare(traits.nose_color));
    } else {
        let points = [
            [x - 1.2 * half, y - 0.6 * half],
            [x, y - 0.8 * half],
            [x + 1.2 * half, y - 0.6 * half],
            [x, y + 0.9 * half],
        ];
        brush.shape(frame, &points, Wear::Bare(traits.nose_color), 1.0);
    }
    let shine = frame.ellipse([x - 0.3 * half, y - 0.35 * half], [0.3 * half, 0.18 * half], 0.0);
    brush.soft_part(frame, shine, Wear::Bare(WHITE), 0.5);
}

fn whiskers(brush: &mut Brush, frame: &Frame, traits: &Traits, [x, y]: [f32; 2]) {
    if traits.whiskers == 0.0 {
        return;
    }
    for side in [-1.0, 1.0] {
        for rank in [-1.0, 0.0, 1.0] {
            let droop = brush.rng.normal(0.1 * rank, 0.05);
            let start = [x + side * 0.28, y + 0.07 * rank];
            let reach = start[0] + side * traits.whiskers * brush.rng.range(0.85, 1.1);
            let end = [reach, start[1] + 1.6 * droop + 0.08];
            let points = [
                start,
                [start[0] + side * 0.3, start[1] + 0.3 * droop - 0.06],
                [0.6 * reach, start[1] + droop - 0.06],
                end,
            ];
            brush.line(frame, points, 0.032, WHITE, 0.85);
        }
    }
}

fn eye(brush: &mut Brush, frame: &Frame, traits: &Traits, side: f32, yaw: f32, lids: f32) {
    let size = traits.eye;
    let narrow = (1.0 - 0.3 * (yaw * side).max(0.0)).max(0.6);
    let (x, y) = (side * (0.40 * traits.skull[0]) * narrow + 0.38 * yaw, -0.08);
    let slant = -0.18 * side;
    let rim = frame.ellipse([x, y], [1.16 * size * narrow, 1.12 * size * lids], slant);
    brush.part(frame, rim, Wear::Bare(scaled(brush.coat.marking(), 0.5)));
    let ball = frame.ellipse([x, y], [size * narrow, 0.94 * size * lids], slant);
    brush.part(frame, ball, Wear::Bare(traits.iris));
    let pupil = match traits.pupil {
        Pupil::Slit => frame.ellipse([x, y], [size * traits.pupil_size * narrow * 0.75, 0.86 * size * lids], 0.0),
        Pupil::Round => {
            let radius = size * traits.pupil_size;
            frame.ellipse([x, y], [radius * narrow, radius.min(0.9 * size * lids)], 0.0)
        }
    };
    brush.part(frame, pupil, Wear::Bare(BLACK));
    let glint = frame.ellipse([x - 0.3 * size, y - 0.35 * size * lids], [0.2 * size, 0.2 * size * lids], 0.0);
    brush.part(frame, glint, Wear::Bare(WHITE));
}
