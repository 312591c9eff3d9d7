//! A pass through a network: every layer called in order, in a scope.

use super::graph::{EntryKind, Graph};
use crate::node::InputType;
use crate::scope::Scope;
use crisol_tensor::{DType, Error, ErrorKind, Result, Tensor};

/// Calls every layer in order; the result holds what each call makes.
pub(super) fn run(graph: &Graph, scope: &mut Scope, inputs: &[Tensor]) -> Result<Vec<Tensor>> {
    if inputs.len() != graph.inputs.len() {
        let text = format!("expected {} inputs, found {}", graph.inputs.len(), inputs.len());
        return Err(Error::new(ErrorKind::Value, text));
    }
    let mut values: Vec<Tensor> = Vec::with_capacity(graph.calls.len());
    for call in &graph.calls {
        let entry = &graph.layers[call.layer];
        let value = match &entry.kind {
            EntryKind::Input(ty) => {
                let number = graph.inputs.iter().position(|&input| input == call.layer);
                let input = number.and_then(|number| inputs.get(number));
                let input = input.ok_or_else(|| Error::new(ErrorKind::Internal, "an input without data"))?;
                accept(&entry.name, ty, input, scope.dtype())?
            }
            EntryKind::Layer(layer) => {
                let inputs: Vec<Tensor> = call.inputs.iter().map(|&input| values[input].clone()).collect();
                scope.layer_many(&entry.name, &**layer, &inputs).map_err(|error| error.at(call.location))?
            }
        };
        values.push(value);
    }
    Ok(values)
}

/// Checks data against an input and casts it.
fn accept(name: &str, ty: &InputType, input: &Tensor, dtype: DType) -> Result<Tensor> {
    let given = input.ty()?;
    if let Ok(shape) = &ty.shape
        && given.shape.get(1..) != Some(shape.sizes())
    {
        let expected: Vec<Option<usize>> = [None].into_iter().chain(shape.iter().copied().map(Some)).collect();
        let text = format!("expected {}, found {}", show(&expected), given.shape);
        return Err(Error::new(ErrorKind::Shape, text).operation(name));
    }
    let dtype = ty.dtype.unwrap_or(dtype);
    Ok(if given.dtype == dtype { input.clone() } else { input.cast(dtype) })
}

/// A shape as errors show it: `[None, 28, 28]`.
fn show(sizes: &[Option<usize>]) -> String {
    let sizes: Vec<String> =
        sizes.iter().map(|size| size.map_or_else(|| "None".to_string(), |size| size.to_string())).collect();
    format!("[{}]", sizes.join(", "))
}
