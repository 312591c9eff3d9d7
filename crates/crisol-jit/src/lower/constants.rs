//! Constants of vector loops.
//!
//! Cranelift loads a vector constant once, before the loop, and keeps it in a register. A chain of transcendental functions has
//! dozens of constants, x86-64 sixteen vector registers: most would be spilled, and with them what the loop computes. So only
//! the most used constants are left to Cranelift; the others are read, at each use, from a table that lives as long as the code.
//! Each use reads a place of its own, lest the reads be merged into one long-lived register, and the table's address looks to the
//! compiler as if it changed from step to step, lest they leave the loop.

use super::Lowering;
use crate::sort_descending::sort_descending;
use cranelift_codegen::ir::{self, InstBuilder, MemFlagsData, Value, types};
use crisol_ir::kernel::{Access, Instruction, Kernel, Register};

/// The vectors that code reads, at addresses that are part of it.
pub(crate) type Table = Vec<Vector>;

/// A vector constant; memory operands of instructions without AVX must be aligned.
#[derive(Clone, Copy)]
#[repr(align(16))]
#[allow(dead_code)] // read by compiled code alone
pub(crate) struct Vector([u8; 16]);

/// Registers that the intermediate results of a loop are left, of the sixteen that x86-64 has.
const INTERMEDIATE: usize = 10;

/// Where the constants of a kernel are.
pub(super) struct Constants {
    /// Filled as uses are met; never longer than its first capacity, so that it stays where it is.
    pub(super) table: Table,
    /// Which registers of the body are constants that are read from the table.
    tabled: Vec<bool>,
    /// The table's address, inside of a loop that reads it.
    address: Option<Value>,
}

impl Constants {
    /// Decides which constants are read from a table.
    pub(super) fn new(kernel: &Kernel, live: &[bool], lanes: usize) -> Constants {
        let mut tabled = vec![false; kernel.body.len()];
        let mut places = 0;
        if lanes > 1 && cfg!(target_arch = "x86_64") {
            let mut uses = vec![0usize; kernel.body.len()];
            let instructions = kernel.body.iter().zip(live).filter(|(_, live)| **live);
            for (instruction, _) in instructions {
                instruction.operands().iter().for_each(|operand| uses[operand.index()] += 1);
                // Signs are flipped and cleared with a mask.
                places += usize::from(matches!(instruction, Instruction::Unary(..)));
            }
            let broadcast = kernel.inputs.iter().filter(|input| input.access == Access::Broadcast).count();
            let kept = 16usize.saturating_sub(INTERMEDIATE + broadcast);
            let constant = |index: &usize| live[*index] && matches!(kernel.body[*index], Instruction::Constant(..));
            let mut constants: Vec<usize> = (0..kernel.body.len()).filter(constant).collect();
            sort_descending(&mut constants, &|index| uses[index]);
            for &index in constants.iter().skip(kept) {
                tabled[index] = true;
                places += uses[index];
            }
            if !tabled.contains(&true) {
                places = 0;
            }
        }
        Constants { table: Vec::with_capacity(places), tabled, address: None }
    }
}

impl Lowering<'_, '_> {
    /// The table's address for the first step of a loop, if the loop reads it.
    pub(super) fn begin_table(&mut self, lanes: usize) -> Option<Value> {
        if lanes == 1 || self.constants.table.capacity() == 0 {
            return None;
        }
        let address = self.constants.table.as_ptr() as i64;
        Some(self.integer(types::I64, address))
    }

    /// Takes the table's address as one more parameter of the loop's block.
    pub(super) fn enter_table(&mut self, body: ir::Block, table: Option<Value>) {
        self.constants.address = table.map(|_| self.builder.append_block_param(body, types::I64));
    }

    /// The table's address for the next step. Adding 0 hides that it is the same.
    pub(super) fn leave_table(&mut self) -> Option<Value> {
        let address = self.constants.address.take()?;
        let zero = self.integer(types::I64, 0);
        Some(self.builder.ins().iadd(address, zero))
    }

    /// Whether a register of the body is a constant that every use reads anew.
    pub(super) fn tabled(&self, register: Register) -> bool {
        self.constants.address.is_some() && self.constants.tabled[register.index()]
    }

    /// A constant read from the table; `None` outside of a loop with a table, or if that is full.
    pub(super) fn read_table(&mut self, bytes: [u8; 16], ty: ir::Type) -> Option<Value> {
        let address = self.constants.address?;
        let table = &mut self.constants.table;
        if table.len() == table.capacity() {
            return None;
        }
        let offset = 16 * table.len() as i32;
        table.push(Vector(bytes));
        // All that lets the load move to its use.
        let flags = MemFlagsData::trusted().with_readonly().with_can_move();
        Some(self.builder.ins().load(ty, flags, address, offset))
    }
}
