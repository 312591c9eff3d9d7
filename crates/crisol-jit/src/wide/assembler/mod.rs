//! x86-64 machine code: the encodings that wide kernels are made of, jumps, and the constants that lie behind the code.
//!
//! Vector instructions have the EVEX prefix (AVX-512) or the VEX one (AVX2, and instructions on masks), in `vector`; the few on
//! addresses and counters the plain one: Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2, chapter 2.

mod vector;

pub(super) use vector::{Lanes, Vector};

/// A general register, by its number in the encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct General(pub u8);

pub(super) const RAX: General = General(0);
pub(super) const RCX: General = General(1);
pub(super) const RDX: General = General(2);
pub(super) const RBX: General = General(3);
pub(super) const RSP: General = General(4);
pub(super) const RBP: General = General(5);
pub(super) const RSI: General = General(6);
pub(super) const RDI: General = General(7);

/// A place in memory.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Memory {
    /// `[base + offset]`.
    Base(General, i32),
    /// `[base + index * scale + offset]`.
    Indexed(General, General, usize, i32),
    /// So many bytes into the constants.
    Constant(u32),
}

/// The operand of an instruction that may lie in memory.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Operand {
    Register(u8),
    Memory(Memory),
    /// One element of memory in all lanes.
    Everywhere(Memory),
}

/// Where a jump goes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Label(usize);

/// A condition of a jump, by its number in the encoding (counts are unsigned).
#[derive(Clone, Copy, Debug)]
pub(super) enum Condition {
    Below = 2,
    Equal = 4,
    NotEqual = 5,
    BelowOrEqual = 6,
}

/// Code in the making.
#[derive(Debug, Default)]
pub(super) struct Assembler {
    code: Vec<u8>,
    constants: Vec<u8>,
    labels: Vec<Option<usize>>,
    /// Places of four bytes that take the distance from their instruction's end to a label.
    jumps: Vec<(usize, Label)>,
    /// Such places for constants: the place, the end of the instruction, bytes into the constants.
    reads: Vec<(usize, usize, u32)>,
}

impl Assembler {
    /// The code, and behind it the constants, at a multiple of 64 bytes.
    pub(super) fn finish(mut self) -> Vec<u8> {
        for (place, label) in &self.jumps {
            // Every label is bound before the end.
            let target = self.labels[label.0].unwrap_or_default();
            let distance = target as i64 - (*place as i64 + 4);
            self.code[*place..*place + 4].copy_from_slice(&(distance as i32).to_le_bytes());
        }
        let base = self.code.len().next_multiple_of(64);
        for &(place, end, offset) in &self.reads {
            let distance = (base + offset as usize) as i64 - end as i64;
            self.code[place..place + 4].copy_from_slice(&(distance as i32).to_le_bytes());
        }
        self.code.resize(base, 0xcc);
        self.code.extend_from_slice(&self.constants);
        self.code
    }

    /// A constant of 4, 8 or more bytes, aligned to its size (at most 64); the same one is kept once.
    pub(super) fn constant(&mut self, bytes: &[u8]) -> Memory {
        let size = bytes.len();
        let found = (0..self.constants.len() / size).find(|at| self.constants[at * size..][..size] == *bytes);
        let offset = found.map_or_else(
            || {
                let offset = self.constants.len().next_multiple_of(size);
                self.constants.resize(offset, 0);
                self.constants.extend_from_slice(bytes);
                offset
            },
            |at| at * size,
        );
        Memory::Constant(offset as u32)
    }

    pub(super) fn label(&mut self) -> Label {
        self.labels.push(None);
        Label(self.labels.len() - 1)
    }

    /// The label is here.
    pub(super) fn bind(&mut self, label: Label) {
        self.labels[label.0] = Some(self.code.len());
    }

    /// The same with the instruction at a multiple of 32 bytes, for the first of a loop.
    pub(super) fn bind_aligned(&mut self, label: Label) {
        // The processor's own long nops.
        const NOPS: [&[u8]; 4] = [&[0x90], &[0x66, 0x90], &[0x0f, 0x1f, 0x00], &[0x0f, 0x1f, 0x40, 0x00]];
        while !self.code.len().is_multiple_of(32) {
            let left = 32 - self.code.len() % 32;
            self.code.extend_from_slice(NOPS[left.min(4) - 1]);
        }
        self.bind(label);
    }

    pub(super) fn jump_if(&mut self, condition: Condition, label: Label) {
        self.code.extend_from_slice(&[0x0f, 0x80 | condition as u8]);
        self.distance(label);
    }

    fn distance(&mut self, label: Label) {
        self.jumps.push((self.code.len(), label));
        self.code.extend_from_slice(&[0; 4]);
    }

    /// An instruction on general registers: its opcode bytes, the register or extension, and the operand. Always 64 bits
    /// wide where `wide`.
    pub(super) fn general(&mut self, wide: bool, opcode: &[u8], register: u8, operand: Operand) {
        self.general_before(wide, opcode, register, operand, 0);
    }

    fn general_before(&mut self, wide: bool, opcode: &[u8], register: u8, operand: Operand, behind: usize) {
        let (base, index) = match operand {
            Operand::Register(number) => (number, 0),
            Operand::Memory(memory) | Operand::Everywhere(memory) => memory.registers(),
        };
        let rex = u8::from(wide) << 3 | register >> 3 << 2 | index >> 3 << 1 | base >> 3;
        if rex != 0 {
            self.code.push(0x40 | rex);
        }
        self.code.extend_from_slice(opcode);
        match operand {
            Operand::Register(number) => self.code.push(0xc0 | (register & 7) << 3 | number & 7),
            Operand::Memory(memory) | Operand::Everywhere(memory) => self.memory(register, memory, 0, behind),
        }
    }

    /// ModRM byte, SIB byte and distance of a place in memory. Distances that are multiples of `unit` may be given in units,
    /// in one byte; 0: never.
    fn memory(&mut self, register: u8, memory: Memory, unit: i32, behind: usize) {
        let register = (register & 7) << 3;
        let (base, offset) = match memory {
            Memory::Constant(constant) => {
                self.code.push(register | 5);
                let place = self.code.len();
                self.reads.push((place, place + 4 + behind, constant));
                self.code.extend_from_slice(&[0; 4]);
                return;
            }
            Memory::Base(base, offset) | Memory::Indexed(base, _, _, offset) => (base, offset),
        };
        let short = unit != 0 && offset % unit == 0 && i8::try_from(offset / unit).is_ok();
        let kind = match (offset, short) {
            // These two bases mean something else without a distance.
            (0, _) if base.0 & 7 != 5 => 0x00,
            (_, true) => 0x40,
            _ => 0x80,
        };
        match memory {
            Memory::Indexed(_, index, scale, _) => {
                let scale = scale.trailing_zeros() as u8;
                self.code.extend_from_slice(&[kind | register | 4, scale << 6 | (index.0 & 7) << 3 | base.0 & 7]);
            }
            _ if base.0 & 7 == 4 => self.code.extend_from_slice(&[kind | register | 4, 0x24]),
            _ => self.code.push(kind | register | base.0 & 7),
        }
        match kind {
            0x40 => self.code.push((offset / unit) as i8 as u8),
            0x80 => self.code.extend_from_slice(&offset.to_le_bytes()),
            _ => {}
        }
    }

    pub(super) fn push(&mut self, register: General) {
        self.byte_with_register(0x50, register);
    }

    pub(super) fn pop(&mut self, register: General) {
        self.byte_with_register(0x58, register);
    }

    fn byte_with_register(&mut self, opcode: u8, register: General) {
        if register.0 >= 8 {
            self.code.push(0x41);
        }
        self.code.push(opcode | register.0 & 7);
    }

    /// Reads eight bytes.
    pub(super) fn load(&mut self, to: General, from: Memory) {
        self.general(true, &[0x8b], to.0, Operand::Memory(from));
    }

    /// Writes eight bytes.
    pub(super) fn store(&mut self, to: Memory, from: General) {
        self.general(true, &[0x89], from.0, Operand::Memory(to));
    }

    pub(super) fn copy(&mut self, to: General, from: General) {
        self.general(true, &[0x8b], to.0, Operand::Register(from.0));
    }

    pub(super) fn address(&mut self, to: General, of: Memory) {
        self.general(true, &[0x8d], to.0, Operand::Memory(of));
    }

    pub(super) fn add(&mut self, to: General, operand: Operand) {
        self.general(true, &[0x03], to.0, operand);
    }

    pub(super) fn subtract(&mut self, from: General, operand: Operand) {
        self.general(true, &[0x2b], from.0, operand);
    }

    pub(super) fn multiply(&mut self, to: General, operand: Operand) {
        self.general(true, &[0x0f, 0xaf], to.0, operand);
    }

    pub(super) fn compare(&mut self, a: General, b: General) {
        self.general(true, &[0x3b], a.0, Operand::Register(b.0));
    }

    /// Tests the bits of a number in one of the first four registers: "equal" where there are none.
    pub(super) fn test_number(&mut self, register: General, number: u8) {
        self.general(false, &[0xf6], 0, Operand::Register(register.0));
        self.code.push(number);
    }

    /// Fetches a cache line.
    pub(super) fn prefetch(&mut self, from: Memory) {
        self.general(false, &[0x0f, 0x18], 1, Operand::Memory(from));
    }

    /// `to += number`.
    pub(super) fn add_number(&mut self, to: Operand, number: i32) {
        self.general_before(true, &[0x81], 0, to, 4);
        self.code.extend_from_slice(&number.to_le_bytes());
    }

    /// `to &= number`, sign-extended.
    pub(super) fn and_number(&mut self, to: General, number: i32) {
        self.general(true, &[0x81], 4, Operand::Register(to.0));
        self.code.extend_from_slice(&number.to_le_bytes());
    }

    pub(super) fn set_number(&mut self, to: General, number: u64) {
        self.code.extend_from_slice(&[0x48 | to.0 >> 3, 0xb8 | to.0 & 7]);
        self.code.extend_from_slice(&number.to_le_bytes());
    }

    /// `from -= number`.
    pub(super) fn subtract_number(&mut self, from: General, number: i32) {
        self.general(true, &[0x81], 5, Operand::Register(from.0));
        self.code.extend_from_slice(&number.to_le_bytes());
    }

    /// Moves the stack pointer down by a number that is filled in later, at the place returned.
    pub(super) fn reserve_stack(&mut self) -> usize {
        self.subtract_number(RSP, 0);
        self.code.len() - 4
    }

    pub(super) fn fill(&mut self, place: usize, number: i32) {
        self.code[place..place + 4].copy_from_slice(&number.to_le_bytes());
    }

    pub(super) fn call(&mut self, register: General) {
        self.general(false, &[0xff], 2, Operand::Register(register.0));
    }

    /// Back to the caller, with the upper halves of vectors clean.
    pub(super) fn return_clean(&mut self) {
        self.clean();
        self.code.push(0xc3);
    }

    /// Clears the upper halves of the first sixteen vectors: code without wide vectors is slow after wide ones else.
    pub(super) fn clean(&mut self) {
        self.code.extend_from_slice(&[0xc5, 0xf8, 0x77]);
    }
}

impl Memory {
    /// So many bytes further on.
    pub(super) fn plus(self, bytes: i32) -> Memory {
        match self {
            Memory::Base(base, offset) => Memory::Base(base, offset + bytes),
            Memory::Indexed(base, index, scale, offset) => Memory::Indexed(base, index, scale, offset + bytes),
            Memory::Constant(offset) => Memory::Constant(offset + bytes as u32),
        }
    }
}
