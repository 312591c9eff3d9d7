//! The gradient of a convolution with respect to its kernel.

use crate::conv2d::{Conv2dAttributes, Conv2dGradientAttributes, meetings, rank4};
use crate::definition::{narrow, wide};
use crate::probe::{self, FLOATS};
use crate::rule::{self, Takes};
use crate::{conv2d, conv2d_input_gradient};
use crisol_ir::primitive::{Gradients, Library};
use crisol_ir::{
    Attributes, Error, ErrorKind, Graph, Kind, NodeId, Primitive, Probe, Result, Shape, TensorType, Value,
};
use ndarray::{Array4, Ix4};
use smallvec::smallvec;

/// `kernel[..] = sum of x[..] * g[..]` over the products of `conv2d(x, kernel)` in which each element of the kernel stands.
/// Inputs: the images `x` and `g` (shaped like the convolution's output).
///
/// Settings: [`Conv2dGradientAttributes`](crate::Conv2dGradientAttributes). Linear in both inputs; gradient:
/// [`Conv2dInputGradient`](crate::Conv2dInputGradient) to `x`, [`Conv2d`](crate::Conv2d) to `g`.
#[derive(Clone, Copy, Debug)]
pub struct Conv2dWeightGradient;

/// The operation.
pub static CONV2D_WEIGHT_GRADIENT: Conv2dWeightGradient = Conv2dWeightGradient;

/// The gradient of a convolution with respect to a kernel of height and width `kernel`, from that of its output.
///
/// # Errors
/// Types that differ or are not floating point ones, or shapes that no such convolution has.
pub fn conv2d_weight_gradient(
    graph: &mut Graph,
    x: NodeId,
    gradient: NodeId,
    convolution: Conv2dAttributes,
    kernel: [usize; 2],
) -> Result<NodeId> {
    let attributes = Conv2dGradientAttributes { convolution, size: kernel };
    graph.apply(&CONV2D_WEIGHT_GRADIENT, attributes.encode(), &[x, gradient])
}

impl Primitive for Conv2dWeightGradient {
    fn name(&self) -> &'static str {
        "conv2d_weight_gradient"
    }

    fn kind(&self) -> Kind {
        Kind::Library(Library::Conv2dWeightGradient)
    }

    fn infer(&self, attributes: &Attributes, inputs: &[TensorType]) -> Result<TensorType> {
        let [x, gradient] = rule::inputs(inputs)?;
        let attributes = Conv2dGradientAttributes::decode(attributes)?;
        rule::same_dtype(x, gradient)?;
        Takes::Floats.check(x)?;
        Ok(TensorType::new(x.dtype, kernel_shape(attributes, x.shape, gradient.shape)?))
    }

    fn define(&self, attributes: &Attributes, inputs: &[Value]) -> Result<Value> {
        let how = Conv2dGradientAttributes::decode(attributes)?;
        let [x, gradient] = rule::operands(inputs)?;
        let shape = kernel_shape(how, x.shape()?, gradient.shape()?)?;
        let (dtype, x, gradient) = (x.dtype(), wide::<Ix4>(x)?, wide::<Ix4>(gradient)?);
        let mut kernel = Array4::zeros([shape[0], shape[1], shape[2], shape[3]]);
        meetings(&how.convolution, x.dim(), kernel.dim(), gradient.dim(), |x_at, kernel_at, y_at| {
            kernel[kernel_at] += x[x_at] * gradient[y_at];
        });
        Ok(narrow(kernel, dtype))
    }

    fn gradient(&self, graph: &mut Graph, node: NodeId, gradient: NodeId) -> Result<Gradients> {
        let how = Conv2dGradientAttributes::decode(&rule::attributes(graph, node)?)?;
        let (x, inner) = (graph.node(node).inputs[0], graph.node(node).inputs[1]);
        let image = graph.ty(x).shape;
        let to_x = conv2d_input_gradient(graph, inner, gradient, how.convolution, [image[1], image[2]])?;
        let to_inner = conv2d(graph, x, gradient, how.convolution)?;
        Ok(smallvec![Some(to_x), Some(to_inner)])
    }

    fn probe(&self) -> Probe {
        let mut cases = Vec::new();
        for dtype in FLOATS {
            for (convolution, x, kernel) in conv2d::settings() {
                let (x, kernel) = (probe::ty(dtype, &x), probe::ty(dtype, &kernel));
                if let Ok(output) = convolution.output(x.shape, kernel.shape) {
                    let how = Conv2dGradientAttributes { convolution, size: [kernel.shape[0], kernel.shape[1]] };
                    cases.push((how.encode(), vec![x, TensorType::new(dtype, output)]));
                }
            }
        }
        Probe { cases, ulps: 16.0, ..Probe::default() }
    }
}

/// The shape of the kernel, after checking that the convolution with it has the shape of `gradient`.
fn kernel_shape(how: Conv2dGradientAttributes, image: Shape, gradient: Shape) -> Result<Shape> {
    rank4("input", image, "[batch, height, width, channels]")?;
    rank4("gradient", gradient, "[batch, height, width, filters]")?;
    let groups = how.convolution.groups;
    if !image[3].is_multiple_of(groups) {
        let text = format!("input {image} axis 3 = {} channels do not divide into {groups} groups", image[3]);
        return Err(Error::new(ErrorKind::Shape, text));
    }
    let kernel = Shape::new(&[how.size[0], how.size[1], image[3] / groups, gradient[3]])?;
    let expected = how.convolution.output(image, kernel)?;
    if expected != gradient {
        let text = format!("gradient {gradient} given, but input {image} and kernel {kernel} give {expected}");
        return Err(Error::new(ErrorKind::Shape, text));
    }
    Ok(kernel)
}
