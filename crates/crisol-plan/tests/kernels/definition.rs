//! What instructions mean, number by number.

use crisol_ir::kernel::{Binary, Comparison, Instruction, Kernel, Register, Type, Unary, fused_multiply_add};
use crisol_ir::primitive::Reduction;

/// The bits of a number in a register: masks 0 or 1, 32-bit types zero-extended.
pub(crate) type Bits = u64;

pub(crate) fn f32_of(bits: Bits) -> f32 {
    f32::from_bits(bits as u32)
}

pub(crate) fn f64_of(bits: Bits) -> f64 {
    f64::from_bits(bits)
}

pub(crate) fn number(ty: Type, bits: Bits) -> f64 {
    match ty {
        Type::Mask => bits as f64,
        Type::I32 => f64::from(bits as i32),
        Type::I64 => bits as i64 as f64,
        Type::F32 => f64::from(f32_of(bits)),
        Type::F64 => f64_of(bits),
    }
}

pub(crate) fn float(ty: Type, on32: impl Fn(f32) -> f32, on64: impl Fn(f64) -> f64, x: Bits) -> Bits {
    match ty {
        Type::F32 => on32(f32_of(x)).to_bits().into(),
        _ => on64(f64_of(x)).to_bits(),
    }
}

pub(crate) fn unary(operation: Unary, ty: Type, x: Bits) -> Bits {
    match (operation, ty) {
        (Unary::Negate, Type::I32) => (x as i32).wrapping_neg() as u32 as u64,
        (Unary::Negate, Type::I64) => (x as i64).wrapping_neg() as u64,
        (Unary::Negate, _) => float(ty, |x| -x, |x| -x, x),
        (Unary::Not, Type::Mask) => u64::from(x == 0),
        (Unary::Not, Type::I32) => u64::from(!(x as u32)),
        (Unary::Not, _) => !x,
        (Unary::Absolute, _) => float(ty, f32::abs, f64::abs, x),
        (Unary::SquareRoot, _) => float(ty, f32::sqrt, f64::sqrt, x),
        (Unary::Floor, _) => float(ty, f32::floor, f64::floor, x),
        (Unary::Ceil, _) => float(ty, f32::ceil, f64::ceil, x),
        (Unary::Round, _) => float(ty, f32::round_ties_even, f64::round_ties_even, x),
    }
}

pub(crate) fn less(ty: Type, a: Bits, b: Bits) -> bool {
    match ty {
        Type::I64 => (a as i64) < b as i64,
        _ => number(ty, a) < number(ty, b),
    }
}

pub(crate) fn binary(operation: Binary, ty: Type, a: Bits, b: Bits) -> Bits {
    macro_rules! arithmetic {
        ($wrapping:ident, $operator:tt) => {
            match ty {
                Type::F32 => (f32_of(a) $operator f32_of(b)).to_bits().into(),
                Type::F64 => (f64_of(a) $operator f64_of(b)).to_bits(),
                Type::I64 => a.$wrapping(b),
                _ => (a as u32).$wrapping(b as u32).into(),
            }
        };
    }
    let wide = ty == Type::I64;
    match operation {
        Binary::Add => arithmetic!(wrapping_add, +),
        Binary::Subtract => arithmetic!(wrapping_sub, -),
        Binary::Multiply => arithmetic!(wrapping_mul, *),
        Binary::Divide if ty == Type::F32 => (f32_of(a) / f32_of(b)).to_bits().into(),
        Binary::Divide if ty == Type::F64 => (f64_of(a) / f64_of(b)).to_bits(),
        Binary::Divide if b == 0 => 0,
        Binary::Divide if wide => (a as i64).wrapping_div(b as i64) as u64,
        Binary::Divide => u64::from((a as i32).wrapping_div(b as i32) as u32),
        Binary::Minimum => {
            if less(ty, a, b) {
                a
            } else {
                b
            }
        }
        Binary::Maximum => {
            if less(ty, b, a) {
                a
            } else {
                b
            }
        }
        Binary::And => a & b,
        Binary::Or => a | b,
        Binary::Xor => a ^ b,
        Binary::ShiftLeft if wide => a << (b & 63),
        Binary::ShiftLeft => u64::from((a as u32) << (b & 31)),
        Binary::ShiftRightUnsigned if wide => a >> (b & 63),
        Binary::ShiftRightUnsigned => u64::from(a as u32 >> (b & 31)),
        Binary::ShiftRightSigned if wide => (a as i64 >> (b & 63)) as u64,
        Binary::ShiftRightSigned => u64::from((a as i32 >> (b & 31)) as u32),
        Binary::MultiplyHighUnsigned => (u64::from(a as u32) * u64::from(b as u32)) >> 32,
    }
}

pub(crate) fn compare(comparison: Comparison, ty: Type, a: Bits, b: Bits) -> bool {
    let equal = match ty {
        Type::I64 => a == b,
        _ => number(ty, a) == number(ty, b),
    };
    match comparison {
        Comparison::Equal => equal,
        Comparison::NotEqual => !equal,
        Comparison::Less => less(ty, a, b),
        Comparison::LessEqual => less(ty, a, b) || equal,
        Comparison::Greater => less(ty, b, a),
        Comparison::GreaterEqual => less(ty, b, a) || equal,
    }
}

pub(crate) fn convert(from: Type, to: Type, x: Bits) -> Bits {
    macro_rules! from {
        ($x:expr) => {
            match to {
                Type::Mask => u64::from($x != Default::default()),
                Type::I32 => $x as i32 as u32 as u64,
                Type::I64 => $x as i64 as u64,
                Type::F32 => ($x as f32).to_bits().into(),
                Type::F64 => ($x as f64).to_bits(),
            }
        };
    }
    match from {
        Type::Mask => from!(x as u8),
        Type::I32 => from!(x as i32),
        Type::I64 => from!(x as i64),
        Type::F32 => from!(f32_of(x)),
        Type::F64 => from!(f64_of(x)),
    }
}

/// The registers of one place of the loops.
pub(crate) fn element(kernel: &Kernel, types: &[Type], position: u64, load: impl Fn(u32) -> Bits) -> Vec<Bits> {
    let mut values: Vec<Bits> = Vec::new();
    for instruction in &kernel.body {
        let of = |x: Register| values[x.index()];
        let ty = |x: Register| types[x.index()];
        let value = match *instruction {
            Instruction::Load(input) => load(input),
            Instruction::Constant(_, bits) => bits,
            Instruction::Position { high } => u64::from((if high { position >> 32 } else { position }) as u32),
            Instruction::Unary(operation, x) => unary(operation, ty(x), of(x)),
            Instruction::Binary(operation, a, b) => binary(operation, ty(a), of(a), of(b)),
            Instruction::MultiplyAdd(a, b, c) => {
                let (a, b, c, ty) = (of(a), of(b), of(c), ty(a));
                match (ty, fused_multiply_add()) {
                    (Type::F32, true) => f32_of(a).mul_add(f32_of(b), f32_of(c)).to_bits().into(),
                    (Type::F32, false) => (f32_of(a) * f32_of(b) + f32_of(c)).to_bits().into(),
                    (_, true) => f64_of(a).mul_add(f64_of(b), f64_of(c)).to_bits(),
                    (_, false) => (f64_of(a) * f64_of(b) + f64_of(c)).to_bits(),
                }
            }
            Instruction::Compare(comparison, a, b) => u64::from(compare(comparison, ty(a), of(a), of(b))),
            Instruction::Select(mask, a, b) => {
                if of(mask) != 0 {
                    of(a)
                } else {
                    of(b)
                }
            }
            Instruction::Convert(x, to) => convert(ty(x), to, of(x)),
            Instruction::Bits(x, _) => of(x),
            Instruction::Call(function, x) => function.apply(f64_of(of(x))).to_bits(),
            Instruction::CallBinary(function, a, b) => function.apply(f64_of(of(a)), f64_of(of(b))).to_bits(),
            Instruction::CallWhere(_, mask, _, otherwise) if of(mask) == 0 => of(otherwise),
            Instruction::CallWhere(function, _, x, _) if ty(x) == Type::F32 => {
                u64::from((function.apply(f64::from(f32_of(of(x)))) as f32).to_bits())
            }
            Instruction::CallWhere(function, _, x, _) => function.apply(f64_of(of(x))).to_bits(),
        };
        values.push(value);
    }
    values
}

pub(crate) fn combine(by: Reduction, ty: Type, a: Bits, b: Bits) -> Bits {
    let nan = |x: Bits| ty.is_float() && number(ty, x).is_nan();
    match by {
        Reduction::Sum => binary(Binary::Add, ty, a, b),
        Reduction::Product => binary(Binary::Multiply, ty, a, b),
        Reduction::Max | Reduction::Min => {
            let wins = if by == Reduction::Max { less(ty, b, a) } else { less(ty, a, b) };
            if wins || nan(a) { a } else { b }
        }
    }
}

pub(crate) fn neutral(by: Reduction, ty: Type) -> Bits {
    let number = match by {
        Reduction::Sum => 0.0,
        Reduction::Product => 1.0,
        Reduction::Max => f64::NEG_INFINITY,
        Reduction::Min => f64::INFINITY,
    };
    match ty {
        Type::I64 => number as i64 as u64,
        Type::F32 => (number as f32).to_bits().into(),
        Type::F64 => number.to_bits(),
        _ => number as i32 as u32 as u64,
    }
}

pub(crate) fn number_is_nan(ty: Type, bits: Bits) -> bool {
    number(ty, bits).is_nan()
}
