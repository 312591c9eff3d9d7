//! Data that is random but fixed, the same numbers in every language.

use crisol::ndarray::{ArrayD, IxDyn};

/// Numbers from -1 up to 1, without a pattern that a processor could exploit. Each follows from stream and index alone.
pub fn fixed(stream: u64, shape: &[usize]) -> ArrayD<f32> {
    let mut index = stream << 32;
    ArrayD::from_shape_simple_fn(IxDyn(shape), || {
        let mut z = index.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        index += 1;
        z ^= z >> 32;
        z = z.wrapping_mul(0xd6e8_feb8_6659_fd93);
        z ^= z >> 32;
        (z >> 40) as f32 / (1 << 23) as f32 - 1.0
    })
}

/// Weights of a dense layer, as Glorot and Bengio scale them.
pub(crate) fn glorot(stream: u64, inputs: usize, outputs: usize) -> ArrayD<f32> {
    fixed(stream, &[inputs, outputs]) * (6.0 / (inputs + outputs) as f32).sqrt()
}

/// What results are compared by: the mean of the squares.
pub fn mean_square(values: &[f32]) -> f64 {
    values.iter().map(|&value| f64::from(value).powi(2)).sum::<f64>() / values.len() as f64
}
