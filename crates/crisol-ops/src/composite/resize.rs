//! Images of another size: interpolation as matrix products along height and width.

use super::indexing::take;
use super::{scalar, scalar_like};
use crate::conv2d::rank4;
use crate::rule::Takes;
use crate::{
    absolute, add, cast, divide, floor, greater_equal, iota, less, logical_and, matmul, multiply, relu, reshape,
    select, subtract, sum,
};
use crisol_ir::{DType, Error, Graph, NodeId, Result, Shape};

/// How the elements between places are found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Interpolation {
    /// The nearest element.
    Nearest,
    /// The two neighbours along each axis, by their distance.
    #[default]
    Bilinear,
    /// Four neighbours along each axis, by Keys' cubic (a = -1/2).
    Bicubic,
}

/// Images `x` (`[batch, height, width, channels]`) of another size. Pixels are squares: place `i` is at `i + 1/2`, as
/// in TensorFlow 2 and JAX. `antialias` widens the filter where the image shrinks, so that every pixel counts.
///
/// Source: `jax.image.resize`, whose values it gives.
///
/// # Errors
/// The type is not a floating point one, the rank is not 4, or an empty image is enlarged.
pub fn resize(
    graph: &mut Graph,
    x: NodeId,
    size: [usize; 2],
    interpolation: Interpolation,
    antialias: bool,
) -> Result<NodeId> {
    let named = |error: Error| error.operation("resize");
    let ty = graph.ty(x);
    Takes::Floats
        .check(ty)
        .and_then(|()| rank4("input", ty.shape, "[batch, height, width, channels]"))
        .map_err(named)?;
    Shape::new(&[ty.shape[0], size[0], size[1], ty.shape[3]]).map_err(named)?;
    let mut y = x;
    for (axis, &to) in size.iter().enumerate() {
        y = resize_axis(graph, y, axis + 1, to, interpolation, antialias).map_err(named)?;
    }
    Ok(y)
}

fn resize_axis(
    graph: &mut Graph,
    x: NodeId,
    axis: usize,
    to: usize,
    interpolation: Interpolation,
    antialias: bool,
) -> Result<NodeId> {
    let shape = graph.ty(x).shape;
    let from = shape[axis];
    if from == to {
        return Ok(x);
    }
    if interpolation == Interpolation::Nearest {
        let places = nearest(graph, from, to)?;
        return take(graph, x, places, axis as isize);
    }
    let weights = weights(graph, graph.ty(x).dtype, from, to, interpolation, antialias)?;
    let (before, after) = (shape[..axis].iter().product(), shape[axis + 1..].iter().product());
    let rows = reshape(graph, x, Shape::new(&[before, from, after])?)?;
    let resized = matmul(graph, weights, rows)?;
    let mut sizes = shape.to_vec();
    sizes[axis] = to;
    reshape(graph, resized, Shape::new(&sizes)?)
}

/// For each place of the result, that of the nearest element: `floor((i + 1/2) * from / to)`.
fn nearest(graph: &mut Graph, from: usize, to: usize) -> Result<NodeId> {
    let places = iota(graph, DType::I32, Shape::new(&[to])?)?;
    // In double precision the quotient of such integers never reaches the next one by rounding.
    let places = cast(graph, places, DType::F64)?;
    let number = |graph: &mut Graph, number: f64| scalar(graph, DType::F64, number);
    let (twice, one) = (number(graph, 2.0 * from as f64), number(graph, from as f64));
    let odd = multiply(graph, places, twice)?;
    let odd = add(graph, odd, one)?;
    let divisor = number(graph, 2.0 * to as f64);
    let places = divide(graph, odd, divisor)?;
    let places = floor(graph, places)?;
    cast(graph, places, DType::I32)
}

/// The share of each element (columns) in each place of the result (rows).
fn weights(
    graph: &mut Graph,
    dtype: DType,
    from: usize,
    to: usize,
    interpolation: Interpolation,
    antialias: bool,
) -> Result<NodeId> {
    let step = from as f64 / to as f64;
    let width = if antialias { step.max(1.0) } else { 1.0 };
    let counted = |graph: &mut Graph, sizes: [usize; 2]| {
        let places = iota(graph, DType::I32, Shape::new(&sizes)?)?;
        cast(graph, places, dtype)
    };
    let number = |graph: &mut Graph, number: f64| scalar(graph, dtype, number);
    // Where the result's places lie among the elements.
    let (step, half) = (number(graph, step), number(graph, 0.5));
    let row = counted(graph, [to, 1])?;
    let row = add(graph, row, half)?;
    let row = multiply(graph, row, step)?;
    let row = subtract(graph, row, half)?;
    let column = counted(graph, [1, from])?;
    let distance = subtract(graph, row, column)?;
    let distance = absolute(graph, distance)?;
    let width = number(graph, width);
    let distance = divide(graph, distance, width)?;
    let weights = match interpolation {
        Interpolation::Bicubic => cubic(graph, distance)?,
        _ => {
            let one = scalar_like(graph, distance, 1.0);
            let near = subtract(graph, one, distance)?;
            relu(graph, near)?
        }
    };
    // What would lie outside of the image counts for nothing; the rest is scaled up.
    let total = sum(graph, weights, &[1])?;
    let total = reshape(graph, total, Shape::new(&[to, 1])?)?;
    let least = number(graph, 1000.0 * f64::from(f32::EPSILON));
    let size = absolute(graph, total)?;
    let counts = less(graph, least, size)?;
    let one = scalar_like(graph, total, 1.0);
    let divisor = select(graph, counts, total, one)?;
    let shares = divide(graph, weights, divisor)?;
    let (first, last) = (number(graph, -0.5), number(graph, from as f64 - 0.5));
    let behind = greater_equal(graph, row, first)?;
    let before = greater_equal(graph, last, row)?;
    let inside = logical_and(graph, behind, before)?;
    let inside = logical_and(graph, inside, counts)?;
    let zero = scalar_like(graph, shares, 0.0);
    select(graph, inside, shares, zero)
}

/// Keys' cubic convolution kernel with a = -1/2, of distances from 0.
///
/// Source: Keys, "Cubic Convolution Interpolation for Digital Image Processing" (1981).
fn cubic(graph: &mut Graph, x: NodeId) -> Result<NodeId> {
    let polynomial = |graph: &mut Graph, coefficients: [f64; 4]| {
        let mut value = scalar_like(graph, x, coefficients[0]);
        for coefficient in &coefficients[1..] {
            value = multiply(graph, value, x)?;
            let coefficient = scalar_like(graph, x, *coefficient);
            value = add(graph, value, coefficient)?;
        }
        Ok::<_, Error>(value)
    };
    let near = polynomial(graph, [1.5, -2.5, 0.0, 1.0])?;
    let far = polynomial(graph, [-0.5, 2.5, -4.0, 2.0])?;
    let (one, two) = (scalar_like(graph, x, 1.0), scalar_like(graph, x, 2.0));
    let is_near = less(graph, x, one)?;
    let is_far = less(graph, x, two)?;
    let zero = scalar_like(graph, x, 0.0);
    let far = select(graph, is_far, far, zero)?;
    select(graph, is_near, near, far)
}
