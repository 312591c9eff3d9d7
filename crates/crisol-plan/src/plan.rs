//! A plan: steps with their kernels, the places of their values, and what to check of arguments.

use crate::compile::{Mode, Ready, ready};
use crate::fuse;
use crate::lower::{self, Draft, Work};
use crate::nest::Nest;
use crate::place::{Place, ResultBuffer, place};
use crate::simplify::Program;
use crate::whole::Whole;
use crisol_ir::primitive::Reduction;
use crisol_ir::{DType, Error, ErrorKind, Graph, Kernel, NodeId, Operation, Result, TensorType};
use rustc_hash::FxHashMap;
use std::fmt;
use std::sync::Arc;

/// A program ready to run.
pub(crate) struct Plan {
    /// The types of the arguments, by number; `None` for those that nothing needs.
    pub(crate) arguments: Vec<Option<TensorType>>,
    /// Where the values that steps name live.
    pub(crate) slots: Vec<Place>,
    pub(crate) results: Vec<ResultBuffer>,
    /// The place of every requested output: an argument, a constant or a result.
    pub(crate) outputs: Vec<Place>,
    pub(crate) steps: Vec<Step>,
    pub(crate) arena_bytes: usize,
}

/// One thing to do.
pub(crate) enum Step {
    Kernel(KernelStep),
    Whole { whole: Whole, reads: Vec<u32>, write: u32 },
}

/// A kernel over a nest, its arguments by slot.
pub(crate) struct KernelStep {
    pub(crate) kernel: Kernel,
    pub(crate) ready: Arc<Ready>,
    pub(crate) nest: Nest,
    pub(crate) slots: Vec<u32>,
    /// Bytes from row to row and from column to column, an argument each.
    pub(crate) row_strides: Vec<isize>,
    pub(crate) column_strides: Vec<isize>,
    pub(crate) reductions: Vec<ReductionStep>,
    /// Slots filled with zeros first, and their bytes.
    pub(crate) zeroed: Vec<(u32, usize)>,
}

/// A reduced output of a kernel.
pub(crate) struct ReductionStep {
    pub(crate) argument: usize,
    pub(crate) reduction: Reduction,
    pub(crate) dtype: DType,
    /// The number of results.
    pub(crate) count: usize,
    /// Where partial results start in the arena.
    pub(crate) scratch: usize,
}

/// What making a plan cost.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Made {
    pub(crate) compiled: u64,
    pub(crate) found: u64,
}

impl Plan {
    /// Plans a graph.
    pub(crate) fn new(graph: &Graph, outputs: &[NodeId], mode: Mode, made: &mut Made) -> Result<Plan> {
        if cfg!(debug_assertions) {
            graph.verify()?;
        }
        let program = Program::new(graph, outputs)?;
        let groups = fuse::group(&program);
        let mut drafts = lower::drafts(&program, &groups)?;
        let placement = place(&program, &mut drafts);
        let mut slots = Slots { places: &placement.places, numbers: FxHashMap::default(), slots: Vec::new() };
        let mut steps = Vec::with_capacity(drafts.len());
        for (draft, &scratch) in drafts.into_iter().zip(&placement.scratch) {
            steps.push(step(&program, draft, scratch, &mut slots, mode, made)?);
        }
        let mut arguments = vec![None; graph.input_count()];
        for node in &program.nodes {
            if let Operation::Input(number) = node.operation
                && let Some(argument) = arguments.get_mut(number as usize)
            {
                *argument = Some(node.ty);
            }
        }
        let output = |&id: &NodeId| match program.node(id).operation {
            Operation::Input(number) => Ok(Place::Argument(number)),
            Operation::Constant(constant) => Ok(Place::Constant(constant)),
            Operation::Primitive(..) => slots.place(id),
        };
        let outputs = program.outputs.iter().map(output).collect::<Result<_>>()?;
        Ok(Plan {
            arguments,
            slots: slots.slots,
            results: placement.results,
            outputs,
            steps,
            arena_bytes: placement.arena_bytes,
        })
    }
}

/// Numbers the values that steps name.
struct Slots<'a> {
    places: &'a FxHashMap<NodeId, Place>,
    numbers: FxHashMap<NodeId, u32>,
    slots: Vec<Place>,
}

impl Slots<'_> {
    fn place(&self, id: NodeId) -> Result<Place> {
        self.places
            .get(&id)
            .copied()
            .ok_or_else(|| Error::new(ErrorKind::Internal, format!("plan node %{} is read and has no place", id.0)))
    }

    fn of(&mut self, id: NodeId) -> Result<u32> {
        if let Some(&number) = self.numbers.get(&id) {
            return Ok(number);
        }
        let number = self.slots.len() as u32;
        self.slots.push(self.place(id)?);
        self.numbers.insert(id, number);
        Ok(number)
    }
}

fn step(
    program: &Program,
    draft: Draft,
    scratch: usize,
    slots: &mut Slots<'_>,
    mode: Mode,
    made: &mut Made,
) -> Result<Step> {
    let Draft { reads, writes, work } = draft;
    let work = match work {
        Work::Whole(whole) => {
            let reads = reads.iter().map(|&id| slots.of(id)).collect::<Result<_>>()?;
            return Ok(Step::Whole { whole, reads, write: slots.of(writes[0])? });
        }
        Work::Kernel(work) => work,
    };
    let (ready, compiled) = ready(work.kernel.clone(), mode)?;
    if compiled {
        made.compiled += 1;
    } else {
        made.found += 1;
    }
    let numbers = reads.iter().chain(&writes).map(|&id| slots.of(id)).collect::<Result<Vec<_>>>()?;
    let nest = work.nest;
    let last = nest.sizes.len() - 1;
    let row = |strides: &[isize]| if last > 0 { strides[last - 1] } else { 0 };
    let row_strides = nest.walks.iter().map(|walk| row(&walk.strides)).collect();
    let column_strides = nest.walks.iter().map(|walk| walk.strides[last]).collect();
    let mut next = scratch;
    let mut reductions = Vec::with_capacity(work.reductions.len());
    for (number, reduction, count) in work.reductions {
        let dtype = program.ty(writes[number]).dtype;
        reductions.push(ReductionStep { argument: reads.len() + number, reduction, dtype, count, scratch: next });
        if nest.parts() > 1 {
            next += (count * dtype.size() * nest.parts()).next_multiple_of(crate::buffer::ALIGNMENT);
        }
    }
    let zeroed = if work.zeroed {
        writes.iter().map(|&id| Ok((slots.of(id)?, program.ty(id).bytes()))).collect::<Result<_>>()?
    } else {
        Vec::new()
    };
    Ok(Step::Kernel(KernelStep {
        kernel: work.kernel,
        ready,
        nest,
        slots: numbers,
        row_strides,
        column_strides,
        reductions,
        zeroed,
    }))
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let results: usize = self.results.iter().map(|result| result.ty.bytes()).sum();
        writeln!(
            f,
            "plan: {} steps, {} results of {results} bytes, arena of {} bytes",
            self.steps.len(),
            self.results.len(),
            self.arena_bytes
        )?;
        for (number, result) in self.results.iter().enumerate() {
            write!(f, "  result{number}: {}", result.ty)?;
            for argument in &result.takes_over {
                write!(f, ", may take over argument{argument}")?;
            }
            f.write_str("\n")?;
        }
        for (number, step) in self.steps.iter().enumerate() {
            match step {
                Step::Whole { whole, reads, write } => {
                    write!(f, "step {number}: {} = {}(", self.name(*write), whole.name)?;
                    for (position, &read) in reads.iter().enumerate() {
                        write!(f, "{}{}", if position == 0 { "" } else { ", " }, self.name(read))?;
                    }
                    let plain = matches!(whole.routine, crate::whole::Routine::Definition(..));
                    writeln!(f, "): {}{}", whole.ty, if plain { ", by its plain definition" } else { "" })?;
                }
                Step::Kernel(step) => {
                    write!(f, "step {number}: loops {:?}", step.nest.sizes.as_slice())?;
                    let (rows, columns) = step.nest.chunk_grid();
                    if rows * columns > 1 {
                        write!(f, " in {} chunks", rows * columns)?;
                    }
                    if step.nest.parts() > 1 {
                        write!(f, " with partial results")?;
                    }
                    let inputs = step.kernel.inputs.len();
                    let names =
                        |range: &[u32]| range.iter().map(|&slot| self.name(slot)).collect::<Vec<_>>().join(", ");
                    writeln!(f, ": {} = kernel({})", names(&step.slots[inputs..]), names(&step.slots[..inputs]))?;
                    for line in step.kernel.to_string().lines() {
                        writeln!(f, "  {line}")?;
                    }
                }
            }
        }
        Ok(())
    }
}

impl Plan {
    fn name(&self, slot: u32) -> String {
        match self.slots[slot as usize] {
            Place::Argument(number) => format!("argument{number}"),
            Place::Constant(constant) => format!("constant {}", constant.number()),
            Place::Result(number) => format!("result{number}"),
            Place::Arena(offset) => format!("arena+{offset}"),
        }
    }
}
