//! Softmax, log-softmax, layer normalisation and their gradients by hand: a row at a time, so that all passes but the first
//! find it in the nearest cache.

use super::loops::{add, maximum, plain_total, store, store_and_total, total};
use super::maps::{
    LogSoftmaxGradient, Minus, NormGradient, Normalized, Over, Product, ProductOfThree, Same, ShiftedExp,
    SoftmaxGradient, Spread,
};
use super::together;
use pulp::{Arch, Simd, WithSimd};

/// Elements of the rows that a thread takes at once.
const CHUNK: usize = 32 << 10;

/// Calls `body` on so many rows, with their numbers.
fn by_rows(columns: usize, out: &mut [f32], body: impl Fn(usize, &mut [f32]) + Sync) {
    let rows = (CHUNK / columns).max(1);
    together(out.chunks_mut(rows * columns), |number, out| body(number * rows * columns, out));
}

/// A function of rows of `x` and perhaps of `g`, into rows of `out`, in vectors.
macro_rules! rows {
    ($($(#[$doc:meta])* $name:ident($simd:ident, [$($x:ident),+], $out:ident) => $body:block)*) => {$(
        $(#[$doc])*
        pub fn $name($($x: &[f32],)+ columns: usize, out: &mut [f32]) {
            struct Rows<'a> { $($x: &'a [f32],)+ columns: usize, out: &'a mut [f32] }
            impl WithSimd for Rows<'_> {
                type Output = ();

                #[inline(always)]
                fn with_simd<S: Simd>(self, $simd: S) {
                    for (row, $out) in self.out.chunks_exact_mut(self.columns).enumerate() {
                        $(let $x = &self.$x[row * self.columns..][..self.columns];)+
                        $body
                    }
                }
            }
            by_rows(columns, out, |first, out| {
                $(let $x = &$x[first..][..out.len()];)+
                Arch::new().dispatch(Rows { $($x,)+ columns, out });
            });
        }
    )*};
}

rows! {
    /// `e^(x - largest) / sum`.
    softmax(simd, [x], out) => {
        let total = store_and_total(simd, ShiftedExp(maximum(simd, x)), [x], out);
        in_place(simd, Over(total), out);
    }

    /// `x - largest - log(sum)`.
    log_softmax(simd, [x], out) => {
        let most = maximum(simd, x);
        let total = total(simd, ShiftedExp(most), [x]);
        store(simd, Minus(most, total.ln()), [x], out);
    }

    /// The gradient by `x` of softmax, weighted by `g`.
    softmax_gradient(simd, [x, g], out) => {
        let powers = store_and_total(simd, ShiftedExp(maximum(simd, x)), [x], out);
        let mean = total(simd, Product, [&*out, g]) / powers;
        in_place_with(simd, SoftmaxGradient { total: powers, mean }, out, g);
    }

    /// The gradient by `x` of log-softmax, weighted by `g`.
    log_softmax_gradient(simd, [x, g], out) => {
        let powers = store_and_total(simd, ShiftedExp(maximum(simd, x)), [x], out);
        let sum = plain_total(simd, g);
        in_place_with(simd, LogSoftmaxGradient { total: powers, sum }, out, g);
    }
}

/// `x = map(x)`.
#[inline(always)]
fn in_place<S: Simd>(simd: S, map: impl super::Map<1>, x: &mut [f32]) {
    for x in S::as_mut_simd_f32s(x).0 {
        *x = map.at(simd, [*x]);
    }
}

/// `x = map(x, y)`.
#[inline(always)]
fn in_place_with<S: Simd>(simd: S, map: impl super::Map<2>, x: &mut [f32], y: &[f32]) {
    for (x, y) in S::as_mut_simd_f32s(x).0.iter_mut().zip(S::as_simd_f32s(y).0) {
        *x = map.at(simd, [*x, *y]);
    }
}

/// Mean and deviation of a row, in two passes.
#[inline(always)]
fn statistics<S: Simd>(simd: S, x: &[f32], epsilon: f32) -> Normalized {
    let mean = plain_total(simd, x) / x.len() as f32;
    let variance = total(simd, Spread(mean), [x]) / x.len() as f32;
    Normalized { mean, deviation: (variance + epsilon).sqrt() }
}

/// `(x - mean) / sqrt(variance + epsilon) * gamma + beta`.
pub fn layer_norm(x: &[f32], gamma: &[f32], beta: &[f32], epsilon: f32, out: &mut [f32]) {
    struct Rows<'a> {
        x: &'a [f32],
        gamma: &'a [f32],
        beta: &'a [f32],
        epsilon: f32,
        out: &'a mut [f32],
    }
    impl WithSimd for Rows<'_> {
        type Output = ();

        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) {
            let columns = self.gamma.len();
            for (x, out) in self.x.chunks_exact(columns).zip(self.out.chunks_exact_mut(columns)) {
                let normalized = statistics(simd, x, self.epsilon);
                store(simd, normalized, [x, self.gamma, self.beta], out);
            }
        }
    }
    by_rows(gamma.len(), out, |first, out| {
        let x = &x[first..][..out.len()];
        Arch::new().dispatch(Rows { x, gamma, beta, epsilon, out });
    });
}

/// Where the gradients of a layer normalisation go.
#[derive(Debug)]
pub struct Gradients<'a> {
    /// By the input.
    pub x: &'a mut [f32],
    /// By the scale.
    pub gamma: &'a mut [f32],
    /// By the shift.
    pub beta: &'a mut [f32],
}

/// The gradients of [`layer_norm`], weighted by `g`.
pub fn layer_norm_gradients(x: &[f32], gamma: &[f32], g: &[f32], epsilon: f32, out: &mut Gradients<'_>) {
    struct Rows<'a> {
        x: &'a [f32],
        g: &'a [f32],
        gamma: &'a [f32],
        epsilon: f32,
        by_x: &'a mut [f32],
        /// Those of gamma, then those of beta, of these rows.
        sums: &'a mut [f32],
    }
    impl WithSimd for Rows<'_> {
        type Output = ();

        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) {
            let columns = self.gamma.len();
            let (by_gamma, by_beta) = self.sums.split_at_mut(columns);
            let rows = self.x.chunks_exact(columns).zip(self.g.chunks_exact(columns));
            let mut normalized = vec![0.0; columns];
            for ((x, g), by_x) in rows.zip(self.by_x.chunks_exact_mut(columns)) {
                let statistics = statistics(simd, x, self.epsilon);
                store(simd, statistics, [x], &mut normalized);
                let a = total(simd, Product, [g, self.gamma]) / columns as f32;
                let b = total(simd, ProductOfThree, [g, self.gamma, &normalized]) / columns as f32;
                let gradient = NormGradient { a, b, deviation: statistics.deviation };
                store(simd, gradient, [&normalized, g, self.gamma], by_x);
                add(simd, Product, [g, &normalized], by_gamma);
                add(simd, Same, [g], by_beta);
            }
        }
    }
    let columns = gamma.len();
    let chunk = (CHUNK / columns).max(1) * columns;
    let mut sums = vec![0.0; out.x.len().div_ceil(chunk) * 2 * columns];
    together(out.x.chunks_mut(chunk).zip(sums.chunks_mut(2 * columns)), |number, (by_x, sums)| {
        let (x, g) = (&x[number * chunk..][..by_x.len()], &g[number * chunk..][..by_x.len()]);
        Arch::new().dispatch(Rows { x, g, gamma, epsilon, by_x, sums });
    });
    out.gamma.fill(0.0);
    out.beta.fill(0.0);
    for sums in sums.chunks_exact(2 * columns) {
        for (at, (by_gamma, by_beta)) in out.gamma.iter_mut().zip(out.beta.iter_mut()).enumerate() {
            *by_gamma += sums[at];
            *by_beta += sums[columns + at];
        }
    }
}
