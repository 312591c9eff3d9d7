//! Axes in reverse order.

use crate::definition::rearrange;
use crate::{probe, reduction, rule};
use crisol_ir::primitive::Gradients;
use crisol_ir::{Attributes, DType, Graph, Kind, Layout, NodeId, Primitive, Probe, Result, TensorType, Value};
use ndarray::Axis;
use smallvec::smallvec;

/// The elements in reverse order along axes. No data moves: the steps along these axes are negative.
///
/// Settings: the axes, in order. Gradient: `g` in reverse order along the same axes.
#[derive(Clone, Copy, Debug)]
pub struct Flip;

/// The operation.
pub static FLIP: Flip = Flip;

/// `x` in reverse order along `axes`, negative ones counted from the end; `x` itself along none.
///
/// # Errors
/// An axis that does not exist or is named twice.
pub fn flip(graph: &mut Graph, x: NodeId, axes: &[isize]) -> Result<NodeId> {
    reduction::apply(graph, &FLIP, x, axes)
}

impl Primitive for Flip {
    fn name(&self) -> &'static str {
        "flip"
    }

    fn kind(&self) -> Kind {
        Kind::View
    }

    fn infer(&self, attributes: &Attributes, inputs: &[TensorType]) -> Result<TensorType> {
        let [x] = rule::inputs(inputs)?;
        reduction::axes(attributes, x.shape)?;
        Ok(x)
    }

    fn define(&self, attributes: &Attributes, inputs: &[Value]) -> Result<Value> {
        let [x] = rule::operands(inputs)?;
        let axes = reduction::axes(attributes, x.shape()?)?;
        rearrange(x, |mut places| {
            axes.iter().for_each(|&axis| places.invert_axis(Axis(axis)));
            Ok(places)
        })
    }

    fn gradient(&self, graph: &mut Graph, node: NodeId, gradient: NodeId) -> Result<Gradients> {
        let axes = rule::attributes(graph, node)?;
        Ok(smallvec![Some(graph.apply(&FLIP, axes, &[gradient])?)])
    }

    fn view(&self, attributes: &Attributes, input: &Layout) -> Option<Layout> {
        let mut layout = *input;
        for axis in reduction::axes(attributes, input.shape).ok()? {
            let stride = &mut layout.strides[axis];
            // An empty tensor is read nowhere: its offset stays inside the buffer.
            if input.shape.elements() > 0 {
                layout.offset = layout.offset.wrapping_add_signed(*stride * (input.shape[axis] as isize - 1));
            }
            *stride = stride.wrapping_neg();
        }
        Some(layout)
    }

    fn probe(&self) -> Probe {
        let cases: [(&[usize], &[usize]); 6] = [
            (&[0], &[7]),
            (&[1], &[3, 5]),
            (&[0, 2], &[2, 3, 4]),
            (&[0, 1], &[3, 5]),
            (&[1], &[0, 3]),
            (&[0], &[1, 2]),
        ];
        let case = |dtype| cases.map(|(axes, sizes)| (Attributes::sizes(axes), vec![probe::ty(dtype, sizes)]));
        Probe { cases: DType::ALL.into_iter().flat_map(case).collect(), ..Probe::default() }
    }
}
