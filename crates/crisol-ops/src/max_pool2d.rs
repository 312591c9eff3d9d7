//! The largest element under a window that moves over images.

use crate::conv2d::rank4;
use crate::definition::{pick, places, wide};
use crate::max_pool2d_gradient;
use crate::probe::{self, FLOATS};
use crate::rule::{self, Takes};
use crate::window::Window;
use crisol_ir::primitive::{Gradients, Library};
use crisol_ir::{
    Attributes, Error, ErrorKind, Graph, Kind, NodeId, Primitive, Probe, Result, Shape, TensorType, Value,
};
use ndarray::{Array4, ArrayD, Ix4};
use smallvec::smallvec;

/// `y[n, p, q, c]` is the largest element of channel `c` under the window at place `p, q`; NaN wins, padding never does.
///
/// Settings: [`Pool2dAttributes`]. Gradient: [`MaxPool2dGradient`](crate::MaxPool2dGradient), which gives it to the first of
/// several largest ones, as Keras on JAX.
#[derive(Clone, Copy, Debug)]
pub struct MaxPool2d;

/// The operation.
pub static MAX_POOL2D: MaxPool2d = MaxPool2d;

/// A pooling window and how it moves; first entries are for the height, second ones for the width.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pool2dAttributes {
    /// Height and width of the window.
    pub window: [usize; 2],
    /// Elements from place to place.
    pub stride: [usize; 2],
    /// Padding around the image, smaller than the window: `[[top, bottom], [left, right]]`.
    pub padding: [[usize; 2]; 2],
}

impl Pool2dAttributes {
    /// The settings as 8 numbers: window, stride, padding (top, bottom, left, right).
    pub fn encode(&self) -> Attributes {
        let [[top, bottom], [left, right]] = self.padding;
        let ([height, width], [down, across]) = (self.window, self.stride);
        Attributes::sizes(&[height, width, down, across, top, bottom, left, right])
    }

    /// The settings from numbers.
    ///
    /// # Errors
    /// Not 8 numbers, a negative padding or one as large as the window, or another number below 1.
    pub fn decode(attributes: &Attributes) -> Result<Pool2dAttributes> {
        let [height, width, down, across, top, bottom, left, right] = rule::settings(attributes)?;
        let padding = |number| rule::size("padding", number);
        let decoded = Pool2dAttributes {
            window: [rule::positive("window height", height)?, rule::positive("window width", width)?],
            stride: [rule::positive("stride", down)?, rule::positive("stride", across)?],
            padding: [[padding(top)?, padding(bottom)?], [padding(left)?, padding(right)?]],
        };
        for (window, padding) in decoded.window.iter().zip(&decoded.padding) {
            if padding.iter().any(|side| side >= window) {
                let text = format!("padding {padding:?} with a window of {window}: expected less than the window");
                return Err(Error::new(ErrorKind::Value, text));
            }
        }
        Ok(decoded)
    }

    /// One axis of the window, 0 for the height.
    pub(crate) fn window(&self, axis: usize) -> Window {
        Window { size: self.window[axis], stride: self.stride[axis], dilation: 1, padding: self.padding[axis] }
    }

    /// The shape of the pooled images.
    pub(crate) fn output(&self, image: Shape) -> Result<Shape> {
        rank4("input", image, "[batch, height, width, channels]")?;
        for axis in [1, 2] {
            if image[axis] == 0 {
                let text = format!("axis {axis} of {image} is empty: a window has nothing to cover");
                return Err(Error::new(ErrorKind::Shape, text));
            }
        }
        let height = self.window(0).places(1, image[1])?;
        let width = self.window(1).places(2, image[2])?;
        Shape::new(&[image[0], height, width, image[3]])
    }
}

/// The largest elements under a window that moves over images `x`.
///
/// # Errors
/// The type is not a floating point one, the rank is not 4, an empty height or width, a window larger than the padded image.
pub fn max_pool2d(graph: &mut Graph, x: NodeId, attributes: Pool2dAttributes) -> Result<NodeId> {
    graph.apply(&MAX_POOL2D, attributes.encode(), &[x])
}

impl Primitive for MaxPool2d {
    fn name(&self) -> &'static str {
        "max_pool2d"
    }

    fn kind(&self) -> Kind {
        Kind::Library(Library::MaxPool2d)
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
        pick(&[x], &largest(x, &attributes)?)
    }

    fn gradient(&self, graph: &mut Graph, node: NodeId, gradient: NodeId) -> Result<Gradients> {
        let attributes = Pool2dAttributes::decode(&rule::attributes(graph, node)?)?;
        let x = graph.node(node).inputs[0];
        Ok(smallvec![Some(max_pool2d_gradient(graph, x, gradient, attributes)?)])
    }

    fn probe(&self) -> Probe {
        let mut cases = Vec::new();
        for dtype in FLOATS {
            for (attributes, x) in settings() {
                cases.push((attributes.encode(), vec![probe::ty(dtype, &x)]));
            }
        }
        Probe { cases, ..Probe::default() }
    }
}

/// Settings and images that pooling and its gradient are probed with.
pub(crate) fn settings() -> Vec<(Pool2dAttributes, [usize; 4])> {
    let plain = Pool2dAttributes { window: [2, 2], stride: [2, 2], padding: [[0, 0], [0, 0]] };
    vec![
        (plain, [2, 4, 6, 3]),
        (plain, [1, 5, 3, 1]),
        (Pool2dAttributes { window: [3, 2], stride: [2, 1], padding: [[1, 1], [0, 1]] }, [2, 5, 4, 2]),
        (Pool2dAttributes { window: [1, 1], ..plain }, [1, 3, 3, 2]),
        (plain, [0, 4, 4, 3]),
    ]
}

/// The places in `x` of the elements that win the windows: the first largest one of each in row-major order, or the first NaN.
pub(crate) fn largest(x: &Value, attributes: &Pool2dAttributes) -> Result<ArrayD<usize>> {
    let shape = attributes.output(x.shape()?)?;
    let x = wide::<Ix4>(x)?;
    let places = places(x.shape()).into_dimensionality::<Ix4>();
    let places = places.map_err(|error| Error::new(ErrorKind::Internal, error.to_string()))?;
    let (down, across) = (attributes.window(0), attributes.window(1));
    let (_, height, width, _) = x.dim();
    let wins = |new: f64, best: f64| !best.is_nan() && (new > best || new.is_nan());
    let largest = |(n, p, q, c)| {
        let rows = (0..down.size).filter_map(|tap| down.element(p, tap, height));
        let window = rows
            .flat_map(|row| (0..across.size).filter_map(move |tap| Some([n, row, across.element(q, tap, width)?, c])));
        // A window always covers an element, as padding is smaller than it and the image is not empty.
        let best = window.reduce(|best, new| if wins(x[new], x[best]) { new } else { best });
        places[best.unwrap_or([n, 0, 0, c])]
    };
    Ok(Array4::from_shape_fn([shape[0], shape[1], shape[2], shape[3]], largest).into_dyn())
}
