//! The two element types and what the kernels need of each: register tiles and scratch memory.

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
    use crate::tile::Tiled;

    pub trait Sealed: Tiled {
        /// `self * factor + summand`, rounded once where every processor of the architecture can.
        fn multiply_add(self, factor: Self, summand: Self) -> Self;

        /// Calls `body` with `length` elements of memory kept from earlier calls, at the start of a cache line; their values are
        /// arbitrary.
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
    ($type:ident) => {
        impl Real for $type {
            const ZERO: Self = 0.0;
        }

        impl private::Sealed for $type {
            #[inline(always)]
            fn multiply_add(self, factor: Self, summand: Self) -> Self {
                if cfg!(target_arch = "aarch64") {
                    return self.mul_add(factor, summand);
                }
                self * factor + summand
            }

            fn with_scratch<R>(length: usize, body: impl FnOnce(&mut [Self]) -> R) -> R {
                thread_local! {
                    // A stack of buffers: a call inside a call takes the next one.
                    static BUFFERS: RefCell<Vec<Vec<$type>>> = const { RefCell::new(Vec::new()) };
                }
                /// Elements of a cache line: a vector across two lines costs two accesses.
                const LINE: usize = 64 / size_of::<$type>();
                if length == 0 {
                    return body(&mut []);
                }
                let mut buffer = BUFFERS.with_borrow_mut(Vec::pop).unwrap_or_default();
                if buffer.len() < length + LINE {
                    buffer = vec![0.0; length + LINE];
                }
                let start = buffer.as_ptr().align_offset(64).min(LINE);
                let result = body(&mut buffer[start..start + length]);
                if buffer.len() * size_of::<$type>() <= KEPT_BYTES {
                    BUFFERS.with_borrow_mut(|buffers| buffers.push(buffer));
                }
                result
            }
        }
    };
}

real!(f32);
real!(f64);
