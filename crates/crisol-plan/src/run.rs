//! Running a plan: arguments are checked, results get memory, and waves run one after the other, each on all threads.
//!
//! While a wave to come can fail, arguments stay as they are: whoever holds them is told to let go only after that, and then results
//! may take over their memory.

use crate::Argument;
use crate::buffer::Buffer;
use crate::place::{Place, ResultBuffer};
use crate::plan::Plan;
use crate::wave::Shared;
use crisol_ir::value::Constant;
use crisol_ir::{Error, ErrorKind, Result, TensorType};
use crisol_kernels::FlushDenormals;
use smallvec::SmallVec;
use std::sync::Arc;

impl Plan {
    /// Runs the plan. `arena` has at least the bytes that the plan needs; `commit` is called once nothing can fail any more.
    pub(crate) fn run(
        &self,
        mut arguments: Vec<Argument>,
        arena: &mut Buffer,
        commit: impl FnOnce(),
    ) -> Result<Vec<Arc<Buffer>>> {
        self.check(&arguments)?;
        let mut commit = Some(commit);
        if self.uncertain == 0
            && let Some(commit) = commit.take()
        {
            commit();
        }
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
        // Those that may take over an argument have to wait until nothing can fail.
        let late = |result: &ResultBuffer| self.uncertain > 0 && !result.takes_over.is_empty();
        let mut results: SmallVec<[Option<Arc<Buffer>>; 16]> = SmallVec::new();
        let mut result_pointers = SmallVec::<[*mut u8; 16]>::new();
        for result in &self.results {
            let (buffer, pointer) = match late(result) {
                true => (None, std::ptr::null_mut()),
                false => result.buffer(&mut arguments).map(|(buffer, pointer)| (Some(buffer), pointer))?,
            };
            results.push(buffer);
            result_pointers.push(pointer);
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
        let mut table: Vec<*mut u8> = self
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
            let (uncertain, certain) = self.waves.split_at(self.uncertain);
            for wave in uncertain {
                // SAFETY: every slot points to the memory that the plan reserved for its value, and waves follow each other, so
                // that nothing is written while others read it. Results without memory are those of later waves.
                unsafe { wave.run(&Shared { table: &table, arena: arena_start })? };
            }
            if let Some(commit) = commit {
                commit();
                for (number, result) in self.results.iter().enumerate().filter(|(_, result)| late(result)) {
                    let (buffer, pointer) = result.buffer(&mut arguments)?;
                    results[number] = Some(buffer);
                    result_pointers[number] = pointer;
                }
                for (pointer, place) in table.iter_mut().zip(&self.slots) {
                    if let Place::Result(number) = *place {
                        *pointer = result_pointers[number as usize];
                    }
                }
            }
            for wave in certain {
                // SAFETY: as above, and now all results have memory.
                unsafe { wave.run(&Shared { table: &table, arena: arena_start })? };
            }
        }
        let output = |place: &Place| match *place {
            Place::Result(number) => results[number as usize]
                .clone()
                .ok_or_else(|| Error::new(ErrorKind::Internal, "a result was never given memory")),
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

impl ResultBuffer {
    /// Its memory, an argument's if nobody else holds that, and where it starts.
    fn buffer(&self, arguments: &mut [Argument]) -> Result<(Arc<Buffer>, *mut u8)> {
        let inherited = self.takes_over.iter().find_map(|&number| arguments[number as usize].take(self.ty));
        let mut buffer =
            inherited.unwrap_or_else(|| Arc::new(Buffer::recycled(self.ty.dtype, self.ty.shape.elements())));
        match Arc::get_mut(&mut buffer) {
            Some(own) => {
                let pointer = own.pointer_mut();
                Ok((buffer, pointer))
            }
            None => Err(Error::new(ErrorKind::Internal, "a new result is shared already")),
        }
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
        2 => bytes[..2].copy_from_slice(&(constant.bits as u16).to_ne_bytes()),
        4 => bytes[..4].copy_from_slice(&(constant.bits as u32).to_ne_bytes()),
        _ => bytes = constant.bits.to_ne_bytes(),
    }
    u64::from_ne_bytes(bytes)
}

/// A buffer of one element.
fn scalar(constant: Constant) -> Buffer {
    Buffer::from_value(&crisol_ir::Value::from_constant(constant))
}
