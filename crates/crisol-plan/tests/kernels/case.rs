//! Random kernels with their arguments, and what they should make of them.

use crate::definition::{Bits, combine, element, neutral, number_is_nan};
use crisol_ir::DType;
use crisol_ir::kernel::{
    Access, Binary, BinaryFunction, Builder, Call, Comparison, Function, Kernel, REDUCE_LANES, Register, Role, Type,
    Unary,
};
use crisol_ir::primitive::Reduction;
use crisol_kernels::FlushDenormals;

/// Arguments in memory: bytes, and bytes from row to row and from column to column.
#[derive(Clone)]
pub(crate) struct Argument {
    dtype: DType,
    memory: Vec<u64>,
    row: isize,
    column: isize,
}

impl Argument {
    fn get(&self, row: usize, column: usize) -> Bits {
        let at = self.at(row, column);
        let bytes: &[u8] = self.bytes();
        match self.dtype.size() {
            1 => bytes[at].into(),
            2 => u16::from_ne_bytes(bytes[at..at + 2].try_into().unwrap()).into(),
            4 => u32::from_ne_bytes(bytes[at..at + 4].try_into().unwrap()).into(),
            _ => u64::from_ne_bytes(bytes[at..at + 8].try_into().unwrap()),
        }
    }

    fn set(&mut self, row: usize, column: usize, bits: Bits) {
        let (at, size) = (self.at(row, column), self.dtype.size());
        // SAFETY: the words' bytes, of which any are valid.
        let bytes =
            unsafe { std::slice::from_raw_parts_mut(self.memory.as_mut_ptr().cast::<u8>(), self.memory.len() * 8) };
        match size {
            1 => bytes[at] = bits as u8,
            2 => bytes[at..at + 2].copy_from_slice(&(bits as u16).to_ne_bytes()),
            4 => bytes[at..at + 4].copy_from_slice(&(bits as u32).to_ne_bytes()),
            _ => bytes[at..at + 8].copy_from_slice(&bits.to_ne_bytes()),
        }
    }

    fn at(&self, row: usize, column: usize) -> usize {
        (row as isize * self.row + column as isize * self.column) as usize
    }

    fn bytes(&self) -> &[u8] {
        // SAFETY: as above.
        unsafe { std::slice::from_raw_parts(self.memory.as_ptr().cast(), self.memory.len() * 8) }
    }
}

/// A kernel with arguments and loops.
pub(crate) struct Case {
    pub(crate) kernel: Kernel,
    arguments: Vec<Argument>,
    rows: usize,
    columns: usize,
    position: [u64; 3],
}

pub(crate) struct Choices<'a>(&'a [u32]);

impl Choices<'_> {
    fn next(&mut self) -> u32 {
        let Some((&first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        first
    }

    fn of<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.next() as usize % list.len()]
    }
}

pub(crate) const INTERESTING: [f64; 12] =
    [0.0, -0.0, 1.0, -1.5, 2.5, 1e30, -3e9, f64::INFINITY, f64::NEG_INFINITY, 0.1, 300.0, 1e-5];

pub(crate) fn argument(
    choices: &mut Choices<'_>,
    dtype: DType,
    access: Access,
    rows: usize,
    columns: usize,
) -> Argument {
    let size = dtype.size() as isize;
    let column = match access {
        Access::Contiguous => size,
        Access::Broadcast => 0,
        Access::Strided => size * choices.of(&[2, 3]),
    };
    let row = column.max(size) * (columns.max(1) as isize + choices.of(&[0, 1]));
    let words = ((row * rows as isize + size * 8) as usize).div_ceil(8) + 1;
    let mut made = Argument { dtype, memory: vec![0; words], row, column };
    let mut state = u64::from(choices.next()) | 1;
    for r in 0..rows {
        for c in 0..columns {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let pick = (state >> 40) as usize;
            let x = if pick.is_multiple_of(5) { INTERESTING[pick / 5 % 12] } else { (state >> 33) as f64 / 1e8 - 10.0 };
            let bits = match dtype {
                DType::Bool => (pick & 1) as u64,
                DType::U8 | DType::I32 | DType::I64 if pick.is_multiple_of(3) => state >> 20,
                DType::U8 => x as u8 as u64,
                DType::I32 => x as i32 as u32 as u64,
                DType::I64 => x as i64 as u64,
                DType::BF16 => crisol_ir::half::bf16::from_f32(x as f32).to_bits().into(),
                DType::F16 => state >> 20 & 0xffff,
                DType::F32 => (x as f32).to_bits().into(),
                DType::F64 => x.to_bits(),
            };
            made.set(r, c, bits);
        }
    }
    made
}

pub(crate) fn case(numbers: &[u32]) -> Case {
    let mut choices = Choices(numbers);
    let rows = choices.of(&[1, 2, 3, 7]);
    let columns = choices.of(&[1, 3, 15, 16, 17, 100, 1024, 1025, 2500]);
    let mut builder = Builder::new();
    let mut arguments = Vec::new();
    let mut registers: Vec<Register> = Vec::new();
    for _ in 0..1 + choices.of(&[0, 1, 2, 3]) {
        let dtype = choices.of(&DType::ALL);
        let access = choices.of(&[Access::Contiguous, Access::Broadcast, Access::Strided]);
        let input = builder.input(dtype, access);
        arguments.push(argument(&mut choices, dtype, access, rows, columns));
        registers.push(builder.load(input));
    }
    let loaded = registers.len();
    let types = [Type::Mask, Type::I32, Type::I64, Type::F32, Type::F64];
    while !choices.0.is_empty() && registers.len() < 60 {
        let back = choices.next() as usize % registers.len().min(8);
        let x = registers[registers.len() - 1 - back];
        let ty = builder.ty(x);
        // Another register of the type, or the same.
        let same: Vec<Register> = registers.iter().copied().filter(|&r| builder.ty(r) == ty).collect();
        let y = choices.of(&same);
        let integer = matches!(ty, Type::I32 | Type::I64);
        let made = match choices.next() % 12 {
            0 => builder.position(choices.next() % 2 == 1),
            1 => {
                let ty = choices.of(&types);
                let number = choices.of(&INTERESTING);
                builder.constant(ty, number)
            }
            2 | 3 if ty.is_float() => {
                let all = [Unary::Negate, Unary::Absolute, Unary::SquareRoot, Unary::Floor, Unary::Ceil, Unary::Round];
                builder.unary(choices.of(&all), x)
            }
            2 | 3 if integer => builder.unary(choices.of(&[Unary::Negate, Unary::Not]), x),
            2 | 3 => builder.unary(Unary::Not, x),
            4..=6 if ty.is_float() => {
                use Binary::*;
                builder.binary(choices.of(&[Add, Subtract, Multiply, Divide, Minimum, Maximum]), x, y)
            }
            4..=6 if integer => {
                use Binary::*;
                let all = [
                    Add,
                    Subtract,
                    Multiply,
                    Divide,
                    Minimum,
                    Maximum,
                    And,
                    Or,
                    Xor,
                    ShiftLeft,
                    ShiftRightSigned,
                    ShiftRightUnsigned,
                    MultiplyHighUnsigned,
                ];
                let picked = choices.of(&all);
                let allowed = picked != MultiplyHighUnsigned || ty == Type::I32;
                builder.binary(if allowed { picked } else { Xor }, x, y)
            }
            4..=6 => builder.binary(choices.of(&[Binary::And, Binary::Or, Binary::Xor]), x, y),
            7 if ty.is_float() => {
                let z = choices.of(&same);
                builder.multiply_add(x, y, z)
            }
            8 if ty != Type::Mask => {
                use Comparison::*;
                builder.compare(choices.of(&[Equal, NotEqual, Less, LessEqual, Greater, GreaterEqual]), x, y)
            }
            9 => {
                let masks: Vec<Register> = registers.iter().copied().filter(|&r| builder.ty(r) == Type::Mask).collect();
                let mask = if masks.is_empty() { builder.constant(Type::Mask, 1.0) } else { choices.of(&masks) };
                if ty.is_float() && choices.next() % 3 == 0 {
                    builder.call_where(choices.of(&Function::ALL), mask, x, y)
                } else {
                    builder.select(mask, x, y)
                }
            }
            10 => builder.convert(x, choices.of(&types)),
            11 => match ty {
                // Between 1 and 2: numbers too small for their exponent count as zero, somewhere or other.
                Type::I32 => {
                    let (fraction, one) = (builder.bits(ty, 0x007f_ffff), builder.bits(ty, 0x3f80_0000));
                    let x = builder.binary(Binary::And, x, fraction);
                    let x = builder.binary(Binary::Or, x, one);
                    builder.reinterpret(x, Type::F32)
                }
                Type::I64 => {
                    let (fraction, one) = (builder.bits(ty, (1 << 52) - 1), builder.bits(ty, 0x3ff << 52));
                    let x = builder.binary(Binary::And, x, fraction);
                    let x = builder.binary(Binary::Or, x, one);
                    builder.reinterpret(x, Type::F64)
                }
                // Of numbers from memory alone: the bits of a computed NaN are nobody's promise.
                Type::F32 if x.index() < loaded => builder.reinterpret(x, Type::I32),
                Type::F64 if x.index() < loaded => builder.reinterpret(x, Type::I64),
                Type::F32 => x,
                Type::F64 if choices.next() % 3 == 0 => builder.call_binary(choices.of(&BinaryFunction::ALL), x, y),
                Type::F64 => builder.call(choices.of(&Function::ALL), x),
                Type::Mask => builder.convert(x, Type::I32),
            },
            _ => x,
        };
        registers.push(made);
    }
    let rows_or_columns = choices.next() % 2 == 0;
    for _ in 0..1 + choices.of(&[0, 1, 2]) {
        let back = choices.next() as usize % registers.len().min(6);
        let value = registers[registers.len() - 1 - back];
        let dtype = match builder.ty(value) {
            Type::Mask => DType::Bool,
            Type::I32 => choices.of(&[DType::I32, DType::U8]),
            Type::I64 => DType::I64,
            Type::F32 => choices.of(&[DType::F32, DType::BF16, DType::F16]),
            Type::F64 => DType::F64,
        };
        let by = choices.of(&[Reduction::Sum, Reduction::Max, Reduction::Min, Reduction::Product]);
        let role = match choices.next() % 4 {
            0 | 1 => Role::Store(Access::Contiguous),
            2 => Role::Store(Access::Strided),
            _ if dtype == DType::Bool || dtype.is_half() => Role::Store(Access::Contiguous),
            _ if rows_or_columns => Role::ReduceRows(by),
            _ => Role::ReduceColumns(by),
        };
        builder.output(value, dtype, role);
        let access = if let Role::Store(access) = role { access } else { Access::Contiguous };
        arguments.push(argument(&mut choices, dtype, access, rows, columns));
    }
    let position = [0, 1, 2].map(|_| u64::from(choices.next()) << choices.of(&[0, 20]));
    Case { kernel: builder.finish(), arguments, rows, columns, position }
}

impl Case {
    /// The arguments after a run, by the language's text.
    pub(crate) fn plain(&self) -> Vec<Argument> {
        let _flush = FlushDenormals::new();
        let types = self.kernel.types();
        let mut arguments = self.arguments.clone();
        let count = self.kernel.inputs.len();
        let lanes = |by, ty| [neutral(by, ty); REDUCE_LANES];
        for row in 0..self.rows {
            let mut partials: Vec<[Bits; REDUCE_LANES]> = Vec::new();
            for output in &self.kernel.outputs {
                partials.push(match output.role {
                    Role::ReduceColumns(by) => lanes(by, Type::of(output.dtype)),
                    _ => [0; REDUCE_LANES],
                });
            }
            for column in 0..self.columns {
                let [start, row_step, column_step] = self.position;
                let position = start
                    .wrapping_add((row as u64).wrapping_mul(row_step))
                    .wrapping_add((column as u64).wrapping_mul(column_step));
                let load = |input: u32| self.arguments[input as usize].get(row, column);
                let values = element(&self.kernel, &types, position, load);
                for (number, output) in self.kernel.outputs.iter().enumerate() {
                    let (value, ty) = (values[output.value.index()], Type::of(output.dtype));
                    let argument = &mut arguments[count + number];
                    match output.role {
                        Role::Store(_) => argument.set(row, column, value),
                        Role::ReduceColumns(by) => {
                            let lane = &mut partials[number][column % REDUCE_LANES];
                            *lane = combine(by, ty, *lane, value);
                        }
                        Role::ReduceRows(by) => {
                            let sum = combine(by, ty, argument.get(0, column), value);
                            argument.set(0, column, sum);
                        }
                    }
                }
            }
            for (number, output) in self.kernel.outputs.iter().enumerate() {
                if let Role::ReduceColumns(by) = output.role {
                    let (ty, lanes) = (Type::of(output.dtype), &mut partials[number]);
                    for width in [16, 8, 4, 2, 1] {
                        (0..width).for_each(|lane| lanes[lane] = combine(by, ty, lanes[lane], lanes[lane + width]));
                    }
                    let argument = &mut arguments[count + number];
                    let sum = combine(by, ty, argument.get(row, 0), lanes[0]);
                    argument.set(row, 0, sum);
                }
            }
        }
        arguments
    }

    /// The arguments after a run of a kernel.
    pub(crate) fn run(&self, kernel: impl Fn(&Call)) -> Vec<Argument> {
        let _flush = FlushDenormals::new();
        let mut arguments = self.arguments.clone();
        let pointers: Vec<*mut u8> = arguments.iter_mut().map(|argument| argument.memory.as_mut_ptr().cast()).collect();
        let row_strides: Vec<isize> = arguments.iter().map(|argument| argument.row).collect();
        let column_strides: Vec<isize> = arguments.iter().map(|argument| argument.column).collect();
        kernel(&Call {
            pointers: pointers.as_ptr(),
            row_strides: row_strides.as_ptr(),
            column_strides: column_strides.as_ptr(),
            rows: self.rows,
            columns: self.columns,
            position: self.position[0],
            position_row_step: self.position[1],
            position_column_step: self.position[2],
        });
        arguments
    }

    /// Whether all results are equal in every bit; the payload of a NaN is nobody's promise.
    pub(crate) fn differs(&self, a: &[Argument], b: &[Argument]) -> Option<String> {
        for (number, (a, b)) in a.iter().zip(b).enumerate().skip(self.kernel.inputs.len()) {
            for row in 0..self.rows {
                for column in 0..self.columns {
                    let (x, y, ty) = (a.get(row, column), b.get(row, column), Type::of(a.dtype));
                    let nan = ty.is_float() && number_is_nan(ty, x) && number_is_nan(ty, y);
                    if x != y && !nan {
                        return Some(format!("argument {number} at ({row}, {column}): {x:#x} and {y:#x}"));
                    }
                }
            }
        }
        None
    }
}
