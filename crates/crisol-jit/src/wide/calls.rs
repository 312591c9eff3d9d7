//! Functions that are called lane by lane: those of double precision, and of single precision where an argument is beyond what
//! the instructions of the kernel can do.

use super::assembler::{Condition, General, Memory, Operand, RAX, RCX, RDI, RDX, RSI, Vector};
use super::isa::Isa;
use super::{KMOV_LOAD, KMOV_STORE, KMOV_TO, KORTEST8, KORTEST16, R8, R9, R10, R11, Wide};
use crate::compiled;
use crate::lower::Callee;
use crisol_ir::kernel::Instruction;

/// Registers that a called function may change.
const CHANGED: [General; 8] = [RCX, RDX, RSI, RDI, R8, R9, R10, R11];

/// Stack for a call: arguments, results, and all registers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Room {
    x: usize,
    y: usize,
    results: usize,
    vectors: usize,
    masks: usize,
}

impl Room {
    pub(super) fn reserve(wide: &mut Wide<'_>) -> Room {
        let (x, y, results, vectors) =
            (wide.reserve_slot(), wide.reserve_slot(), wide.reserve_slot(), wide.reserve_slot());
        (1..wide.isa.registers()).for_each(|_| {
            wide.reserve_slot();
        });
        Room { x, y, results, vectors, masks: wide.reserve_slot() }
    }
}

impl Wide<'_> {
    /// Calls the function of an instruction for its lanes.
    pub(super) fn call_out(&mut self, index: usize, instruction: &Instruction) {
        let (Some(room), Some(callee)) = (self.calls, Callee::of(instruction)) else { return };
        let (condition, x, y, otherwise) = match *instruction {
            Instruction::CallWhere(_, mask, x, otherwise) => (Some(mask), x, x, otherwise),
            Instruction::CallBinary(_, a, b) => (None, a, b, a),
            Instruction::Call(_, x) => (None, x, x, x),
            _ => return,
        };
        let condition = condition.map(|mask| self.mask(self.value(mask)));
        let operands = [(x, room.x), (y, room.y), (otherwise, room.results)];
        let operands = operands.map(|(register, slot)| (self.vector(self.value(register)), slot));
        let result = self.define_apart(index);
        self.move_in(result, Operand::Register(operands[2].0));
        let done = self.code.label();
        if let (Some(mask), Isa::Avx2) = (condition, self.isa) {
            self.lanes_to_rax(mask, done);
        } else if let Some(mask) = condition {
            let test = if self.long { KORTEST8 } else { KORTEST16 };
            self.code.vex(test, mask, 0, Operand::Register(mask), None);
            self.code.jump_if(Condition::Equal, done);
        }
        for (number, slot) in operands {
            self.move_out(number, slot);
        }
        for number in 0..self.isa.registers() {
            self.move_out(number, room.vectors + usize::from(number));
        }
        self.move_masks(KMOV_STORE, room);
        match condition {
            Some(_) if self.isa == Isa::Avx2 => {}
            Some(mask) => self.code.vex(KMOV_TO, RAX.0, 0, Operand::Register(mask), None),
            None => self.code.set_number(RAX, (1 << self.lanes()) - 1),
        }
        if self.single {
            // The other lanes are copies, or nothing that counts.
            self.code.and_number(RAX, 1);
        }
        // They take as much stack as a vector: what is aligned stays so.
        for register in CHANGED {
            self.code.push(register);
        }
        let pushed = |memory: Memory| memory.plus(8 * CHANGED.len() as i32);
        self.code.copy(RDI, RAX);
        for (register, slot) in [(RSI, room.x), (RDX, room.y), (RCX, room.results)] {
            let memory = pushed(self.slot(slot));
            self.code.address(register, memory);
        }
        self.code.set_number(R8, compiled::address(callee) as u64);
        let lanes = match (callee, self.long) {
            (Callee::Unary(_), false) => unary_singles as *const u8,
            (Callee::Unary(_), true) => unary_doubles as *const u8,
            (Callee::Binary(_), _) => binary_doubles as *const u8,
        };
        self.code.set_number(RAX, lanes as u64);
        self.code.clean();
        self.code.call(RAX);
        for register in CHANGED.into_iter().rev() {
            self.code.pop(register);
        }
        self.move_masks(KMOV_LOAD, room);
        for number in (0..self.isa.registers()).filter(|number| *number != result) {
            let from = Operand::Memory(self.slot(room.vectors + usize::from(number)));
            self.move_in(number, from);
        }
        let from = Operand::Memory(self.slot(room.results));
        self.move_in(result, from);
        self.code.bind(done);
    }

    fn move_out(&mut self, number: u8, slot: usize) {
        let what = self.float(0x11);
        let to = Operand::Memory(self.slot(slot));
        self.issue(what, number, 0, to);
    }

    /// Writes or reads all masks (AVX-512).
    fn move_masks(&mut self, what: Vector, room: Room) {
        for mask in (1..8).filter(|_| self.isa == Isa::Avx512) {
            let place = self.slot(room.masks).plus(8 * i32::from(mask));
            self.code.vex(what, mask, 0, Operand::Memory(place), None);
        }
    }
}

/// `results[i] = function(x[i])` for those of at most sixteen lanes that `mask` names, taken in double precision.
unsafe extern "C" fn unary_singles(
    mask: u64,
    x: *const f32,
    _: *const f32,
    results: *mut f32,
    function: extern "C" fn(f64) -> f64,
) {
    for lane in (0..16).filter(|lane| mask >> lane & 1 != 0) {
        // SAFETY: the caller is code of this module: each pointer is to 64 bytes of its stack, of sixteen lanes at most.
        unsafe { *results.add(lane) = function(f64::from(*x.add(lane))) as f32 };
    }
}

/// The same for at most eight lanes of doubles.
unsafe extern "C" fn unary_doubles(
    mask: u64,
    x: *const f64,
    _: *const f64,
    results: *mut f64,
    function: extern "C" fn(f64) -> f64,
) {
    for lane in (0..8).filter(|lane| mask >> lane & 1 != 0) {
        // SAFETY: the caller is code of this module: each pointer is to 64 bytes of its stack, of eight lanes at most.
        unsafe { *results.add(lane) = function(*x.add(lane)) };
    }
}

/// The same for functions of two doubles.
unsafe extern "C" fn binary_doubles(
    mask: u64,
    x: *const f64,
    y: *const f64,
    results: *mut f64,
    function: extern "C" fn(f64, f64) -> f64,
) {
    for lane in (0..8).filter(|lane| mask >> lane & 1 != 0) {
        // SAFETY: the caller is code of this module: each pointer is to 64 bytes of its stack, of eight lanes at most.
        unsafe { *results.add(lane) = function(*x.add(lane), *y.add(lane)) };
    }
}
