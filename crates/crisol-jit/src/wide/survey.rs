//! What is known of a kernel before its first instruction is written: what is used where, and what stays in a register.

use super::assembler::Assembler;
use super::isa::Isa;
use super::registers::{Kind, Place};
use super::{MAX_ARGUMENTS, Wide, avx2, calls};
use crate::sort_descending::sort_descending;
use crisol_ir::kernel::{Access, Binary, Instruction, Kernel, Role, Type};

/// Vectors that intermediate results are left at least.
const INTERMEDIATE: usize = 6;

impl<'a> Wide<'a> {
    /// Looks at a kernel; `None` if it has what this emitter does not know.
    pub(super) fn new(kernel: &'a Kernel, isa: Isa) -> Option<Wide<'a>> {
        let types = kernel.types();
        let live = crate::lower::live(kernel);
        let mut widths = types.iter().zip(&live).filter(|(_, live)| **live).filter_map(|(ty, _)| match ty {
            Type::Mask => None,
            Type::I32 | Type::F32 => Some(false),
            Type::I64 | Type::F64 => Some(true),
        });
        let long = widths.next().unwrap_or(false);
        let known = widths.all(|width| width == long)
            && kernel.inputs.len() + kernel.outputs.len() <= MAX_ARGUMENTS
            && kernel.inputs.iter().all(|input| input.access != Access::Strided)
            && kernel.outputs.iter().all(|output| output.role != Role::Store(Access::Strided))
            && kernel.body.iter().zip(&live).all(|(instruction, live)| {
                !live
                    || match instruction {
                        Instruction::Binary(Binary::Divide, x, _) => types[x.index()].is_float(),
                        _ => true,
                    }
            });
        if !known || isa == Isa::Avx2 && !avx2::knows(kernel, &types, &live) {
            return None;
        }
        let mut roots: Vec<usize> = (0..kernel.body.len()).collect();
        let mut uses = vec![Vec::new(); kernel.body.len()];
        for (index, instruction) in kernel.body.iter().enumerate() {
            match *instruction {
                Instruction::Bits(x, _) => roots[index] = roots[x.index()],
                Instruction::Convert(x, to) if to == types[x.index()] => roots[index] = roots[x.index()],
                _ if live[index] => {
                    instruction.operands().iter().for_each(|operand| uses[roots[operand.index()]].push(index));
                }
                _ => {}
            }
        }
        for (number, output) in kernel.outputs.iter().enumerate() {
            uses[roots[output.value.index()]].push(kernel.body.len() + number);
        }
        let mut wide = Wide {
            isa,
            code: Assembler::default(),
            kernel,
            types,
            live,
            long,
            roots,
            uses,
            now: 0,
            tail: false,
            part: 0,
            places: vec![Place::default(); kernel.body.len()],
            vectors: isa.vectors(),
            masks: isa.masks(),
            pinned: vec![None; kernel.body.len()],
            partials: Vec::new(),
            met_nan: Vec::new(),
            slots: Vec::new(),
            reserved_slots: 0,
            distances: None,
            tail_slot: None,
            calls: None,
            failed: false,
            first_local: 1,
            by_rows: false,
            single: false,
            ahead: Vec::new(),
        };
        wide.partials()?;
        wide.reserve();
        wide.watch_for_nan();
        wide.pin();
        Some(wide)
    }

    /// Stack for what all of the kernel needs.
    fn reserve(&mut self) {
        let live = self.kernel.body.iter().zip(&self.live).filter(|(_, live)| **live);
        let (mut positions, mut calls) = (false, false);
        for (instruction, _) in live {
            positions |= matches!(instruction, Instruction::Position { .. });
            calls |= crate::lower::Callee::of(instruction).is_some();
        }
        if self.isa == Isa::Avx2 {
            self.tail_slot = Some(self.reserve_slot());
        }
        if positions {
            self.distances = Some(self.reserve_slot());
            self.reserve_slot();
        }
        if calls {
            self.calls = Some(calls::Room::reserve(self));
        }
    }

    /// Gives registers to the constants and shared elements that are used most.
    fn pin(&mut self) {
        let shared = |wide: &Self, value: usize| {
            matches!(wide.kernel.body[value], Instruction::Constant(..)) || wide.is_broadcast(value)
        };
        let mut invariant: Vec<usize> = (0..self.kernel.body.len())
            .filter(|&value| {
                let used = self.live[value] && !self.uses[value].is_empty();
                used && self.kind(value) == Kind::Vector && shared(self, value)
            })
            .collect();
        sort_descending(&mut invariant, &|value| self.uses[value].len());
        let taken = self.pressure(&invariant).max(INTERMEDIATE) + 2;
        let most = self.vectors.usable().saturating_sub(taken);
        for value in invariant.into_iter().take(most) {
            self.pinned[value] = self.vectors.pin();
        }
    }

    /// How many vectors a body holds at once, without the invariant ones.
    fn pressure(&self, invariant: &[usize]) -> usize {
        let mut ends: Vec<usize> = Vec::new();
        let mut most = 0;
        for (index, instruction) in self.kernel.body.iter().enumerate() {
            ends.retain(|&end| end > index);
            let own = self.live[index]
                && self.roots[index] == index
                && self.kind(index) == Kind::Vector
                && !invariant.contains(&index);
            if own {
                ends.extend(self.uses[index].last());
            }
            // Some become several machine instructions with intermediate results.
            let inside =
                if matches!(instruction, Instruction::Convert(..) | Instruction::Position { .. }) { 2 } else { 0 };
            most = most.max(ends.len() + inside);
        }
        most
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wide;
    use crisol_ir::kernel::{Builder, Comparison, Function, Register};
    use crisol_ir::primitive::Reduction;
    use crisol_ir::{Cpu, DType, cpu};

    /// Whether a kernel of two contiguous inputs is written by this emitter.
    fn is_wide(dtype: DType, role: Role, build: impl Fn(&mut Builder, [Register; 2]) -> Register) -> bool {
        let mut kernel = Builder::new();
        let x = [(); 2].map(|()| {
            let input = kernel.input(dtype, Access::Contiguous);
            kernel.load(input)
        });
        let result = build(&mut kernel, x);
        let dtype = match kernel.ty(result) {
            Type::Mask => DType::Bool,
            _ => dtype,
        };
        kernel.output(result, dtype, role);
        wide::code(&kernel.finish()).is_some()
    }

    /// Otherwise Cranelift's code would have the same bits at half the speed, and no other test would see it.
    #[test]
    fn kernels_of_one_width_are_written_by_this_emitter() {
        let processor = cfg!(all(target_arch = "x86_64", unix)) && cpu() >= Cpu::Avx2;
        let store = Role::Store(Access::Contiguous);
        for dtype in [DType::F32, DType::F64] {
            let multiply_add = |kernel: &mut Builder, [x, y]: [Register; 2]| kernel.multiply_add(x, y, x);
            assert_eq!(is_wide(dtype, store, multiply_add), processor);
            for by in [Reduction::Sum, Reduction::Max] {
                assert_eq!(is_wide(dtype, Role::ReduceColumns(by), multiply_add), processor);
                assert_eq!(is_wide(dtype, Role::ReduceRows(by), multiply_add), processor);
            }
            let comparison = |kernel: &mut Builder, [x, y]: [Register; 2]| kernel.compare(Comparison::Less, x, y);
            assert_eq!(is_wide(dtype, store, comparison), processor);
            let call_where = |kernel: &mut Builder, [x, y]: [Register; 2]| {
                let mask = kernel.compare(Comparison::Less, x, y);
                let sine = kernel.call_where(Function::Sin, mask, x, y);
                kernel.select(mask, sine, x)
            };
            assert_eq!(is_wide(dtype, store, call_where), processor);
        }
        let sum = |kernel: &mut Builder, [x, y]: [Register; 2]| kernel.add(x, y);
        for dtype in [DType::U8, DType::I32, DType::I64] {
            assert_eq!(is_wide(dtype, store, sum), processor);
        }
        let both = |kernel: &mut Builder, [x, y]: [Register; 2]| kernel.binary(Binary::And, x, y);
        assert_eq!(is_wide(DType::Bool, store, both), processor);
        for dtype in [DType::BF16, DType::F16] {
            assert_eq!(is_wide(dtype, store, |kernel, [x, y]| kernel.add(x, y)), processor);
        }
    }

    #[test]
    fn what_the_instruction_set_lacks_is_left_to_cranelift() {
        let store = Role::Store(Access::Contiguous);
        let widest = cfg!(unix) && cpu() == Cpu::Avx512;
        let sum = |kernel: &mut Builder, [x, y]: [Register; 2]| kernel.add(x, y);
        for operation in [Binary::Multiply, Binary::Minimum, Binary::Maximum, Binary::ShiftRightSigned] {
            let apply = |kernel: &mut Builder, [x, y]: [Register; 2]| kernel.binary(operation, x, y);
            assert_eq!(is_wide(DType::I64, store, apply), widest, "{operation:?}");
        }
        for by in [Reduction::Product, Reduction::Max, Reduction::Min] {
            assert_eq!(is_wide(DType::I64, Role::ReduceColumns(by), sum), widest, "{by:?}");
            assert_eq!(is_wide(DType::I64, Role::ReduceRows(by), sum), widest, "{by:?}");
        }
        let there_and_back = |kernel: &mut Builder, [x, _]: [Register; 2]| {
            let number = kernel.convert(x, Type::I64);
            kernel.convert(number, Type::F64)
        };
        assert_eq!(is_wide(DType::F64, store, there_and_back), widest);
        let quotient = |kernel: &mut Builder, [x, y]: [Register; 2]| kernel.divide(x, y);
        assert!(!is_wide(DType::I32, store, quotient));
        assert!(!is_wide(DType::F32, Role::Store(Access::Strided), sum));
    }
}
