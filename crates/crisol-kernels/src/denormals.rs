//! Flushing of denormal numbers to zero while kernels run.
//!
//! A product with a denormal operand takes a hundred cycles or more on most x86-64 cores, and weights that decay
//! towards zero meet them all the time. Kernels therefore run with flush-to-zero and denormals-are-zero set; the guard
//! puts the caller's state back.

use std::marker::PhantomData;

/// While it lives, denormal results and operands count as zero on this thread.
///
/// Dropping it restores the state found. On processors other than x86-64 it does nothing.
///
/// ```
/// use crisol_kernels::FlushDenormals;
/// use std::hint::black_box;
///
/// let tiny = black_box(f32::MIN_POSITIVE);
/// {
///     let _guard = FlushDenormals::new();
///     # #[cfg(target_arch = "x86_64")]
///     assert_eq!(black_box(tiny * 0.5), 0.0);
/// }
/// assert!(black_box(tiny * 0.5) > 0.0);
/// ```
#[derive(Debug)]
pub struct FlushDenormals {
    #[cfg(target_arch = "x86_64")]
    saved: u32,
    // The state belongs to the thread that made the guard, which is why the guard must stay on it.
    not_send: PhantomData<*const ()>,
}

impl FlushDenormals {
    /// Sets flush-to-zero and denormals-are-zero until the guard is dropped.
    #[inline]
    #[must_use = "the state is restored when the guard is dropped"]
    pub fn new() -> Self {
        #[cfg(target_arch = "x86_64")]
        {
            let saved = x86::read();
            if saved & x86::FLUSH != x86::FLUSH {
                x86::write(saved | x86::FLUSH);
            }
            Self { saved, not_send: PhantomData }
        }
        #[cfg(not(target_arch = "x86_64"))]
        Self { not_send: PhantomData }
    }
}

impl Default for FlushDenormals {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for FlushDenormals {
    #[inline]
    fn drop(&mut self) {
        // Only the two control bits are put back: exception flags raised meanwhile stay raised.
        #[cfg(target_arch = "x86_64")]
        if self.saved & x86::FLUSH != x86::FLUSH {
            x86::write(x86::read() & !x86::FLUSH | self.saved & x86::FLUSH);
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::asm;

    /// Flush-to-zero (bit 15) and denormals-are-zero (bit 6) of MXCSR.
    pub(super) const FLUSH: u32 = 1 << 15 | 1 << 6;

    #[inline]
    pub(super) fn read() -> u32 {
        let mut value = 0_u32;
        // SAFETY: stores the 32-bit control register into a live u32; every x86-64 processor has it.
        unsafe { asm!("stmxcsr [{}]", in(reg) &raw mut value, options(nostack, preserves_flags)) };
        value
    }

    #[inline]
    pub(super) fn write(value: u32) {
        // SAFETY: `value` comes from `read` with only the two flush bits changed, so no reserved bit is set and no
        // exception is unmasked. The rounding mode, which generated code relies on, is untouched.
        unsafe { asm!("ldmxcsr [{}]", in(reg) &raw const value, options(nostack, preserves_flags)) };
    }
}

#[cfg(test)]
mod tests {
    use super::FlushDenormals;
    use std::hint::black_box;

    fn half_of_smallest() -> f64 {
        black_box(black_box(f64::MIN_POSITIVE) * black_box(0.5))
    }

    #[test]
    fn nested_guards_restore_what_they_found() {
        assert!(half_of_smallest() > 0.0);
        let outer = FlushDenormals::new();
        drop(FlushDenormals::new());
        #[cfg(target_arch = "x86_64")]
        assert_eq!(half_of_smallest(), 0.0);
        drop(outer);
        assert!(half_of_smallest() > 0.0);
    }
}
