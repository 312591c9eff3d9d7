//! Elements added up where indices say: the transpose of [`gather`](crate::gather()).

use crate::definition::{narrow, wide};
use crate::gather::{self, INTEGERS, SHAPES, at, numbers};
use crate::probe::{self, NUMBERS};
use crate::rule::{self, Takes};
use crisol_ir::primitive::{Gradients, Library};
use crisol_ir::{Attributes, DType, Graph, Kind, NodeId, Primitive, Probe, Result, Shape, TensorType, Value};
use ndarray::{Array3, ArrayD};
use smallvec::smallvec;

/// `y[o, n, i] = sum of updates[o, m, i] over the m with indices[o, m, i] = n`, from 0. Inputs: the indices,
/// `[outer or 1, count, inner or 1]`, and the updates, `[outer, count, inner]`; the result is `[outer, size, inner]`.
/// Negative indices count from the end; one out of range is an error when the program runs.
///
/// Updates of one place are added in the order of their indices. Integers wrap.
///
/// Setting: the size. Gradient: [`Gather`](crate::Gather) of `g` to the updates; none to the indices.
#[derive(Clone, Copy, Debug)]
pub struct ScatterAdd;

/// The operation.
pub static SCATTER_ADD: ScatterAdd = ScatterAdd;

/// Zeros `[outer, size, inner]` with `updates` (`[outer, count, inner]`) added where `indices` (`[outer or 1, count,
/// inner or 1]`) say.
///
/// # Errors
/// Ranks other than 3, sizes that differ, indices that are no integers, or updates without arithmetic.
pub fn scatter_add(graph: &mut Graph, indices: NodeId, updates: NodeId, size: usize) -> Result<NodeId> {
    graph.apply(&SCATTER_ADD, Attributes::sizes(&[size]), &[indices, updates])
}

impl Primitive for ScatterAdd {
    fn name(&self) -> &'static str {
        "scatter_add"
    }

    fn kind(&self) -> Kind {
        Kind::Library(Library::ScatterAdd)
    }

    fn infer(&self, attributes: &Attributes, inputs: &[TensorType]) -> Result<TensorType> {
        let [indices, updates] = rule::inputs(inputs)?;
        let [size] = rule::settings(attributes)?;
        let size = rule::size("size", size)?;
        Takes::Numbers.check(updates)?;
        gather::check("updates", updates, indices)?;
        if updates.shape[1] != indices.shape[1] {
            let text = format!("{} updates given for {} indices", updates.shape, indices.shape);
            return Err(crisol_ir::Error::new(crisol_ir::ErrorKind::Shape, text + ": axis 1 differs"));
        }
        Ok(TensorType::new(updates.dtype, Shape::new(&[updates.shape[0], size, updates.shape[2]])?))
    }

    fn define(&self, attributes: &Attributes, inputs: &[Value]) -> Result<Value> {
        fn total<T: Copy>(
            updates: &ArrayD<T>,
            numbers: &Array3<usize>,
            size: usize,
            zero: T,
            add: fn(T, T) -> T,
        ) -> ArrayD<T> {
            let shape = updates.shape();
            let mut sums = Array3::from_elem([shape[0], size, shape[2]], zero);
            for (o, m, i) in ndarray::indices([shape[0], shape[1], shape[2]]) {
                let sum = &mut sums[[o, at(numbers, [o, m, i]), i]];
                *sum = add(*sum, updates[[o, m, i]]);
            }
            sums.into_dyn()
        }
        let [indices, updates] = rule::operands(inputs)?;
        let [size] = rule::settings(attributes)?;
        let size = rule::size("size", size)?;
        let numbers = numbers(indices, size)?;
        match updates {
            Value::I32(x) => Ok(Value::I32(total(x, &numbers, size, 0, i32::wrapping_add))),
            Value::I64(x) => Ok(Value::I64(total(x, &numbers, size, 0, i64::wrapping_add))),
            x => Ok(narrow(total(&wide(x)?, &numbers, size, 0.0, |sum, x| sum + x), x.dtype())),
        }
    }

    fn gradient(&self, graph: &mut Graph, node: NodeId, gradient: NodeId) -> Result<Gradients> {
        let indices = graph.node(node).inputs[0];
        Ok(smallvec![None, Some(gather::gather(graph, gradient, indices)?)])
    }

    fn can_fail(&self) -> bool {
        true
    }

    fn probe(&self) -> Probe {
        let mut cases = Vec::new();
        for dtype in NUMBERS {
            for (number, ([outer, size, inner], indices)) in SHAPES.iter().enumerate() {
                let updates = probe::ty(dtype, &[*outer, indices[1], *inner]);
                let index = if number % 2 == 0 { DType::I32 } else { DType::I64 };
                cases.push((Attributes::sizes(&[*size]), vec![probe::ty(index, indices), updates]));
            }
        }
        Probe { cases, integers: INTEGERS, ulps: 8.0, ..Probe::default() }
    }
}
