//! Random numbers: Philox of a key and a position, so that they can be computed again anywhere, in any order.

use crate::recorder::record;
use crate::tensor::Tensor;
use crisol_ir::{DType, Error, Graph, NodeId, Result, Shape};
use std::cell::Cell;

thread_local! {
    static STREAM: Cell<(u64, u64)> = const { Cell::new((0, 0)) };
}

/// What random numbers are drawn from: the same key and shape give the same numbers, on any machine and thread count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key(u64);

impl Key {
    /// The key of a seed.
    pub fn new(seed: u64) -> Key {
        Key(mix(seed))
    }

    /// A key of its own for each number: layers, steps and epochs fold their count into one key.
    #[must_use]
    pub fn fold(self, number: u64) -> Key {
        Key(mix(self.0 ^ mix(number.wrapping_add(0x9e37_79b9_7f4a_7c15))))
    }

    /// A number that follows from the key, to seed other generators with.
    pub fn number(self) -> u64 {
        mix(self.0)
    }

    /// The key itself, to be kept in a file; [`Key::from_bits`] is the way back.
    pub fn to_bits(self) -> u64 {
        self.0
    }

    /// The key that [`Key::to_bits`] was taken from. A seed becomes a key with [`Key::new`].
    pub fn from_bits(bits: u64) -> Key {
        Key(bits)
    }

    /// The two words of the key, as the random operations take them.
    fn words(self) -> [Tensor; 2] {
        [self.0 as u32, (self.0 >> 32) as u32].map(|word| Tensor::scalar(DType::I32, f64::from(word as i32)))
    }
}

/// Starts this thread's stream of random numbers afresh, as `keras.utils.set_random_seed`.
pub fn seed(seed: u64) {
    STREAM.set((mix(seed), 0));
}

/// The next key of this thread's stream.
pub fn next_key() -> Key {
    let (stream, count) = STREAM.get();
    STREAM.set((stream, count + 1));
    Key(stream).fold(count)
}

impl Tensor {
    /// Random numbers, evenly distributed over `[low, high)`, in single precision.
    ///
    /// ```
    /// use crisol_tensor::{Tensor, random::Key};
    /// let x = Tensor::random_uniform([1000], -1.0, 1.0, Key::new(7));
    /// assert!(x.abs().max_all().item()? < 1.0);
    /// # Ok::<(), crisol_tensor::Error>(())
    /// ```
    #[track_caller]
    pub fn random_uniform<S>(shape: S, low: f64, high: f64, key: Key) -> Tensor
    where
        S: TryInto<Shape>,
        Error: From<S::Error>,
    {
        draw(shape, key, crisol_ops::random_uniform) * (high - low) + low
    }

    /// Random numbers of the normal distribution, in single precision.
    #[track_caller]
    pub fn random_normal<S>(shape: S, mean: f64, standard_deviation: f64, key: Key) -> Tensor
    where
        S: TryInto<Shape>,
        Error: From<S::Error>,
    {
        draw(shape, key, crisol_ops::random_normal) * standard_deviation + mean
    }
}

#[track_caller]
fn draw<S>(shape: S, key: Key, operation: fn(&mut Graph, NodeId, NodeId, Shape) -> Result<NodeId>) -> Tensor
where
    S: TryInto<Shape>,
    Error: From<S::Error>,
{
    let [low, high] = key.words();
    record(&[&low, &high], |graph, words| operation(graph, words[0], words[1], shape.try_into()?))
}

/// A 64-bit permutation with good avalanche: the finaliser of SplitMix64 (Steele, Lea, Flood, 2014).
fn mix(mut x: u64) -> u64 {
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_numbers() {
        let draw = || {
            seed(3);
            let first = Tensor::random_normal([50], 0.0, 1.0, next_key());
            let second = Tensor::random_normal([50], 0.0, 1.0, next_key());
            (first.to_vec::<f32>().unwrap(), second.to_vec::<f32>().unwrap())
        };
        let (first, second) = draw();
        assert_ne!(first, second);
        assert_eq!(draw(), (first, second));
    }

    #[test]
    fn normal_numbers_have_the_asked_moments() {
        let x = Tensor::random_normal([200_000], 3.0, 2.0, Key::new(1));
        assert!((x.mean_all().item().unwrap() - 3.0).abs() < 0.02);
        assert!((x.std_all().item().unwrap() - 2.0).abs() < 0.02);
    }
}
