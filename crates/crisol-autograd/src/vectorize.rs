//! Many seeds at once: the part of a graph that depends on one seed, computed along a leading axis of seeds.
//!
//! A backward pass is linear in its seed and was appended for one. Instead of appending it again for every row of a jacobian, each
//! operation of it is applied once to all rows: maps as they are, views and reductions with their axes moved by one, matrix
//! products as batches, what works image by image on a longer batch. An operation without such a rule runs row by row.

use crate::checkpoint::CHECKPOINT;
use crate::custom_gradient::CUSTOM_GRADIENT;
use crisol_ir::primitive::Library;
use crisol_ir::{Attributes, Error, ErrorKind, Graph, Kind, NodeId, Operation, Primitive, Result, Shape};
use crisol_ops::{CumsumAttributes, MatMulAttributes, PadAttributes, SliceAttributes, broadcast, reshape};
use smallvec::SmallVec;

/// What stands for a node of the pass for one seed.
#[derive(Clone, Copy, Debug)]
enum Place {
    /// The same for all seeds, but made after one: what a checkpoint computes again.
    Same(NodeId),
    /// One for each seed along a leading axis.
    Stacked(NodeId),
}

/// A computation for all seeds.
pub(crate) struct Vectorized {
    /// For each result, one value for each seed along a leading axis.
    pub(crate) results: Vec<Option<NodeId>>,
    /// Nodes whose notes belong to others too: the original, and the copy.
    pub(crate) copies: Vec<(NodeId, NodeId)>,
}

/// Appends `results`, which were computed from `seed`, for all of `seeds`, which lie along a leading axis. `None` if the
/// computation has something in it that only works seed by seed.
pub(crate) fn vectorize(
    graph: &mut Graph,
    seed: NodeId,
    seeds: NodeId,
    results: &[Option<NodeId>],
) -> Result<Option<Vectorized>> {
    let count = graph.ty(seeds).shape[0];
    let Some(last) = results.iter().flatten().max().copied() else {
        return Ok(Some(Vectorized { results: results.to_vec(), copies: Vec::new() }));
    };
    let mut places: Vec<Option<Place>> = vec![None; last.index().max(seed.index()) + 1];
    places[seed.index()] = Some(Place::Stacked(seeds));
    let mut copies = Vec::new();
    for id in needed(graph, results) {
        if id <= seed {
            continue;
        }
        let node = graph.node(id).clone();
        let inputs: SmallVec<[Option<Place>; 3]> = node.inputs.iter().map(|input| places[input.index()]).collect();
        let Operation::Primitive(primitive, attributes) = &node.operation else { continue };
        let is_stacked = |place: &Option<Place>| matches!(place, Some(Place::Stacked(_)));
        // A barrier has its first input's value; the second one says when.
        let decisive = if primitive.kind() == Kind::Barrier { &inputs[..1] } else { &inputs[..] };
        places[id.index()] = if decisive.iter().any(is_stacked) {
            // Their gradients are functions of the values for one seed.
            if [CUSTOM_GRADIENT.name(), CHECKPOINT.name()].contains(&primitive.name()) {
                return Ok(None);
            }
            let operands = node.inputs.iter().zip(&inputs).map(|(&input, place)| match *place {
                Some(Place::Stacked(stacked)) => Operand { node: stacked, is_stacked: true },
                Some(Place::Same(same)) => Operand { node: same, is_stacked: false },
                None => Operand { node: input, is_stacked: false },
            });
            let operands: SmallVec<[Operand; 3]> = operands.collect();
            Some(Place::Stacked(apply(graph, *primitive, attributes, &operands, count)?))
        } else if inputs.iter().any(Option::is_some) {
            let copy = graph.copy(&node, |input| match places[input.index()] {
                Some(Place::Same(place) | Place::Stacked(place)) => place,
                None => input,
            });
            copies.push((id, copy));
            Some(Place::Same(copy))
        } else {
            None
        };
    }
    let mut found = Vec::with_capacity(results.len());
    for result in results {
        found.push(match result.map(|id| (id, places[id.index()])) {
            None => None,
            Some((_, Some(Place::Stacked(node)))) => Some(node),
            Some((id, place)) => {
                let node = if let Some(Place::Same(copy)) = place { copy } else { id };
                Some(Operand { node, is_stacked: false }.stacked(graph, count)?)
            }
        });
    }
    Ok(Some(Vectorized { results: found, copies }))
}

/// What the results are computed from and the results themselves, in order.
fn needed(graph: &Graph, results: &[Option<NodeId>]) -> Vec<NodeId> {
    let mut seen = vec![false; graph.len()];
    let mut stack: Vec<NodeId> = results.iter().flatten().copied().collect();
    while let Some(id) = stack.pop() {
        if !std::mem::replace(&mut seen[id.index()], true) {
            stack.extend(graph.node(id).inputs.iter().copied());
        }
    }
    graph.ids().filter(|id| seen[id.index()]).collect()
}

/// An input of an operation, with a leading axis of seeds or without.
#[derive(Clone, Copy, Debug)]
struct Operand {
    node: NodeId,
    is_stacked: bool,
}

impl Operand {
    /// The shape for one seed.
    fn shape(self, graph: &Graph) -> Result<Shape> {
        let shape = graph.ty(self.node).shape;
        if self.is_stacked { Shape::new(&shape[1..]) } else { Ok(shape) }
    }

    /// The value for each seed, along a leading axis.
    fn stacked(self, graph: &mut Graph, count: usize) -> Result<NodeId> {
        let shape = behind(count, &graph.ty(self.node).shape)?;
        if self.is_stacked { Ok(self.node) } else { broadcast(graph, self.node, shape) }
    }

    /// The value for each seed, repeated to `shape` by NumPy's rule.
    fn spread(self, graph: &mut Graph, shape: &[usize], count: usize) -> Result<NodeId> {
        let mut node = self.node;
        if self.is_stacked {
            let own = self.shape(graph)?;
            let mut sizes: SmallVec<[usize; 8]> = SmallVec::from_elem(1, shape.len() - own.rank());
            sizes.extend_from_slice(&own);
            let aligned = behind(count, &sizes)?;
            node = reshape(graph, node, aligned)?;
        }
        broadcast(graph, node, behind(count, shape)?)
    }

    /// The values for all seeds one after the other along the first axis.
    fn in_one_batch(self, graph: &mut Graph, count: usize) -> Result<NodeId> {
        let stacked = self.stacked(graph, count)?;
        let shape = graph.ty(stacked).shape;
        let mut sizes: SmallVec<[usize; 8]> = shape[1..].into();
        sizes[0] *= count;
        reshape(graph, stacked, Shape::new(&sizes)?)
    }

    /// The value for one seed.
    fn row(self, graph: &mut Graph, row: usize) -> Result<NodeId> {
        if !self.is_stacked {
            return Ok(self.node);
        }
        let shape = self.shape(graph)?;
        let row = crisol_ops::slice_axis(graph, self.node, 0, row, row + 1)?;
        reshape(graph, row, shape)
    }
}

/// A shape behind a leading axis of seeds.
fn behind(count: usize, sizes: &[usize]) -> Result<Shape> {
    let mut all: SmallVec<[usize; 9]> = SmallVec::new();
    all.push(count);
    all.extend_from_slice(sizes);
    Shape::new(&all)
}

/// Applies an operation for each seed; at least one operand is stacked.
fn apply(
    graph: &mut Graph,
    primitive: &'static dyn Primitive,
    attributes: &Attributes,
    operands: &[Operand],
    count: usize,
) -> Result<NodeId> {
    match primitive.kind() {
        // Maps on integers alone may ask for the place of an element.
        Kind::Map if operands.iter().any(|operand| graph.ty(operand.node).dtype.is_float()) => {
            let inputs: Result<SmallVec<[NodeId; 3]>> =
                operands.iter().map(|operand| operand.stacked(graph, count)).collect();
            graph.apply(primitive, attributes.clone(), &inputs?)
        }
        Kind::Reduce(_) => graph.apply(primitive, moved(attributes), &[operands[0].node]),
        Kind::Barrier => {
            let inputs: SmallVec<[NodeId; 3]> = operands.iter().map(|operand| operand.node).collect();
            graph.apply(primitive, attributes.clone(), &inputs)
        }
        Kind::View => view(graph, primitive, attributes, operands, count),
        Kind::Library(library) => match library {
            Library::MatMul => products(graph, attributes, operands, count),
            Library::Pad => {
                let PadAttributes { mut low, mut high } = PadAttributes::decode(attributes)?;
                low.insert(0, 0);
                high.insert(0, 0);
                graph.apply(primitive, PadAttributes { low, high }.encode(), &[operands[0].node])
            }
            Library::Cumsum => {
                let mut how = CumsumAttributes::decode(attributes, operands[0].shape(graph)?)?;
                how.axis += 1;
                graph.apply(primitive, how.encode(), &[operands[0].node])
            }
            Library::Concatenate => {
                let parts: Result<Vec<NodeId>> = operands.iter().map(|operand| operand.stacked(graph, count)).collect();
                // The axis and the number of parts.
                let settings = attributes.numbers().iter().enumerate();
                let moved = Attributes::new(settings.map(|(place, number)| number + i64::from(place == 0)));
                graph.apply(primitive, moved, &parts?)
            }
            Library::Conv2d | Library::Conv2dInputGradient if !operands[1].is_stacked => {
                let images = operands[0].in_one_batch(graph, count)?;
                let result = graph.apply(primitive, attributes.clone(), &[images, operands[1].node])?;
                out_of_batch(graph, result, count)
            }
            Library::SumPool2d
            | Library::SumPool2dGradient
            | Library::MaxPool2d
            | Library::MaxPool2dGradient
            | Library::MaxPool2dGather => {
                let inputs: Result<SmallVec<[NodeId; 3]>> =
                    operands.iter().map(|operand| operand.in_one_batch(graph, count)).collect();
                let result = graph.apply(primitive, attributes.clone(), &inputs?)?;
                out_of_batch(graph, result, count)
            }
            Library::Gather => {
                let [x, indices] = operands else { return row_by_row(graph, primitive, attributes, operands, count) };
                let indices = chosen(graph, *indices, x.shape(graph)?[0], count)?;
                let x = x.in_one_batch(graph, count)?;
                let result = graph.apply(primitive, attributes.clone(), &[x, indices])?;
                out_of_batch(graph, result, count)
            }
            Library::ScatterAdd => {
                let [indices, updates] = operands else {
                    return row_by_row(graph, primitive, attributes, operands, count);
                };
                let indices = chosen(graph, *indices, updates.shape(graph)?[0], count)?;
                let updates = updates.in_one_batch(graph, count)?;
                let result = graph.apply(primitive, attributes.clone(), &[indices, updates])?;
                out_of_batch(graph, result, count)
            }
            _ => row_by_row(graph, primitive, attributes, operands, count),
        },
        Kind::Map => row_by_row(graph, primitive, attributes, operands, count),
    }
}

/// Axes as settings, behind the axis of seeds.
fn moved(attributes: &Attributes) -> Attributes {
    Attributes::new(attributes.numbers().iter().map(|axis| axis + 1))
}

fn view(
    graph: &mut Graph,
    primitive: &'static dyn Primitive,
    attributes: &Attributes,
    operands: &[Operand],
    count: usize,
) -> Result<NodeId> {
    let x = operands[0];
    let name = primitive.name();
    if name == crisol_ops::RESHAPE.name() {
        let shape = behind(count, &attributes.to_sizes())?;
        reshape(graph, x.node, shape)
    } else if name == crisol_ops::BROADCAST.name() {
        x.spread(graph, &attributes.to_sizes(), count)
    } else if name == crisol_ops::PERMUTE.name() {
        let axes = moved(attributes).to_sizes();
        let axes: SmallVec<[usize; 8]> = std::iter::once(0).chain(axes).collect();
        graph.apply(primitive, Attributes::sizes(&axes), &[x.node])
    } else if name == crisol_ops::SLICE.name() {
        let SliceAttributes { mut start, mut size, mut step } = SliceAttributes::decode(attributes)?;
        start.insert(0, 0);
        size.insert(0, count);
        step.insert(0, 1);
        graph.apply(primitive, SliceAttributes { start, size, step }.encode(), &[x.node])
    } else if name == crisol_ops::FLIP.name() {
        graph.apply(primitive, moved(attributes), &[x.node])
    } else if name == crisol_ops::STOP_GRADIENT.name() {
        graph.apply(primitive, attributes.clone(), &[x.node])
    } else {
        row_by_row(graph, primitive, attributes, operands, count)
    }
}

/// Matrix products with the axis of seeds in front of the leading ones; a matrix that all share stays one.
fn products(graph: &mut Graph, attributes: &Attributes, operands: &[Operand], count: usize) -> Result<NodeId> {
    let [lhs, rhs] = operands else { return Err(Error::new(ErrorKind::Internal, "a product of two operands")) };
    let flags = MatMulAttributes::decode(attributes)?;
    let (left, right) = (lhs.shape(graph)?, rhs.shape(graph)?);
    let longer = if left.rank() > right.rank() { left } else { right };
    let leading = &longer[..longer.rank() - 2];
    let mut aligned = |operand: &Operand, own: Shape| {
        if !operand.is_stacked && own.rank() == 2 {
            return Ok(operand.node);
        }
        let sizes: SmallVec<[usize; 8]> = leading.iter().chain(&own[own.rank() - 2..]).copied().collect();
        operand.spread(graph, &sizes, count)
    };
    let (lhs, rhs) = (aligned(lhs, left)?, aligned(rhs, right)?);
    crisol_ops::matmul_transposed(graph, lhs, rhs, flags.transpose_lhs, flags.transpose_rhs)
}

/// Indices for the choices of all seeds in one batch of `count` times `outer`.
fn chosen(graph: &mut Graph, indices: Operand, outer: usize, count: usize) -> Result<NodeId> {
    let shape = indices.shape(graph)?;
    if shape[0] == 1 && !indices.is_stacked {
        return Ok(indices.node);
    }
    let node = indices.spread(graph, &[outer, shape[1], shape[2]], count)?;
    Operand { node, is_stacked: true }.in_one_batch(graph, count)
}

/// One batch as one value for each seed.
fn out_of_batch(graph: &mut Graph, x: NodeId, count: usize) -> Result<NodeId> {
    let mut sizes: SmallVec<[usize; 8]> = graph.ty(x).shape.sizes().into();
    sizes[0] /= count;
    reshape(graph, x, behind(count, &sizes)?)
}

/// Applies an operation once for each seed.
fn row_by_row(
    graph: &mut Graph,
    primitive: &'static dyn Primitive,
    attributes: &Attributes,
    operands: &[Operand],
    count: usize,
) -> Result<NodeId> {
    let mut rows = Vec::with_capacity(count);
    for row in 0..count {
        let inputs: Result<SmallVec<[NodeId; 3]>> = operands.iter().map(|operand| operand.row(graph, row)).collect();
        rows.push(graph.apply(primitive, attributes.clone(), &inputs?)?);
    }
    crisol_ops::stack(graph, &rows, 0)
}
