//! The same elements under another shape.

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

/// The elements in row-major order under a shape with as many elements.
///
/// Settings: the sizes of the new shape. Gradient: `g` under the old shape.
#[derive(Clone, Copy, Debug)]
pub struct Reshape;

/// The operation.
pub static RESHAPE: Reshape = Reshape;

/// `x` under `shape`; `x` itself if it has that shape.
///
/// # Errors
/// The shapes have different numbers of elements.
pub fn reshape(graph: &mut Graph, x: NodeId, shape: Shape) -> Result<NodeId> {
    if graph.ty(x).shape == shape {
        return Ok(x);
    }
    graph.apply(&RESHAPE, Attributes::sizes(&shape), &[x])
}

impl Primitive for Reshape {
    fn name(&self) -> &'static str {
        "reshape"
    }

    fn kind(&self) -> Kind {
        Kind::View
    }

    fn infer(&self, attributes: &Attributes, inputs: &[TensorType]) -> Result<TensorType> {
        let [x] = rule::inputs(inputs)?;
        let shape = rule::shape(attributes.numbers())?;
        let (given, wanted) = (x.shape.elements(), shape.elements());
        if given != wanted {
            return Err(Error::new(
                ErrorKind::Shape,
                format!("{} has {given} elements, {shape} has {wanted}: expected as many", x.shape),
            ));
        }
        Ok(TensorType::new(x.dtype, shape))
    }

    fn define(&self, attributes: &Attributes, inputs: &[Value]) -> Result<Value> {
        let [x] = rule::operands(inputs)?;
        let shape = rule::shape(attributes.numbers())?;
        let wrong = |error| Error::new(ErrorKind::Shape, format!("{error}"));
        rearrange(x, |places| places.into_shape_with_order(IxDyn(&shape)).map_err(wrong))
    }

    fn gradient(&self, graph: &mut Graph, node: NodeId, gradient: NodeId) -> Result<Gradients> {
        let shape = graph.ty(graph.node(node).inputs[0]).shape;
        Ok(smallvec![Some(reshape(graph, gradient, shape)?)])
    }

    fn view(&self, attributes: &Attributes, input: &Layout) -> Option<Layout> {
        let shape = rule::shape(attributes.numbers()).ok()?;
        if input.is_contiguous() {
            return Some(Layout { shape, strides: shape.strides(), offset: input.offset });
        }
        Some(Layout { shape, strides: split_and_merge(input, &shape)?, offset: input.offset })
    }

    fn probe(&self) -> Probe {
        let pairs: [(&[usize], &[usize]); 7] = [
            (&[2, 6], &[3, 4]),
            (&[2, 3, 4], &[6, 4]),
            (&[12], &[2, 1, 6]),
            (&[], &[1, 1]),
            (&[1], &[]),
            (&[0, 3], &[5, 0]),
            (&[2, 3], &[2, 3]),
        ];
        let mut cases = Vec::new();
        for dtype in DType::ALL {
            for (from, to) in pairs {
                cases.push((Attributes::sizes(to), vec![probe::ty(dtype, from)]));
            }
        }
        Probe { cases, ..Probe::default() }
    }
}

/// Strides under `shape` for elements that do not lie in row-major order, if there are any: the axes on both sides are
/// cut into the smallest groups with equal products, and in a group the old axes must follow one another evenly.
fn split_and_merge(input: &Layout, shape: &Shape) -> Option<[isize; MAX_RANK]> {
    let old: SmallVec<[(usize, isize); MAX_RANK]> = (0..input.shape.rank())
        .filter(|&axis| input.shape[axis] != 1)
        .map(|axis| (input.shape[axis], input.strides[axis]))
        .collect();
    let mut strides = [0; MAX_RANK];
    let (mut old_end, mut new_end) = (0, 0);
    while old_end < old.len() {
        let (old_start, new_start) = (old_end, new_end);
        let (mut old_size, mut new_size) = (old[old_end].0, *shape.get(new_end)?);
        old_end += 1;
        new_end += 1;
        while old_size != new_size {
            if old_size < new_size {
                old_size *= old.get(old_end)?.0;
                old_end += 1;
            } else {
                new_size *= *shape.get(new_end)?;
                new_end += 1;
            }
        }
        let even = old[old_start..old_end].windows(2).all(|pair| pair[0].1 == pair[1].1 * pair[1].0 as isize);
        if !even {
            return None;
        }
        let mut step = old[old_end - 1].1;
        for axis in (new_start..new_end).rev() {
            strides[axis] = step;
            step *= shape[axis] as isize;
        }
    }
    Some(strides)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(sizes: &[usize], strides: &[isize], to: &[usize]) -> Option<Vec<isize>> {
        let mut layout = Layout::contiguous(Shape::new(sizes).unwrap());
        layout.strides[..strides.len()].copy_from_slice(strides);
        let view = RESHAPE.view(&Attributes::sizes(to), &layout)?;
        Some(view.strides[..to.len()].to_vec())
    }

    #[test]
    fn strides_survive_a_reshape_where_axes_only_split_or_stay() {
        // The transpose of a [3, 8] array: its first axis can be split, but not merged with the second.
        assert_eq!(view(&[8, 3], &[1, 8], &[2, 4, 3]), Some(vec![4, 1, 8]));
        assert_eq!(view(&[8, 3], &[1, 8], &[24]), None);
        assert_eq!(view(&[8, 3], &[1, 8], &[4, 6]), None);
        // A scalar repeated, and rows repeated.
        assert_eq!(view(&[4, 6], &[0, 0], &[24]), Some(vec![0]));
        assert_eq!(view(&[4, 6], &[0, 1], &[24]), None);
        assert_eq!(view(&[4, 6], &[0, 1], &[2, 2, 1, 6]), Some(vec![0, 0, 6, 1]));
    }
}
