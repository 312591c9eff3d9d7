//! A pass through a network: every layer called in order, in a scope.

use super::graph::{EntryKind, Graph, Part};
use crate::node::InputType;
use crate::scope::Scope;
use crisol_tensor::{Error, ErrorKind, Result, Tensor};

/// Calls every layer in order; the result holds what each call makes.
pub(super) fn run(graph: &Graph, scope: &mut Scope, inputs: &[Tensor]) -> Result<Vec<Vec<Tensor>>> {
    if inputs.len() != graph.inputs.len() {
        let text = format!("expected {} inputs, found {}", graph.inputs.len(), inputs.len());
        return Err(Error::new(ErrorKind::Value, text));
    }
    let mut values: Vec<Vec<Tensor>> = Vec::with_capacity(graph.calls.len());
    for (place, call) in graph.calls.iter().enumerate() {
        let entry = &graph.layers[call.layer];
        let value = match &entry.kind {
            EntryKind::Input(ty) => {
                let number = graph.inputs.iter().position(|&input| input == call.layer);
                let input = number.and_then(|number| inputs.get(number));
                let input = input.ok_or_else(|| Error::new(ErrorKind::Internal, "an input without data"))?;
                vec![accept(&entry.name, ty, input, scope)?]
            }
            EntryKind::Layer(layer) => {
                let mut call_layer =
                    |inputs: &[Tensor]| scope.call_layer(&entry.name, Some(&entry.name), &**layer, inputs);
                let outputs = match call.inputs[..] {
                    // Most layers have one, which need not be copied.
                    [input] => part(&values, input).and_then(|input| call_layer(std::slice::from_ref(input))),
                    _ => {
                        let inputs = call.inputs.iter().map(|&input| part(&values, input).cloned());
                        inputs.collect::<Result<Vec<Tensor>>>().and_then(|inputs| call_layer(&inputs))
                    }
                };
                outputs.map_err(|error| error.at(call.location))?
            }
        };
        values.push(value);
        for added in graph.added.iter().filter(|added| added.of.call == place) {
            let value = (added.function)(part(&values, added.of)?);
            match &added.name {
                Some(name) => scope.add_metric(name, value),
                None => scope.add_loss(value),
            }
            scope.take_error()?;
        }
    }
    Ok(values)
}

/// One output of a call that was made.
pub(super) fn part(values: &[Vec<Tensor>], Part { call, output }: Part) -> Result<&Tensor> {
    values[call].get(output).ok_or_else(|| {
        let text = format!("output {output} of a layer that has {} was asked for", values[call].len());
        Error::new(ErrorKind::Value, text)
    })
}

/// Checks data against an input and casts it.
fn accept(name: &str, ty: &InputType, input: &Tensor, scope: &mut Scope) -> Result<Tensor> {
    let given = input.ty()?;
    if let Ok(shape) = &ty.shape
        && given.shape.get(1..) != Some(shape.sizes())
    {
        let expected: Vec<Option<usize>> = [None].into_iter().chain(shape.iter().copied().map(Some)).collect();
        let text = format!("expected {}, found {}", show(&expected), given.shape);
        return Err(Error::new(ErrorKind::Shape, text).operation(name));
    }
    let dtype = ty.dtype.unwrap_or(scope.dtype());
    if given.dtype == dtype {
        return Ok(input.clone());
    }
    let cast = input.cast(dtype);
    if let Some(mask) = scope.mask(input) {
        scope.set_mask(&cast, &mask);
    }
    Ok(cast)
}

/// A shape as errors show it: `[None, 28, 28]`.
fn show(sizes: &[Option<usize>]) -> String {
    let sizes: Vec<String> =
        sizes.iter().map(|size| size.map_or_else(|| "None".to_string(), |size| size.to_string())).collect();
    format!("[{}]", sizes.join(", "))
}
