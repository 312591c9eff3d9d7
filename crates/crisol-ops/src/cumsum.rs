//! Running sums along an axis.

use crate::definition::{Lines, lines, narrow, wide};
use crate::probe::{self, NUMBERS};
use crate::rule::{self, Takes};
use crisol_ir::primitive::{Gradients, Library};
use crisol_ir::{
    Attributes, Error, ErrorKind, Graph, Kind, NodeId, Primitive, Probe, Result, Shape, TensorType, Value, elements,
};
use ndarray::ArrayD;
use smallvec::smallvec;

/// `y[i] = x[0] + ... + x[i]` along an axis, or, in reverse, `y[i] = x[i] + ... + x[last]`. Integers wrap.
///
/// `float32` is summed in double precision, by the definition and by fast code.
///
/// Settings: the axis, and 1 for the reverse. Gradient: the running sum of `g` in the other direction.
#[derive(Clone, Copy, Debug)]
pub struct Cumsum;

/// The operation.
pub static CUMSUM: Cumsum = Cumsum;

/// The settings of [`Cumsum`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CumsumAttributes {
    /// The axis along which sums run.
    pub axis: usize,
    /// Whether they run from the end.
    pub reverse: bool,
}

impl CumsumAttributes {
    /// The settings as numbers.
    pub fn encode(&self) -> Attributes {
        Attributes::sizes(&[self.axis, usize::from(self.reverse)])
    }

    /// The settings from numbers, for a tensor of `shape`.
    ///
    /// # Errors
    /// An axis that does not exist, or a flag that is none.
    pub fn decode(attributes: &Attributes, shape: Shape) -> Result<CumsumAttributes> {
        let [axis, reverse] = rule::settings(attributes)?;
        let axis = rule::size("axis", axis)?;
        if axis >= shape.rank() {
            return Err(Error::new(ErrorKind::Axis, format!("axis {axis} does not exist in {shape}")));
        }
        Ok(CumsumAttributes { axis, reverse: rule::flag("reverse", reverse)? })
    }
}

/// The running sums of `x` along `axis`, negative ones counted from the end; from the end if `reverse`.
///
/// # Errors
/// The type has no arithmetic, or the axis does not exist.
pub fn cumsum(graph: &mut Graph, x: NodeId, axis: isize, reverse: bool) -> Result<NodeId> {
    let axis = graph.ty(x).shape.axis(axis).map_err(|error| error.operation("cumsum"))?;
    graph.apply(&CUMSUM, CumsumAttributes { axis, reverse }.encode(), &[x])
}

impl Primitive for Cumsum {
    fn name(&self) -> &'static str {
        "cumsum"
    }

    fn kind(&self) -> Kind {
        Kind::Library(Library::Cumsum)
    }

    fn infer(&self, attributes: &Attributes, inputs: &[TensorType]) -> Result<TensorType> {
        let [x] = rule::inputs(inputs)?;
        Takes::Numbers.check(x)?;
        CumsumAttributes::decode(attributes, x.shape)?;
        Ok(x)
    }

    fn define(&self, attributes: &Attributes, inputs: &[Value]) -> Result<Value> {
        fn run<T: Copy>(x: &ArrayD<T>, how: CumsumAttributes, add: fn(T, T) -> T) -> ArrayD<T> {
            let Lines { mut places, length, .. } = lines(x.shape(), &[how.axis]);
            let mut sums = elements::list(x).into_owned();
            for line in places.chunks_exact_mut(length.max(1)) {
                if how.reverse {
                    line.reverse();
                }
                for pair in line.windows(2) {
                    sums[pair[1]] = add(sums[pair[0]], sums[pair[1]]);
                }
            }
            elements::array(x.shape(), sums)
        }
        let [x] = rule::operands(inputs)?;
        let how = CumsumAttributes::decode(attributes, x.shape()?)?;
        match x {
            Value::I32(x) => Ok(Value::I32(run(x, how, i32::wrapping_add))),
            Value::I64(x) => Ok(Value::I64(run(x, how, i64::wrapping_add))),
            x => Ok(narrow(run(&wide(x)?, how, |a, b| a + b), x.dtype())),
        }
    }

    fn gradient(&self, graph: &mut Graph, node: NodeId, gradient: NodeId) -> Result<Gradients> {
        let how = CumsumAttributes::decode(&rule::attributes(graph, node)?, graph.ty(node).shape)?;
        let back = CumsumAttributes { reverse: !how.reverse, ..how };
        Ok(smallvec![Some(graph.apply(&CUMSUM, back.encode(), &[gradient])?)])
    }

    fn probe(&self) -> Probe {
        let cases: [([usize; 2], &[usize]); 7] = [
            ([0, 0], &[7]),
            ([1, 1], &[3, 5]),
            ([0, 0], &[3, 5]),
            ([1, 0], &[2, 3, 4]),
            ([0, 1], &[1, 4]),
            ([0, 0], &[0, 3]),
            ([1, 0], &[2, 0]),
        ];
        let case = |dtype| cases.map(|(numbers, sizes)| (Attributes::sizes(&numbers), vec![probe::ty(dtype, sizes)]));
        Probe { cases: NUMBERS.into_iter().flat_map(case).collect(), ..Probe::default() }
    }
}
