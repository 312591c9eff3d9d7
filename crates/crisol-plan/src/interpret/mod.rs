//! Runs kernels without compiling them: each instruction over a block of elements at a time.
//!
//! This is what runs where no native code may be made, and the oracle of the compiler: both give the same bits.

mod arithmetic;
#[macro_use]
mod dispatch;
mod block;
mod reduce;

pub(crate) use reduce::{combine, fill_identity};

use block::{Block, Frame};
use crisol_ir::kernel::{Access, Call, Instruction, Kernel, Role, Type};
use reduce::Partials;
use smallvec::SmallVec;
use std::cell::RefCell;

/// Elements that an instruction handles at a time.
pub const BLOCK: usize = 1024;

/// Runs a kernel over the loops of a call.
///
/// Denormals are treated as the calling thread is set to treat them.
///
/// # Safety
/// The kernel passes its verifier, and every element that the call's loops, pointers and strides name is readable (inputs)
/// or writable by this thread alone (outputs).
pub unsafe fn run(kernel: &Kernel, call: &Call) {
    // SAFETY: passed on.
    unsafe { Program::new(kernel).run(call) }
}

/// A kernel with a place for every register: registers whose lives do not overlap share one.
#[derive(Clone, Debug)]
pub struct Program {
    kernel: Kernel,
    types: Vec<Type>,
    slots: Vec<u32>,
    slot_count: usize,
}

impl Program {
    /// Assigns places to the registers of a kernel.
    pub fn new(kernel: &Kernel) -> Program {
        let types = kernel.types();
        let mut last_use: Vec<usize> = (0..kernel.body.len()).collect();
        for (index, instruction) in kernel.body.iter().enumerate() {
            for operand in instruction.operands() {
                last_use[operand.index()] = index;
            }
        }
        for output in &kernel.outputs {
            last_use[output.value.index()] = usize::MAX;
        }
        let mut slots = Vec::with_capacity(kernel.body.len());
        let mut free: Vec<u32> = Vec::new();
        let mut slot_count = 0;
        for (index, instruction) in kernel.body.iter().enumerate() {
            let pinned = matches!(instruction, Instruction::Constant(..));
            // Constants are written before the first block, so their places are theirs alone.
            let reused = if pinned { None } else { free.pop() };
            slots.push(reused.unwrap_or_else(|| {
                slot_count += 1;
                slot_count as u32 - 1
            }));
            // An operand's place is free only after this instruction: results never overwrite what they are made from.
            let mut dying: SmallVec<[usize; 4]> =
                instruction.operands().iter().map(|operand| operand.index()).collect();
            dying.push(index);
            dying.sort_unstable();
            dying.dedup();
            for operand in dying {
                let constant = matches!(kernel.body[operand], Instruction::Constant(..));
                if last_use[operand] == index && !constant {
                    free.push(slots[operand]);
                }
            }
        }
        Program { kernel: kernel.clone(), types, slots, slot_count }
    }

    /// Runs the kernel over the loops of a call.
    ///
    /// # Safety
    /// As for [`run`].
    pub unsafe fn run(&self, call: &Call) {
        thread_local! {
            static BLOCKS: RefCell<Vec<Block>> = const { RefCell::new(Vec::new()) };
        }
        let mut blocks = BLOCKS.take();
        if blocks.len() < self.slot_count {
            blocks.resize(self.slot_count, Block::ZERO);
        }
        let frame = Frame::new(&mut blocks);
        // SAFETY: the frame has a block for every slot; the rest is passed on.
        unsafe { self.run_in(frame, call) };
        BLOCKS.replace(blocks);
    }

    unsafe fn run_in(&self, frame: Frame, call: &Call) {
        let kernel = &self.kernel;
        for (index, instruction) in kernel.body.iter().enumerate() {
            if let Instruction::Constant(ty, bits) = *instruction {
                // SAFETY: the slot exists.
                unsafe { frame.fill(self.slots[index], ty, bits) };
            }
        }
        let mut partials: SmallVec<[Partials; 4]> = kernel
            .outputs
            .iter()
            .map(|output| match output.role {
                Role::ReduceColumns(reduction) => Partials::new(reduction, output.dtype),
                _ => Partials::unused(),
            })
            .collect();
        for row in 0..call.rows {
            for (partials, output) in partials.iter_mut().zip(&kernel.outputs) {
                if matches!(output.role, Role::ReduceColumns(_)) {
                    partials.reset();
                }
            }
            let mut column = 0;
            while column < call.columns {
                let count = BLOCK.min(call.columns - column);
                // SAFETY: row and columns are inside the call's loops.
                unsafe {
                    self.evaluate(frame, call, row, column, count);
                    self.write(frame, call, row, column, count, &mut partials);
                }
                column += count;
            }
            for (number, output) in kernel.outputs.iter().enumerate() {
                if matches!(output.role, Role::ReduceColumns(_)) {
                    // SAFETY: the caller vouches for one element a row.
                    unsafe {
                        let to = address(call, kernel.inputs.len() + number, row, 0, 0);
                        partials[number].finish(to);
                    }
                }
            }
        }
    }

    /// Computes every register for some columns of a row.
    unsafe fn evaluate(&self, frame: Frame, call: &Call, row: usize, column: usize, count: usize) {
        for (index, instruction) in self.kernel.body.iter().enumerate() {
            let slot = self.slots[index];
            // SAFETY: operands are other slots of the types that the verifier demands.
            unsafe {
                match *instruction {
                    Instruction::Constant(..) => {}
                    Instruction::Load(input) => {
                        let argument = &self.kernel.inputs[input as usize];
                        let stride = column_stride(call, input as usize, argument.access, argument.dtype.size());
                        let from = address(call, input as usize, row, column, stride);
                        frame.load(slot, argument.dtype, from, stride, count);
                    }
                    Instruction::Position { high } => {
                        let start = call
                            .position
                            .wrapping_add((row as u64).wrapping_mul(call.position_row_step))
                            .wrapping_add((column as u64).wrapping_mul(call.position_column_step));
                        frame.position(slot, start, call.position_column_step, high, count);
                    }
                    _ => {
                        let operands = instruction.operands();
                        let mut from = [(0, Type::I32); 3];
                        for (from, operand) in from.iter_mut().zip(&operands) {
                            *from = (self.slots[operand.index()], self.types[operand.index()]);
                        }
                        frame.execute(instruction, slot, from, count);
                    }
                }
            }
        }
    }

    /// Writes or combines the outputs for some columns of a row.
    unsafe fn write(
        &self,
        frame: Frame,
        call: &Call,
        row: usize,
        column: usize,
        count: usize,
        partials: &mut [Partials],
    ) {
        for (number, output) in self.kernel.outputs.iter().enumerate() {
            let argument = self.kernel.inputs.len() + number;
            let slot = self.slots[output.value.index()];
            // SAFETY: the slot holds `count` values of the output's type; addresses are inside the call's loops.
            unsafe {
                match output.role {
                    Role::Store(access) => {
                        let stride = column_stride(call, argument, access, output.dtype.size());
                        let to = address(call, argument, row, column, stride);
                        frame.store(slot, output.dtype, to, stride, count);
                    }
                    Role::ReduceColumns(_) => partials[number].take(frame, slot, count),
                    Role::ReduceRows(reduction) => {
                        let size = output.dtype.size();
                        let to = (*call.pointers.add(argument)).add(column * size);
                        reduce::rows(frame, slot, reduction, output.dtype, to, count);
                    }
                }
            }
        }
    }
}

/// Bytes from column to column of an argument.
unsafe fn column_stride(call: &Call, argument: usize, access: Access, size: usize) -> isize {
    match access {
        Access::Contiguous => size as isize,
        Access::Broadcast => 0,
        // SAFETY: the call has a stride for every argument.
        Access::Strided => unsafe { *call.column_strides.add(argument) },
    }
}

/// Where an argument's element of a place of the loops lies.
unsafe fn address(call: &Call, argument: usize, row: usize, column: usize, stride: isize) -> *mut u8 {
    // SAFETY: the call has a pointer and a stride for every argument, and the place is inside its loops.
    unsafe {
        let row_stride = *call.row_strides.add(argument);
        (*call.pointers.add(argument)).offset(row as isize * row_stride + column as isize * stride)
    }
}
