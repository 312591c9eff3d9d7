//! The kernel language by its definition, an element at a time, and arguments with any strides to run kernels on.
#![allow(dead_code)] // each test uses its part

mod buffer;
pub mod recipe;

pub use buffer::Buffer;

use crisol_ir::kernel::*;
use crisol_ir::primitive::Reduction;

/// SplitMix64, with a taste for numbers at the edges.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }

    pub fn element(&mut self, ty: Type) -> u64 {
        const FLOATS: [f64; 18] = [
            f64::NAN,
            f64::INFINITY,
            f64::NEG_INFINITY,
            0.0,
            -0.0,
            1e-40,
            -1e-40,
            5e-310,
            1.0,
            -1.0,
            0.5,
            1.5,
            2.5,
            2147483648.0,
            -2147483649.0,
            9.3e18,
            f64::MAX,
            f32::MAX as f64,
        ];
        const INTEGERS: [i64; 10] = [0, 1, -1, 31, 32, 63, i32::MIN as i64, i32::MAX as i64, i64::MIN, i64::MAX];
        let edge = self.next().is_multiple_of(4);
        let bits = self.next();
        let real = (bits >> 11) as f64 / (1u64 << 53) as f64 * 20.0 - 10.0;
        let real = if edge { FLOATS[bits as usize % FLOATS.len()] } else { real };
        let integer = if edge { INTEGERS[bits as usize % INTEGERS.len()] as u64 } else { bits };
        match ty {
            Type::Mask => bits & 1,
            Type::I32 => integer as u32 as u64,
            Type::I64 => integer,
            Type::F32 => (real as f32).to_bits() as u64,
            Type::F64 => real.to_bits(),
        }
    }
}

/// Where the position numbers of a run come from.
#[derive(Clone, Copy, Debug, Default)]
pub struct Positions {
    pub first: u64,
    pub row_step: u64,
    pub column_step: u64,
}

/// Runs `body` with the [`Call`] over the given arguments.
pub fn with_call(
    pointers: &[*mut u8],
    strides: &[(isize, isize)],
    (rows, columns): (usize, usize),
    positions: Positions,
    body: impl FnOnce(&Call),
) {
    let row_strides: Vec<isize> = strides.iter().map(|(row, _)| *row).collect();
    let column_strides: Vec<isize> = strides.iter().map(|(_, column)| *column).collect();
    body(&Call {
        pointers: pointers.as_ptr(),
        row_strides: row_strides.as_ptr(),
        column_strides: column_strides.as_ptr(),
        rows,
        columns,
        position: positions.first,
        position_row_step: positions.row_step,
        position_column_step: positions.column_step,
    });
}

/// What the language's documentation says that the kernel does. `arguments` gives the buffer of each argument.
pub fn define(
    kernel: &Kernel,
    buffers: &mut [Buffer],
    arguments: &[usize],
    (rows, columns): (usize, usize),
    positions: Positions,
) {
    let types = kernel.types();
    let inputs = kernel.inputs.len();
    for row in 0..rows {
        let mut partials: Vec<[u64; REDUCE_LANES]> = kernel
            .outputs
            .iter()
            .map(|output| match output.role {
                Role::ReduceColumns(by) => [neutral(by, types[output.value.index()]); REDUCE_LANES],
                _ => [0; REDUCE_LANES],
            })
            .collect();
        for column in 0..columns {
            let position = positions
                .first
                .wrapping_add((row as u64).wrapping_mul(positions.row_step))
                .wrapping_add((column as u64).wrapping_mul(positions.column_step));
            let mut values: Vec<u64> = Vec::new();
            for (index, instruction) in kernel.body.iter().enumerate() {
                let value = match *instruction {
                    Instruction::Load(input) => {
                        let buffer = &buffers[arguments[input as usize]];
                        let shared = kernel.inputs[input as usize].access == Access::Broadcast;
                        buffer.get(row, if shared { 0 } else { column })
                    }
                    Instruction::Position { high } => (if high { position >> 32 } else { position }) & 0xffff_ffff,
                    _ => {
                        let operands: Vec<(Type, u64)> =
                            instruction.operands().iter().map(|x| (types[x.index()], values[x.index()])).collect();
                        compute(instruction, &operands)
                    }
                };
                values.push(value);
                assert!(types[index] != Type::Mask || value < 2);
            }
            for (number, output) in kernel.outputs.iter().enumerate() {
                let ty = types[output.value.index()];
                let value = values[output.value.index()];
                let buffer = &mut buffers[arguments[inputs + number]];
                match output.role {
                    Role::Store(_) => buffer.set(row, column, value),
                    Role::ReduceColumns(by) => {
                        let partial = &mut partials[number][column % REDUCE_LANES];
                        *partial = combine(by, ty, *partial, value);
                    }
                    Role::ReduceRows(by) => {
                        let old = buffer.get(0, column);
                        buffer.set(0, column, combine(by, ty, old, value));
                    }
                }
            }
        }
        for (number, output) in kernel.outputs.iter().enumerate() {
            let Role::ReduceColumns(by) = output.role else {
                continue;
            };
            let ty = types[output.value.index()];
            let partials = &mut partials[number];
            for step in [16, 8, 4, 2, 1] {
                for i in 0..step {
                    partials[i] = combine(by, ty, partials[i], partials[i + step]);
                }
            }
            let buffer = &mut buffers[arguments[inputs + number]];
            let old = buffer.get(row, 0);
            buffer.set(row, 0, combine(by, ty, old, partials[0]));
        }
    }
}

/// What a reduction starts from.
pub fn neutral(by: Reduction, ty: Type) -> u64 {
    match (by, ty) {
        (Reduction::Sum, _) => 0,
        (Reduction::Product, Type::F32) => 1.0f32.to_bits() as u64,
        (Reduction::Product, Type::F64) => 1.0f64.to_bits(),
        (Reduction::Product, _) => 1,
        (Reduction::Min, Type::F32) => f32::INFINITY.to_bits() as u64,
        (Reduction::Min, Type::F64) => f64::INFINITY.to_bits(),
        (Reduction::Min, Type::I64) => i64::MAX as u64,
        (Reduction::Min, _) => i32::MAX as u32 as u64,
        (Reduction::Max, Type::F32) => f32::NEG_INFINITY.to_bits() as u64,
        (Reduction::Max, Type::F64) => f64::NEG_INFINITY.to_bits(),
        (Reduction::Max, Type::I64) => i64::MIN as u64,
        (Reduction::Max, _) => i32::MIN as u32 as u64,
    }
}

fn combine(by: Reduction, ty: Type, acc: u64, x: u64) -> u64 {
    match by {
        Reduction::Sum => binary(Binary::Add, ty, acc, x),
        Reduction::Product => binary(Binary::Multiply, ty, acc, x),
        Reduction::Max | Reduction::Min => {
            let comparison = if by == Reduction::Max { Comparison::Greater } else { Comparison::Less };
            let wins = compare(comparison, ty, acc, x);
            let nan = ty.is_float() && compare(Comparison::NotEqual, ty, acc, acc);
            if wins || nan { acc } else { x }
        }
    }
}

fn f32_of(bits: u64) -> f32 {
    f32::from_bits(bits as u32)
}

fn compute(instruction: &Instruction, operands: &[(Type, u64)]) -> u64 {
    match (*instruction, operands) {
        (Instruction::Constant(_, bits), _) => bits,
        (Instruction::Unary(operation, _), [(ty, x)]) => unary(operation, *ty, *x),
        (Instruction::Binary(operation, ..), [(ty, a), (_, b)]) => binary(operation, *ty, *a, *b),
        (Instruction::MultiplyAdd(..), [(ty, a), (_, b), (_, c)]) => match (ty, fused_multiply_add()) {
            (Type::F32, true) => f32_of(*a).mul_add(f32_of(*b), f32_of(*c)).to_bits() as u64,
            (Type::F32, false) => (f32_of(*a) * f32_of(*b) + f32_of(*c)).to_bits() as u64,
            (_, true) => f64::from_bits(*a).mul_add(f64::from_bits(*b), f64::from_bits(*c)).to_bits(),
            (_, false) => (f64::from_bits(*a) * f64::from_bits(*b) + f64::from_bits(*c)).to_bits(),
        },
        (Instruction::Compare(comparison, ..), [(ty, a), (_, b)]) => compare(comparison, *ty, *a, *b) as u64,
        (Instruction::Select(..), [(_, mask), (_, a), (_, b)]) => {
            if *mask != 0 {
                *a
            } else {
                *b
            }
        }
        (Instruction::Convert(_, to), [(from, x)]) => convert(*from, to, *x),
        (Instruction::Bits(..), [(_, x)]) => *x,
        (Instruction::Call(function, _), [(_, x)]) => function.apply(f64::from_bits(*x)).to_bits(),
        (Instruction::CallBinary(function, ..), [(_, a), (_, b)]) => {
            function.apply(f64::from_bits(*a), f64::from_bits(*b)).to_bits()
        }
        (Instruction::CallWhere(..), [(_, 0), _, (_, otherwise)]) => *otherwise,
        (Instruction::CallWhere(function, ..), [_, (Type::F32, x), _]) => {
            u64::from((function.apply(f64::from(f32_of(*x))) as f32).to_bits())
        }
        (Instruction::CallWhere(function, ..), [_, (_, x), _]) => function.apply(f64::from_bits(*x)).to_bits(),
        other => panic!("{other:?}"),
    }
}

fn unary(operation: Unary, ty: Type, x: u64) -> u64 {
    match (operation, ty) {
        (Unary::Not, Type::Mask) => x ^ 1,
        (Unary::Not, Type::I32) => !(x as u32) as u64,
        (Unary::Not, _) => !x,
        (Unary::Negate, Type::I32) => (x as u32).wrapping_neg() as u64,
        (Unary::Negate, Type::I64) => x.wrapping_neg(),
        (_, Type::F32) => {
            let x = f32_of(x);
            let y = match operation {
                Unary::Negate => -x,
                Unary::Absolute => x.abs(),
                Unary::SquareRoot => x.sqrt(),
                Unary::Floor => x.floor(),
                Unary::Ceil => x.ceil(),
                _ => x.round_ties_even(),
            };
            y.to_bits() as u64
        }
        _ => {
            let x = f64::from_bits(x);
            let y = match operation {
                Unary::Negate => -x,
                Unary::Absolute => x.abs(),
                Unary::SquareRoot => x.sqrt(),
                Unary::Floor => x.floor(),
                Unary::Ceil => x.ceil(),
                _ => x.round_ties_even(),
            };
            y.to_bits()
        }
    }
}

fn binary(operation: Binary, ty: Type, a: u64, b: u64) -> u64 {
    match (operation, ty) {
        (Binary::Minimum, _) => {
            if compare(Comparison::Less, ty, a, b) {
                a
            } else {
                b
            }
        }
        (Binary::Maximum, _) => {
            if compare(Comparison::Greater, ty, a, b) {
                a
            } else {
                b
            }
        }
        (Binary::And, _) => a & b,
        (Binary::Or, _) => a | b,
        (Binary::Xor, _) => a ^ b,
        (Binary::MultiplyHighUnsigned, _) => (a as u32 as u64 * b as u32 as u64) >> 32,
        (_, Type::I32) => {
            let (a, b) = (a as u32, b as u32);
            let y = match operation {
                Binary::Add => a.wrapping_add(b),
                Binary::Subtract => a.wrapping_sub(b),
                Binary::Multiply => a.wrapping_mul(b),
                Binary::Divide if b == 0 => 0,
                Binary::Divide => (a as i32).wrapping_div(b as i32) as u32,
                Binary::ShiftLeft => a << (b % 32),
                Binary::ShiftRightUnsigned => a >> (b % 32),
                _ => (a as i32 >> (b % 32)) as u32,
            };
            y as u64
        }
        (_, Type::I64) => match operation {
            Binary::Add => a.wrapping_add(b),
            Binary::Subtract => a.wrapping_sub(b),
            Binary::Multiply => a.wrapping_mul(b),
            Binary::Divide if b == 0 => 0,
            Binary::Divide => (a as i64).wrapping_div(b as i64) as u64,
            Binary::ShiftLeft => a << (b % 64),
            Binary::ShiftRightUnsigned => a >> (b % 64),
            _ => (a as i64 >> (b % 64)) as u64,
        },
        (_, Type::F32) => {
            let (a, b) = (f32_of(a), f32_of(b));
            let y = match operation {
                Binary::Add => a + b,
                Binary::Subtract => a - b,
                Binary::Multiply => a * b,
                _ => a / b,
            };
            y.to_bits() as u64
        }
        _ => {
            let (a, b) = (f64::from_bits(a), f64::from_bits(b));
            let y = match operation {
                Binary::Add => a + b,
                Binary::Subtract => a - b,
                Binary::Multiply => a * b,
                _ => a / b,
            };
            y.to_bits()
        }
    }
}

fn compare(comparison: Comparison, ty: Type, a: u64, b: u64) -> bool {
    fn by<T: PartialOrd>(comparison: Comparison, a: T, b: T) -> bool {
        match comparison {
            Comparison::Equal => a == b,
            Comparison::NotEqual => a != b,
            Comparison::Less => a < b,
            Comparison::LessEqual => a <= b,
            Comparison::Greater => a > b,
            Comparison::GreaterEqual => a >= b,
        }
    }
    match ty {
        Type::F32 => by(comparison, f32_of(a), f32_of(b)),
        Type::F64 => by(comparison, f64::from_bits(a), f64::from_bits(b)),
        Type::I64 => by(comparison, a as i64, b as i64),
        _ => by(comparison, a as i32, b as i32),
    }
}

fn convert(from: Type, to: Type, x: u64) -> u64 {
    macro_rules! from {
        ($x:expr) => {
            match to {
                Type::Mask => ($x != Default::default()) as u64,
                Type::I32 => $x as i32 as u32 as u64,
                Type::I64 => $x as i64 as u64,
                Type::F32 => ($x as f32).to_bits() as u64,
                Type::F64 => ($x as f64).to_bits(),
            }
        };
    }
    match from {
        _ if from == to => x,
        Type::Mask | Type::I32 => from!((x as u32 as i32)),
        Type::I64 => from!((x as i64)),
        Type::F32 => from!(f32_of(x)),
        Type::F64 => from!(f64::from_bits(x)),
    }
}

fn same_nan(ty: Type, bits: u64) -> u64 {
    match ty {
        Type::F32 if f32_of(bits).is_nan() => f32::NAN.to_bits() as u64,
        Type::F64 if f64::from_bits(bits).is_nan() => f64::NAN.to_bits(),
        _ => bits,
    }
}
