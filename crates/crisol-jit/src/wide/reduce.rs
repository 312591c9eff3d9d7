//! Partial results of reductions over the columns, which stay in vectors from a row's first column to its last.

use super::assembler::{Lanes, Memory, Operand, RAX};
use super::body::ORDERED;
use super::isa::Isa;
use super::registers::Kind;
use super::{KMOV_FROM, KOR, KXOR, Local, SCRATCH, TAIL, Wide};
use crisol_ir::kernel::{Role, Type};
use crisol_ir::primitive::Reduction;

/// Masks that may be aside for NaNs: bodies need some.
const MAX_WATCHES: usize = 2;
/// The comparison that holds where an operand is NaN.
pub(super) const UNORDERED: u8 = 3;

impl Wide<'_> {
    /// Gives registers to all partial results; `None` if there are too many of them.
    pub(super) fn partials(&mut self) -> Option<()> {
        let kernel = self.kernel;
        for (number, output) in kernel.outputs.iter().enumerate() {
            if let Role::ReduceColumns(_) = output.role {
                let registers: Option<Vec<u8>> = (0..self.parts()).map(|_| self.vectors.pin()).collect();
                self.partials.push((number, registers?));
            }
        }
        (self.partials.len() * self.parts() <= self.isa.max_partials()).then_some(())
    }

    /// Gives masks to largest and smallest floats, while enough are left for bodies and nothing is called that would change them.
    ///
    /// That a NaN stays is a comparison before each step, and the next step waits for both. With a mask aside, which a comparison
    /// of the new element alone fills, a step is one instruction: it may lose the NaN, and the mask brings it back at the end.
    pub(super) fn watch_for_nan(&mut self) {
        let watched = |output: &crisol_ir::kernel::Output| {
            matches!(output.role, Role::ReduceColumns(Reduction::Max | Reduction::Min))
                && self.types[output.value.index()].is_float()
        };
        let numbers: Vec<usize> =
            self.partials.iter().map(|(number, _)| *number).filter(|&at| watched(&self.kernel.outputs[at])).collect();
        if self.isa == Isa::Avx2 {
            // A vector each, as long as there are some for the body: one for all parts, as any NaN makes the result NaN. Calls keep
            // vectors.
            let free = self.isa.max_partials().saturating_sub(self.partials.len() * self.parts());
            for number in numbers.into_iter().take(free) {
                let mask = self.vectors.pin().map(|mask| vec![mask; self.parts()]);
                self.met_nan.extend(mask.map(|masks| (number, masks)));
            }
            return;
        }
        if self.calls.is_some() || numbers.len() * self.parts() > MAX_WATCHES {
            return;
        }
        for number in numbers {
            let masks = (0..self.parts()).filter_map(|_| self.masks.pin()).collect();
            self.met_nan.push((number, masks));
        }
    }

    fn watch(&self, output: usize) -> Option<&[u8]> {
        self.met_nan.iter().find(|(number, _)| *number == output).map(|(_, masks)| &masks[..])
    }

    /// Sets the partial results to the reductions' neutral elements.
    pub(super) fn begin_reductions(&mut self) {
        for mask in self.met_nan.iter().flat_map(|(_, masks)| masks.clone()).collect::<Vec<u8>>() {
            let (what, operand) = (self.integer(1, 0xef), Operand::Register(mask));
            match self.isa {
                Isa::Avx2 => self.issue(what, mask, mask, operand),
                Isa::Avx512 => self.code.vex(KXOR, mask, mask, operand, None),
            }
        }
        for (output, registers) in self.partials.clone() {
            let output = self.kernel.outputs[output];
            if let Role::ReduceColumns(by) = output.role {
                let neutral = neutral(by, self.types[output.value.index()]);
                let memory = self.constant(neutral);
                for number in registers {
                    self.broadcast_in(number, memory);
                }
            }
        }
    }

    /// Writes the outputs at the present columns, or takes them into their partial results.
    pub(super) fn outputs(&mut self) {
        let kernel = self.kernel;
        for (number, output) in kernel.outputs.iter().enumerate() {
            self.now = kernel.body.len() + number;
            let (value, argument) = (self.value(output.value), kernel.inputs.len() + number);
            match output.role {
                Role::Store(_) => self.store_output(argument, output.dtype, value),
                Role::ReduceRows(by) => {
                    let new = self.vector(value);
                    let result = self.temporary(Kind::Vector);
                    let memory = self.element(argument, output.dtype);
                    self.load_from(result, memory, output.dtype);
                    self.combine(by, output.value.index(), result, Operand::Register(new));
                    // Loading may have changed RAX.
                    let memory = self.element(argument, output.dtype);
                    self.store_to(memory, output.dtype, result);
                }
                Role::ReduceColumns(by) => {
                    let Some(partial) = self.partials.iter().find(|(output, _)| *output == number) else { continue };
                    let partial = partial.1[self.part];
                    if let Some(mask) = self.watch(number).map(|masks| masks[self.part]) {
                        let new = self.vector(value);
                        self.combine_watched(by, partial, new, mask);
                        self.end_instruction();
                        continue;
                    }
                    let new = self.operand(value);
                    self.combine(by, output.value.index(), partial, new);
                }
            }
            self.end_instruction();
        }
    }

    /// Combines the partial results by halves, and the last one onto what stands in memory.
    pub(super) fn end_reductions(&mut self) {
        if self.partials.is_empty() {
            return;
        }
        self.forget();
        self.now = usize::MAX;
        // From here on only the first lane counts.
        match self.isa {
            // It is stored without a mask.
            _ if self.by_rows => {}
            Isa::Avx2 => self.begin_first_lane(),
            Isa::Avx512 => {
                self.code.set_number(RAX, 1);
                self.code.vex(KMOV_FROM, TAIL, 0, Operand::Register(RAX.0), None);
            }
        }
        for (number, registers) in self.partials.clone() {
            let output = self.kernel.outputs[number];
            let Role::ReduceColumns(by) = output.role else { continue };
            let value = output.value.index();
            if let Some(masks) = self.watch(number).map(<[u8]>::to_vec) {
                let nan = if self.long { f64::NAN.to_bits() } else { f32::NAN.to_bits().into() };
                if self.isa == Isa::Avx2 {
                    let nan = self.constant_operand(nan);
                    self.blend(registers[0], masks[0], nan, registers[0]);
                } else {
                    let nan = self.constant(nan);
                    for (&register, mask) in registers.iter().zip(masks) {
                        self.broadcast_where(register, nan, Lanes { mask, zero: false });
                    }
                }
            }
            let first = registers[0];
            let mut half = registers.len() / 2;
            while half > 0 {
                for place in 0..half {
                    self.combine(by, value, registers[place], Operand::Register(registers[place + half]));
                }
                half /= 2;
            }
            let other = self.temporary(Kind::Vector);
            let rotate = self.integer(3, 0x03);
            let mut lanes = self.lanes() as u8 / 2;
            while lanes > 0 {
                match self.isa {
                    Isa::Avx2 => self.move_down(other, first, lanes),
                    Isa::Avx512 => self.issue_with(rotate, other, first, Operand::Register(first), lanes),
                }
                self.combine(by, value, first, Operand::Register(other));
                lanes /= 2;
            }
            let argument = self.kernel.inputs.len() + number;
            let memory = Memory::Base(RAX, 0);
            if self.by_rows {
                // As if what a reduction starts from stood in memory.
                let start = self.constant(neutral(by, self.types[value]));
                self.broadcast_in(other, start);
                self.combine(by, value, other, Operand::Register(first));
                self.code.load(RAX, self.local(Local::Pointer(argument)));
                self.store_first(memory, other);
            } else {
                self.tail = true;
                self.code.load(RAX, self.local(Local::Pointer(argument)));
                self.load_from(other, memory, output.dtype);
                self.combine(by, value, other, Operand::Register(first));
                self.code.load(RAX, self.local(Local::Pointer(argument)));
                self.store_to(memory, output.dtype, other);
                self.tail = false;
            }
            self.end_instruction();
        }
    }

    /// One step of a largest or smallest float whose NaNs a mask keeps.
    fn combine_watched(&mut self, by: Reduction, acc: u8, x: u8, mask: u8) {
        let what = self.float(if by == Reduction::Max { 0x5f } else { 0x5d });
        if self.isa == Isa::Avx2 {
            return self.combine_lanes_watched(what, acc, x, mask);
        }
        let inside = self.inside();
        let compare = self.float(0xc2);
        self.code.evex(compare, inside, SCRATCH, x, Operand::Register(x), Some(UNORDERED));
        self.code.vex(KOR, mask, mask, Operand::Register(SCRATCH), None);
        self.code.evex(what, inside, acc, acc, Operand::Register(x), None);
    }

    /// One step of a reduction, written over its left operand: `acc + x`, `acc * x`, or `if acc > x or acc is NaN then acc
    /// else x` (`<` for the smallest).
    fn combine(&mut self, by: Reduction, value: usize, acc: u8, x: Operand) {
        let float = self.types[value].is_float();
        let what = match (by, float) {
            (Reduction::Sum, true) => self.float(0x58),
            (Reduction::Product, true) => self.float(0x59),
            // Gives x where either is NaN.
            (Reduction::Max, true) => self.float(0x5f),
            (Reduction::Min, true) => self.float(0x5d),
            (Reduction::Sum, false) => self.integer(1, if self.long { 0xd4 } else { 0xfe }),
            (Reduction::Product, false) => self.integer(2, 0x40),
            (Reduction::Max, false) => self.integer(2, 0x3d),
            (Reduction::Min, false) => self.integer(2, 0x39),
        };
        // Lanes that are NaN already stay it.
        let nan_stays = float && matches!(by, Reduction::Max | Reduction::Min);
        if self.isa == Isa::Avx2 {
            return self.combine_lanes(what, nan_stays, acc, x);
        }
        let mut inside = self.inside();
        if nan_stays {
            let compare = self.float(0xc2);
            self.code.evex(compare, inside, SCRATCH, acc, Operand::Register(acc), Some(ORDERED));
            inside = Lanes { mask: SCRATCH, zero: false };
        }
        self.code.evex(what, inside, acc, acc, x, None);
    }
}

/// What changes nothing it is combined with. Integers saturate: infinities become their lowest and highest.
fn neutral(by: Reduction, ty: Type) -> u64 {
    let number = match by {
        Reduction::Sum => 0.0,
        Reduction::Product => 1.0,
        Reduction::Max => f64::NEG_INFINITY,
        Reduction::Min => f64::INFINITY,
    };
    match ty {
        Type::F32 => u64::from((number as f32).to_bits()),
        Type::F64 => number.to_bits(),
        Type::I64 => number as i64 as u64,
        Type::I32 | Type::Mask => u64::from(number as i32 as u32),
    }
}
