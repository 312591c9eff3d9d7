//! Elements between memory and registers on AVX2, which can mask moves of 32 and 64 bits alone.
//!
//! Of the last columns, RDX says how many are inside of the row; wide elements are loaded by a masked move, narrow ones, and all
//! that is stored, in pieces of as many elements as each bit of RDX stands for. (Masked stores take some processors dozens of
//! cycles.)

use super::{RESULT, SPARE, half, whole};
use crate::wide::Wide;
use crate::wide::assembler::{Condition, Memory, Operand, RAX, RDI, RDX, RSI};
use crisol_ir::DType;
use crisol_ir::kernel::{Access, Call, Comparison};
use std::mem::offset_of;

impl Wide<'_> {
    /// Where all last columns are in one vector, its mask is the same for all rows: made once, at the beginning.
    pub(in crate::wide) fn begin_tail_of_all_rows(&mut self) {
        if self.parts() == 1 {
            self.code.copy(RDX, RSI);
            self.code.and_number(RDX, self.lanes() as i32 - 1);
            self.write_tail_mask();
        }
    }

    /// Masks off all lanes but the RDX first ones; RDX becomes their number. With one vector of last columns both are so already.
    pub(in crate::wide) fn begin_tail_of_part(&mut self) {
        if self.parts() > 1 {
            self.write_tail_mask();
            // RDX = RAX if it is above.
            self.code.set_number(RAX, self.lanes() as u64);
            self.code.compare(RDX, RAX);
            self.code.general(true, &[0x0f, 0x47], RDX.0, Operand::Register(RAX.0));
        }
    }

    /// Writes the mask of the RDX first lanes.
    fn write_tail_mask(&mut self) {
        let lane_bytes = self.lane_bytes();
        let numbers: Vec<u8> =
            (0..self.lanes() as u64).flat_map(|lane| lane.to_le_bytes()[..lane_bytes].to_vec()).collect();
        let numbers = self.code.constant(&numbers);
        let (broadcast, map, greater) = if self.long { (0x59, 2, 0x37) } else { (0x58, 1, 0x66) };
        self.vex(half(1, 1, true, 0x6e), SPARE, 0, Operand::Register(RDX.0));
        self.vex(whole(1, 2, false, broadcast), SPARE, 0, Operand::Register(SPARE));
        self.vex(whole(1, map, false, greater), SPARE, SPARE, Operand::Memory(numbers));
        self.store_tail_mask();
    }

    /// Makes the first lane the only one. The mask of all rows would be lost: kernels that reduce over columns have none.
    pub(in crate::wide) fn begin_first_lane(&mut self) {
        debug_assert!(self.parts() > 1);
        let mut bytes = [0; 32];
        bytes[..self.lane_bytes()].fill(0xff);
        let mask = self.code.constant(&bytes);
        self.vex(whole(0, 1, false, 0x10), SPARE, 0, Operand::Memory(mask));
        self.store_tail_mask();
        self.code.set_number(RDX, 1);
    }

    fn store_tail_mask(&mut self) {
        let to = Operand::Memory(self.tail_mask());
        self.vex(whole(0, 1, false, 0x11), SPARE, 0, to);
    }

    /// Reads the mask of the lanes that count.
    pub(super) fn tail_mask_to_spare(&mut self) {
        let from = Operand::Memory(self.tail_mask());
        self.vex(whole(0, 1, false, 0x10), SPARE, 0, from);
    }

    /// Where the mask of the lanes that count is.
    pub(super) fn tail_mask(&self) -> Memory {
        self.slot(self.tail_slot.unwrap_or_default())
    }

    /// What [`Wide::load_from`] does.
    pub(in crate::wide) fn load_elements(&mut self, number: u8, memory: Memory, dtype: DType) {
        if dtype.size() == self.lane_bytes() {
            if self.tail {
                self.tail_mask_to_spare();
                return self.vex(whole(1, 2, self.long, 0x8c), number, SPARE, Operand::Memory(memory));
            }
            return self.vex(whole(0, 1, false, 0x10), number, 0, Operand::Memory(memory));
        }
        let narrow = if self.tail {
            self.load_pieces(memory, dtype.size());
            Operand::Register(RESULT)
        } else {
            Operand::Memory(memory)
        };
        let opcode = match (dtype.size(), self.long) {
            (2, _) => 0x33,
            (_, false) => 0x31,
            (_, true) => 0x32,
        };
        self.vex(whole(1, 2, false, opcode), number, 0, narrow);
    }

    /// What [`Wide::store_to`] does.
    pub(in crate::wide) fn store_elements(&mut self, memory: Memory, dtype: DType, number: u8) {
        if dtype.size() != self.lane_bytes() {
            self.store_narrow(memory, dtype.size(), number);
        } else if self.tail {
            self.move_in(RESULT, Operand::Register(number));
            self.store_pieces(memory, dtype.size());
        } else {
            self.vex(whole(0, 1, false, 0x11), number, 0, Operand::Memory(memory));
        }
    }

    /// Stores the lowest bytes of lanes.
    fn store_narrow(&mut self, memory: Memory, size: usize, number: u8) {
        // The bytes of each half of the vector one behind the other, then those of both halves.
        let lane_bytes = self.lane_bytes();
        let bytes = 16 / lane_bytes * size;
        let mut order = [0x80u8; 32];
        for order in order.chunks_mut(16) {
            (0..bytes).for_each(|at| order[at] = (at / size * lane_bytes + at % size) as u8);
        }
        let order = Operand::Memory(self.code.constant(&order));
        self.vex(whole(1, 2, false, 0x00), RESULT, number, order);
        self.vex_with(whole(1, 3, false, 0x39), RESULT, 0, Operand::Register(SPARE), 1);
        let join = match bytes {
            2 => 0x61,
            4 => 0x62,
            _ => 0x6c,
        };
        self.vex(half(1, 1, false, join), RESULT, RESULT, Operand::Register(SPARE));
        if self.tail {
            self.store_pieces(memory, size);
        } else {
            self.store_piece(memory, 2 * bytes);
        }
    }

    /// What [`Wide::load_mask`] does.
    pub(in crate::wide) fn load_truths(&mut self, number: u8, input: usize) {
        let memory = self.element(input, DType::Bool);
        if self.kernel.inputs[input].access == Access::Broadcast {
            self.truth_to_rax(memory);
            return self.broadcast_rax(number);
        }
        self.load_elements(RESULT, memory, DType::Bool);
        // Bytes are widened with zeros, so whatever is not 0 is greater.
        self.zero_spare();
        self.compare_integers(number, Comparison::Greater, RESULT, SPARE);
    }

    /// What [`Wide::store_mask`] does.
    pub(in crate::wide) fn store_truths(&mut self, memory: Memory, mask: u8) {
        let one = self.constant_operand(1);
        self.and(RESULT, mask, one);
        self.store_narrow(memory, 1, RESULT);
    }

    /// Loads the elements that are inside of the row into RESULT, narrow ones, from the last piece on.
    fn load_pieces(&mut self, memory: Memory, size: usize) {
        self.code.address(RAX, memory);
        self.code.address(RAX, Memory::Indexed(RAX, RDX, size, 0));
        self.vex(half(1, 1, false, 0xef), RESULT, RESULT, Operand::Register(RESULT));
        for elements in self.pieces() {
            let bytes = elements * size;
            let next = self.code.label();
            self.code.test_number(RDX, elements as u8);
            self.code.jump_if(Condition::Equal, next);
            self.code.subtract_number(RAX, bytes as i32);
            let piece = Operand::Memory(Memory::Base(RAX, 0));
            if bytes < 16 {
                self.vex_with(half(1, 1, false, 0x73), 7, RESULT, Operand::Register(RESULT), bytes as u8);
            }
            match bytes {
                1 => self.vex_with(half(1, 3, false, 0x20), RESULT, RESULT, piece, 0),
                2 => self.vex_with(half(1, 1, false, 0xc4), RESULT, RESULT, piece, 0),
                4 | 8 => self.vex_with(half(1, 3, bytes == 8, 0x22), RESULT, RESULT, piece, 0),
                // All of them.
                _ => self.vex(half(0, 1, false, 0x10), RESULT, 0, piece),
            }
            self.code.bind(next);
        }
    }

    /// Stores the elements of RESULT that are inside of the row, from the first piece on.
    fn store_pieces(&mut self, memory: Memory, size: usize) {
        self.code.address(RAX, memory);
        for elements in self.pieces().into_iter().rev() {
            let bytes = elements * size;
            let next = self.code.label();
            self.code.test_number(RDX, elements as u8);
            self.code.jump_if(Condition::Equal, next);
            self.store_piece(Memory::Base(RAX, 0), bytes);
            // Behind a whole vector comes nothing.
            if elements > 1 && elements < self.lanes() {
                match bytes {
                    16 => self.vex_with(whole(1, 3, false, 0x39), RESULT, 0, Operand::Register(RESULT), 1),
                    _ => self.vex_with(half(1, 1, false, 0x73), 3, RESULT, Operand::Register(RESULT), bytes as u8),
                }
                self.code.add_number(Operand::Register(RAX.0), bytes as i32);
            }
            self.code.bind(next);
        }
    }

    /// Stores the lowest bytes of RESULT.
    fn store_piece(&mut self, memory: Memory, bytes: usize) {
        let memory = Operand::Memory(memory);
        match bytes {
            1 => self.vex_with(half(1, 3, false, 0x14), RESULT, 0, memory, 0),
            2 => self.vex_with(half(1, 3, false, 0x15), RESULT, 0, memory, 0),
            4 => self.vex(half(1, 1, false, 0x7e), RESULT, 0, memory),
            8 => self.vex(half(1, 1, false, 0xd6), RESULT, 0, memory),
            16 => self.vex(half(0, 1, false, 0x11), RESULT, 0, memory),
            _ => self.vex(whole(0, 1, false, 0x11), RESULT, 0, memory),
        }
    }

    /// The numbers of elements whose sum RDX may be, from 1 on: up to a whole vector, if there is more than one of last columns.
    fn pieces(&self) -> Vec<usize> {
        let most = if self.parts() == 1 { self.lanes() / 2 } else { self.lanes() };
        [1, 2, 4, 8].into_iter().filter(|elements| *elements <= most).collect()
    }

    /// Puts the distances of the position numbers of a vector's columns from the first one on the stack.
    pub(in crate::wide) fn store_distances(&mut self, slot: usize) {
        let step = Memory::Base(RDI, offset_of!(Call, position_column_step) as i32);
        self.code.general(false, &[0x31], RAX.0, Operand::Register(RAX.0));
        for lane in 0..8 {
            self.code.store(self.slot(slot).plus(8 * lane), RAX);
            self.code.add(RAX, Operand::Memory(step));
        }
    }

    /// Halves of the position numbers of eight columns, from the one on whose number RAX has.
    pub(in crate::wide) fn halves_of_positions(&mut self, result: u8, slot: usize, high: bool) {
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
}
