//! The gradient of sums under a moving window.

use crate::definition::{narrow, wide};
use crate::max_pool2d::{self, Pool2dAttributes};
use crate::probe::{self, FLOATS};
use crate::rule::{self, Takes};
use crate::sum_pool2d::{meetings, sum_pool2d};
use crisol_ir::primitive::{Gradients, Library};
use crisol_ir::{
    Attributes, Error, ErrorKind, Graph, Kind, NodeId, Primitive, Probe, Result, Shape, TensorType, Value,
};
use ndarray::{Array4, Ix4};
use smallvec::smallvec;

/// Each element of the images is the sum of `g`, shaped like the pooled ones, over the windows that cover it.
///
/// Settings: those of the pooling, height and width of the images, which a stride leaves open. Gradient:
/// [`SumPool2d`](crate::SumPool2d).
#[derive(Clone, Copy, Debug)]
pub struct SumPool2dGradient;

/// The operation.
pub static SUM_POOL2D_GRADIENT: SumPool2dGradient = SumPool2dGradient;

/// The gradient of [`sum_pool2d`] with respect to images of height and width `image`, from that of its output.
///
/// # Errors
/// The type is not a floating point one, or a `gradient` that is not shaped like the pooled images.
pub fn sum_pool2d_gradient(
    graph: &mut Graph,
    gradient: NodeId,
    attributes: Pool2dAttributes,
    image: [usize; 2],
) -> Result<NodeId> {
    graph.apply(&SUM_POOL2D_GRADIENT, encode(attributes, image), &[gradient])
}

fn encode(attributes: Pool2dAttributes, image: [usize; 2]) -> Attributes {
    let pool = attributes.encode();
    Attributes::new(pool.numbers().iter().copied().chain(image.map(|size| size as i64)))
}

/// The pooling, and the shape of the images, whose pooled ones must be shaped like `gradient`.
fn decode(attributes: &Attributes, gradient: Shape) -> Result<(Pool2dAttributes, Shape)> {
    let [a, b, c, d, e, f, g, h, height, width] = rule::settings(attributes)?;
    let pool = Pool2dAttributes::decode(&Attributes::new([a, b, c, d, e, f, g, h]))?;
    crate::conv2d::rank4("gradient", gradient, "[batch, height, width, channels]")?;
    let (height, width) = (rule::size("height", height)?, rule::size("width", width)?);
    let image = Shape::new(&[gradient[0], height, width, gradient[3]])?;
    let expected = pool.output(image)?;
    if expected != gradient {
        let text = format!("gradient {gradient} given, but pooling {image} gives {expected}");
        return Err(Error::new(ErrorKind::Shape, text));
    }
    Ok((pool, image))
}

impl Primitive for SumPool2dGradient {
    fn name(&self) -> &'static str {
        "sum_pool2d_gradient"
    }

    fn kind(&self) -> Kind {
        Kind::Library(Library::SumPool2dGradient)
    }

    fn infer(&self, attributes: &Attributes, inputs: &[TensorType]) -> Result<TensorType> {
        let [gradient] = rule::inputs(inputs)?;
        Takes::Floats.check(gradient)?;
        Ok(TensorType::new(gradient.dtype, decode(attributes, gradient.shape)?.1))
    }

    fn define(&self, attributes: &Attributes, inputs: &[Value]) -> Result<Value> {
        let [gradient] = rule::operands(inputs)?;
        let shape = gradient.shape()?;
        let (pool, image) = decode(attributes, shape)?;
        let (dtype, gradient) = (gradient.dtype(), wide::<Ix4>(gradient)?);
        let mut sums = Array4::zeros([image[0], image[1], image[2], image[3]]);
        meetings(&pool, image, shape, |from, to| sums[to] += gradient[from]);
        Ok(narrow(sums, dtype))
    }

    fn gradient(&self, graph: &mut Graph, node: NodeId, gradient: NodeId) -> Result<Gradients> {
        let shape = graph.ty(graph.node(node).inputs[0]).shape;
        let (pool, _) = decode(&rule::attributes(graph, node)?, shape)?;
        Ok(smallvec![Some(sum_pool2d(graph, gradient, pool)?)])
    }

    fn probe(&self) -> Probe {
        let mut cases = Vec::new();
        for dtype in FLOATS {
            for (attributes, x) in max_pool2d::settings() {
                let output = attributes.output(probe::ty(dtype, &x).shape).unwrap_or(Shape::SCALAR);
                cases.push((encode(attributes, [x[1], x[2]]), vec![TensorType::new(dtype, output)]));
            }
        }
        Probe { cases, ulps: 8.0, ..Probe::default() }
    }
}
