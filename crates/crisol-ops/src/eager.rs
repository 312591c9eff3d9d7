//! Runs graphs operation by operation through the plain definitions: slow, simple, and what everything fast is tested against.

use crisol_ir::{Error, ErrorKind, Graph, Kind, NodeId, Operation, Result, TensorType, Value};

/// The values of `outputs`, given the arguments of the graph in the order of their numbers.
///
/// Only nodes that the outputs need are computed. Operations other than views take and give subnormal numbers as 0, as all of
/// crisol's kernels do.
///
/// # Errors
/// A missing argument or one of another type or shape than the graph states, or data for which an operation is undefined.
///
/// ```
/// use crisol_ir::{DType, Graph, Shape, TensorType, Value, ndarray::arr1};
/// let mut graph = Graph::new();
/// let x = graph.input(TensorType::new(DType::F64, Shape::new(&[3])?));
/// let y = crisol_ops::multiply(&mut graph, x, x)?;
/// let x = Value::F64(arr1(&[1.0, 2.0, 3.0]).into_dyn());
/// let y = crisol_ops::eager::evaluate(&graph, &[y], &[x])?;
/// assert_eq!(y, [Value::F64(arr1(&[1.0, 4.0, 9.0]).into_dyn())]);
/// # Ok::<(), crisol_ir::Error>(())
/// ```
pub fn evaluate(graph: &Graph, outputs: &[NodeId], arguments: &[Value]) -> Result<Vec<Value>> {
    let mut needed = vec![false; graph.len()];
    for &output in outputs {
        needed[output.index()] = true;
    }
    for (index, node) in graph.nodes().iter().enumerate().rev() {
        if needed[index] {
            node.inputs.iter().for_each(|input| needed[input.index()] = true);
        }
    }
    let mut values: Vec<Option<Value>> = vec![None; graph.len()];
    let missing = |id: NodeId| Error::new(ErrorKind::Internal, format!("%{} has no value yet", id.0));
    for (id, node) in graph.ids().zip(graph.nodes()).filter(|(id, _)| needed[id.index()]) {
        let value = match &node.operation {
            Operation::Input(number) => argument(*number, node.ty, arguments)?.clone(),
            Operation::Constant(constant) => Value::from_constant(*constant),
            Operation::Primitive(primitive, attributes) => {
                let flushes = primitive.kind() != Kind::View;
                let input = |&input: &NodeId| {
                    let value = values[input.index()].clone().ok_or_else(|| missing(input))?;
                    Ok(if flushes { flush(value) } else { value })
                };
                let inputs: Vec<Value> = node.inputs.iter().map(input).collect::<Result<_>>()?;
                let value = primitive.define(attributes, &inputs).map_err(|error| error.operation(primitive.name()))?;
                if flushes { flush(value) } else { value }
            }
        };
        values[id.index()] = Some(value);
    }
    outputs.iter().map(|&output| values[output.index()].clone().ok_or_else(|| missing(output))).collect()
}

/// The argument of a number, which must have the type that the graph states.
fn argument(number: u32, ty: TensorType, arguments: &[Value]) -> Result<&Value> {
    let value = arguments.get(number as usize).ok_or_else(|| {
        let text = format!("argument {number} ({ty}) is missing: {} given", arguments.len());
        Error::new(ErrorKind::Value, text)
    })?;
    let given = TensorType::new(value.dtype(), value.shape()?);
    if given != ty {
        return Err(Error::new(ErrorKind::Shape, format!("argument {number} is {given}, expected {ty}")));
    }
    Ok(value)
}

/// The value with zeros for subnormal numbers.
fn flush(value: Value) -> Value {
    match value {
        Value::F32(array) => Value::F32(array.mapv_into(|x| if x.is_subnormal() { 0f32.copysign(x) } else { x })),
        Value::F64(array) => Value::F64(array.mapv_into(|x| if x.is_subnormal() { 0f64.copysign(x) } else { x })),
        other => other,
    }
}
