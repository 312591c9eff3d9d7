//! The kernel verifier: operands stand before their uses and have the types that instructions take.

use super::{Access, Binary, Instruction, Kernel, Register, Role, Type, Unary};
use crate::error::{Error, ErrorKind, Result};

impl Kernel {
    /// The type of every register.
    ///
    /// Defined for any kernel that passes [`Kernel::verify`]; operands of others are taken as `I32`.
    pub fn types(&self) -> Vec<Type> {
        let mut types: Vec<Type> = Vec::with_capacity(self.body.len());
        let of = |types: &[Type], x: Register| types.get(x.index()).copied().unwrap_or(Type::I32);
        for instruction in &self.body {
            let ty = match *instruction {
                Instruction::Load(input) => {
                    self.inputs.get(input as usize).map_or(Type::I32, |input| Type::of(input.dtype))
                }
                Instruction::Constant(ty, _) | Instruction::Convert(_, ty) | Instruction::Bits(_, ty) => ty,
                Instruction::Position { .. } => Type::I32,
                Instruction::Unary(_, x)
                | Instruction::Binary(_, x, _)
                | Instruction::MultiplyAdd(x, _, _)
                | Instruction::Select(_, x, _)
                | Instruction::CallWhere(_, _, _, x) => of(&types, x),
                Instruction::Compare(..) => Type::Mask,
                Instruction::Call(..) | Instruction::CallBinary(..) => Type::F64,
            };
            types.push(ty);
        }
        types
    }

    /// Checks order and types.
    ///
    /// # Errors
    /// The first instruction or output that breaks a rule, with the kernel's text.
    pub fn verify(&self) -> Result<()> {
        let types = self.types();
        for (index, instruction) in self.body.iter().enumerate() {
            let operands = instruction.operands();
            if operands.iter().any(|operand| operand.index() >= index) {
                return self.wrong(format!("r{index} uses a register that does not stand before it"));
            }
            let operand_types: Vec<Type> = operands.iter().map(|x| types[x.index()]).collect();
            if let Instruction::Load(input) = instruction
                && *input as usize >= self.inputs.len()
            {
                return self.wrong(format!("r{index} loads argument {input}, which does not exist"));
            }
            if !instruction.accepts(&operand_types) {
                return self.wrong(format!("r{index} does not take operands of {operand_types:?}"));
            }
        }
        for output in &self.outputs {
            let Some(&ty) = types.get(output.value.index()) else {
                return self.wrong("an output names a register that does not exist".to_string());
            };
            if ty != Type::of(output.dtype) {
                return self.wrong(format!("a {ty:?} is written as {}", output.dtype));
            }
            let fits = match output.role {
                Role::Store(access) => access != Access::Broadcast,
                Role::ReduceColumns(_) | Role::ReduceRows(_) => ty != Type::Mask && !output.dtype.is_half(),
            };
            if !fits {
                return self.wrong(format!("r{} cannot be written by {:?}", output.value.0, output.role));
            }
        }
        Ok(())
    }

    fn wrong(&self, message: String) -> Result<()> {
        Err(Error::new(ErrorKind::Internal, format!("{message}, in\n{self}")))
    }
}

impl Instruction {
    /// The registers it reads.
    pub fn operands(&self) -> smallvec::SmallVec<[Register; 3]> {
        match *self {
            Instruction::Load(_) | Instruction::Constant(..) | Instruction::Position { .. } => {
                smallvec::smallvec![]
            }
            Instruction::Unary(_, x)
            | Instruction::Convert(x, _)
            | Instruction::Bits(x, _)
            | Instruction::Call(_, x) => smallvec::smallvec![x],
            Instruction::Binary(_, a, b) | Instruction::Compare(_, a, b) | Instruction::CallBinary(_, a, b) => {
                smallvec::smallvec![a, b]
            }
            Instruction::MultiplyAdd(a, b, c) | Instruction::Select(a, b, c) | Instruction::CallWhere(_, a, b, c) => {
                smallvec::smallvec![a, b, c]
            }
        }
    }

    fn accepts(&self, operands: &[Type]) -> bool {
        match (*self, operands) {
            (Instruction::Load(_) | Instruction::Constant(..) | Instruction::Position { .. }, _) => true,
            (Instruction::Unary(operation, _), [x]) => match operation {
                Unary::Negate => *x != Type::Mask,
                Unary::Not => !x.is_float(),
                _ => x.is_float(),
            },
            (Instruction::Binary(operation, ..), [a, b]) => {
                a == b
                    && match operation {
                        Binary::And | Binary::Or | Binary::Xor => !a.is_float(),
                        Binary::ShiftLeft | Binary::ShiftRightUnsigned | Binary::ShiftRightSigned => {
                            matches!(a, Type::I32 | Type::I64)
                        }
                        Binary::MultiplyHighUnsigned => *a == Type::I32,
                        _ => *a != Type::Mask,
                    }
            }
            (Instruction::MultiplyAdd(..), [a, b, c]) => a == b && b == c && a.is_float(),
            (Instruction::Compare(..), [a, b]) => a == b && *a != Type::Mask,
            (Instruction::Select(..), [mask, a, b]) => *mask == Type::Mask && a == b,
            (Instruction::Convert(..), [_]) => true,
            (Instruction::Bits(_, to), [from]) => matches!(
                (from, to),
                (Type::I32, Type::F32) | (Type::F32, Type::I32) | (Type::I64, Type::F64) | (Type::F64, Type::I64)
            ),
            (Instruction::Call(..), [x]) => *x == Type::F64,
            (Instruction::CallBinary(..), [a, b]) => *a == Type::F64 && *b == Type::F64,
            (Instruction::CallWhere(..), [mask, x, other]) => *mask == Type::Mask && x == other && x.is_float(),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::DType;
    use crate::kernel::*;

    #[test]
    fn mixed_types_and_forward_uses_are_caught() {
        let mut builder = Builder::new();
        let a = builder.constant(Type::F32, 1.0);
        let b = builder.constant(Type::I32, 1.0);
        builder.add(a, b);
        let error = builder.finish().verify().unwrap_err().to_string();
        assert!(error.contains("r2 does not take operands of [F32, I32]"), "{error}");

        let kernel = Kernel { body: vec![Instruction::Unary(Unary::Negate, Register(0))], ..Kernel::default() };
        assert!(kernel.verify().unwrap_err().to_string().contains("does not stand before it"));
    }

    #[test]
    fn outputs_must_match_their_register() {
        let mut builder = Builder::new();
        let a = builder.constant(Type::F32, 1.0);
        builder.output(a, DType::I32, Role::Store(Access::Contiguous));
        assert!(builder.finish().verify().is_err());
    }
}
