//! The two element types and what the kernels need of each: a single-threaded product and scratch memory.

use gemm_common::Parallelism;
use std::cell::RefCell;
use std::fmt::Debug;
use std::ops::{Add, AddAssign, Mul};

/// An element type with kernels: `f32` or `f64`.
pub trait Real:
    private::Sealed
    + Copy
    + Debug
    + Default
    + PartialEq
    + PartialOrd
    + Add<Output = Self>
    + Mul<Output = Self>
    + AddAssign
    + Send
    + Sync
    + 'static
{
    /// Zero.
    const ZERO: Self;
}

pub(crate) mod private {
    use super::Raw;
    use crate::tile::Tiled;

    pub trait Sealed: Tiled {
        /// `out = [out +] lhs @ rhs` on the calling thread.
        ///
        /// # Safety
        /// Every element that the sizes and strides name must be readable (operands) or writable and unaliased (`out`);
        /// `out` must hold values when `accumulate` is set.
        unsafe fn product(
            size: [usize; 3],
            out: Raw<*mut Self>,
            accumulate: bool,
            lhs: Raw<*const Self>,
            rhs: Raw<*const Self>,
        );

        /// Calls `body` with `length` elements of memory kept from earlier calls; their values are arbitrary.
        fn with_scratch<R>(length: usize, body: impl FnOnce(&mut [Self]) -> R) -> R;
    }
}

/// A pointer to the first element of a matrix with its strides.
#[derive(Clone, Copy)]
pub struct Raw<P> {
    pub(crate) start: P,
    pub(crate) row_stride: usize,
    pub(crate) col_stride: usize,
}

/// Buffers longer than this are given back rather than kept: a thread should not hold the largest ever used for good.
const KEPT_BYTES: usize = 16 << 20;

macro_rules! real {
    ($type:ident, $gemm:path) => {
        impl Real for $type {
            const ZERO: Self = 0.0;
        }

        impl private::Sealed for $type {
            #[inline]
            unsafe fn product(
                [m, n, k]: [usize; 3],
                out: Raw<*mut Self>,
                accumulate: bool,
                lhs: Raw<*const Self>,
                rhs: Raw<*const Self>,
            ) {
                let gemm = $gemm();
                // The library is at home in column-major order: out^T = rhs^T lhs^T.
                // SAFETY: the caller vouches for every element named by sizes and strides.
                unsafe {
                    gemm(
                        n,
                        m,
                        k,
                        out.start,
                        out.row_stride as isize,
                        out.col_stride as isize,
                        accumulate,
                        rhs.start,
                        rhs.row_stride as isize,
                        rhs.col_stride as isize,
                        lhs.start,
                        lhs.row_stride as isize,
                        lhs.col_stride as isize,
                        1.0,
                        1.0,
                        false,
                        false,
                        false,
                        Parallelism::None,
                    );
                }
            }

            fn with_scratch<R>(length: usize, body: impl FnOnce(&mut [Self]) -> R) -> R {
                thread_local! {
                    // A stack of buffers: a call inside a call takes the next one.
                    static BUFFERS: RefCell<Vec<Vec<$type>>> = const { RefCell::new(Vec::new()) };
                }
                let mut buffer = BUFFERS.with_borrow_mut(Vec::pop).unwrap_or_default();
                if buffer.len() < length {
                    buffer = vec![0.0; length];
                }
                let result = body(&mut buffer[..length]);
                if buffer.len() * size_of::<$type>() <= KEPT_BYTES {
                    BUFFERS.with_borrow_mut(|buffers| buffers.push(buffer));
                }
                result
            }
        }
    };
}

real!(f32, gemm_f32::gemm::f32::get_gemm_fn);
real!(f64, gemm_f64::gemm::f64::get_gemm_fn);
