//! A part of a tensor: a range with a step along each axis.

use crate::definition::rearrange;
use crate::{pad, probe, reshape, rule};
use crisol_ir::primitive::Gradients;
use crisol_ir::{
    Attributes, DType, Error, ErrorKind, Graph, Kind, Layout, NodeId, Primitive, Probe, Result, Shape, TensorType,
    Value,
};
use ndarray::{Axis, Slice as Range};
use smallvec::{SmallVec, smallvec};

/// Along each axis, `size` elements from `start` on, `step` apart. No data moves.
///
/// Settings: [`SliceAttributes`]. Gradient: `g` at the places it came from among zeros: with a step of 1 a
/// [`pad`](crate::pad()), else a pad that first spreads the elements.
#[derive(Clone, Copy, Debug)]
pub struct Slice;

/// The operation.
pub static SLICE: Slice = Slice;

/// The settings of [`Slice`], as long as the tensor has axes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SliceAttributes {
    /// The first element taken along each axis.
    pub start: SmallVec<[usize; 8]>,
    /// How many are taken.
    pub size: SmallVec<[usize; 8]>,
    /// The distance between them, at least 1.
    pub step: SmallVec<[usize; 8]>,
}

impl SliceAttributes {
    /// The settings as numbers: all starts, all sizes, all steps.
    pub fn encode(&self) -> Attributes {
        let numbers = self.start.iter().chain(&self.size).chain(&self.step);
        Attributes::new(numbers.map(|&number| number as i64))
    }

    /// The settings from numbers.
    ///
    /// # Errors
    /// Three numbers an axis are not given, or one is out of range.
    pub fn decode(attributes: &Attributes) -> Result<SliceAttributes> {
        let numbers = attributes.numbers();
        if !numbers.len().is_multiple_of(3) {
            let text = format!("expected 3 settings an axis, given {}", numbers.len());
            return Err(Error::new(ErrorKind::Value, text));
        }
        let rank = numbers.len() / 3;
        let part = |from: usize, check: fn(&str, i64) -> Result<usize>, what: &str| -> Result<_> {
            numbers[from..from + rank].iter().map(|&number| check(what, number)).collect()
        };
        Ok(SliceAttributes {
            start: part(0, rule::size, "start")?,
            size: part(rank, rule::size, "size")?,
            step: part(2 * rank, rule::positive, "step")?,
        })
    }
}

/// Along each axis, `size` elements of `x` from `start` on, `step` apart.
///
/// # Errors
/// Lists that are not as long as `x` has axes, a step of 0, or elements past the end of an axis.
pub fn slice(graph: &mut Graph, x: NodeId, start: &[usize], size: &[usize], step: &[usize]) -> Result<NodeId> {
    let rank = graph.ty(x).shape.rank();
    for (what, list) in [("starts", start), ("sizes", size), ("steps", step)] {
        if list.len() != rank {
            let text = format!("{} {what} given for {}: expected {rank}", list.len(), graph.ty(x).shape);
            return Err(Error::new(ErrorKind::Axis, text).operation("slice"));
        }
    }
    let attributes = SliceAttributes { start: start.into(), size: size.into(), step: step.into() };
    graph.apply(&SLICE, attributes.encode(), &[x])
}

impl Primitive for Slice {
    fn name(&self) -> &'static str {
        "slice"
    }

    fn kind(&self) -> Kind {
        Kind::View
    }

    fn infer(&self, attributes: &Attributes, inputs: &[TensorType]) -> Result<TensorType> {
        let [x] = rule::inputs(inputs)?;
        let part = SliceAttributes::decode(attributes)?;
        if part.start.len() != x.shape.rank() {
            let text = format!("settings for {} axes given for {}", part.start.len(), x.shape);
            return Err(Error::new(ErrorKind::Axis, text));
        }
        for axis in 0..x.shape.rank() {
            let (start, size, step) = (part.start[axis], part.size[axis], part.step[axis]);
            // In 128 bits no product or sum of settings overflows.
            let end = start as u128 + (size as u128).saturating_sub(1) * step as u128 + u128::from(size > 0);
            if end > x.shape[axis] as u128 {
                return Err(Error::new(
                    ErrorKind::Value,
                    format!(
                        "{size} elements from {start} in steps of {step} end at {end}, past the end of {} axis {axis} = {}",
                        x.shape, x.shape[axis]
                    ),
                ));
            }
        }
        Ok(TensorType::new(x.dtype, Shape::new(&part.size)?))
    }

    fn define(&self, attributes: &Attributes, inputs: &[Value]) -> Result<Value> {
        let [x] = rule::operands(inputs)?;
        let part = SliceAttributes::decode(attributes)?;
        rearrange(x, |mut places| {
            for axis in 0..part.start.len() {
                let (start, size, step) = (part.start[axis], part.size[axis], part.step[axis]);
                let end = if size == 0 { start } else { start + (size - 1) * step + 1 };
                places.slice_axis_inplace(Axis(axis), Range::new(start as isize, Some(end as isize), step as isize));
            }
            Ok(places)
        })
    }

    fn gradient(&self, graph: &mut Graph, node: NodeId, gradient: NodeId) -> Result<Gradients> {
        let part = SliceAttributes::decode(&rule::attributes(graph, node)?)?;
        let whole = graph.ty(graph.node(node).inputs[0]).shape;
        let mut spread = gradient;
        for (axis, &step) in part.step.iter().enumerate() {
            if step > 1 && part.size[axis] > 1 {
                spread = spread_axis(graph, spread, axis, step)?;
            }
        }
        let taken = graph.ty(spread).shape;
        let high: SmallVec<[usize; 8]> =
            (0..whole.rank()).map(|axis| whole[axis] - part.start[axis] - taken[axis]).collect();
        Ok(smallvec![Some(pad(graph, spread, &part.start, &high)?)])
    }

    fn view(&self, attributes: &Attributes, input: &Layout) -> Option<Layout> {
        let part = SliceAttributes::decode(attributes).ok()?;
        let shape = Shape::new(&part.size).ok()?;
        let mut layout = Layout { shape, ..*input };
        for (axis, stride) in layout.strides[..shape.rank()].iter_mut().enumerate() {
            // An empty part is read nowhere: its offset stays inside the buffer.
            if shape.elements() > 0 {
                layout.offset = layout.offset.wrapping_add_signed(*stride * part.start[axis] as isize);
            }
            *stride = stride.wrapping_mul(part.step[axis] as isize);
        }
        Some(layout)
    }

    fn probe(&self) -> Probe {
        let case = |dtype, sizes: &[usize], numbers: &[i64]| {
            (Attributes::new(numbers.iter().copied()), vec![probe::ty(dtype, sizes)])
        };
        let mut cases = Vec::new();
        for dtype in DType::ALL {
            cases.push(case(dtype, &[5, 4], &[1, 0, 3, 4, 1, 1]));
            cases.push(case(dtype, &[5, 4], &[0, 1, 3, 1, 2, 7]));
            cases.push(case(dtype, &[2, 7, 3], &[1, 1, 0, 1, 2, 2, 1, 3, 2]));
            cases.push(case(dtype, &[5], &[5, 0, 1]));
            cases.push(case(dtype, &[0, 2], &[0, 1, 0, 1, 1, 1]));
            cases.push(case(dtype, &[], &[]));
        }
        Probe { cases, ..Probe::default() }
    }
}

/// `x` with `step - 1` zeros between neighbours along `axis`.
fn spread_axis(graph: &mut Graph, x: NodeId, axis: usize, step: usize) -> Result<NodeId> {
    let shape = graph.ty(x).shape;
    let before = shape[..axis].iter().product();
    let after = shape[axis + 1..].iter().product();
    let size = shape[axis];
    // A zero column after every element, then all of it in one row, then off with the zeros after the last element.
    let column = reshape(graph, x, Shape::new(&[before, size, 1, after])?)?;
    let wide = pad(graph, column, &[0; 4], &[0, 0, step - 1, 0])?;
    let row = reshape(graph, wide, Shape::new(&[before, size * step, after])?)?;
    let length = (size - 1) * step + 1;
    let cut = slice(graph, row, &[0; 3], &[before, length, after], &[1; 3])?;
    let mut sizes: SmallVec<[usize; 8]> = shape.sizes().into();
    sizes[axis] = length;
    reshape(graph, cut, Shape::new(&sizes)?)
}
