//! Bilinear resizing as `tf.image.resize` does it: half-pixel centres, edges repeated, two source pixels an axis whatever the ratio (no
//! antialias). Results are rounded to whole levels; the plain formula is in the tests.

use super::decode::Pixels;
use fast_image_resize::images::{TypedImage, TypedImageRef};
use fast_image_resize::pixels::U8x3;
use fast_image_resize::{FilterType, ResizeAlg, ResizeOptions, Resizer};

/// Keeps its scratch memory from one image to the next; one a thread.
pub(crate) struct Bilinear {
    resizer: Resizer,
    options: ResizeOptions,
}

impl Bilinear {
    pub(crate) fn new() -> Self {
        let algorithm = ResizeAlg::Interpolation(FilterType::Bilinear);
        Bilinear { resizer: Resizer::new(), options: ResizeOptions::new().resize_alg(algorithm) }
    }

    /// Resizes `pixels` of 1 or 3 channels to `height` x `width`.
    pub(crate) fn resize(&mut self, pixels: Pixels, (height, width): (usize, usize)) -> Result<Vec<u8>, String> {
        if (pixels.height, pixels.width) == (height, width) {
            return Ok(pixels.values);
        }
        let is_grey = pixels.values.len() == pixels.width * pixels.height;
        let source = if is_grey { &pixels.values.iter().flat_map(|&v| [v; 3]).collect() } else { &pixels.values };
        let size = [pixels.width, pixels.height, width, height].map(|size| size as u32);
        let resized = self.resize_rgb(source, size).map_err(|error| format!("cannot be resized ({error})"))?;
        Ok(if is_grey { resized.chunks_exact(3).map(|pixel| pixel[0]).collect() } else { resized })
    }

    /// For one type of pixel, grey ones in triplicate: a resizer each would be most of this crate's compile time.
    fn resize_rgb(
        &mut self,
        values: &[u8],
        [from_width, from_height, width, height]: [u32; 4],
    ) -> Result<Vec<u8>, Box<dyn std::error::Error>> {
        let source = TypedImageRef::<U8x3>::from_buffer(from_width, from_height, values)?;
        let mut resized = vec![0; 3 * width as usize * height as usize];
        let mut target = TypedImage::<U8x3>::from_buffer(width, height, &mut resized)?;
        self.resizer.resize_typed(&source, &mut target, &self.options)?;
        Ok(resized)
    }
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
        fn it_is_the_plain_formula_within_one_level(
            from in (1_usize..40, 1_usize..40), to in (1_usize..40, 1_usize..40), three: bool, seed: u64,
        ) {
            let channels = if three { 3 } else { 1 };
            let order = crate::permutation(from.0 * from.1 * channels, seed);
            let values: Vec<u8> = order.iter().map(|v| (v * 37 % 256) as u8).collect();
            let expected = plain(&values, from, to, channels);
            let pixels = Pixels { width: from.1, height: from.0, values };
            let given = Bilinear::new().resize(pixels, to).unwrap();
            prop_assert_eq!(given.len(), expected.len());
            for (given, expected) in given.iter().zip(&expected) {
                // Half a level of rounding each way, and the rest of 14-bit weights.
                prop_assert!((f64::from(*given) - expected).abs() <= 1.02, "{} for {}", given, expected);
            }
        }
    }
}
