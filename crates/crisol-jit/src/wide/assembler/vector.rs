//! Vector instructions, by their two kinds of prefix.

use super::{Assembler, Memory, Operand};

/// A vector instruction.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Vector {
    /// The opcode map: 1 is `0F`, 2 is `0F 38`, 3 is `0F 3A`.
    pub map: u8,
    /// The prefix that is part of the opcode: 0 none, 1 `66`, 2 `F3`, 3 `F2`.
    pub prefix: u8,
    /// The bit that tells 64-bit elements from 32-bit ones.
    pub w: bool,
    pub opcode: u8,
    /// Bits of its vectors: 0 for 128, 1 for 256, 2 for 512.
    pub length: u8,
    /// Bytes that it reads from or writes to memory (a broadcast: of one element).
    pub bytes: i32,
}

/// Which lanes an instruction writes: a mask register (0: all), and whether the others become zero or keep what they had.
#[derive(Clone, Copy, Debug, Default)]
pub(in super::super) struct Lanes {
    pub mask: u8,
    pub zero: bool,
}

impl Lanes {
    pub(in super::super) const ALL: Lanes = Lanes { mask: 0, zero: false };
}

impl Assembler {
    /// An instruction with the EVEX prefix: `register` and `operand` stand in the ModRM byte, `second` in the prefix; a number
    /// may follow.
    pub(in super::super) fn evex(
        &mut self,
        what: Vector,
        lanes: Lanes,
        register: u8,
        second: u8,
        operand: Operand,
        number: Option<u8>,
    ) {
        // Bits of register numbers stand inverted in the prefix.
        let bit = |number: u8, place: u8| number >> place & 1 ^ 1;
        let (x, b) = match operand {
            Operand::Register(number) => (bit(number, 4), bit(number, 3)),
            Operand::Memory(memory) | Operand::Everywhere(memory) => {
                let (base, index) = memory.registers();
                (bit(index, 3), bit(base, 3))
            }
        };
        let everywhere = matches!(operand, Operand::Everywhere(_));
        self.code.extend_from_slice(&[
            0x62,
            bit(register, 3) << 7 | x << 6 | b << 5 | bit(register, 4) << 4 | what.map,
            u8::from(what.w) << 7 | (!second & 15) << 3 | 4 | what.prefix,
            u8::from(lanes.zero) << 7 | what.length << 5 | u8::from(everywhere) << 4 | bit(second, 4) << 3 | lanes.mask,
            what.opcode,
        ]);
        let unit = if !everywhere {
            what.bytes
        } else if what.w {
            8
        } else {
            4
        };
        self.operand(register, operand, unit, number);
    }

    /// An instruction with the VEX prefix: one of AVX2 or on mask registers, of which there are sixteen and eight.
    pub(in super::super) fn vex(
        &mut self,
        what: Vector,
        register: u8,
        second: u8,
        operand: Operand,
        number: Option<u8>,
    ) {
        let bit = |number: u8| number >> 3 & 1 ^ 1;
        let (x, b) = match operand {
            Operand::Register(number) => (1, bit(number)),
            Operand::Memory(memory) | Operand::Everywhere(memory) => {
                let (base, index) = memory.registers();
                (bit(index), bit(base))
            }
        };
        let rest = (!second & 15) << 3 | what.length << 2 | what.prefix;
        if (x, b, what.map, what.w) == (1, 1, 1, false) {
            self.code.extend_from_slice(&[0xc5, bit(register) << 7 | rest, what.opcode]);
        } else {
            self.code.extend_from_slice(&[
                0xc4,
                bit(register) << 7 | x << 6 | b << 5 | what.map,
                u8::from(what.w) << 7 | rest,
                what.opcode,
            ]);
        }
        self.operand(register, operand, 1, number);
    }

    /// ModRM byte, what belongs to it, and the number behind.
    fn operand(&mut self, register: u8, operand: Operand, unit: i32, number: Option<u8>) {
        match operand {
            Operand::Register(number) => self.code.push(0xc0 | (register & 7) << 3 | number & 7),
            Operand::Memory(memory) | Operand::Everywhere(memory) => {
                self.memory(register, memory, unit, usize::from(number.is_some()));
            }
        }
        self.code.extend(number);
    }
}

impl Memory {
    /// The numbers of base and index; 0 where there is none.
    pub(super) fn registers(self) -> (u8, u8) {
        match self {
            Memory::Base(base, _) => (base.0, 0),
            Memory::Indexed(base, index, ..) => (base.0, index.0),
            Memory::Constant(_) => (0, 0),
        }
    }
}
