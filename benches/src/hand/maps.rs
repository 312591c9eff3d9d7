//! What the loops compute at one place: the chains of the comparison, and what normalisations along rows are made of.

use super::loops::Map;
use super::math::{EXP_OPERATIONS, SIGMOID_OPERATIONS, TANH_OPERATIONS, exp, sigmoid, tanh};
use pulp::Simd;
use std::f64::consts::FRAC_2_PI;

/// A map without numbers of its own.
macro_rules! maps {
    ($($(#[$doc:meta])* $name:ident($simd:ident, $($x:ident),+) $operations:expr => $result:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $name;

        impl Map<{ [$(stringify!($x)),+].len() }> for $name {
            const OPERATIONS: usize = $operations;

            #[inline(always)]
            fn at<S: Simd>(self, $simd: S, [$($x),+]: [S::f32s; [$(stringify!($x)),+].len()]) -> S::f32s {
                $result
            }
        }
    )*};
}

maps! {
    /// Chain `a`: `x * y + z`, rounded twice.
    ProductAndSum(simd, x, y, z) 1 => simd.add_f32s(simd.mul_f32s(x, y), z);
    /// Chain `b`: `gelu(x) * y + z`, by tanh.
    Gelu(simd, x, y, z) 7 + TANH_OPERATIONS => {
        let cube = simd.mul_f32s(simd.mul_f32s(simd.mul_f32s(x, x), x), simd.splat_f32s(0.044_715));
        let inner = simd.mul_f32s(simd.add_f32s(x, cube), simd.splat_f32s(FRAC_2_PI.sqrt() as f32));
        let half = simd.mul_f32s(x, simd.splat_f32s(0.5));
        let gelu = simd.mul_f32s(half, simd.add_f32s(tanh(simd, inner), simd.splat_f32s(1.0)));
        simd.add_f32s(simd.mul_f32s(gelu, y), z)
    };
    /// Chain `c`: `sigmoid(x) * tanh(z) + exp(-x * x)`.
    Gates(simd, x, z) 2 + SIGMOID_OPERATIONS + TANH_OPERATIONS + EXP_OPERATIONS => {
        let gates = simd.mul_f32s(sigmoid(simd, x), tanh(simd, z));
        simd.add_f32s(gates, exp(simd, simd.neg_f32s(simd.mul_f32s(x, x))))
    };
    /// Chain `d` before its sum: `(x - y)^2`.
    SquaredDistance(simd, x, y) 1 => {
        let distance = simd.sub_f32s(x, y);
        simd.mul_f32s(distance, distance)
    };
    /// `x`.
    Same(_simd, x) 0 => x;
    /// `x * y`.
    Product(simd, x, y) 1 => simd.mul_f32s(x, y);
}

/// `e^(x - shift)`.
#[derive(Clone, Copy, Debug)]
pub(super) struct ShiftedExp(pub f32);

impl Map<1> for ShiftedExp {
    #[inline(always)]
    fn at<S: Simd>(self, simd: S, [x]: [S::f32s; 1]) -> S::f32s {
        exp(simd, simd.sub_f32s(x, simd.splat_f32s(self.0)))
    }
}

/// `x / divisor`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Over(pub f32);

impl Map<1> for Over {
    #[inline(always)]
    fn at<S: Simd>(self, simd: S, [x]: [S::f32s; 1]) -> S::f32s {
        simd.div_f32s(x, simd.splat_f32s(self.0))
    }
}

/// `x - shift - shift_2`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Minus(pub f32, pub f32);

impl Map<1> for Minus {
    #[inline(always)]
    fn at<S: Simd>(self, simd: S, [x]: [S::f32s; 1]) -> S::f32s {
        simd.sub_f32s(simd.sub_f32s(x, simd.splat_f32s(self.0)), simd.splat_f32s(self.1))
    }
}

/// `(x - middle)^2`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spread(pub f32);

impl Map<1> for Spread {
    #[inline(always)]
    fn at<S: Simd>(self, simd: S, [x]: [S::f32s; 1]) -> S::f32s {
        let distance = simd.sub_f32s(x, simd.splat_f32s(self.0));
        simd.mul_f32s(distance, distance)
    }
}

/// `(x - mean) / deviation`, then what is made of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Normalized {
    pub mean: f32,
    pub deviation: f32,
}

impl Normalized {
    #[inline(always)]
    fn of<S: Simd>(self, simd: S, x: S::f32s) -> S::f32s {
        simd.div_f32s(simd.sub_f32s(x, simd.splat_f32s(self.mean)), simd.splat_f32s(self.deviation))
    }
}

impl Map<1> for Normalized {
    #[inline(always)]
    fn at<S: Simd>(self, simd: S, [x]: [S::f32s; 1]) -> S::f32s {
        self.of(simd, x)
    }
}

/// `normalized * gamma + beta`.
impl Map<3> for Normalized {
    #[inline(always)]
    fn at<S: Simd>(self, simd: S, [x, gamma, beta]: [S::f32s; 3]) -> S::f32s {
        simd.add_f32s(simd.mul_f32s(self.of(simd, x), gamma), beta)
    }
}

/// `p / total * (g - mean)`: the gradient of softmax, from its powers.
#[derive(Clone, Copy, Debug)]
pub(super) struct SoftmaxGradient {
    pub total: f32,
    pub mean: f32,
}

impl Map<2> for SoftmaxGradient {
    #[inline(always)]
    fn at<S: Simd>(self, simd: S, [power, g]: [S::f32s; 2]) -> S::f32s {
        let p = simd.div_f32s(power, simd.splat_f32s(self.total));
        simd.mul_f32s(p, simd.sub_f32s(g, simd.splat_f32s(self.mean)))
    }
}

/// `g - p / total * sum`: the gradient of log-softmax, from the powers.
#[derive(Clone, Copy, Debug)]
pub(super) struct LogSoftmaxGradient {
    pub total: f32,
    pub sum: f32,
}

impl Map<2> for LogSoftmaxGradient {
    #[inline(always)]
    fn at<S: Simd>(self, simd: S, [power, g]: [S::f32s; 2]) -> S::f32s {
        let p = simd.div_f32s(power, simd.splat_f32s(self.total));
        simd.sub_f32s(g, simd.mul_f32s(p, simd.splat_f32s(self.sum)))
    }
}

/// `(g * gamma - a - normalized * b) / deviation`: the gradient of a normalisation, from its result before scale and shift.
#[derive(Clone, Copy, Debug)]
pub(super) struct NormGradient {
    pub a: f32,
    pub b: f32,
    pub deviation: f32,
}

impl Map<3> for NormGradient {
    #[inline(always)]
    fn at<S: Simd>(self, simd: S, [normalized, g, gamma]: [S::f32s; 3]) -> S::f32s {
        let scaled = simd.sub_f32s(simd.mul_f32s(g, gamma), simd.splat_f32s(self.a));
        let rest = simd.sub_f32s(scaled, simd.mul_f32s(normalized, simd.splat_f32s(self.b)));
        simd.div_f32s(rest, simd.splat_f32s(self.deviation))
    }
}

/// `x * y * z`.
#[derive(Clone, Copy, Debug)]
pub(super) struct ProductOfThree;

impl Map<3> for ProductOfThree {
    #[inline(always)]
    fn at<S: Simd>(self, simd: S, [x, y, z]: [S::f32s; 3]) -> S::f32s {
        simd.mul_f32s(simd.mul_f32s(x, y), z)
    }
}
