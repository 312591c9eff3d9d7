//! Checks gradients of any function of tensors against central differences.

use crate::tape::GradientTape;
use crisol_ir::ndarray::{ArrayD, Dimension};
use crisol_ir::{DType, Error, ErrorKind, Result, Value};
use crisol_tensor::Tensor;

/// How far a central difference steps to each side, in double precision.
const STEP: f64 = 1e-5;

/// Compares the gradients of `function` at `inputs` with central differences, in double precision.
///
/// The output may have any shape: its elements are weighted by fixed, uneven numbers and added up, so that no error cancels.
/// An element passes if it is within `tolerance` of the difference, absolutely or relative to it.
///
/// # Errors
/// The function fails, or a gradient is wrong: the error names input, element, gradient and difference.
///
/// ```
/// use crisol_autograd::check_gradients;
/// use crisol_ir::ndarray::array;
/// check_gradients(|x| x[0].tanh() * &x[1], &[array![0.3, -0.7].into_dyn(), array![2.0, 0.5].into_dyn()], 1e-6)?;
/// # Ok::<(), crisol_ir::Error>(())
/// ```
pub fn check_gradients<T: Into<Tensor>>(
    function: impl Fn(&[Tensor]) -> T,
    inputs: &[ArrayD<f64>],
    tolerance: f64,
) -> Result<()> {
    let scalar = |inputs: &[Tensor]| -> Result<Tensor> {
        let output: Tensor = function(inputs).into();
        let ty = output.ty()?;
        if ty.dtype != DType::F64 {
            return Err(Error::new(
                ErrorKind::DType,
                format!("gradients are checked in float64, but the function returned {ty}"),
            ));
        }
        let weights =
            ArrayD::from_shape_fn(vec![ty.shape.elements()], |at| 1.0 + 0.5 * ((at[0] as f64 + 1.0) * 12.9898).sin());
        Ok((output.reshape([ty.shape.elements()]) * Tensor::from(weights)).sum_all())
    };
    let tensors: Vec<Tensor> = inputs.iter().map(Tensor::from).collect();
    let tape = GradientTape::new();
    let value = scalar(&tensors)?;
    let gradients = tape.gradient(&value, &tensors)?;
    for (number, (input, gradient)) in inputs.iter().zip(gradients.tensors()).enumerate() {
        let gradient = match gradient {
            Some(gradient) => gradient.to_array::<f64>()?,
            None => ArrayD::zeros(input.raw_dim()),
        };
        for (element, (index, _)) in input.indexed_iter().enumerate() {
            let at = |offset: f64| -> Result<f64> {
                let mut moved: Vec<Tensor> = tensors.clone();
                let mut array = input.clone();
                array[&index] += offset;
                moved[number] = Tensor::from_value(Value::F64(array));
                scalar(&moved)?.item()
            };
            let difference = (at(STEP)? - at(-STEP)?) / (2.0 * STEP);
            let found = gradient.iter().nth(element).copied().unwrap_or(f64::NAN);
            let error = (found - difference).abs();
            if error.is_nan() || error > tolerance * difference.abs().max(1.0) {
                return Err(Error::new(
                    ErrorKind::Gradient,
                    format!(
                        "input {number}, element {:?}: the gradient is {found}, the central difference {difference}",
                        index.as_array_view().to_vec()
                    ),
                ));
            }
        }
    }
    Ok(())
}
