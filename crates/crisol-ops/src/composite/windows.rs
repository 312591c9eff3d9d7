//! Convolution and pooling along one axis, transposed convolution, averages: what the two-dimensional operations are
//! made into.

use super::scalar_like;
use crate::window::causal_padding;
use crate::{
    Conv2dAttributes, Pool2dAttributes, broadcast, conv2d, conv2d_input_gradient, divide, max_pool2d, reshape,
    same_padding, sum_pool2d,
};
use crisol_ir::{Error, ErrorKind, Graph, NodeId, Result, Shape};

/// How a window covers an axis, by Keras' names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Padding {
    /// No padding: the window stays inside.
    #[default]
    Valid,
    /// Zeros on both sides, so that there is a place for every step of the stride.
    Same,
    /// Zeros before the first element alone: no place sees what comes after it. For one axis.
    Causal,
}

impl Padding {
    /// The zeros before and after an axis of `size` for a window of `window` elements.
    ///
    /// ```
    /// use crisol_ops::Padding;
    /// assert_eq!(Padding::Same.around(10, 3, 1, 1), [1, 1]);
    /// assert_eq!(Padding::Causal.around(10, 3, 1, 2), [4, 0]);
    /// ```
    pub fn around(self, size: usize, window: usize, stride: usize, dilation: usize) -> [usize; 2] {
        match self {
            Padding::Valid => [0, 0],
            Padding::Same => same_padding(size, window, stride, dilation),
            Padding::Causal => causal_padding(window, dilation),
        }
    }
}

/// `x` (`[batch, length, channels]`) as images one pixel high.
fn as_images(graph: &mut Graph, x: NodeId) -> Result<NodeId> {
    let &[batch, length, channels] = graph.ty(x).shape.sizes() else {
        let text = format!(
            "input {} has rank {}, expected 3: [batch, length, channels]",
            graph.ty(x).shape,
            graph.ty(x).shape.rank()
        );
        return Err(Error::new(ErrorKind::Shape, text));
    };
    reshape(graph, x, Shape::new(&[batch, 1, length, channels])?)
}

/// A kernel `[length, channels, filters]` as one pixel high.
fn as_kernel(graph: &mut Graph, kernel: NodeId) -> Result<NodeId> {
    let &[length, channels, filters] = graph.ty(kernel).shape.sizes() else {
        let shape = graph.ty(kernel).shape;
        let text =
            format!("kernel {shape} has rank {}, expected 3: [length, channels / groups, filters]", shape.rank());
        return Err(Error::new(ErrorKind::Shape, text));
    };
    reshape(graph, kernel, Shape::new(&[1, length, channels, filters])?)
}

/// Images one pixel high as sequences again.
fn as_sequence(graph: &mut Graph, x: NodeId) -> Result<NodeId> {
    let shape = graph.ty(x).shape;
    reshape(graph, x, shape.without(&[1]))
}

/// The convolution of sequences `x` (`[batch, length, channels]`) with `kernel` (`[length, channels / groups,
/// filters]`).
///
/// # Errors
/// Types that differ or are not floating point ones, ranks other than 3, channels that differ, a kernel longer than the
/// padded sequence.
pub fn conv1d(
    graph: &mut Graph,
    x: NodeId,
    kernel: NodeId,
    stride: usize,
    dilation: usize,
    padding: [usize; 2],
    groups: usize,
) -> Result<NodeId> {
    let named = |error: Error| error.operation("conv1d");
    let x = as_images(graph, x).map_err(named)?;
    let kernel = as_kernel(graph, kernel).map_err(named)?;
    let how = Conv2dAttributes { stride: [1, stride], dilation: [1, dilation], padding: [[0, 0], padding], groups };
    let y = conv2d(graph, x, kernel, how).map_err(named)?;
    as_sequence(graph, y)
}

/// How a transposed convolution covers one axis: the size of the result, and the padding of the convolution whose
/// gradient it is. `padding` is valid or same; `output_padding` more elements are added at the end, those that Keras
/// adds if `None`.
///
/// # Errors
/// Causal padding, or an output padding that no convolution with this stride has.
///
/// ```
/// use crisol_ops::{Padding, transposed_window};
/// assert_eq!(transposed_window(5, 3, 2, 1, Padding::Same, None)?, (10, [0, 1]));
/// assert_eq!(transposed_window(5, 3, 2, 1, Padding::Valid, None)?, (11, [0, 0]));
/// # Ok::<(), crisol_ir::Error>(())
/// ```
pub fn transposed_window(
    size: usize,
    window: usize,
    stride: usize,
    dilation: usize,
    padding: Padding,
    output_padding: Option<usize>,
) -> Result<(usize, [usize; 2])> {
    let wrong = |text: String| Error::new(ErrorKind::Value, text).operation("conv_transpose");
    let (stride, reach) = (stride.max(1), window.saturating_sub(1).saturating_mul(dilation).saturating_add(1));
    let steps = size.saturating_sub(1).saturating_mul(stride);
    if let Some(more) = output_padding.filter(|&more| more >= stride) {
        return Err(wrong(format!("output padding {more} with stride {stride}: expected less than the stride")));
    }
    // As Keras: what the window reaches over, and what is cut from its start.
    let (result, before) = match (padding, output_padding) {
        (Padding::Valid, more) => {
            (steps + reach.max(stride) * usize::from(more.is_none()) + more.map_or(0, |more| reach + more), reach - 1)
        }
        (Padding::Same, None) => {
            let total = stride + reach - 2;
            (size.saturating_mul(stride), (total.div_ceil(2)).min(reach - 1))
        }
        (Padding::Same, Some(more)) => {
            let total = (reach + reach % 2 + more).saturating_sub(2);
            (steps + reach % 2 + more, total.div_ceil(2).min(reach - 1))
        }
        (Padding::Causal, _) => {
            return Err(wrong("causal padding has no transpose here, expected valid or same".to_string()));
        }
    };
    let low = reach - 1 - before;
    // The last place of the window must stay, and no other may fit behind it.
    let high = (steps + reach).saturating_sub(low + result);
    if (result + low + high).saturating_sub(reach) / stride * stride != steps && size > 0 {
        return Err(wrong(format!("no convolution with stride {stride} and a window over {reach} has this transpose")));
    }
    Ok((result, [low, high]))
}

/// The transposed convolution of images `x` (`[batch, height, width, channels]`) with `kernel` (`[height, width,
/// filters / groups, channels]`, as Keras has it): the gradient of the convolution from images of height and width
/// `image` to those of `x`, whose settings `how` are. [`transposed_window`] computes both from Keras' settings.
///
/// # Errors
/// Types that differ or are not floating point ones, or shapes that no such convolution has.
pub fn conv2d_transpose(
    graph: &mut Graph,
    x: NodeId,
    kernel: NodeId,
    how: Conv2dAttributes,
    image: [usize; 2],
) -> Result<NodeId> {
    conv2d_input_gradient(graph, x, kernel, how, image).map_err(|error| error.operation("conv2d_transpose"))
}

/// The transposed convolution of sequences `x` (`[batch, length, channels]`) with `kernel` (`[length, filters,
/// channels]`, as Keras has it).
///
/// # Errors
/// Types that differ or are not floating point ones, ranks other than 3, channels that differ, settings as for
/// [`transposed_window`].
pub fn conv1d_transpose(
    graph: &mut Graph,
    x: NodeId,
    kernel: NodeId,
    stride: usize,
    dilation: usize,
    padding: Padding,
    output_padding: Option<usize>,
) -> Result<NodeId> {
    let named = |error: Error| error.operation("conv1d_transpose");
    let x = as_images(graph, x).map_err(named)?;
    let kernel = as_kernel(graph, kernel).map_err(named)?;
    let (size, window) = (graph.ty(x).shape[2], graph.ty(kernel).shape[1]);
    let (length, padding) = transposed_window(size, window, stride, dilation, padding, output_padding)?;
    let how = Conv2dAttributes { stride: [1, stride], dilation: [1, dilation], padding: [[0, 0], padding], groups: 1 };
    let y = conv2d_input_gradient(graph, x, kernel, how, [1, length]).map_err(named)?;
    as_sequence(graph, y)
}

/// The mean of the elements under a window that moves over images `x`; padding does not count, as Keras on JAX.
///
/// # Errors
/// As [`sum_pool2d`].
pub fn average_pool2d(graph: &mut Graph, x: NodeId, attributes: Pool2dAttributes) -> Result<NodeId> {
    let named = |error: Error| error.operation("average_pool2d");
    let total = sum_pool2d(graph, x, attributes).map_err(named)?;
    let count = if attributes.padding == [[0, 0], [0, 0]] {
        scalar_like(graph, x, (attributes.window[0] * attributes.window[1]) as f64)
    } else {
        let one = scalar_like(graph, x, 1.0);
        let shape = graph.ty(x).shape.with_ones(&[0, 3]);
        let ones = broadcast(graph, one, shape)?;
        sum_pool2d(graph, ones, attributes)?
    };
    divide(graph, total, count)
}

/// One axis of a pooling window.
fn one_axis(window: usize, stride: usize, padding: [usize; 2]) -> Pool2dAttributes {
    Pool2dAttributes { window: [1, window], stride: [1, stride], padding: [[0, 0], padding] }
}

/// The largest elements under a window that moves over sequences `x` (`[batch, length, channels]`).
///
/// # Errors
/// The type is not a floating point one, the rank is not 3, an empty length, a window longer than the padded sequence.
pub fn max_pool1d(graph: &mut Graph, x: NodeId, window: usize, stride: usize, padding: [usize; 2]) -> Result<NodeId> {
    let named = |error: Error| error.operation("max_pool1d");
    let x = as_images(graph, x).map_err(named)?;
    let y = max_pool2d(graph, x, one_axis(window, stride, padding)).map_err(named)?;
    as_sequence(graph, y)
}

/// The means under a window that moves over sequences `x` (`[batch, length, channels]`); padding does not count.
///
/// # Errors
/// As [`max_pool1d`].
pub fn average_pool1d(
    graph: &mut Graph,
    x: NodeId,
    window: usize,
    stride: usize,
    padding: [usize; 2],
) -> Result<NodeId> {
    let named = |error: Error| error.operation("average_pool1d");
    let x = as_images(graph, x).map_err(named)?;
    let y = average_pool2d(graph, x, one_axis(window, stride, padding)).map_err(named)?;
    as_sequence(graph, y)
}
