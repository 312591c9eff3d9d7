//! Running a plan: arguments are checked, results get memory, then all other values, and waves run one after the other, each on all threads.
//!
//! While a wave to come can fail, arguments stay as they are: whoever holds them is told to let go only after that, and then results
//! may take over their memory.

use crate::Argument;
use crate::buffer::Buffer;
use crate::place::{Place, ResultBuffer};
use crate::plan::Plan;
use crate::wave::Shared;
use crisol_ir::value::Constant;
use crisol_ir::{DType, Error, ErrorKind, Result, TensorType};
use crisol_kernels::{FlushDenormals, Task, solo};
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What the runs of a planner, one after the other, have from each other.
#[derive(Default)]
pub(crate) struct Home {
    arena: Option<Buffer>,
    /// Lists of runs that are over, empty.
    lists: Vec<Lists>,
}

/// More runs of a planner are never there at once: one under way, one queued, one that is being made.
const MOST_LISTS: usize = 3;

/// The lists of a run. They are used again, because runs end on other threads than they are made on, where freeing their memory takes
/// a lock that both want.
#[derive(Default)]
struct Lists {
    arguments: Vec<Argument>,
    /// None before they can be made, and when they have been given away: from then on the writer keeps their memory, whatever becomes of the
    /// buffers.
    results: Vec<Option<Arc<Buffer>>>,
    /// The numbers among the arguments and the constants, to which the table points.
    numbers: Vec<u64>,
    /// Where the value of each slot starts.
    table: Vec<*mut u8>,
}

// SAFETY: the pointers are into memory that the run owns, shares in, or writes as the task that keeps it; nobody else writes it.
unsafe impl Send for Lists {}

/// A run of a plan: what its values are in memory. It owns or shares in all of it, so that it can go on while its caller does something
/// else, or begin later.
pub(crate) struct Run {
    plan: Arc<Plan>,
    lists: Lists,
    /// From its beginning to its end, when it goes back home.
    arena: Option<Buffer>,
    home: Arc<Mutex<Home>>,
}

impl Home {
    /// An empty list of arguments.
    pub(crate) fn arguments(home: &Mutex<Home>) -> Vec<Argument> {
        lock(home).lists.last_mut().map(|lists| std::mem::take(&mut lists.arguments)).unwrap_or_default()
    }
}

impl Run {
    /// Gives all results their memory. Arguments need not be there yet.
    ///
    /// Results that take over an argument's memory have to wait until nothing can fail: those of a plan that can fail have none yet.
    pub(crate) fn new(plan: Arc<Plan>, arguments: Vec<Argument>, home: &Arc<Mutex<Home>>) -> Run {
        let mut lists = lock(home).lists.pop().unwrap_or_default();
        lists.arguments = arguments;
        let start = |place: &Place| match *place {
            Place::Argument(number) => match &lists.arguments[number as usize] {
                Argument::Buffer(buffer) => buffer.start(),
                Argument::Scalar(_) => std::ptr::null_mut(),
            },
            _ => std::ptr::null_mut(),
        };
        lists.table.extend(plan.slots.iter().map(start));
        lists.results.resize(plan.results.len(), None);
        let mut run = Run { plan, lists, arena: None, home: Arc::clone(home) };
        run.make_results(|plan, result| !plan.is_late(result));
        run
    }

    /// Gives all other values their memory, if they have none yet; arguments are there.
    fn begin(&mut self) {
        if self.arena.is_some() {
            return;
        }
        // An old arena goes first if it is too small: the two are never needed together.
        let kept = lock(&self.home).arena.take().filter(|arena| arena.len() >= self.plan.arena_bytes);
        let mut arena = kept.unwrap_or_else(|| Buffer::recycled(DType::U8, self.plan.arena_bytes));
        let Lists { arguments, numbers, table, .. } = &mut self.lists;
        numbers.extend(arguments.iter().map(Argument::bits));
        numbers.extend(self.plan.slots.iter().map(|place| match place {
            Place::Constant(constant) => in_memory(*constant),
            _ => 0,
        }));
        let (scalars, constants) = numbers.split_at_mut(arguments.len());
        let start = arena.pointer_mut();
        for ((slot, place), constant) in table.iter_mut().zip(&self.plan.slots).zip(constants) {
            *slot = match *place {
                Place::Argument(number) if slot.is_null() => std::ptr::from_mut(&mut scalars[number as usize]).cast(),
                Place::Constant(_) => std::ptr::from_mut(constant).cast(),
                Place::Arena(offset) => start.wrapping_add(offset),
                Place::Argument(_) | Place::Result(_) => *slot,
            };
        }
        self.arena = Some(arena);
    }

    /// Runs the waves that data can make fail, and gives what waited for them its memory. `commit` is called before that.
    pub(crate) fn uncertain(&mut self, commit: impl FnOnce()) -> Result<()> {
        self.waves(0..self.plan.uncertain)?;
        commit();
        self.make_results(Plan::is_late);
        Ok(())
    }

    /// Gives some of the results their memory.
    fn make_results(&mut self, is_wanted: impl Fn(&Plan, &ResultBuffer) -> bool) {
        let Lists { arguments, results, table, .. } = &mut self.lists;
        for (made, result) in results.iter_mut().zip(&self.plan.results) {
            if is_wanted(&self.plan, result) {
                *made = Some(result.buffer(arguments));
            }
        }
        for (slot, place) in table.iter_mut().zip(&self.plan.slots) {
            if let Place::Result(number) = *place
                && let Some(buffer) = &results[number as usize]
            {
                *slot = buffer.start();
            }
        }
    }

    /// Runs the other waves, of which none fails.
    pub(crate) fn certain(&mut self) -> Result<()> {
        self.waves(self.plan.uncertain..self.plan.waves.len())
    }

    /// Says that a task will write the results, or that they are as good as written.
    pub(crate) fn set_writer(&mut self, writer: Option<&Task>) -> Result<()> {
        for buffer in self.lists.results.iter_mut().flatten() {
            // Whoever else had it would read while it is written.
            let own = Arc::get_mut(buffer).ok_or_else(shared)?;
            own.set_writer(writer.cloned());
        }
        Ok(())
    }

    /// Gives the plan's outputs away: if they have yet to be written, by the task that was [set](Run::set_writer) to do it.
    pub(crate) fn take_outputs(&mut self) -> Result<Vec<Arc<Buffer>>> {
        let Lists { arguments, results, .. } = &mut self.lists;
        let mut outputs = Vec::with_capacity(self.plan.outputs.len());
        for place in &self.plan.outputs {
            outputs.push(match *place {
                Place::Result(number) => results[number as usize]
                    .clone()
                    .ok_or_else(|| Error::new(ErrorKind::Internal, "a result was never given memory"))?,
                Place::Argument(number) => match &arguments[number as usize] {
                    Argument::Buffer(buffer) => buffer.clone(),
                    Argument::Scalar(constant) => Arc::new(scalar(*constant)),
                },
                Place::Constant(_) | Place::Arena(_) => {
                    return Err(Error::new(ErrorKind::Internal, "an output has no memory of its own"));
                }
            });
        }
        results.clear();
        Ok(outputs)
    }

    fn waves(&mut self, range: Range<usize>) -> Result<()> {
        let _flush = FlushDenormals::new();
        self.begin();
        let Some(arena) = self.arena.as_mut().map(Buffer::pointer_mut) else { return Ok(()) };
        for number in range {
            let wave = &self.plan.waves[number];
            // SAFETY: every slot points to the memory that the plan reserved for its value, and waves follow each other, so
            // that nothing is written while others read it. Results without memory are those of later waves.
            let run = || unsafe { wave.run(&Shared { table: &self.lists.table, arena }) };
            if self.plan.solo == Some(number) {
                solo(run)?
            } else {
                run()?
            };
        }
        Ok(())
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        let mut lists = std::mem::take(&mut self.lists);
        let Lists { arguments, results, numbers, table } = &mut lists;
        arguments.clear();
        results.clear();
        numbers.clear();
        table.clear();
        let mut home = lock(&self.home);
        home.arena = self.arena.take().or(home.arena.take());
        if home.lists.len() < MOST_LISTS {
            home.lists.push(lists);
        }
    }
}

fn lock(home: &Mutex<Home>) -> MutexGuard<'_, Home> {
    home.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Plan {
    /// Whether a result takes over memory that must stay as it is until nothing can fail.
    fn is_late(&self, result: &ResultBuffer) -> bool {
        self.uncertain > 0 && !result.takes_over.is_empty()
    }

    /// Whether somebody else holds an argument that a result would take over.
    pub(crate) fn is_in_the_way(&self, arguments: &[Argument]) -> bool {
        self.results.iter().flat_map(|result| &result.takes_over).any(|&number| match &arguments[number as usize] {
            Argument::Buffer(buffer) => Arc::strong_count(buffer) > 1,
            Argument::Scalar(_) => false,
        })
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
    /// Its memory, an argument's if nobody else holds that.
    fn buffer(&self, arguments: &mut [Argument]) -> Arc<Buffer> {
        let inherited = self.takes_over.iter().find_map(|&number| arguments[number as usize].take(self.ty));
        let new = || Arc::new(Buffer::recycled(self.ty.dtype, self.ty.shape.elements()));
        inherited.unwrap_or_else(new)
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
