//! Uniform random integers.

use crate::philox::words;
use crate::{broadcast, probe, random, rule};
use crisol_ir::kernel::{Binary, Builder, Comparison, Register, Type};
use crisol_ir::primitive::Gradients;
use crisol_ir::{
    Attributes, DType, Error, ErrorKind, Graph, Kind, NodeId, Primitive, Probe, Result, Shape, TensorType, Value,
};
use ndarray::{ArrayD, IxDyn};
use smallvec::smallvec;

/// Integers drawn evenly from `[0, span)`: the upper word of the first two Philox words, as one 64-bit fraction, times
/// the span. No number is more likely than another by more than `2^-32`.
///
/// Inputs: the two key words and the span, as `int32`, repeated to the shape wanted; the span counts as unsigned, and
/// so does the result, `int32`. The counter is the row-major position of the element, as for
/// [`RandomUniform`](crate::RandomUniform).
///
/// No gradient: integers carry none.
#[derive(Clone, Copy, Debug)]
pub struct RandomIntegers;

/// The operation.
pub static RANDOM_INTEGERS: RandomIntegers = RandomIntegers;

/// A tensor of `shape` of integers from `[0, span)`, from the key words `k0` and `k1`; all three are `int32` of rank 0.
///
/// # Errors
/// Key words or a span of another type or shape.
pub fn random_integers(graph: &mut Graph, k0: NodeId, k1: NodeId, span: NodeId, shape: Shape) -> Result<NodeId> {
    random::check_key(graph, k0, k1).map_err(|error| error.operation("random_integers"))?;
    let inputs = [broadcast(graph, k0, shape)?, broadcast(graph, k1, shape)?, broadcast(graph, span, shape)?];
    graph.apply(&RANDOM_INTEGERS, Attributes::none(), &inputs)
}

impl Primitive for RandomIntegers {
    fn name(&self) -> &'static str {
        "random_integers"
    }

    fn kind(&self) -> Kind {
        Kind::Map
    }

    fn infer(&self, attributes: &Attributes, inputs: &[TensorType]) -> Result<TensorType> {
        let [k0, ..] = rule::inputs::<3>(inputs)?;
        rule::settings::<0>(attributes)?;
        if let Some(other) = inputs.iter().find(|word| word.dtype != DType::I32) {
            return Err(Error::new(ErrorKind::DType, format!("expected key words and a span of int32, given {other}")));
        }
        rule::same_shape(inputs)?;
        Ok(k0)
    }

    fn define(&self, _: &Attributes, inputs: &[Value]) -> Result<Value> {
        let [k0, k1, span] = rule::operands(inputs)?;
        let (k0, k1, span) = (k0.array::<i32>()?, k1.array::<i32>()?, span.array::<i32>()?);
        let number = |(position, ((&k0, &k1), &span)): (usize, ((&i32, &i32), &i32))| {
            let [high, low, ..] = words(position, k0, k1);
            let fraction = (u128::from(high) << 32) | u128::from(low);
            ((fraction * u128::from(span as u32)) >> 64) as u32 as i32
        };
        let numbers = k0.iter().zip(k1).zip(span).enumerate().map(number);
        ArrayD::from_shape_vec(IxDyn(k0.shape()), numbers.collect())
            .map(Value::I32)
            .map_err(|error| Error::new(ErrorKind::Internal, error.to_string()))
    }

    fn gradient(&self, _: &mut Graph, _: NodeId, _: NodeId) -> Result<Gradients> {
        Ok(smallvec![None, None, None])
    }

    fn lower(&self, builder: &mut Builder, _: &Attributes, inputs: &[Register]) -> Result<Register> {
        let &[k0, k1, span] = rule::operands(inputs)?;
        let [high, low, ..] = random::words(builder, &[k0, k1])?;
        let upper = builder.binary(Binary::MultiplyHighUnsigned, high, span);
        let lower = builder.multiply(high, span);
        let carried = builder.binary(Binary::MultiplyHighUnsigned, low, span);
        let sum = builder.add(lower, carried);
        // The sum of the lower words wraps if it is less than one of them, compared without signs.
        let sign = builder.bits(Type::I32, 1 << 31);
        let (a, b) = (builder.binary(Binary::Xor, sum, sign), builder.binary(Binary::Xor, lower, sign));
        let wraps = builder.compare(Comparison::Less, a, b);
        let (one, zero) = (builder.constant(Type::I32, 1.0), builder.constant(Type::I32, 0.0));
        let carry = builder.select(wraps, one, zero);
        Ok(builder.add(upper, carry))
    }

    fn probe(&self) -> Probe {
        Probe { cases: probe::maps(&[DType::I32], 3), ..Probe::default() }
    }
}
