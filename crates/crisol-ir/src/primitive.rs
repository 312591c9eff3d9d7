//! What every operation tells about itself: shape rule, plain definition, gradient, and how it becomes fast code.

use crate::error::{Error, ErrorKind, Result};
use crate::graph::{Graph, NodeId, TensorType};
use crate::kernel::{Builder, Register};
use crate::shape::{MAX_RANK, Shape};
use crate::value::Value;
use smallvec::SmallVec;

/// The settings of an operation that are part of a program: axes, strides, flags. Numbers that change from step to step
/// are inputs instead, so that they never make a new plan.
#[derive(Clone, Debug, Default, Eq, Hash)]
#[allow(clippy::derived_hash_with_manual_eq)] // equality is the derived one, faster
pub struct Attributes(SmallVec<[i64; 8]>);

/// Number by number: recordings compare settings at every node, and most have none or a few, for which a call costs more.
impl PartialEq for Attributes {
    #[inline]
    fn eq(&self, other: &Attributes) -> bool {
        self.0.len() == other.0.len() && self.0.iter().zip(&other.0).all(|(own, other)| own == other)
    }
}

impl Attributes {
    /// No settings.
    #[inline]
    pub fn none() -> Attributes {
        Attributes::default()
    }

    /// The settings as numbers, in the order the operation's file states.
    pub fn new(numbers: impl IntoIterator<Item = i64>) -> Attributes {
        Attributes(numbers.into_iter().collect())
    }

    /// Sizes or axes as settings.
    pub fn sizes(sizes: &[usize]) -> Attributes {
        Attributes(sizes.iter().map(|&size| size as i64).collect())
    }

    /// The numbers.
    pub fn numbers(&self) -> &[i64] {
        &self.0
    }

    /// The numbers as sizes or axes; the operation that stored them knows that none is negative.
    pub fn to_sizes(&self) -> SmallVec<[usize; 8]> {
        self.0.iter().map(|&number| number as usize).collect()
    }
}

/// How a reduction combines two elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reduction {
    /// Addition, from 0.
    Sum,
    /// The larger of the two, from the type's lowest value; NaN wins.
    Max,
    /// The smaller of the two, from the type's highest value; NaN wins.
    Min,
    /// Multiplication, from 1.
    Product,
}

/// Operations that run as a whole in `crisol-kernels`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)] // each is described in its operation's file
pub enum Library {
    MatMul,
    Conv2d,
    Conv2dInputGradient,
    Conv2dWeightGradient,
    MaxPool2d,
    MaxPool2dGradient,
    MaxPool2dGather,
    SumPool2d,
    SumPool2dGradient,
    Pad,
    /// An operation from outside: its definition runs.
    Custom,
    Concatenate,
    Gather,
    ScatterAdd,
    Cumsum,
    Argsort,
}

/// How an operation becomes fast code; what can be fused follows from this and from nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// One element of the output from the elements of the inputs at the same place. Inputs and output have one shape.
    Map,
    /// The same elements at other addresses: no data moves unless the new order cannot be expressed by strides.
    View,
    /// Elements combined along the axes that the attributes list; those axes vanish from the shape.
    Reduce(Reduction),
    /// The first input, in its memory, but never the same expression as it, and read only after the second one is computed: what
    /// is computed from it is computed again, and late.
    Barrier,
    /// A kernel of its own.
    Library(Library),
}

/// Where the elements of a tensor lie in a buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// The sizes of the axes.
    pub shape: Shape,
    /// The distance in elements between neighbours along each axis; 0 repeats an element. Axes past the rank are 0.
    pub strides: [isize; MAX_RANK],
    /// The element at which the first one lies.
    pub offset: usize,
}

impl Layout {
    /// The layout of a row-major array.
    pub fn contiguous(shape: Shape) -> Layout {
        Layout { shape, strides: shape.strides(), offset: 0 }
    }

    /// Whether the elements lie one after the other in row-major order (sizes of 1 and empty shapes count as such).
    pub fn is_contiguous(&self) -> bool {
        let expected = self.shape.strides();
        self.shape.elements() == 0
            || (0..self.shape.rank()).all(|axis| self.shape[axis] == 1 || self.strides[axis] == expected[axis])
    }
}

/// The gradients with respect to each input, in their order; `None` says that an input has no gradient by definition
/// (an index, a mask, a step function).
pub type Gradients = SmallVec<[Option<NodeId>; 4]>;

/// Where tests try an operation, and how exact it must be there.
#[derive(Clone, Debug)]
pub struct Probe {
    /// Settings and input types to try; empty axes and sizes of 1 belong among them.
    pub cases: Vec<(Attributes, Vec<TensorType>)>,
    /// The open interval that inputs of floating point types are drawn from.
    pub range: (f64, f64),
    /// The half-open range that inputs of integer types are drawn from; types that cannot hold it take their own.
    pub integers: (i64, i64),
    /// Points of `range` where the derivative jumps: tests of gradients stay away from them.
    pub kinks: Vec<f64>,
    /// Units in the last place by which fast code may differ from the definition in the same type; 0 demands equal bits.
    pub ulps: f64,
}

impl Default for Probe {
    fn default() -> Probe {
        Probe { cases: Vec::new(), range: (-2.0, 2.0), integers: (-2048, 2048), kinks: Vec::new(), ulps: 0.0 }
    }
}

/// An operation: everything true of it stands in the one file that implements this trait.
pub trait Primitive: Send + Sync + 'static {
    /// The name in text forms and errors, unique among all operations.
    fn name(&self) -> &'static str;

    /// How it becomes fast code.
    fn kind(&self) -> Kind;

    /// The only shape and type rule.
    ///
    /// # Errors
    /// Inputs that do not fit: the text tells what was given and what was expected.
    fn infer(&self, attributes: &Attributes, inputs: &[TensorType]) -> Result<TensorType>;

    /// The plain definition over ndarrays, written to be read: what every fast path is tested against.
    ///
    /// # Errors
    /// Data for which the operation is undefined. Shapes and types have passed [`Primitive::infer`].
    fn define(&self, attributes: &Attributes, inputs: &[Value]) -> Result<Value>;

    /// Appends the gradient of a scalar with respect to each input of `node` to the graph, given the one with respect to
    /// its output.
    ///
    /// # Errors
    /// The operation refuses to be differentiated. There is no default: a gradient is given, zero, or refused.
    fn gradient(&self, graph: &mut Graph, node: NodeId, gradient: NodeId) -> Result<Gradients>;

    /// For [`Kind::Map`]: appends the operation on single elements to a kernel.
    ///
    /// # Errors
    /// The operation is no map.
    fn lower(&self, builder: &mut Builder, attributes: &Attributes, inputs: &[Register]) -> Result<Register> {
        let _ = (builder, attributes, inputs);
        Err(Error::new(ErrorKind::Internal, "is not elementwise and has no lowering").operation(self.name()))
    }

    /// For [`Kind::View`]: where the elements lie, given where those of the input lie; `None` if strides cannot tell.
    fn view(&self, attributes: &Attributes, input: &Layout) -> Option<Layout> {
        let _ = (attributes, input);
        None
    }

    /// Whether data can make it fail that has the right types and shapes: an index out of range, an integer divided by zero.
    fn can_fail(&self) -> bool {
        false
    }

    /// Where tests try the operation.
    fn probe(&self) -> Probe;
}
