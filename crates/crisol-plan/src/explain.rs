//! Plans in a form that a person reads.

use crate::place::Place;
use crate::plan::{Entry, KernelStep, Member, Plan, Step, WholeStep};
use crate::whole::Routine;
use std::fmt::{self, Write};

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let results: usize = self.results.iter().map(|result| result.ty.bytes()).sum();
        let steps = self.waves.iter().flat_map(|wave| &wave.steps);
        let scratch = steps.map(|step| if let Step::Region(step) = step { step.scratch_bytes } else { 0 }).max();
        writeln!(
            f,
            "plan: {} steps in {} waves; {} results of {results} bytes, arena of {} bytes, scratch of {} bytes a thread",
            self.step_count(),
            self.waves.len(),
            self.results.len(),
            self.arena_bytes,
            scratch.unwrap_or(0)
        )?;
        for (number, result) in self.results.iter().enumerate() {
            write!(f, "  result{number}: {}", result.ty)?;
            for argument in &result.takes_over {
                write!(f, ", may take over argument{argument}")?;
            }
            f.write_str("\n")?;
        }
        write!(f, "{}", self.peak)?;
        let name = |slot: u32| self.name(slot);
        for (number, wave) in self.waves.iter().enumerate() {
            let tasks = wave.tasks.last().copied().unwrap_or(0);
            writeln!(f, "wave {number}: {tasks} tasks{}", if wave.is_solo { ", on one thread" } else { "" })?;
            for step in &wave.steps {
                match step {
                    Step::Whole(step) => step.explain(f, "  ", &name)?,
                    Step::Kernel(step) => step.explain(f, "  ", &name)?,
                    Step::Region(step) => {
                        let blocks = step.rows.div_ceil(step.block);
                        let (rows, block) = (step.rows, step.block);
                        let joint = if step.joint.is_some() { ", row by row" } else { "" };
                        writeln!(f, "  region over {rows} rows in {blocks} blocks of {block}{joint}:")?;
                        let name = |slot: u32| match step.table[slot as usize] {
                            Entry::Slot(slot) => self.name(slot),
                            Entry::Scratch(offset, _) => format!("scratch+{offset}"),
                        };
                        for (member, _) in &step.members {
                            match member {
                                Member::Kernel(step) => step.explain(f, "    ", &name)?,
                                Member::Whole(step) => step.explain(f, "    ", &name)?,
                            }
                        }
                    }
                }
            }
        }
        Ok(())
    }
}

impl Plan {
    /// All steps, those of regions counted one by one.
    pub(crate) fn step_count(&self) -> usize {
        let count = |step: &Step| if let Step::Region(step) = step { step.members.len() } else { 1 };
        self.waves.iter().flat_map(|wave| &wave.steps).map(count).sum()
    }

    fn name(&self, slot: u32) -> String {
        match self.slots[slot as usize] {
            Place::Argument(number) => format!("argument{number}"),
            Place::Constant(constant) => format!("constant {}", constant.number()),
            Place::Result(number) => format!("result{number}"),
            Place::Arena(offset) => format!("arena+{offset}"),
        }
    }
}

fn list(slots: &[u32], name: &dyn Fn(u32) -> String) -> String {
    let mut text = String::new();
    for (position, &slot) in slots.iter().enumerate() {
        // Writing to a string does not fail.
        let _ = write!(text, "{}{}", if position == 0 { "" } else { ", " }, name(slot));
    }
    text
}

impl WholeStep {
    fn explain(&self, f: &mut fmt::Formatter<'_>, indent: &str, name: &dyn Fn(u32) -> String) -> fmt::Result {
        let plain = matches!(self.whole.routine, Routine::Definition(..));
        let note = if plain { ", by its plain definition" } else { "" };
        let (write, reads) = (name(self.write), list(&self.reads, name));
        writeln!(f, "{indent}{write} = {}({reads}): {}{note}", self.whole.name, self.whole.ty)
    }
}

impl KernelStep {
    fn explain(&self, f: &mut fmt::Formatter<'_>, indent: &str, name: &dyn Fn(u32) -> String) -> fmt::Result {
        let (reads, writes) = self.slots.split_at(self.kernel.inputs.len());
        write!(f, "{indent}{} = kernel({})", list(writes, name), list(reads, name))?;
        write!(f, " over {:?}", self.nest.sizes.as_slice())?;
        let (rows, columns) = self.nest.chunk_grid();
        if rows * columns > 1 {
            write!(f, " in {} chunks", rows * columns)?;
        }
        if self.nest.parts() > 1 {
            write!(f, " with partial results")?;
        }
        f.write_str("\n")?;
        for line in self.kernel.to_string().lines() {
            writeln!(f, "{indent}  {line}")?;
        }
        Ok(())
    }
}
