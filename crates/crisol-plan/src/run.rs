//! Running a plan: arguments are checked, results get memory, and waves run one after the other, each on all threads.
//!
//! While a wave to come can fail, arguments stay as they are: whoever holds them is told to let go only after that, and then results
//! may take over their memory.

use crate::Argument;
use crate::buffer::Buffer;
use crate::place::{Place, ResultBuffer};
use crate::plan::{Plan, Wave};
use crate::wave::Shared;
use crisol_ir::value::Constant;
use crisol_ir::{Error, ErrorKind, Result, TensorType};
use crisol_kernels::{FlushDenormals, Task};
use smallvec::SmallVec;
use std::slice::SliceIndex;
use std::sync::Arc;

/// A run of a plan: what its values are in memory. It owns all of it, so that it can go on while its caller does something else.
pub(crate) struct Run {
    plan: Arc<Plan>,
    arguments: Vec<Argument>,
    /// The numbers among the arguments and the constants, to which the table points.
    _numbers: Vec<u64>,
    results: SmallVec<[Option<Arc<Buffer>>; 16]>,
    arena: Buffer,
    /// Where the value of each slot starts.
    table: Vec<*mut u8>,
}

// SAFETY: the pointers are into memory that the run owns or shares in; results and arena are written by nobody else.
unsafe impl Send for Run {}

impl Run {
    /// Gives all values their memory. `arena` has at least the bytes that the plan needs.
    ///
    /// Results that take over an argument's memory have to wait until nothing can fail: those of a plan that can fail have none yet.
    pub(crate) fn new(plan: Arc<Plan>, mut arguments: Vec<Argument>, mut arena: Buffer) -> Result<Run> {
        let mut numbers: Vec<u64> = arguments.iter().map(Argument::bits).collect();
        numbers.extend(plan.slots.iter().map(|place| match place {
            Place::Constant(constant) => in_memory(*constant),
            _ => 0,
        }));
        let (scalars, constants) = numbers.split_at_mut(arguments.len());
        let argument_pointers: SmallVec<[*mut u8; 32]> = arguments
            .iter()
            .zip(scalars)
            .map(|(argument, scalar)| match argument {
                Argument::Buffer(buffer) => buffer.pointer().cast_mut(),
                Argument::Scalar(_) => std::ptr::from_mut(scalar).cast(),
            })
            .collect();
        let mut results: SmallVec<[Option<Arc<Buffer>>; 16]> = SmallVec::new();
        let mut result_pointers = SmallVec::<[*mut u8; 16]>::new();
        for result in &plan.results {
            let (buffer, pointer) = match plan.is_late(result) {
                true => (None, std::ptr::null_mut()),
                false => result.buffer(&mut arguments).map(|(buffer, pointer)| (Some(buffer), pointer))?,
            };
            results.push(buffer);
            result_pointers.push(pointer);
        }
        let arena_start = arena.pointer_mut();
        let places = plan.slots.iter().zip(constants).map(|(place, constant)| match *place {
            Place::Argument(number) => argument_pointers[number as usize],
            Place::Result(number) => result_pointers[number as usize],
            Place::Constant(_) => std::ptr::from_mut(constant).cast(),
            Place::Arena(offset) => arena_start.wrapping_add(offset),
        });
        let table = places.collect();
        Ok(Run { plan, arguments, _numbers: numbers, results, arena, table })
    }

    /// Runs the waves that data can make fail, and gives what waited for them its memory. `commit` is called before that.
    pub(crate) fn uncertain(&mut self, commit: impl FnOnce()) -> Result<()> {
        self.waves(..self.plan.uncertain)?;
        commit();
        let plan = Arc::clone(&self.plan);
        for (number, result) in plan.results.iter().enumerate().filter(|(_, result)| plan.is_late(result)) {
            let (buffer, pointer) = result.buffer(&mut self.arguments)?;
            self.results[number] = Some(buffer);
            for (slot, place) in self.table.iter_mut().zip(&plan.slots) {
                if *place == Place::Result(number as u32) {
                    *slot = pointer;
                }
            }
        }
        Ok(())
    }

    /// Runs the other waves, of which none fails.
    pub(crate) fn certain(&mut self) -> Result<()> {
        self.waves(self.plan.uncertain..)
    }

    /// Says that a task will write the results, or that they are as good as written.
    pub(crate) fn set_writer(&mut self, writer: Option<&Task>) -> Result<()> {
        for result in self.results.iter_mut().flatten() {
            // Whoever else had it would read while it is written.
            let own = Arc::get_mut(result).ok_or_else(shared)?;
            own.set_writer(writer.cloned());
        }
        Ok(())
    }

    /// The plan's outputs.
    pub(crate) fn outputs(&self) -> Result<Vec<Arc<Buffer>>> {
        let output = |place: &Place| match *place {
            Place::Result(number) => self.results[number as usize]
                .clone()
                .ok_or_else(|| Error::new(ErrorKind::Internal, "a result was never given memory")),
            Place::Argument(number) => match &self.arguments[number as usize] {
                Argument::Buffer(buffer) => Ok(buffer.clone()),
                Argument::Scalar(constant) => Ok(Arc::new(scalar(*constant))),
            },
            Place::Constant(_) | Place::Arena(_) => {
                Err(Error::new(ErrorKind::Internal, "an output has no memory of its own"))
            }
        };
        self.plan.outputs.iter().map(output).collect()
    }

    /// The arena, for the next run; all else is let go.
    pub(crate) fn into_arena(self) -> Buffer {
        self.arena
    }

    fn waves(&mut self, range: impl SliceIndex<[Wave], Output = [Wave]>) -> Result<()> {
        let _flush = FlushDenormals::new();
        let arena = self.arena.pointer_mut();
        for wave in &self.plan.waves[range] {
            // SAFETY: every slot points to the memory that the plan reserved for its value, and waves follow each other, so
            // that nothing is written while others read it. Results without memory are those of later waves.
            unsafe { wave.run(&Shared { table: &self.table, arena })? };
        }
        Ok(())
    }
}

impl Plan {
    /// Whether a result takes over memory that must stay as it is until nothing can fail.
    fn is_late(&self, result: &ResultBuffer) -> bool {
        self.uncertain > 0 && !result.takes_over.is_empty()
    }

    /// Checks arguments against what the program takes.
    pub(crate) fn check(&self, arguments: &[Argument]) -> Result<()> {
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
            None => Err(shared()),
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

#[cold]
fn shared() -> Error {
    Error::new(ErrorKind::Internal, "a new result is shared already")
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
