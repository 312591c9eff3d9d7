//! The gradient of a convolution with respect to its images, which is also the transposed convolution.

use crate::conv2d::{Conv2dAttributes, Conv2dGradientAttributes, meetings, rank4};
use crate::definition::{narrow, wide};
use crate::probe::{self, FLOATS};
use crate::rule::{self, Takes};
use crate::{conv2d, conv2d_weight_gradient};
use crisol_ir::primitive::{Gradients, Library};
use crisol_ir::{
    Attributes, Error, ErrorKind, Graph, Kind, NodeId, Primitive, Probe, Result, Shape, TensorType, Value,
};
use ndarray::{Array4, Ix4};
use smallvec::smallvec;

/// The images `x` that give `conv2d(x, kernel)` its slope: `x[..] = sum of g[..] * kernel[..]` over the products in which each
/// element of `x` stands. Inputs: `g` (shaped like the convolution's output) and `kernel`.
///
/// Settings: [`Conv2dGradientAttributes`](crate::Conv2dGradientAttributes). Linear in both inputs; gradient: [`Conv2d`](crate::Conv2d) to `g`,
/// [`Conv2dWeightGradient`](crate::Conv2dWeightGradient) to `kernel`.
#[derive(Clone, Copy, Debug)]
pub struct Conv2dInputGradient;

/// The operation.
pub static CONV2D_INPUT_GRADIENT: Conv2dInputGradient = Conv2dInputGradient;

/// The gradient of a convolution with respect to images of height and width `image`, from that of its output.
///
/// # Errors
/// Types that differ or are not floating point ones, or shapes that no such convolution has.
pub fn conv2d_input_gradient(
    graph: &mut Graph,
    gradient: NodeId,
    kernel: NodeId,
    convolution: Conv2dAttributes,
    image: [usize; 2],
) -> Result<NodeId> {
    let attributes = Conv2dGradientAttributes { convolution, size: image };
    graph.apply(&CONV2D_INPUT_GRADIENT, attributes.encode(), &[gradient, kernel])
}

impl Primitive for Conv2dInputGradient {
    fn name(&self) -> &'static str {
        "conv2d_input_gradient"
    }

    fn kind(&self) -> Kind {
        Kind::Library(Library::Conv2dInputGradient)
    }

    fn infer(&self, attributes: &Attributes, inputs: &[TensorType]) -> Result<TensorType> {
        let [gradient, kernel] = rule::inputs(inputs)?;
        let attributes = Conv2dGradientAttributes::decode(attributes)?;
        rule::same_dtype(gradient, kernel)?;
        Takes::Floats.check(gradient)?;
        Ok(TensorType::new(gradient.dtype, image_shape(attributes, gradient.shape, kernel.shape)?))
    }

    fn define(&self, attributes: &Attributes, inputs: &[Value]) -> Result<Value> {
        let how = Conv2dGradientAttributes::decode(attributes)?;
        let [gradient, kernel] = rule::operands(inputs)?;
        let shape = image_shape(how, gradient.shape()?, kernel.shape()?)?;
        let (dtype, gradient, kernel) = (gradient.dtype(), wide::<Ix4>(gradient)?, wide::<Ix4>(kernel)?);
        let mut x = Array4::zeros([shape[0], shape[1], shape[2], shape[3]]);
        meetings(&how.convolution, x.dim(), kernel.dim(), gradient.dim(), |x_at, kernel_at, y_at| {
            x[x_at] += gradient[y_at] * kernel[kernel_at];
        });
        Ok(narrow(x, dtype))
    }

    fn gradient(&self, graph: &mut Graph, node: NodeId, gradient: NodeId) -> Result<Gradients> {
        let how = Conv2dGradientAttributes::decode(&rule::attributes(graph, node)?)?;
        let (inner, kernel) = (graph.node(node).inputs[0], graph.node(node).inputs[1]);
        let window = graph.ty(kernel).shape;
        let to_inner = conv2d(graph, gradient, kernel, how.convolution)?;
        let to_kernel = conv2d_weight_gradient(graph, gradient, inner, how.convolution, [window[0], window[1]])?;
        Ok(smallvec![Some(to_inner), Some(to_kernel)])
    }

    fn probe(&self) -> Probe {
        let mut cases = Vec::new();
        for dtype in FLOATS {
            for (convolution, x, kernel) in conv2d::settings() {
                let (x, kernel) = (probe::ty(dtype, &x), probe::ty(dtype, &kernel));
                if let Ok(output) = convolution.output(x.shape, kernel.shape) {
                    let how = Conv2dGradientAttributes { convolution, size: [x.shape[1], x.shape[2]] };
                    cases.push((how.encode(), vec![TensorType::new(dtype, output), kernel]));
                }
            }
        }
        Probe { cases, ulps: 16.0, ..Probe::default() }
    }
}

/// The shape of the images, after checking that their convolution has the shape of `gradient`.
fn image_shape(how: Conv2dGradientAttributes, gradient: Shape, kernel: Shape) -> Result<Shape> {
    rank4("gradient", gradient, "[batch, height, width, filters]")?;
    rank4("kernel", kernel, "[height, width, channels / groups, filters]")?;
    let channels = kernel[2].checked_mul(how.convolution.groups).ok_or_else(|| {
        Error::new(ErrorKind::Shape, format!("kernel {kernel} has more channels than memory can hold"))
    })?;
    let image = Shape::new(&[gradient[0], how.size[0], how.size[1], channels])?;
    let expected = how.convolution.output(image, kernel)?;
    if expected != gradient {
        let text = format!("gradient {gradient} given, but images {image} and kernel {kernel} give {expected}");
        return Err(Error::new(ErrorKind::Shape, text));
    }
    Ok(image)
}
