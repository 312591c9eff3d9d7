//! Operations from outside: a shape rule, a kernel over arrays, and a gradient.

use crate::registry;
use crisol_ir::{Attributes, Error, ErrorKind, Result, TensorType, Value};
use crisol_tensor::{Tensor, record};
use std::fmt::Debug;

/// An operation of one's own, for what tensors' methods cannot say: it takes part in plans, layers and gradients as the built-in
/// ones do.
///
/// The fields are the operation's settings: two equal values are one operation. Numbers that change from step to step belong
/// among the inputs, because the process keeps every different value (at most 256 of a type). Results must depend on the inputs alone:
/// equal calls are computed once. The methods are called while a plan is made or run, so they must not use tensors, apart from
/// [`CustomOp::gradient`]. A panic inside of one becomes an error that names the operation.
///
/// Whoever only wants another gradient for a function of tensors uses [`custom_gradient`](crate::custom_gradient).
///
/// ```
/// use crisol_autograd::{CustomOp, check_gradients};
/// use crisol_ir::{Error, ErrorKind, Result, TensorType, Value, ndarray::arr1};
/// use crisol_tensor::Tensor;
///
/// /// `y = x / (1 + |x|)`.
/// #[derive(Clone, Debug, PartialEq)]
/// struct Softsign;
///
/// impl CustomOp for Softsign {
///     fn name(&self) -> &'static str {
///         "softsign"
///     }
///
///     fn infer(&self, inputs: &[TensorType]) -> Result<TensorType> {
///         match inputs {
///             [x] if x.dtype.is_float() => Ok(*x),
///             _ => Err(Error::new(ErrorKind::DType, format!("expected one float tensor, found {inputs:?}"))),
///         }
///     }
///
///     fn forward(&self, inputs: &[Value]) -> Result<Value> {
///         match &inputs[0] {
///             Value::F32(x) => Ok(Value::F32(x.mapv(|x| x / (1.0 + x.abs())))),
///             x => Ok(Value::F64(x.array::<f64>()?.mapv(|x| x / (1.0 + x.abs())))),
///         }
///     }
///
///     fn gradient(&self, inputs: &[Tensor], _: &Tensor, gradient: &Tensor) -> Result<Vec<Option<Tensor>>> {
///         Ok(vec![Some(gradient / (inputs[0].abs() + 1.0).square())])
///     }
/// }
///
/// let y = Softsign.call(&[&Tensor::from_slice(&[1.0f32, -3.0], [2])]);
/// assert_eq!(y.to_vec::<f32>()?, [0.5, -0.75]);
/// check_gradients(|x| Softsign.call(&[&x[0]]), &[arr1(&[0.3, -2.0]).into_dyn()], 1e-6)?;
/// # Ok::<(), Error>(())
/// ```
pub trait CustomOp: Clone + PartialEq + Debug + Send + Sync + 'static {
    /// The name in errors, plans and text forms.
    fn name(&self) -> &'static str;

    /// The type of the output, which shapes and element types alone decide.
    ///
    /// # Errors
    /// Inputs that do not fit: the text should tell what was given and what was expected.
    fn infer(&self, inputs: &[TensorType]) -> Result<TensorType>;

    /// Computes the output, of the type that [`CustomOp::infer`] tells, from arrays.
    ///
    /// # Errors
    /// Data for which the operation is undefined.
    fn forward(&self, inputs: &[Value]) -> Result<Value>;

    /// The gradient with respect to each input, in their order, given the one with respect to the output. `None` for an input
    /// that has none by definition, as an index.
    ///
    /// # Errors
    /// The operation has no gradient: see [`no_gradient`].
    fn gradient(&self, inputs: &[Tensor], output: &Tensor, gradient: &Tensor) -> Result<Vec<Option<Tensor>>>;

    /// Records the operation. What is wrong makes a tensor that carries the error.
    #[track_caller]
    fn call(&self, inputs: &[&Tensor]) -> Tensor {
        match registry::intern(self) {
            Ok(primitive) => record(inputs, |graph, nodes| graph.apply(primitive, Attributes::none(), nodes)),
            Err(error) => Tensor::failed(error.at(std::panic::Location::caller())),
        }
    }
}

/// What the gradient of an operation returns that refuses to be differentiated.
///
/// # Errors
/// Always.
pub fn no_gradient(reason: &str) -> Result<Vec<Option<Tensor>>> {
    Err(Error::new(ErrorKind::Gradient, reason)
        .help("take the stop_gradient of its inputs, or do not ask for gradients"))
}
