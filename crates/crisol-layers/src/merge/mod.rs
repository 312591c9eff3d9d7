//! Layers of several inputs, and functions that apply them to nodes.

mod add;
mod average;
mod concatenate;
mod dot;
mod maximum;
mod minimum;
mod multiply;
mod subtract;

pub use add::Add;
pub use average::Average;
pub use concatenate::Concatenate;
pub use dot::{Dot, DotAxes};
pub use maximum::Maximum;
pub use minimum::Minimum;
pub use multiply::Multiply;
pub use subtract::Subtract;

use crate::layer::LayerExt;
use crate::node::Node;
use crate::scope::Scope;
use crisol_tensor::{Error, ErrorKind, Result, Tensor};

/// For each layer the function that applies it, as Keras has them.
macro_rules! functions {
    ($($name:ident $layer:ident;)*) => {$(
        #[doc = concat!("Applies a new [`", stringify!($layer), "`] to nodes.")]
        #[track_caller]
        pub fn $name(nodes: &[Node]) -> Node {
            $layer::new().on_all(nodes)
        }
    )*};
}
functions! {
    add Add;
    average Average;
    concatenate Concatenate;
    maximum Maximum;
    minimum Minimum;
    multiply Multiply;
    subtract Subtract;
}

/// The inputs combined one after the other, `exactly` of them if that is not 0.
fn combined(
    operation: &str,
    inputs: &[Tensor],
    exactly: usize,
    combine: fn(&Tensor, &Tensor) -> Tensor,
) -> Result<Tensor> {
    let fits = if exactly > 0 { inputs.len() == exactly } else { !inputs.is_empty() };
    if !fits {
        let expected = if exactly > 0 { format!("{exactly} inputs") } else { "inputs".to_string() };
        let text = format!("expected {expected}, found {}", inputs.len());
        return Err(Error::new(ErrorKind::Value, text).operation(operation));
    }
    let mut rank = 0;
    for input in inputs {
        rank = rank.max(input.rank()?);
    }
    let mut result: Option<Tensor> = None;
    for input in inputs {
        let mut input = input.clone();
        for _ in input.rank()?..rank {
            input = input.expand_dims(1);
        }
        result = Some(match result {
            None => input,
            Some(before) => combine(&before, &input),
        });
    }
    result.ok_or_else(|| Error::new(ErrorKind::Internal, "nothing was combined"))
}

/// A step counts that counts in one of the inputs, if all say which do.
fn pass_masks(cx: &mut Scope, masks: &[Option<Tensor>], y: &Tensor) {
    let Some(masks) = masks.iter().cloned().collect::<Option<Vec<Tensor>>>() else { return };
    if let Some(mask) = masks.into_iter().reduce(|a, b| a.logical_or(&b)) {
        cx.set_mask(y, &mask);
    }
}
