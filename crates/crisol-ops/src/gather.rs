//! Elements chosen by their number along an axis, and what the closed pair with [`scatter_add`](crate::scatter_add())
//! shares.

use crate::definition::pick;
use crate::rule::{self, Takes};
use crate::{probe, scatter_add};
use crisol_ir::primitive::{Gradients, Library};
use crisol_ir::{
    Attributes, DType, Error, ErrorKind, Graph, Kind, NodeId, Primitive, Probe, Result, Shape, TensorType, Value,
    elements,
};
use ndarray::{Array3, Ix3};
use smallvec::smallvec;

/// `y[o, m, i] = x[o, indices[o, m, i], i]`, `x` being `[outer, size, inner]` and the indices `[outer or 1, count,
/// inner or 1]`: where they have size 1 they are the same for all. Negative indices count from the end.
///
/// Any choice along any axis comes to this form by reshaping, see [`take`](crate::take) and
/// [`take_along_axis`](crate::take_along_axis). An index out of range is an error when the program runs.
///
/// Gradient: [`ScatterAdd`](crate::ScatterAdd) of `g` to `x`; none to the indices.
#[derive(Clone, Copy, Debug)]
pub struct Gather;

/// The operation.
pub static GATHER: Gather = Gather;

/// The elements of `x` (`[outer, size, inner]`) that `indices` (`[outer or 1, count, inner or 1]`) name along axis 1.
///
/// # Errors
/// Ranks other than 3, sizes that differ, indices that are no integers, or a choice from an empty axis.
pub fn gather(graph: &mut Graph, x: NodeId, indices: NodeId) -> Result<NodeId> {
    graph.apply(&GATHER, Attributes::none(), &[x, indices])
}

/// The error of an index that names no element; `place` is its number among the indices in row-major order.
pub fn index_error(index: i64, place: usize, size: usize) -> Error {
    let text = format!("index {index} at place {place} of the indices is out of range for an axis of {size}");
    let help = match size {
        0 => "an empty axis has no elements to choose".to_string(),
        _ => format!("expected -{size} to {}", size - 1),
    };
    Error::new(ErrorKind::Value, text).help(help)
}

/// Checks that `elements` are `[outer, .., inner]` and `indices` fit them.
pub(crate) fn check(what: &str, elements: TensorType, indices: TensorType) -> Result<()> {
    if !indices.dtype.is_integer() {
        let text = format!("indices are {indices}, expected int32, int64 or uint8");
        return Err(Error::new(ErrorKind::DType, text).help("cast them, for example with .cast(DType::I32)"));
    }
    let fits = |axis: usize| [1, elements.shape[axis]].contains(&indices.shape[axis]);
    if elements.shape.rank() != 3 || indices.shape.rank() != 3 || !fits(0) || !fits(2) {
        let text = format!(
            "{what} {} and indices {} given: expected [outer, any, inner] and [outer or 1, count, inner or 1]",
            elements.shape, indices.shape
        );
        return Err(Error::new(ErrorKind::Shape, text));
    }
    Ok(())
}

/// Indices as numbers from 0, `size` being that of the axis they choose from.
pub(crate) fn numbers(indices: &Value, size: usize) -> Result<Array3<usize>> {
    let Value::I64(indices) = indices.cast(DType::I64) else {
        return Err(Error::new(ErrorKind::Internal, "a cast gave another type"));
    };
    for (place, &index) in indices.iter().enumerate() {
        if !(-(size as i64)..size as i64).contains(&index) {
            return Err(index_error(index, place, size));
        }
    }
    let from_start = elements::map(&indices, |index| if index < 0 { index + size as i64 } else { index } as usize);
    from_start.into_dimensionality::<Ix3>().map_err(|error| Error::new(ErrorKind::Internal, error.to_string()))
}

/// The index for a place of the elements that they stand for.
pub(crate) fn at(numbers: &Array3<usize>, [outer, count, inner]: [usize; 3]) -> usize {
    let (outers, _, inners) = numbers.dim();
    numbers[[if outers == 1 { 0 } else { outer }, count, if inners == 1 { 0 } else { inner }]]
}

/// Shapes of elements and indices that the pair is probed with: `[outer, size, inner]`, `[outer or 1, count, inner or
/// 1]`.
pub(crate) const SHAPES: [([usize; 3], [usize; 3]); 8] = [
    ([1, 5, 3], [1, 4, 1]),
    ([2, 4, 3], [1, 7, 1]),
    ([2, 4, 3], [2, 3, 3]),
    ([3, 4, 1], [3, 6, 1]),
    ([2, 6, 2], [1, 2, 2]),
    ([1, 4, 1], [1, 1, 1]),
    ([0, 4, 2], [1, 3, 2]),
    ([2, 4, 3], [1, 0, 1]),
];

/// The numbers that probes draw indices from: valid for every shape above.
pub(crate) const INTEGERS: (i64, i64) = (-4, 4);

impl Primitive for Gather {
    fn name(&self) -> &'static str {
        "gather"
    }

    fn kind(&self) -> Kind {
        Kind::Library(Library::Gather)
    }

    fn infer(&self, attributes: &Attributes, inputs: &[TensorType]) -> Result<TensorType> {
        let [x, indices] = rule::inputs(inputs)?;
        rule::settings::<0>(attributes)?;
        Takes::Any.check(x)?;
        check("x", x, indices)?;
        let shape = Shape::new(&[x.shape[0], indices.shape[1], x.shape[2]])?;
        if x.shape[1] == 0 && shape.elements() > 0 {
            let text = format!("{} elements chosen from {}, whose axis 1 is empty", indices.shape[1], x.shape);
            return Err(Error::new(ErrorKind::Shape, text));
        }
        Ok(TensorType::new(x.dtype, shape))
    }

    fn define(&self, _: &Attributes, inputs: &[Value]) -> Result<Value> {
        let [x, indices] = rule::operands(inputs)?;
        let shape = x.shape()?;
        let numbers = numbers(indices, shape[1])?;
        let count = numbers.dim().1;
        let place = |(o, m, i)| (o * shape[1] + at(&numbers, [o, m, i])) * shape[2] + i;
        pick(&[x], &Array3::from_shape_fn([shape[0], count, shape[2]], place).into_dyn())
    }

    fn gradient(&self, graph: &mut Graph, node: NodeId, gradient: NodeId) -> Result<Gradients> {
        let (x, indices) = (graph.node(node).inputs[0], graph.node(node).inputs[1]);
        let size = graph.ty(x).shape[1];
        Ok(smallvec![Some(scatter_add(graph, indices, gradient, size)?), None])
    }

    fn can_fail(&self) -> bool {
        true
    }

    fn probe(&self) -> Probe {
        let mut cases = Vec::new();
        for dtype in DType::ALL {
            for (number, (x, indices)) in SHAPES.iter().enumerate() {
                let index = if number % 2 == 0 { DType::I32 } else { DType::I64 };
                cases.push((Attributes::none(), vec![probe::ty(dtype, x), probe::ty(index, indices)]));
            }
        }
        Probe { cases, integers: INTEGERS, ..Probe::default() }
    }
}
