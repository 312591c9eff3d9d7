//! Sums under a window that moves over images: what averages are made of.

use crate::definition::{narrow, wide};
use crate::max_pool2d::{self, Pool2dAttributes};
use crate::probe::{self, FLOATS};
use crate::rule::{self, Takes};
use crate::sum_pool2d_gradient;
use crisol_ir::primitive::{Gradients, Library};
use crisol_ir::{Attributes, Graph, Kind, NodeId, Primitive, Probe, Result, Shape, TensorType, Value};
use ndarray::{Array4, Ix4};
use smallvec::smallvec;

/// `y[n, p, q, c]` is the sum of channel `c` under the window at place `p, q`; padding adds nothing.
///
/// Settings: [`Pool2dAttributes`]. Gradient: [`SumPool2dGradient`](crate::SumPool2dGradient), whose gradient is this.
#[derive(Clone, Copy, Debug)]
pub struct SumPool2d;

/// The operation.
pub static SUM_POOL2D: SumPool2d = SumPool2d;

/// The sums under a window that moves over images `x`.
///
/// # Errors
/// The type is not a floating point one, the rank is not 4, an empty height or width, a window larger than the padded
/// image.
pub fn sum_pool2d(graph: &mut Graph, x: NodeId, attributes: Pool2dAttributes) -> Result<NodeId> {
    graph.apply(&SUM_POOL2D, attributes.encode(), &[x])
}

/// Calls `meet` with each output place and each image place under its window.
pub(crate) fn meetings(
    attributes: &Pool2dAttributes,
    image: Shape,
    output: Shape,
    mut meet: impl FnMut([usize; 4], [usize; 4]),
) {
    let (down, across) = (attributes.window(0), attributes.window(1));
    for (n, p, q, c) in ndarray::indices([output[0], output[1], output[2], output[3]]) {
        for (r, s) in (0..down.size).flat_map(|r| (0..across.size).map(move |s| (r, s))) {
            if let (Some(row), Some(column)) = (down.element(p, r, image[1]), across.element(q, s, image[2])) {
                meet([n, p, q, c], [n, row, column, c]);
            }
        }
    }
}

impl Primitive for SumPool2d {
    fn name(&self) -> &'static str {
        "sum_pool2d"
    }

    fn kind(&self) -> Kind {
        Kind::Library(Library::SumPool2d)
    }

    fn infer(&self, attributes: &Attributes, inputs: &[TensorType]) -> Result<TensorType> {
        let [x] = rule::inputs(inputs)?;
        let attributes = Pool2dAttributes::decode(attributes)?;
        Takes::Floats.check(x)?;
        Ok(TensorType::new(x.dtype, attributes.output(x.shape)?))
    }

    fn define(&self, attributes: &Attributes, inputs: &[Value]) -> Result<Value> {
        let attributes = Pool2dAttributes::decode(attributes)?;
        let [x] = rule::operands(inputs)?;
        let image = x.shape()?;
        let shape = attributes.output(image)?;
        let (dtype, x) = (x.dtype(), wide::<Ix4>(x)?);
        let mut sums = Array4::zeros([shape[0], shape[1], shape[2], shape[3]]);
        meetings(&attributes, image, shape, |to, from| sums[to] += x[from]);
        Ok(narrow(sums, dtype))
    }

    fn gradient(&self, graph: &mut Graph, node: NodeId, gradient: NodeId) -> Result<Gradients> {
        let attributes = Pool2dAttributes::decode(&rule::attributes(graph, node)?)?;
        let image = graph.ty(graph.node(node).inputs[0]).shape;
        Ok(smallvec![Some(sum_pool2d_gradient(graph, gradient, attributes, [image[1], image[2]])?)])
    }

    fn probe(&self) -> Probe {
        let mut cases = Vec::new();
        for dtype in FLOATS {
            for (attributes, x) in max_pool2d::settings() {
                cases.push((attributes.encode(), vec![probe::ty(dtype, &x)]));
            }
        }
        Probe { cases, ulps: 8.0, ..Probe::default() }
    }
}
