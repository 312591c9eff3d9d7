//! Several kernels as one function that goes through all of them row by row.

use crate::compiled::{Code, Entry};
use crate::wide;
use crisol_ir::kernel::{Call, RowKernel};
use crisol_ir::{Error, ErrorKind, Result};
use std::fmt;

/// Kernels compiled to one function that takes each row through all of them before it goes on to the next.
///
/// What one kernel has read or made is so still in the first-level cache for the next, and what only they read needs memory for
/// one row.
///
/// ```
/// use crisol_ir::kernel::{Access, Builder, Call, Role};
/// use crisol_ir::{DType, primitive::Reduction};
/// use crisol_jit::{CompiledRows, RowKernel};
///
/// // Each row divided by its sum.
/// let mut sum = Builder::new();
/// let x = sum.input(DType::F32, Access::Contiguous);
/// let x = sum.load(x);
/// sum.output(x, DType::F32, Role::ReduceColumns(Reduction::Sum));
/// let mut quotient = Builder::new();
/// let (x, y) = (quotient.input(DType::F32, Access::Contiguous), quotient.input(DType::F32, Access::Broadcast));
/// let (x, y) = (quotient.load(x), quotient.load(y));
/// let z = quotient.divide(x, y);
/// quotient.output(z, DType::F32, Role::Store(Access::Contiguous));
/// let kernels = [sum, quotient].map(|kernel| RowKernel { kernel: kernel.finish(), single: false, ahead: Vec::new() });
///
/// // There are processors without: kernels run one by one there.
/// if let Some(rows) = CompiledRows::compile(&kernels)? {
///     let (x, mut sum, mut y) = ([1.0f32, 3.0, 4.0, 4.0], 0.0f32, [0.0f32; 4]);
///     let from = x.as_ptr().cast_mut().cast();
///     let sum = (&raw mut sum).cast();
///     let (first, second) = ([from, sum], [from, sum, y.as_mut_ptr().cast()]);
///     // Rows of two elements, which are eight bytes apart; there is one sum.
///     let call = |pointers, row_strides| Call {
///         pointers,
///         row_strides,
///         column_strides: [4; 3].as_ptr(),
///         rows: 2,
///         columns: 2,
///         position: 0,
///         position_row_step: 0,
///         position_column_step: 0,
///     };
///     let calls = [call(first.as_ptr(), [8, 0].as_ptr()), call(second.as_ptr(), [8, 0, 8].as_ptr())];
///     // SAFETY: the arrays hold the two rows that the calls name.
///     unsafe { rows.call(&calls) };
///     assert_eq!(y, [0.25, 0.75, 0.5, 0.5]);
/// }
/// # Ok::<(), crisol_jit::Error>(())
/// ```
pub struct CompiledRows {
    entry: Entry,
    kernels: usize,
    /// Owns the memory that `entry` points into.
    _code: Code,
}

impl CompiledRows {
    /// Compiles kernels; `None` where they cannot be one function: a processor with neither AVX-512 nor AVX2, arguments with
    /// strides, results of rows that are narrower than what the kernel computes with.
    ///
    /// # Errors
    /// A kernel that [`Kernel::verify`](crisol_ir::Kernel::verify) refuses; an input to fetch ahead that it does not have; memory that
    /// the system does not give or does not allow to be executed.
    pub fn compile(kernels: &[RowKernel]) -> Result<Option<CompiledRows>> {
        for RowKernel { kernel, ahead, .. } in kernels {
            kernel.verify()?;
            if let Some(input) = ahead.iter().find(|&&input| input >= kernel.inputs.len()) {
                let message = format!("input {input} is to be fetched ahead, the kernel has {}", kernel.inputs.len());
                return Err(Error::new(ErrorKind::Value, message).operation("compile"));
            }
        }
        let Some(bytes) = wide::code_of_rows(kernels) else { return Ok(None) };
        let (code, entry) = Code::of(&bytes)?;
        Ok(Some(CompiledRows { entry, kernels: kernels.len(), _code: code }))
    }

    /// Runs the kernels, a call each; all go over as many rows as the first.
    ///
    /// # Panics
    /// If there are not as many calls as kernels.
    ///
    /// # Safety
    /// It is as if, for each row of the first call in order, each kernel were called for that row alone, in order: each of these
    /// calls must be allowed by [`CompiledKernel::call`](crate::CompiledKernel::call) when its turn comes. So a kernel may read what
    /// those before it have made, and write where they have read. Nobody else touches any of it meanwhile.
    pub unsafe fn call(&self, calls: &[Call]) {
        assert_eq!(calls.len(), self.kernels, "calls of kernels that run row by row");
        // SAFETY: the code lives as long as `self`; the rest is this function's own contract.
        unsafe { (self.entry)(calls.as_ptr()) }
    }
}

impl fmt::Debug for CompiledRows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CompiledRows").field("kernels", &self.kernels).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crisol_ir::kernel::{Access, Builder, Role};
    use crisol_ir::primitive::Reduction;
    use crisol_ir::{Cpu, DType, cpu};

    fn row_kernel(dtype: DType, role: Role, single: bool) -> RowKernel {
        let mut kernel = Builder::new();
        let input = kernel.input(dtype, Access::Contiguous);
        let x = kernel.load(input);
        let y = kernel.multiply(x, x);
        kernel.output(y, dtype, role);
        RowKernel { kernel: kernel.finish(), single, ahead: Vec::new() }
    }

    /// Otherwise everything would run kernel by kernel with the same bits, and tests of bits would not see it.
    #[test]
    fn kernels_of_layer_norm_are_one_function() {
        let processor = cfg!(all(target_arch = "x86_64", unix)) && cpu() >= Cpu::Avx2;
        let store = Role::Store(Access::Contiguous);
        let is_one = |kernels: &[RowKernel]| CompiledRows::compile(kernels).is_ok_and(|rows| rows.is_some());
        for dtype in [DType::F32, DType::F64] {
            let [sum, sum_of_rows] = [Role::ReduceColumns(Reduction::Sum), Role::ReduceRows(Reduction::Sum)]
                .map(|role| row_kernel(dtype, role, false));
            let (scalar, map) = (row_kernel(dtype, store, true), row_kernel(dtype, store, false));
            assert_eq!(is_one(&[sum.clone(), scalar.clone(), map.clone(), sum_of_rows]), processor, "{dtype}");
            // A single column is nothing to reduce, and an argument with strides is left to Cranelift.
            assert!(!is_one(&[map.clone(), RowKernel { single: true, ..sum }]));
            assert!(!is_one(&[scalar, row_kernel(dtype, Role::Store(Access::Strided), false), map]));
        }
        assert!(!is_one(&[]));
    }

    #[test]
    fn an_input_to_fetch_ahead_that_there_is_not_is_an_error() {
        let kernel = row_kernel(DType::F32, Role::Store(Access::Contiguous), false);
        let kernel = RowKernel { ahead: vec![0, 1], ..kernel };
        let error = CompiledRows::compile(&[kernel]).err().map(|error| error.to_string());
        let expected = "compile: input 1 is to be fetched ahead, the kernel has 1";
        assert!(error.as_ref().is_some_and(|error| error.contains(expected)), "{error:?}");
    }
}
