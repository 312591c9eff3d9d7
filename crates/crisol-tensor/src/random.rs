//! Random numbers: Philox of a key and a position, so that they can be computed again anywhere, in any order.

use crate::recorder::record;
use crate::tensor::Tensor;
use crisol_ir::{DType, Error, ErrorKind, Graph, NodeId, Result, Shape};
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

/// Other distributions.
impl Tensor {
    /// Random numbers of the normal distribution without what lies more than two standard deviations from the mean, in
    /// single precision.
    ///
    /// Computed as the inverse of the distribution; source of the inverse: Giles, "Approximating the erfinv function"
    /// (2010).
    #[track_caller]
    pub fn random_truncated_normal<S>(shape: S, mean: f64, standard_deviation: f64, key: Key) -> Tensor
    where
        S: TryInto<Shape>,
        Error: From<S::Error>,
    {
        /// The share of the normal distribution within two standard deviations.
        const SHARE: f64 = 0.954_499_736_103_641_6;
        /// Giles' polynomial for the middle of the distribution, all of which is less than 5 in his measure.
        const COEFFICIENTS: [f64; 9] = [
            2.810_226_36e-8,
            3.432_739_39e-7,
            -3.523_387_7e-6,
            -4.391_506_54e-6,
            0.000_218_580_87,
            -0.001_253_725_03,
            -0.004_177_681_64,
            0.246_640_727,
            1.501_409_41,
        ];
        // The middles of 2^24 equal steps between -1 and 1.
        let even = draw(shape, key, crisol_ops::random_uniform) * 2.0 + (2f64.powi(-24) - 1.0);
        let x = even * SHARE;
        let measure = -(-(&x * &x) + 1.0).log() - 2.5;
        let polynomial = COEFFICIENTS[1..]
            .iter()
            .fold(Tensor::scalar(DType::F32, COEFFICIENTS[0]), |value, &next| value * &measure + next);
        let normal = (polynomial * x * std::f64::consts::SQRT_2).clip(-2.0, 2.0);
        normal * standard_deviation + mean
    }

    /// Truth values that hold with the given probability.
    ///
    /// ```
    /// use crisol_tensor::{DType, Tensor, random::Key};
    /// let x = Tensor::random_bernoulli([10_000], 0.3, Key::new(1)).cast(DType::F32);
    /// assert!((x.mean_all().item()? - 0.3).abs() < 0.03);
    /// # Ok::<(), crisol_tensor::Error>(())
    /// ```
    #[track_caller]
    pub fn random_bernoulli<S>(shape: S, probability: f64, key: Key) -> Tensor
    where
        S: TryInto<Shape>,
        Error: From<S::Error>,
    {
        draw(shape, key, crisol_ops::random_uniform).less(probability)
    }

    /// Random integers, evenly distributed over `low..high`, as `int32`.
    ///
    /// An empty range makes a tensor that carries an error.
    ///
    /// ```
    /// use crisol_tensor::{Tensor, random::Key};
    /// let dice = Tensor::random_integers([100], 1, 7, Key::new(1));
    /// assert_eq!((dice.min_all().item()?, dice.max_all().item()?), (1.0, 6.0));
    /// # Ok::<(), crisol_tensor::Error>(())
    /// ```
    #[track_caller]
    pub fn random_integers<S>(shape: S, low: i32, high: i32, key: Key) -> Tensor
    where
        S: TryInto<Shape>,
        Error: From<S::Error>,
    {
        let span = (high as u32).wrapping_sub(low as u32) as i32;
        let [k0, k1] = key.words();
        let (start, span) = (integer(low), integer(span));
        record(&[&k0, &k1, &span, &start], |graph, x| {
            if low >= high {
                let text = format!("no integer is in {low}..{high}");
                return Err(Error::new(ErrorKind::Value, text).operation("random_integers"));
            }
            let numbers = crisol_ops::random_integers(graph, x[0], x[1], x[2], shape.try_into()?)?;
            crisol_ops::add(graph, numbers, x[3])
        })
    }

    /// The numbers 0, 1, ... below `count` in random order, as `int32`.
    ///
    /// The order is that of random 32-bit words: two numbers keep theirs with a probability that is off by `2^-33`.
    #[track_caller]
    pub fn random_permutation(count: usize, key: Key) -> Tensor {
        let [k0, k1] = key.words();
        let all_words = integer(-1);
        record(&[&k0, &k1, &all_words], |graph, x| {
            let words = crisol_ops::random_integers(graph, x[0], x[1], x[2], Shape::new(&[count])?)?;
            crisol_ops::argsort(graph, words, 0, false, None)
        })
    }

    /// The elements (or rows, or slices) along an axis in random order.
    ///
    /// ```
    /// use crisol_tensor::{DType, Tensor, random::Key};
    /// let x = Tensor::range(DType::F32, 50);
    /// let shuffled = x.shuffle(0, Key::new(1));
    /// assert_ne!(shuffled.to_vec::<f32>()?, x.to_vec::<f32>()?);
    /// assert_eq!(shuffled.sort(0).to_vec::<f32>()?, x.to_vec::<f32>()?);
    /// # Ok::<(), crisol_tensor::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn shuffle(&self, axis: isize, key: Key) -> Tensor {
        let make = || -> Result<Tensor> { Ok(self.take(&Tensor::random_permutation(self.dim(axis)?, key), axis)) };
        make().into()
    }

    /// For logits `[batch, classes]`: `count` classes for each row, drawn with the probabilities of their softmax, as
    /// `int32` `[batch, count]`.
    ///
    /// Drawn as the largest logit after Gumbel noise is added to each.
    #[track_caller]
    #[must_use]
    pub fn categorical(&self, count: usize, key: Key) -> Tensor {
        let make = || -> Result<Tensor> {
            let shape = self.shape()?;
            let &[batch, classes] = shape.sizes() else {
                let text = format!("logits {shape} have rank {}, expected 2: [batch, classes]", shape.rank());
                return Err(Error::new(ErrorKind::Shape, text).operation("categorical"));
            };
            // Never 0, whose logarithm would be no number to add.
            let even = draw([batch, count, classes], key, crisol_ops::random_uniform) + 2f64.powi(-25);
            let gumbel = -(-even.log()).log();
            Ok((self.expand_dims(1).cast(DType::F32) + gumbel).argmax(-1))
        };
        make().into()
    }
}

/// An `int32` as a scalar that is an argument of the plan.
fn integer(number: i32) -> Tensor {
    Tensor::scalar(DType::I32, f64::from(number))
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
    #[test]
    fn truncated_normal_numbers_have_their_moments_and_their_ends() {
        let x = Tensor::random_truncated_normal([200_000], 0.0, 1.0, Key::new(2));
        assert!(x.mean_all().item().unwrap().abs() < 0.01);
        // The deviation of the standard normal distribution cut at 2.
        assert!((x.std_all().item().unwrap() - 0.879_626).abs() < 0.005);
        let largest = x.abs().max_all().item().unwrap();
        assert!(largest <= 2.0 && largest > 1.99, "{largest}");
        let within = x.abs().less(1.0).cast(DType::F32).mean_all().item().unwrap();
        assert!((within - 0.682_689_5 / 0.954_499_7).abs() < 0.005, "{within}");
    }

    #[test]
    fn permutations_hold_every_number_and_put_each_anywhere() {
        let mut places = [[0; 3]; 3];
        for seed in 0..600 {
            let order = Tensor::random_permutation(3, Key::new(seed)).to_vec::<i32>().unwrap();
            let mut sorted = order.clone();
            sorted.sort_unstable();
            assert_eq!(sorted, [0, 1, 2]);
            order.iter().enumerate().for_each(|(place, &number)| places[place][number as usize] += 1);
        }
        // 200 expected, with a standard deviation of 11.5.
        assert!(places.as_flattened().iter().all(|count| (140..260).contains(count)), "{places:?}");
    }

    #[test]
    fn categories_come_as_often_as_their_probability_says() {
        let logits = Tensor::from_slice(&[0.0f32, 3f32.ln(), f32::NEG_INFINITY, 5.0, 5.0, 5.0], [2, 3]);
        let drawn = logits.categorical(20_000, Key::new(3));
        assert_eq!(drawn.shape().unwrap().sizes(), [2, 20_000]);
        let share = |row: usize, class: i32| {
            let row = drawn.slice(&[row..row + 1, 0..20_000]);
            row.equal(class).cast(DType::F32).mean_all().item().unwrap()
        };
        assert!((share(0, 1) - 0.75).abs() < 0.02);
        assert_eq!(share(0, 2), 0.0);
        assert!((share(1, 2) - 1.0 / 3.0).abs() < 0.02);
    }
}
