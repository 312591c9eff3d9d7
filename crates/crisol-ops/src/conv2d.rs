//! Convolution of images, and the settings and definition that it shares with its two gradients.

use crate::definition::{narrow, wide};
use crate::probe::{self, FLOATS};
use crate::rule::{self, Takes};
use crate::window::Window;
use crate::{conv2d_input_gradient, conv2d_weight_gradient};
use crisol_ir::primitive::{Gradients, Library};
use crisol_ir::{
    Attributes, Error, ErrorKind, Graph, Kind, NodeId, Primitive, Probe, Result, Shape, TensorType, Value,
};
use ndarray::{Array4, Ix4};
use smallvec::smallvec;

/// `y[n, p, q, o] = sum over r, s, i of x[n, p * stride + r * dilation - top, q * stride + s * dilation - left, i] *
/// kernel[r, s, i, o]`, zeros outside of `x`: images `[n, height, width, channels]`, kernel `[height, width, channels /
/// groups, filters]`; filters see the channels of their group.
///
/// Settings: [`Conv2dAttributes`]. Gradient: [`Conv2dInputGradient`](crate::Conv2dInputGradient) and
/// [`Conv2dWeightGradient`](crate::Conv2dWeightGradient); the gradients of these are among the three again.
#[derive(Clone, Copy, Debug)]
pub struct Conv2d;

/// The operation.
pub static CONV2D: Conv2d = Conv2d;

/// How the kernel of a convolution moves over the image; first entries are for the height, second ones for the width.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conv2dAttributes {
    /// Elements from place to place.
    pub stride: [usize; 2],
    /// Distance in elements between neighbours in the kernel.
    pub dilation: [usize; 2],
    /// Zeros around the image: `[[top, bottom], [left, right]]`; [`same_padding`](crate::same_padding) computes Keras'
    /// "same".
    pub padding: [[usize; 2]; 2],
    /// Into how many groups channels and filters are cut.
    pub groups: usize,
}

impl Default for Conv2dAttributes {
    fn default() -> Conv2dAttributes {
        Conv2dAttributes { stride: [1, 1], dilation: [1, 1], padding: [[0, 0], [0, 0]], groups: 1 }
    }
}

impl Conv2dAttributes {
    /// The settings as 9 numbers: stride, dilation, padding (top, bottom, left, right), groups.
    pub fn encode(&self) -> Attributes {
        let [[top, bottom], [left, right]] = self.padding;
        let [down, across] = self.stride;
        let [dilation_down, dilation_across] = self.dilation;
        Attributes::sizes(&[down, across, dilation_down, dilation_across, top, bottom, left, right, self.groups])
    }

    /// The settings from numbers.
    ///
    /// # Errors
    /// Not 9 numbers, a negative padding, or another one below 1.
    pub fn decode(attributes: &Attributes) -> Result<Conv2dAttributes> {
        Conv2dAttributes::from_numbers(rule::settings(attributes)?)
    }

    fn from_numbers(numbers: [i64; 9]) -> Result<Conv2dAttributes> {
        let [down, across, dilation_down, dilation_across, top, bottom, left, right, groups] = numbers;
        let padding = |number| rule::size("padding", number);
        Ok(Conv2dAttributes {
            stride: [rule::positive("stride", down)?, rule::positive("stride", across)?],
            dilation: [rule::positive("dilation", dilation_down)?, rule::positive("dilation", dilation_across)?],
            padding: [[padding(top)?, padding(bottom)?], [padding(left)?, padding(right)?]],
            groups: rule::positive("groups", groups)?,
        })
    }

    /// The window that a kernel of this height (`axis` 0) or width (1) makes.
    pub(crate) fn window(&self, axis: usize, size: usize) -> Window {
        Window { size, stride: self.stride[axis], dilation: self.dilation[axis], padding: self.padding[axis] }
    }

    /// The shape rule of all three convolutions: that of the images which come out.
    pub(crate) fn output(&self, image: Shape, kernel: Shape) -> Result<Shape> {
        rank4("input", image, "[batch, height, width, channels]")?;
        rank4("kernel", kernel, "[height, width, channels / groups, filters]")?;
        if kernel[2].checked_mul(self.groups) != Some(image[3]) {
            let groups = if self.groups == 1 { String::new() } else { format!(" in each of {} groups", self.groups) };
            let text = format!(
                "channels differ: input {image} axis 3 = {}, kernel {kernel} axis 2 = {}{groups}",
                image[3], kernel[2]
            );
            return Err(Error::new(ErrorKind::Shape, text));
        }
        if !kernel[3].is_multiple_of(self.groups) {
            let text =
                format!("kernel {kernel} axis 3 = {} filters do not divide into {} groups", kernel[3], self.groups);
            return Err(Error::new(ErrorKind::Shape, text));
        }
        let height = self.window(0, kernel[0]).places(1, image[1])?;
        let width = self.window(1, kernel[1]).places(2, image[2])?;
        Shape::new(&[image[0], height, width, kernel[3]])
    }
}

/// The settings of the two gradients: those of the convolution, and a size that a stride leaves open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conv2dGradientAttributes {
    /// Those of the convolution.
    pub convolution: Conv2dAttributes,
    /// Height and width of what the gradient is for: images or kernel.
    pub size: [usize; 2],
}

impl Conv2dGradientAttributes {
    /// The settings as 11 numbers: the convolution's 9, height, width.
    pub fn encode(&self) -> Attributes {
        let convolution = self.convolution.encode();
        Attributes::new(convolution.numbers().iter().copied().chain(self.size.map(|size| size as i64)))
    }

    /// The settings from numbers.
    ///
    /// # Errors
    /// Not 11 numbers, or one out of its range.
    pub fn decode(attributes: &Attributes) -> Result<Conv2dGradientAttributes> {
        let [a, b, c, d, e, f, g, h, i, height, width] = rule::settings(attributes)?;
        Ok(Conv2dGradientAttributes {
            convolution: Conv2dAttributes::from_numbers([a, b, c, d, e, f, g, h, i])?,
            size: [rule::size("height", height)?, rule::size("width", width)?],
        })
    }
}

/// The convolution of images `x` with `kernel`.
///
/// # Errors
/// Types that differ or are not floating point ones, ranks other than 4, channels that differ, a kernel larger than the
/// padded image.
pub fn conv2d(graph: &mut Graph, x: NodeId, kernel: NodeId, attributes: Conv2dAttributes) -> Result<NodeId> {
    graph.apply(&CONV2D, attributes.encode(), &[x, kernel])
}

impl Primitive for Conv2d {
    fn name(&self) -> &'static str {
        "conv2d"
    }

    fn kind(&self) -> Kind {
        Kind::Library(Library::Conv2d)
    }

    fn infer(&self, attributes: &Attributes, inputs: &[TensorType]) -> Result<TensorType> {
        let [x, kernel] = rule::inputs(inputs)?;
        let attributes = Conv2dAttributes::decode(attributes)?;
        rule::same_dtype(x, kernel)?;
        Takes::Floats.check(x)?;
        Ok(TensorType::new(x.dtype, attributes.output(x.shape, kernel.shape)?))
    }

    fn define(&self, attributes: &Attributes, inputs: &[Value]) -> Result<Value> {
        let how = Conv2dAttributes::decode(attributes)?;
        let [x, kernel] = rule::operands(inputs)?;
        let shape = how.output(x.shape()?, kernel.shape()?)?;
        let (dtype, x, kernel) = (x.dtype(), wide::<Ix4>(x)?, wide::<Ix4>(kernel)?);
        let mut y = Array4::zeros([shape[0], shape[1], shape[2], shape[3]]);
        meetings(&how, x.dim(), kernel.dim(), y.dim(), |x_at, kernel_at, y_at| {
            y[y_at] += x[x_at] * kernel[kernel_at];
        });
        Ok(narrow(y, dtype))
    }

    fn gradient(&self, graph: &mut Graph, node: NodeId, gradient: NodeId) -> Result<Gradients> {
        let how = Conv2dAttributes::decode(&rule::attributes(graph, node)?)?;
        let (x, kernel) = (graph.node(node).inputs[0], graph.node(node).inputs[1]);
        let (image, window) = (graph.ty(x).shape, graph.ty(kernel).shape);
        let to_x = conv2d_input_gradient(graph, gradient, kernel, how, [image[1], image[2]])?;
        let to_kernel = conv2d_weight_gradient(graph, x, gradient, how, [window[0], window[1]])?;
        Ok(smallvec![Some(to_x), Some(to_kernel)])
    }

    fn probe(&self) -> Probe {
        let mut cases = Vec::new();
        for dtype in FLOATS {
            for (how, x, kernel) in settings() {
                cases.push((how.encode(), vec![probe::ty(dtype, &x), probe::ty(dtype, &kernel)]));
            }
        }
        Probe { cases, ulps: 16.0, ..Probe::default() }
    }
}

/// Settings, images and kernels that the three convolutions are probed with.
pub(crate) fn settings() -> Vec<(Conv2dAttributes, [usize; 4], [usize; 4])> {
    let plain = Conv2dAttributes::default();
    let same = Conv2dAttributes { padding: [[1, 1], [1, 1]], ..plain };
    let strided = Conv2dAttributes { stride: [2, 3], padding: [[0, 1], [1, 1]], ..plain };
    vec![
        (plain, [2, 5, 4, 3], [3, 3, 3, 2]),
        (plain, [1, 3, 3, 2], [1, 1, 2, 3]),
        (same, [2, 4, 5, 2], [3, 3, 2, 3]),
        (strided, [2, 6, 7, 1], [3, 3, 1, 2]),
        (Conv2dAttributes { stride: [3, 3], ..plain }, [1, 8, 8, 2], [2, 2, 2, 2]),
        (Conv2dAttributes { dilation: [2, 1], ..same }, [1, 6, 4, 2], [3, 2, 2, 2]),
        (Conv2dAttributes { groups: 2, ..same }, [1, 3, 3, 4], [3, 3, 2, 6]),
        (Conv2dAttributes { groups: 3, ..strided }, [1, 5, 5, 3], [3, 3, 1, 3]),
        (plain, [0, 4, 4, 2], [3, 3, 2, 3]),
    ]
}

/// Checks a rank of 4.
pub(crate) fn rank4(what: &str, shape: Shape, expected: &str) -> Result<()> {
    if shape.rank() == 4 {
        return Ok(());
    }
    let text = format!("{what} {shape} has rank {}, expected 4: {expected}", shape.rank());
    Err(Error::new(ErrorKind::Shape, text))
}

type Index = [usize; 4];
type Sizes = (usize, usize, usize, usize);

/// Calls `meet` with the places of image, kernel and output that meet in a product: what all three convolutions sum
/// over.
pub(crate) fn meetings(
    how: &Conv2dAttributes,
    image: Sizes,
    kernel: Sizes,
    output: Sizes,
    mut meet: impl FnMut(Index, Index, Index),
) {
    let (down, across) = (how.window(0, kernel.0), how.window(1, kernel.1));
    let filters = kernel.3 / how.groups;
    for n in 0..output.0 {
        for (p, q) in (0..output.1).flat_map(|p| (0..output.2).map(move |q| (p, q))) {
            for (r, s) in (0..kernel.0).flat_map(|r| (0..kernel.1).map(move |s| (r, s))) {
                let (Some(row), Some(column)) = (down.element(p, r, image.1), across.element(q, s, image.2)) else {
                    continue;
                };
                for (i, o) in (0..kernel.2).flat_map(|i| (0..kernel.3).map(move |o| (i, o))) {
                    let channel = o / filters * kernel.2 + i;
                    meet([n, row, column, channel], [r, s, i, o], [n, p, q, o]);
                }
            }
        }
    }
}
