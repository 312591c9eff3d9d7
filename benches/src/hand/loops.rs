//! Loops over vectors, the last one partly filled: maps, sums of maps, largest elements; and passes that only move bytes.

use super::maps::Same;
use super::together;
use pulp::{Arch, Simd, WithSimd};

/// Elements that a thread takes at once, where there are enough for several.
const CHUNK: usize = 32 << 10;
/// Independent partial results of a reduction, to hide the latency of its step.
const PARTIAL: usize = 4;
/// Lanes of the widest vectors.
const MOST_LANES: usize = 16;

/// What is computed at one place from as many numbers as there are inputs.
pub trait Map<const N: usize>: Copy + Send + Sync {
    /// Products, multiply-adds and divisions at one place: what only the units of multiply-adds do. Of maps that are measured.
    const OPERATIONS: usize = 0;

    /// The results of as many places as a vector has lanes.
    fn at<S: Simd>(self, simd: S, x: [S::f32s; N]) -> S::f32s;
}

/// `out = map(inputs)`.
pub fn map<M: Map<N>, const N: usize>(map: M, inputs: [&[f32]; N], out: &mut [f32]) {
    let chunk = chunk(out.len());
    together(out.chunks_mut(chunk), |number, out| {
        let inputs = inputs.map(|input| &input[number * chunk..][..out.len()]);
        Arch::new().dispatch(Store { map, inputs, out });
    });
}

/// The sum of `map(inputs)`.
pub fn sum<M: Map<N>, const N: usize>(map: M, inputs: [&[f32]; N]) -> f32 {
    let chunk = chunk(inputs[0].len());
    let mut sums = vec![0.0; inputs[0].len().div_ceil(chunk)];
    together(&mut sums, |number, sum| {
        let inputs = inputs.map(|input| &input[number * chunk..][..chunk.min(input.len() - number * chunk)]);
        **sum = Arch::new().dispatch(Sum { map, inputs });
    });
    sums.into_iter().sum()
}

/// Reads all inputs and writes one array, with as little arithmetic as that takes: what no map of them can be faster than.
pub fn moved<const N: usize>(inputs: [&[f32]; N], out: &mut [f32]) {
    map(All, inputs, out);
}

/// Only reads the inputs.
pub fn read<const N: usize>(inputs: [&[f32]; N]) -> f32 {
    sum(All, inputs)
}

/// As in crisol: what fits in two chunks is not worth a second thread.
fn chunk(elements: usize) -> usize {
    if elements <= 2 * CHUNK { elements.max(1) } else { CHUNK }
}

/// The sum of all inputs.
#[derive(Clone, Copy)]
struct All;

impl<const N: usize> Map<N> for All {
    #[inline(always)]
    fn at<S: Simd>(self, simd: S, x: [S::f32s; N]) -> S::f32s {
        let mut sum = x[0];
        for &x in &x[1..] {
            sum = simd.add_f32s(sum, x);
        }
        sum
    }
}

struct Store<'a, M, const N: usize> {
    map: M,
    inputs: [&'a [f32]; N],
    out: &'a mut [f32],
}

impl<M: Map<N>, const N: usize> WithSimd for Store<'_, M, N> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        store(simd, self.map, self.inputs, self.out);
    }
}

struct Sum<'a, M, const N: usize> {
    map: M,
    inputs: [&'a [f32]; N],
}

impl<M: Map<N>, const N: usize> WithSimd for Sum<'_, M, N> {
    type Output = f32;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> f32 {
        total(simd, self.map, self.inputs)
    }
}

/// `out = map(inputs)`, on one thread.
#[inline(always)]
pub(super) fn store<S: Simd, M: Map<N>, const N: usize>(simd: S, map: M, inputs: [&[f32]; N], out: &mut [f32]) {
    let count = out.len();
    let (out, rest) = S::as_mut_simd_f32s(out);
    let vectors = inputs.map(|input| &S::as_simd_f32s(&input[..count]).0[..out.len()]);
    for (at, out) in out.iter_mut().enumerate() {
        *out = map.at(simd, vectors.map(|vector| vector[at]));
    }
    if !rest.is_empty() {
        let last = inputs.map(|input| simd.partial_load_f32s(S::as_simd_f32s(&input[..count]).1));
        simd.partial_store_f32s(rest, map.at(simd, last));
    }
}

/// `out += map(inputs)`, in whole vectors.
#[inline(always)]
pub(super) fn add<S: Simd, M: Map<N>, const N: usize>(simd: S, map: M, inputs: [&[f32]; N], out: &mut [f32]) {
    let (out, rest) = S::as_mut_simd_f32s(out);
    assert!(rest.is_empty(), "rows are whole vectors");
    let vectors = inputs.map(|input| &S::as_simd_f32s(input).0[..out.len()]);
    for (at, out) in out.iter_mut().enumerate() {
        *out = simd.add_f32s(*out, map.at(simd, vectors.map(|vector| vector[at])));
    }
}

/// `out = map(inputs)` and the sum of it, in whole vectors.
#[inline(always)]
pub(super) fn store_and_total<S: Simd, M: Map<N>, const N: usize>(
    simd: S,
    map: M,
    inputs: [&[f32]; N],
    out: &mut [f32],
) -> f32 {
    let (out, rest) = S::as_mut_simd_f32s(out);
    assert!(rest.is_empty(), "rows are whole vectors");
    let vectors = inputs.map(|input| &S::as_simd_f32s(input).0[..out.len()]);
    let mut sum = simd.splat_f32s(0.0);
    for (at, out) in out.iter_mut().enumerate() {
        *out = map.at(simd, vectors.map(|vector| vector[at]));
        sum = simd.add_f32s(sum, *out);
    }
    simd.reduce_sum_f32s(sum)
}

/// The sum of `map(inputs)`, on one thread.
#[inline(always)]
pub(super) fn total<S: Simd, M: Map<N>, const N: usize>(simd: S, map: M, inputs: [&[f32]; N]) -> f32 {
    let count = inputs[0].len();
    let vectors = inputs.map(|input| S::as_simd_f32s(&input[..count]).0);
    let len = vectors[0].len();
    let vectors = vectors.map(|vector| &vector[..len]);
    let mut sums = [simd.splat_f32s(0.0); PARTIAL];
    let whole = len / PARTIAL * PARTIAL;
    for first in (0..whole).step_by(PARTIAL) {
        for (part, sum) in sums.iter_mut().enumerate() {
            *sum = simd.add_f32s(*sum, map.at(simd, vectors.map(|vector| vector[first + part])));
        }
    }
    for at in whole..len {
        sums[0] = simd.add_f32s(sums[0], map.at(simd, vectors.map(|vector| vector[at])));
    }
    let [a, b, c, d] = sums;
    let mut sum = simd.reduce_sum_f32s(simd.add_f32s(simd.add_f32s(a, b), simd.add_f32s(c, d)));
    let rests = inputs.map(|input| S::as_simd_f32s(&input[..count]).1);
    if !rests[0].is_empty() {
        let mut last = [0.0; MOST_LANES];
        let last = &mut last[..rests[0].len()];
        simd.partial_store_f32s(last, map.at(simd, rests.map(|rest| simd.partial_load_f32s(rest))));
        sum += last.iter().sum::<f32>();
    }
    sum
}

/// The largest of a row of whole vectors; a NaN may be overlooked.
#[inline(always)]
pub(super) fn maximum<S: Simd>(simd: S, x: &[f32]) -> f32 {
    let (vectors, rest) = S::as_simd_f32s(x);
    assert!(rest.is_empty(), "rows are whole vectors");
    let mut most = [simd.splat_f32s(f32::NEG_INFINITY); PARTIAL];
    let whole = vectors.len() / PARTIAL * PARTIAL;
    for first in (0..whole).step_by(PARTIAL) {
        for (part, most) in most.iter_mut().enumerate() {
            *most = simd.max_f32s(*most, vectors[first + part]);
        }
    }
    for &vector in &vectors[whole..] {
        most[0] = simd.max_f32s(most[0], vector);
    }
    let [a, b, c, d] = most;
    simd.reduce_max_f32s(simd.max_f32s(simd.max_f32s(a, b), simd.max_f32s(c, d)))
}

/// The sum of one input.
#[inline(always)]
pub(super) fn plain_total<S: Simd>(simd: S, x: &[f32]) -> f32 {
    total(simd, Same, [x])
}
