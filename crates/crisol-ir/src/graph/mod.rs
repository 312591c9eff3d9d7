//! Recorded tensor programs: a list of nodes in which every input stands before its use.

mod text;
mod traces;
mod verify;

use crate::dtype::DType;
use crate::error::{Error, ErrorKind, Result};
use crate::primitive::{Attributes, Primitive};
use crate::shape::Shape;
use crate::value::Constant;
use smallvec::SmallVec;
use std::fmt;
use std::hash::{Hash, Hasher};
use traces::Traces;

/// The place of a node in its graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(pub u32);

impl NodeId {
    /// The place as an index.
    #[inline]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// The element type and shape of a tensor.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TensorType {
    /// The type of the elements.
    pub dtype: DType,
    /// The sizes of the axes.
    pub shape: Shape,
}

impl TensorType {
    /// The type of tensors of `dtype` and `shape`.
    pub fn new(dtype: DType, shape: Shape) -> TensorType {
        TensorType { dtype, shape }
    }

    /// Bytes that the elements take.
    pub fn bytes(&self) -> usize {
        self.dtype.size() * self.shape.elements()
    }
}

impl fmt::Display for TensorType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.dtype, self.shape)
    }
}

impl fmt::Debug for TensorType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What a node does.
#[derive(Clone)]
pub enum Operation {
    /// Takes the argument of the given number from outside.
    Input(u32),
    /// A scalar that is part of the program.
    Constant(Constant),
    /// Applies a primitive with its settings.
    Primitive(&'static dyn Primitive, Attributes),
}

impl PartialEq for Operation {
    fn eq(&self, other: &Operation) -> bool {
        match (self, other) {
            (Operation::Input(a), Operation::Input(b)) => a == b,
            (Operation::Constant(a), Operation::Constant(b)) => a == b,
            (Operation::Primitive(a, with), Operation::Primitive(b, other)) => same(*a, *b) && with == other,
            _ => false,
        }
    }
}

/// Whether two primitives are one: names are unique. Equal addresses of object and methods spare the names; unequal ones
/// tell nothing, as methods may be compiled more than once.
#[allow(ambiguous_wide_pointer_comparisons)] // see above
fn same(a: &'static dyn Primitive, b: &'static dyn Primitive) -> bool {
    std::ptr::eq(a, b) || a.name() == b.name()
}

impl Eq for Operation {}

impl Hash for Operation {
    fn hash<H: Hasher>(&self, state: &mut H) {
        std::mem::discriminant(self).hash(state);
        match self {
            Operation::Input(number) => number.hash(state),
            Operation::Constant(constant) => constant.hash(state),
            Operation::Primitive(primitive, attributes) => {
                primitive.name().hash(state);
                attributes.hash(state);
            }
        }
    }
}

impl fmt::Debug for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Operation::Input(number) => write!(f, "input {number}"),
            Operation::Constant(constant) => write!(f, "constant {}", constant.number()),
            Operation::Primitive(primitive, attributes) => {
                write!(f, "{} {:?}", primitive.name(), attributes.numbers())
            }
        }
    }
}

/// One value of a program: what makes it, from which nodes, and its type.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Node {
    /// What makes the value.
    pub operation: Operation,
    /// The nodes it is made from.
    pub inputs: SmallVec<[NodeId; 3]>,
    /// The element type and shape of the value.
    pub ty: TensorType,
}

impl Node {
    /// Whether this is the primitive with these settings, applied to these nodes.
    #[inline]
    fn applies(&self, primitive: &'static dyn Primitive, attributes: &Attributes, inputs: &[NodeId]) -> bool {
        match &self.operation {
            Operation::Primitive(own, with) => {
                same(*own, primitive) && self.inputs.as_slice() == inputs && with == attributes
            }
            _ => false,
        }
    }
}

/// A tensor program.
///
/// The list is append-only and in order: a node's inputs always stand before it.
///
/// A program that is recorded again and again can be [rewound](Graph::rewind) instead of cleared: then what was recorded
/// before is expected again, and appending a node that comes as expected moves a cursor and does nothing else.
#[derive(Default)]
pub struct Graph {
    /// The program is the first `len` of these; what follows is expected next.
    nodes: Vec<Node>,
    len: usize,
    inputs: u32,
    traces: Traces,
}

impl Graph {
    /// An empty program.
    pub fn new() -> Graph {
        Graph::default()
    }

    /// Appends the next argument from outside.
    pub fn input(&mut self, ty: TensorType) -> NodeId {
        let number = self.inputs;
        self.inputs += 1;
        self.push(Node { operation: Operation::Input(number), inputs: SmallVec::new(), ty })
    }

    /// Appends a scalar that is part of the program.
    pub fn constant(&mut self, constant: Constant) -> NodeId {
        let ty = TensorType::new(constant.dtype, Shape::SCALAR);
        self.push(Node { operation: Operation::Constant(constant), inputs: SmallVec::new(), ty })
    }

    /// Appends a primitive applied to nodes.
    ///
    /// # Errors
    /// The primitive's shape rule rejects the inputs: the error names the primitive.
    pub fn apply(
        &mut self,
        primitive: &'static dyn Primitive,
        attributes: Attributes,
        inputs: &[NodeId],
    ) -> Result<NodeId> {
        // The same primitive of the same nodes has the same type: the rule need not be asked again.
        match self.advance(|expected| expected.applies(primitive, &attributes, inputs)) {
            true => Ok(NodeId(self.len as u32 - 1)),
            false => self.apply_new(primitive, attributes, inputs),
        }
    }

    /// Appends a primitive applied to nodes, if the trace that is followed goes on with just that.
    ///
    /// [`Graph::apply`] does so by itself; this is for those who would first look at types, as broadcasting does: that the node was recorded
    /// before says all that they would find.
    #[inline]
    pub fn repeat(
        &mut self,
        primitive: &'static dyn Primitive,
        attributes: &Attributes,
        inputs: &[NodeId],
    ) -> Option<NodeId> {
        let node = NodeId(self.len as u32);
        let is_expected = self.nodes.get(self.len).is_some_and(|next| next.applies(primitive, attributes, inputs));
        self.len += usize::from(is_expected);
        is_expected.then_some(node)
    }

    fn apply_new(
        &mut self,
        primitive: &'static dyn Primitive,
        attributes: Attributes,
        inputs: &[NodeId],
    ) -> Result<NodeId> {
        let types: SmallVec<[TensorType; 3]> = inputs.iter().map(|&input| self.ty(input)).collect();
        let ty = primitive.infer(&attributes, &types).map_err(|error| error.operation(primitive.name()))?;
        if self.len >= u32::MAX as usize {
            return Err(Error::new(ErrorKind::Unsupported, "a program of more than 2^32 nodes"));
        }
        Ok(self.push_new(Node {
            operation: Operation::Primitive(primitive, attributes),
            inputs: SmallVec::from_slice(inputs),
            ty,
        }))
    }

    /// Appends a node of another graph, its inputs replaced by the nodes of this one that stand for them. Arguments of the
    /// other graph are added by [`Graph::input`] instead.
    pub fn copy(&mut self, node: &Node, place: impl Fn(NodeId) -> NodeId) -> NodeId {
        debug_assert!(!matches!(node.operation, Operation::Input(_)), "an argument is not copied");
        self.push(Node {
            operation: node.operation.clone(),
            inputs: node.inputs.iter().map(|&input| place(input)).collect(),
            ty: node.ty,
        })
    }

    /// The node at a place.
    #[inline]
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes()[id.index()]
    }

    /// The type of the value that a node makes.
    #[inline]
    pub fn ty(&self, id: NodeId) -> TensorType {
        self.nodes()[id.index()].ty
    }

    /// All nodes in order.
    #[inline]
    pub fn nodes(&self) -> &[Node] {
        &self.nodes[..self.len]
    }

    /// The number of nodes.
    #[inline]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no node.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The number of arguments from outside.
    pub fn input_count(&self) -> usize {
        self.inputs as usize
    }

    /// The places of all nodes, in order.
    pub fn ids(&self) -> impl DoubleEndedIterator<Item = NodeId> + use<> {
        (0..self.len as u32).map(NodeId)
    }

    fn push(&mut self, node: Node) -> NodeId {
        match self.advance(|expected| *expected == node) {
            true => NodeId(self.len as u32 - 1),
            false => self.push_new(node),
        }
    }

    /// Appends a node that no trace expects.
    fn push_new(&mut self, node: Node) -> NodeId {
        self.leave_trace();
        self.nodes.push(node);
        self.len += 1;
        NodeId(self.len as u32 - 1)
    }
}

/// The program alone: what else was expected stays with the original.
impl Clone for Graph {
    fn clone(&self) -> Graph {
        Graph { nodes: self.nodes().to_vec(), len: self.len, inputs: self.inputs, traces: Traces::default() }
    }
}

impl PartialEq for Graph {
    fn eq(&self, other: &Graph) -> bool {
        self.nodes() == other.nodes()
    }
}

impl Eq for Graph {}

impl Hash for Graph {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.nodes().hash(state);
    }
}

impl fmt::Debug for Graph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Graph").field("nodes", &self.nodes()).field("inputs", &self.inputs).finish()
    }
}
