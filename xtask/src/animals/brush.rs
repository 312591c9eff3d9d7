//! The brush an animal is painted with: its own coordinates, its coat, and the light that falls on it.

use super::canvas::{Canvas, Color, Ellipse, polygon, scaled, stroke};
use super::fur::Coat;
use super::random::Rng;

/// Coordinates of an animal (or its head) in head radii, `v` down, placed on the canvas.
#[derive(Clone, Copy, Debug)]
pub struct Frame {
    origin: [f32; 2],
    /// Pixels a head radius.
    pub scale: f32,
    /// 1, or -1 for an animal that looks the other way.
    flip: f32,
    sin: f32,
    cos: f32,
    roll: f32,
}

impl Frame {
    /// A frame with its origin at a pixel, turned by `roll` radians and mirrored when `flip` is -1.
    pub fn new(origin: [f32; 2], scale: f32, flip: f32, roll: f32) -> Frame {
        Frame { origin, scale, flip, sin: libm::sinf(roll), cos: libm::cosf(roll), roll }
    }

    /// The frame with its origin moved to a point of its own, turned further.
    pub fn moved(&self, to: [f32; 2], roll: f32) -> Frame {
        Frame::new(self.point(to), self.scale, self.flip, self.roll + roll)
    }

    /// The pixel of a point.
    pub fn point(&self, [u, v]: [f32; 2]) -> [f32; 2] {
        let (x, y) = (u * self.cos - v * self.sin, u * self.sin + v * self.cos);
        [self.origin[0] + self.scale * self.flip * x, self.origin[1] + self.scale * y]
    }

    /// The point under a pixel.
    pub fn local(&self, x: f32, y: f32) -> [f32; 2] {
        let (dx, dy) = ((x - self.origin[0]) * self.flip / self.scale, (y - self.origin[1]) / self.scale);
        [dx * self.cos + dy * self.sin, dy * self.cos - dx * self.sin]
    }

    /// An ellipse of the animal, in pixels.
    pub fn ellipse(&self, center: [f32; 2], radii: [f32; 2], angle: f32) -> Ellipse {
        let radii = [radii[0] * self.scale, radii[1] * self.scale];
        Ellipse::new(self.point(center), radii, self.flip * (angle + self.roll))
    }
}

/// Where the light comes from and how hard it is.
#[derive(Clone, Copy, Debug)]
pub struct Light {
    /// Direction towards the light on the picture (unit length, `y` down).
    pub towards: [f32; 2],
    /// 0 for an overcast day, 0.5 for a lamp.
    pub contrast: f32,
}

impl Light {
    /// Light from above, more or less.
    pub fn new(rng: &mut Rng) -> Light {
        let angle = rng.normal(0.0, 0.7);
        Light { towards: [libm::sinf(angle), -libm::cosf(angle)], contrast: rng.range(0.12, 0.45) }
    }

    /// The factor on a rounded part at its local point `(u, v)`: lit on one side, dark on the other.
    pub fn on(&self, [u, v]: [f32; 2]) -> f32 {
        let depth = (1.0 - u * u - v * v).max(0.0).sqrt();
        let facing = 0.75 * (u * self.towards[0] + v * self.towards[1]) + 0.6 * depth;
        1.0 + self.contrast * (facing - 0.35)
    }
}

/// What of the coat a part wears.
#[derive(Clone, Copy, Debug)]
pub enum Wear {
    /// The coat with its pattern.
    Pattern,
    /// The pale parts: chest, muzzle, paws.
    Pale,
    /// Base colour shaded towards the markings.
    Shaded(f32),
    /// No fur at all.
    Bare(Color),
}

/// Paints parts of one animal.
pub struct Brush<'a> {
    /// The picture.
    pub canvas: &'a mut Canvas,
    /// The animal's coat.
    pub coat: &'a Coat,
    /// The light of the scene.
    pub light: Light,
    /// Draws for tufts and shaken lines.
    pub rng: &'a mut Rng,
    /// A factor on all colours: less than 1 for the limbs on the far side.
    pub dim: f32,
}

impl Brush<'_> {
    /// A rounded, furry part.
    pub fn part(&mut self, frame: &Frame, ellipse: Ellipse, wear: Wear) {
        let shag = if matches!(wear, Wear::Bare(_)) { 0.0 } else { self.coat.shag };
        let outline = ellipse.outline(shag, self.rng);
        let (coat, light, dim) = (self.coat, self.light, self.dim);
        self.canvas.fill(outline.as_ref(), 1.0, |x, y| {
            scaled(worn(coat, wear, frame.local(x, y)), dim * light.on(ellipse.local(x, y)))
        });
    }

    /// A part with a smooth soft rim, for pale fur that runs into the coat: opaque at its centre only.
    pub fn soft_part(&mut self, frame: &Frame, ellipse: Ellipse, wear: Wear, opacity: f32) {
        for step in 0..3 {
            let shrunk = 1.0 - 0.14 * step as f32;
            let inner = ellipse.grown(shrunk);
            let outline = inner.outline(self.coat.shag + 0.04, self.rng);
            let (coat, light, dim) = (self.coat, self.light, self.dim);
            self.canvas.fill(outline.as_ref(), opacity * 0.6, |x, y| {
                scaled(worn(coat, wear, frame.local(x, y)), dim * light.on(ellipse.local(x, y)))
            });
        }
    }

    /// A furry limb along a curve, tapering from one width to another.
    pub fn limb(&mut self, frame: &Frame, points: [[f32; 2]; 4], widths: [f32; 2], wear: Wear) {
        const STEPS: usize = 18;
        let (mut left, mut right) = (Vec::new(), Vec::new());
        let reach = [points[3][0] - points[0][0], points[3][1] - points[0][1]];
        let cap = (0.5 * widths[1] / (reach[0] * reach[0] + reach[1] * reach[1]).sqrt().max(1e-3)).clamp(0.08, 0.5);
        for i in 0..=STEPS {
            let t = i as f32 / STEPS as f32;
            let (at, along) = (bezier(points, t), bezier_slope(points, t));
            let norm = (along[0] * along[0] + along[1] * along[1]).sqrt().max(1e-4);
            // A round end, as long as it is wide.
            let over = ((t - 1.0 + cap) / cap).max(0.0);
            let end = (1.0 - over * over).max(0.0).sqrt();
            let tuft = 1.0 + 1.5 * self.coat.shag * self.rng.range(-1.0, 1.0);
            let half = 0.5 * (widths[0] + (widths[1] - widths[0]) * t) * end * tuft;
            let normal = [-along[1] / norm * half, along[0] / norm * half];
            left.push(frame.point([at[0] + normal[0], at[1] + normal[1]]));
            right.push(frame.point([at[0] - normal[0], at[1] - normal[1]]));
        }
        right.reverse();
        left.extend(right);
        let outline = polygon(&left);
        let (coat, dim) = (self.coat, self.dim);
        let (start, stop) = (frame.point(points[0]), frame.point(points[3]));
        let axis = [stop[0] - start[0], stop[1] - start[1]];
        let length = (axis[0] * axis[0] + axis[1] * axis[1]).sqrt().max(1.0);
        let half = 0.5 * widths[0].max(widths[1]) * frame.scale;
        let light = self.light;
        self.canvas.fill(outline.as_ref(), 1.0, |x, y| {
            let across = ((x - start[0]) * -axis[1] + (y - start[1]) * axis[0]) / (length * half);
            let across = across.clamp(-1.0, 1.0);
            let lit = light.on([-axis[1] / length * across, axis[0] / length * across]);
            scaled(worn(coat, wear, frame.local(x, y)), dim * lit)
        });
    }

    /// A closed shape through points of the animal, lit as if flat.
    pub fn shape(&mut self, frame: &Frame, points: &[[f32; 2]], wear: Wear, lit: f32) {
        let points: Vec<[f32; 2]> = points.iter().map(|&point| frame.point(point)).collect();
        let (coat, dim) = (self.coat, self.dim);
        let outline = polygon(&points);
        self.canvas.fill(outline.as_ref(), 1.0, |x, y| scaled(worn(coat, wear, frame.local(x, y)), dim * lit));
    }

    /// A line of one colour, its width in head radii.
    pub fn line(&mut self, frame: &Frame, points: [[f32; 2]; 4], width: f32, color: Color, opacity: f32) {
        let path = stroke(points.map(|point| frame.point(point)), width * frame.scale);
        self.canvas.fill_flat(path.as_ref(), opacity, scaled(color, self.dim));
    }
}

fn worn(coat: &Coat, wear: Wear, [u, v]: [f32; 2]) -> Color {
    match wear {
        Wear::Pattern => coat.at(u, v),
        Wear::Pale => coat.pale(u, v),
        Wear::Shaded(depth) => coat.shaded(depth, u, v),
        Wear::Bare(color) => color,
    }
}

/// The point of a cubic curve at `t`.
pub fn bezier([a, b, c, d]: [[f32; 2]; 4], t: f32) -> [f32; 2] {
    let s = 1.0 - t;
    let (p, q, r, w) = (s * s * s, 3.0 * s * s * t, 3.0 * s * t * t, t * t * t);
    [0, 1].map(|i| p * a[i] + q * b[i] + r * c[i] + w * d[i])
}

fn bezier_slope([a, b, c, d]: [[f32; 2]; 4], t: f32) -> [f32; 2] {
    let s = 1.0 - t;
    [0, 1].map(|i| 3.0 * (s * s * (b[i] - a[i]) + 2.0 * s * t * (c[i] - b[i]) + t * t * (d[i] - c[i])))
}
