//! Random numbers and noise that depend on nothing but their key.
//!
//! Every picture owns a generator keyed by (seed, class, number), so a picture comes out the same
//! whichever thread draws it and however many others are drawn beside it. Only `+ - * /` and exact
//! integer arithmetic are used: the same numbers on every machine.

/// A small counter-based generator: word `n` of a stream is a mix of `key + n * odd constant` (SplitMix64).
#[derive(Clone, Debug)]
pub struct Rng {
    state: u64,
}

const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

impl Rng {
    /// A stream for `key`; two different keys give unrelated streams.
    pub fn new(key: &[u64]) -> Rng {
        let state = key.iter().fold(0x2545_f491_4f6c_dd1d, |state: u64, &word| {
            mix(state.wrapping_add(STEP) ^ mix(word.wrapping_add(STEP)))
        });
        Rng { state }
    }

    /// The next 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(STEP);
        mix(self.state)
    }

    /// Uniform in `[0, 1)`, with 24 random bits.
    pub fn unit(&mut self) -> f32 {
        (self.bits() >> 40) as f32 / (1u32 << 24) as f32
    }

    /// Uniform in `[low, high)`.
    pub fn range(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.unit()
    }

    /// Roughly normal (the sum of four uniforms of 16 bits), with the given mean and standard deviation.
    pub fn normal(&mut self, mean: f32, deviation: f32) -> f32 {
        let word = self.bits();
        let sum = (word & 0xffff) + (word >> 16 & 0xffff) + (word >> 32 & 0xffff) + (word >> 48);
        let centered = sum as f32 / 65_535.0 - 2.0;
        mean + deviation * centered * 3.0_f32.sqrt()
    }

    /// An integer in `0..n` (`n` of 0 counts as 1).
    pub fn below(&mut self, n: usize) -> usize {
        ((u128::from(self.bits()) * n.max(1) as u128) >> 64) as usize
    }

    /// True with the given probability.
    pub fn chance(&mut self, probability: f32) -> bool {
        self.unit() < probability
    }

    /// +1 or -1.
    pub fn sign(&mut self) -> f32 {
        if self.chance(0.5) { 1.0 } else { -1.0 }
    }

    /// An index drawn with probability proportional to its weight; 0 when all weights are 0.
    pub fn weighted(&mut self, weights: &[f32]) -> usize {
        let mut left = self.unit() * weights.iter().sum::<f32>();
        for (index, weight) in weights.iter().enumerate() {
            if left < *weight {
                return index;
            }
            left -= weight;
        }
        0
    }

    /// A random order of `0..n` (Fisher-Yates).
    pub fn permutation(&mut self, n: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..n).collect();
        for last in (1..n).rev() {
            order.swap(last, self.below(last + 1));
        }
        order
    }
}

fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Smooth noise over the plane in `[-1, 1]`: random values on the integer lattice, blended between.
#[derive(Clone, Copy, Debug)]
pub struct Noise {
    key: u32,
}

impl Noise {
    /// A noise field of its own, keyed by the next word of `rng`.
    pub fn new(rng: &mut Rng) -> Noise {
        Noise { key: (rng.bits() >> 32) as u32 }
    }

    /// The field at `(x, y)`; its features are about one unit wide.
    pub fn at(&self, x: f32, y: f32) -> f32 {
        let (x0, y0) = (x.floor(), y.floor());
        let (u, v) = (ease(x - x0), ease(y - y0));
        let (column, row) = (x0 as i32, y0 as i32);
        let top = blend(self.lattice(column, row), self.lattice(column.wrapping_add(1), row), u);
        let row = row.wrapping_add(1);
        let bottom = blend(self.lattice(column, row), self.lattice(column.wrapping_add(1), row), u);
        blend(top, bottom, v)
    }

    /// Three octaves: broad features with finer ones upon them, still about `[-1, 1]`.
    pub fn rough(&self, x: f32, y: f32) -> f32 {
        0.57 * self.at(x, y)
            + 0.29 * self.at(2.1 * x + 7.3, 2.1 * y - 3.1)
            + 0.14 * self.at(4.3 * x - 5.7, 4.3 * y + 11.9)
    }

    fn lattice(&self, column: i32, row: i32) -> f32 {
        let mut h = self.key ^ (column as u32).wrapping_mul(0x85eb_ca6b) ^ (row as u32).wrapping_mul(0xc2b2_ae35);
        h = (h ^ (h >> 15)).wrapping_mul(0x2c1b_3c6d);
        h = (h ^ (h >> 12)).wrapping_mul(0x297a_2d39);
        h ^= h >> 15;
        (h >> 8) as f32 / (1u32 << 23) as f32 - 1.0
    }
}

fn ease(t: f32) -> f32 {
    t * t * (3.0 - 2.0 * t)
}

fn blend(a: f32, b: f32, t: f32) -> f32 {
    a + (b - a) * t
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_depend_on_every_part_of_the_key() {
        let first = |key: &[u64]| Rng::new(key).bits();
        assert_eq!(first(&[1, 2, 3]), first(&[1, 2, 3]));
        assert_ne!(first(&[1, 2, 3]), first(&[1, 3, 2]));
        assert_ne!(first(&[1, 2]), first(&[1, 2, 0]));
    }

    #[test]
    fn draws_stay_in_range_and_fill_it() {
        let mut rng = Rng::new(&[7]);
        let draws: Vec<f32> = (0..10_000).map(|_| rng.unit()).collect();
        let mean = draws.iter().sum::<f32>() / 10_000.0;
        assert!(draws.iter().all(|u| (0.0..1.0).contains(u)));
        assert!((mean - 0.5).abs() < 0.02, "mean {mean}");
        let normals: Vec<f32> = (0..10_000).map(|_| rng.normal(3.0, 2.0)).collect();
        let variance = normals.iter().map(|x| (x - 3.0) * (x - 3.0)).sum::<f32>() / 10_000.0;
        assert!((variance - 4.0).abs() < 0.2, "variance {variance}");
        let mut seen = rng.permutation(50);
        seen.sort_unstable();
        assert_eq!(seen, (0..50).collect::<Vec<_>>());
        assert_eq!((0..100).filter(|_| rng.weighted(&[0.0, 1.0, 0.0]) == 1).count(), 100);
    }

    #[test]
    fn noise_is_bounded_continuous_and_not_flat() {
        let noise = Noise::new(&mut Rng::new(&[3]));
        let values: Vec<f32> = (0..1000).map(|i| noise.at(i as f32 * 0.05 - 20.0, 1.3)).collect();
        assert!(values.iter().all(|v| v.abs() <= 1.0));
        assert!(values.windows(2).all(|pair| (pair[0] - pair[1]).abs() < 0.2));
        assert!(values.iter().any(|v| *v > 0.3) && values.iter().any(|v| *v < -0.3));
    }
}
