//! Matrix products of shapes that matter.

use super::Workload;
use super::chains::forward;
use super::data::fixed;
use super::unknown;
use crisol::Result;
use crisol::prelude::*;

/// Rows of the left, inner size, columns of the right: cubes, a dense layer, 1x1 convolutions.
pub(super) const SHAPES: [(&str, [usize; 3]); 5] = [
    ("512", [512, 512, 512]),
    ("1024", [1024, 1024, 1024]),
    ("64x784x64", [64, 784, 64]),
    ("5408x728x728", [5408, 728, 728]),
    ("21632x512x512", [21_632, 512, 512]),
];

pub(super) fn product(name: &str) -> Result<Workload> {
    let (_, [m, k, n]) =
        SHAPES.iter().find(|(shape, _)| *shape == name).ok_or_else(|| unknown(&format!("matmul-{name}")))?;
    let operands = vec![Tensor::from(fixed(60, &[*m, *k])), Tensor::from(fixed(61, &[*k, *n]))];
    Ok(forward(operands, |x| x[0].matmul(&x[1])))
}
