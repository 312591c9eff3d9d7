//! Choice by a mask.

use crate::composite::zeros_like;
use crate::definition::pick;
use crate::rule::{self, Takes};
use crate::{broadcast, probe};
use crisol_ir::kernel::{Builder, Register};
use crisol_ir::primitive::Gradients;
use crisol_ir::{Attributes, DType, Graph, Kind, NodeId, Primitive, Probe, Result, TensorType, Value, elements};
use smallvec::smallvec;

/// `y = mask ? a : b`, elementwise; `where` in Keras.
///
/// Gradient: `g` to `a` where the mask holds and to `b` where it does not, 0 elsewhere; none to the mask.
#[derive(Clone, Copy, Debug)]
pub struct Select;

/// The operation.
pub static SELECT: Select = Select;

/// `a` where `mask` holds, else `b`; all three broadcast by NumPy's rule.
///
/// # Errors
/// A mask that is not of truth values, `a` and `b` of different types, or shapes that do not broadcast.
pub fn select(graph: &mut Graph, mask: NodeId, a: NodeId, b: NodeId) -> Result<NodeId> {
    let [on, lhs, rhs] = [mask, a, b].map(|node| graph.ty(node));
    let shape = (|| {
        Takes::Bools.check(on)?;
        rule::same_dtype(lhs, rhs)?;
        on.shape.broadcast(&lhs.shape)?.broadcast(&rhs.shape)
    })()
    .map_err(|error| error.operation("select"))?;
    let mask = broadcast(graph, mask, shape)?;
    let a = broadcast(graph, a, shape)?;
    let b = broadcast(graph, b, shape)?;
    graph.apply(&SELECT, Attributes::none(), &[mask, a, b])
}

impl Primitive for Select {
    fn name(&self) -> &'static str {
        "select"
    }

    fn kind(&self) -> Kind {
        Kind::Map
    }

    fn infer(&self, attributes: &Attributes, inputs: &[TensorType]) -> Result<TensorType> {
        let [mask, a, b] = rule::inputs(inputs)?;
        rule::settings::<0>(attributes)?;
        Takes::Bools.check(mask)?;
        rule::same_dtype(a, b)?;
        rule::same_shape(inputs)?;
        Ok(a)
    }

    fn define(&self, _: &Attributes, inputs: &[Value]) -> Result<Value> {
        let [mask, a, b] = rule::operands(inputs)?;
        let mask = mask.array::<bool>()?;
        assert_eq!(
            [mask.shape(); 2],
            [a.shape()?.sizes(), b.shape()?.sizes()],
            "operands that were brought to one shape"
        );
        let count = mask.len();
        let places =
            elements::list(mask).iter().enumerate().map(|(at, &mask)| if mask { at } else { count + at }).collect();
        pick(&[a, b], &elements::array(mask.shape(), places))
    }

    fn gradient(&self, graph: &mut Graph, node: NodeId, gradient: NodeId) -> Result<Gradients> {
        let mask = graph.node(node).inputs[0];
        let zero = zeros_like(graph, gradient)?;
        let to_a = select(graph, mask, gradient, zero)?;
        let to_b = select(graph, mask, zero, gradient)?;
        Ok(smallvec![None, Some(to_a), Some(to_b)])
    }

    fn lower(&self, builder: &mut Builder, _: &Attributes, inputs: &[Register]) -> Result<Register> {
        let &[mask, a, b] = rule::operands(inputs)?;
        Ok(builder.select(mask, a, b))
    }

    fn probe(&self) -> Probe {
        let mut cases = probe::maps(&DType::ALL, 3);
        for (_, types) in &mut cases {
            types[0].dtype = DType::Bool;
        }
        Probe { cases, ..Probe::default() }
    }
}
