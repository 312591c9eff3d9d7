//! The function's frame on the stack, and what of it moves on from row to row.

use super::assembler::{Assembler, Condition, General, Label, Memory, Operand};
use super::assembler::{RAX, RBP, RBX, RDI, RDX, RSP};
use super::{R12, R13, R14, R15, Wide};
use crisol_ir::kernel::{Call, Role};
use std::mem::offset_of;

/// Registers that belong to the caller.
const SAVED: [General; 5] = [RBX, R12, R13, R14, R15];

/// Words of the frame below the saved registers.
#[derive(Clone, Copy)]
pub(super) enum Local {
    /// Rows that are left.
    Rows,
    /// Where the first kernel's [`Call`] is, if there are several.
    Calls,
    /// The position number of the row's first place.
    Position,
    /// Where an argument's row begins.
    Pointer(usize),
    /// Where the next row begins, of an input that is fetched ahead.
    Ahead(usize),
}

/// Saves the caller's registers and makes a frame, whose size is filled in at the place returned.
pub(super) fn enter(code: &mut Assembler) -> usize {
    code.push(RBP);
    code.copy(RBP, RSP);
    for register in SAVED {
        code.push(register);
    }
    let stack = code.reserve_stack();
    code.and_number(RSP, -64);
    stack
}

/// Returns to the caller.
pub(super) fn leave(code: &mut Assembler) {
    code.address(RSP, Memory::Base(RBP, -8 * SAVED.len() as i32));
    for register in SAVED.into_iter().rev() {
        code.pop(register);
    }
    code.pop(RBP);
    code.return_clean();
}

impl Wide<'_> {
    /// Counts the rows; there may be none.
    pub(super) fn begin_rows(&mut self, exit: Label) {
        self.code.load(RAX, Memory::Base(RDI, offset_of!(Call, rows) as i32));
        self.code.general(true, &[0x85], RAX.0, Operand::Register(RAX.0));
        self.code.jump_if(Condition::Equal, exit);
        self.code.store(self.local(Local::Rows), RAX);
    }

    /// Copies of what moves on from row to row.
    pub(super) fn begin_places(&mut self) {
        self.code.load(RAX, Memory::Base(RDI, offset_of!(Call, position) as i32));
        self.code.store(self.local(Local::Position), RAX);
        self.code.load(RDX, Memory::Base(RDI, offset_of!(Call, pointers) as i32));
        for number in 0..self.arguments() {
            self.code.load(RAX, Memory::Base(RDX, 8 * number as i32));
            self.code.store(self.local(Local::Pointer(number)), RAX);
        }
    }

    /// Moves on to where the next row is.
    pub(super) fn next_place(&mut self) {
        self.code.load(RDX, Memory::Base(RDI, offset_of!(Call, row_strides) as i32));
        let inputs = self.kernel.inputs.len();
        for number in 0..self.arguments() {
            let moves = number < inputs || !matches!(self.kernel.outputs[number - inputs].role, Role::ReduceRows(_));
            if moves {
                self.code.load(RAX, Memory::Base(RDX, 8 * number as i32));
                self.code.general(true, &[0x01], RAX.0, Operand::Memory(self.local(Local::Pointer(number))));
            }
        }
        if self.distances.is_some() {
            self.code.load(RAX, Memory::Base(RDI, offset_of!(Call, position_row_step) as i32));
            self.code.general(true, &[0x01], RAX.0, Operand::Memory(self.local(Local::Position)));
        }
    }

    /// Goes on with the next row, if there is one.
    pub(super) fn end_row(&mut self, row: Label) {
        self.code.add_number(Operand::Memory(self.local(Local::Rows)), -1);
        self.code.jump_if(Condition::NotEqual, row);
    }

    /// Words of the frame that are this kernel's.
    pub(super) fn locals(&self) -> usize {
        1 + self.arguments() + self.ahead.len()
    }

    fn arguments(&self) -> usize {
        self.kernel.inputs.len() + self.kernel.outputs.len()
    }

    pub(super) fn local(&self, local: Local) -> Memory {
        let number = match local {
            Local::Rows => 0,
            Local::Calls => 1,
            Local::Position => self.first_local,
            Local::Pointer(number) => self.first_local + 1 + number,
            Local::Ahead(place) => self.first_local + 1 + self.arguments() + place,
        };
        Memory::Base(RBP, -8 * (SAVED.len() + 1 + number) as i32)
    }
}
