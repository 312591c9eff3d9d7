//! The instructions of a body.

use super::assembler::{Lanes, Operand, Vector};
use super::isa::Isa;
use super::registers::Kind;
use super::{KAND, KANDN, KNOT, KOR, KXOR, SCRATCH, Wide};
use crisol_ir::kernel::{Binary, Comparison, Instruction, Type, Unary};

impl Wide<'_> {
    /// Computes what the outputs need, at the present columns. Loads and constants wait for their first use.
    pub(super) fn body(&mut self) {
        let kernel = self.kernel;
        for (index, instruction) in kernel.body.iter().enumerate() {
            self.now = index;
            if self.live[index] && self.roots[index] == index {
                self.instruction(index, instruction);
                self.end_instruction();
            }
        }
        // An output may lie over an input: what is stored as it was loaded is read before anything is written.
        self.now = kernel.body.len();
        for output in &kernel.outputs {
            let value = self.value(output.value);
            if matches!(kernel.body[value], Instruction::Load(_)) {
                match self.kind(value) {
                    Kind::Vector => self.vector(value),
                    Kind::Mask => self.mask(value),
                };
                self.unlock();
            }
        }
    }

    fn instruction(&mut self, index: usize, instruction: &Instruction) {
        match *instruction {
            Instruction::Load(_) | Instruction::Constant(..) | Instruction::Bits(..) => {}
            Instruction::Position { high } => self.position(index, high),
            Instruction::Unary(operation, x) => self.unary(index, operation, self.value(x)),
            Instruction::Binary(operation, a, b) => {
                let (a, b) = (self.value(a), self.value(b));
                match operation {
                    _ if self.kind(a) == Kind::Mask => self.binary_of_masks(index, operation, a, b),
                    Binary::ShiftLeft | Binary::ShiftRightUnsigned | Binary::ShiftRightSigned => {
                        self.shift(index, operation, a, b);
                    }
                    Binary::MultiplyHighUnsigned => self.multiply_high(index, a, b),
                    _ => self.binary(index, operation, self.types[instruction.operands()[0].index()], a, b),
                }
            }
            Instruction::MultiplyAdd(a, b, c) => self.multiply_add(index, self.value(a), self.value(b), self.value(c)),
            Instruction::Compare(comparison, a, b) => {
                let float = self.types[a.index()].is_float();
                self.compare(index, comparison, float, self.value(a), self.value(b));
            }
            Instruction::Select(mask, a, b) => self.select(index, self.value(mask), self.value(a), self.value(b)),
            Instruction::Convert(x, to) => self.convert(index, self.types[x.index()], to, self.value(x)),
            Instruction::Call(..) | Instruction::CallBinary(..) | Instruction::CallWhere(..) => {
                self.call_out(index, instruction);
            }
        }
    }

    fn unary(&mut self, index: usize, operation: Unary, x: usize) {
        if self.kind(x) == Kind::Mask {
            let mask = self.mask(x);
            let result = self.define(index);
            return self.code.vex(KNOT, result, 0, Operand::Register(mask), None);
        }
        let float = self.types[index].is_float();
        let sign = if self.long { 1u64 << 63 } else { 1 << 31 };
        match operation {
            Unary::SquareRoot => {
                let operand = self.operand(x);
                let result = self.define(index);
                let what = self.float(0x51);
                self.issue(what, result, 0, operand);
            }
            Unary::Floor | Unary::Ceil | Unary::Round => {
                let operand = self.operand(x);
                let result = self.define(index);
                let what = self.integer(3, if self.long { 0x09 } else { 0x08 });
                // The lower bits are the direction, 8 keeps the flags.
                let number = match operation {
                    Unary::Floor => 9,
                    Unary::Ceil => 10,
                    _ => 8,
                };
                self.issue_with(what, result, 0, operand, number);
            }
            Unary::Negate if !float => {
                let zero = self.zero();
                let operand = self.operand(x);
                let result = self.define(index);
                let what = self.integer(1, if self.long { 0xfb } else { 0xfa });
                self.issue(what, result, zero, operand);
            }
            Unary::Negate => self.with_constant(index, 0xef, x, sign),
            Unary::Absolute => self.with_constant(index, 0xdb, x, !sign),
            Unary::Not => self.with_constant(index, 0xef, x, u64::MAX),
        }
    }

    /// Bits of a value combined with those of a constant.
    fn with_constant(&mut self, index: usize, opcode: u8, x: usize, bits: u64) {
        let number = self.vector(x);
        let constant = self.constant_operand(bits);
        let result = self.define(index);
        let what = self.integer(1, opcode);
        self.issue(what, result, number, constant);
    }

    fn binary(&mut self, index: usize, operation: Binary, ty: Type, a: usize, b: usize) {
        let what = if ty.is_float() {
            self.float(match operation {
                Binary::Add => 0x58,
                Binary::Subtract => 0x5c,
                Binary::Multiply => 0x59,
                Binary::Divide => 0x5e,
                // Both give their second operand where one is NaN, or both are zeros.
                Binary::Minimum => 0x5d,
                _ => 0x5f,
            })
        } else {
            let (map, opcode) = match (operation, self.long) {
                (Binary::Add, false) => (1, 0xfe),
                (Binary::Add, true) => (1, 0xd4),
                (Binary::Subtract, false) => (1, 0xfa),
                (Binary::Subtract, true) => (1, 0xfb),
                (Binary::Multiply, _) => (2, 0x40),
                (Binary::Minimum, _) => (2, 0x39),
                (Binary::Maximum, _) => (2, 0x3d),
                (Binary::And, _) => (1, 0xdb),
                (Binary::Or, _) => (1, 0xeb),
                _ => (1, 0xef),
            };
            self.integer(map, opcode)
        };
        // A constant goes where it can be read from memory. (Sums with two NaN give either.)
        let commutes = matches!(operation, Binary::Add | Binary::Multiply | Binary::And | Binary::Or | Binary::Xor);
        let (a, b) = if commutes && self.is_invariant(a) { (b, a) } else { (a, b) };
        let first = self.vector(a);
        let second = self.operand(b);
        let result = self.define(index);
        self.issue(what, result, first, second);
    }

    fn binary_of_masks(&mut self, index: usize, operation: Binary, a: usize, b: usize) {
        let (first, second) = (self.mask(a), self.mask(b));
        let result = self.define(index);
        let what = match operation {
            Binary::And => KAND,
            Binary::Or => KOR,
            _ => KXOR,
        };
        self.code.vex(what, result, first, Operand::Register(second), None);
    }

    /// Counts are modulo the width; the instructions' are not.
    fn shift(&mut self, index: usize, operation: Binary, a: usize, count: usize) {
        let last = if self.long { 63 } else { 31 };
        if let Instruction::Constant(_, bits) = self.kernel.body[count] {
            let (opcode, extension) = match (operation, self.long) {
                (Binary::ShiftLeft, false) => (0x72, 6),
                (Binary::ShiftLeft, true) => (0x73, 6),
                (Binary::ShiftRightUnsigned, false) => (0x72, 2),
                (Binary::ShiftRightUnsigned, true) => (0x73, 2),
                _ => (0x72, 4),
            };
            let operand = match self.isa {
                Isa::Avx2 => Operand::Register(self.vector(a)),
                Isa::Avx512 => self.operand(a),
            };
            let result = self.define(index);
            let what = self.integer(1, opcode);
            return self.issue_with(what, extension, result, operand, (bits & last) as u8);
        }
        let (first, second) = (self.vector(a), self.vector(count));
        let modulo = self.temporary(Kind::Vector);
        let last = self.constant_operand(last);
        let and = self.integer(1, 0xdb);
        self.issue(and, modulo, second, last);
        let result = self.define(index);
        let what = self.integer(
            2,
            match operation {
                Binary::ShiftLeft => 0x47,
                Binary::ShiftRightUnsigned => 0x45,
                _ => 0x46,
            },
        );
        self.issue(what, result, first, Operand::Register(modulo));
    }

    /// The upper halves of products of 32 bits: even lanes and odd ones are multiplied apart.
    fn multiply_high(&mut self, index: usize, a: usize, b: usize) {
        let (first, second) = (self.vector(a), self.vector(b));
        let (odd, other) = (self.temporary(Kind::Vector), self.temporary(Kind::Vector));
        let result = self.define_apart(index);
        let isa = self.isa;
        let quad = |opcode| isa.vector(1, 1, true, opcode);
        let (multiply, right) = (quad(0xf4), quad(0x73));
        self.issue_with(right, 2, odd, Operand::Register(first), 32);
        self.issue_with(right, 2, other, Operand::Register(second), 32);
        self.issue(multiply, odd, odd, Operand::Register(other));
        self.issue(multiply, result, first, Operand::Register(second));
        self.issue_with(right, 2, result, Operand::Register(result), 32);
        if self.isa == Isa::Avx2 {
            // The odd lanes of `odd`.
            let blend = isa.vector(1, 3, false, 0x02);
            return self.issue_with(blend, result, result, Operand::Register(odd), 0xaa);
        }
        // result | odd & upper halves.
        let upper = self.code.constant(&0xffff_ffff_0000_0000u64.to_le_bytes());
        let ternary = Vector { map: 3, opcode: 0x25, ..multiply };
        self.issue_with(ternary, result, odd, Operand::Everywhere(upper), 0xf8);
    }

    /// `a * b + c`: the instruction writes over one of its operands, best one that is not used again.
    fn multiply_add(&mut self, index: usize, a: usize, b: usize, c: usize) {
        let what = |opcode| self.integer(2, opcode);
        // result = second * result + third, and result = second * third + result.
        let (times_plus, plus_times) = (what(0xa8), what(0xb8));
        // Constants go where they can be read from memory.
        let (a, b) = if self.is_invariant(a) { (b, a) } else { (a, b) };
        let (first, second) = if self.is_invariant(c) {
            let second = self.vector(b);
            (self.vector(a), (times_plus, second, self.operand(c)))
        } else {
            let (sum, first) = (self.vector(c), self.vector(a));
            (sum, (plus_times, first, self.operand(b)))
        };
        let over = if self.is_invariant(c) { a } else { c };
        let result = match self.define_over(index, over) {
            Some(result) => result,
            None => {
                let result = self.define_apart(index);
                self.move_in(result, Operand::Register(first));
                result
            }
        };
        let (what, second, third) = second;
        self.issue(what, result, second, third);
    }

    fn select(&mut self, index: usize, mask: usize, a: usize, b: usize) {
        let mask = self.mask(mask);
        if self.kind(a) == Kind::Mask {
            let (first, second) = (self.mask(a), self.mask(b));
            self.code.vex(KANDN, SCRATCH, mask, Operand::Register(second), None);
            let result = self.define_apart(index);
            self.code.vex(KAND, result, mask, Operand::Register(first), None);
            return self.code.vex(KOR, result, result, Operand::Register(SCRATCH), None);
        }
        let zero = |value: usize| matches!(self.kernel.body[value], Instruction::Constant(_, 0));
        if self.isa == Isa::Avx2 {
            return self.select_lanes(index, mask, (a, zero(a)), (b, zero(b)));
        }
        if zero(b) {
            let operand = self.operand(a);
            let result = self.define(index);
            let lanes = Lanes { mask, zero: true };
            if let Operand::Everywhere(memory) = operand {
                return self.broadcast_where(result, memory, lanes);
            }
            let what = self.float(0x10);
            return self.code.evex(what, lanes, result, 0, operand, None);
        }
        let otherwise = self.vector(b);
        let chosen = self.operand(a);
        let result = self.define(index);
        let blend = self.integer(2, 0x65);
        self.code.evex(blend, Lanes { mask, zero: false }, result, otherwise, chosen, None);
    }

    fn convert(&mut self, index: usize, from: Type, to: Type, x: usize) {
        match (from, to) {
            (_, Type::Mask) if from.is_float() => {
                let zero = self.zero();
                let operand = self.operand(x);
                let result = self.define(index);
                let (what, number) = self.comparison(Comparison::NotEqual);
                self.issue_with(what, result, zero, operand, number);
            }
            (_, Type::Mask) => {
                let number = self.vector(x);
                let result = self.define(index);
                if self.isa == Isa::Avx2 {
                    return self.is_not_zero(result, number);
                }
                let test = self.integer(2, 0x27);
                self.issue(test, result, number, Operand::Register(number));
            }
            (Type::Mask, _) => {
                let mask = self.mask(x);
                let one = match to {
                    Type::F32 => 1f32.to_bits().into(),
                    Type::F64 => 1f64.to_bits(),
                    _ => 1,
                };
                if self.isa == Isa::Avx2 {
                    let one = self.constant_operand(one);
                    let result = self.define(index);
                    return self.and(result, mask, one);
                }
                let one = self.constant(one);
                let result = self.define(index);
                self.broadcast_where(result, one, Lanes { mask, zero: true });
            }
            _ if from.is_float() => self.truncate(index, x),
            _ => {
                let operand = self.operand(x);
                let result = self.define(index);
                // Of 32 bits without a prefix, of 64 with F3.
                let what = if self.long { Vector { prefix: 2, ..self.float(0xe6) } } else { self.float(0x5b) };
                self.issue(what, result, 0, operand);
            }
        }
    }

    /// Towards zero, saturating, NaN to 0: the instruction gives the lowest number for all that do not fit.
    fn truncate(&mut self, index: usize, x: usize) {
        let number = self.vector(x);
        let result = self.define_apart(index);
        if self.isa == Isa::Avx2 {
            return self.truncate_singles(result, number);
        }
        let (what, bound, highest) = if self.long {
            (Vector { prefix: 1, ..self.float(0x7a) }, (2f64.powi(63)).to_bits(), i64::MAX as u64)
        } else {
            (Vector { prefix: 2, ..self.float(0x5b) }, u64::from((2f32.powi(31)).to_bits()), i32::MAX as u64)
        };
        self.issue(what, result, 0, Operand::Register(number));
        let (bound, highest) = (self.constant(bound), self.constant(highest));
        let (compare, above) = self.comparison(Comparison::GreaterEqual);
        self.issue_with(compare, SCRATCH, number, Operand::Everywhere(bound), above);
        self.broadcast_where(result, highest, Lanes { mask: SCRATCH, zero: false });
        self.issue_with(compare, SCRATCH, number, Operand::Register(number), ORDERED);
        let what = self.float(0x10);
        self.code.evex(what, Lanes { mask: SCRATCH, zero: true }, result, 0, Operand::Register(result), None);
    }

    fn compare(&mut self, index: usize, comparison: Comparison, float: bool, a: usize, b: usize) {
        let first = self.vector(a);
        if !float && self.isa == Isa::Avx2 {
            let second = self.vector(b);
            let result = self.define(index);
            return self.compare_integers(result, comparison, first, second);
        }
        let second = self.operand(b);
        let result = self.define(index);
        if float {
            let (what, number) = self.comparison(comparison);
            return self.issue_with(what, result, first, second, number);
        }
        let number = match comparison {
            Comparison::Equal => 0,
            Comparison::NotEqual => 4,
            Comparison::Less => 1,
            Comparison::LessEqual => 2,
            Comparison::Greater => 6,
            Comparison::GreaterEqual => 5,
        };
        let what = self.integer(3, 0x1f);
        self.issue_with(what, result, first, second, number);
    }

    /// The instruction of a comparison of floats and its number there.
    pub(super) fn comparison(&self, comparison: Comparison) -> (Vector, u8) {
        let number = match comparison {
            Comparison::Equal => 0x00,
            Comparison::NotEqual => 0x04,
            Comparison::Less => 0x11,
            Comparison::LessEqual => 0x12,
            Comparison::Greater => 0x1e,
            Comparison::GreaterEqual => 0x1d,
        };
        (self.float(0xc2), number)
    }

    /// A vector of zeros.
    fn zero(&mut self) -> u8 {
        let number = self.temporary(Kind::Vector);
        let xor = self.integer(1, 0xef);
        self.issue(xor, number, number, Operand::Register(number));
        number
    }

    /// Whether a value is the same in all of a row, and can be read from memory at each use.
    fn is_invariant(&self, value: usize) -> bool {
        matches!(self.kernel.body[value], Instruction::Constant(..)) || self.is_broadcast(value)
    }
}

/// The comparison that holds where neither operand is NaN.
pub(super) const ORDERED: u8 = 7;
