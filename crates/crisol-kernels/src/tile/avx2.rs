//! Vectors of 256 bits: 6 rows and two vectors leave four of the 16 registers for the operands.

macro_rules! tiled_256 {
    () => {
        /// # Safety
        /// The processor must have AVX2; the lanes of the mask, or all if `WHOLE`, must be readable.
        #[target_feature(enable = "avx2,fma")]
        #[inline]
        unsafe fn load<const WHOLE: bool>(mask: Mask, from: *const Element) -> Vector {
            // SAFETY: the caller's promise.
            unsafe { if WHOLE { load_all(from) } else { masked_load(from, mask) } }
        }

        /// # Safety
        /// The processor must have AVX2; the lanes of the mask, or all if `WHOLE`, must be writable.
        #[target_feature(enable = "avx2,fma")]
        #[inline]
        unsafe fn store<const WHOLE: bool>(to: *mut Element, mask: Mask, vector: Vector) {
            // SAFETY: the caller's promise.
            unsafe { if WHOLE { store_all(to, vector) } else { masked_store(to, mask, vector) } }
        }

        /// # Safety
        /// The processor must have AVX2; the element must be readable.
        #[target_feature(enable = "avx2,fma")]
        #[inline]
        unsafe fn splat(from: *const Element) -> Vector {
            // SAFETY: the caller's promise.
            unsafe { broadcast(&*from) }
        }

        /// The mask of the first lanes.
        ///
        /// # Safety
        /// The processor must have AVX2; there must be no more than [`LANES`].
        #[target_feature(enable = "avx2,fma")]
        #[inline]
        unsafe fn mask(lanes: usize) -> Mask {
            const ONES_THEN_ZEROS: [Lane; 2 * LANES] = {
                let mut lanes = [0; 2 * LANES];
                let mut lane = 0;
                while lane < LANES {
                    lanes[lane] = -1;
                    lane += 1;
                }
                lanes
            };
            // SAFETY: from at most LANES lanes before the end on, LANES of them are inside.
            unsafe { _mm256_loadu_si256(ONES_THEN_ZEROS.as_ptr().add(LANES - lanes).cast()) }
        }

        tiled! {
            target_feature(enable = "avx2,fma"), whole: true,
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
    use std::arch::x86_64::{
        __m256 as Vector, __m256i as Mask, _mm256_add_ps as add, _mm256_broadcast_ss as broadcast,
        _mm256_fmadd_ps as multiply_add, _mm256_loadu_ps as load_all, _mm256_loadu_si256,
        _mm256_maskload_ps as masked_load, _mm256_maskstore_ps as masked_store, _mm256_setzero_ps as zero,
        _mm256_storeu_ps as store_all,
    };

    type Element = f32;
    type Lane = i32;
    const LANES: usize = 8;
    tiled_256!();
}

pub(super) mod double {
    use std::arch::x86_64::{
        __m256d as Vector, __m256i as Mask, _mm256_add_pd as add, _mm256_broadcast_sd as broadcast,
        _mm256_fmadd_pd as multiply_add, _mm256_loadu_pd as load_all, _mm256_loadu_si256,
        _mm256_maskload_pd as masked_load, _mm256_maskstore_pd as masked_store, _mm256_setzero_pd as zero,
        _mm256_storeu_pd as store_all,
    };

    type Element = f64;
    type Lane = i64;
    const LANES: usize = 4;
    tiled_256!();
}
