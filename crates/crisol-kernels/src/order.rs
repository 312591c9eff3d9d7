//! In which order matrix products add up: who reads operands in place asks whether that changes bits.

use crate::cut::Cut;
use crate::matmul::merges;
use crate::product::sums_by_lanes;
use crate::real::Real;

/// In which order [`matmul_batched`](crate::matmul_batched) adds up: equal orders, equal bits, for the same numbers however they lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SumOrder {
    /// Parts of the inner axis.
    parts: usize,
    by_lanes: bool,
}

/// The order in which products add up, of operands that lie as told to [`matmul_blocks`](crate::matmul_blocks).
///
/// ```
/// use crisol_kernels::matmul_order;
///
/// // A narrow product whose left operand lies by rows adds up over the lanes of a vector, one that lies by columns does not.
/// let by_rows = matmul_order::<f32>(1, [100, 1, 30], [0, 30, 1], [0, 1, 1]);
/// let by_columns = matmul_order::<f32>(1, [100, 1, 30], [0, 1, 100], [0, 1, 1]);
/// assert_ne!(by_rows, by_columns);
/// ```
pub fn matmul_order<T: Real>(batch: usize, size: [usize; 3], lhs: [usize; 3], rhs: [usize; 3]) -> SumOrder {
    let [mut m, n, k] = size;
    let mut batch = batch;
    if merges(batch, m, lhs, rhs) {
        (batch, m) = (1, batch * m);
    }
    let ([_, lhs @ ..], [_, rhs @ ..]) = (lhs, rhs);
    if batch == 0 {
        // Nothing is added up.
        return SumOrder { parts: 1, by_lanes: false };
    }
    SumOrder { parts: Cut::new(batch, m, [m, n, k], rhs).parts, by_lanes: sums_by_lanes::<T>([m, n], lhs, rhs) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_products_have_an_order_as_well() {
        let none = matmul_order::<f32>(0, [100, 100, 90], [9000, 1, 100], [0, 100, 1]);
        assert_eq!(none, matmul_order::<f32>(0, [100, 100, 90], [9000, 90, 1], [0, 100, 1]));
    }
}
