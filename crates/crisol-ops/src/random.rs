//! What the random operations share: the rule for their keys, and the words that a kernel draws.

use crate::{probe, rule};
use crisol_ir::kernel::{Builder, Register, Type, math};
use crisol_ir::{Attributes, DType, Error, ErrorKind, Graph, NodeId, Result, TensorType, Value};
use ndarray::{ArrayD, IxDyn};

/// Key words are scalars of `int32`.
pub(crate) fn check_key(graph: &Graph, k0: NodeId, k1: NodeId) -> Result<()> {
    for word in [k0, k1] {
        let ty = graph.ty(word);
        if ty.dtype != DType::I32 || ty.shape.rank() != 0 {
            let text = format!("a key word is {ty}, expected int32[]");
            return Err(Error::new(ErrorKind::DType, text));
        }
    }
    Ok(())
}

/// The rule of random operations: two key words a place, a `float32` from each.
pub(crate) fn infer(attributes: &Attributes, inputs: &[TensorType]) -> Result<TensorType> {
    let [k0, _] = rule::inputs(inputs)?;
    rule::settings::<0>(attributes)?;
    if let Some(other) = inputs.iter().find(|word| word.dtype != DType::I32) {
        return Err(Error::new(ErrorKind::DType, format!("expected key words of int32, given {other}")));
    }
    rule::same_shape(inputs)?;
    Ok(TensorType::new(DType::F32, k0.shape))
}

/// The definition of random operations: a number from each position and its key words.
pub(crate) fn draw(inputs: &[Value], number: impl Fn(usize, i32, i32) -> f32) -> Result<Value> {
    let [k0, k1] = rule::operands(inputs)?;
    let (k0, k1) = (k0.array::<i32>()?, k1.array::<i32>()?);
    let numbers = k0.iter().zip(k1).enumerate().map(|(position, (&k0, &k1))| number(position, k0, k1));
    ArrayD::from_shape_vec(IxDyn(k0.shape()), numbers.collect())
        .map(Value::F32)
        .map_err(|error| Error::new(ErrorKind::Internal, error.to_string()))
}

/// The Philox words of this place in a kernel.
pub(crate) fn words(builder: &mut Builder, inputs: &[Register]) -> Result<[Register; 4]> {
    let &[k0, k1] = rule::operands(inputs)?;
    let (low, high) = (builder.position(false), builder.position(true));
    let zero = builder.constant(Type::I32, 0.0);
    Ok(math::philox(builder, [low, high, zero, zero], [k0, k1]))
}

/// Shapes that random operations are probed with.
pub(crate) fn cases() -> Vec<(Attributes, Vec<TensorType>)> {
    probe::maps(&[DType::I32], 2)
}
