//! Whole programs as users write them, through the interface of tensors: loops over steps, tapes, variables, prints, handles held
//! and dropped, failures, panics.
//!
//! | module | what lives there |
//! | --- | --- |
//! | `op`, `custom` | the operations, on tensors and on graphs |
//! | `generate` | scripts from choices |
//! | `record` | runs a script with tensors, in many ways |
//! | `plain` | runs it on plain definitions, value by value |
//! | `check` | holds them against each other |

mod check;
mod custom;
mod generate;
mod op;
mod plain;
mod record;

use crisol_ir::{DType, Value};
use op::Op;
use std::fmt;

/// A program: variables, and bodies that a loop runs in some order.
#[derive(Clone, Debug)]
pub struct Script {
    variables: Vec<Made>,
    bodies: Vec<Vec<Action>>,
    /// The number of the body that each step runs.
    order: Vec<usize>,
}

/// The number of a tensor in a body.
type Slot = usize;

/// An array from a seed.
#[derive(Clone, Debug, PartialEq)]
struct Made {
    dtype: DType,
    sizes: Vec<usize>,
    seed: u32,
    /// Integers from 0 up to here instead of numbers around 0.
    below: Option<usize>,
}

#[derive(Clone, Debug, PartialEq)]
enum Action {
    /// New data, other numbers in each step.
    Make {
        out: Slot,
        made: Made,
    },
    Apply {
        out: Slot,
        op: Op,
        inputs: Vec<Slot>,
    },
    /// A checkpoint around operations, of which only the last one's result is seen from outside.
    Checkpoint {
        out: Slot,
        segment: Vec<Action>,
        result: Slot,
    },
    /// The value of a variable.
    Value {
        out: Slot,
        variable: usize,
    },
    Assign {
        variable: usize,
        from: Slot,
    },
    Tape {
        persistent: bool,
        body: Vec<Action>,
        questions: Vec<Question>,
    },
    Read {
        slot: Slot,
        how: Reading,
    },
    Evaluate,
    Drop {
        slot: Slot,
    },
    /// Holds a tensor for some steps, then reads it.
    Keep {
        slot: Slot,
        steps: usize,
    },
    /// A body that data make fail: nothing of it is committed.
    Fails {
        culprit: Culprit,
        slot: Slot,
        body: Vec<Action>,
    },
    /// A body that ends in a panic: what it assigned stays.
    Panics {
        place: Place,
        slot: Slot,
        body: Vec<Action>,
    },
}

/// Gradients that a tape is asked for; zeros stand for those that do not exist.
#[derive(Clone, Debug, PartialEq)]
struct Question {
    target: Slot,
    sources: Vec<Origin>,
    outs: Vec<Slot>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Origin {
    Slot(Slot),
    Variable(usize),
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Reading {
    Value,
    /// As text, which is not compared, and then as a value.
    Text,
    /// On another thread.
    Elsewhere,
    /// Twice it, computed on another thread.
    ComputedElsewhere,
}

/// What makes a step fail.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Culprit {
    /// An index that is out of range.
    Index,
    /// A segment that is out of range.
    Segment,
    /// An operation from outside that fails.
    Error,
    /// An operation from outside that panics.
    Panic,
}

/// Where a panic happens.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Place {
    Body,
    /// While a tape is alive.
    Tape,
    /// In a closure that records.
    Record,
    Checkpoint,
    /// In a gradient of one's own.
    Gradient,
}

impl Made {
    /// The array, for a step.
    fn value(&self, step: u64) -> Value {
        use crisol_ir::ndarray::{ArrayD, IxDyn};
        let mut state = (u64::from(self.seed) << 20) ^ step.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 40) as u32
        };
        let sizes = IxDyn(&self.sizes);
        if let Some(below) = self.below {
            return Value::F64(ArrayD::from_shape_simple_fn(sizes, || (next() as usize % below.max(1)) as f64))
                .cast(self.dtype);
        }
        let numbers = ArrayD::from_shape_simple_fn(sizes, || f64::from(next()) / f64::from(1 << 22) - 2.0);
        match self.dtype {
            DType::F32 | DType::F64 => Value::F64(numbers).cast(self.dtype),
            DType::Bool => Value::Bool(numbers.mapv(|x| x > 0.0)),
            _ => Value::F64(numbers.mapv(|x| (x * 5.0).floor())).cast(self.dtype),
        }
    }
}

impl fmt::Display for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, made) in self.variables.iter().enumerate() {
            writeln!(f, "v{number} = variable({made})")?;
        }
        for (number, body) in self.bodies.iter().enumerate() {
            writeln!(f, "fn body{number}(step):")?;
            lines(f, body, 1)?;
        }
        for (step, body) in self.order.iter().enumerate() {
            writeln!(f, "body{body}({step}); evaluate()")?;
        }
        Ok(())
    }
}

impl fmt::Display for Made {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Made { dtype, sizes, seed, below } = self;
        match below {
            Some(below) => write!(f, "{dtype}{sizes:?} below {below}, seed {seed}"),
            None => write!(f, "{dtype}{sizes:?}, seed {seed}"),
        }
    }
}

/// Actions a line, blocks indented.
fn lines(f: &mut fmt::Formatter<'_>, actions: &[Action], depth: usize) -> fmt::Result {
    let names = |slots: &[Slot]| slots.iter().map(|slot| format!("t{slot}")).collect::<Vec<_>>().join(", ");
    let indent = "  ".repeat(depth);
    for action in actions {
        write!(f, "{indent}")?;
        match action {
            Action::Make { out, made } => writeln!(f, "t{out} = data({made})")?,
            Action::Apply { out, op, inputs } => writeln!(f, "t{out} = {op:?}({})", names(inputs))?,
            Action::Checkpoint { out, segment, result } => {
                writeln!(f, "t{out} = checkpoint:")?;
                lines(f, segment, depth + 1)?;
                writeln!(f, "{indent}  t{result}")?;
            }
            Action::Value { out, variable } => writeln!(f, "t{out} = v{variable}.value()")?,
            Action::Assign { variable, from } => writeln!(f, "v{variable}.assign(t{from})")?,
            Action::Tape { persistent, body, questions } => {
                writeln!(f, "{}tape:", if *persistent { "persistent " } else { "" })?;
                lines(f, body, depth + 1)?;
                for Question { target, sources, outs } in questions {
                    writeln!(f, "{indent}  {} = gradient(t{target}, {sources:?})", names(outs))?;
                }
            }
            Action::Read { slot, how } => writeln!(f, "read t{slot} ({how:?})")?,
            Action::Evaluate => writeln!(f, "evaluate()")?,
            Action::Drop { slot } => writeln!(f, "drop(t{slot})")?,
            Action::Keep { slot, steps } => writeln!(f, "keep t{slot} for {steps} steps")?,
            Action::Fails { culprit, slot, body } => {
                writeln!(f, "fails by {culprit:?} of t{slot}:")?;
                lines(f, body, depth + 1)?;
            }
            Action::Panics { place, slot, body } => {
                writeln!(f, "panics, place {place:?}, t{slot}:")?;
                lines(f, body, depth + 1)?;
            }
        }
    }
    Ok(())
}
