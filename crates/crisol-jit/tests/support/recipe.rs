//! Kernels of any instructions, from random choices.

use super::{Buffer, Random};
use crisol_ir::DType;
use crisol_ir::kernel::*;
use crisol_ir::primitive::Reduction;
use proptest::prelude::*;

/// Numbers that decide one step of a kernel; what they mean depends on what exists by then.
pub type Choice = (u8, u8, u16, u16, u16, u64);

#[derive(Clone, Debug)]
pub struct Recipe {
    /// Which types may occur: 32-bit ones, 64-bit ones, or all.
    pub width: u8,
    pub inputs: Vec<Choice>,
    pub body: Vec<Choice>,
    pub outputs: Vec<Choice>,
    pub rows: usize,
    pub columns: usize,
    pub seed: u64,
}

/// Kernels and arguments.
pub fn recipe() -> impl Strategy<Value = Recipe> {
    let choice = || any::<Choice>();
    (
        0u8..3,
        // Now and then more arguments than there are registers for them.
        prop_oneof![4 => prop::collection::vec(choice(), 0..5), 1 => prop::collection::vec(choice(), 8..14)],
        prop_oneof![prop::collection::vec(choice(), 1..24), prop::collection::vec(choice(), 1..120)],
        prop_oneof![9 => prop::collection::vec(choice(), 1..4), 1 => prop::collection::vec(choice(), 4..14)],
        0usize..6,
        prop_oneof![0usize..20, 0usize..71],
        any::<u64>(),
        any::<bool>(),
    )
        .prop_map(|(width, inputs, body, outputs, rows, columns, seed, turned)| {
            // Mostly long rows, now and then many rows.
            let (rows, columns) = if turned && seed.is_multiple_of(4) { (columns, rows) } else { (rows, columns) };
            Recipe { width, inputs, body, outputs, rows, columns, seed }
        })
}

impl Recipe {
    fn types(&self) -> &'static [Type] {
        match self.width {
            0 => &[Type::Mask, Type::I32, Type::F32],
            1 => &[Type::Mask, Type::I64, Type::F64],
            _ => &[Type::Mask, Type::I32, Type::I64, Type::F32, Type::F64],
        }
    }

    /// The kernel that the choices describe.
    pub fn kernel(&self) -> Kernel {
        let mut kernel = Builder::new();
        let mut known: Vec<Register> = Vec::new();
        for &(kind, access, ..) in &self.inputs {
            let dtypes: Vec<DType> =
                DType::ALL.into_iter().filter(|dtype| self.types().contains(&Type::of(*dtype))).collect();
            // Strides are run by code of their own, which needs fewer cases.
            let access = match access % 8 {
                0..4 => Access::Contiguous,
                4..7 => Access::Broadcast,
                _ => Access::Strided,
            };
            let input = kernel.input(dtypes[kind as usize % dtypes.len()], access);
            known.push(kernel.load(input));
        }
        for choice in &self.body {
            let register = self.step(&mut kernel, &known, choice);
            known.push(register);
        }
        for &(kind, access, a, ..) in &self.outputs {
            // The last registers depend on most of the others.
            let value = known[known.len() - 1 - a as usize % known.len().min(6)];
            let ty = kernel.ty(value);
            let dtype = match ty {
                Type::Mask => DType::Bool,
                Type::I32 if access & 1 == 0 => DType::U8,
                Type::I32 => DType::I32,
                Type::I64 => DType::I64,
                Type::F32 if access & 4 == 0 => [DType::BF16, DType::F16][access as usize / 8 % 2],
                Type::F32 => DType::F32,
                Type::F64 => DType::F64,
            };
            let by = [Reduction::Sum, Reduction::Max, Reduction::Min, Reduction::Product][(access >> 1) as usize % 4];
            let role = match kind % 8 {
                0..2 if ty != Type::Mask && !dtype.is_half() => Role::ReduceColumns(by),
                3..5 if ty != Type::Mask && !dtype.is_half() => Role::ReduceRows(by),
                2 if access & 2 == 0 => Role::Store(Access::Strided),
                _ => Role::Store(Access::Contiguous),
            };
            kernel.output(value, dtype, role);
        }
        kernel.finish()
    }

    fn step(&self, kernel: &mut Builder, known: &[Register], choice: &Choice) -> Register {
        let &(kind, ty, a, b, c, bits) = choice;
        let types = self.types();
        let any = types[ty as usize % types.len()];
        let number = types[1 + ty as usize % (types.len() - 1)];
        let float = types[types.len() - 1 - usize::from(self.width == 2 && ty & 1 == 0)];
        let integer = types[1 + usize::from(self.width == 2 && ty & 1 == 0)];
        let pick = |kernel: &mut Builder, ty: Type, index: u16| {
            let fits: Vec<Register> = known.iter().copied().filter(|x| kernel.ty(*x) == ty).collect();
            match fits.len() {
                0 => kernel.bits(ty, Random(bits).element(ty)),
                count => fits[index as usize % count],
            }
        };
        match kind % 16 {
            0 => kernel.bits(any, Random(bits).element(any)),
            1 if types.contains(&Type::I32) => kernel.position(a & 1 == 0),
            1 | 2 => {
                let operations =
                    [Unary::Negate, Unary::Absolute, Unary::SquareRoot, Unary::Floor, Unary::Ceil, Unary::Round];
                let x = pick(kernel, float, a);
                kernel.unary(operations[b as usize % 6], x)
            }
            3 => {
                let operation =
                    if any.is_float() || any != Type::Mask && b & 1 == 0 { Unary::Negate } else { Unary::Not };
                let x = pick(kernel, any, a);
                kernel.unary(operation, x)
            }
            4..=6 => {
                let operations = [Binary::Add, Binary::Subtract, Binary::Multiply, Binary::Minimum, Binary::Maximum];
                let (x, y) = (pick(kernel, number, a), pick(kernel, number, b));
                kernel.binary(operations[c as usize % 5], x, y)
            }
            7 => {
                let ty = if c & 1 == 0 { float } else { number };
                let (x, y) = (pick(kernel, ty, a), pick(kernel, ty, b));
                kernel.divide(x, y)
            }
            8 => {
                let operations = [
                    Binary::And,
                    Binary::Or,
                    Binary::Xor,
                    Binary::ShiftLeft,
                    Binary::ShiftRightUnsigned,
                    Binary::ShiftRightSigned,
                    Binary::MultiplyHighUnsigned,
                ];
                let count = if integer == Type::I32 { 7 } else { 6 };
                let x = pick(kernel, integer, a);
                let y = if bits & 1 == 0 { pick(kernel, integer, b) } else { kernel.bits(integer, u64::from(b)) };
                kernel.binary(operations[c as usize % count], x, y)
            }
            9 => {
                let operations = [Binary::And, Binary::Or, Binary::Xor];
                let (x, y) = (pick(kernel, Type::Mask, a), pick(kernel, Type::Mask, b));
                kernel.binary(operations[c as usize % 3], x, y)
            }
            10 => {
                let (x, y, z) = (pick(kernel, float, a), pick(kernel, float, b), pick(kernel, float, c));
                kernel.multiply_add(x, y, z)
            }
            11 => {
                let comparisons = [
                    Comparison::Equal,
                    Comparison::NotEqual,
                    Comparison::Less,
                    Comparison::LessEqual,
                    Comparison::Greater,
                    Comparison::GreaterEqual,
                ];
                let (x, y) = (pick(kernel, number, a), pick(kernel, number, b));
                kernel.compare(comparisons[c as usize % 6], x, y)
            }
            12 => {
                let mask = pick(kernel, Type::Mask, a);
                let (x, y) = (pick(kernel, any, b), pick(kernel, any, c));
                kernel.select(mask, x, y)
            }
            13 => {
                let x = pick(kernel, any, a);
                kernel.convert(x, types[b as usize % types.len()])
            }
            14 if a & 1 == 0 => {
                let to = if float == Type::F32 { Type::I32 } else { Type::I64 };
                let x = pick(kernel, float, b);
                // Which NaN an operation gives is not defined.
                let number = kernel.compare(Comparison::Equal, x, x);
                let nan = kernel.constant(float, f64::NAN);
                let x = kernel.select(number, x, nan);
                kernel.reinterpret(x, to)
            }
            14 => {
                let from = if float == Type::F32 { Type::I32 } else { Type::I64 };
                let x = pick(kernel, from, b);
                kernel.reinterpret(x, float)
            }
            _ => {
                let function = Function::ALL[b as usize % Function::ALL.len()];
                match c % 3 {
                    0 if types.contains(&Type::F64) => {
                        let x = pick(kernel, Type::F64, a);
                        kernel.call(function, x)
                    }
                    1 if types.contains(&Type::F64) => {
                        let (x, y) = (pick(kernel, Type::F64, a), pick(kernel, Type::F64, b));
                        let function = BinaryFunction::ALL[bits as usize % BinaryFunction::ALL.len()];
                        kernel.call_binary(function, x, y)
                    }
                    _ => {
                        let mask = pick(kernel, Type::Mask, a);
                        let (x, y) = (pick(kernel, float, b), pick(kernel, float, a));
                        kernel.call_where(function, mask, x, y)
                    }
                }
            }
        }
    }

    /// Buffers and, for each argument, which one it is: some outputs are written over an input.
    pub fn arguments(&self, kernel: &Kernel) -> (Vec<Buffer>, Vec<usize>) {
        let (rows, columns) = (self.rows, self.columns);
        let mut random = Random(self.seed);
        let mut buffers = Vec::new();
        let mut arguments = Vec::new();
        for input in &kernel.inputs {
            let size = input.dtype.size() as isize;
            let (r, c) = (rows as isize, columns as isize);
            let shape = random.next();
            let strides = match input.access {
                Access::Contiguous if shape.is_multiple_of(4) => (0, size),
                Access::Contiguous => (size * (c + (shape % 3) as isize), size),
                Access::Broadcast => (size * (shape % 3) as isize, 0),
                Access::Strided => [(size, size * r), (size * c * 2, size * 2), (-size * c * 3, -size * 3), (size, 0)]
                    [shape as usize % 4],
            };
            let skip = random.next() as usize % 4;
            arguments.push(buffers.len());
            buffers.push(Buffer::new(input.dtype, rows, columns, strides, skip, random.next()));
        }
        let mut taken = vec![false; kernel.inputs.len()];
        for output in &kernel.outputs {
            let size = output.dtype.size() as isize;
            let (r, c) = (rows as isize, columns as isize);
            let shape = random.next();
            if let Role::Store(access) = output.role
                && shape.is_multiple_of(2)
            {
                // In place, where all places of the input are different ones.
                let same = (0..taken.len()).find(|&number| {
                    let (input, buffer) = (kernel.inputs[number], &buffers[arguments[number]]);
                    let apart = buffer.row_stride != 0 && buffer.column_stride != 0;
                    !taken[number] && input.dtype == output.dtype && input.access == access && apart
                });
                if let Some(number) = same {
                    taken[number] = true;
                    arguments.push(arguments[number]);
                    continue;
                }
            }
            let strides = match output.role {
                Role::Store(Access::Strided) => {
                    [(size, size * r), (size * c * 2, size * 2), (-size * c * 3, -size * 3)][shape as usize % 3]
                }
                Role::Store(_) => (size * (c + (shape % 3) as isize), size),
                Role::ReduceColumns(_) => (size * (1 + shape as isize % 2), 0),
                Role::ReduceRows(_) => (0, size),
            };
            let skip = random.next() as usize % 4;
            arguments.push(buffers.len());
            buffers.push(Buffer::new(output.dtype, rows, columns, strides, skip, random.next()));
        }
        (buffers, arguments)
    }
}
