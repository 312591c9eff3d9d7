//! Several kernels as one function, which takes each row through all of them before it goes on to the next: what one kernel has
//! read or made is still in the first-level cache for the next, and no call lies between them.

use super::assembler::{Assembler, Memory, Operand, RAX, RCX, RDI};
use super::frame::{Local, enter, leave};
use super::isa::Isa;
use super::{MAX_SLOTS, Wide};
use crisol_ir::kernel::{Access, Call, Kernel, Output, Role, RowKernel, Type};
use std::mem::offset_of;

/// Words of the frame that do not belong to one kernel: rows that are left, and where the calls are.
const SHARED: usize = 2;
/// More words than this, with the slots, could step over a guard page.
const MAX_WORDS: usize = 64;

/// The machine code of kernels that run row by row, one after the other in each row; `None` where this emitter does not know
/// how.
pub(crate) fn code(kernels: &[RowKernel]) -> Option<Vec<u8>> {
    let isa = Isa::host().filter(|_| !kernels.is_empty())?;
    let mut words = SHARED;
    let mut parts = Vec::with_capacity(kernels.len());
    let bodies: Vec<Kernel> = kernels.iter().map(body).collect();
    for (kernel, RowKernel { single, ahead, .. }) in bodies.iter().zip(kernels) {
        let mut part = Wide::new(kernel, isa)?;
        if !part.goes_by_rows(*single) {
            return None;
        }
        (part.by_rows, part.single, part.first_local) = (true, *single, words);
        part.ahead = ahead.iter().copied().filter(|_| !single).collect();
        words += part.locals();
        if words > MAX_WORDS {
            return None;
        }
        parts.push(part);
    }
    let mut code = Assembler::default();
    let stack = enter(&mut code);
    let exit = code.label();
    let mut vectors = 0;
    for (number, part) in parts.iter_mut().enumerate() {
        in_turn(part, &mut code, |part| {
            if number == 0 {
                part.begin_rows(exit);
                part.code.store(part.local(Local::Calls), RDI);
            }
            part.address_call(number);
            part.begin_places();
        });
    }
    let row = code.label();
    code.bind_aligned(row);
    for (number, part) in parts.iter_mut().enumerate() {
        in_turn(part, &mut code, |part| {
            part.address_call(number);
            part.begin();
            part.begin_ahead();
            part.row();
            part.next_place();
            if number + 1 == kernels.len() {
                part.end_row(row);
            }
        });
        vectors = vectors.max(part.reserved_slots + part.slots.len());
        if part.failed {
            return None;
        }
    }
    code.bind(exit);
    leave(&mut code);
    code.fill(stack, (8 * words + 64 * vectors) as i32);
    (vectors <= MAX_SLOTS).then(|| code.finish())
}

/// What is written for a kernel: the elements of a single column are shared by all lanes, which compute the same.
fn body(RowKernel { kernel, single, .. }: &RowKernel) -> Kernel {
    let mut kernel = kernel.clone();
    if *single {
        kernel.inputs.iter_mut().for_each(|input| input.access = Access::Broadcast);
    }
    kernel
}

/// Lets a kernel write into the code of all.
fn in_turn<'a>(part: &mut Wide<'a>, code: &mut Assembler, write: impl FnOnce(&mut Wide<'a>)) {
    std::mem::swap(&mut part.code, code);
    write(part);
    std::mem::swap(&mut part.code, code);
}

impl Wide<'_> {
    /// Makes RDI point to the call of the kernel with this number.
    fn address_call(&mut self, number: usize) {
        self.code.load(RDI, self.local(Local::Calls));
        if number > 0 {
            self.code.add_number(Operand::Register(RDI.0), (number * size_of::<Call>()) as i32);
        }
    }

    /// Fetches the next row of some inputs, at the present columns.
    pub(super) fn fetch_ahead(&mut self) {
        for place in 0..self.ahead.len() {
            let input = self.ahead[place];
            let size = self.kernel.inputs[input].dtype.size();
            let bytes = self.part * self.lanes() * size;
            // Once a cache line, where a step is as long as one.
            if bytes.is_multiple_of(64) {
                self.code.load(RAX, self.local(Local::Ahead(place)));
                let next = Memory::Indexed(RAX, RCX, size, bytes as i32);
                self.code.prefetch(next);
            }
        }
    }

    /// Where the next row begins, of the inputs that are fetched ahead.
    fn begin_ahead(&mut self) {
        for place in 0..self.ahead.len() {
            self.code.load(RAX, Memory::Base(RDI, offset_of!(Call, row_strides) as i32));
            self.code.load(RAX, Memory::Base(RAX, 8 * self.ahead[place] as i32));
            self.code.add(RAX, Operand::Memory(self.local(Local::Pointer(self.ahead[place]))));
            self.code.store(self.local(Local::Ahead(place)), RAX);
        }
    }

    /// Whether this can be one of several kernels: results of rows are of full width, for they are stored as such.
    fn goes_by_rows(&self, single: bool) -> bool {
        let full = |output: &Output| {
            output.dtype.size() == self.lane_bytes() && self.types[output.value.index()] != Type::Mask
        };
        self.kernel.outputs.iter().all(|output| match output.role {
            Role::ReduceColumns(_) => full(output) && !single,
            Role::ReduceRows(_) => !single,
            Role::Store(_) => full(output) || !single,
        })
    }
}
