//! From kernel language to Cranelift's: what is shared, and the loop nest.
//!
//! A kernel becomes one function of two nested loops. The columns of a row are run by a loop over vectors of 128 bits, then by
//! one over what is left, an element at a time. Both compute every element by the same operations, so that its place in the
//! row never shows in its bits. Vectors have four lanes where all values are 32 bits wide, two where all are 64; kernels
//! that mix widths, and processors without a full set of vector instructions, have the second loop alone. Strided arguments
//! are gathered and scattered lane by lane.

mod constants;
mod instruction;
mod memory;
mod reduce;
mod value;

use cranelift_codegen::ir::{self, BlockArg, InstBuilder, MemFlagsData, Value, types};
use cranelift_frontend::FunctionBuilder;
use crisol_ir::kernel::{self, Access, BinaryFunction, Call, Function, Instruction, Kernel, REDUCE_LANES, Role, Type};
use std::collections::HashMap;
use std::mem::offset_of;

/// A function that code calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Callee {
    Unary(Function),
    Binary(BinaryFunction),
}

impl Callee {
    /// What an instruction calls, if it does.
    pub(crate) fn of(instruction: &Instruction) -> Option<Callee> {
        match *instruction {
            Instruction::Call(function, _) | Instruction::CallWhere(function, ..) => Some(Callee::Unary(function)),
            Instruction::CallBinary(function, ..) => Some(Callee::Binary(function)),
            _ => None,
        }
    }
}

/// The functions that the kernel calls, known to the function being built.
pub(crate) type Functions = HashMap<Callee, ir::FuncRef>;

pub(crate) use constants::Table;

/// Writes the whole function; its only parameter is a pointer to a [`Call`]. The code reads the constants returned, where they
/// lie now.
pub(crate) fn function(builder: &mut FunctionBuilder<'_>, kernel: &Kernel, functions: &Functions) -> Table {
    let types = kernel.types();
    let live = live(kernel);
    let lanes = lanes(&types, &live);
    let partials = reduce::slots(builder, kernel, &types);
    let fused = kernel::fused_multiply_add();
    let constants = constants::Constants::new(kernel, &live, lanes);
    let mut lowering = Lowering { builder, kernel, functions, types, live, lanes, partials, fused, constants };
    lowering.rows();
    lowering.builder.seal_all_blocks();
    lowering.constants.table
}

/// The state of one translation.
struct Lowering<'a, 'b> {
    builder: &'a mut FunctionBuilder<'b>,
    kernel: &'a Kernel,
    functions: &'a Functions,
    types: Vec<Type>,
    /// Which registers an output depends on.
    live: Vec<bool>,
    /// The lanes of the vector loop; 1 without one.
    lanes: usize,
    /// The partial results of each output, if it has them.
    partials: Vec<Option<ir::StackSlot>>,
    /// Whether products and sums are rounded once.
    fused: bool,
    /// Which constants stay in registers, and the others.
    constants: constants::Constants,
}

/// What is known once a row begins.
struct Row {
    /// The row's first element of each argument.
    pointers: Vec<Value>,
    /// Bytes between columns, of strided arguments.
    strides: Vec<Option<Value>>,
    /// The elements of inputs that are the same for the whole row.
    elements: Vec<Option<Value>>,
    /// The same as vectors.
    vectors: Vec<Option<Value>>,
    /// The position number of the first place, and what a column adds.
    position: Value,
    position_step: Value,
}

impl Lowering<'_, '_> {
    fn rows(&mut self) {
        let (entry, body, exit) = (self.block(), self.block(), self.block());
        self.builder.append_block_params_for_function_params(entry);
        self.builder.switch_to_block(entry);
        let call = self.builder.block_params(entry)[0];
        let rows = self.field(call, offset_of!(Call, rows));
        let columns = self.field(call, offset_of!(Call, columns));
        let zero = self.integer(types::I64, 0);
        // As a difference: a mask with a constant would be computed anew in every step of the loop.
        let multiple_of = |this: &mut Self, size: usize| {
            let mask = this.integer(types::I64, size as i64 - 1);
            let rest = this.builder.ins().band(columns, mask);
            this.builder.ins().isub(columns, rest)
        };
        let whole_vectors = multiple_of(self, self.lanes);
        let whole_blocks = multiple_of(self, REDUCE_LANES);
        self.branch_if_less(zero, rows, body, exit);

        let row = self.builder.append_block_param(body, types::I64);
        self.builder.switch_to_block(body);
        let state = self.row(call, row);
        let mut done = zero;
        if self.reduces_in_registers() {
            self.blocks(&state, zero, whole_blocks);
            done = whole_blocks;
        } else {
            self.begin_reductions();
        }
        if self.lanes > 1 {
            self.columns(&state, self.lanes, done, whole_vectors);
            done = whole_vectors;
        }
        self.columns(&state, 1, done, columns);
        self.end_reductions(&state);
        let one = self.integer(types::I64, 1);
        let next = self.builder.ins().iadd(row, one);
        self.branch_if_less(next, rows, body, exit);

        self.builder.switch_to_block(exit);
        self.builder.ins().return_(&[]);
    }

    /// Computes where the arguments of a row are, and loads what all its columns share.
    ///
    /// Addresses are read anew for each row: they would only take registers from the loop over columns.
    fn row(&mut self, call: Value, row: Value) -> Row {
        let pointers = self.field(call, offset_of!(Call, pointers));
        let row_strides = self.field(call, offset_of!(Call, row_strides));
        let column_strides = self.field(call, offset_of!(Call, column_strides));
        let position = self.field(call, offset_of!(Call, position));
        let row_step = self.field(call, offset_of!(Call, position_row_step));
        let moved = self.builder.ins().imul(row, row_step);
        let mut state = Row {
            pointers: Vec::new(),
            strides: Vec::new(),
            elements: Vec::new(),
            vectors: Vec::new(),
            position: self.builder.ins().iadd(position, moved),
            position_step: self.field(call, offset_of!(Call, position_column_step)),
        };
        let kernel = self.kernel;
        let inputs = kernel.inputs.iter().map(|input| (Some(input.access), true));
        let outputs = kernel.outputs.iter().map(|output| match output.role {
            Role::Store(access) => (Some(access), true),
            Role::ReduceColumns(_) => (None, true),
            Role::ReduceRows(_) => (None, false),
        });
        for (number, (access, moves)) in inputs.chain(outputs).enumerate() {
            let mut pointer = self.field(pointers, 8 * number);
            if moves {
                let stride = self.field(row_strides, 8 * number);
                let offset = self.builder.ins().imul(row, stride);
                pointer = self.builder.ins().iadd(pointer, offset);
            }
            state.pointers.push(pointer);
            let strided = access == Some(Access::Strided);
            state.strides.push(strided.then(|| self.field(column_strides, 8 * number)));
        }
        for (number, input) in kernel.inputs.iter().enumerate() {
            let loaded = |live: &[bool]| {
                kernel
                    .body
                    .iter()
                    .zip(live)
                    .any(|(instruction, live)| *live && *instruction == Instruction::Load(number as u32))
            };
            let (mut element, mut vector) = (None, None);
            if input.access == Access::Broadcast && loaded(&self.live) {
                let pointer = state.pointers[number];
                element = Some(self.load_element(input.dtype, pointer));
                if self.lanes > 1 {
                    vector = Some(self.load_everywhere(input.dtype, pointer));
                }
            }
            state.elements.push(element);
            state.vectors.push(vector);
        }
        state
    }

    /// The loop over columns `from..to`, `lanes` at a time.
    fn columns(&mut self, row: &Row, lanes: usize, from: Value, to: Value) {
        let (body, done) = (self.block(), self.block());
        let table = self.begin_table(lanes);
        self.branch_into(from, to, body, table, done);
        let column = self.builder.append_block_param(body, types::I64);
        self.builder.switch_to_block(body);
        self.enter_table(body, table);
        let values = self.body(row, lanes, column);
        self.outputs(row, lanes, column, &values);
        self.reduce_into_partials(column, &values);
        let step = self.integer(types::I64, lanes as i64);
        let next = self.builder.ins().iadd(column, step);
        let table = self.leave_table();
        self.branch_into(next, to, body, table, done);
        self.builder.switch_to_block(done);
    }

    /// Writes all outputs but those that are reduced over the columns.
    fn outputs(&mut self, row: &Row, lanes: usize, column: Value, values: &[Option<Value>]) {
        let kernel = self.kernel;
        for (number, output) in kernel.outputs.iter().enumerate() {
            // Live by definition: liveness starts at the outputs.
            let Some(value) = values[output.value.index()] else {
                continue;
            };
            let argument = kernel.inputs.len() + number;
            match output.role {
                Role::Store(_) => {
                    self.store_at(row, argument, output.dtype, lanes, column, value);
                }
                Role::ReduceRows(by) => {
                    let old = self.load_at(row, argument, output.dtype, lanes, column);
                    let new = self.combine(by, old, value);
                    self.store_at(row, argument, output.dtype, lanes, column, new);
                }
                Role::ReduceColumns(_) => {}
            }
        }
    }

    fn block(&mut self) -> ir::Block {
        self.builder.create_block()
    }

    /// Continues with `then(a)` if `a < b`, else with `otherwise()`.
    fn branch_if_less(&mut self, a: Value, b: Value, then: ir::Block, otherwise: ir::Block) {
        self.branch_with(a, b, then, otherwise, &[]);
    }

    /// Continues with `then(a, carried)` if `a < b`, else with `otherwise()`.
    fn branch_into(&mut self, a: Value, b: Value, then: ir::Block, carried: Option<Value>, otherwise: ir::Block) {
        let less = self.builder.ins().icmp(ir::condcodes::IntCC::UnsignedLessThan, a, b);
        let arguments: Vec<BlockArg> = [Some(a), carried].into_iter().flatten().map(BlockArg::Value).collect();
        self.builder.ins().brif(less, then, &arguments, otherwise, &[]);
    }

    /// Continues with `then(a, carried...)` if `a < b`, else with `otherwise(carried...)`.
    fn branch_with(&mut self, a: Value, b: Value, then: ir::Block, otherwise: ir::Block, carried: &[Value]) {
        let less = self.builder.ins().icmp(ir::condcodes::IntCC::UnsignedLessThan, a, b);
        let carried: Vec<BlockArg> = carried.iter().copied().map(BlockArg::Value).collect();
        let then_arguments: Vec<BlockArg> =
            std::iter::once(BlockArg::Value(a)).chain(carried.iter().copied()).collect();
        self.builder.ins().brif(less, then, &then_arguments, otherwise, &carried);
    }

    /// A word of a [`Call`] or of its arrays.
    fn field(&mut self, base: Value, offset: usize) -> Value {
        let flags = MemFlagsData::trusted();
        let offset = self.integer(types::I64, offset as i64);
        let address = self.builder.ins().iadd(base, offset);
        self.builder.ins().load(types::I64, flags, address, 0)
    }

    fn integer(&mut self, ty: ir::Type, number: i64) -> Value {
        self.builder.ins().iconst(ty, number)
    }
}

/// Which registers an output depends on.
pub(crate) fn live(kernel: &Kernel) -> Vec<bool> {
    let mut live = vec![false; kernel.body.len()];
    for output in &kernel.outputs {
        live[output.value.index()] = true;
    }
    for (index, instruction) in kernel.body.iter().enumerate().rev() {
        if live[index] {
            for operand in instruction.operands() {
                live[operand.index()] = true;
            }
        }
    }
    live
}

/// How many elements a vector holds: 4 or 2 where all values have one width (masks take any), else 1.
fn lanes(types: &[Type], live: &[bool]) -> usize {
    if !has_vectors() {
        return 1;
    }
    let mut widths = types.iter().zip(live).filter(|(_, live)| **live).filter_map(|(ty, _)| match ty {
        Type::Mask => None,
        Type::I32 | Type::F32 => Some(4),
        Type::I64 | Type::F64 => Some(2),
    });
    let first = widths.next().unwrap_or(4);
    if widths.all(|width| width == first) { first } else { 1 }
}

/// Whether Cranelift has an instruction or a short sequence for all that `instruction` asks of vectors.
fn has_vectors() -> bool {
    cfg!(target_arch = "aarch64") || crisol_ir::cpu() >= crisol_ir::Cpu::Sse42
}
