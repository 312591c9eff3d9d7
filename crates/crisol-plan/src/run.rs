//! Running a plan: arguments are checked, results get memory, and steps run one after the other, each on all threads.

use crate::Argument;
use crate::buffer::Buffer;
use crate::interpret::{combine, fill_identity};
use crate::nest::Partial;
use crate::place::Place;
use crate::plan::{KernelStep, Plan, Step};
use crisol_ir::kernel::Call;
use crisol_ir::value::Constant;
use crisol_ir::{DType, Error, ErrorKind, Result, TensorType};
use crisol_kernels::{FlushDenormals, parallel_for};
use smallvec::{SmallVec, smallvec};
use std::sync::Arc;

/// Results of a reduction above which filling and merging them is worth several threads.
const MANY_RESULTS: usize = 32 << 10;

impl Plan {
    /// Runs the plan. `arena` has at least the bytes that the plan needs.
    pub(crate) fn run(&self, mut arguments: Vec<Argument>, arena: &mut Buffer) -> Result<Vec<Arc<Buffer>>> {
        self.check(&arguments)?;
        let mut scalars: Vec<u64> = arguments.iter().map(Argument::bits).collect();
        let scalar_start = scalars.as_mut_ptr();
        let argument_pointers: Vec<*mut u8> = arguments
            .iter()
            .enumerate()
            .map(|(number, argument)| match argument {
                Argument::Buffer(buffer) => buffer.pointer().cast_mut(),
                // SAFETY: a scalar for every argument.
                Argument::Scalar(_) => unsafe { scalar_start.add(number).cast() },
            })
            .collect();
        let mut results: Vec<Arc<Buffer>> = self
            .results
            .iter()
            .map(|result| {
                let inherited = result.takes_over.iter().find_map(|&number| arguments[number as usize].take(result.ty));
                inherited.unwrap_or_else(|| Arc::new(Buffer::recycled(result.ty.dtype, result.ty.shape.elements())))
            })
            .collect();
        let mut result_pointers = SmallVec::<[*mut u8; 16]>::new();
        for result in &mut results {
            let Some(buffer) = Arc::get_mut(result) else {
                return Err(Error::new(ErrorKind::Internal, "a new result is shared already"));
            };
            result_pointers.push(buffer.pointer_mut());
        }
        let mut constants: Vec<u64> = self
            .slots
            .iter()
            .map(|place| match place {
                Place::Constant(constant) => in_memory(*constant),
                _ => 0,
            })
            .collect();
        let constant_start = constants.as_mut_ptr();
        let arena_start = arena.pointer_mut();
        let table: Vec<*mut u8> = self
            .slots
            .iter()
            .enumerate()
            .map(|(slot, place)| match *place {
                Place::Argument(number) => argument_pointers[number as usize],
                Place::Result(number) => result_pointers[number as usize],
                // SAFETY: a constant for every slot; offsets are inside the arena.
                Place::Constant(_) => unsafe { constant_start.add(slot).cast() },
                // SAFETY: as above.
                Place::Arena(offset) => unsafe { arena_start.add(offset) },
            })
            .collect();
        {
            let _flush = FlushDenormals::new();
            for step in &self.steps {
                match step {
                    // SAFETY: every slot points to the memory that the plan reserved for its value, and steps follow each
                    // other, so that nothing is written while others read it.
                    Step::Kernel(step) => unsafe { step.run(&table, arena_start) },
                    Step::Whole { whole, reads, write } => {
                        let reads: SmallVec<[*const u8; 4]> =
                            reads.iter().map(|&slot| table[slot as usize].cast_const()).collect();
                        // SAFETY: as above.
                        unsafe { whole.run(&reads, table[*write as usize])? };
                    }
                }
            }
        }
        let output = |place: &Place| match *place {
            Place::Result(number) => Ok(results[number as usize].clone()),
            Place::Argument(number) => match &arguments[number as usize] {
                Argument::Buffer(buffer) => Ok(buffer.clone()),
                Argument::Scalar(constant) => Ok(Arc::new(scalar(*constant))),
            },
            Place::Constant(_) | Place::Arena(_) => {
                Err(Error::new(ErrorKind::Internal, "an output has no memory of its own"))
            }
        };
        self.outputs.iter().map(output).collect()
    }

    fn check(&self, arguments: &[Argument]) -> Result<()> {
        if arguments.len() != self.arguments.len() {
            let message = format!("{} arguments given, the program takes {}", arguments.len(), self.arguments.len());
            return Err(Error::new(ErrorKind::Value, message).operation("run"));
        }
        for (number, (argument, expected)) in arguments.iter().zip(&self.arguments).enumerate() {
            let Some(expected) = expected else { continue };
            let (dtype, count, scalar) = match argument {
                Argument::Buffer(buffer) => (buffer.dtype(), buffer.len(), false),
                Argument::Scalar(constant) => (constant.dtype, 1, true),
            };
            if dtype != expected.dtype {
                let message = format!("argument {number} is of {dtype}, expected {expected}");
                return Err(Error::new(ErrorKind::DType, message).operation("run"));
            }
            if count != expected.shape.elements() || (scalar && expected.shape.rank() > 0) {
                let message = format!("argument {number} has {count} elements, expected {expected}");
                return Err(Error::new(ErrorKind::Shape, message).operation("run"));
            }
        }
        Ok(())
    }
}

impl Argument {
    fn bits(&self) -> u64 {
        match self {
            Argument::Scalar(constant) => in_memory(*constant),
            Argument::Buffer(_) => 0,
        }
    }

    /// The buffer, if this is its only owner, to be written as the given type of the same size.
    fn take(&mut self, ty: TensorType) -> Option<Arc<Buffer>> {
        let Argument::Buffer(buffer) = self else { return None };
        Arc::get_mut(buffer)?.retype(ty.dtype);
        let taken = Argument::Scalar(Constant { dtype: ty.dtype, bits: 0 });
        match std::mem::replace(self, taken) {
            Argument::Buffer(buffer) => Some(buffer),
            Argument::Scalar(_) => None,
        }
    }
}

/// Eight bytes of which the first are those of the constant in memory.
fn in_memory(constant: Constant) -> u64 {
    let mut bytes = [0; 8];
    match constant.dtype.size() {
        1 => bytes[0] = constant.bits as u8,
        4 => bytes[..4].copy_from_slice(&(constant.bits as u32).to_ne_bytes()),
        _ => bytes = constant.bits.to_ne_bytes(),
    }
    u64::from_ne_bytes(bytes)
}

/// A buffer of one element.
fn scalar(constant: Constant) -> Buffer {
    Buffer::from_value(&crisol_ir::Value::from_constant(constant))
}

/// Pointers that threads share: each writes elements of its own.
struct Shared<'a> {
    table: &'a [*mut u8],
    arena: *mut u8,
}

// SAFETY: chunks write disjoint elements, and nobody writes what others read.
unsafe impl Sync for Shared<'_> {}

impl KernelStep {
    /// Runs all chunks, then merges partial results in their order.
    ///
    /// # Safety
    /// The table has the memory of every slot, and nothing else touches it meanwhile.
    unsafe fn run(&self, table: &[*mut u8], arena: *mut u8) {
        for &(slot, bytes) in &self.zeroed {
            // SAFETY: the value has that many bytes.
            unsafe { std::ptr::write_bytes(table[slot as usize], 0, bytes) };
        }
        let parts = self.nest.parts();
        for reduction in &self.reductions {
            // SAFETY: results have `count` elements, partial ones `count` for each part.
            unsafe {
                let out = table[self.slots[reduction.argument] as usize];
                fill(reduction.reduction, reduction.dtype, out, reduction.count);
                if parts > 1 {
                    let partials = arena.add(reduction.scratch);
                    fill(reduction.reduction, reduction.dtype, partials, reduction.count * parts);
                }
            }
        }
        let (rows, columns) = self.nest.chunk_grid();
        let shared = Shared { table, arena };
        if rows * columns == 1 {
            // SAFETY: passed on.
            unsafe { self.chunk(&shared, 0, 0) };
        } else {
            let shared = &shared;
            // SAFETY: chunks are disjoint ranges of the loops, and reductions that share results have partial ones.
            parallel_for(rows * columns, &|chunk| unsafe { self.chunk(shared, chunk / columns, chunk % columns) });
        }
        if parts > 1 {
            for reduction in &self.reductions {
                // SAFETY: as above.
                unsafe {
                    let out = table[self.slots[reduction.argument] as usize];
                    merge(
                        reduction.reduction,
                        reduction.dtype,
                        out,
                        arena.add(reduction.scratch),
                        reduction.count,
                        parts,
                    );
                }
            }
        }
    }

    /// Runs one range of rows and columns.
    unsafe fn chunk(&self, shared: &Shared<'_>, row_chunk: usize, column_chunk: usize) {
        let nest = &self.nest;
        let last = nest.sizes.len() - 1;
        let first_column = column_chunk * nest.columns_a_chunk;
        let columns = nest.columns_a_chunk.min(nest.columns() - first_column);
        let first_row = row_chunk * nest.rows_a_chunk;
        let end = (first_row + nest.rows_a_chunk).min(nest.row_space);
        let part = match nest.partial {
            Partial::None => None,
            Partial::Rows => Some(row_chunk),
            Partial::Columns => Some(column_chunk),
        };
        let mut starts: SmallVec<[*mut u8; 24]> = SmallVec::with_capacity(self.slots.len());
        for (slot, walk) in self.slots.iter().zip(&nest.walks) {
            let column = first_column as isize * walk.strides[last];
            starts.push(shared.table[*slot as usize].wrapping_offset(walk.offset + column));
        }
        if let Some(part) = part.filter(|_| nest.parts() > 1) {
            for reduction in &self.reductions {
                let bytes = reduction.count * reduction.dtype.size();
                let start = shared.arena.wrapping_add(reduction.scratch + part * bytes);
                let column = match nest.partial {
                    Partial::Columns => 0,
                    _ => first_column as isize * nest.walks[reduction.argument].strides[last],
                };
                starts[reduction.argument] = start.wrapping_offset(column);
            }
        }
        let mut call = Call {
            pointers: std::ptr::null(),
            row_strides: self.row_strides.as_ptr(),
            column_strides: self.column_strides.as_ptr(),
            rows: 1,
            columns,
            position: 0,
            position_row_step: if last > 0 { nest.positions[last - 1] } else { 0 },
            position_column_step: nest.positions[last],
        };
        let mut pointers = starts.clone();
        let inner = if last > 0 && nest.by_rows { nest.sizes[last - 1] } else { 1 };
        let mut row = first_row;
        while row < end {
            let mut place: SmallVec<[usize; 8]> = smallvec![0; last];
            let mut rest = row;
            for axis in (0..last).rev() {
                place[axis] = rest % nest.sizes[axis];
                rest /= nest.sizes[axis];
            }
            call.position = first_column as u64 * nest.positions[last];
            for (index, step) in place.iter().zip(&nest.positions) {
                call.position = call.position.wrapping_add(*index as u64 * step);
            }
            for ((pointer, start), walk) in pointers.iter_mut().zip(&starts).zip(&nest.walks) {
                let steps = place.iter().zip(&walk.strides);
                let offset: isize = steps.map(|(&index, &stride)| index as isize * stride).sum();
                *pointer = start.wrapping_offset(offset);
            }
            let within = if last > 0 && nest.by_rows { place[last - 1] } else { 0 };
            call.rows = (inner - within).min(end - row);
            call.pointers = pointers.as_ptr();
            // SAFETY: the pointers are those of this range's first place, and the strides stay inside the values.
            unsafe { self.ready.call(&call) };
            row += call.rows;
        }
    }
}

/// Fills with what a reduction starts from.
unsafe fn fill(reduction: crisol_ir::primitive::Reduction, dtype: DType, to: *mut u8, count: usize) {
    // SAFETY: the caller's promise.
    unsafe { in_ranges(count, dtype, |start, length| fill_identity(reduction, dtype, to.wrapping_add(start), length)) }
}

/// Merges `parts` partial results, in their order, onto `to`.
unsafe fn merge(
    reduction: crisol_ir::primitive::Reduction,
    dtype: DType,
    to: *mut u8,
    partials: *const u8,
    count: usize,
    parts: usize,
) {
    let merge = |start: usize, length: usize| {
        for part in 0..parts {
            let from = partials.wrapping_add(part * count * dtype.size() + start);
            // SAFETY: the caller's promise; ranges are disjoint.
            unsafe { combine(reduction, dtype, to.wrapping_add(start), from, length) };
        }
    };
    // SAFETY: as above.
    unsafe { in_ranges(count, dtype, merge) }
}

/// Calls `body` with ranges, as first byte and number of elements, that together are all of `count`.
unsafe fn in_ranges(count: usize, dtype: DType, body: impl Fn(usize, usize)) {
    struct Free<F>(F);
    // SAFETY: the bodies here touch disjoint ranges through pointers that outlive the call.
    unsafe impl<F> Sync for Free<F> {}
    impl<F: Fn(usize, usize)> Free<F> {
        fn call(&self, start: usize, length: usize) {
            (self.0)(start, length);
        }
    }
    if count <= MANY_RESULTS {
        return body(0, count);
    }
    let body = Free(body);
    parallel_for(count.div_ceil(MANY_RESULTS), &|chunk| {
        let start = chunk * MANY_RESULTS;
        body.call(start * dtype.size(), MANY_RESULTS.min(count - start));
    });
}
