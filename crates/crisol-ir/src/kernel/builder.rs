//! Builds kernels instruction by instruction, merging equal ones.

use super::{
    Access, Binary, BinaryFunction, Comparison, Function, Input, Instruction, Kernel, Output, Register, Role, Type,
    Unary, math,
};
use crate::dtype::DType;
use crate::value::Constant;
use std::collections::HashMap;

/// Builds a [`Kernel`]. An instruction that already stands in the body is not repeated.
///
/// ```
/// use crisol_ir::kernel::{Access, Builder, Role};
/// use crisol_ir::DType;
/// let mut kernel = Builder::new();
/// let x = kernel.input(DType::F32, Access::Contiguous);
/// let x = kernel.load(x);
/// let y = kernel.multiply(x, x);
/// kernel.output(y, DType::F32, Role::Store(Access::Contiguous));
/// assert_eq!(kernel.finish().to_string(), "\
/// kernel(in0: float32 contiguous)
///   r0: f32 = load in0
///   r1: f32 = multiply r0, r0
///   store r1 as float32 contiguous
/// ");
/// ```
#[derive(Debug, Default)]
pub struct Builder {
    kernel: Kernel,
    types: Vec<Type>,
    known: HashMap<Instruction, Register>,
}

impl Builder {
    /// A kernel without instructions.
    pub fn new() -> Builder {
        Builder::default()
    }

    /// Adds an argument to read and returns its number.
    pub fn input(&mut self, dtype: DType, access: Access) -> u32 {
        self.kernel.inputs.push(Input { dtype, access });
        self.kernel.inputs.len() as u32 - 1
    }

    /// Adds a result to write; halves are rounded from `F32`, to the nearest, ties to even.
    pub fn output(&mut self, value: Register, dtype: DType, role: Role) {
        let value = if dtype.is_half() { math::narrow(self, dtype, value) } else { value };
        self.kernel.outputs.push(Output { value, dtype, role });
    }

    /// The kernel built.
    pub fn finish(self) -> Kernel {
        self.kernel
    }

    /// The type of a register.
    pub fn ty(&self, register: Register) -> Type {
        self.types[register.index()]
    }

    /// The number that a register holds, if it is a constant.
    pub fn number(&self, register: Register) -> Option<f64> {
        match self.kernel.body[register.index()] {
            Instruction::Constant(ty, bits) => Some(match ty {
                Type::Mask => f64::from(u8::from(bits != 0)),
                Type::I32 => f64::from(bits as i32),
                Type::I64 => bits as i64 as f64,
                Type::F32 => f64::from(f32::from_bits(bits as u32)),
                Type::F64 => f64::from_bits(bits),
            }),
            _ => None,
        }
    }

    /// The element of an input; halves are widened to `F32`.
    pub fn load(&mut self, input: u32) -> Register {
        let dtype = self.kernel.inputs[input as usize].dtype;
        let element = self.push(Instruction::Load(input), Type::of(dtype));
        if dtype.is_half() { math::widen(self, dtype, element) } else { element }
    }

    /// A constant from its bits.
    pub fn bits(&mut self, ty: Type, bits: u64) -> Register {
        self.push(Instruction::Constant(ty, bits), ty)
    }

    /// A number as a constant of `ty` (masks: whether it is not 0).
    pub fn constant(&mut self, ty: Type, number: f64) -> Register {
        let bits = match ty {
            Type::Mask => u64::from(number != 0.0),
            Type::I32 => number as i32 as u32 as u64,
            Type::I64 => number as i64 as u64,
            Type::F32 => (number as f32).to_bits() as u64,
            Type::F64 => number.to_bits(),
        };
        self.bits(ty, bits)
    }

    /// A constant of a graph; halves as `F32`, as they are loaded.
    pub fn value(&mut self, constant: Constant) -> Register {
        if constant.dtype.is_half() {
            return self.constant(Type::F32, constant.number());
        }
        self.bits(Type::of(constant.dtype), constant.bits)
    }

    /// A number as a constant of the type that `like` has.
    pub fn constant_like(&mut self, like: Register, number: f64) -> Register {
        self.constant(self.ty(like), number)
    }

    /// Half of this place's position number, as `I32`.
    pub fn position(&mut self, high: bool) -> Register {
        self.push(Instruction::Position { high }, Type::I32)
    }

    /// An instruction of one operand.
    pub fn unary(&mut self, operation: Unary, x: Register) -> Register {
        self.push(Instruction::Unary(operation, x), self.ty(x))
    }

    /// An instruction of two operands.
    pub fn binary(&mut self, operation: Binary, a: Register, b: Register) -> Register {
        self.push(Instruction::Binary(operation, a, b), self.ty(a))
    }

    /// `a + b`.
    pub fn add(&mut self, a: Register, b: Register) -> Register {
        self.binary(Binary::Add, a, b)
    }

    /// `a - b`.
    pub fn subtract(&mut self, a: Register, b: Register) -> Register {
        self.binary(Binary::Subtract, a, b)
    }

    /// `a * b`.
    pub fn multiply(&mut self, a: Register, b: Register) -> Register {
        self.binary(Binary::Multiply, a, b)
    }

    /// `a / b`.
    pub fn divide(&mut self, a: Register, b: Register) -> Register {
        self.binary(Binary::Divide, a, b)
    }

    /// `a * b + c`, floats only.
    pub fn multiply_add(&mut self, a: Register, b: Register, c: Register) -> Register {
        self.push(Instruction::MultiplyAdd(a, b, c), self.ty(a))
    }

    /// A comparison.
    pub fn compare(&mut self, comparison: Comparison, a: Register, b: Register) -> Register {
        self.push(Instruction::Compare(comparison, a, b), Type::Mask)
    }

    /// `a` where the mask holds, else `b`.
    pub fn select(&mut self, mask: Register, a: Register, b: Register) -> Register {
        self.push(Instruction::Select(mask, a, b), self.ty(a))
    }

    /// The same number as another type.
    pub fn convert(&mut self, x: Register, to: Type) -> Register {
        if self.ty(x) == to {
            return x;
        }
        self.push(Instruction::Convert(x, to), to)
    }

    /// The same bits as another type of the same width.
    pub fn reinterpret(&mut self, x: Register, to: Type) -> Register {
        if self.ty(x) == to {
            return x;
        }
        self.push(Instruction::Bits(x, to), to)
    }

    /// A function of double precision.
    pub fn call(&mut self, function: Function, x: Register) -> Register {
        self.push(Instruction::Call(function, x), Type::F64)
    }

    /// A function of two numbers in double precision.
    pub fn call_binary(&mut self, function: BinaryFunction, a: Register, b: Register) -> Register {
        self.push(Instruction::CallBinary(function, a, b), Type::F64)
    }

    /// The function of `x` where the mask holds, which is rare; `otherwise` elsewhere.
    pub fn call_where(&mut self, function: Function, mask: Register, x: Register, otherwise: Register) -> Register {
        self.push(Instruction::CallWhere(function, mask, x, otherwise), self.ty(otherwise))
    }

    fn push(&mut self, instruction: Instruction, ty: Type) -> Register {
        if let Some(&known) = self.known.get(&instruction) {
            return known;
        }
        let register = Register(self.kernel.body.len() as u32);
        self.kernel.body.push(instruction);
        self.types.push(ty);
        self.known.insert(instruction, register);
        register
    }
}
