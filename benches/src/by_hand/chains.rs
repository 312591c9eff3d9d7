//! The chains over slices, vectors of four lanes and then what is left; by the same roundings as the fused kernels.

use super::math::{exp, sigmoid, tanh};
use std::arch::x86_64::*;

/// Runs `step` over whole vectors, then once more over the rest, padded with zeros.
macro_rules! map {
    ($out:ident, [$($x:ident),*], $step:expr) => {{
        let length = $out.len();
        $(assert_eq!($x.len(), length);)*
        let whole = length / 4 * 4;
        let mut i = 0;
        while i < whole {
            // SAFETY: four elements from `i` on lie in each of the slices.
            unsafe {
                $(let $x = _mm_loadu_ps($x.as_ptr().add(i));)*
                _mm_storeu_ps($out.as_mut_ptr().add(i), $step($($x),*));
            }
            i += 4;
        }
        if whole < length {
            $(let $x = padded(&$x[whole..]);)*
            let rest = lanes($step($($x),*));
            $out[whole..].copy_from_slice(&rest[..length - whole]);
        }
    }};
}

/// `x * y + c`.
#[target_feature(enable = "avx,fma")]
pub fn affine(x: &[f32], y: &[f32], c: f32, out: &mut [f32]) {
    let c = _mm_set1_ps(c);
    map!(out, [x, y], |x, y| _mm_add_ps(_mm_mul_ps(x, y), c));
}

/// `gelu_tanh(x) * b + c`.
#[target_feature(enable = "avx,fma")]
pub fn gelu(x: &[f32], b: &[f32], c: f32, out: &mut [f32]) {
    let c = _mm_set1_ps(c);
    map!(out, [x, b], |x, b| {
        let cube = _mm_mul_ps(_mm_mul_ps(x, x), x);
        let inner = _mm_add_ps(x, _mm_mul_ps(cube, _mm_set1_ps(0.044715)));
        let inner = tanh(_mm_mul_ps(inner, _mm_set1_ps(0.797_884_6)));
        let gelu = _mm_mul_ps(_mm_mul_ps(x, _mm_set1_ps(0.5)), _mm_add_ps(inner, _mm_set1_ps(1.0)));
        _mm_add_ps(_mm_mul_ps(gelu, b), c)
    });
}

/// `sigmoid(x) * tanh(z) + exp(-(x * x))`.
#[target_feature(enable = "avx,fma")]
pub fn gates(x: &[f32], z: &[f32], out: &mut [f32]) {
    map!(out, [x, z], |x, z| {
        let product = _mm_mul_ps(sigmoid(x), tanh(z));
        let bell = exp(_mm_xor_ps(_mm_mul_ps(x, x), _mm_set1_ps(-0.0)));
        _mm_add_ps(product, bell)
    });
}

/// `sum((a - b)^2)`, in four accumulators.
#[target_feature(enable = "avx,fma")]
pub fn distance(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    let mut sums = [_mm_setzero_ps(); 4];
    let (a_blocks, b_blocks) = (a.chunks_exact(16), b.chunks_exact(16));
    let (a_rest, b_rest) = (a_blocks.remainder(), b_blocks.remainder());
    for (a, b) in a_blocks.zip(b_blocks) {
        for (lane, sum) in sums.iter_mut().enumerate() {
            // SAFETY: blocks hold 16 elements.
            let difference =
                unsafe { _mm_sub_ps(_mm_loadu_ps(a.as_ptr().add(4 * lane)), _mm_loadu_ps(b.as_ptr().add(4 * lane))) };
            *sum = _mm_add_ps(*sum, _mm_mul_ps(difference, difference));
        }
    }
    let sum = _mm_add_ps(_mm_add_ps(sums[0], sums[2]), _mm_add_ps(sums[1], sums[3]));
    let rest: f32 = a_rest.iter().zip(b_rest).map(|(a, b)| (a - b) * (a - b)).sum();
    lanes(sum).iter().sum::<f32>() + rest
}

/// What an Adam step needs besides arrays; the rate has its corrections for the first steps in it.
#[derive(Clone, Copy, Debug)]
pub struct Adam {
    /// The rate, corrected for the step.
    pub rate: f32,
    /// The decay of the gradient's mean.
    pub beta1: f32,
    /// The decay of its square's mean.
    pub beta2: f32,
    /// Keeps the quotient finite.
    pub epsilon: f32,
}

/// One step of Adam over parameters and both means: four reads, three writes.
#[target_feature(enable = "avx,fma")]
pub fn adam(p: &mut [f32], m: &mut [f32], v: &mut [f32], g: &[f32], adam: Adam) {
    let length = p.len();
    assert!(m.len() == length && v.len() == length && g.len() == length);
    let set = |number: f32| _mm_set1_ps(number);
    let (rate, epsilon) = (set(adam.rate), set(adam.epsilon));
    let (rest1, rest2) = (set(1.0 - adam.beta1), set(1.0 - adam.beta2));
    let step = |p: __m128, m: __m128, v: __m128, g: __m128| {
        let m = _mm_add_ps(m, _mm_mul_ps(_mm_sub_ps(g, m), rest1));
        let v = _mm_add_ps(v, _mm_mul_ps(_mm_sub_ps(_mm_mul_ps(g, g), v), rest2));
        let change = _mm_div_ps(_mm_mul_ps(m, rate), _mm_add_ps(_mm_sqrt_ps(v), epsilon));
        (_mm_sub_ps(p, change), m, v)
    };
    let whole = length / 4 * 4;
    let mut i = 0;
    while i < whole {
        // SAFETY: four elements from `i` on lie in each of the slices.
        unsafe {
            let (pi, mi, vi) = (p.as_mut_ptr().add(i), m.as_mut_ptr().add(i), v.as_mut_ptr().add(i));
            let next = step(_mm_loadu_ps(pi), _mm_loadu_ps(mi), _mm_loadu_ps(vi), _mm_loadu_ps(g.as_ptr().add(i)));
            _mm_storeu_ps(pi, next.0);
            _mm_storeu_ps(mi, next.1);
            _mm_storeu_ps(vi, next.2);
        }
        i += 4;
    }
    let next = step(padded(&p[whole..]), padded(&m[whole..]), padded(&v[whole..]), padded(&g[whole..]));
    let rest = length - whole;
    p[whole..].copy_from_slice(&lanes(next.0)[..rest]);
    m[whole..].copy_from_slice(&lanes(next.1)[..rest]);
    v[whole..].copy_from_slice(&lanes(next.2)[..rest]);
}

#[target_feature(enable = "avx")]
pub(super) fn padded(rest: &[f32]) -> __m128 {
    let mut lanes = [0.0; 4];
    lanes[..rest.len()].copy_from_slice(rest);
    // SAFETY: four elements.
    unsafe { _mm_loadu_ps(lanes.as_ptr()) }
}

#[target_feature(enable = "avx")]
pub(super) fn lanes(x: __m128) -> [f32; 4] {
    let mut lanes = [0.0; 4];
    // SAFETY: four elements.
    unsafe { _mm_storeu_ps(lanes.as_mut_ptr(), x) };
    lanes
}
