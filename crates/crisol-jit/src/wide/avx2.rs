//! What AVX-512 does with masks, embedded broadcasts and narrowing moves, in the several instructions that it takes AVX2.
//!
//! A truth value is a vector whose lanes are all ones or all zeros. Two vectors hold no values, so that these sequences
//! have room. Columns behind the row's end are kept out by masked moves where elements have 32 or 64 bits; narrower ones
//! go through the stack one by one.

use super::assembler::{Condition, Label, Memory, Operand, RAX, RDI, RDX, RSI, Vector};
use super::body::ORDERED;
use super::isa::Isa;
use super::reduce::UNORDERED;
use super::{Local, Wide};
use crisol_ir::DType;
use crisol_ir::kernel::{Binary, Call, Comparison, Instruction, Kernel, Type};
use crisol_ir::primitive::Reduction;
use std::mem::offset_of;

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
    }) && kernel.outputs.iter().all(|output| {
        use crisol_ir::kernel::Role::{ReduceColumns, ReduceRows, Store};
        match output.role {
            Store(_) | ReduceColumns(Reduction::Sum) | ReduceRows(Reduction::Sum) => true,
            ReduceColumns(_) | ReduceRows(_) => types[output.value.index()] != Type::I64,
        }
    })
}

/// An instruction on vectors of 32 bytes.
fn whole(prefix: u8, map: u8, w: bool, opcode: u8) -> Vector {
    Isa::Avx2.vector(prefix, map, w, opcode)
}

/// An instruction on vectors of 16 bytes.
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

    /// Keeps the mask of the lanes that are among the RDX next columns, and their number.
    pub(super) fn set_tail(&mut self) {
        let lanes = self.lanes();
        let bytes: Vec<u8> =
            (0..lanes as u64).flat_map(|lane| lane.to_le_bytes()[..self.lane_bytes()].to_vec()).collect();
        let numbers = self.code.constant(&bytes);
        let (broadcast, map, greater) = if self.long { (0x59, 2, 0x37) } else { (0x58, 1, 0x66) };
        self.vex(half(1, 1, true, 0x6e), SPARE, 0, Operand::Register(RDX.0));
        self.vex(whole(1, 2, false, broadcast), SPARE, 0, Operand::Register(SPARE));
        self.vex(whole(1, map, false, greater), SPARE, SPARE, Operand::Memory(numbers));
        self.store_tail();
        // RDX = min(RDX, lanes): the comparison decides a move.
        self.code.set_number(RAX, lanes as u64);
        self.code.compare(RDX, RAX);
        self.code.general(true, &[0x0f, 0x47], RDX.0, Operand::Register(RAX.0));
        self.code.store(self.local(Local::Left), RDX);
    }

    /// Makes the first lane the only one.
    pub(super) fn set_first_lane(&mut self) {
        let mut bytes = [0; 32];
        bytes[..self.lane_bytes()].fill(0xff);
        let mask = self.code.constant(&bytes);
        self.vex(whole(0, 1, false, 0x10), SPARE, 0, Operand::Memory(mask));
        self.store_tail();
        self.code.set_number(RAX, 1);
        self.code.store(self.local(Local::Left), RAX);
    }

    fn store_tail(&mut self) {
        let to = Operand::Memory(self.tail_slot());
        self.vex(whole(0, 1, false, 0x11), SPARE, 0, to);
    }

    /// Reads the mask of the lanes that count.
    fn tail_to_spare(&mut self) {
        let from = Operand::Memory(self.tail_slot());
        self.vex(whole(0, 1, false, 0x10), SPARE, 0, from);
    }

    fn tail_slot(&self) -> Memory {
        self.slot(self.tail_slot.unwrap_or_default())
    }

    /// What [`Wide::load_from`] does.
    pub(super) fn load_elements(&mut self, number: u8, memory: Memory, dtype: DType) {
        if dtype.size() == self.lane_bytes() {
            if self.tail {
                self.tail_to_spare();
                return self.vex(whole(1, 2, self.long, 0x8c), number, SPARE, Operand::Memory(memory));
            }
            return self.vex(whole(0, 1, false, 0x10), number, 0, Operand::Memory(memory));
        }
        let memory = if self.tail { self.copy_in(memory, dtype.size()) } else { memory };
        let opcode = match (dtype.size(), self.long) {
            (2, _) => 0x33,
            (_, false) => 0x31,
            (_, true) => 0x32,
        };
        self.vex(whole(1, 2, false, opcode), number, 0, Operand::Memory(memory));
    }

    /// What [`Wide::store_to`] does.
    pub(super) fn store_elements(&mut self, memory: Memory, dtype: DType, number: u8) {
        if dtype.size() == self.lane_bytes() {
            if self.tail {
                self.tail_to_spare();
                return self.vex(whole(1, 2, self.long, 0x8e), number, SPARE, Operand::Memory(memory));
            }
            return self.vex(whole(0, 1, false, 0x11), number, 0, Operand::Memory(memory));
        }
        self.store_narrow(memory, dtype.size(), number);
    }

    /// Stores the lowest bytes of lanes.
    fn store_narrow(&mut self, memory: Memory, size: usize, number: u8) {
        // The bytes of each half of the vector one behind the other, then those of both halves.
        let mut order = [0x80u8; 32];
        let lane_bytes = self.lane_bytes();
        for half in order.chunks_mut(16) {
            (0..16 / lane_bytes * size).for_each(|at| half[at] = (at / size * lane_bytes + at % size) as u8);
        }
        let order = Operand::Memory(self.code.constant(&order));
        self.vex(whole(1, 2, false, 0x00), RESULT, number, order);
        self.vex_with(whole(1, 3, false, 0x39), RESULT, 0, Operand::Register(SPARE), 1);
        // Bytes that half of a vector has: 2, 4 or 8.
        let (join, store) = match 16 / lane_bytes * size {
            2 => (0x61, half(1, 1, false, 0x7e)),
            4 => (0x62, half(1, 1, false, 0xd6)),
            _ => (0x6c, half(0, 1, false, 0x11)),
        };
        self.vex(half(1, 1, false, join), RESULT, RESULT, Operand::Register(SPARE));
        if self.tail {
            let room = self.bytes_slot();
            self.vex(store, RESULT, 0, Operand::Memory(room));
            self.copy_out(memory, size);
        } else {
            self.vex(store, RESULT, 0, Operand::Memory(memory));
        }
    }

    /// What [`Wide::load_mask`] does.
    pub(super) fn load_truths(&mut self, number: u8, input: usize) {
        let memory = self.element(input, DType::Bool);
        if self.kernel.inputs[input].access == crisol_ir::kernel::Access::Broadcast {
            self.truth_to_rax(memory);
            return self.broadcast_rax(number);
        }
        self.load_elements(RESULT, memory, DType::Bool);
        // Bytes are widened with zeros, so whatever is not 0 is greater.
        self.zero_spare();
        self.compare_integers(number, Comparison::Greater, RESULT, SPARE);
    }

    /// What [`Wide::store_mask`] does.
    pub(super) fn store_truths(&mut self, memory: Memory, mask: u8) {
        let one = self.constant_operand(1);
        self.and(RESULT, mask, one);
        self.store_narrow(memory, 1, RESULT);
    }

    /// Copies the elements that are inside of the row to the stack, where whole vectors may be read.
    fn copy_in(&mut self, memory: Memory, size: usize) -> Memory {
        let room = self.bytes_slot();
        self.code.address(RAX, memory);
        self.copy_elements(size, Memory::Base(RAX, 0), room);
        room
    }

    /// Copies them back.
    fn copy_out(&mut self, memory: Memory, size: usize) {
        let room = self.bytes_slot();
        self.code.address(RAX, memory);
        self.copy_elements(size, room, Memory::Base(RAX, 0));
    }

    /// Copies elements of one or two bytes, the last one first, through RDX; RSI counts and gets back what it had.
    fn copy_elements(&mut self, size: usize, from: Memory, to: Memory) {
        let counted = |memory| match memory {
            Memory::Base(base, offset) => Operand::Memory(Memory::Indexed(base, RSI, size, offset - size as i32)),
            _ => Operand::Memory(memory),
        };
        // The prefix of two bytes stands before the opcode: none of these registers asks for another one before it.
        let (load, store): (&[u8], &[u8]) =
            if size == 1 { (&[0x0f, 0xb6], &[0x88]) } else { (&[0x0f, 0xb7], &[0x66, 0x89]) };
        self.code.load(RSI, self.local(Local::Left));
        let next = self.code.label();
        self.code.bind(next);
        self.code.general(false, load, RDX.0, counted(from));
        self.code.general(false, store, RDX.0, counted(to));
        self.code.subtract_number(RSI, 1);
        self.code.jump_if(Condition::NotEqual, next);
        self.code.load(RSI, Memory::Base(RDI, offset_of!(Call, columns) as i32));
    }

    /// Room for the elements of a vector behind which nothing may be read or written.
    fn bytes_slot(&self) -> Memory {
        self.tail_slot().plus(32)
    }

    /// Puts the distances of the position numbers of a vector's columns from the first one on the stack.
    pub(super) fn store_distances(&mut self, slot: usize) {
        let step = Memory::Base(RDI, offset_of!(Call, position_column_step) as i32);
        self.code.general(false, &[0x31], RAX.0, Operand::Register(RAX.0));
        for lane in 0..8 {
            self.code.store(self.slot(slot).plus(8 * lane), RAX);
            self.code.add(RAX, Operand::Memory(step));
        }
    }

    /// Halves of the position numbers of the columns from the one on whose number RAX has, eight of them.
    pub(super) fn halves_of_positions(&mut self, result: u8, slot: usize, high: bool) {
        self.vex(half(1, 1, true, 0x6e), SPARE, 0, Operand::Register(RAX.0));
        self.vex(whole(1, 2, false, 0x59), SPARE, 0, Operand::Register(SPARE));
        for (number, place) in [(RESULT, 0), (SPARE, 32)] {
            let distances = Operand::Memory(self.slot(slot).plus(place));
            self.vex(whole(1, 1, false, 0xd4), number, SPARE, distances);
        }
        // From each half of both vectors two; then the quarters in their order.
        let chosen = if high { 0xdd } else { 0x88 };
        self.vex_with(whole(0, 1, false, 0xc6), result, RESULT, Operand::Register(SPARE), chosen);
        self.vex_with(whole(1, 3, true, 0x00), result, 0, Operand::Register(result), 0xd8);
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
            let inside = Operand::Memory(self.tail_slot());
            self.and(SPARE, SPARE, inside);
        }
        self.vex(whole(1, 1, false, 0xeb), met, met, Operand::Register(SPARE));
        self.combine_lanes(what, false, acc, Operand::Register(x));
    }

    /// Takes over the lanes of RESULT that count.
    fn merge(&mut self, acc: u8) {
        self.tail_to_spare();
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
