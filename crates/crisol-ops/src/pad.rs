//! Zeros around a tensor.

use crate::definition::{pick, places};
use crate::{probe, rule, slice};
use crisol_ir::primitive::{Gradients, Library};
use crisol_ir::{
    Attributes, DType, Error, ErrorKind, Graph, Kind, NodeId, Primitive, Probe, Result, Shape, TensorType, Value,
};
use ndarray::{ArrayD, Axis, IxDyn, Slice as Range};
use smallvec::{SmallVec, smallvec};

/// The input with `low` zeros before and `high` zeros after it along each axis.
///
/// Settings: [`PadAttributes`]. Gradient: the part of `g` where the input stands.
#[derive(Clone, Copy, Debug)]
pub struct Pad;

/// The operation.
pub static PAD: Pad = Pad;

/// The settings of [`Pad`], as long as the tensor has axes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PadAttributes {
    /// Zeros before the first element of each axis.
    pub low: SmallVec<[usize; 8]>,
    /// Zeros after the last.
    pub high: SmallVec<[usize; 8]>,
}

impl PadAttributes {
    /// The settings as numbers: all lows, all highs.
    pub fn encode(&self) -> Attributes {
        Attributes::new(self.low.iter().chain(&self.high).map(|&number| number as i64))
    }

    /// The settings from numbers.
    ///
    /// # Errors
    /// Two numbers an axis are not given, or one is negative.
    pub fn decode(attributes: &Attributes) -> Result<PadAttributes> {
        let numbers = attributes.numbers();
        if !numbers.len().is_multiple_of(2) {
            let text = format!("expected 2 settings an axis, given {}", numbers.len());
            return Err(Error::new(ErrorKind::Value, text));
        }
        let (low, high) = numbers.split_at(numbers.len() / 2);
        let part = |list: &[i64]| -> Result<_> { list.iter().map(|&number| rule::size("padding", number)).collect() };
        Ok(PadAttributes { low: part(low)?, high: part(high)? })
    }
}

/// `x` with `low` zeros before and `high` zeros after it along each axis; `x` itself if all are 0.
///
/// # Errors
/// Lists that are not as long as `x` has axes, or a result larger than memory.
pub fn pad(graph: &mut Graph, x: NodeId, low: &[usize], high: &[usize]) -> Result<NodeId> {
    let rank = graph.ty(x).shape.rank();
    if low.len() != rank || high.len() != rank {
        let text = format!(
            "{} low and {} high paddings given for {}: expected {rank} of each",
            low.len(),
            high.len(),
            graph.ty(x).shape
        );
        return Err(Error::new(ErrorKind::Axis, text).operation("pad"));
    }
    if low.iter().chain(high).all(|&padding| padding == 0) {
        return Ok(x);
    }
    let attributes = PadAttributes { low: low.into(), high: high.into() };
    graph.apply(&PAD, attributes.encode(), &[x])
}

impl Primitive for Pad {
    fn name(&self) -> &'static str {
        "pad"
    }

    fn kind(&self) -> Kind {
        Kind::Library(Library::Pad)
    }

    fn infer(&self, attributes: &Attributes, inputs: &[TensorType]) -> Result<TensorType> {
        let [x] = rule::inputs(inputs)?;
        let PadAttributes { low, high } = PadAttributes::decode(attributes)?;
        if low.len() != x.shape.rank() {
            let text = format!("settings for {} axes given for {}", low.len(), x.shape);
            return Err(Error::new(ErrorKind::Axis, text));
        }
        let mut sizes = SmallVec::<[usize; 8]>::new();
        for (axis, &size) in x.shape.iter().enumerate() {
            let padded = size.checked_add(low[axis]).and_then(|sum| sum.checked_add(high[axis]));
            sizes.push(padded.ok_or_else(|| {
                let text = format!("padding axis {axis} of {} by {} and {}", x.shape, low[axis], high[axis]);
                Error::new(ErrorKind::Shape, text + " gives more elements than memory can hold")
            })?);
        }
        Ok(TensorType::new(x.dtype, Shape::new(&sizes)?))
    }

    fn define(&self, attributes: &Attributes, inputs: &[Value]) -> Result<Value> {
        let [x] = rule::operands(inputs)?;
        let PadAttributes { low, high } = PadAttributes::decode(attributes)?;
        let shape = x.shape()?;
        let sizes: Vec<usize> = shape.iter().enumerate().map(|(axis, &size)| low[axis] + size + high[axis]).collect();
        // The place after the last: that of the zero.
        let mut padded = ArrayD::from_elem(IxDyn(&sizes), shape.elements());
        let mut middle = padded.view_mut();
        for (axis, &size) in shape.iter().enumerate() {
            middle.slice_axis_inplace(Axis(axis), Range::from(low[axis]..low[axis] + size));
        }
        middle.assign(&places(shape.sizes()));
        pick(&[x, &Value::zeros(x.dtype(), &Shape::SCALAR)], &padded)
    }

    fn gradient(&self, graph: &mut Graph, node: NodeId, gradient: NodeId) -> Result<Gradients> {
        let PadAttributes { low, .. } = PadAttributes::decode(&rule::attributes(graph, node)?)?;
        let inner = graph.ty(graph.node(node).inputs[0]).shape;
        let step: SmallVec<[usize; 8]> = smallvec![1; inner.rank()];
        Ok(smallvec![Some(slice(graph, gradient, &low, &inner, &step)?)])
    }

    fn probe(&self) -> Probe {
        let pads: [(&[usize], &[i64]); 6] = [
            (&[3], &[1, 2]),
            (&[2, 3], &[0, 1, 2, 0]),
            (&[2, 3, 1, 2], &[0, 1, 1, 0, 0, 2, 1, 0]),
            (&[0, 2], &[1, 0, 1, 0]),
            (&[0], &[0, 0]),
            (&[], &[]),
        ];
        let mut cases = Vec::new();
        for dtype in DType::ALL {
            for (sizes, numbers) in pads {
                cases.push((Attributes::new(numbers.iter().copied()), vec![probe::ty(dtype, sizes)]));
            }
        }
        Probe { cases, ..Probe::default() }
    }
}
