//! The memory of a plan at its peak, and what it is needed for.

use crate::draft::{Draft, Work};
use crate::place::{Place, Placement};
use crate::schedule::Wave;
use crate::simplify::Program;
use crisol_ir::{NodeId, Operation, TensorType};
use rustc_hash::FxHashMap;
use std::fmt;

/// Values that are listed one by one.
const LISTED: usize = 8;

/// What is alive when most is.
pub(crate) struct Peak {
    wave: usize,
    /// What the steps of that wave make.
    steps: Vec<&'static str>,
    /// Number and bytes of what lives from start to end.
    arguments: (usize, usize),
    results: (usize, usize),
    /// Results that may take over the memory of an argument.
    heirs: usize,
    /// Bytes in use in the arena, and those of them that hold partial results.
    used: usize,
    partial: usize,
    arena: usize,
    /// The largest values of the arena.
    largest: Vec<Life>,
    /// Number and bytes of the others.
    others: (usize, usize),
}

/// A value of the arena from when it is made to when it is read last.
struct Life {
    ty: TensorType,
    operation: &'static str,
    made: usize,
    last: usize,
    reader: &'static str,
}

impl Peak {
    /// Goes through the waves of a program whose values have places.
    pub(crate) fn new(program: &Program, waves: &[Wave], placement: &Placement) -> Peak {
        let mut last: FxHashMap<NodeId, (usize, &'static str)> = FxHashMap::default();
        for (number, wave) in waves.iter().enumerate() {
            for draft in wave.units().flat_map(|unit| unit.drafts()) {
                let name = step_name(program, draft);
                last.extend(draft.reads.iter().map(|&read| (read, (number, name))));
            }
        }
        let in_arena = |id: NodeId| match placement.places.get(&id) {
            Some(&Place::Arena(offset)) => Some(offset),
            _ => None,
        };
        // By place, so that what is written over something that dies counts once.
        let mut alive: FxHashMap<usize, NodeId> = FxHashMap::default();
        let (mut used, mut most, mut at) = (0, (0, 0), None);
        let mut made: Vec<(NodeId, usize)> = Vec::new();
        for (number, wave) in waves.iter().enumerate() {
            let mut partial = 0;
            for unit in wave.units() {
                for draft in unit.drafts() {
                    for &write in draft.writes.iter().filter(|write| !unit.is_local(**write)) {
                        let Some(offset) = in_arena(write) else { continue };
                        made.push((write, number));
                        if let Some(before) = alive.insert(offset, write) {
                            used -= program.ty(before).bytes();
                        }
                        used += program.ty(write).bytes();
                    }
                    let reductions = draft.partial_reductions().iter();
                    partial +=
                        reductions.map(|&(place, _, count)| draft.partial_bytes(program, place, count)).sum::<usize>();
                }
            }
            if at.is_none() || used + partial > most.0 {
                (most, at) = ((used + partial, partial), Some(number));
            }
            for read in wave.units().flat_map(|unit| unit.distinct_reads()) {
                let dies = last.get(&read).is_some_and(|&(last, _)| last == number);
                if let (true, Some(offset)) = (dies, in_arena(read))
                    && alive.get(&offset) == Some(&read)
                {
                    alive.remove(&offset);
                    used -= program.ty(read).bytes();
                }
            }
        }
        let wave = at.unwrap_or(0);
        let life = |&(id, made): &(NodeId, usize)| {
            let (last, reader) = last.get(&id).copied().unwrap_or((made, "nothing"));
            Life { ty: program.ty(id), operation: operation_name(program, id), made, last, reader }
        };
        let mut lives: Vec<Life> =
            made.iter().map(life).filter(|life| (life.made..=life.last).contains(&wave)).collect();
        lives.sort_by_key(|life| (std::cmp::Reverse(life.ty.bytes()), life.made));
        let rest = lives.split_off(lives.len().min(LISTED));
        let arguments = program.nodes.iter().filter(|node| matches!(node.operation, Operation::Input(_)));
        let mut steps: Vec<&'static str> = Vec::new();
        for draft in waves.get(wave).into_iter().flat_map(Wave::units).flat_map(|unit| unit.drafts()) {
            let name = step_name(program, draft);
            if !steps.contains(&name) {
                steps.push(name);
            }
        }
        Peak {
            wave,
            steps,
            arguments: count(arguments.map(|node| node.ty.bytes())),
            results: count(placement.results.iter().map(|result| result.ty.bytes())),
            heirs: placement.results.iter().filter(|result| !result.takes_over.is_empty()).count(),
            used: most.0,
            partial: most.1,
            arena: placement.arena_bytes,
            largest: lives,
            others: count(rest.iter().map(|life| life.ty.bytes())),
        }
    }
}

impl fmt::Display for Peak {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = self.arguments.1 + self.results.1 + self.used;
        writeln!(f, "memory: {} at the peak, in wave {} ({})", Bytes(all), self.wave, self.steps.join(", "))?;
        let ((arguments, given), (results, made)) = (self.arguments, self.results);
        write!(f, "  held from start to end: {} of {}", plural(arguments, "argument"), Bytes(given))?;
        write!(f, ", {} of {}", plural(results, "result"), Bytes(made))?;
        match self.heirs {
            0 => writeln!(f)?,
            heirs => writeln!(f, " ({heirs} may take the place of an argument)")?,
        }
        writeln!(f, "  in the arena: {}, of {} that it has", Bytes(self.used), Bytes(self.arena))?;
        for life in &self.largest {
            let Life { ty, operation, made, last, reader } = life;
            let bytes = Bytes(ty.bytes()).to_string();
            writeln!(f, "    {bytes:>9}  {operation} {ty}, from wave {made} to {reader} in wave {last}")?;
        }
        if self.others.0 > 0 {
            let bytes = Bytes(self.others.1).to_string();
            writeln!(f, "    {bytes:>9}  {}", plural(self.others.0, "smaller value"))?;
        }
        if self.partial > 0 {
            writeln!(f, "    {:>9}  partial results of reductions", Bytes(self.partial).to_string())?;
        }
        Ok(())
    }
}

/// Bytes in the unit that a person would choose.
struct Bytes(usize);

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 as f64 {
            bytes if bytes < 1e3 => write!(f, "{bytes} B"),
            bytes if bytes < 1e6 => write!(f, "{:.1} kB", bytes / 1e3),
            bytes if bytes < 1e9 => write!(f, "{:.1} MB", bytes / 1e6),
            bytes => write!(f, "{:.2} GB", bytes / 1e9),
        }
    }
}

fn plural(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

fn count(bytes: impl Iterator<Item = usize>) -> (usize, usize) {
    bytes.fold((0, 0), |(number, sum), bytes| (number + 1, sum + bytes))
}

fn operation_name(program: &Program, id: NodeId) -> &'static str {
    match program.node(id).operation {
        Operation::Primitive(primitive, _) => primitive.name(),
        Operation::Input(_) => "an argument",
        Operation::Constant(_) => "a constant",
    }
}

/// What a step is known by: the operation that makes its last value.
fn step_name(program: &Program, draft: &Draft) -> &'static str {
    match (&draft.work, draft.writes.last()) {
        (Work::Whole(whole), _) => whole.name,
        (_, Some(&write)) => operation_name(program, write),
        _ => "nothing",
    }
}
