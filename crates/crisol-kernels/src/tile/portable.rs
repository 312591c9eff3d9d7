//! Vectors of 128 bits as plain arrays, which the compiler turns into what the architecture has: SSE2, NEON or other.
//!
//! Products are rounded before they are added, except on aarch64, which always has a fused instruction.

macro_rules! tiled_portable {
    () => {
        type Vector = [Element; LANES];
        /// How many lanes.
        type Mask = usize;

        #[inline(always)]
        fn mask(lanes: usize) -> Mask {
            lanes
        }

        #[inline(always)]
        fn zero() -> Vector {
            [0.0; LANES]
        }

        /// # Safety
        /// The lanes of the mask, or all if `WHOLE`, must be readable.
        #[inline(always)]
        unsafe fn load<const WHOLE: bool>(mask: Mask, from: *const Element) -> Vector {
            // SAFETY: the caller's promise.
            unsafe {
                if WHOLE {
                    return from.cast::<Vector>().read_unaligned();
                }
                std::array::from_fn(|lane| if lane < mask { *from.add(lane) } else { 0.0 })
            }
        }

        /// # Safety
        /// The lanes of the mask, or all if `WHOLE`, must be writable.
        #[inline(always)]
        unsafe fn store<const WHOLE: bool>(to: *mut Element, mask: Mask, vector: Vector) {
            // SAFETY: the caller's promise.
            unsafe {
                if WHOLE {
                    return to.cast::<Vector>().write_unaligned(vector);
                }
                for lane in 0..mask {
                    *to.add(lane) = vector[lane];
                }
            }
        }

        /// # Safety
        /// The element must be readable.
        #[inline(always)]
        unsafe fn splat(from: *const Element) -> Vector {
            // SAFETY: the caller's promise.
            [unsafe { *from }; LANES]
        }

        #[inline(always)]
        fn multiply_add(a: Vector, b: Vector, c: Vector) -> Vector {
            std::array::from_fn(|lane| {
                if cfg!(target_arch = "aarch64") {
                    a[lane].mul_add(b[lane], c[lane])
                } else {
                    a[lane] * b[lane] + c[lane]
                }
            })
        }

        #[inline(always)]
        fn add(a: Vector, b: Vector) -> Vector {
            std::array::from_fn(|lane| a[lane] + b[lane])
        }

        tiled! {
            inline(never), whole: true,
            rows_1: a 0;
            rows_2: a 0 b 1;
            rows_3: a 0 b 1 c 2;
            rows_4: a 0 b 1 c 2 d 3;
            rows_5: a 0 b 1 c 2 d 3 e 4;
            rows_6: a 0 b 1 c 2 d 3 e 4 f 5;
        }
    };
}

pub(super) mod single {
    type Element = f32;
    const LANES: usize = 4;
    tiled_portable!();
}

pub(super) mod double {
    type Element = f64;
    const LANES: usize = 2;
    tiled_portable!();
}
