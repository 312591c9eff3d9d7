//! A canvas of linear-ish `f32` colours: antialiased shapes, shaded point by point, then the camera.
//!
//! `tiny-skia` turns paths into coverage; the colour under the coverage comes from a closure, which is
//! what lets fur, light and patterns run across the shapes of one animal.

use image::RgbImage;
use tiny_skia::{FillRule, LineCap, LineJoin, Mask, Path, PathBuilder, Stroke, Transform};

use super::random::{Noise, Rng};

/// Red, green, blue in `[0, 1]`.
pub type Color = [f32; 3];

/// `a` when `t` is 0, `b` when it is 1.
pub fn lerp(a: Color, b: Color, t: f32) -> Color {
    [a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t, a[2] + (b[2] - a[2]) * t]
}

/// The colour made lighter or darker by a factor.
pub fn scaled(color: Color, by: f32) -> Color {
    [color[0] * by, color[1] * by, color[2] * by]
}

/// 0 below `low`, 1 above `high`, smooth between.
pub fn smoothstep(low: f32, high: f32, x: f32) -> f32 {
    let t = ((x - low) / (high - low)).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

/// An ellipse in pixels, turned by an angle.
#[derive(Clone, Copy, Debug)]
pub struct Ellipse {
    /// Centre, x.
    pub x: f32,
    /// Centre, y.
    pub y: f32,
    /// Half axes.
    pub radii: [f32; 2],
    sin: f32,
    cos: f32,
}

impl Ellipse {
    /// An ellipse at a centre, with its half axes, turned by `angle` radians.
    pub fn new(center: [f32; 2], radii: [f32; 2], angle: f32) -> Ellipse {
        let radii = [radii[0].max(0.3), radii[1].max(0.3)];
        Ellipse { x: center[0], y: center[1], radii, sin: libm::sinf(angle), cos: libm::cosf(angle) }
    }

    /// The ellipse with its half axes scaled.
    pub fn grown(&self, by: f32) -> Ellipse {
        Ellipse { radii: [self.radii[0] * by, self.radii[1] * by], ..*self }
    }

    /// The point seen from the ellipse: on its border the result has length 1.
    pub fn local(&self, x: f32, y: f32) -> [f32; 2] {
        let (dx, dy) = (x - self.x, y - self.y);
        [(dx * self.cos + dy * self.sin) / self.radii[0], (dy * self.cos - dx * self.sin) / self.radii[1]]
    }

    /// The pixel of a point given in the ellipse's own coordinates.
    pub fn point(&self, u: f32, v: f32) -> [f32; 2] {
        let (u, v) = (u * self.radii[0], v * self.radii[1]);
        [self.x + u * self.cos - v * self.sin, self.y + u * self.sin + v * self.cos]
    }

    /// The outline, its radius shaken by up to `shag` (a fraction) in tufts: 0 is a smooth ellipse.
    pub fn outline(&self, shag: f32, rng: &mut Rng) -> Option<Path> {
        let tufts = ((self.radii[0] + self.radii[1]) * 0.9).clamp(16.0, 90.0) as usize;
        let points: Vec<[f32; 2]> = (0..2 * tufts)
            .map(|i| {
                let angle = i as f32 / (2 * tufts) as f32 * std::f32::consts::TAU;
                let tuft = if i % 2 == 0 { 1.0 } else { -1.0 };
                let radius = 1.0 + shag * (0.5 * tuft + rng.range(-0.5, 0.5));
                self.point(radius * libm::cosf(angle), radius * libm::sinf(angle))
            })
            .collect();
        polygon(&points)
    }
}

/// A closed path through the points.
pub fn polygon(points: &[[f32; 2]]) -> Option<Path> {
    let mut builder = PathBuilder::new();
    for (i, [x, y]) in points.iter().enumerate() {
        if i == 0 { builder.move_to(*x, *y) } else { builder.line_to(*x, *y) }
    }
    builder.close();
    builder.finish()
}

/// The outline of a pen of the given width along a cubic curve through four control points.
pub fn stroke(points: [[f32; 2]; 4], width: f32) -> Option<Path> {
    let mut builder = PathBuilder::new();
    let [a, b, c, d] = points;
    builder.move_to(a[0], a[1]);
    builder.cubic_to(b[0], b[1], c[0], c[1], d[0], d[1]);
    let pen =
        Stroke { width: width.max(0.4), line_cap: LineCap::Round, line_join: LineJoin::Round, ..Stroke::default() };
    builder.finish()?.stroke(&pen, 1.0)
}

/// The picture being painted.
pub struct Canvas {
    width: usize,
    height: usize,
    pixels: Vec<Color>,
    mask: Option<Mask>,
}

impl Canvas {
    /// A canvas whose every pixel is `color(x, y)`.
    pub fn new(width: usize, height: usize, mut color: impl FnMut(f32, f32) -> Color) -> Canvas {
        let pixels = (0..width * height).map(|i| color((i % width) as f32 + 0.5, (i / width) as f32 + 0.5)).collect();
        Canvas { width, height, pixels, mask: Mask::new(width as u32, height as u32) }
    }

    /// Width in pixels.
    pub fn width(&self) -> f32 {
        self.width as f32
    }

    /// Height in pixels.
    pub fn height(&self) -> f32 {
        self.height as f32
    }

    /// The shorter side in pixels.
    pub fn short(&self) -> f32 {
        self.width.min(self.height) as f32
    }

    /// Fills a path with the colours of `paint(x, y)`; no path (a degenerate shape) paints nothing.
    pub fn fill(&mut self, path: Option<&Path>, opacity: f32, mut paint: impl FnMut(f32, f32) -> Color) {
        let (Some(path), Some(mask)) = (path, self.mask.as_mut()) else {
            return;
        };
        let bounds = path.bounds();
        let columns = span(bounds.left(), bounds.right(), self.width);
        let rows = span(bounds.top(), bounds.bottom(), self.height);
        if columns.is_empty() || rows.is_empty() {
            return;
        }
        mask.clear();
        mask.fill_path(path, FillRule::Winding, true, Transform::identity());
        for row in rows {
            let line = row * self.width;
            for column in columns.clone() {
                let coverage = mask.data()[line + column];
                if coverage > 0 {
                    let color = paint(column as f32 + 0.5, row as f32 + 0.5);
                    let pixel = &mut self.pixels[line + column];
                    *pixel = lerp(*pixel, color, f32::from(coverage) / 255.0 * opacity);
                }
            }
        }
    }

    /// Fills a path with one colour.
    pub fn fill_flat(&mut self, path: Option<&Path>, opacity: f32, color: Color) {
        self.fill(path, opacity, |_, _| color);
    }

    /// Repaints every pixel from what it is: light, haze, shadows.
    pub fn adjust(&mut self, mut change: impl FnMut(f32, f32, Color) -> Color) {
        for (i, pixel) in self.pixels.iter_mut().enumerate() {
            *pixel = change((i % self.width) as f32 + 0.5, (i / self.width) as f32 + 0.5, *pixel);
        }
    }

    /// What the lens does: three passes of a box of the given radius in pixels, nearly a Gaussian.
    pub fn blur(&mut self, radius: f32) {
        for _ in 0..3 {
            self.box_pass(radius, self.width, 1, self.height, self.width);
            self.box_pass(radius, self.height, self.width, self.width, 1);
        }
    }

    /// A box of `2 radius + 1` pixels along `lines` lines of `length` pixels, the ends repeated.
    fn box_pass(&mut self, radius: f32, length: usize, step: usize, lines: usize, line_step: usize) {
        let whole = radius.floor();
        let (reach, edge) = (whole as usize, radius - whole);
        let weight = 1.0 / (2.0 * radius + 1.0);
        let margin = reach + 1;
        let mut line = vec![[0.0; 3]; length + 2 * margin];
        for start in (0..lines).map(|i| i * line_step) {
            for (i, pixel) in line.iter_mut().enumerate() {
                *pixel = self.pixels[start + i.saturating_sub(margin).min(length - 1) * step];
            }
            for (i, window) in line.windows(2 * margin + 1).enumerate() {
                let (first, last) = (window[0], window[2 * margin]);
                let mut sum = [0, 1, 2].map(|part| edge * (first[part] + last[part]));
                for color in &window[1..2 * margin] {
                    sum = [sum[0] + color[0], sum[1] + color[1], sum[2] + color[2]];
                }
                self.pixels[start + i * step] = scaled(sum, weight);
            }
        }
    }

    /// What the sensor does: grain in brightness and, weaker, in colour.
    pub fn grain(&mut self, strength: f32, rng: &mut Rng) {
        for pixel in &mut self.pixels {
            let common = rng.normal(0.0, strength);
            for part in pixel.iter_mut() {
                *part += common + rng.normal(0.0, 0.5 * strength);
            }
        }
    }

    /// The picture in 8 bits a channel.
    pub fn to_image(&self) -> RgbImage {
        RgbImage::from_fn(self.width as u32, self.height as u32, |x, y| {
            let color = self.pixels[y as usize * self.width + x as usize];
            image::Rgb(color.map(|part| (part.clamp(0.0, 1.0) * 255.0 + 0.5) as u8))
        })
    }
}

/// The whole pixels between two edges, within `0..limit`.
fn span(low: f32, high: f32, limit: usize) -> std::ops::Range<usize> {
    (low.floor().max(0.0) as usize)..(high.ceil().max(0.0) as usize).min(limit)
}

/// A ragged patch of vegetation, dirt or cloth: the noise that makes flat things look real.
pub fn grainy(color: Color, noise: &Noise, x: f32, y: f32, amount: f32) -> Color {
    scaled(color, 1.0 + amount * noise.rough(x, y))
}
