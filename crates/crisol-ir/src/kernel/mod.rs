//! The kernel language: what one element of a fused loop computes, and over which loops it runs.
//!
//! A [`Kernel`] is a list of instructions in single assignment form over two nested loops, `rows` outside and `columns`
//! inside. Every argument has a stride for each loop; longer nests are run as a sequence of [`Call`]s. The same list is
//! compiled by `crisol-jit` and interpreted by `crisol-plan`, bit for bit equal: an instruction means what IEEE 754 and the
//! notes below say, in the order written, with no contraction but [`Instruction::MultiplyAdd`].

mod builder;
mod evaluate;
mod function;
pub mod math;
mod text;
mod verify;

pub use builder::Builder;
pub use function::{BinaryFunction, Function};

use crate::dtype::DType;
use crate::primitive::Reduction;

/// The type of a value in a register.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Type {
    /// A truth value.
    Mask,
    /// A 32-bit integer; bytes, and the bits of halves, are widened to it when loaded and cut (wrapping) when stored. Instructions say whether it is signed.
    I32,
    /// A 64-bit integer.
    I64,
    /// Single precision.
    F32,
    /// Double precision.
    F64,
}

impl Type {
    /// The type in which elements of `dtype` are held.
    pub fn of(dtype: DType) -> Type {
        match dtype {
            DType::Bool => Type::Mask,
            // Numbers of sixteen bits by their bits; `Builder` widens what is loaded.
            DType::U8 | DType::I32 | DType::BF16 | DType::F16 => Type::I32,
            DType::I64 => Type::I64,
            DType::F32 => Type::F32,
            DType::F64 => Type::F64,
        }
    }

    /// Whether the type is a floating point one.
    pub fn is_float(self) -> bool {
        matches!(self, Type::F32 | Type::F64)
    }
}

/// The result of an instruction, by its place in the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Register(pub u32);

impl Register {
    /// The place as an index.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// Instructions of one operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Unary {
    /// Sign flipped (floats, also of NaN and 0); two's complement (integers, wrapping).
    Negate,
    /// Sign cleared (floats only).
    Absolute,
    SquareRoot,
    Floor,
    Ceil,
    /// To the nearest integer, ties to even.
    Round,
    /// All bits flipped (integers) or the opposite (masks).
    Not,
}

/// Instructions of two operands of one type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Binary {
    /// Wrapping for integers, as are `Subtract` and `Multiply`.
    Add,
    Subtract,
    Multiply,
    /// Integers: towards zero, 0 where the divisor is 0, and wrapping (the most negative number over -1 is itself).
    Divide,
    /// `if a < b { a } else { b }`: the second operand where one is NaN (floats and signed integers).
    Minimum,
    /// `if a > b { a } else { b }`: the second operand where one is NaN (floats and signed integers).
    Maximum,
    /// Integers and masks, as are `Or` and `Xor`.
    And,
    Or,
    Xor,
    /// Integers only; the count is taken modulo the width, as are the other shifts'.
    ShiftLeft,
    ShiftRightUnsigned,
    ShiftRightSigned,
    /// The upper half of the unsigned product (`I32` only).
    MultiplyHighUnsigned,
}

/// Comparisons of two operands of one type (floats and signed integers); false with NaN, but `NotEqual`, which is true.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
}

/// One step of a kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Instruction {
    /// The element of an input at this place of the loops.
    Load(u32),
    /// A constant: its type and bits (masks: 0 or 1), zero-extended.
    Constant(Type, u64),
    /// The lower 32 bits (`high = false`) or the upper ones of this place's position number, as `I32`:
    /// `base + row * row_step + column * column_step` of the [`Call`].
    Position {
        /// Which half.
        high: bool,
    },
    /// One operand.
    Unary(Unary, Register),
    /// Two operands of one type.
    Binary(Binary, Register, Register),
    /// `a * b + c`, floats only: rounded once where the processor has the instruction ([`fused_multiply_add`]), else twice.
    MultiplyAdd(Register, Register, Register),
    /// A comparison: a mask.
    Compare(Comparison, Register, Register),
    /// The second operand where the mask (the first) holds, else the third.
    Select(Register, Register, Register),
    /// The same number in another type, as Rust's `as`: to integers towards zero, saturating, NaN to 0; to a mask by comparing
    /// with 0; from a mask 0 or 1.
    Convert(Register, Type),
    /// The same bits as another type of the same width (`I32` with `F32`, `I64` with `F64`).
    Bits(Register, Type),
    /// A function of one `F64`.
    Call(Function, Register),
    /// A function of two `F64`.
    CallBinary(BinaryFunction, Register, Register),
    /// Where the mask (the first operand) holds, the function of the second operand, a float: taken in double precision and
    /// rounded; elsewhere the third. For places that are rare: the function is called for them alone.
    CallWhere(Function, Register, Register, Register),
}

/// How an argument moves along the columns; along the rows every stride is a number given at run time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Access {
    /// One element after the other.
    Contiguous,
    /// The same element for all columns.
    Broadcast,
    /// By the stride given at run time.
    Strided,
}

/// An argument that a kernel reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Input {
    /// The type of its elements in memory.
    pub dtype: DType,
    /// How it moves along the columns.
    pub access: Access,
}

/// What becomes of a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// Stored at every place of the loops ([`Access::Contiguous`] or [`Access::Strided`]).
    Store(Access),
    /// Combined into `out[row]` over the columns, onto what stands there. Column `c` goes to partial result `c % 32`; then
    /// partial `i` takes in `i + 16`, then `i + 8`, `i + 4`, `i + 2`, `i + 1`; last, what stood there is the left operand.
    ReduceColumns(Reduction),
    /// Combined into `out[column]` (contiguous) over the rows in order, onto what stands there as the left operand.
    ReduceRows(Reduction),
}

/// An argument that a kernel writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Output {
    /// The register that holds the result.
    pub value: Register,
    /// The type of the elements in memory.
    pub dtype: DType,
    /// What becomes of the result.
    pub role: Role,
}

/// The element code of a fused loop nest.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Kernel {
    /// What it reads.
    pub inputs: Vec<Input>,
    /// What it computes; a register is a place in this list.
    pub body: Vec<Instruction>,
    /// What it writes.
    pub outputs: Vec<Output>,
}

/// A kernel of several that go through their rows together: a row through all kernels, then the next.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RowKernel {
    /// The kernel. Reductions over its columns begin anew in each row: what stands in memory before counts for nothing.
    pub kernel: Kernel,
    /// Whether a row is a single column: the kernel then stores elements and reduces nothing. Its call's number of columns is not
    /// looked at.
    pub single: bool,
    /// Inputs whose next row is fetched into the cache meanwhile: those that come from afar, and that an earlier kernel has read in
    /// this row already. A processor's own prefetching ends with the page.
    pub ahead: Vec<usize>,
}

/// The number of partial results of [`Role::ReduceColumns`]: two of the widest vectors, as one alone would wait four cycles for each step.
pub const REDUCE_LANES: usize = 32;

/// One run of a kernel over a two-level loop nest. Arguments are the inputs, then the outputs.
///
/// Pointers need only the alignment of their element type. An output may be the same memory as an input if both address the
/// same element at the same place of the loops; otherwise outputs overlap nothing.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Call {
    /// The first element of each argument.
    pub pointers: *const *mut u8,
    /// Bytes from row to row, an argument each (outputs that reduce rows: ignored).
    pub row_strides: *const isize,
    /// Bytes from column to column, an argument each (used by [`Access::Strided`] alone).
    pub column_strides: *const isize,
    /// The number of rows.
    pub rows: usize,
    /// The number of columns.
    pub columns: usize,
    /// The position number of the first place.
    pub position: u64,
    /// What a row adds to the position number.
    pub position_row_step: u64,
    /// What a column adds to the position number.
    pub position_column_step: u64,
}

/// Whether [`Instruction::MultiplyAdd`] is rounded once: on x86-64 from [`Cpu::Avx2`](crate::Cpu::Avx2) on, on aarch64 always.
pub fn fused_multiply_add() -> bool {
    cfg!(target_arch = "aarch64") || crate::cpu() >= crate::Cpu::Avx2
}
