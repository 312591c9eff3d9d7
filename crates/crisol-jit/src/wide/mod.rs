//! Kernels for AVX-512 and AVX2, without Cranelift, whose vectors have 128 bits at most: sixteen or eight lanes of 32 bits, half as
//! many of 64.
//!
//! The same kernel language by another emitter, bit for bit: whole vectors, then the last columns with the lanes beyond the row
//! masked off. Columns are run one or two vectors at a time; with reductions over them, as many as these have partial results, so that each
//! is in one lane of a register from the first column to the last. Both instruction sets share all that follows but for
//! the lanes that an instruction leaves alone, which AVX-512 does with masks and AVX2 with more instructions. What the emitter does
//! not know (arguments with strides, kernels that mix 32 and 64 bits, integer division, many reductions over columns; on AVX2
//! some operations on 64-bit integers) is left to [`lower`](crate::lower).
//!
//! | module | what lives there |
//! | --- | --- |
//! | `survey` | what is used where, and what stays in a register |
//! | `isa` | the two instruction sets |
//! | `assembler` | bytes of instructions |
//! | `registers` | which value is in which register, and what goes to the stack |
//! | `frame` | entry and exit, and what moves on from row to row |
//! | `body` | the instructions of the kernel language |
//! | `memory` | elements between memory and registers |
//! | `reduce` | partial results |
//! | `rows` | several kernels as one function, row by row |
//! | `calls` | functions that are called lane by lane |
//! | `avx2` | what AVX-512 does with masks |

mod assembler;
mod avx2;
mod body;
mod calls;
mod frame;
mod isa;
mod memory;
mod reduce;
mod registers;
mod rows;
mod survey;

use assembler::{Assembler, Condition, Lanes, Memory, Operand, Vector};
use assembler::{RAX, RBX, RCX, RDI, RDX, RSI};
use crisol_ir::kernel::{Call, Instruction, Kernel, REDUCE_LANES, Role, Type};
use frame::{Local, enter, leave};
use isa::Isa;
use registers::{File, Place};
pub(crate) use rows::code as code_of_rows;
use std::mem::offset_of;

/// The mask of the lanes that are inside of the row, in the last columns (AVX-512).
const TAIL: u8 = 7;
/// A mask for sequences of a few instructions (AVX-512).
const SCRATCH: u8 = 6;
/// More stack than this could step over a guard page.
const MAX_SLOTS: usize = 56;
/// More arguments than this are left to Cranelift.
const MAX_ARGUMENTS: usize = 64;

const fn mask_instruction(prefix: u8, map: u8, w: bool, opcode: u8, long: bool) -> Vector {
    Vector { map, prefix, w, opcode, length: long as u8, bytes: 0 }
}
const KMOV_LOAD: Vector = mask_instruction(0, 1, false, 0x90, false);
const KMOV_STORE: Vector = mask_instruction(0, 1, false, 0x91, false);
/// From a general register.
const KMOV_FROM: Vector = mask_instruction(0, 1, false, 0x92, false);
/// To a general register.
const KMOV_TO: Vector = mask_instruction(0, 1, false, 0x93, false);
const KAND: Vector = mask_instruction(0, 1, false, 0x41, true);
const KANDN: Vector = mask_instruction(0, 1, false, 0x42, true);
const KNOT: Vector = mask_instruction(0, 1, false, 0x44, false);
const KOR: Vector = mask_instruction(0, 1, false, 0x45, true);
const KXNOR: Vector = mask_instruction(0, 1, false, 0x46, true);
const KXOR: Vector = mask_instruction(0, 1, false, 0x47, true);
/// Whether any of the lower eight is set.
const KORTEST8: Vector = mask_instruction(1, 1, false, 0x98, false);
const KORTEST16: Vector = mask_instruction(0, 1, false, 0x98, false);

/// The machine code of a kernel, constants included, entry first; `None` where this emitter does not know how, or the
/// processor has neither instruction set.
pub(crate) fn code(kernel: &Kernel) -> Option<Vec<u8>> {
    let mut wide = Wide::new(kernel, Isa::host()?)?;
    wide.function();
    let fits = !wide.failed && wide.reserved_slots + wide.slots.len() <= MAX_SLOTS;
    fits.then(|| wide.code.finish())
}

/// The state of one translation.
struct Wide<'a> {
    isa: Isa,
    code: Assembler,
    kernel: &'a Kernel,
    types: Vec<Type>,
    /// Which registers of the body an output depends on.
    live: Vec<bool>,
    /// Whether lanes have 64 bits.
    long: bool,
    /// For each register of the body the one that has its bits.
    roots: Vec<usize>,
    /// For each value the instructions that use it, in order; outputs come behind all instructions.
    uses: Vec<Vec<usize>>,
    /// The present instruction.
    now: usize,
    /// Whether lanes may lie behind the row's end.
    tail: bool,
    /// Which of the vectors of a step is computed.
    part: usize,
    places: Vec<Place>,
    vectors: File,
    masks: File,
    /// Vectors that hold a value in all of the kernel.
    pinned: Vec<Option<u8>>,
    /// Partial results: outputs that have them, each with a register a part.
    partials: Vec<(usize, Vec<u8>)>,
    /// For partial results that are largest or smallest floats: masks of the lanes that have met a NaN (AVX2: one for all parts).
    met_nan: Vec<(usize, Vec<u8>)>,
    /// Values on the stack, above the reserved slots.
    slots: Vec<Option<usize>>,
    reserved_slots: usize,
    /// Two vectors with the distances of position numbers from the first lane's, if any are asked for.
    distances: Option<usize>,
    /// Room for the last columns' mask (AVX2).
    tail_slot: Option<usize>,
    /// Room for calls, if there are any.
    calls: Option<calls::Room>,
    /// Something could not be translated.
    failed: bool,
    /// Words of the frame before those of this kernel.
    first_local: usize,
    /// In a function of several kernels, which go through all of them row by row: reductions begin anew in each row.
    by_rows: bool,
    /// In such a function: whether a row is a single column, and all inputs broadcast.
    single: bool,
    /// In such a function: inputs whose next row is fetched into the cache meanwhile.
    ahead: Vec<usize>,
}

impl Wide<'_> {
    /// The whole function; its only parameter is a pointer to a [`Call`], which stays in RDI.
    ///
    /// RCX is the column, RSI the number of columns, RDX that of the columns in whole steps and then of the last ones; RAX is free
    /// in every instruction.
    fn function(&mut self) {
        let stack = enter(&mut self.code);
        let (row, exit) = (self.code.label(), self.code.label());
        self.begin_rows(exit);
        self.begin_places();
        self.begin();
        self.code.bind(row);
        self.row();
        self.next_place();
        self.end_row(row);
        self.code.bind(exit);
        leave(&mut self.code);
        let locals = self.first_local + self.locals();
        let vectors = 64 * (self.reserved_slots + self.slots.len());
        self.code.fill(stack, (8 * locals + vectors) as i32);
    }

    /// What holds for all rows: their columns, constants, distances of positions.
    fn begin(&mut self) {
        self.code.load(RSI, Memory::Base(RDI, offset_of!(Call, columns) as i32));
        for value in 0..self.kernel.body.len() {
            if let (Some(number), Instruction::Constant(_, bits)) = (self.pinned[value], self.kernel.body[value]) {
                self.constant_in(number, value, bits);
            }
        }
        self.begin_positions();
        if self.isa == Isa::Avx2 {
            self.begin_tail_of_all_rows();
        }
    }

    fn row(&mut self) {
        for number in 0..self.kernel.inputs.len() + self.kernel.outputs.len() {
            if let Some(register) = POINTERS.get(number) {
                self.code.load(*register, self.local(Local::Pointer(number)));
            }
        }
        for value in 0..self.kernel.body.len() {
            if let (Some(number), Instruction::Load(input)) = (self.pinned[value], self.kernel.body[value]) {
                self.load_vector(number, input as usize);
            }
        }
        self.begin_reductions();
        self.code.general(false, &[0x31], RCX.0, Operand::Register(RCX.0));
        if self.single {
            self.forget();
            self.body();
            return self.outputs();
        }
        self.code.copy(RDX, RSI);
        self.code.and_number(RDX, -(self.columns() as i32));
        let (body, tail, done) = (self.code.label(), self.code.label(), self.code.label());
        self.code.jump_if(Condition::Equal, tail);
        self.code.bind_aligned(body);
        self.step();
        self.part = 0;
        self.code.add_number(Operand::Register(RCX.0), self.columns() as i32);
        self.code.compare(RCX, RDX);
        self.code.jump_if(Condition::Below, body);
        self.code.bind(tail);
        self.last_step(done);
        self.code.bind(done);
        self.end_reductions();
    }

    /// All vectors of a step.
    fn step(&mut self) {
        for part in 0..self.parts() {
            self.part = part;
            self.forget();
            self.fetch_ahead();
            self.body();
            self.outputs();
        }
    }

    /// The last columns, from RCX on.
    fn last_step(&mut self, done: assembler::Label) {
        self.tail = true;
        for part in 0..self.parts() {
            self.part = part;
            self.code.copy(RDX, RSI);
            self.code.subtract(RDX, Operand::Register(RCX.0));
            if part > 0 {
                self.code.subtract_number(RDX, (part * self.lanes()) as i32);
            }
            self.code.jump_if(Condition::BelowOrEqual, done);
            self.begin_tail();
            self.forget();
            self.body();
            self.outputs();
        }
        self.tail = false;
        self.part = 0;
    }

    /// Masks off all lanes but the RDX first ones.
    fn begin_tail(&mut self) {
        if self.isa == Isa::Avx2 {
            return self.begin_tail_of_part();
        }
        // TAIL = as many of the lowest bits.
        self.code.set_number(RAX, (1 << self.lanes()) - 1);
        let keep_low = Vector { map: 2, prefix: 0, w: false, opcode: 0xf5, length: 0, bytes: 0 };
        self.code.vex(keep_low, RAX.0, RDX.0, Operand::Register(RAX.0), None);
        self.code.vex(KMOV_FROM, TAIL, 0, Operand::Register(RAX.0), None);
    }

    /// Columns of a step.
    fn columns(&self) -> usize {
        let reduces = self.kernel.outputs.iter().any(|output| matches!(output.role, Role::ReduceColumns(_)));
        if reduces { REDUCE_LANES } else { self.isa.columns(self.lanes()) }
    }

    /// Columns of a vector.
    fn lanes(&self) -> usize {
        self.isa.bytes() / self.lane_bytes()
    }

    /// Vectors of a step.
    fn parts(&self) -> usize {
        self.columns() / self.lanes()
    }

    fn lane_bytes(&self) -> usize {
        if self.long { 8 } else { 4 }
    }

    /// The lanes of a step that stay as they were behind the row's end (AVX-512).
    fn inside(&self) -> Lanes {
        if self.tail { Lanes { mask: TAIL, zero: false } } else { Lanes::ALL }
    }

    /// A floating point instruction of opcode map 1, in the width of the kernel.
    fn float(&self, opcode: u8) -> Vector {
        self.isa.vector(u8::from(self.long), 1, self.long, opcode)
    }

    /// An instruction with prefix `66`, in the width of the kernel.
    fn integer(&self, map: u8, opcode: u8) -> Vector {
        self.isa.vector(1, map, self.long, opcode)
    }

    /// An instruction in all lanes, that both instruction sets have.
    fn issue(&mut self, what: Vector, register: u8, second: u8, operand: Operand) {
        self.isa.write(&mut self.code, what, register, second, operand, None);
    }

    /// The same with a number behind it.
    fn issue_with(&mut self, what: Vector, register: u8, second: u8, operand: Operand, number: u8) {
        self.isa.write(&mut self.code, what, register, second, operand, Some(number));
    }

    /// A constant that is read into all lanes.
    fn constant(&mut self, bits: u64) -> Memory {
        let bytes = self.lane_bytes();
        self.code.constant(&bits.to_le_bytes()[..bytes])
    }

    /// A constant in all lanes, as an operand.
    fn constant_operand(&mut self, bits: u64) -> Operand {
        match self.isa {
            Isa::Avx2 => {
                let lanes = bits.to_le_bytes()[..self.lane_bytes()].repeat(self.lanes());
                Operand::Memory(self.code.constant(&lanes))
            }
            Isa::Avx512 => Operand::Everywhere(self.constant(bits)),
        }
    }

    /// Reads an element into all lanes.
    fn broadcast_in(&mut self, number: u8, memory: Memory) {
        let what = self.broadcast();
        self.issue(what, number, 0, Operand::Memory(memory));
    }

    /// The same into lanes that a mask has (AVX-512).
    fn broadcast_where(&mut self, number: u8, memory: Memory, lanes: Lanes) {
        let what = self.broadcast();
        self.code.evex(what, lanes, number, 0, Operand::Memory(memory), None);
    }

    fn broadcast(&self) -> Vector {
        let opcode = if self.long { 0x59 } else { 0x58 };
        let what = self.integer(2, opcode);
        // The VEX form has that bit always clear.
        Vector { bytes: self.lane_bytes() as i32, w: self.long && self.isa == Isa::Avx512, ..what }
    }
}

const R8: assembler::General = assembler::General(8);
const R9: assembler::General = assembler::General(9);
const R10: assembler::General = assembler::General(10);
const R11: assembler::General = assembler::General(11);
const R12: assembler::General = assembler::General(12);
const R13: assembler::General = assembler::General(13);
const R14: assembler::General = assembler::General(14);
const R15: assembler::General = assembler::General(15);
/// Where the first arguments' rows begin; further ones are read from the frame at each use.
const POINTERS: [assembler::General; 9] = [R8, R9, R10, R11, RBX, R12, R13, R14, R15];
