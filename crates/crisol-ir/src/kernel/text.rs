//! The text form of a kernel, a line an instruction; see [`Builder`](super::Builder) for an example.

use super::{Instruction, Kernel, Role, Type};
use std::fmt;

impl fmt::Display for Kernel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("kernel(")?;
        for (number, input) in self.inputs.iter().enumerate() {
            let comma = if number == 0 { "" } else { ", " };
            write!(f, "{comma}in{number}: {} {}", input.dtype, lower(&input.access))?;
        }
        f.write_str(")\n")?;
        let types = self.types();
        for (index, instruction) in self.body.iter().enumerate() {
            write!(f, "  r{index}: {} = ", lower(&types[index]))?;
            match instruction {
                Instruction::Load(input) => write!(f, "load in{input}")?,
                Instruction::Constant(ty, bits) => match ty {
                    Type::F32 => write!(f, "constant {:?}", f32::from_bits(*bits as u32))?,
                    Type::F64 => write!(f, "constant {:?}", f64::from_bits(*bits))?,
                    Type::I32 => write!(f, "constant {}", *bits as i32)?,
                    Type::I64 => write!(f, "constant {}", *bits as i64)?,
                    Type::Mask => write!(f, "constant {}", *bits != 0)?,
                },
                Instruction::Position { high } => {
                    write!(f, "position {}", if *high { "high" } else { "low" })?;
                }
                Instruction::Unary(operation, x) => write!(f, "{} r{}", lower(operation), x.0)?,
                Instruction::Binary(operation, a, b) => {
                    write!(f, "{} r{}, r{}", lower(operation), a.0, b.0)?;
                }
                Instruction::MultiplyAdd(a, b, c) => {
                    write!(f, "multiply-add r{}, r{}, r{}", a.0, b.0, c.0)?;
                }
                Instruction::Compare(comparison, a, b) => {
                    write!(f, "{} r{}, r{}", lower(comparison), a.0, b.0)?;
                }
                Instruction::Select(mask, a, b) => {
                    write!(f, "select r{}, r{}, r{}", mask.0, a.0, b.0)?;
                }
                Instruction::Convert(x, _) => write!(f, "convert r{}", x.0)?,
                Instruction::Bits(x, _) => write!(f, "bits r{}", x.0)?,
                Instruction::Call(function, x) => write!(f, "call {} r{}", lower(function), x.0)?,
                Instruction::CallBinary(function, a, b) => {
                    write!(f, "call {} r{}, r{}", lower(function), a.0, b.0)?;
                }
                Instruction::CallWhere(function, mask, x, otherwise) => {
                    write!(f, "call-where {} r{}, r{}, r{}", lower(function), mask.0, x.0, otherwise.0)?;
                }
            }
            f.write_str("\n")?;
        }
        for output in &self.outputs {
            let (value, dtype) = (output.value.0, output.dtype);
            match output.role {
                Role::Store(access) => writeln!(f, "  store r{value} as {dtype} {}", lower(&access))?,
                Role::ReduceColumns(by) => writeln!(f, "  reduce-columns {} r{value} as {dtype}", lower(&by))?,
                Role::ReduceRows(by) => writeln!(f, "  reduce-rows {} r{value} as {dtype}", lower(&by))?,
            }
        }
        Ok(())
    }
}

/// `MultiplyHighUnsigned` as `multiply-high-unsigned`.
fn lower(name: &impl fmt::Debug) -> String {
    let mut text = String::new();
    for (index, letter) in format!("{name:?}").chars().enumerate() {
        if letter.is_uppercase() && index > 0 {
            text.push('-');
        }
        text.push(letter.to_ascii_lowercase());
    }
    text
}
