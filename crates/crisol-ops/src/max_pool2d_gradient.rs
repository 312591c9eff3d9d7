//! The gradient of max pooling.

use crate::definition::{narrow, wide};
use crate::max_pool2d::{self, Pool2dAttributes, largest};
use crate::max_pool2d_gather;
use crate::probe::{self, FLOATS};
use crate::rule::{self, Takes};
use crisol_ir::primitive::{Gradients, Library};
use crisol_ir::{
    Attributes, Error, ErrorKind, Graph, Kind, NodeId, Primitive, Probe, Result, Shape, TensorType, Value, elements,
};
use ndarray::Ix4;
use smallvec::smallvec;

/// Each element of `g` added where the largest element of its window stands in `x`: the first one in row-major order
/// where there are several, the first NaN where there is one, as Keras on JAX for numbers. Inputs: the images `x` and
/// `g`, shaped like the pooled ones; the result is shaped like `x`.
///
/// Settings: [`Pool2dAttributes`]. Gradient: [`MaxPool2dGather`](crate::MaxPool2dGather) to `g`; zero to `x`, which
/// only says where.
#[derive(Clone, Copy, Debug)]
pub struct MaxPool2dGradient;

/// The operation.
pub static MAX_POOL2D_GRADIENT: MaxPool2dGradient = MaxPool2dGradient;

/// The gradient of max pooling with respect to its images `x`, from that of its output.
///
/// # Errors
/// Types that differ or are not floating point ones, or a `gradient` that is not shaped like the pooled images.
pub fn max_pool2d_gradient(
    graph: &mut Graph,
    x: NodeId,
    gradient: NodeId,
    attributes: Pool2dAttributes,
) -> Result<NodeId> {
    graph.apply(&MAX_POOL2D_GRADIENT, attributes.encode(), &[x, gradient])
}

impl Primitive for MaxPool2dGradient {
    fn name(&self) -> &'static str {
        "max_pool2d_gradient"
    }

    fn kind(&self) -> Kind {
        Kind::Library(Library::MaxPool2dGradient)
    }

    fn infer(&self, attributes: &Attributes, inputs: &[TensorType]) -> Result<TensorType> {
        let [x, gradient] = rule::inputs(inputs)?;
        let attributes = Pool2dAttributes::decode(attributes)?;
        rule::same_dtype(x, gradient)?;
        Takes::Floats.check(x)?;
        let expected = attributes.output(x.shape)?;
        if gradient.shape != expected {
            let text = format!("gradient {} given, but pooling {} gives {expected}", gradient.shape, x.shape);
            return Err(Error::new(ErrorKind::Shape, text));
        }
        Ok(x)
    }

    fn define(&self, attributes: &Attributes, inputs: &[Value]) -> Result<Value> {
        let attributes = Pool2dAttributes::decode(attributes)?;
        let [x, gradient] = rule::operands(inputs)?;
        let places = largest(x, &attributes)?;
        assert_eq!(places.shape(), gradient.shape()?.sizes(), "a gradient of the pooled images");
        let mut sums = vec![0.0; x.shape()?.elements()];
        for (&place, element) in places.iter().zip(wide::<Ix4>(gradient)?) {
            sums[place] += element;
        }
        Ok(narrow(elements::array(x.shape()?.sizes(), sums), x.dtype()))
    }

    fn gradient(&self, graph: &mut Graph, node: NodeId, gradient: NodeId) -> Result<Gradients> {
        let attributes = Pool2dAttributes::decode(&rule::attributes(graph, node)?)?;
        let x = graph.node(node).inputs[0];
        Ok(smallvec![None, Some(max_pool2d_gather(graph, x, gradient, attributes)?)])
    }

    fn probe(&self) -> Probe {
        let mut cases = Vec::new();
        for dtype in FLOATS {
            for (attributes, x) in max_pool2d::settings() {
                let x = probe::ty(dtype, &x);
                let output = attributes.output(x.shape).unwrap_or(Shape::SCALAR);
                cases.push((attributes.encode(), vec![x, TensorType::new(dtype, output)]));
            }
        }
        Probe { cases, ulps: 4.0, ..Probe::default() }
    }
}
