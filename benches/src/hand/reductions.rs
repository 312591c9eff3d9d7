//! Reductions of matrices by hand: along rows, down columns, of everything.

use super::loops::{add, maximum, plain_total, total};
use super::maps::{Same, Spread};
use super::{sum, together};
use pulp::{Arch, Simd, WithSimd};

/// Blocks of rows that columns are summed in, at most.
const BLOCKS: usize = 64;
/// Elements worth a thread's while.
const CHUNK: usize = 32 << 10;

/// Calls one of the functions of this file on rows, in vectors.
macro_rules! of_rows {
    ($($(#[$doc:meta])* $name:ident($simd:ident, $row:ident) => $result:expr;)*) => {$(
        $(#[$doc])*
        pub fn $name(x: &[f32], columns: usize, out: &mut [f32]) {
            struct Rows<'a>(&'a [f32], usize, &'a mut [f32]);
            impl WithSimd for Rows<'_> {
                type Output = ();

                #[inline(always)]
                fn with_simd<S: Simd>(self, $simd: S) {
                    for ($row, out) in self.0.chunks_exact(self.1).zip(self.2) {
                        *out = $result;
                    }
                }
            }
            let rows = (CHUNK / columns).max(1);
            together(out.chunks_mut(rows), |number, out| {
                let x = &x[number * rows * columns..][..out.len() * columns];
                Arch::new().dispatch(Rows(x, columns, out));
            });
        }
    )*};
}

of_rows! {
    /// The sum of each row.
    row_sums(simd, row) => plain_total(simd, row);
    /// The largest of each row.
    row_largest(simd, row) => maximum(simd, row);
    /// The variance of each row, in two passes.
    row_variances(simd, row) => {
        let mean = plain_total(simd, row) / row.len() as f32;
        total(simd, Spread(mean), [row]) / row.len() as f32
    };
}

/// The variance of all, in two passes.
pub fn variance(x: &[f32]) -> f32 {
    let mean = sum(Same, [x]) / x.len() as f32;
    sum(Spread(mean), [x]) / x.len() as f32
}

/// The sum of each column: blocks of rows by whole rows, then the blocks.
pub fn column_sums(x: &[f32], out: &mut [f32]) {
    by_blocks(x, out, |rows, sums| Arch::new().dispatch(AddRows(rows, sums)));
}

/// The variance of each column, in two passes.
pub fn column_variances(x: &[f32], out: &mut [f32]) {
    let rows = (x.len() / out.len()) as f32;
    let mut means = vec![0.0; out.len()];
    column_sums(x, &mut means);
    means.iter_mut().for_each(|mean| *mean /= rows);
    by_blocks(x, out, |rows, sums| Arch::new().dispatch(AddSpreads(rows, &means, sums)));
    out.iter_mut().for_each(|variance| *variance /= rows);
}

/// Sums over rows that `body` makes block by block.
fn by_blocks(x: &[f32], out: &mut [f32], body: impl Fn(&[f32], &mut [f32]) + Sync) {
    let columns = out.len();
    let block = (x.len() / columns).div_ceil(BLOCKS).max(CHUNK / columns).max(1) * columns;
    let mut partial = vec![0.0; x.len().div_ceil(block) * columns];
    together(partial.chunks_mut(columns), |number, sums| {
        body(&x[number * block..][..block.min(x.len() - number * block)], sums);
    });
    out.fill(0.0);
    Arch::new().dispatch(AddRows(&partial, out));
}

struct AddRows<'a>(&'a [f32], &'a mut [f32]);

impl WithSimd for AddRows<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        for row in self.0.chunks_exact(self.1.len()) {
            add(simd, Same, [row], self.1);
        }
    }
}

struct AddSpreads<'a>(&'a [f32], &'a [f32], &'a mut [f32]);

impl WithSimd for AddSpreads<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        for row in self.0.chunks_exact(self.2.len()) {
            add(simd, super::maps::SquaredDistance, [row, self.1], self.2);
        }
    }
}
