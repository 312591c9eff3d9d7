//! Which operations run together: maps and reductions over one iteration shape, in groups that are convex by construction.
//!
//! Every node has a depth, the longest path to it counted in edges that nothing can be fused across: into a reduction's or a
//! whole operation's result, and through a view of anything computed. Along an edge that can be fused the depth never falls,
//! along any other it rises; so maps and reductions of equal depth and shape can share a kernel without a cycle.

use crate::simplify::Program;
use crisol_ir::{DType, Kind, NodeId, Shape};
use rustc_hash::FxHashMap;

/// Operations of one kernel at most; longer groups are cut, which costs stores and changes no bits.
const MAX_GROUP: usize = 96;

/// Operations that run as one step.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Item {
    /// Maps and reductions over one iteration shape, in order; all reductions are over the same axes.
    Group(Vec<NodeId>),
    /// An operation with code of its own.
    Whole(NodeId),
}

/// How a node takes part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// Not needed, an argument, a constant, or a view.
    None,
    Map,
    Reduce,
    Whole,
}

/// The grouping of a program.
pub(crate) struct Groups {
    pub(crate) parts: Vec<Part>,
    /// In an order in which they can run.
    pub(crate) items: Vec<Item>,
}

impl Program {
    /// The shape that a map's or a reduction's loops run over.
    pub(crate) fn iteration(&self, id: NodeId) -> Shape {
        match self.kind(id) {
            Some(Kind::Reduce(_)) => self.ty(self.node(id).inputs[0]).shape,
            _ => self.ty(id).shape,
        }
    }

    /// The axes that a reduction removes; none for maps.
    pub(crate) fn reduced_axes(&self, id: NodeId) -> smallvec::SmallVec<[usize; 8]> {
        match (&self.node(id).operation, self.kind(id)) {
            (crisol_ir::Operation::Primitive(_, attributes), Some(Kind::Reduce(_))) => attributes.to_sizes(),
            _ => smallvec::SmallVec::new(),
        }
    }

    /// Whether `id` reads `input` element by element, as a value that the same kernel can make.
    fn reads_in_place(&self, parts: &[Part], id: NodeId, input: NodeId) -> bool {
        self.source(input).base == input
            && parts[input.index()] == Part::Map
            && matches!(parts[id.index()], Part::Map | Part::Reduce)
    }
}

/// Groups what the outputs need.
pub(crate) fn group(program: &Program) -> Groups {
    let parts = parts(program);
    let mut depths = depths(program, &parts);
    sink(program, &parts, &mut depths);
    let items = collect(program, &parts, &depths);
    Groups { parts, items }
}

fn parts(program: &Program) -> Vec<Part> {
    let mut parts = vec![Part::None; program.nodes.len()];
    let mut live = vec![false; program.nodes.len()];
    for output in &program.outputs {
        live[output.index()] = true;
    }
    for index in (0..program.nodes.len()).rev() {
        if !live[index] {
            continue;
        }
        let id = NodeId(index as u32);
        let source = program.source(id).base;
        if source != id {
            live[source.index()] = true;
            continue;
        }
        for input in &program.node(id).inputs {
            live[input.index()] = true;
        }
        parts[index] = match program.kind(id) {
            None => Part::None,
            Some(Kind::Map) => Part::Map,
            // Truth values cannot be accumulated in a kernel.
            Some(Kind::Reduce(_)) if program.ty(id).dtype != DType::Bool => Part::Reduce,
            Some(_) => Part::Whole,
        };
    }
    parts
}

fn depths(program: &Program, parts: &[Part]) -> Vec<u32> {
    let mut depths = vec![0; program.nodes.len()];
    for (index, node) in program.nodes.iter().enumerate() {
        let id = NodeId(index as u32);
        if parts[index] == Part::None {
            continue;
        }
        let after = |input: &NodeId| {
            let base = program.source(*input).base;
            let depth = depths[base.index()];
            let fusible = program.is_leaf(base) || program.reads_in_place(parts, id, *input);
            let own = if fusible { depth } else { depth + 1 };
            match program.after[input.index()] {
                Some(before) => own.max(depths[before.index()] + 1),
                None => own,
            }
        };
        depths[index] = node.inputs.iter().map(after).max().unwrap_or(0);
    }
    depths
}

/// Lets maps run as late as their first reader, in its kernel, where that stores one value less and keeps none alive longer
/// than the one it saves.
fn sink(program: &Program, parts: &[Part], depths: &mut [u32]) {
    const ANY: u32 = u32::MAX;
    let mut earliest = vec![ANY; program.nodes.len()];
    for output in &program.outputs {
        earliest[output.index()] = 0;
    }
    for index in (0..program.nodes.len()).rev() {
        if parts[index] == Part::None {
            continue;
        }
        let id = NodeId(index as u32);
        let node = program.node(id);
        let wanted = earliest[index];
        if parts[index] == Part::Map && wanted != ANY && wanted > depths[index] {
            let bytes = node.ty.bytes();
            let mut large: smallvec::SmallVec<[NodeId; 4]> = node
                .inputs
                .iter()
                .map(|&input| program.source(input).base)
                .filter(|&base| !program.is_leaf(base) && program.ty(base).bytes() * 2 > bytes)
                .collect();
            large.dedup();
            if large.len() <= 1 {
                depths[index] = wanted;
            }
        }
        for &input in &node.inputs {
            let base = program.source(input).base;
            let place = &mut earliest[base.index()];
            // A reader that wants it in memory holds it where it is.
            let limit = if program.reads_in_place(parts, id, input) { depths[index] } else { 0 };
            *place = (*place).min(limit);
        }
    }
}

/// Maps that lead to nothing but results that may overwrite an argument, as new weights do. They can wait for all other readers
/// of the old ones, unless they share a kernel with something that is wanted sooner.
fn updates(program: &Program, parts: &[Part]) -> Vec<bool> {
    let count = program.nodes.len();
    let (mut updates, mut read, mut read_otherwise) = (vec![false; count], vec![false; count], vec![false; count]);
    let mut requested = vec![false; count];
    for output in &program.outputs {
        requested[output.index()] = true;
    }
    for index in (0..count).rev().filter(|&index| parts[index] != Part::None) {
        let (id, node) = (NodeId(index as u32), &program.nodes[index]);
        let overwrites = |input: &NodeId| program.is_leaf(*input) && program.ty(*input).bytes() == node.ty.bytes();
        updates[index] = parts[index] == Part::Map
            && !read_otherwise[index]
            && (read[index] || (requested[index] && node.inputs.iter().any(overwrites)));
        for &input in &node.inputs {
            let base = program.source(input).base.index();
            read[base] = true;
            read_otherwise[base] |= !(updates[index] && program.reads_in_place(parts, id, input));
        }
    }
    updates
}

fn collect(program: &Program, parts: &[Part], depths: &[u32]) -> Vec<Item> {
    let mut sets = Sets::new(program.nodes.len());
    let updates = updates(program, parts);
    let mut readers: FxHashMap<(u32, Shape, NodeId, bool), usize> = FxHashMap::default();
    for index in 0..program.nodes.len() {
        if !matches!(parts[index], Part::Map | Part::Reduce) {
            continue;
        }
        let id = NodeId(index as u32);
        let shape = program.iteration(id);
        for &input in &program.node(id).inputs {
            let base = program.source(input).base;
            if program.reads_in_place(parts, id, input) && depths[input.index()] == depths[index] {
                sets.join(index, input.index());
            } else if program.ty(base).shape.elements() * 2 > shape.elements() && shape.elements() > 1 {
                let first = *readers.entry((depths[index], shape, base, updates[index])).or_insert(index);
                sets.join(index, first);
            }
        }
    }
    // Members in order, by the first of them.
    let mut members: FxHashMap<usize, Vec<NodeId>> = FxHashMap::default();
    let mut keyed: Vec<(u32, u32, u32, Item)> = Vec::new();
    for index in 0..program.nodes.len() {
        let id = NodeId(index as u32);
        match parts[index] {
            Part::None => {}
            Part::Whole => keyed.push((depths[index], 0, id.0, Item::Whole(id))),
            Part::Map | Part::Reduce => members.entry(sets.find(index)).or_default().push(id),
        }
    }
    for nodes in members.into_values() {
        let depth = depths[nodes[0].index()];
        let mut others: Vec<Vec<NodeId>> = Vec::new();
        let mut phase = 0;
        for piece in nodes.chunks(MAX_GROUP) {
            let mut kept = Vec::with_capacity(piece.len());
            let mut axes = None;
            for &id in piece {
                if parts[id.index()] == Part::Reduce {
                    let own = program.reduced_axes(id);
                    if axes.get_or_insert_with(|| own.clone()) != &own {
                        // One kernel reduces over one set of axes; the others follow with what this one stores.
                        match others.iter_mut().find(|other| program.reduced_axes(other[0]) == own) {
                            Some(other) => other.push(id),
                            None => others.push(vec![id]),
                        }
                        continue;
                    }
                }
                kept.push(id);
            }
            keyed.push((depth, phase, piece[0].0, Item::Group(kept)));
            phase += 1;
        }
        for other in others {
            for piece in other.chunks(MAX_GROUP) {
                keyed.push((depth, phase, piece[0].0, Item::Group(piece.to_vec())));
            }
        }
    }
    keyed.sort_by_key(|(depth, phase, first, _)| (*depth, *phase, *first));
    keyed.into_iter().map(|(.., item)| item).collect()
}

/// Disjoint sets of nodes.
struct Sets {
    parents: Vec<u32>,
}

impl Sets {
    fn new(count: usize) -> Sets {
        Sets { parents: (0..count as u32).collect() }
    }

    fn find(&mut self, mut index: usize) -> usize {
        while self.parents[index] as usize != index {
            let above = self.parents[self.parents[index] as usize];
            self.parents[index] = above;
            index = above as usize;
        }
        index
    }

    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.find(a), self.find(b));
        self.parents[a.max(b)] = a.min(b) as u32;
    }
}
