//! Which value is in which register: operands are found, results get a place, and what does not fit goes to the stack.
//!
//! A body is a list without jumps, so one walk is enough: whenever a register is needed and none is free, the value that is
//! used last of all gives way. Constants, and elements that a whole row shares, have registers of their own for the whole
//! kernel while there are enough, and are read from memory at each use otherwise.

use super::Wide;
use super::assembler::{Memory, Operand, RSP};
use super::isa::Isa;
use crisol_ir::kernel::{Access, Instruction, Register, Type};

/// A kind of registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Vector,
    Mask,
}

/// The registers of a kind that bodies may use.
#[derive(Clone, Debug)]
pub(super) struct File {
    /// Which value each register holds.
    holders: Vec<Option<usize>>,
    /// A bit for each that may be used.
    usable: u32,
    /// Those that the present instruction needs.
    locked: u32,
}

impl File {
    pub(super) fn new(usable: u32) -> File {
        File { holders: vec![None; 32], usable, locked: 0 }
    }

    /// Takes a register away for good.
    pub(super) fn pin(&mut self) -> Option<u8> {
        let number = (0..32u8).rev().find(|number| self.usable >> number & 1 != 0)?;
        self.usable &= !(1 << number);
        Some(number)
    }

    /// How many may be used.
    pub(super) fn usable(&self) -> usize {
        self.usable.count_ones() as usize
    }

    fn forget(&mut self) {
        self.holders.fill(None);
        self.locked = 0;
    }

    fn open(&self) -> impl Iterator<Item = u8> {
        let open = self.usable & !self.locked;
        (0..32u8).filter(move |number| open >> number & 1 != 0)
    }
}

/// Where a value is.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Place {
    register: Option<u8>,
    slot: Option<usize>,
}

impl Wide<'_> {
    /// Begins a body anew: nothing is anywhere but what is pinned.
    pub(super) fn forget(&mut self) {
        self.vectors.forget();
        self.masks.forget();
        self.places.fill(Place::default());
        self.slots.fill(None);
    }

    /// The register of a vector, read from wherever the value is.
    pub(super) fn vector(&mut self, value: usize) -> u8 {
        if let Some(number) = self.pinned[value] {
            return number;
        }
        if let Some(number) = self.places[value].register {
            self.vectors.locked |= 1 << number;
            return number;
        }
        let number = self.take(Kind::Vector);
        match (self.places[value].slot, self.kernel.body[value]) {
            (Some(slot), _) => {
                let memory = Operand::Memory(self.slot(slot));
                self.move_in(number, memory);
            }
            (None, Instruction::Constant(_, bits)) => self.constant_in(number, value, bits),
            (None, Instruction::Load(input)) => self.load_vector(number, input as usize),
            // All others were computed before their first use.
            _ => self.failed = true,
        }
        self.bind(Kind::Vector, value, number);
        number
    }

    /// A vector as the operand of an instruction that can read it from memory.
    pub(super) fn operand(&mut self, value: usize) -> Operand {
        let place = self.places[value];
        if self.pinned[value].is_some() || place.register.is_some() {
            return Operand::Register(self.vector(value));
        }
        match (place.slot, self.kernel.body[value]) {
            (Some(slot), _) => Operand::Memory(self.slot(slot)),
            (None, Instruction::Constant(_, bits)) if bits != 0 => {
                let bits = self.lane_bits(value, bits);
                self.constant_operand(bits)
            }
            (None, Instruction::Load(number)) => {
                let input = self.kernel.inputs[number as usize];
                if input.dtype.size() != self.lane_bytes() {
                    return Operand::Register(self.vector(value));
                }
                match input.access {
                    Access::Broadcast if self.isa == Isa::Avx512 => {
                        Operand::Everywhere(self.element(number as usize, input.dtype))
                    }
                    Access::Broadcast => Operand::Register(self.vector(value)),
                    // Read once, and without lanes that may lie outside of the array.
                    _ if self.uses[value].len() == 1 && !self.tail => {
                        Operand::Memory(self.element(number as usize, input.dtype))
                    }
                    _ => Operand::Register(self.vector(value)),
                }
            }
            _ => Operand::Register(self.vector(value)),
        }
    }

    /// The register of a mask (AVX2: a vector).
    pub(super) fn mask(&mut self, value: usize) -> u8 {
        if self.kind(value) == Kind::Vector {
            return self.vector(value);
        }
        if let Some(number) = self.places[value].register {
            self.masks.locked |= 1 << number;
            return number;
        }
        let number = self.take(Kind::Mask);
        match (self.places[value].slot, self.kernel.body[value]) {
            (Some(slot), _) => {
                let memory = Operand::Memory(self.slot(slot));
                self.code.vex(super::KMOV_LOAD, number, 0, memory, None);
            }
            (None, Instruction::Constant(_, bits)) => {
                let what = if bits & 1 != 0 { super::KXNOR } else { super::KXOR };
                self.code.vex(what, number, number, Operand::Register(number), None);
            }
            (None, Instruction::Load(input)) => self.load_mask(number, input as usize),
            _ => self.failed = true,
        }
        self.bind(Kind::Mask, value, number);
        number
    }

    /// A register for the result of the present instruction; it may be one of an operand that is not used again, so operands
    /// must be read before, or by the same machine instruction as, the first write.
    pub(super) fn define(&mut self, value: usize) -> u8 {
        self.release();
        self.define_apart(value)
    }

    /// The same, but never a register of an operand.
    pub(super) fn define_apart(&mut self, value: usize) -> u8 {
        let kind = self.kind(value);
        let number = self.take(kind);
        self.bind(kind, value, number);
        number
    }

    /// The result takes over the register of an operand, a vector that is not used again, if it is in one.
    pub(super) fn define_over(&mut self, value: usize, operand: usize) -> Option<u8> {
        let last = self.is_last(operand) && self.pinned[operand].is_none();
        let number = self.places[operand].register.filter(|_| last)?;
        self.places[operand] = Place::default();
        self.bind(Kind::Vector, value, number);
        Some(number)
    }

    /// A register that is free again after the present instruction.
    pub(super) fn temporary(&mut self, kind: Kind) -> u8 {
        self.take(kind)
    }

    /// Ends an instruction: registers are open again, values that are used no more are forgotten.
    pub(super) fn end_instruction(&mut self) {
        self.release();
        self.unlock();
        // Not before: the instruction may have read its operand from the stack.
        for slot in 0..self.slots.len() {
            if let Some(value) = self.slots[slot].filter(|value| self.is_last(*value)) {
                self.slots[slot] = None;
                self.places[value].slot = None;
            }
        }
    }

    /// Opens all registers.
    pub(super) fn unlock(&mut self) {
        self.vectors.locked = 0;
        self.masks.locked = 0;
    }

    /// The place of a vector on the stack.
    pub(super) fn slot(&self, slot: usize) -> Memory {
        Memory::Base(RSP, 64 * slot as i32)
    }

    /// Room for a vector on the stack that stays the caller's.
    pub(super) fn reserve_slot(&mut self) -> usize {
        self.reserved_slots += 1;
        self.reserved_slots - 1
    }

    /// Which kind of register the value is in.
    pub(super) fn kind(&self, value: usize) -> Kind {
        if self.types[value] == Type::Mask && self.isa == Isa::Avx512 { Kind::Mask } else { Kind::Vector }
    }

    /// The bits of a constant in a lane of a vector, where a truth value is all ones.
    fn lane_bits(&self, value: usize, bits: u64) -> u64 {
        if self.types[value] == Type::Mask && bits != 0 { u64::MAX } else { bits }
    }

    /// The value that a register of the body stands for: conversions that change no bits are no instructions.
    pub(super) fn value(&self, register: Register) -> usize {
        self.roots[register.index()]
    }

    pub(super) fn move_in(&mut self, number: u8, operand: Operand) {
        let what = self.float(0x10);
        self.issue(what, number, 0, operand);
    }

    /// Puts a constant into all lanes.
    pub(super) fn constant_in(&mut self, number: u8, value: usize, bits: u64) {
        if bits == 0 {
            let xor = self.integer(1, 0xef);
            self.issue(xor, number, number, Operand::Register(number));
        } else {
            let memory = self.constant(self.lane_bits(value, bits));
            self.broadcast_in(number, memory);
        }
    }

    fn file(&mut self, kind: Kind) -> &mut File {
        match kind {
            Kind::Vector => &mut self.vectors,
            Kind::Mask => &mut self.masks,
        }
    }

    /// A register, free or made free; locked for the present instruction.
    fn take(&mut self, kind: Kind) -> u8 {
        let file = self.file(kind);
        let free = file.open().find(|number| file.holders[*number as usize].is_none());
        let number = free.unwrap_or_else(|| self.evict(kind));
        self.file(kind).locked |= 1 << number;
        number
    }

    /// Sends the value that is used last of all to the stack.
    fn evict(&mut self, kind: Kind) -> u8 {
        let file = match kind {
            Kind::Vector => &self.vectors,
            Kind::Mask => &self.masks,
        };
        let next_use = |number: &u8| {
            let holder = file.holders[*number as usize];
            holder.and_then(|value| self.uses[value].iter().find(|&&at| at >= self.now).copied())
        };
        // More registers are open than an instruction locks.
        let Some(number) = file.open().max_by_key(next_use) else {
            self.failed = true;
            return 1;
        };
        let Some(value) = self.file(kind).holders[number as usize].take() else { return number };
        self.places[value].register = None;
        // Inputs of single columns pose as broadcast, but an output may lie over them: they must not be read again after it is written.
        let shared = self.is_broadcast(value) && !self.single;
        let again = shared || matches!(self.kernel.body[value], Instruction::Constant(..));
        if !again && self.places[value].slot.is_none() {
            let free = self.slots.iter().position(Option::is_none);
            let slot = free.unwrap_or_else(|| {
                self.slots.push(None);
                self.slots.len() - 1
            });
            self.slots[slot] = Some(value);
            let slot = slot + self.reserved_slots;
            self.places[value].slot = Some(slot);
            let memory = Operand::Memory(self.slot(slot));
            match kind {
                Kind::Vector => {
                    let what = self.float(0x11);
                    self.issue(what, number, 0, memory);
                }
                Kind::Mask => self.code.vex(super::KMOV_STORE, number, 0, memory, None),
            }
        }
        number
    }

    /// Whether a value is an element that a row shares.
    pub(super) fn is_broadcast(&self, value: usize) -> bool {
        match self.kernel.body[value] {
            Instruction::Load(input) => self.kernel.inputs[input as usize].access == Access::Broadcast,
            _ => false,
        }
    }

    fn bind(&mut self, kind: Kind, value: usize, number: u8) {
        let file = self.file(kind);
        file.holders[number as usize] = Some(value);
        file.locked |= 1 << number;
        self.places[value].register = Some(number);
    }

    /// Forgets the values that are not used after the present instruction, and opens their registers.
    fn release(&mut self) {
        for kind in [Kind::Vector, Kind::Mask] {
            for number in 0..32 {
                if let Some(value) = self.file(kind).holders[number].filter(|value| self.is_last(*value)) {
                    let file = self.file(kind);
                    file.holders[number] = None;
                    file.locked &= !(1 << number);
                    self.places[value].register = None;
                }
            }
        }
    }

    /// Whether nothing after the present instruction uses the value.
    fn is_last(&self, value: usize) -> bool {
        self.uses[value].last().is_none_or(|&last| last <= self.now)
    }
}
