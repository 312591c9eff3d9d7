//! The order of elements along an axis.

use crate::definition::{places, unexpected};
use crate::probe::{self, ORDERED};
use crate::rule::{self, Takes};
use crisol_ir::primitive::{Gradients, Library};
use crisol_ir::{
    Attributes, DType, Error, ErrorKind, Graph, Kind, NodeId, Primitive, Probe, Result, Shape, TensorType, Value,
    elements,
};
use ndarray::{ArrayD, Axis, IxDyn};
use smallvec::{SmallVec, smallvec};
use std::cmp::Ordering;

/// The places of the smallest elements along an axis, in rising order, or of the largest in falling order, as `int32`:
/// so many as the settings say. Equal elements keep their order, zeros of either sign are equal, NaN counts as larger
/// than all numbers: last in rising order, first in falling order, as in JAX.
///
/// Settings: [`ArgsortAttributes`]. No gradient: places are no quantities. [`sort`](crate::sort) chooses the elements
/// by them, and so has one.
#[derive(Clone, Copy, Debug)]
pub struct Argsort;

/// The operation.
pub static ARGSORT: Argsort = Argsort;

/// The settings of [`Argsort`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ArgsortAttributes {
    /// The axis along which elements are ordered.
    pub axis: usize,
    /// Whether the largest comes first.
    pub descending: bool,
    /// How many places are given, from the first.
    pub count: usize,
}

impl ArgsortAttributes {
    /// The settings as numbers.
    pub fn encode(&self) -> Attributes {
        Attributes::sizes(&[self.axis, usize::from(self.descending), self.count])
    }

    /// The settings from numbers, for a tensor of `shape`.
    ///
    /// # Errors
    /// An axis that does not exist, a flag that is none, or more places than the axis has.
    pub fn decode(attributes: &Attributes, shape: Shape) -> Result<ArgsortAttributes> {
        let [axis, descending, count] = rule::settings(attributes)?;
        let (axis, count) = (rule::size("axis", axis)?, rule::size("count", count)?);
        let Some(&size) = shape.get(axis) else {
            return Err(Error::new(ErrorKind::Axis, format!("axis {axis} does not exist in {shape}")));
        };
        if count > size || size > i32::MAX as usize {
            let text = format!("{count} places of axis {axis} of {shape}: expected {size} at most");
            return Err(Error::new(ErrorKind::Value, text));
        }
        Ok(ArgsortAttributes { axis, descending: rule::flag("descending", descending)?, count })
    }
}

/// The places of the elements of `x` along `axis`, negative ones counted from the end, in rising or falling order: the
/// first `count`, or all.
///
/// # Errors
/// The type has no order, the axis does not exist, or it is shorter than `count`.
pub fn argsort(graph: &mut Graph, x: NodeId, axis: isize, descending: bool, count: Option<usize>) -> Result<NodeId> {
    let shape = graph.ty(x).shape;
    let axis = shape.axis(axis).map_err(|error| error.operation("argsort"))?;
    let count = count.unwrap_or(shape[axis]);
    graph.apply(&ARGSORT, ArgsortAttributes { axis, descending, count }.encode(), &[x])
}

/// Numbers by size, NaN above all and equal to itself.
fn order<T: PartialOrd>(a: &T, b: &T) -> Ordering {
    let is_nan = |x: &T| x.partial_cmp(x).is_none();
    a.partial_cmp(b).unwrap_or_else(|| is_nan(a).cmp(&is_nan(b)))
}

fn sorted<T: Copy + PartialOrd>(x: &ArrayD<T>, how: ArgsortAttributes) -> Value {
    let elements = elements::list(x);
    let compare = |a: usize, b: usize| order(&elements[a], &elements[b]);
    Value::I32(sorted_places(x.shape(), how, &compare))
}

/// For elements of any type, of which it knows which of two places has the smaller one.
fn sorted_places(sizes: &[usize], how: ArgsortAttributes, compare: &dyn Fn(usize, usize) -> Ordering) -> ArrayD<i32> {
    let mut sorted_sizes: SmallVec<[usize; 8]> = sizes.into();
    sorted_sizes[how.axis] = how.count;
    let mut sorted = ArrayD::zeros(IxDyn(&sorted_sizes));
    let places = places(sizes);
    for (x, mut sorted) in places.lanes(Axis(how.axis)).into_iter().zip(sorted.lanes_mut(Axis(how.axis))) {
        let mut order_of: Vec<usize> = (0..x.len()).collect();
        order_of.sort_by(|&a, &b| if how.descending { compare(x[b], x[a]) } else { compare(x[a], x[b]) });
        sorted.iter_mut().zip(order_of).for_each(|(place, from)| *place = from as i32);
    }
    sorted
}

impl Primitive for Argsort {
    fn name(&self) -> &'static str {
        "argsort"
    }

    fn kind(&self) -> Kind {
        Kind::Library(Library::Argsort)
    }

    fn infer(&self, attributes: &Attributes, inputs: &[TensorType]) -> Result<TensorType> {
        let [x] = rule::inputs(inputs)?;
        Takes::Ordered.check(x)?;
        let how = ArgsortAttributes::decode(attributes, x.shape)?;
        let mut sizes: SmallVec<[usize; 8]> = x.shape.sizes().into();
        sizes[how.axis] = how.count;
        Ok(TensorType::new(DType::I32, Shape::new(&sizes)?))
    }

    fn define(&self, attributes: &Attributes, inputs: &[Value]) -> Result<Value> {
        let [x] = rule::operands(inputs)?;
        let how = ArgsortAttributes::decode(attributes, x.shape()?)?;
        match x {
            Value::U8(x) => Ok(sorted(x, how)),
            Value::I32(x) => Ok(sorted(x, how)),
            Value::I64(x) => Ok(sorted(x, how)),
            Value::F32(x) => Ok(sorted(x, how)),
            Value::F64(x) => Ok(sorted(x, how)),
            other => Err(unexpected(other)),
        }
    }

    fn gradient(&self, _: &mut Graph, _: NodeId, _: NodeId) -> Result<Gradients> {
        Ok(smallvec![None])
    }

    fn probe(&self) -> Probe {
        let cases: [([usize; 3], &[usize]); 8] = [
            ([0, 0, 7], &[7]),
            ([0, 1, 3], &[7]),
            ([1, 0, 5], &[3, 5]),
            ([0, 1, 3], &[3, 5]),
            ([1, 0, 2], &[2, 3, 4]),
            ([0, 0, 1], &[1, 2]),
            ([0, 0, 0], &[4, 2]),
            ([1, 1, 3], &[0, 3]),
        ];
        let case = |dtype| cases.map(|(numbers, sizes)| (Attributes::sizes(&numbers), vec![probe::ty(dtype, sizes)]));
        // Few numbers, so that equal ones are common.
        Probe { cases: ORDERED.into_iter().flat_map(case).collect(), integers: (-3, 3), ..Probe::default() }
    }
}
