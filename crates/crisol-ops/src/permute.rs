//! Axes in another order.

use crate::definition::rearrange;
use crate::{probe, rule};
use crisol_ir::primitive::Gradients;
use crisol_ir::shape::MAX_RANK;
use crisol_ir::{
    Attributes, DType, Error, ErrorKind, Graph, Kind, Layout, NodeId, Primitive, Probe, Result, Shape, TensorType,
    Value,
};
use ndarray::IxDyn;
use smallvec::{SmallVec, smallvec};

/// The axes in another order: axis `i` of the result is axis `axes[i]` of the input. No data moves.
///
/// Settings: the axes. Gradient: `g` under the inverse order.
#[derive(Clone, Copy, Debug)]
pub struct Permute;

/// The operation.
pub static PERMUTE: Permute = Permute;

/// `x` with its axes in the order `axes`, each named once.
///
/// # Errors
/// An axis that does not exist, is missing or is named twice.
pub fn permute(graph: &mut Graph, x: NodeId, axes: &[usize]) -> Result<NodeId> {
    graph.apply(&PERMUTE, Attributes::sizes(axes), &[x])
}

/// The axes in the settings, each of `rank` once.
fn order(attributes: &Attributes, rank: usize) -> Result<SmallVec<[usize; 8]>> {
    let given = attributes.numbers();
    let mut seen = [false; MAX_RANK];
    let mut axes = SmallVec::new();
    for &number in given {
        match usize::try_from(number) {
            Ok(axis) if axis < rank && !seen[axis] => {
                seen[axis] = true;
                axes.push(axis);
            }
            _ => break,
        }
    }
    if axes.len() == rank && given.len() == rank {
        return Ok(axes);
    }
    let text = format!("axes {given:?} of a tensor of rank {rank}: expected each of its axes once");
    Err(Error::new(ErrorKind::Axis, text))
}

impl Primitive for Permute {
    fn name(&self) -> &'static str {
        "permute"
    }

    fn kind(&self) -> Kind {
        Kind::View
    }

    fn infer(&self, attributes: &Attributes, inputs: &[TensorType]) -> Result<TensorType> {
        let [x] = rule::inputs(inputs)?;
        let axes = order(attributes, x.shape.rank())?;
        let sizes: SmallVec<[usize; 8]> = axes.iter().map(|&axis| x.shape[axis]).collect();
        Ok(TensorType::new(x.dtype, Shape::new(&sizes)?))
    }

    fn define(&self, attributes: &Attributes, inputs: &[Value]) -> Result<Value> {
        let [x] = rule::operands(inputs)?;
        let axes = order(attributes, x.shape()?.rank())?;
        rearrange(x, |places| Ok(places.permuted_axes(IxDyn(&axes))))
    }

    fn gradient(&self, graph: &mut Graph, node: NodeId, gradient: NodeId) -> Result<Gradients> {
        let axes = order(&rule::attributes(graph, node)?, graph.ty(node).shape.rank())?;
        let mut inverse = axes.clone();
        for (to, &from) in axes.iter().enumerate() {
            inverse[from] = to;
        }
        Ok(smallvec![Some(permute(graph, gradient, &inverse)?)])
    }

    fn view(&self, attributes: &Attributes, input: &Layout) -> Option<Layout> {
        let axes = order(attributes, input.shape.rank()).ok()?;
        let sizes: SmallVec<[usize; 8]> = axes.iter().map(|&axis| input.shape[axis]).collect();
        let mut strides = [0; MAX_RANK];
        for (to, &from) in axes.iter().enumerate() {
            strides[to] = input.strides[from];
        }
        Some(Layout { shape: Shape::new(&sizes).ok()?, strides, offset: input.offset })
    }

    fn probe(&self) -> Probe {
        let orders: [(&[usize], &[usize]); 5] = [
            (&[1, 0], &[2, 3]),
            (&[2, 0, 1], &[2, 3, 4]),
            (&[0, 3, 1, 2], &[2, 3, 1, 2]),
            (&[], &[]),
            (&[1, 0], &[0, 3]),
        ];
        let mut cases = Vec::new();
        for dtype in DType::ALL {
            for (axes, sizes) in orders {
                cases.push((Attributes::sizes(axes), vec![probe::ty(dtype, sizes)]));
            }
        }
        Probe { cases, ..Probe::default() }
    }
}
