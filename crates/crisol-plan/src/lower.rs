//! From groups to kernels and loop nests, the last first: what a later step reads of an earlier one is what that one stores.

use crate::draft::{Draft, KernelWork, Work};
use crate::fuse::{Groups, Item, Part};
use crate::nest::{Direction, Nest, Walk};
use crate::simplify::{Program, Source};
use crate::whole::Whole;
use crisol_ir::kernel::{Access, Binary, Builder, Instruction, Kernel, Register, Role, Type, Unary};
use crisol_ir::primitive::Library;
use crisol_ir::value::Constant;
use crisol_ir::{DType, Error, ErrorKind, Kind, Layout, NodeId, Operation, Result};
use crisol_ops::PadAttributes;
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

/// Instructions up to which an operation is computed again rather than stored; random numbers always are.
const CHEAP: u32 = 12;
/// Operations in a row that are looked through for that.
const CHAIN: u32 = 8;

/// Makes the steps of a program, in the order in which they run.
pub(crate) fn drafts(program: &Program, groups: &Groups) -> Result<Vec<Draft>> {
    let mut lowering = Lowering::new(program, groups);
    let mut drafts = Vec::with_capacity(groups.items.len());
    for (number, item) in groups.items.iter().enumerate().rev() {
        let first = drafts.len();
        match item {
            Item::Group(nodes) => lowering.group(number, nodes, &mut drafts)?,
            Item::Whole(id) if lowering.stored[id.index()] => {
                let draft = match program.kind(*id) {
                    Some(Kind::Library(Library::Pad)) => pad(program, *id)?,
                    _ => whole(program, *id)?,
                };
                lowering.demand(&draft.reads);
                drafts.push(draft);
            }
            Item::Whole(_) => {}
        }
        let nodes = match item {
            Item::Group(nodes) => &nodes[..],
            Item::Whole(id) => std::slice::from_ref(id),
        };
        for draft in &mut drafts[first..] {
            let inputs = nodes.iter().flat_map(|&id| &program.node(id).inputs);
            draft.waits = inputs.filter_map(|input| program.after[input.index()]).collect();
        }
    }
    drafts.reverse();
    Ok(drafts)
}

struct Lowering<'a> {
    program: &'a Program,
    parts: &'a [Part],
    /// The item that each node belongs to.
    owners: Vec<u32>,
    /// The values that someone reads from memory.
    stored: Vec<bool>,
    /// The values that are stored whatever is computed again.
    surely_stored: Vec<bool>,
    again: FxHashMap<NodeId, Option<Again>>,
}

/// What computing a value again takes.
#[derive(Clone)]
struct Again {
    instructions: u32,
    /// The stored values of about its own size that it reads.
    large: SmallVec<[NodeId; 2]>,
}

/// A kernel in the making.
struct Body {
    builder: Builder,
    values: FxHashMap<NodeId, Register>,
    loads: Vec<Source>,
    item: u32,
    recompute: bool,
}

impl<'a> Lowering<'a> {
    fn new(program: &'a Program, groups: &'a Groups) -> Lowering<'a> {
        let count = program.nodes.len();
        let mut owners = vec![u32::MAX; count];
        for (number, item) in groups.items.iter().enumerate() {
            if let Item::Group(nodes) = item {
                for node in nodes {
                    owners[node.index()] = number as u32;
                }
            }
        }
        let mut stored = vec![false; count];
        for output in &program.outputs {
            stored[output.index()] = true;
        }
        let mut surely_stored = stored.clone();
        for (index, node) in program.nodes.iter().enumerate() {
            let in_place = matches!(groups.parts[index], Part::Map | Part::Reduce);
            for &input in &node.inputs {
                let base = program.source(input).base;
                if groups.parts[index] != Part::None && !(in_place && base == input) {
                    surely_stored[base.index()] = true;
                }
            }
        }
        Lowering { program, parts: &groups.parts, owners, stored, surely_stored, again: FxHashMap::default() }
    }

    fn demand(&mut self, reads: &[NodeId]) {
        for read in reads {
            self.stored[read.index()] = true;
        }
    }

    /// Lowers a group to one step, or to two if its reductions must read what its maps store.
    fn group(&mut self, item: usize, nodes: &[NodeId], drafts: &mut Vec<Draft>) -> Result<()> {
        if let Some(draft) = self.kernel(item, nodes, true)? {
            drafts.extend(draft);
            return Ok(());
        }
        let is_reduction = |id: &&NodeId| self.parts[id.index()] == Part::Reduce;
        let (reductions, maps): (Vec<NodeId>, Vec<NodeId>) = nodes.iter().partition(is_reduction);
        // An item number that no node has: everything is read from memory.
        let Some(draft) = self.kernel(u32::MAX as usize - 1, &reductions, false)? else {
            let message = "a reduction over stored values does not fit its loops";
            return Err(Error::new(ErrorKind::Internal, message));
        };
        drafts.extend(draft);
        match self.kernel(item, &maps, true)? {
            Some(draft) => drafts.extend(draft),
            None => return Err(Error::new(ErrorKind::Internal, "maps do not fit their loops")),
        }
        Ok(())
    }

    /// The step of some nodes; the inner `None` if nobody wants any, the outer one if its reductions do not fit its loops.
    fn kernel(&mut self, item: usize, nodes: &[NodeId], recompute: bool) -> Result<Option<Option<Draft>>> {
        let wanted: Vec<NodeId> = nodes.iter().copied().filter(|id| self.stored[id.index()]).collect();
        let Some(&first) = wanted.first() else { return Ok(Some(None)) };
        let program = self.program;
        let shape = program.iteration(first);
        let mut body = Body {
            builder: Builder::new(),
            values: FxHashMap::default(),
            loads: Vec::new(),
            item: item as u32,
            recompute,
        };
        let mut axes = SmallVec::new();
        let mut reductions = Vec::new();
        for (number, &id) in wanted.iter().enumerate() {
            let node = program.node(id);
            let dtype = node.ty.dtype;
            match program.kind(id) {
                Some(Kind::Reduce(reduction)) => {
                    axes = program.reduced_axes(id);
                    let value = self.value(&mut body, node.inputs[0])?;
                    reductions.push((number, reduction, node.ty.shape.elements()));
                    body.builder.output(value, dtype, Role::ReduceRows(reduction));
                }
                _ => {
                    let value = self.value(&mut body, id)?;
                    body.builder.output(value, dtype, Role::Store(Access::Contiguous));
                }
            }
        }
        let Body { builder, loads, .. } = body;
        let mut kernel = builder.finish();
        let inputs = loads.iter().map(|load| Walk::over(&load.layout, program.ty(load.base).dtype.size()));
        let outputs = wanted.iter().map(|&id| {
            let size = program.ty(id).dtype.size();
            match self.parts[id.index()] {
                Part::Reduce => Walk::reduced(&shape, &axes, size),
                _ => Walk::over(&Layout::contiguous(shape), size),
            }
        });
        let positioned = |instruction: &Instruction| matches!(instruction, Instruction::Position { .. });
        let positioned = kernel.body.iter().any(positioned);
        let walks = inputs.chain(outputs).collect();
        let Some(nest) = Nest::new(&shape, walks, positioned, &axes, !reductions.is_empty()) else {
            return Ok(None);
        };
        fit(&mut kernel, &nest);
        let reads: Vec<NodeId> = loads.iter().map(|load| load.base).collect();
        self.demand(&reads);
        let work = Work::Kernel(KernelWork { kernel, nest, reductions, zeroed: false });
        Ok(Some(Some(Draft::new(reads, wanted, work))))
    }

    /// The register of a node's element, computed here or loaded.
    fn value(&mut self, body: &mut Body, id: NodeId) -> Result<Register> {
        if let Some(&known) = body.values.get(&id) {
            return Ok(known);
        }
        let program = self.program;
        let source = *program.source(id);
        let register = if let Some(constant) = program.constant(id).filter(|constant| is_fixed(*constant)) {
            body.builder.value(constant)
        } else if self.computes(body, id, source) {
            let node = program.node(id);
            let Operation::Primitive(primitive, attributes) = &node.operation else {
                return Err(Error::new(ErrorKind::Internal, "an argument cannot be computed"));
            };
            let mut operands = SmallVec::<[Register; 4]>::new();
            for &input in &node.inputs {
                operands.push(self.value(body, input)?);
            }
            let value = primitive
                .lower(&mut body.builder, attributes, &operands)
                .map_err(|error| error.operation(primitive.name()))?;
            if node.ty.dtype == DType::U8 {
                // Registers are wider: cut what memory would cut.
                let mask = body.builder.constant(Type::I32, 255.0);
                body.builder.binary(Binary::And, value, mask)
            } else {
                value
            }
        } else {
            let number = match body.loads.iter().position(|load| *load == source) {
                Some(number) => number as u32,
                None => {
                    body.loads.push(source);
                    body.builder.input(program.ty(id).dtype, Access::Contiguous)
                }
            };
            body.builder.load(number)
        };
        body.values.insert(id, register);
        Ok(register)
    }

    /// Whether a kernel computes a value that it needs, rather than reading it.
    fn computes(&mut self, body: &Body, id: NodeId, source: Source) -> bool {
        if source.base != id || self.parts[id.index()] != Part::Map {
            return false;
        }
        self.owners[id.index()] == body.item
            || (body.recompute && !self.stored[id.index()] && self.again(id, CHAIN).is_some())
    }

    /// Whether a map is cheap to compute again from values that are stored anyway.
    fn again(&mut self, id: NodeId, chain: u32) -> Option<Again> {
        if let Some(known) = self.again.get(&id) {
            return known.clone();
        }
        let found = if chain == 0 { None } else { self.find_again(id, chain - 1) };
        self.again.insert(id, found.clone());
        found
    }

    fn find_again(&mut self, id: NodeId, chain: u32) -> Option<Again> {
        let program = self.program;
        let node = program.node(id);
        let mut sum = Again { instructions: instructions(program, id)?, large: SmallVec::new() };
        let elements = node.ty.shape.elements();
        for &input in &node.inputs {
            let base = program.source(input).base;
            let mut large: SmallVec<[NodeId; 2]> = SmallVec::new();
            if program.constant(input).is_some() {
                continue;
            }
            let in_place = base == input && self.parts[base.index()] == Part::Map;
            if in_place && !self.surely_stored[base.index()] {
                let inner = self.again(base, chain)?;
                sum.instructions += inner.instructions;
                large = inner.large;
            } else if program.ty(base).shape.elements() * 2 > elements && elements > 1 {
                large.push(base);
            }
            for base in large {
                if !sum.large.contains(&base) {
                    sum.large.push(base);
                }
            }
        }
        (sum.instructions <= CHEAP && sum.large.len() <= 1).then_some(sum)
    }
}

/// Whether a constant becomes part of a kernel. Others are read from memory, once a row: they may come from sizes, like the
/// count of a mean, and a new batch size is to find its kernels made.
fn is_fixed(constant: Constant) -> bool {
    [0.0, 1.0, -1.0].contains(&constant.number())
}

/// The instructions of a map, if none of them is slow; random numbers count for little, because storing them is never right.
fn instructions(program: &Program, id: NodeId) -> Option<u32> {
    let node = program.node(id);
    let Operation::Primitive(primitive, attributes) = &node.operation else { return None };
    let mut builder = Builder::new();
    let mut operands = SmallVec::<[Register; 4]>::new();
    for &input in &node.inputs {
        let number = builder.input(program.ty(input).dtype, Access::Contiguous);
        operands.push(builder.load(number));
    }
    let own = operands.len();
    primitive.lower(&mut builder, attributes, &operands).ok()?;
    let kernel = builder.finish();
    let mut count = 0;
    for instruction in &kernel.body[own..] {
        match instruction {
            Instruction::Position { .. } => return Some(1),
            Instruction::Binary(Binary::Divide, ..)
            | Instruction::Unary(Unary::SquareRoot, _)
            | Instruction::Call(..)
            | Instruction::CallBinary(..)
            | Instruction::CallWhere(..) => return None,
            Instruction::Constant(..) => {}
            _ => count += 1,
        }
    }
    Some(count)
}

/// Gives a kernel's arguments the access that their walks in the nest allow.
fn fit(kernel: &mut Kernel, nest: &Nest) {
    let last = nest.sizes.len() - 1;
    let (inputs, outputs) = nest.walks.split_at(kernel.inputs.len());
    for (input, walk) in kernel.inputs.iter_mut().zip(inputs) {
        input.access = match walk.strides[last] {
            0 => Access::Broadcast,
            stride if stride == input.dtype.size() as isize => Access::Contiguous,
            _ => Access::Strided,
        };
    }
    for (output, walk) in kernel.outputs.iter_mut().zip(outputs) {
        output.role = match (output.role, nest.direction) {
            (Role::ReduceRows(by) | Role::ReduceColumns(by), Direction::Columns) => Role::ReduceColumns(by),
            (Role::ReduceRows(by) | Role::ReduceColumns(by), _) => Role::ReduceRows(by),
            (Role::Store(_), _) => {
                let stride = walk.strides[last];
                // A single column may stand anywhere.
                let contiguous = stride == output.dtype.size() as isize || nest.columns() == 1;
                Role::Store(if contiguous { Access::Contiguous } else { Access::Strided })
            }
        };
    }
}

fn whole(program: &Program, id: NodeId) -> Result<Draft> {
    let inputs = &program.node(id).inputs;
    let reads = inputs.iter().map(|&input| program.source(input).base).collect();
    Ok(Draft::new(reads, vec![id], Work::Whole(Whole::new(program, id)?)))
}

/// Padding: zeros, and a copy into the middle of them.
fn pad(program: &Program, id: NodeId) -> Result<Draft> {
    let node = program.node(id);
    let Operation::Primitive(_, attributes) = &node.operation else {
        return Err(Error::new(ErrorKind::Internal, "an argument is no padding"));
    };
    let low = PadAttributes::decode(attributes)?.low;
    let source = *program.source(node.inputs[0]);
    let mut target = Layout { shape: source.layout.shape, ..Layout::contiguous(node.ty.shape) };
    target.offset = low.iter().zip(&target.strides).map(|(&low, &stride)| low * stride as usize).sum();
    let dtype = node.ty.dtype;
    let mut builder = Builder::new();
    let input = builder.input(dtype, Access::Contiguous);
    let value = builder.load(input);
    builder.output(value, dtype, Role::Store(Access::Contiguous));
    let mut kernel = builder.finish();
    let walks = vec![Walk::over(&source.layout, dtype.size()), Walk::over(&target, dtype.size())];
    let Some(nest) = Nest::new(&source.layout.shape, walks, false, &[], false) else {
        return Err(Error::new(ErrorKind::Internal, "a copy does not fit its loops"));
    };
    fit(&mut kernel, &nest);
    let work = Work::Kernel(KernelWork { kernel, nest, reductions: Vec::new(), zeroed: true });
    Ok(Draft::new(vec![source.base], vec![id], work))
}
