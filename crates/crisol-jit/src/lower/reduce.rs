//! Reductions: the order in which elements are combined is a function of the shape alone, vectors or not.
//!
//! The partial results of a row live in a stack slot, where the vector loop and the loop over the rest both find them:
//! column `c` at place `c % 32`. Short kernels first run over whole blocks of 32 columns with the partial results in registers:
//! there, the time to write and read back a partial result would be most of the loop's.

use super::{Lowering, Row};
use cranelift_codegen::ir::condcodes::{FloatCC, IntCC};
use cranelift_codegen::ir::{self, InstBuilder, MemFlagsData, StackSlotData, StackSlotKind, Value, types};
use cranelift_frontend::FunctionBuilder;
use crisol_ir::kernel::{Kernel, REDUCE_LANES, Register, Role, Type};
use crisol_ir::primitive::Reduction;

/// The partial results of one output.
struct Partials {
    output: usize,
    slot: ir::StackSlot,
    by: Reduction,
    value: Register,
    ty: Type,
}

/// Makes room for the partial results of every output that has them.
pub(super) fn slots(
    builder: &mut FunctionBuilder<'_>,
    kernel: &Kernel,
    registers: &[Type],
) -> Vec<Option<ir::StackSlot>> {
    let mut slot = |ty: Type| {
        let bytes = REDUCE_LANES as u32 * scalar(ty).bytes();
        builder.create_sized_stack_slot(StackSlotData::new(StackSlotKind::ExplicitSlot, bytes, 4))
    };
    let outputs = kernel.outputs.iter();
    outputs
        .map(|output| match output.role {
            Role::ReduceColumns(_) => Some(slot(registers[output.value.index()])),
            _ => None,
        })
        .collect()
}

impl Lowering<'_, '_> {
    /// Sets all partial results to the reduction's neutral element.
    pub(super) fn begin_reductions(&mut self) {
        for Partials { slot, by, ty, .. } in self.reductions() {
            let neutral = self.neutral(by, ty, self.lanes);
            let step = self.builder.func.dfg.value_type(neutral).bytes();
            for offset in (0..REDUCE_LANES as u32 * scalar(ty).bytes()).step_by(step as usize) {
                let address = self.partial(slot, offset);
                self.builder.ins().store(MemFlagsData::trusted(), neutral, address, 0);
            }
        }
    }

    /// Whether the kernel is so short that its vectors of a block, and all partial results, fit the registers.
    pub(super) fn reduces_in_registers(&self) -> bool {
        let (vectors, reductions) = (REDUCE_LANES / self.lanes, self.reductions().len());
        let instructions = self.live.iter().filter(|live| **live).count();
        self.lanes > 1 && reductions > 0 && vectors * reductions <= 8 && vectors * instructions <= 64
    }

    /// The loop over columns `from..to`, a block at a time; leaves the partial results in their slots.
    pub(super) fn blocks(&mut self, row: &Row, from: Value, to: Value) {
        let vectors = REDUCE_LANES / self.lanes;
        let reductions = self.reductions();
        let mut parts = Vec::new();
        for Partials { by, ty, .. } in &reductions {
            let neutral = self.neutral(*by, *ty, self.lanes);
            parts.extend(std::iter::repeat_n(neutral, vectors));
        }
        let (body, done) = (self.block(), self.block());
        let column = self.builder.append_block_param(body, types::I64);
        self.branch_with(from, to, body, done, &parts);

        let append = |this: &mut Self, block| -> Vec<Value> {
            let types = parts.iter().map(|part| this.builder.func.dfg.value_type(*part));
            let types: Vec<ir::Type> = types.collect();
            types.into_iter().map(|ty| this.builder.append_block_param(block, ty)).collect()
        };
        let (mut sums, results) = (append(self, body), append(self, done));
        self.builder.switch_to_block(body);
        for vector in 0..vectors {
            let offset = self.integer(types::I64, (vector * self.lanes) as i64);
            let column = self.builder.ins().iadd(column, offset);
            let values = self.body(row, self.lanes, column);
            self.outputs(row, self.lanes, column, &values);
            for (number, Partials { slot, by, value, .. }) in reductions.iter().enumerate() {
                let Some(value) = values[value.index()] else {
                    continue;
                };
                let sum = &mut sums[number * vectors + vector];
                *sum = self.combine(*by, *sum, value);
                if vector < vectors / 2 {
                    // Nobody reads it. But Cranelift computes a partial result where it is next used, which would be at the loop's end, and
                    // what was loaded for all of them would not fit the registers until there.
                    let address = self.partial(*slot, 16 * vector as u32);
                    self.builder.ins().store(MemFlagsData::trusted(), *sum, address, 0);
                }
            }
        }
        let step = self.integer(types::I64, REDUCE_LANES as i64);
        let next = self.builder.ins().iadd(column, step);
        self.branch_with(next, to, body, done, &sums);

        self.builder.switch_to_block(done);
        for (reduction, parts) in reductions.iter().zip(results.chunks(vectors)) {
            for (vector, part) in parts.iter().enumerate() {
                let address = self.partial(reduction.slot, 16 * vector as u32);
                self.builder.ins().store(MemFlagsData::trusted(), *part, address, 0);
            }
        }
    }

    /// Combines the values of `column` (and of those after it, if they are vectors) into their partial results.
    pub(super) fn reduce_into_partials(&mut self, column: Value, values: &[Option<Value>]) {
        for Partials { slot, by, value, .. } in self.reductions() {
            let Some(value) = values[value.index()] else {
                continue;
            };
            let ty = self.builder.func.dfg.value_type(value);
            let last = self.integer(types::I64, REDUCE_LANES as i64 - 1);
            let place = self.builder.ins().band(column, last);
            let shift = self.integer(types::I64, ty.lane_type().bytes().trailing_zeros().into());
            let offset = self.builder.ins().ishl(place, shift);
            let base = self.partial(slot, 0);
            let address = self.builder.ins().iadd(base, offset);
            // Vectors of a slot are aligned: the vector loop's columns are multiples of the lanes.
            let old = self.builder.ins().load(ty, MemFlagsData::trusted(), address, 0);
            let new = self.combine(by, old, value);
            self.builder.ins().store(MemFlagsData::trusted(), new, address, 0);
        }
    }

    /// Combines the partial results by halves, and the last one onto what stands in memory.
    pub(super) fn end_reductions(&mut self, row: &Row) {
        for Partials { output, slot, by, ty, .. } in self.reductions() {
            let vector = scalar(ty).by(self.lanes as u32).unwrap_or(scalar(ty));
            let mut parts: Vec<Value> = (0..REDUCE_LANES as u32 / vector.lane_count())
                .map(|part| {
                    let address = self.partial(slot, part * vector.bytes());
                    self.builder.ins().load(vector, MemFlagsData::trusted(), address, 0)
                })
                .collect();
            self.combine_halves(by, &mut parts);
            if self.lanes > 1 {
                let vector = parts[0];
                parts = (0..self.lanes as u8).map(|lane| self.builder.ins().extractlane(vector, lane)).collect();
                self.combine_halves(by, &mut parts);
            }
            let (argument, dtype) = (self.kernel.inputs.len() + output, self.kernel.outputs[output].dtype);
            let pointer = row.pointers[argument];
            let old = self.load_element(dtype, pointer);
            let new = self.combine(by, old, parts[0]);
            self.store_element(dtype, pointer, new);
        }
    }

    /// One step of a reduction: `acc + x`, `acc * x`, or `if acc > x or acc is NaN then acc else x` (`<` for the smallest).
    pub(super) fn combine(&mut self, by: Reduction, acc: Value, x: Value) -> Value {
        let ty = self.builder.func.dfg.value_type(acc);
        match (by, ty.lane_type().is_float()) {
            (Reduction::Sum, true) => self.builder.ins().fadd(acc, x),
            (Reduction::Sum, false) => self.builder.ins().iadd(acc, x),
            (Reduction::Product, true) => self.builder.ins().fmul(acc, x),
            (Reduction::Product, false) => self.builder.ins().imul(acc, x),
            (Reduction::Max | Reduction::Min, true) => {
                // The inner choice is one instruction.
                let wins = if by == Reduction::Max { FloatCC::GreaterThan } else { FloatCC::LessThan };
                let wins = self.builder.ins().fcmp(wins, acc, x);
                let better = self.choose(wins, acc, x);
                let nan = self.builder.ins().fcmp(FloatCC::Unordered, acc, acc);
                self.choose(nan, acc, better)
            }
            (Reduction::Max | Reduction::Min, false) => {
                let wins = if by == Reduction::Max { IntCC::SignedGreaterThan } else { IntCC::SignedLessThan };
                let wins = self.builder.ins().icmp(wins, acc, x);
                self.choose(wins, acc, x)
            }
        }
    }

    /// `parts[i]` takes in `parts[i + half]` until one is left.
    fn combine_halves(&mut self, by: Reduction, parts: &mut Vec<Value>) {
        while parts.len() > 1 {
            let upper = parts.split_off(parts.len() / 2);
            for (part, other) in parts.iter_mut().zip(upper) {
                *part = self.combine(by, *part, other);
            }
        }
    }

    /// The outputs that have partial results.
    fn reductions(&self) -> Vec<Partials> {
        let outputs = self.kernel.outputs.iter().zip(&self.partials).enumerate();
        outputs
            .filter_map(|(number, (output, slot))| match (output.role, slot) {
                (Role::ReduceColumns(by), Some(slot)) => Some(Partials {
                    output: number,
                    slot: *slot,
                    by,
                    value: output.value,
                    ty: self.types[output.value.index()],
                }),
                _ => None,
            })
            .collect()
    }

    fn partial(&mut self, slot: ir::StackSlot, offset: u32) -> Value {
        self.builder.ins().stack_addr(types::I64, slot, offset as i32)
    }

    fn neutral(&mut self, by: Reduction, ty: Type, lanes: usize) -> Value {
        let number = match by {
            Reduction::Sum => 0.0,
            Reduction::Product => 1.0,
            Reduction::Max => f64::NEG_INFINITY,
            Reduction::Min => f64::INFINITY,
        };
        // Integers saturate: infinities become their lowest and highest.
        let bits = match ty {
            Type::F32 => u64::from((number as f32).to_bits()),
            Type::F64 => number.to_bits(),
            Type::I64 => number as i64 as u64,
            Type::I32 | Type::Mask => u64::from(number as i32 as u32),
        };
        self.constant(ty, bits, lanes)
    }
}

/// The type of one element; the verifier keeps masks away.
fn scalar(ty: Type) -> ir::Type {
    match ty {
        Type::Mask | Type::I32 => types::I32,
        Type::I64 => types::I64,
        Type::F32 => types::F32,
        Type::F64 => types::F64,
    }
}
