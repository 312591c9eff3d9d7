//! Random order: the generator, permutations, the shuffle buffer, and the split into train and test.
//!
//! The generator is ChaCha with 8 rounds. It is a published cipher, so the numbers of a seed can never change with a release of the
//! crate that computes them, and it is counter-based: seed, purpose and epoch go into key and stream, so the order of epoch 7 needs
//! no earlier epoch, and two uses of one seed do not share numbers. Numbers below a bound are drawn here (multiply and
//! reject, after Lemire), because the `rand` crate may change its way of doing so.

use crate::{Error, ErrorKind, Result};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// What the numbers are for; part of the key.
#[derive(Clone, Copy)]
pub(crate) enum Purpose {
    Permutation = 1,
    Shuffle = 2,
    Split = 3,
}

pub(crate) struct Random(ChaCha8Rng);

impl Random {
    pub(crate) fn new(seed: u64, purpose: Purpose, stream: u64) -> Self {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        key[8..16].copy_from_slice(&(purpose as u64).to_le_bytes());
        let mut generator = ChaCha8Rng::from_seed(key);
        generator.set_stream(stream);
        Random(generator)
    }

    /// A number in `0..n`, each equally likely; 0 for `n = 0`.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        let n = n as u64;
        loop {
            let product = u128::from(self.0.next_u64()) * u128::from(n);
            let low = product as u64;
            // The low halves below the remainder are those that would favour some results. It is less than `n`, so that few draws
            // need the division.
            if low >= n || low >= n.wrapping_neg() % n {
                return (product >> 64) as usize;
            }
        }
    }

    pub(crate) fn permutation(&mut self, n: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..n).collect();
        for last in (1..n).rev() {
            order.swap(last, self.below(last + 1));
        }
        order
    }
}

/// The numbers `0..n` in a random order that depends on `n` and `seed` alone.
///
/// ```
/// let order = crisol_data::permutation(5, 42);
/// assert_eq!(order, crisol_data::permutation(5, 42));
/// assert_ne!(order, crisol_data::permutation(5, 43));
/// ```
pub fn permutation(n: usize, seed: u64) -> Vec<usize> {
    Random::new(seed, Purpose::Permutation, 0).permutation(n)
}

/// Splits the rows `0..n` at random into training and test rows, `fraction` of them (rounded down) for the test.
///
/// ```
/// let (train, test) = crisol_data::train_test_split(10, 0.2, 42)?;
/// assert_eq!((train.len(), test.len()), (8, 2));
/// # Ok::<(), crisol_data::Error>(())
/// ```
///
/// # Errors
/// A fraction outside of 0 to 1, or one that leaves a side without rows.
pub fn train_test_split(n: usize, fraction: f64, seed: u64) -> Result<(Vec<usize>, Vec<usize>)> {
    let held_out = held_out(n, fraction)?;
    let mut order = Random::new(seed, Purpose::Split, 0).permutation(n);
    let test = order.split_off(n - held_out);
    Ok((order, test))
}

/// How many of `n` rows a fraction holds out; both sides have rows.
pub(crate) fn held_out(n: usize, fraction: f64) -> Result<usize> {
    if !(fraction > 0.0 && fraction < 1.0) {
        return Err(Error::new(
            ErrorKind::Argument,
            format!("the fraction held out must lie between 0 and 1, both excluded, given {fraction}"),
        ));
    }
    let held_out = (n as f64 * fraction) as usize;
    if held_out == 0 || held_out >= n {
        return Err(Error::new(
            ErrorKind::Empty,
            format!("holding out {fraction} of {n} rows leaves one side without any"),
        ));
    }
    Ok(held_out)
}

/// Passes items on in random order through a buffer of a given size: each result is drawn from the buffer, and the next item takes
/// its place. A buffer at least as long as the input gives every order with equal probability.
pub(crate) struct Shuffled<I: Iterator> {
    items: std::iter::Fuse<I>,
    buffer: Vec<I::Item>,
    size: usize,
    random: Random,
}

impl<I: Iterator> Shuffled<I> {
    pub(crate) fn new(items: I, size: usize, seed: u64, epoch: u64) -> Self {
        Shuffled { items: items.fuse(), buffer: Vec::new(), size, random: Random::new(seed, Purpose::Shuffle, epoch) }
    }
}

impl<I: Iterator> Iterator for Shuffled<I> {
    type Item = I::Item;

    fn next(&mut self) -> Option<I::Item> {
        while self.buffer.len() < self.size {
            match self.items.next() {
                Some(item) => self.buffer.push(item),
                None => break,
            }
        }
        if self.buffer.is_empty() {
            return None;
        }
        let drawn = self.random.below(self.buffer.len());
        Some(self.buffer.swap_remove(drawn))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_stream_is_the_published_one() {
        // First words of ChaCha8 for the all-zero key, from the eSTREAM vectors (3e00ef2f 895f40d6 ...).
        let mut plain = ChaCha8Rng::from_seed([0; 32]);
        assert_eq!(plain.next_u64().to_le_bytes(), [0x3e, 0x00, 0xef, 0x2f, 0x89, 0x5f, 0x40, 0xd6]);
    }

    #[test]
    fn numbers_below_are_even() {
        let mut random = Random::new(7, Purpose::Split, 0);
        let mut counts = [0_i32; 6];
        for _ in 0..60_000 {
            counts[random.below(6)] += 1;
        }
        // Standard deviation of a count is 91; five of them.
        assert!(counts.iter().all(|count| (count - 10_000).abs() < 455), "{counts:?}");
        assert_eq!(random.below(1), 0);
    }

    proptest! {
        #[test]
        fn a_buffer_of_any_size_gives_a_permutation(n in 0_usize..200, size in 1_usize..250, seed: u64, epoch: u64) {
            let mut order: Vec<usize> = Shuffled::new(0..n, size, seed, epoch).collect();
            // No item comes out before it could have entered the buffer.
            for (place, &item) in order.iter().enumerate() {
                prop_assert!(item < place + size);
            }
            order.sort_unstable();
            prop_assert!(order.into_iter().eq(0..n));
        }

        #[test]
        fn a_split_is_disjoint_and_whole(n in 2_usize..300, fraction in 0.01_f64..0.99, seed: u64) {
            match train_test_split(n, fraction, seed) {
                Ok((train, test)) => {
                    prop_assert_eq!(test.len(), (n as f64 * fraction) as usize);
                    let mut all = [train, test].concat();
                    all.sort_unstable();
                    prop_assert!(all.into_iter().eq(0..n));
                }
                Err(error) => {
                    prop_assert_eq!(error.kind(), ErrorKind::Empty);
                    prop_assert!(((n as f64 * fraction) as usize) == 0);
                }
            }
        }
    }

    #[test]
    fn fractions_outside_are_errors() {
        for fraction in [0.0, 1.0, -0.1, f64::NAN] {
            assert_eq!(train_test_split(10, fraction, 0).unwrap_err().kind(), ErrorKind::Argument);
        }
    }
}
