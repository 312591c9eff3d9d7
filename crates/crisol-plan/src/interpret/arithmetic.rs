//! What number types do in registers: wrapping for integers, IEEE 754 for floats.

use crisol_ir::kernel::fused_multiply_add;

/// Arithmetic that wraps for integers.
pub(super) trait Number: Copy {
    fn plus(self, other: Self) -> Self;
    fn minus(self, other: Self) -> Self;
    fn times(self, other: Self) -> Self;
    fn over(self, other: Self) -> Self;
}

macro_rules! integer {
    ($($ty:ty),*) => {$(
        impl Number for $ty {
            #[inline(always)]
            fn plus(self, other: Self) -> Self { self.wrapping_add(other) }
            #[inline(always)]
            fn minus(self, other: Self) -> Self { self.wrapping_sub(other) }
            #[inline(always)]
            fn times(self, other: Self) -> Self { self.wrapping_mul(other) }
            #[inline(always)]
            fn over(self, other: Self) -> Self { if other == 0 { 0 } else { self.wrapping_div(other) } }
        }
    )*};
}
integer!(i32, i64);

/// Multiplication and addition rounded once where the processor can.
pub(super) trait Fused: Sized {
    fn multiply_add(out: &mut [Self], a: &[Self], b: &[Self], c: &[Self]);
    /// As rounding instructions see it while denormals count as zero; the library's rounding works on bits.
    fn flushed(self) -> Self;
}

macro_rules! float {
    ($($ty:ty),*) => {$(
        impl Number for $ty {
            #[inline(always)]
            fn plus(self, other: Self) -> Self { self + other }
            #[inline(always)]
            fn minus(self, other: Self) -> Self { self - other }
            #[inline(always)]
            fn times(self, other: Self) -> Self { self * other }
            #[inline(always)]
            fn over(self, other: Self) -> Self { self / other }
        }

        impl Fused for $ty {
            #[inline]
            fn multiply_add(out: &mut [Self], a: &[Self], b: &[Self], c: &[Self]) {
                #[inline(always)]
                fn once(out: &mut [$ty], a: &[$ty], b: &[$ty], c: &[$ty]) {
                    for (((out, &a), &b), &c) in out.iter_mut().zip(a).zip(b).zip(c) {
                        *out = a.mul_add(b, c);
                    }
                }
                if !fused_multiply_add() {
                    for (((out, &a), &b), &c) in out.iter_mut().zip(a).zip(b).zip(c) {
                        *out = a * b + c;
                    }
                    return;
                }
                #[cfg(target_arch = "x86_64")]
                {
                    #[target_feature(enable = "avx,fma")]
                    fn with_instruction(out: &mut [$ty], a: &[$ty], b: &[$ty], c: &[$ty]) {
                        once(out, a, b, c);
                    }
                    // SAFETY: `fused_multiply_add` has found both features.
                    unsafe { with_instruction(out, a, b, c) }
                }
                #[cfg(not(target_arch = "x86_64"))]
                once(out, a, b, c);
            }

            #[inline(always)]
            fn flushed(self) -> Self {
                if cfg!(target_arch = "x86_64") && self.is_subnormal() {
                    return (0.0 as $ty).copysign(self);
                }
                self
            }
        }
    )*};
}
float!(f32, f64);
