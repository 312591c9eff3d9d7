//! The elements that stand where a moving window has its largest one.

use crate::definition::pick;
use crate::max_pool2d::{self, Pool2dAttributes, largest};
use crate::max_pool2d_gradient;
use crate::probe::{self, FLOATS};
use crate::rule::{self, Takes};
use crisol_ir::primitive::{Gradients, Library};
use crisol_ir::{Attributes, Error, ErrorKind, Graph, Kind, NodeId, Primitive, Probe, Result, TensorType, Value};
use smallvec::smallvec;

/// `y[n, p, q, c]` is the element of `v` at the place where channel `c` of `x` has its largest element under the window
/// at `p, q`: the first of several in row-major order, or the first NaN. Inputs: the images `x` and `v` of one shape.
/// With `v = x` it is [`MaxPool2d`](crate::MaxPool2d).
///
/// Settings: [`Pool2dAttributes`]. Gradient: [`MaxPool2dGradient`](crate::MaxPool2dGradient) to `v`, of which it is the
/// gradient too; zero to `x`, which only says where.
#[derive(Clone, Copy, Debug)]
pub struct MaxPool2dGather;

/// The operation.
pub static MAX_POOL2D_GATHER: MaxPool2dGather = MaxPool2dGather;

/// The elements of `values` where the windows over `x` have their largest one.
///
/// # Errors
/// Types or shapes that differ, types that are not floating point ones, and as [`max_pool2d`](crate::max_pool2d()).
pub fn max_pool2d_gather(graph: &mut Graph, x: NodeId, values: NodeId, attributes: Pool2dAttributes) -> Result<NodeId> {
    graph.apply(&MAX_POOL2D_GATHER, attributes.encode(), &[x, values])
}

impl Primitive for MaxPool2dGather {
    fn name(&self) -> &'static str {
        "max_pool2d_gather"
    }

    fn kind(&self) -> Kind {
        Kind::Library(Library::MaxPool2dGather)
    }

    fn infer(&self, attributes: &Attributes, inputs: &[TensorType]) -> Result<TensorType> {
        let [x, values] = rule::inputs(inputs)?;
        let attributes = Pool2dAttributes::decode(attributes)?;
        rule::same_dtype(x, values)?;
        Takes::Floats.check(x)?;
        if x.shape != values.shape {
            let text = format!("images {} and values {} given: expected one shape", x.shape, values.shape);
            return Err(Error::new(ErrorKind::Shape, text));
        }
        Ok(TensorType::new(x.dtype, attributes.output(x.shape)?))
    }

    fn define(&self, attributes: &Attributes, inputs: &[Value]) -> Result<Value> {
        let attributes = Pool2dAttributes::decode(attributes)?;
        let [x, values] = rule::operands(inputs)?;
        pick(&[values], &largest(x, &attributes)?)
    }

    fn gradient(&self, graph: &mut Graph, node: NodeId, gradient: NodeId) -> Result<Gradients> {
        let attributes = Pool2dAttributes::decode(&rule::attributes(graph, node)?)?;
        let x = graph.node(node).inputs[0];
        Ok(smallvec![None, Some(max_pool2d_gradient(graph, x, gradient, attributes)?)])
    }

    fn probe(&self) -> Probe {
        let mut cases = Vec::new();
        for dtype in FLOATS {
            for (attributes, x) in max_pool2d::settings() {
                cases.push((attributes.encode(), vec![probe::ty(dtype, &x); 2]));
            }
        }
        Probe { cases, ..Probe::default() }
    }
}
