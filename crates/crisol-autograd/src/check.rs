//! Checks gradients of any function of tensors against central differences.

use crate::tape::GradientTape;
use crisol_ir::ndarray::{ArrayD, Dimension};
use crisol_ir::{DType, Error, ErrorKind, Result, Value};
use crisol_tensor::Tensor;

/// How far a difference steps to each side, in double precision.
const STEP: f64 = 1e-5;
/// From here on, slopes to the left and to the right that differ are a kink rather than curvature.
const JUMP: f64 = 1e-3;

/// Compares the gradients of `function` at `inputs` with central differences, in double precision: a [`GradientCheck`] with
/// a tolerance and nothing else.
///
/// ```
/// use crisol_autograd::check_gradients;
/// use crisol_ir::ndarray::array;
/// check_gradients(|x| x[0].tanh() * &x[1], &[array![0.3, -0.7].into_dyn(), array![2.0, 0.5].into_dyn()], 1e-6)?;
/// # Ok::<(), crisol_ir::Error>(())
/// ```
///
/// # Errors
/// As [`GradientCheck::run`].
pub fn check_gradients<T: Into<Tensor>>(
    function: impl Fn(&[Tensor]) -> T,
    inputs: &[ArrayD<f64>],
    tolerance: f64,
) -> Result<()> {
    GradientCheck::new().tolerance(tolerance).run(function, inputs)
}

/// A comparison of gradients with central differences.
///
/// ```
/// use crisol_autograd::GradientCheck;
/// use crisol_ir::ndarray::array;
/// let check = GradientCheck::new().tolerance(1e-7).names(["x", "scale"]);
/// let inputs = [array![0.3, -0.7].into_dyn(), array![2.0].into_dyn()];
/// check.run(|x| x[0].sigmoid() * &x[1], &inputs)?;
///
/// // A gradient that forgets a factor is found.
/// use crisol_autograd::custom_gradient;
/// let wrong = |x: &[_]| custom_gradient(&[&x[0]], |x| x[0].square(), |x, _, g| Ok(vec![Some(g * &x[0])]));
/// let text = check.run(wrong, &inputs).unwrap_err().to_string();
/// assert!(text.starts_with("x, element [1]: the gradient is -"));
/// # Ok::<(), crisol_ir::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct GradientCheck {
    tolerance: f64,
    names: Vec<String>,
    most: usize,
}

impl Default for GradientCheck {
    fn default() -> GradientCheck {
        GradientCheck::new()
    }
}

impl GradientCheck {
    /// A check of every element, within 1e-6.
    pub fn new() -> GradientCheck {
        GradientCheck { tolerance: 1e-6, names: Vec::new(), most: usize::MAX }
    }

    /// How far a gradient may be from the difference, absolutely or relative to it.
    #[must_use]
    pub fn tolerance(mut self, tolerance: f64) -> GradientCheck {
        self.tolerance = tolerance;
        self
    }

    /// What messages call the inputs, instead of numbering them.
    #[must_use]
    pub fn names<N: Into<String>>(mut self, names: impl IntoIterator<Item = N>) -> GradientCheck {
        self.names = names.into_iter().map(Into::into).collect();
        self
    }

    /// Checks at most so many elements of each input, evenly spread: every element costs two calls of the function.
    #[must_use]
    pub fn most_elements(mut self, most: usize) -> GradientCheck {
        self.most = most.max(1);
        self
    }

    /// Compares the gradients of `function` at `inputs` with central differences.
    ///
    /// The output may have any shape: its elements are weighted by fixed, uneven numbers and added up, so that no error cancels.
    /// An element passes if it is within the tolerance of the difference. At a kink, where the slopes to both sides differ (as of
    /// `relu` at 0), any gradient between them passes.
    ///
    /// # Errors
    /// The function fails, is not finite, or returns another type than float64; or gradients are wrong: the error tells the input
    /// and the element of the worst one, its gradient, the difference, and how many are wrong.
    pub fn run<T: Into<Tensor>>(&self, function: impl Fn(&[Tensor]) -> T, inputs: &[ArrayD<f64>]) -> Result<()> {
        let scalar = |inputs: &[Tensor]| weighted(&function(inputs).into());
        let tensors: Vec<Tensor> = inputs.iter().map(Tensor::from).collect();
        let tape = GradientTape::new();
        let value = scalar(&tensors)?;
        let gradients = tape.gradient(&value, &tensors)?;
        drop(tape);
        let middle = value.item()?;
        if !middle.is_finite() {
            let text = format!("the function is {middle} at the inputs: differences tell nothing there");
            return Err(Error::new(ErrorKind::Value, text).operation("check_gradients"));
        }
        let mut worst: Option<Wrong> = None;
        let (mut wrong, mut checked) = (0, 0);
        for (number, (input, gradient)) in inputs.iter().zip(gradients.tensors()).enumerate() {
            let gradient = match gradient {
                Some(gradient) => gradient.to_array::<f64>()?,
                None => ArrayD::zeros(input.raw_dim()),
            };
            let step = input.len().div_ceil(self.most).max(1);
            for ((index, _), &found) in input.indexed_iter().zip(&gradient).step_by(step) {
                let at = |offset: f64| -> Result<f64> {
                    let mut moved: Vec<Tensor> = tensors.clone();
                    let mut array = input.clone();
                    array[&index] += offset;
                    moved[number] = Tensor::from_value(Value::F64(array));
                    scalar(&moved)?.item()
                };
                let (low, high) = (at(-STEP)?, at(STEP)?);
                let slopes = Slopes { left: (middle - low) / STEP, right: (high - middle) / STEP };
                checked += 1;
                let Some(error) = slopes.error(found, self.tolerance) else { continue };
                wrong += 1;
                // What is not a number is worse than any number.
                if worst.as_ref().is_none_or(|worst| error.total_cmp(&worst.error).is_gt()) {
                    worst = Some(Wrong { input: number, index: index.as_array_view().to_vec(), found, slopes, error });
                }
            }
        }
        match worst {
            None => Ok(()),
            Some(worst) => Err(self.report(&worst, wrong, checked)),
        }
    }

    fn report(&self, worst: &Wrong, wrong: usize, checked: usize) -> Error {
        let name = self.names.get(worst.input).cloned().unwrap_or_else(|| format!("input {}", worst.input));
        let Wrong { index, found, slopes, .. } = worst;
        let mut text = format!(
            "{name}, element {index:?}: the gradient is {found}, the central difference {} ({} apart, tolerance {:e})",
            slopes.central(),
            (found - slopes.central()).abs(),
            self.tolerance
        );
        if slopes.is_kink() {
            text.push_str(&format!(", at a kink with slopes {} and {}", slopes.left, slopes.right));
        }
        if wrong > 1 {
            text.push_str(&format!("; {wrong} of {checked} elements are wrong, this one most"));
        }
        Error::new(ErrorKind::Gradient, text)
    }
}

/// The element that is most wrong.
struct Wrong {
    input: usize,
    index: Vec<usize>,
    found: f64,
    slopes: Slopes,
    error: f64,
}

/// Differences to both sides of an element.
#[derive(Clone, Copy)]
struct Slopes {
    left: f64,
    right: f64,
}

impl Slopes {
    fn central(self) -> f64 {
        (self.left + self.right) / 2.0
    }

    fn is_kink(self) -> bool {
        (self.left - self.right).abs() > JUMP * self.central().abs().max(1.0)
    }

    /// How far a gradient is out of its tolerance, in tolerances; nothing if it is right.
    fn error(self, gradient: f64, tolerance: f64) -> Option<f64> {
        let (low, high) = match self.is_kink() {
            true => (self.left.min(self.right), self.left.max(self.right)),
            false => (self.central(), self.central()),
        };
        let distance = (low - gradient).max(gradient - high).max(0.0) / (tolerance * self.central().abs().max(1.0));
        // NaN is no comparison's friend: max drops it.
        let unknown = gradient.is_nan() || self.central().is_nan();
        if unknown { Some(f64::NAN) } else { (distance > 1.0).then_some(distance) }
    }
}

/// The sum of all elements, weighted by fixed, uneven numbers.
fn weighted(output: &Tensor) -> Result<Tensor> {
    let ty = output.ty()?;
    if ty.dtype != DType::F64 {
        let text = format!("gradients are checked in float64, but the function returned {ty}");
        return Err(Error::new(ErrorKind::DType, text)
            .operation("check_gradients")
            .help("numbers take the type of the tensors they meet; what is made inside must be float64 too"));
    }
    let count = ty.shape.elements();
    let weights = ArrayD::from_shape_fn(vec![count], |at| 1.0 + 0.5 * ((at[0] as f64 + 1.0) * 12.9898).sin());
    Ok((output.reshape([count]) * Tensor::from(weights)).sum_all())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::custom_gradient;
    use crisol_ir::ndarray::array;

    fn error(function: impl Fn(&[Tensor]) -> Tensor, input: ArrayD<f64>) -> String {
        GradientCheck::new().names(["bias"]).run(function, &[input]).unwrap_err().to_string()
    }

    #[test]
    fn a_wrong_gradient_is_reported_with_its_worst_element() {
        let forgetful = |x: &[Tensor]| {
            custom_gradient(&[&x[0]], |x| x[0].square(), |x, _, gradient| Ok(vec![Some(gradient * &x[0])]))
        };
        let text = error(forgetful, array![[0.0, 1.0], [-2.0, 0.5]].into_dyn());
        assert!(text.starts_with("bias, element [1, 0]: the gradient is -"), "{text}");
        assert!(text.contains("the central difference -"), "{text}");
        assert!(text.ends_with("3 of 4 elements are wrong, this one most"), "{text}");
    }

    #[test]
    fn a_missing_gradient_is_a_wrong_one() {
        let text = error(|x| x[0].stop_gradient() * 2.0, array![1.0].into_dyn());
        assert!(text.starts_with("bias, element [0]: the gradient is 0, the central difference 2."), "{text}");
    }

    #[test]
    fn kinks_take_any_slope_between_both_sides_and_nothing_else() {
        let kinked = |x: &[Tensor]| x[0].maximum(0.0) + x[0].abs() * 3.0;
        GradientCheck::new().run(kinked, &[array![0.0, 1.0, -1.0].into_dyn()]).unwrap();
        let outside =
            |x: &[Tensor]| custom_gradient(&[&x[0]], |x| x[0].abs(), |_, _, gradient| Ok(vec![Some(gradient * 1.5)]));
        let text = error(outside, array![0.0].into_dyn());
        assert!(text.contains("at a kink with slopes -"), "{text}");
    }

    #[test]
    fn what_is_not_finite_is_an_error() {
        let text = error(|x| x[0].log(), array![-1.0].into_dyn());
        assert!(text.contains("the function is NaN at the inputs"), "{text}");
        // The slope of a square root at 0.
        let text = error(|x| (x[0].square()).sqrt(), array![0.0].into_dyn());
        assert!(text.contains("the gradient is NaN"), "{text}");
        let text = error(|x| x[0].cast(DType::F32), array![0.0].into_dyn());
        assert!(text.contains("checked in float64, but the function returned float32[1]"), "{text}");
    }

    #[test]
    fn a_part_of_the_elements_is_spread_over_all() {
        let last_is_wrong = |x: &[Tensor]| {
            let mask = Tensor::from(ArrayD::from_shape_fn(vec![10], |at| f64::from(u8::from(at[0] < 9))));
            custom_gradient(&[&x[0]], |x| x[0].square(), move |x, _, g| Ok(vec![Some(g * &x[0] * 2.0 * &mask)]))
        };
        let input = ArrayD::from_elem(vec![10], 1.0);
        assert!(GradientCheck::new().run(last_is_wrong, std::slice::from_ref(&input)).is_err());
        assert!(GradientCheck::new().most_elements(4).run(last_is_wrong, std::slice::from_ref(&input)).is_err());
        GradientCheck::new().most_elements(2).run(last_is_wrong, &[input]).unwrap();
    }
}
