//! Elements between memory and registers: bytes and halves widened and cut, truth values as masks, positions.

use super::assembler::{Lanes, Memory, Operand, RAX, RCX, RDI, Vector};
use super::isa::Isa;
use super::registers::Kind;
use super::{KMOV_FROM, Local, POINTERS, TAIL, Wide};
use crisol_ir::DType;
use crisol_ir::kernel::{Access, Call, Type};
use std::mem::offset_of;

impl Wide<'_> {
    /// Where the element of an argument at the present column is. May use RAX: good for one load or store, which may change that.
    pub(super) fn element(&mut self, argument: usize, dtype: DType) -> Memory {
        let pointer = match POINTERS.get(argument) {
            Some(register) => *register,
            None => {
                self.code.load(RAX, self.local(Local::Pointer(argument)));
                RAX
            }
        };
        let inputs = &self.kernel.inputs;
        if self.single || inputs.get(argument).is_some_and(|input| input.access == Access::Broadcast) {
            return Memory::Base(pointer, 0);
        }
        Memory::Indexed(pointer, RCX, dtype.size(), (self.part * self.lanes() * dtype.size()) as i32)
    }

    /// Loads an input (AVX-512: not of truth values).
    pub(super) fn load_vector(&mut self, number: u8, input: usize) {
        let (dtype, access) = (self.kernel.inputs[input].dtype, self.kernel.inputs[input].access);
        if dtype == DType::Bool {
            return self.load_truths(number, input);
        }
        let memory = self.element(input, dtype);
        if access == Access::Broadcast {
            let widen: &[u8] = match dtype {
                DType::U8 => &[0x0f, 0xb6],
                DType::BF16 | DType::F16 => &[0x0f, 0xb7],
                _ => return self.broadcast_in(number, memory),
            };
            self.code.general(false, widen, RAX.0, Operand::Memory(memory));
            if self.isa == Isa::Avx2 {
                return self.broadcast_rax(number);
            }
            let what = self.integer(2, 0x7c);
            return self.issue(what, number, 0, Operand::Register(RAX.0));
        }
        self.load_from(number, memory, dtype);
    }

    /// Loads elements one after the other; what is behind the row's end is not read. May use RAX.
    pub(super) fn load_from(&mut self, number: u8, memory: Memory, dtype: DType) {
        if self.isa == Isa::Avx2 {
            return self.load_elements(number, memory, dtype);
        }
        let what = match dtype {
            DType::U8 => Vector { bytes: 16, ..self.integer(2, 0x31) },
            DType::BF16 | DType::F16 => Vector { bytes: 32, ..self.integer(2, 0x33) },
            _ => self.float(0x10),
        };
        let lanes = if self.tail { Lanes { mask: TAIL, zero: true } } else { Lanes::ALL };
        self.code.evex(what, lanes, number, 0, Operand::Memory(memory), None);
    }

    /// Stores what [`Wide::load_from`] would load.
    pub(super) fn store_to(&mut self, memory: Memory, dtype: DType, number: u8) {
        if self.single {
            return self.store_first(memory, number);
        }
        if self.isa == Isa::Avx2 {
            return self.store_elements(memory, dtype, number);
        }
        let narrow = |bytes, opcode| Vector { map: 2, prefix: 2, w: false, opcode, length: 2, bytes };
        let what = match dtype {
            DType::U8 => narrow(16, 0x31),
            DType::BF16 | DType::F16 => narrow(32, 0x33),
            _ => self.float(0x11),
        };
        self.code.evex(what, self.inside(), number, 0, Operand::Memory(memory), None);
    }

    /// Stores the first lane, in its full width. By an instruction without a mask: whoever loads it next need not wait until it is
    /// in the cache.
    pub(super) fn store_first(&mut self, memory: Memory, number: u8) {
        let (prefix, bytes) = if self.long { (3, 8) } else { (2, 4) };
        let what = Vector { map: 1, prefix, w: self.long && self.isa == Isa::Avx512, opcode: 0x11, length: 0, bytes };
        self.issue(what, number, 0, Operand::Memory(memory));
    }

    /// Loads truth values, bytes of which any but 0 is true.
    pub(super) fn load_mask(&mut self, mask: u8, input: usize) {
        let memory = self.element(input, DType::Bool);
        if self.kernel.inputs[input].access == Access::Broadcast {
            self.truth_to_rax(memory);
            return self.code.vex(KMOV_FROM, mask, 0, Operand::Register(RAX.0), None);
        }
        let bytes = self.temporary(Kind::Vector);
        let (what, lanes) = self.bytes_load();
        self.code.evex(what, lanes, bytes, 0, Operand::Memory(memory), None);
        let test = Vector { map: 2, prefix: 1, w: false, opcode: 0x26, length: 0, bytes: 16 };
        self.issue(test, mask, bytes, Operand::Register(bytes));
    }

    /// Reads a truth value as 0 or -1, of 32 bits.
    pub(super) fn truth_to_rax(&mut self, memory: Memory) {
        self.code.general(false, &[0x0f, 0xb6], RAX.0, Operand::Memory(memory));
        self.code.general(false, &[0xf7], 3, Operand::Register(RAX.0));
        self.code.general(false, &[0x1b], RAX.0, Operand::Register(RAX.0));
    }

    /// Stores truth values as bytes of 0 or 1.
    pub(super) fn store_mask(&mut self, memory: Memory, mask: u8) {
        if self.isa == Isa::Avx2 {
            return self.store_truths(memory, mask);
        }
        let ones = self.code.constant(&[1; 16]);
        let bytes = self.temporary(Kind::Vector);
        let read = Vector { map: 1, prefix: 3, w: false, opcode: 0x6f, length: 0, bytes: 16 };
        self.code.evex(read, Lanes { mask, zero: true }, bytes, 0, Operand::Memory(ones), None);
        let what = match (self.tail, self.long) {
            (false, true) => Vector { map: 1, prefix: 1, w: true, opcode: 0xd6, length: 0, bytes: 8 },
            _ => Vector { opcode: 0x7f, ..read },
        };
        self.code.evex(what, self.inside(), bytes, 0, Operand::Memory(memory), None);
    }

    /// How the bytes of the present lanes are loaded.
    fn bytes_load(&self) -> (Vector, Lanes) {
        let bytes = Vector { map: 1, prefix: 3, w: false, opcode: 0x6f, length: 0, bytes: 16 };
        match (self.tail, self.long) {
            (true, _) => (bytes, Lanes { mask: TAIL, zero: true }),
            (false, false) => (bytes, Lanes::ALL),
            // Eight of them.
            (false, true) => (Vector { map: 1, prefix: 2, w: true, opcode: 0x7e, length: 0, bytes: 8 }, Lanes::ALL),
        }
    }

    /// Puts the distances of the position numbers of a vector's columns from the first one on the stack.
    pub(super) fn begin_positions(&mut self) {
        let Some(slot) = self.distances else { return };
        if self.isa == Isa::Avx2 {
            return self.store_distances(slot);
        }
        let (numbers, step) = (self.temporary(Kind::Vector), self.temporary(Kind::Vector));
        let memory = Memory::Base(RDI, offset_of!(Call, position_column_step) as i32);
        let broadcast = Vector { map: 2, prefix: 1, w: true, opcode: 0x59, length: 2, bytes: 8 };
        self.issue(broadcast, step, 0, Operand::Memory(memory));
        for half in 0..2u64 {
            let lanes: Vec<u8> = (0..8).flat_map(|lane| (8 * half + lane).to_le_bytes()).collect();
            let lanes = self.code.constant(&lanes);
            let multiply = Vector { map: 2, prefix: 1, w: true, opcode: 0x40, length: 2, bytes: 64 };
            self.issue(multiply, numbers, step, Operand::Memory(lanes));
            let store = Vector { map: 1, prefix: 1, w: true, opcode: 0x11, length: 2, bytes: 64 };
            let to = self.slot(slot + half as usize);
            self.issue(store, numbers, 0, Operand::Memory(to));
        }
        self.now = 0;
        self.end_instruction();
    }

    /// Halves of the position numbers of a vector's columns.
    pub(super) fn position(&mut self, value: usize, high: bool) {
        let Some(slot) = self.distances else { return };
        // The first column's number.
        self.code.copy(RAX, RCX);
        if self.part > 0 {
            self.code.add_number(Operand::Register(RAX.0), (self.part * self.lanes()) as i32);
        }
        self.code.multiply(RAX, Operand::Memory(Memory::Base(RDI, offset_of!(Call, position_column_step) as i32)));
        self.code.add(RAX, Operand::Memory(self.local(Local::Position)));
        let result = self.define_apart(value);
        if self.isa == Isa::Avx2 {
            return self.halves_of_positions(result, slot, high);
        }
        let other = self.temporary(Kind::Vector);
        let quad = |map, opcode| Vector { map, prefix: 1, w: true, opcode, length: 2, bytes: 64 };
        self.issue(quad(2, 0x7c), other, 0, Operand::Register(RAX.0));
        for (half, number) in [(0, result), (1, other)] {
            let distances = Operand::Memory(self.slot(slot + half));
            self.issue(quad(1, 0xd4), number, other, distances);
            if high {
                self.issue_with(quad(1, 0x73), 2, number, Operand::Register(number), 32);
            }
            let narrow = Vector { map: 2, prefix: 2, w: false, opcode: 0x35, length: 2, bytes: 32 };
            self.issue(narrow, number, 0, Operand::Register(number));
        }
        self.issue_with(quad(3, 0x3a), result, result, Operand::Register(other), 1);
    }

    /// Computes and writes the outputs that are not kept as partial results.
    pub(super) fn store_output(&mut self, argument: usize, dtype: DType, value: usize) {
        if self.types[value] == Type::Mask {
            let mask = self.mask(value);
            let memory = self.element(argument, dtype);
            self.store_mask(memory, mask);
        } else {
            let number = self.vector(value);
            let memory = self.element(argument, dtype);
            self.store_to(memory, dtype, number);
        }
    }
}
