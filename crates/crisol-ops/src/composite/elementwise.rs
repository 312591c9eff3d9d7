//! Elementwise functions that are short programs: they fuse to what an operation of their own would be.

use super::{scalar, scalar_like};
use crate::rule::Takes;
use crate::{
    absolute, add, bitwise_xor, ceil, cos, divide, equal, exp, expm1, floor, less, multiply, negate, not_equal, select,
    sin, sqrt, subtract,
};
use crisol_ir::{DType, Graph, NodeId, Result};

/// `1 / x`.
///
/// # Errors
/// The type is not a floating point one.
pub fn reciprocal(graph: &mut Graph, x: NodeId) -> Result<NodeId> {
    let one = scalar_like(graph, x, 1.0);
    divide(graph, one, x)
}

/// `1 / sqrt(x)`.
///
/// # Errors
/// The type is not a floating point one.
pub fn rsqrt(graph: &mut Graph, x: NodeId) -> Result<NodeId> {
    let root = sqrt(graph, x)?;
    reciprocal(graph, root)
}

/// `sin(x) / cos(x)`; the two share most of their work.
///
/// # Errors
/// The type is not a floating point one.
pub fn tan(graph: &mut Graph, x: NodeId) -> Result<NodeId> {
    let (sine, cosine) = (sin(graph, x)?, cos(graph, x)?);
    divide(graph, sine, cosine)
}

/// The hyperbolic sine: from [`expm1`] up to 1 in size, where nothing may cancel; beyond, from the halves of powers, so
/// that no intermediate result is infinite before the last one is.
///
/// # Errors
/// The type is not a floating point one.
pub fn sinh(graph: &mut Graph, x: NodeId) -> Result<NodeId> {
    let (one, half) = (scalar_like(graph, x, 1.0), scalar_like(graph, x, 0.5));
    let size = absolute(graph, x)?;
    let small = less(graph, size, one)?;
    // What is not chosen must stay finite: its gradient is multiplied by 0.
    let near = select(graph, small, x, half)?;
    let growth = expm1(graph, near)?;
    let power = add(graph, growth, one)?;
    let shrink = divide(graph, growth, power)?;
    let near = add(graph, growth, shrink)?;
    let near = multiply(graph, half, near)?;
    let (up, down) = halves_of_powers(graph, x)?;
    let far = subtract(graph, up, down)?;
    select(graph, small, near, far)
}

/// The hyperbolic cosine.
///
/// # Errors
/// The type is not a floating point one.
pub fn cosh(graph: &mut Graph, x: NodeId) -> Result<NodeId> {
    let (up, down) = halves_of_powers(graph, x)?;
    add(graph, up, down)
}

/// `e^x / 2` and `e^-x / 2`, infinite only where these are.
fn halves_of_powers(graph: &mut Graph, x: NodeId) -> Result<(NodeId, NodeId)> {
    let half = scalar_like(graph, x, 0.5);
    let exponent = multiply(graph, half, x)?;
    let mut half_of_square = |exponent: NodeId| {
        let root = exp(graph, exponent)?;
        let half = multiply(graph, half, root)?;
        multiply(graph, half, root)
    };
    let up = half_of_square(exponent)?;
    let opposite = negate(graph, exponent)?;
    let root = exp(graph, opposite)?;
    let down = multiply(graph, half, root)?;
    Ok((up, multiply(graph, down, root)?))
}

/// The integer part, towards 0; its gradient is 0.
///
/// # Errors
/// The type is not a floating point one.
pub fn trunc(graph: &mut Graph, x: NodeId) -> Result<NodeId> {
    let zero = scalar_like(graph, x, 0.0);
    let (down, up) = (floor(graph, x)?, ceil(graph, x)?);
    let negative = less(graph, x, zero)?;
    select(graph, negative, up, down)
}

/// Where a number is NaN.
///
/// # Errors
/// The type is not a floating point one.
pub fn is_nan(graph: &mut Graph, x: NodeId) -> Result<NodeId> {
    Takes::Floats.check(graph.ty(x)).map_err(|error| error.operation("is_nan"))?;
    not_equal(graph, x, x)
}

/// Where a number is infinite, of either sign.
///
/// # Errors
/// The type is not a floating point one.
pub fn is_infinite(graph: &mut Graph, x: NodeId) -> Result<NodeId> {
    Takes::Floats.check(graph.ty(x)).map_err(|error| error.operation("is_infinite"))?;
    let infinity = scalar_like(graph, x, f64::INFINITY);
    let size = absolute(graph, x)?;
    equal(graph, size, infinity)
}

/// Where a number is neither infinite nor NaN.
///
/// # Errors
/// The type is not a floating point one.
pub fn is_finite(graph: &mut Graph, x: NodeId) -> Result<NodeId> {
    Takes::Floats.check(graph.ty(x)).map_err(|error| error.operation("is_finite"))?;
    let infinity = scalar_like(graph, x, f64::INFINITY);
    let size = absolute(graph, x)?;
    less(graph, size, infinity)
}

/// Where exactly one of two truth values holds, broadcast by NumPy's rule.
///
/// # Errors
/// Inputs that are not truth values, or shapes that do not broadcast.
pub fn logical_xor(graph: &mut Graph, a: NodeId, b: NodeId) -> Result<NodeId> {
    for input in [a, b] {
        Takes::Bools.check(graph.ty(input)).map_err(|error| error.operation("logical_xor"))?;
    }
    not_equal(graph, a, b)
}

/// All bits of integers flipped.
///
/// # Errors
/// The type is not an integer one.
pub fn bitwise_not(graph: &mut Graph, x: NodeId) -> Result<NodeId> {
    let dtype = graph.ty(x).dtype;
    let ones = scalar(graph, dtype, if dtype == DType::U8 { 255.0 } else { -1.0 });
    bitwise_xor(graph, x, ones).map_err(|error| error.operation("bitwise_not"))
}
