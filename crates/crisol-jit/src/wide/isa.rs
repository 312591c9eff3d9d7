//! The two instruction sets that wide kernels are written in.

use super::assembler::{Assembler, Lanes, Operand, Vector};
use super::registers::File;
use crisol_ir::{Cpu, cpu};

/// An instruction set, and with it how wide vectors are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Isa {
    /// Sixteen vectors of 32 bytes. Masks are vectors too, whose lanes are all ones or all zeros.
    Avx2,
    /// Thirty-two vectors of 64 bytes, and masks with a bit a lane.
    Avx512,
}

impl Isa {
    /// That of this processor, if it has one. Elsewhere than on Unix functions take their arguments in other registers.
    pub(super) fn host() -> Option<Isa> {
        if !cfg!(all(target_arch = "x86_64", unix)) {
            return None;
        }
        match cpu() {
            Cpu::Avx512 => Some(Isa::Avx512),
            Cpu::Avx2 => Some(Isa::Avx2),
            Cpu::Sse42 | Cpu::Baseline => None,
        }
    }

    /// Bytes of a vector.
    pub(super) fn bytes(self) -> usize {
        match self {
            Isa::Avx2 => 32,
            Isa::Avx512 => 64,
        }
    }

    /// Columns of a step without reductions over them, for vectors of so many lanes.
    pub(super) fn columns(self, lanes: usize) -> usize {
        match self {
            // Columns behind the last step are moved in pieces: the shorter a step, the fewer there are.
            Isa::Avx2 => lanes,
            Isa::Avx512 => 16,
        }
    }

    /// The number of vectors.
    pub(super) fn registers(self) -> u8 {
        match self {
            Isa::Avx2 => 16,
            Isa::Avx512 => 32,
        }
    }

    /// The vectors that values may be in.
    pub(super) fn vectors(self) -> File {
        match self {
            // Not SPARE and RESULT.
            Isa::Avx2 => File::new(0xfffc),
            Isa::Avx512 => File::new(u32::MAX),
        }
    }

    /// The mask registers that values may be in: the first stands for no mask at all, two are [`SCRATCH`](super::SCRATCH) and
    /// [`TAIL`](super::TAIL).
    pub(super) fn masks(self) -> File {
        match self {
            Isa::Avx2 => File::new(0),
            Isa::Avx512 => File::new(0b0011_1110),
        }
    }

    /// Vectors that partial results may take in all.
    pub(super) fn max_partials(self) -> usize {
        match self {
            Isa::Avx2 => 8,
            Isa::Avx512 => 12,
        }
    }

    /// A vector instruction of this width, on elements of 64 bits where `w`.
    pub(super) fn vector(self, prefix: u8, map: u8, w: bool, opcode: u8) -> Vector {
        let length = match self {
            Isa::Avx2 => 1,
            Isa::Avx512 => 2,
        };
        Vector { map, prefix, w, opcode, length, bytes: self.bytes() as i32 }
    }

    /// Writes an instruction that both sets have, in all lanes; a number may follow.
    pub(super) fn write(
        self,
        code: &mut Assembler,
        what: Vector,
        register: u8,
        second: u8,
        operand: Operand,
        number: Option<u8>,
    ) {
        match self {
            Isa::Avx2 => code.vex(what, register, second, operand, number),
            Isa::Avx512 => code.evex(what, Lanes::ALL, register, second, operand, number),
        }
    }
}
