//! What AVX-512 does with masks, embedded broadcasts and narrowing moves, in the several instructions that it takes AVX2.
//!
//! A truth value is a vector whose lanes are all ones or all zeros. Two vectors hold no values, so that these sequences
//! have room.
//!
//! | module | what lives there |
//! | --- | --- |
//! | `memory` | elements between memory and registers, and the last columns |

mod memory;

use super::Wide;
use super::assembler::{Condition, Label, Operand, RAX, Vector};
use super::body::ORDERED;
use super::isa::Isa;
use super::reduce::UNORDERED;
use crisol_ir::kernel::{Binary, Comparison, Instruction, Kernel, Role, Type};
use crisol_ir::primitive::Reduction;

/// For a second operand, or a mask.
const SPARE: u8 = 0;
/// For a result before it is merged or stored.
const RESULT: u8 = 1;

/// Whether AVX2 has all of a body's instructions: some on integers of 64 bits are missing.
pub(super) fn knows(kernel: &Kernel, types: &[Type], live: &[bool]) -> bool {
    kernel.body.iter().zip(live).all(|(instruction, live)| {
        !live
            || match *instruction {
                Instruction::Binary(
                    Binary::Multiply | Binary::Minimum | Binary::Maximum | Binary::ShiftRightSigned,
                    x,
                    _,
                ) => types[x.index()] != Type::I64,
                Instruction::Convert(x, to) => {
                    let both = [types[x.index()], to];
                    both != [Type::I64, Type::F64] && both != [Type::F64, Type::I64]
                }
                _ => true,
            }
    }) && kernel.outputs.iter().all(|output| match output.role {
        Role::Store(_) | Role::ReduceColumns(Reduction::Sum) | Role::ReduceRows(Reduction::Sum) => true,
        Role::ReduceColumns(_) | Role::ReduceRows(_) => types[output.value.index()] != Type::I64,
    })
}

/// An instruction on vectors of 32 bytes.
fn whole(prefix: u8, map: u8, w: bool, opcode: u8) -> Vector {
    Isa::Avx2.vector(prefix, map, w, opcode)
}

/// An instruction on vectors of 16 bytes. (How many it moves counts in EVEX forms alone.)
fn half(prefix: u8, map: u8, w: bool, opcode: u8) -> Vector {
    Vector { length: 0, ..whole(prefix, map, w, opcode) }
}

impl Wide<'_> {
    /// `to = first op operand`.
    fn vex(&mut self, what: Vector, to: u8, first: u8, operand: Operand) {
        self.code.vex(what, to, first, operand, None);
    }

    /// The same with a number.
    fn vex_with(&mut self, what: Vector, to: u8, first: u8, operand: Operand, number: u8) {
        self.code.vex(what, to, first, operand, Some(number));
    }

    /// `to = if mask { chosen } else { otherwise }`.
    pub(super) fn blend(&mut self, to: u8, mask: u8, chosen: Operand, otherwise: u8) {
        self.vex_with(whole(1, 3, false, 0x4a), to, otherwise, chosen, mask << 4);
    }

    /// `to = a & b`.
    pub(super) fn and(&mut self, to: u8, a: u8, b: Operand) {
        self.vex(whole(1, 1, false, 0xdb), to, a, b);
    }

    /// `to = !a & b`.
    pub(super) fn and_not(&mut self, to: u8, a: u8, b: Operand) {
        self.vex(whole(1, 1, false, 0xdf), to, a, b);
    }

    /// What [`Wide::select`] does, of operands with whether they are the constant 0.
    pub(super) fn select_lanes(&mut self, index: usize, mask: u8, a: (usize, bool), b: (usize, bool)) {
        if b.1 {
            let chosen = self.operand(a.0);
            let result = self.define(index);
            return self.and(result, mask, chosen);
        }
        if a.1 {
            let otherwise = self.operand(b.0);
            let result = self.define(index);
            return self.and_not(result, mask, otherwise);
        }
        let otherwise = self.vector(b.0);
        let chosen = self.operand(a.0);
        let result = self.define(index);
        self.blend(result, mask, chosen, otherwise);
    }

    /// A comparison of integers: there are only "equal" and "greater".
    pub(super) fn compare_integers(&mut self, result: u8, comparison: Comparison, a: u8, b: u8) {
        let opposite = match comparison {
            Comparison::Equal | Comparison::Less | Comparison::Greater => false,
            Comparison::NotEqual | Comparison::LessEqual | Comparison::GreaterEqual => true,
        };
        let (map, opcode) = match (comparison, self.long) {
            (Comparison::Equal | Comparison::NotEqual, false) => (1, 0x76),
            (Comparison::Equal | Comparison::NotEqual, true) => (2, 0x29),
            (_, false) => (1, 0x66),
            (_, true) => (2, 0x37),
        };
        let turned = matches!(comparison, Comparison::Less | Comparison::GreaterEqual);
        let (a, b) = if turned { (b, a) } else { (a, b) };
        self.vex(whole(1, map, false, opcode), result, a, Operand::Register(b));
        if opposite {
            let ones = self.constant_operand(u64::MAX);
            self.vex(whole(1, 1, false, 0xef), result, result, ones);
        }
    }

    /// `result = x != 0`, of integers.
    pub(super) fn is_not_zero(&mut self, result: u8, x: u8) {
        self.zero_spare();
        self.compare_integers(result, Comparison::NotEqual, x, SPARE);
    }

    fn zero_spare(&mut self) {
        self.vex(whole(1, 1, false, 0xef), SPARE, SPARE, Operand::Register(SPARE));
    }

    /// What [`Wide::truncate`] does: `result` is apart from `x`.
    pub(super) fn truncate_singles(&mut self, result: u8, x: u8) {
        self.vex(whole(2, 1, false, 0x5b), result, 0, Operand::Register(x));
        let bound = self.constant_operand(u64::from((2f32.powi(31)).to_bits()));
        let highest = self.constant_operand(i32::MAX as u64);
        let (compare, above) = self.comparison(Comparison::GreaterEqual);
        self.vex_with(compare, SPARE, x, bound, above);
        self.blend(result, SPARE, highest, result);
        self.vex_with(compare, SPARE, x, Operand::Register(x), ORDERED);
        self.and(result, result, Operand::Register(SPARE));
    }

    /// Puts a number of 32 bits from RAX into all lanes.
    pub(super) fn broadcast_rax(&mut self, number: u8) {
        self.vex(half(1, 1, false, 0x6e), number, 0, Operand::Register(RAX.0));
        self.vex(whole(1, 2, false, 0x58), number, 0, Operand::Register(number));
    }

    /// What [`Wide::combine`] does.
    pub(super) fn combine_lanes(&mut self, what: Vector, nan_stays: bool, acc: u8, x: Operand) {
        if !nan_stays && !self.tail {
            return self.vex(what, acc, acc, x);
        }
        self.vex(what, RESULT, acc, x);
        if nan_stays {
            self.vex_with(self.float(0xc2), SPARE, acc, Operand::Register(acc), UNORDERED);
            let to = if self.tail { RESULT } else { acc };
            self.blend(to, SPARE, Operand::Register(acc), RESULT);
        }
        if self.tail {
            self.merge(acc);
        }
    }

    /// What [`Wide::combine_watched`] does; `met` are lanes that have met a NaN.
    pub(super) fn combine_lanes_watched(&mut self, what: Vector, acc: u8, x: u8, met: u8) {
        self.vex_with(self.float(0xc2), SPARE, x, Operand::Register(x), UNORDERED);
        if self.tail {
            let inside = Operand::Memory(self.tail_mask());
            self.and(SPARE, SPARE, inside);
        }
        self.vex(whole(1, 1, false, 0xeb), met, met, Operand::Register(SPARE));
        self.combine_lanes(what, false, acc, Operand::Register(x));
    }

    /// Takes over the lanes of RESULT that count.
    fn merge(&mut self, acc: u8) {
        self.tail_mask_to_spare();
        self.blend(acc, SPARE, Operand::Register(RESULT), acc);
    }

    /// Moves lanes down by so many, a power of two, in those that a reduction still looks at.
    pub(super) fn move_down(&mut self, to: u8, from: u8, lanes: u8) {
        let (operand, bytes) = (Operand::Register(from), usize::from(lanes) * self.lane_bytes());
        match bytes {
            16 => self.vex_with(whole(1, 3, false, 0x06), to, from, operand, 1),
            8 => self.vex_with(whole(1, 3, false, 0x04), to, 0, operand, 0x4e),
            _ => self.vex_with(whole(1, 3, false, 0x04), to, 0, operand, 0xb1),
        }
    }

    /// Bits of the lanes where a mask holds, in RAX, and a jump where it holds nowhere.
    pub(super) fn lanes_to_rax(&mut self, mask: u8, nowhere: Label) {
        let what = whole(u8::from(self.long), 1, false, 0x50);
        self.vex(what, RAX.0, 0, Operand::Register(mask));
        self.code.general(false, &[0x85], RAX.0, Operand::Register(RAX.0));
        self.code.jump_if(Condition::Equal, nowhere);
    }
}
