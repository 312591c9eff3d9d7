//! Derivatives of functions: values with gradients, vector products with jacobians and hessians.

use crate::gradients::{GradientOptions, UnconnectedGradients};
use crate::tape::GradientTape;
use crisol_ir::{Attributes, Error, ErrorKind, Result};
use crisol_tensor::{Tensor, record};

/// The value of `function` at `inputs`, and the gradient of (the sum of) it with respect to each input; zeros for an input that
/// does not matter. `function` may return a `Result`.
///
/// ```
/// use crisol_autograd::value_and_gradients;
/// use crisol_tensor::Tensor;
/// let x = Tensor::from_slice(&[1.0f32, -2.0], [2]);
/// let (value, gradients) = value_and_gradients(|x| x[0].square().sum_all(), &[&x])?;
/// assert_eq!(value.item()?, 5.0);
/// assert_eq!(gradients[0].to_vec::<f32>()?, [2.0, -4.0]);
/// # Ok::<(), crisol_ir::Error>(())
/// ```
///
/// # Errors
/// An input, or what the function returns, carries an error or is not of a floating point type.
#[track_caller]
pub fn value_and_gradients<T: Into<Tensor>>(
    function: impl FnOnce(&[Tensor]) -> T,
    inputs: &[&Tensor],
) -> Result<(Tensor, Vec<Tensor>)> {
    let tape = GradientTape::new();
    let inputs = fresh(inputs)?;
    let value = function(&inputs).into();
    let options = GradientOptions::new().unconnected(UnconnectedGradients::Zero);
    let gradients = tape.gradient_with(&value, &inputs, options)?.into_tensors()?;
    Ok((value, gradients))
}

/// The value of `function` at `inputs`, and for each input the product of `weights` (of the value's shape) and the jacobian with
/// respect to it: reverse accumulation, one pass back for all inputs.
///
/// ```
/// use crisol_autograd::vector_jacobian_product;
/// use crisol_tensor::Tensor;
/// let x = Tensor::from_slice(&[1.0f32, 2.0], [2]);
/// let weights = Tensor::from_slice(&[1.0f32, 10.0], [2]);
/// let (_, products) = vector_jacobian_product(|x| x[0].square(), &[&x], &weights)?;
/// assert_eq!(products[0].to_vec::<f32>()?, [2.0, 40.0]);
/// # Ok::<(), crisol_ir::Error>(())
/// ```
///
/// # Errors
/// As [`value_and_gradients`], and weights of another type or shape than the value.
#[track_caller]
pub fn vector_jacobian_product<T: Into<Tensor>>(
    function: impl FnOnce(&[Tensor]) -> T,
    inputs: &[&Tensor],
    weights: &Tensor,
) -> Result<(Tensor, Vec<Tensor>)> {
    let tape = GradientTape::new();
    let inputs = fresh(inputs)?;
    let value = function(&inputs).into();
    let options = GradientOptions::new().output_gradients(weights).unconnected(UnconnectedGradients::Zero);
    let products = tape.gradient_with(&value, &inputs, options)?.into_tensors()?;
    Ok((value, products))
}

/// The value of `function` at `inputs`, and its derivative along `directions` (one for each input, of its shape): the product of
/// the jacobian and the directions, of the value's shape.
///
/// Computed from two passes back: the product of weights and the jacobian is linear in the weights, and its derivative with
/// respect to them is the jacobian.
///
/// ```
/// use crisol_autograd::jacobian_vector_product;
/// use crisol_tensor::Tensor;
/// let x = Tensor::from_slice(&[1.0f32, 2.0], [2]);
/// let direction = Tensor::from_slice(&[0.5f32, 1.0], [2]);
/// let (_, derivative) = jacobian_vector_product(|x| x[0].square(), &[&x], &[&direction])?;
/// assert_eq!(derivative.to_vec::<f32>()?, [1.0, 4.0]);
/// # Ok::<(), crisol_ir::Error>(())
/// ```
///
/// # Errors
/// As [`value_and_gradients`]; directions that differ from the inputs in number, type or shape; an operation whose gradient
/// cannot be differentiated.
#[track_caller]
pub fn jacobian_vector_product<T: Into<Tensor>>(
    function: impl FnOnce(&[Tensor]) -> T,
    inputs: &[&Tensor],
    directions: &[&Tensor],
) -> Result<(Tensor, Tensor)> {
    check_directions(inputs, directions)?;
    let outer = GradientTape::new();
    let inner = GradientTape::new();
    let inputs = fresh(inputs)?;
    let value = function(&inputs).into();
    let ty = value.ty()?;
    // Their value does not matter.
    let weights = fresh(&[&Tensor::full(ty.dtype, ty.shape, 0.0)])?;
    let zeros = GradientOptions::new().unconnected(UnconnectedGradients::Zero);
    let options = zeros.clone().output_gradients(&weights[0]);
    let products = inner.gradient_with(&value, &inputs, options)?.into_tensors()?;
    let derivative = outer.gradient_with(&dot(&products, directions)?, &weights, zeros)?.only()?;
    Ok((value, derivative))
}

/// The gradient of (the sum of) `function` at `inputs`, and the product of its hessian and `directions` (one for each input, of
/// its shape): a gradient and a product for each input. Costs a small multiple of the function, whatever the number of inputs.
///
/// ```
/// use crisol_autograd::hessian_vector_product;
/// use crisol_tensor::Tensor;
/// let x = Tensor::from_slice(&[1.0f32, 2.0], [2]);
/// let direction = Tensor::from_slice(&[1.0f32, 0.5], [2]);
/// let (_, products) = hessian_vector_product(|x| x[0].powi(3).sum_all(), &[&x], &[&direction])?;
/// assert_eq!(products[0].to_vec::<f32>()?, [6.0, 6.0]);
/// # Ok::<(), crisol_ir::Error>(())
/// ```
///
/// # Errors
/// As [`jacobian_vector_product`].
#[track_caller]
pub fn hessian_vector_product<T: Into<Tensor>>(
    function: impl FnOnce(&[Tensor]) -> T,
    inputs: &[&Tensor],
    directions: &[&Tensor],
) -> Result<(Vec<Tensor>, Vec<Tensor>)> {
    check_directions(inputs, directions)?;
    let outer = GradientTape::new();
    let inner = GradientTape::new();
    let inputs = fresh(inputs)?;
    let value = function(&inputs).into();
    let zeros = GradientOptions::new().unconnected(UnconnectedGradients::Zero);
    let gradients = inner.gradient_with(&value, &inputs, zeros.clone())?.into_tensors()?;
    let products = outer.gradient_with(&dot(&gradients, directions)?, &inputs, zeros)?.into_tensors()?;
    Ok((gradients, products))
}

/// The same values as nodes of their own, so that a tensor given twice counts as two inputs.
fn fresh(inputs: &[&Tensor]) -> Result<Vec<Tensor>> {
    let same = |&input: &&Tensor| {
        let shape = input.shape()?;
        let node = record(&[input], |graph, x| graph.apply(&crisol_ops::RESHAPE, Attributes::sizes(&shape), x));
        node.check().map(|()| node)
    };
    inputs.iter().map(same).collect()
}

/// The sum of the products of all elements.
fn dot(values: &[Tensor], weights: &[&Tensor]) -> Result<Tensor> {
    let mut terms = values.iter().zip(weights).map(|(value, &weight)| (value * weight).sum_all());
    let first = terms.next().ok_or_else(|| Error::new(ErrorKind::Value, "expected an input, found none"))?;
    Ok(terms.fold(first, |sum, term| sum + term))
}

fn check_directions(inputs: &[&Tensor], directions: &[&Tensor]) -> Result<()> {
    if inputs.len() != directions.len() {
        let text = format!("{} directions were given for {} inputs", directions.len(), inputs.len());
        return Err(Error::new(ErrorKind::Value, text));
    }
    for (number, (input, direction)) in inputs.iter().zip(directions).enumerate() {
        let (expected, found) = (input.ty()?, direction.ty()?);
        if expected != found {
            let text = format!("direction {number} is {found}, input {number} is {expected}: expected the same");
            return Err(Error::new(ErrorKind::Shape, text));
        }
    }
    Ok(())
}
