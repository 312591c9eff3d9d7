//! Normally distributed random numbers.

use crate::philox::words;
use crate::{broadcast, random};
use crisol_ir::kernel::{Builder, Register, math};
use crisol_ir::primitive::Gradients;
use crisol_ir::{Attributes, Graph, Kind, NodeId, Primitive, Probe, Result, Shape, TensorType, Value};
use smallvec::smallvec;

/// Numbers drawn from the normal distribution of mean 0 and deviation 1, by Box and Muller: `sqrt(-2 ln(1 - u)) * cos(2 pi v)`,
/// with `u` and `v` in `[0, 1)` from the upper 24 bits of the first two Philox words. The largest possible size is 5.77.
///
/// Inputs: the two key words as `int32`, repeated to the shape wanted. The counter is the row-major position of the element in
/// that shape, so that the number is the same wherever and as often as it is computed. The result is `float32`.
///
/// No gradient: the key is not a quantity.
#[derive(Clone, Copy, Debug)]
pub struct RandomNormal;

/// The operation.
pub static RANDOM_NORMAL: RandomNormal = RandomNormal;

/// A tensor of `shape` of normally distributed numbers, from the key words `k0` and `k1` (`int32`, of rank 0).
///
/// # Errors
/// Key words of another type or shape.
pub fn random_normal(graph: &mut Graph, k0: NodeId, k1: NodeId, shape: Shape) -> Result<NodeId> {
    random::check_key(graph, k0, k1).map_err(|error| error.operation("random_normal"))?;
    let k0 = broadcast(graph, k0, shape)?;
    let k1 = broadcast(graph, k1, shape)?;
    graph.apply(&RANDOM_NORMAL, Attributes::none(), &[k0, k1])
}

impl Primitive for RandomNormal {
    fn name(&self) -> &'static str {
        "random_normal"
    }

    fn kind(&self) -> Kind {
        Kind::Map
    }

    fn infer(&self, attributes: &Attributes, inputs: &[TensorType]) -> Result<TensorType> {
        random::infer(attributes, inputs)
    }

    fn define(&self, _: &Attributes, inputs: &[Value]) -> Result<Value> {
        random::draw(inputs, |position, k0, k1| {
            let [first, second, ..] = words(position, k0, k1);
            let unit = |word: u32| f64::from(word >> 8) * 2f64.powi(-24);
            let radius = (-2.0 * (1.0 - unit(first)).ln()).sqrt();
            (radius * (std::f64::consts::TAU * unit(second)).cos()) as f32
        })
    }

    fn gradient(&self, _: &mut Graph, _: NodeId, _: NodeId) -> Result<Gradients> {
        Ok(smallvec![None, None])
    }

    fn lower(&self, builder: &mut Builder, _: &Attributes, inputs: &[Register]) -> Result<Register> {
        let words = random::words(builder, inputs)?;
        Ok(math::normal(builder, words))
    }

    fn probe(&self) -> Probe {
        Probe { cases: random::cases(), ulps: math::NORMAL_ULPS, ..Probe::default() }
    }
}
