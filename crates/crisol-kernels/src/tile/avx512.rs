//! Vectors of 512 bits: 14 rows and two vectors leave four of the 32 registers for the operands.

macro_rules! tiled_512 {
    () => {
        /// # Safety
        /// The processor must have AVX-512F; the lanes of the mask, or all if `WHOLE`, must be readable.
        #[target_feature(enable = "avx512f")]
        #[inline]
        unsafe fn load<const WHOLE: bool>(mask: Mask, from: *const Element) -> Vector {
            // SAFETY: the caller's promise.
            unsafe { if WHOLE { load_all(from) } else { masked_load(mask, from) } }
        }

        /// # Safety
        /// The processor must have AVX-512F; the lanes of the mask, or all if `WHOLE`, must be writable.
        #[target_feature(enable = "avx512f")]
        #[inline]
        unsafe fn store<const WHOLE: bool>(to: *mut Element, mask: Mask, vector: Vector) {
            // SAFETY: the caller's promise.
            unsafe { if WHOLE { store_all(to, vector) } else { masked_store(to, mask, vector) } }
        }

        /// # Safety
        /// The processor must have AVX-512F; the element must be readable.
        #[target_feature(enable = "avx512f")]
        #[inline]
        unsafe fn splat(from: *const Element) -> Vector {
            // SAFETY: the caller's promise.
            broadcast(unsafe { load_one(from) })
        }

        /// The mask of the first lanes.
        #[inline(always)]
        fn mask(lanes: usize) -> Mask {
            ((1_u32 << lanes) - 1) as Mask
        }

        tiled! {
            target_feature(enable = "avx512f"), whole: true,
            rows_1: a 0;
            rows_2: a 0 b 1;
            rows_3: a 0 b 1 c 2;
            rows_4: a 0 b 1 c 2 d 3;
            rows_5: a 0 b 1 c 2 d 3 e 4;
            rows_6: a 0 b 1 c 2 d 3 e 4 f 5;
            rows_7: a 0 b 1 c 2 d 3 e 4 f 5 g 6;
            rows_8: a 0 b 1 c 2 d 3 e 4 f 5 g 6 h 7;
            rows_9: a 0 b 1 c 2 d 3 e 4 f 5 g 6 h 7 i 8;
            rows_10: a 0 b 1 c 2 d 3 e 4 f 5 g 6 h 7 i 8 j 9;
            rows_11: a 0 b 1 c 2 d 3 e 4 f 5 g 6 h 7 i 8 j 9 k 10;
            rows_12: a 0 b 1 c 2 d 3 e 4 f 5 g 6 h 7 i 8 j 9 k 10 l 11;
            rows_13: a 0 b 1 c 2 d 3 e 4 f 5 g 6 h 7 i 8 j 9 k 10 l 11 m 12;
            rows_14: a 0 b 1 c 2 d 3 e 4 f 5 g 6 h 7 i 8 j 9 k 10 l 11 m 12 n 13;
        }
    };
}

pub(super) mod single {
    use std::arch::x86_64::{
        __m512 as Vector, __mmask16 as Mask, _mm_load_ss as load_one, _mm512_add_ps as add,
        _mm512_broadcastss_ps as broadcast, _mm512_fmadd_ps as multiply_add, _mm512_loadu_ps as load_all,
        _mm512_mask_storeu_ps as masked_store, _mm512_maskz_loadu_ps as masked_load, _mm512_setzero_ps as zero,
        _mm512_storeu_ps as store_all,
    };

    type Element = f32;
    const LANES: usize = 16;
    tiled_512!();
}

pub(super) mod double {
    use std::arch::x86_64::{
        __m512d as Vector, __mmask8 as Mask, _mm_load_sd as load_one, _mm512_add_pd as add,
        _mm512_broadcastsd_pd as broadcast, _mm512_fmadd_pd as multiply_add, _mm512_loadu_pd as load_all,
        _mm512_mask_storeu_pd as masked_store, _mm512_maskz_loadu_pd as masked_load, _mm512_setzero_pd as zero,
        _mm512_storeu_pd as store_all,
    };

    type Element = f64;
    const LANES: usize = 8;
    tiled_512!();
}
