//! What a kernel computes at a single place of its loops, in plain Rust: the meaning that every backend is held to.

use super::{Binary, Comparison, Instruction, Kernel, Role, Type, Unary, fused_multiply_add};
use crate::dtype::DType;

impl Kernel {
    /// The bits of each output at the place with number `position`, where the inputs have the given bits (zero-extended).
    ///
    /// Only what is stored is told; what a reduction makes of it is another matter. Numbers are not flushed.
    ///
    /// # Panics
    /// The kernel does not pass [`Kernel::verify`], or has more inputs than are given.
    ///
    /// ```
    /// use crisol_ir::{DType, kernel::{Access, Builder, Role}};
    /// let mut kernel = Builder::new();
    /// let x = kernel.input(DType::F32, Access::Contiguous);
    /// let x = kernel.load(x);
    /// let y = kernel.add(x, x);
    /// kernel.output(y, DType::F32, Role::Store(Access::Contiguous));
    /// let y = kernel.finish().evaluate(&[u64::from(1.5f32.to_bits())], 0);
    /// assert_eq!(y, [u64::from(3f32.to_bits())]);
    /// ```
    pub fn evaluate(&self, inputs: &[u64], position: u64) -> Vec<u64> {
        let types = self.types();
        let mut registers: Vec<u64> = Vec::with_capacity(self.body.len());
        for instruction in &self.body {
            let of = |x: super::Register| (types[x.index()], registers[x.index()]);
            let value = match *instruction {
                Instruction::Load(input) => load(self.inputs[input as usize].dtype, inputs[input as usize]),
                Instruction::Constant(_, bits) => bits,
                Instruction::Position { high: false } => position & u64::from(u32::MAX),
                Instruction::Position { high: true } => position >> 32,
                Instruction::Unary(operation, x) => unary(operation, of(x)),
                Instruction::Binary(operation, a, b) => binary(operation, of(a), of(b).1),
                Instruction::MultiplyAdd(a, b, c) => multiply_add(of(a), of(b).1, of(c).1),
                Instruction::Compare(comparison, a, b) => compare(comparison, of(a), of(b).1).into(),
                Instruction::Select(mask, a, b) => {
                    if of(mask).1 != 0 {
                        of(a).1
                    } else {
                        of(b).1
                    }
                }
                Instruction::Convert(x, to) => convert(of(x), to),
                Instruction::Bits(x, _) => of(x).1,
                Instruction::Call(function, x) => function.apply(f64::from_bits(of(x).1)).to_bits(),
                Instruction::CallBinary(function, a, b) => {
                    function.apply(f64::from_bits(of(a).1), f64::from_bits(of(b).1)).to_bits()
                }
                Instruction::CallWhere(function, mask, x, otherwise) => match of(x) {
                    _ if of(mask).1 == 0 => of(otherwise).1,
                    (Type::F32, x) => (function.apply(f64::from(single(x))) as f32).to_bits().into(),
                    (_, x) => function.apply(f64::from_bits(x)).to_bits(),
                },
            };
            registers.push(value);
        }
        let stored = |output: &super::Output| {
            let value = registers[output.value.index()];
            match output.dtype.size() {
                1 => value & 0xff,
                2 => value & 0xffff,
                _ => value,
            }
        };
        self.outputs.iter().filter(|output| matches!(output.role, Role::Store(_))).map(stored).collect()
    }
}

fn load(dtype: DType, bits: u64) -> u64 {
    match dtype {
        DType::Bool => u64::from(bits != 0),
        DType::U8 => bits & 0xff,
        DType::BF16 | DType::F16 => bits & 0xffff,
        _ => bits,
    }
}

fn single(bits: u64) -> f32 {
    f32::from_bits(bits as u32)
}

fn unary(operation: Unary, (ty, x): (Type, u64)) -> u64 {
    let float = |single_form: fn(f32) -> f32, double_form: fn(f64) -> f64| match ty {
        Type::F32 => single_form(single(x)).to_bits().into(),
        _ => double_form(f64::from_bits(x)).to_bits(),
    };
    match (operation, ty) {
        (Unary::Negate, Type::I32) => (x as u32).wrapping_neg().into(),
        (Unary::Negate, Type::I64) => x.wrapping_neg(),
        (Unary::Negate, _) => float(|x| -x, |x| -x),
        (Unary::Absolute, _) => float(f32::abs, f64::abs),
        (Unary::SquareRoot, _) => float(f32::sqrt, f64::sqrt),
        (Unary::Floor, _) => float(f32::floor, f64::floor),
        (Unary::Ceil, _) => float(f32::ceil, f64::ceil),
        (Unary::Round, _) => float(f32::round_ties_even, f64::round_ties_even),
        (Unary::Not, Type::Mask) => u64::from(x == 0),
        (Unary::Not, Type::I32) => (!(x as u32)).into(),
        (Unary::Not, _) => !x,
    }
}

fn binary(operation: Binary, (ty, a): (Type, u64), b: u64) -> u64 {
    macro_rules! floats {
        ($a:expr, $b:expr) => {{
            let (a, b) = ($a, $b);
            match operation {
                Binary::Add => a + b,
                Binary::Subtract => a - b,
                Binary::Multiply => a * b,
                Binary::Divide => a / b,
                Binary::Minimum => {
                    if a < b {
                        a
                    } else {
                        b
                    }
                }
                _ => {
                    if a > b {
                        a
                    } else {
                        b
                    }
                }
            }
            .to_bits()
        }};
    }
    macro_rules! integers {
        ($signed:ty, $unsigned:ty) => {{
            let (a, b) = (a as $unsigned, b as $unsigned);
            match operation {
                Binary::Add => a.wrapping_add(b),
                Binary::Subtract => a.wrapping_sub(b),
                Binary::Multiply => a.wrapping_mul(b),
                Binary::Minimum => (a as $signed).min(b as $signed) as $unsigned,
                Binary::Maximum => (a as $signed).max(b as $signed) as $unsigned,
                Binary::And => a & b,
                Binary::Or => a | b,
                Binary::Xor => a ^ b,
                Binary::ShiftLeft => a.wrapping_shl(b as u32),
                Binary::ShiftRightUnsigned => a.wrapping_shr(b as u32),
                Binary::ShiftRightSigned => (a as $signed).wrapping_shr(b as u32) as $unsigned,
                Binary::Divide if b == 0 => 0,
                Binary::Divide => (a as $signed).wrapping_div(b as $signed) as $unsigned,
                // The verifier admits it on 32 bits only.
                Binary::MultiplyHighUnsigned => ((a as u64 * b as u64) >> 32) as $unsigned,
            }
        }};
    }
    match ty {
        Type::F32 => u64::from(floats!(single(a), single(b))),
        Type::F64 => floats!(f64::from_bits(a), f64::from_bits(b)),
        Type::I64 => integers!(i64, u64),
        Type::I32 | Type::Mask => u64::from(integers!(i32, u32)),
    }
}

fn multiply_add((ty, a): (Type, u64), b: u64, c: u64) -> u64 {
    let once = fused_multiply_add();
    if ty == Type::F32 {
        let (a, b, c) = (single(a), single(b), single(c));
        return if once { a.mul_add(b, c) } else { a * b + c }.to_bits().into();
    }
    let (a, b, c) = (f64::from_bits(a), f64::from_bits(b), f64::from_bits(c));
    if once { a.mul_add(b, c) } else { a * b + c }.to_bits()
}

fn compare(comparison: Comparison, (ty, a): (Type, u64), b: u64) -> bool {
    let order = match ty {
        Type::F32 => single(a).partial_cmp(&single(b)),
        Type::F64 => f64::from_bits(a).partial_cmp(&f64::from_bits(b)),
        Type::I64 => Some((a as i64).cmp(&(b as i64))),
        Type::I32 | Type::Mask => Some((a as i32).cmp(&(b as i32))),
    };
    match comparison {
        Comparison::Equal => order.is_some_and(|order| order.is_eq()),
        Comparison::NotEqual => order.is_none_or(|order| order.is_ne()),
        Comparison::Less => order.is_some_and(|order| order.is_lt()),
        Comparison::LessEqual => order.is_some_and(|order| order.is_le()),
        Comparison::Greater => order.is_some_and(|order| order.is_gt()),
        Comparison::GreaterEqual => order.is_some_and(|order| order.is_ge()),
    }
}

fn convert((from, x): (Type, u64), to: Type) -> u64 {
    macro_rules! from_number {
        ($x:expr) => {{
            let x = $x;
            match to {
                Type::Mask => u64::from(x != Default::default()),
                Type::I32 => u64::from(x as i32 as u32),
                Type::I64 => x as i64 as u64,
                Type::F32 => u64::from((x as f32).to_bits()),
                Type::F64 => (x as f64).to_bits(),
            }
        }};
    }
    match from {
        Type::Mask => from_number!((x != 0) as i32),
        Type::I32 => from_number!(x as i32),
        Type::I64 => from_number!(x as i64),
        Type::F32 => from_number!(single(x)),
        Type::F64 => from_number!(f64::from_bits(x)),
    }
}
