//! Uniform random numbers.

use crate::philox::words;
use crate::{broadcast, random};
use crisol_ir::kernel::{Builder, Register, math};
use crisol_ir::primitive::Gradients;
use crisol_ir::{Attributes, Graph, Kind, NodeId, Primitive, Probe, Result, Shape, TensorType, Value};
use smallvec::smallvec;

/// Numbers drawn evenly from `[0, 1)`: the upper 24 bits of the first Philox word, times `2^-24`.
///
/// Inputs: the two key words as `int32`, repeated to the shape wanted. The counter is the row-major position of the element in
/// that shape, so that the number is the same wherever and as often as it is computed. The result is `float32`.
///
/// No gradient: the key is not a quantity.
#[derive(Clone, Copy, Debug)]
pub struct RandomUniform;

/// The operation.
pub static RANDOM_UNIFORM: RandomUniform = RandomUniform;

/// A tensor of `shape` of uniform numbers from `[0, 1)`, from the key words `k0` and `k1` (`int32`, of rank 0).
///
/// # Errors
/// Key words of another type or shape.
pub fn random_uniform(graph: &mut Graph, k0: NodeId, k1: NodeId, shape: Shape) -> Result<NodeId> {
    random::check_key(graph, k0, k1).map_err(|error| error.operation("random_uniform"))?;
    let k0 = broadcast(graph, k0, shape)?;
    let k1 = broadcast(graph, k1, shape)?;
    graph.apply(&RANDOM_UNIFORM, Attributes::none(), &[k0, k1])
}

impl Primitive for RandomUniform {
    fn name(&self) -> &'static str {
        "random_uniform"
    }

    fn kind(&self) -> Kind {
        Kind::Map
    }

    fn infer(&self, attributes: &Attributes, inputs: &[TensorType]) -> Result<TensorType> {
        random::infer(attributes, inputs)
    }

    fn define(&self, _: &Attributes, inputs: &[Value]) -> Result<Value> {
        random::draw(inputs, |position, k0, k1| (words(position, k0, k1)[0] >> 8) as f32 * 2f32.powi(-24))
    }

    fn gradient(&self, _: &mut Graph, _: NodeId, _: NodeId) -> Result<Gradients> {
        Ok(smallvec![None, None])
    }

    fn lower(&self, builder: &mut Builder, _: &Attributes, inputs: &[Register]) -> Result<Register> {
        let words = random::words(builder, inputs)?;
        Ok(math::uniform(builder, words))
    }

    fn probe(&self) -> Probe {
        Probe { cases: random::cases(), ulps: 0.0, ..Probe::default() }
    }
}
