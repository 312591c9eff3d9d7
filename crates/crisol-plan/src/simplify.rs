//! A graph brought to a smaller form with the same bits: dead code, common subexpressions, views, identities, constants.
//!
//! What is left is a [`Program`]: every node knows the stored value that it reads and where its elements lie there, and
//! values whose strides a reader cannot use are copied first.

use crate::copy::COPY;
use crate::interpret;
use crate::whole;
use crisol_ir::kernel::{Access, Builder, Call, Instruction, Role};
use crisol_ir::primitive::Library;
use crisol_ir::value::Constant;
use crisol_ir::{Attributes, DType, Graph, Kind, Layout, Node, NodeId, Operation, Primitive, Result, TensorType};
use crisol_kernels::FlushDenormals;
use rustc_hash::FxHashMap;
use smallvec::{SmallVec, smallvec};

/// A simplified graph.
pub(crate) struct Program {
    pub(crate) nodes: Vec<Node>,
    /// For each node, the value that is stored and where this node's elements lie in it; itself unless it is a view.
    pub(crate) sources: Vec<Source>,
    /// For each node that reads through a barrier, the stored value that must be computed before.
    pub(crate) after: Vec<Option<NodeId>>,
    /// The stored value of each requested output: all of its elements, in order.
    pub(crate) outputs: Vec<NodeId>,
}

/// Where the elements of a node lie.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Source {
    pub(crate) base: NodeId,
    pub(crate) layout: Layout,
}

impl Program {
    /// Simplifies what the outputs need of a graph.
    pub(crate) fn new(graph: &Graph, outputs: &[NodeId]) -> Result<Program> {
        let mut live = vec![false; graph.len()];
        for output in outputs {
            live[output.index()] = true;
        }
        for id in graph.ids().rev() {
            if live[id.index()] {
                for input in &graph.node(id).inputs {
                    live[input.index()] = true;
                }
            }
        }
        let mut builder = ProgramBuilder {
            program: Program { nodes: Vec::new(), sources: Vec::new(), after: Vec::new(), outputs: Vec::new() },
            known: FxHashMap::default(),
        };
        let mut places = vec![NodeId(u32::MAX); graph.len()];
        for id in graph.ids().filter(|id| live[id.index()]) {
            let mut node = graph.node(id).clone();
            for input in &mut node.inputs {
                *input = places[input.index()];
            }
            places[id.index()] = builder.add(node)?;
        }
        for output in outputs {
            let place = builder.stored(places[output.index()]);
            builder.program.outputs.push(place);
        }
        Ok(builder.program)
    }

    pub(crate) fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.index()]
    }

    pub(crate) fn ty(&self, id: NodeId) -> TensorType {
        self.nodes[id.index()].ty
    }

    pub(crate) fn source(&self, id: NodeId) -> &Source {
        &self.sources[id.index()]
    }

    pub(crate) fn kind(&self, id: NodeId) -> Option<Kind> {
        match &self.node(id).operation {
            Operation::Primitive(primitive, _) => Some(primitive.kind()),
            _ => None,
        }
    }

    /// Whether a node is an argument or a constant.
    pub(crate) fn is_leaf(&self, id: NodeId) -> bool {
        !matches!(self.node(id).operation, Operation::Primitive(..))
    }

    /// The constant whose repetitions a node consists of, if so.
    pub(crate) fn constant(&self, id: NodeId) -> Option<Constant> {
        match self.node(self.source(id).base).operation {
            Operation::Constant(constant) => Some(constant),
            _ => None,
        }
    }
}

struct ProgramBuilder {
    program: Program,
    known: FxHashMap<Node, NodeId>,
}

impl ProgramBuilder {
    /// Adds a node whose inputs are in the program, or finds one with the same value.
    fn add(&mut self, mut node: Node) -> Result<NodeId> {
        if let Operation::Primitive(primitive, attributes) = node.operation.clone() {
            match primitive.kind() {
                Kind::Map => {
                    if let Some(same) = self.identity(primitive, &node) {
                        return Ok(same);
                    }
                    if let Some(constant) = self.fold(primitive, &attributes, &node)? {
                        return self.repeat(constant, node.ty);
                    }
                }
                Kind::View => return Ok(self.view(primitive, &attributes, node)),
                Kind::Barrier => return Ok(self.barrier(node)),
                Kind::Reduce(_) => {
                    let axes = attributes.to_sizes();
                    let layout = self.program.source(node.inputs[0]).layout;
                    // Truth values are reduced by the definition, which wants an array.
                    let defined = node.ty.dtype == DType::Bool && !layout.is_contiguous();
                    if defined || !reduces_as_it_lies(&layout, &axes) {
                        node.inputs[0] = self.copy(node.inputs[0]);
                    }
                }
                Kind::Library(library) => {
                    for input in &mut node.inputs {
                        if !whole::takes(library, node.ty.dtype, &self.program.source(*input).layout) {
                            *input = self.copy(*input);
                        }
                    }
                    if library == Library::MatMul && node.ty.dtype.is_float() {
                        self.settle_order(&attributes, &mut node)?;
                    }
                }
            }
        }
        Ok(self.intern(node, None))
    }

    /// The node itself, or the equal one that is there already.
    fn intern(&mut self, node: Node, source: Option<Source>) -> NodeId {
        if let Some(&known) = self.known.get(&node) {
            return known;
        }
        let id = NodeId(self.program.nodes.len() as u32);
        let own = Source { base: id, layout: Layout::contiguous(node.ty.shape) };
        let after = source.and_then(|_| self.program.after[node.inputs[0].index()]);
        self.known.insert(node.clone(), id);
        self.program.nodes.push(node);
        self.program.sources.push(source.unwrap_or(own));
        self.program.after.push(after);
        id
    }

    /// The elements of the first input, which whoever reads them through here waits to read.
    fn barrier(&mut self, node: Node) -> NodeId {
        if self.program.constant(node.inputs[0]).is_some() {
            return node.inputs[0];
        }
        let source = *self.program.source(node.inputs[0]);
        let after = self.program.source(node.inputs[1]).base;
        let id = self.intern(node, Some(source));
        self.program.after[id.index()] = Some(after);
        id
    }

    /// A view of a stored value, which it is itself if every element stays where it is.
    fn view(&mut self, primitive: &'static dyn Primitive, attributes: &Attributes, mut node: Node) -> NodeId {
        let mut source = *self.program.source(node.inputs[0]);
        let layout = primitive.view(attributes, &source.layout).or_else(|| {
            let copy = self.copy(node.inputs[0]);
            node.inputs[0] = copy;
            source = *self.program.source(copy);
            primitive.view(attributes, &source.layout)
        });
        let Some(layout) = layout else {
            // No strides express it even on contiguous memory: it runs as a whole, by its definition.
            return self.intern(node, None);
        };
        source.layout = layout;
        let waits = self.program.after[node.inputs[0].index()].is_some();
        if !waits && self.is_whole(&source) && self.program.ty(source.base).shape == node.ty.shape {
            return source.base;
        }
        self.intern(node, Some(source))
    }

    /// Copies operands of a product that would be added up in another order where they lie.
    fn settle_order(&mut self, attributes: &Attributes, node: &mut Node) -> Result<()> {
        for number in 0..node.inputs.len() {
            let layouts: SmallVec<[Layout; 2]> =
                node.inputs.iter().map(|&input| self.program.source(input).layout).collect();
            if layouts[number].is_contiguous() {
                continue;
            }
            let [lhs, rhs] = [0, 1].map(|operand| self.program.ty(node.inputs[operand]));
            if whole::adds_up_otherwise(attributes, [lhs, rhs], node.ty, &layouts)? {
                node.inputs[number] = self.copy(node.inputs[number]);
            }
        }
        Ok(())
    }

    /// A copy in memory of its own.
    fn copy(&mut self, id: NodeId) -> NodeId {
        let ty = self.program.ty(id);
        let operation = Operation::Primitive(&COPY, Attributes::none());
        self.intern(Node { operation, inputs: smallvec![id], ty }, None)
    }

    /// A value that holds the elements of `id` and nothing else, in order.
    fn stored(&mut self, id: NodeId) -> NodeId {
        let source = *self.program.source(id);
        let constant = self.program.constant(id).is_some();
        if self.is_whole(&source) && !constant { source.base } else { self.copy(id) }
    }

    fn is_whole(&self, source: &Source) -> bool {
        source.layout.is_contiguous()
            && source.layout.offset == 0
            && source.layout.shape.elements() == self.program.ty(source.base).shape.elements()
    }

    /// The node that has the same value by a rule that holds for every bit.
    fn identity(&self, primitive: &'static dyn Primitive, node: &Node) -> Option<NodeId> {
        let is = |input: usize, number: f64| {
            node.inputs.get(input).is_some_and(|&input| {
                let wanted = Constant::new(node.ty.dtype, number);
                self.program.constant(input).is_some_and(|found| found == wanted)
            })
        };
        let inner = |name: &str| {
            let from = self.program.node(*node.inputs.first()?);
            match &from.operation {
                Operation::Primitive(primitive, _) if primitive.name() == name => Some(from),
                _ => None,
            }
        };
        match primitive.name() {
            "multiply" if is(1, 1.0) => Some(node.inputs[0]),
            "multiply" if is(0, 1.0) => Some(node.inputs[1]),
            "divide" if is(1, 1.0) => Some(node.inputs[0]),
            "subtract" if is(1, 0.0) => Some(node.inputs[0]),
            // Adding +0 turns -0 into +0; adding -0 changes nothing.
            "add" if is(1, -0.0) => Some(node.inputs[0]),
            "add" if is(0, -0.0) => Some(node.inputs[1]),
            "negate" | "logical_not" => inner(primitive.name()).map(|from| from.inputs[0]),
            "cast" if self.program.ty(node.inputs[0]).dtype == node.ty.dtype => Some(node.inputs[0]),
            _ => None,
        }
    }

    /// The value of a map over constants alone, computed by the very instructions that would run.
    fn fold(
        &self,
        primitive: &'static dyn Primitive,
        attributes: &Attributes,
        node: &Node,
    ) -> Result<Option<Constant>> {
        if node.inputs.is_empty() || primitive.name() == COPY.name() {
            return Ok(None);
        }
        let mut builder = Builder::new();
        let mut registers = SmallVec::<[_; 4]>::new();
        for &input in &node.inputs {
            let Some(constant) = self.program.constant(input) else { return Ok(None) };
            registers.push(builder.value(constant));
        }
        let value = primitive.lower(&mut builder, attributes, &registers)?;
        builder.output(value, node.ty.dtype, Role::Store(Access::Contiguous));
        let kernel = builder.finish();
        let placed = |instruction: &Instruction| matches!(instruction, Instruction::Position { .. });
        if kernel.body.iter().any(placed) {
            return Ok(None);
        }
        let mut bits = 0u64;
        let pointers = [std::ptr::from_mut(&mut bits).cast::<u8>()];
        let strides = [0isize];
        let call = Call {
            pointers: pointers.as_ptr(),
            row_strides: strides.as_ptr(),
            column_strides: strides.as_ptr(),
            rows: 1,
            columns: 1,
            position: 0,
            position_row_step: 0,
            position_column_step: 0,
        };
        let _flush = FlushDenormals::new();
        kernel.verify()?;
        // SAFETY: one element, of at most eight bytes, is written to `bits`.
        unsafe { interpret::run(&kernel, &call) };
        // The element occupies the bytes at the lowest address.
        let bits = bits.to_ne_bytes();
        let bits = match node.ty.dtype {
            DType::Bool | DType::U8 => u64::from(bits[0]),
            DType::BF16 | DType::F16 => u64::from(u16::from_ne_bytes([bits[0], bits[1]])),
            DType::I32 | DType::F32 => u64::from(u32::from_ne_bytes([bits[0], bits[1], bits[2], bits[3]])),
            DType::I64 | DType::F64 => u64::from_ne_bytes(bits),
        };
        Ok(Some(Constant { dtype: node.ty.dtype, bits }))
    }

    /// A constant, repeated to a shape.
    fn repeat(&mut self, constant: Constant, ty: TensorType) -> Result<NodeId> {
        let scalar = TensorType::new(constant.dtype, crisol_ir::Shape::SCALAR);
        let operation = Operation::Constant(constant);
        let leaf = self.intern(Node { operation, inputs: smallvec![], ty: scalar }, None);
        if ty.shape.rank() == 0 {
            return Ok(leaf);
        }
        let attributes = Attributes::sizes(&ty.shape);
        let operation = Operation::Primitive(&crisol_ops::BROADCAST, attributes.clone());
        let node = Node { operation, inputs: smallvec![leaf], ty };
        Ok(self.view(&crisol_ops::BROADCAST, &attributes, node))
    }
}

/// Whether a reduction can walk the elements in the order that its shape alone demands: if its innermost axes vanish, they
/// must merge into one.
fn reduces_as_it_lies(layout: &Layout, axes: &[usize]) -> bool {
    let mut inner: Option<(usize, isize)> = None;
    if layout.shape.elements() == 0 {
        return true;
    }
    for axis in (0..layout.shape.rank()).rev() {
        let (size, stride) = (layout.shape[axis], layout.strides[axis]);
        if size == 1 {
            continue;
        }
        if !axes.contains(&axis) {
            break;
        }
        inner = match inner {
            None => Some((size, stride)),
            Some((count, step)) if stride == step * count as isize => Some((count * size, step)),
            Some(_) => return false,
        };
    }
    true
}
