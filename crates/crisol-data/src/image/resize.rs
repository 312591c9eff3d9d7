//! Bilinear resizing as `tf.image.resize` does it: half-pixel centres, edges repeated, two source pixels an axis whatever the ratio (no
//! antialias), places and levels in single precision as there. Results are rounded to whole levels; the plain formula is in the tests.
//!
//! Written here, for the same bits on every machine and a short compile: fast_image_resize's kernels for 8 bits are compiled for 30
//! precisions, which took longer than all the rest of this crate, and those for floats took four times the time of these loops.

use super::decode::Pixels;
use std::array::from_fn;

/// Values taken at once from a row, more than a pixel has: a loop of so many becomes a few instructions, one of 3 does not.
const LANES: usize = 4;
/// Floats from here to twice this are whole, so adding it to a level rounds the level, and leaves it in the lowest bits.
const WHOLE: f32 = 8_388_608.0;

/// Where on an axis a result lies: between `low` and `high`, by `share` of the way.
#[derive(Clone, Copy)]
struct Place {
    low: usize,
    high: usize,
    share: f32,
}

impl Place {
    /// Of result `i`, where `from` pixels become `to`.
    fn new(i: usize, from: usize, to: usize) -> Place {
        let x = ((i as f32 + 0.5) * (from as f32 / to as f32) - 0.5).max(0.0);
        let low = (x as usize).min(from - 1);
        Place { low, high: (low + 1).min(from - 1), share: x - low as f32 }
    }
}

/// Keeps its scratch memory from one image to the next; one a thread.
pub(crate) struct Bilinear {
    columns: Vec<Place>,
    /// Two rows of the source as one.
    row: Vec<f32>,
}

impl Bilinear {
    pub(crate) fn new() -> Self {
        Bilinear { columns: Vec::new(), row: Vec::new() }
    }

    /// Resizes `pixels` of 1 or 3 channels to `height` x `width`.
    pub(crate) fn resize(&mut self, pixels: Pixels, (height, width): (usize, usize)) -> Vec<u8> {
        if (pixels.height, pixels.width) == (height, width) {
            pixels.values
        } else if pixels.values.len() == pixels.width * pixels.height {
            self.run::<1>(&pixels, height, width)
        } else {
            self.run::<3>(&pixels, height, width)
        }
    }

    fn run<const CHANNELS: usize>(&mut self, pixels: &Pixels, height: usize, width: usize) -> Vec<u8> {
        self.columns.clear();
        self.columns.extend((0..width).map(|x| Place::new(x, pixels.width, width)));
        let length = CHANNELS * pixels.width;
        // The last pixel is read as others are, with what would follow it.
        self.row.resize(length + LANES - CHANNELS, 0.0);
        let mut resized = vec![0; height * width * CHANNELS];
        for (y, results) in resized.chunks_exact_mut(width * CHANNELS).enumerate() {
            let Place { low, high, share } = Place::new(y, pixels.height, height);
            let source = |y: usize| &pixels.values[y * length..(y + 1) * length];
            for ((value, &above), &below) in self.row.iter_mut().zip(source(low)).zip(source(high)) {
                *value = between(f32::from(above), f32::from(below), share);
            }
            let pixel = |x: usize| self.row[CHANNELS * x..].first_chunk::<LANES>();
            for (result, place) in results.chunks_exact_mut(CHANNELS).zip(&self.columns) {
                let (Some(left), Some(right)) = (pixel(place.low), pixel(place.high)) else {
                    unreachable!("a row ends with room for the lanes of its last pixel")
                };
                let levels: [u32; LANES] = from_fn(|c| (between(left[c], right[c], place.share) + WHOLE).to_bits());
                for (result, level) in result.iter_mut().zip(levels) {
                    *result = level as u8;
                }
            }
        }
        resized
    }
}

fn between(low: f32, high: f32, share: f32) -> f32 {
    low + (high - low) * share
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Position `(i + 1/2) * from / to - 1/2`, between its two neighbours, edges repeated.
    fn plain(values: &[u8], from: (usize, usize), to: (usize, usize), channels: usize) -> Vec<f64> {
        let place = |i: usize, from: usize, to: usize| {
            let x = (i as f64 + 0.5) * from as f64 / to as f64 - 0.5;
            let low = x.floor();
            let clamp = |v: f64| v.clamp(0.0, from as f64 - 1.0) as usize;
            (clamp(low), clamp(low + 1.0), x - low)
        };
        let at = |y: usize, x: usize, c: usize| f64::from(values[(y * from.1 + x) * channels + c]);
        let mut out = Vec::new();
        for i in 0..to.0 {
            let (top, bottom, v) = place(i, from.0, to.0);
            for j in 0..to.1 {
                let (left, right, h) = place(j, from.1, to.1);
                for c in 0..channels {
                    let above = at(top, left, c) * (1.0 - h) + at(top, right, c) * h;
                    let below = at(bottom, left, c) * (1.0 - h) + at(bottom, right, c) * h;
                    out.push(above * (1.0 - v) + below * v);
                }
            }
        }
        out
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]
        #[test]
        fn it_is_the_plain_formula_rounded(
            from in (1_usize..40, 1_usize..40), to in (1_usize..40, 1_usize..40), three: bool, seed: u64,
        ) {
            let channels = if three { 3 } else { 1 };
            let order = crate::permutation(from.0 * from.1 * channels, seed);
            let values: Vec<u8> = order.iter().map(|v| (v * 37 % 256) as u8).collect();
            let expected = plain(&values, from, to, channels);
            let pixels = Pixels { width: from.1, height: from.0, values };
            let given = Bilinear::new().resize(pixels, to);
            prop_assert_eq!(given.len(), expected.len());
            for (given, expected) in given.iter().zip(&expected) {
                // Half a level of rounding, and the rest of floats: of places up to 40, 2^-19 at most, an axis.
                prop_assert!((f64::from(*given) - expected).abs() <= 0.502, "{} for {}", given, expected);
            }
        }
    }

    /// Numbers of `tf.image.resize`, rounded; places in double precision would make 138 of the eighth.
    #[test]
    fn places_are_those_of_tensorflow() {
        let values = (0..4638).map(|i| (i * 131 % 256) as u8).collect();
        let given = Bilinear::new().resize(Pixels { width: 4638, height: 1, values }, (1, 9));
        assert_eq!(given, [110, 78, 45, 140, 108, 75, 170, 137, 105]);
    }

    #[test]
    fn one_resizer_takes_images_of_all_kinds() {
        let mut resizer = Bilinear::new();
        for (channels, width, height) in [(3, 40, 30), (1, 7, 50), (3, 1, 1), (1, 64, 3)] {
            let image = || {
                let values = (0..channels * width * height).map(|i| (i * 59 % 251) as u8).collect();
                Pixels { width, height, values }
            };
            assert_eq!(resizer.resize(image(), (12, 17)), Bilinear::new().resize(image(), (12, 17)));
        }
    }
}
