//! Functions of tensors with a gradient of their own.

use crate::differentiate::nodes_of;
use crate::note;
use crisol_ir::primitive::Gradients;
use crisol_ir::{
    Attributes, Error, ErrorKind, Graph, Kind, Layout, NodeId, Primitive, Probe, Result, TensorType, Value,
};
use crisol_tensor::{Tensor, record};
use std::rc::Rc;

/// Calls `function` on `inputs`; its gradient is what `gradient` says instead of what its operations would give.
///
/// `gradient` gets the inputs, the output, and the gradient with respect to the output; it returns one gradient for each input,
/// of the input's type, or `None` for one that has none. Both are functions of tensors: they are recorded and fuse like any other
/// code, and the gradient can be differentiated again. `function` may return a `Result`.
///
/// A function that computes with a variable which is not among `inputs` is an error once the gradient with respect to that
/// variable is asked for: it would be lost.
///
/// ```
/// use crisol_autograd::{GradientTape, custom_gradient};
/// use crisol_tensor::Tensor;
/// // log(1 + exp(x)); the gradient that its operations give is NaN for large x.
/// fn softplus(x: &Tensor) -> Tensor {
///     custom_gradient(&[x], |x| (x[0].exp() + 1.0).log(), |x, _, g| Ok(vec![Some(g * x[0].sigmoid())]))
/// }
/// let x = Tensor::from_slice(&[100.0f32], [1]);
/// let tape = GradientTape::new();
/// let y = softplus(&x);
/// assert_eq!(tape.gradient(&y, [&x])?.only()?.item()?, 1.0);
/// # Ok::<(), crisol_ir::Error>(())
/// ```
#[track_caller]
pub fn custom_gradient<T: Into<Tensor>>(
    inputs: &[&Tensor],
    function: impl FnOnce(&[Tensor]) -> T,
    gradient: impl Fn(&[Tensor], &Tensor, &Tensor) -> Result<Vec<Option<Tensor>>> + 'static,
) -> Tensor {
    let owned: Vec<Tensor> = inputs.iter().map(|&input| input.clone()).collect();
    let output = function(&owned).into();
    if !note::is_taping() || output.check().is_err() {
        return output;
    }
    let all: Vec<&Tensor> = std::iter::once(&output).chain(inputs.iter().copied()).collect();
    let marked = record(&all, |graph, nodes| graph.apply(&CUSTOM_GRADIENT, Attributes::none(), nodes));
    match nodes_of(&[&marked]).map(|nodes| nodes.first().copied()) {
        Ok(Some(node)) => note::keep(node, Rc::new(gradient)),
        Ok(None) => {}
        Err(error) => return Tensor::failed(error),
    }
    marked
}

/// Marks the output of a function with a gradient of its own: `y` of `(y, inputs...)`.
///
/// Gradient: a function of tensors that the tape knows by the node.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CustomGradient;

/// The operation.
pub(crate) static CUSTOM_GRADIENT: CustomGradient = CustomGradient;

impl Primitive for CustomGradient {
    fn name(&self) -> &'static str {
        "custom_gradient"
    }

    fn kind(&self) -> Kind {
        Kind::View
    }

    fn infer(&self, _: &Attributes, inputs: &[TensorType]) -> Result<TensorType> {
        inputs.first().copied().ok_or_else(|| Error::new(ErrorKind::Internal, "without an output"))
    }

    fn define(&self, _: &Attributes, inputs: &[Value]) -> Result<Value> {
        inputs.first().cloned().ok_or_else(|| Error::new(ErrorKind::Internal, "without an output"))
    }

    fn gradient(&self, _: &mut Graph, _: NodeId, _: NodeId) -> Result<Gradients> {
        Err(Error::new(ErrorKind::Gradient, "is a function of tensors, which a GradientTape alone can call"))
    }

    fn view(&self, _: &Attributes, input: &Layout) -> Option<Layout> {
        Some(*input)
    }

    fn probe(&self) -> Probe {
        Probe::default()
    }
}
