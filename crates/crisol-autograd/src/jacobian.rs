//! Jacobians: the gradient of every element of a target, from one backward pass over all of them.

use crate::differentiate::{nodes_of, tensors_of};
use crate::gradients::{Gradients, UnconnectedGradients};
use crate::note;
use crate::tape::GradientTape;
use crate::vectorize::vectorize;
use crisol_ir::{DType, Error, ErrorKind, Graph, NodeId, Result, Shape};
use crisol_tensor::{Source, Tensor, record_many, stretch};
use std::panic::Location;

impl GradientTape {
    /// The jacobian of `target` with respect to each source: the gradient of every element, of the target's axes followed by
    /// the source's.
    ///
    /// One backward pass is recorded, and every operation of it runs once, over a leading axis of all elements of the target:
    /// for n elements it costs n times the work and the memory of a backward pass, but neither n plans nor n times the
    /// nodes. Operations whose gradients mix images (the weight gradient of a convolution) and [custom
    /// operations](crate::CustomOp) run element by element inside of the same plan; where a function with a gradient of its
    /// own or a checkpoint lies in the backward pass itself, all of it does.
    ///
    /// ```
    /// use crisol_autograd::GradientTape;
    /// use crisol_tensor::Tensor;
    /// let x = Tensor::from_slice(&[1.0f32, 2.0], [2]);
    /// let matrix = Tensor::from_slice(&[1.0f32, 2.0, 3.0, 4.0, 5.0, 6.0], [3, 2]);
    /// let tape = GradientTape::new();
    /// let y = matrix.matmul(&x.square());
    /// let jacobian = tape.jacobian(&y, [&x])?.only()?;
    /// assert_eq!(jacobian.shape()?.sizes(), [3, 2]);
    /// assert_eq!(jacobian.to_vec::<f32>()?, [2.0, 8.0, 6.0, 16.0, 10.0, 24.0]);
    /// # Ok::<(), crisol_ir::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`GradientTape::gradient`]; a target and a source that have more axes together than a tensor may have.
    #[track_caller]
    pub fn jacobian<S: Source>(&self, target: &Tensor, sources: impl IntoIterator<Item = S>) -> Result<Gradients<S>> {
        self.jacobian_with(target, sources, UnconnectedGradients::None)
    }

    /// The jacobian of `target` with respect to each source; what stands for one that does not exist is told by `unconnected`.
    ///
    /// ```
    /// # use crisol_autograd::{GradientTape, UnconnectedGradients};
    /// # use crisol_tensor::Tensor;
    /// let (x, other) = (Tensor::ones([2]), Tensor::ones([3]));
    /// let tape = GradientTape::new();
    /// let jacobians = tape.jacobian_with(&x.exp(), [&x, &other], UnconnectedGradients::Zero)?.into_tensors()?;
    /// assert_eq!(jacobians[1].to_vec::<f32>()?, [0.0; 6]);
    /// # Ok::<(), crisol_ir::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`GradientTape::jacobian`].
    #[track_caller]
    pub fn jacobian_with<S: Source>(
        &self,
        target: &Tensor,
        sources: impl IntoIterator<Item = S>,
        unconnected: UnconnectedGradients,
    ) -> Result<Gradients<S>> {
        let location = Location::caller();
        let sources: Vec<S> = sources.into_iter().collect();
        let values: Vec<Tensor> = sources.iter().map(Source::tensor).collect();
        let ask = || -> Result<Vec<Option<Tensor>>> {
            let shape = target.shape()?;
            let elements = shape.elements();
            let seeds = seeds(target, elements, |graph, eye| {
                let sizes = [&[elements], shape.sizes()].concat();
                crisol_ops::reshape(graph, eye, Shape::new(&sizes)?)
            });
            let rows = self.stacked(target, &values, &seeds?, elements)?;
            let shaped = |(row, value): (Option<Tensor>, &Tensor)| {
                let ty = value.ty()?;
                let sizes = [shape.sizes(), ty.shape.sizes()].concat();
                finished(row, ty.dtype, Shape::new(&sizes)?, unconnected)
            };
            rows.into_iter().zip(&values).map(shaped).collect()
        };
        let tensors = ask().map_err(|error| error.operation("jacobian").at(location))?;
        self.used_once();
        Ok(Gradients::new(sources, tensors))
    }

    /// The jacobian of each row of `target` with respect to the same row of `source`: `[batch, ...]` and `[batch, ...]` give
    /// `[batch, target's other axes, source's other axes]`.
    ///
    /// A row of the target must depend on the same row of the source alone, as in a model without batch normalisation: what
    /// it owes to other rows would be added in. For m elements a row it costs m backward passes' work, whatever the batch; see
    /// [`GradientTape::jacobian`].
    ///
    /// ```
    /// use crisol_autograd::GradientTape;
    /// use crisol_tensor::Tensor;
    /// let x = Tensor::from_slice(&[1.0f32, 2.0, 3.0, 4.0], [2, 2]);
    /// let tape = GradientTape::new();
    /// let y = x.square();
    /// let jacobian = tape.batch_jacobian(&y, &x)?.only()?;
    /// assert_eq!(jacobian.shape()?.sizes(), [2, 2, 2]);
    /// assert_eq!(jacobian.to_vec::<f32>()?, [2.0, 0.0, 0.0, 4.0, 6.0, 0.0, 0.0, 8.0]);
    /// # Ok::<(), crisol_ir::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`GradientTape::jacobian`]; a target and a source whose first axes differ.
    #[track_caller]
    pub fn batch_jacobian<S: Source>(&self, target: &Tensor, source: S) -> Result<Gradients<S>> {
        self.batch_jacobian_with(target, source, UnconnectedGradients::None)
    }

    /// As [`GradientTape::batch_jacobian`]; what stands for a jacobian that does not exist is told by `unconnected`.
    ///
    /// # Errors
    /// As [`GradientTape::batch_jacobian`].
    #[track_caller]
    pub fn batch_jacobian_with<S: Source>(
        &self,
        target: &Tensor,
        source: S,
        unconnected: UnconnectedGradients,
    ) -> Result<Gradients<S>> {
        let location = Location::caller();
        let value = source.tensor();
        let ask = || -> Result<Option<Tensor>> {
            let (shape, ty) = (target.shape()?, value.ty()?);
            let (Some((&batch, row)), Some((&other, columns))) =
                (shape.sizes().split_first(), ty.shape.sizes().split_first())
            else {
                return Err(no_batch(shape, ty.shape));
            };
            if batch != other {
                return Err(no_batch(shape, ty.shape));
            }
            let elements = row.iter().product();
            let seeds = seeds(target, elements, |graph, eye| {
                let one = Shape::new(&[&[elements, 1], row].concat())?;
                let eye = crisol_ops::reshape(graph, eye, one)?;
                crisol_ops::broadcast(graph, eye, Shape::new(&[&[elements, batch], row].concat())?)
            });
            let rows = self.stacked(target, std::slice::from_ref(&value), &seeds?, elements)?;
            let sizes = Shape::new(&[&[batch], row, columns].concat())?;
            let rows = rows.into_iter().next().flatten();
            let swapped = rows.map(|rows| made(&[&rows], |graph, nodes| crisol_ops::swapaxes(graph, nodes[0], 0, 1)));
            finished(swapped.transpose()?, ty.dtype, sizes, unconnected)
        };
        let tensor = ask().map_err(|error| error.operation("batch_jacobian").at(location))?;
        self.used_once();
        Ok(Gradients::new(vec![source], vec![tensor]))
    }

    /// For each source the gradients of the target that belong to `count` seeds, along a leading axis.
    fn stacked(
        &self,
        target: &Tensor,
        sources: &[Tensor],
        seeds: &Tensor,
        count: usize,
    ) -> Result<Vec<Option<Tensor>>> {
        let shape = target.shape()?;
        let seed = |row: usize| {
            made(&[seeds], |graph, nodes| {
                let row = crisol_ops::slice_axis(graph, nodes[0], 0, row, row + 1)?;
                crisol_ops::reshape(graph, row, shape)
            })
        };
        if count == 0 {
            // There is no seed to ask with: only whether there are gradients.
            let found = self.rows(target, sources, None)?.pop().unwrap_or_default();
            let empty = |(found, source): (Option<Tensor>, &Tensor)| {
                let ty = source.ty()?;
                let none = Shape::new(&[&[0], ty.shape.sizes()].concat())?;
                Ok(found.map(|_| Tensor::full(ty.dtype, none, 0.0)))
            };
            return found.into_iter().zip(sources).map(empty).collect();
        }
        let first = seed(0)?;
        let found = self.rows(target, sources, Some(std::slice::from_ref(&first)))?.pop().unwrap_or_default();
        let all: Vec<&Tensor> = [&first, seeds].into_iter().chain(found.iter().flatten()).collect();
        let nodes = nodes_of(&all)?;
        let mut known = nodes[2..].iter().copied();
        let results: Vec<Option<NodeId>> =
            found.iter().map(|found| found.as_ref().and_then(|_| known.next())).collect();
        let mut key = vec![u32::MAX, nodes[0].0, nodes[1].0];
        key.extend(results.iter().map(|result| result.map_or(u32::MAX, |node| node.0)));
        let mut copies = Vec::new();
        let mut is_possible = true;
        let stacked = stretch(&key, |graph| {
            let Some(made) = vectorize(graph, nodes[0], nodes[1], &results)? else {
                is_possible = false;
                return Ok((Vec::new(), false));
            };
            let is_over = made.copies.is_empty();
            copies = made.copies;
            Ok((made.results, is_over))
        })?;
        if is_possible {
            for (from, to) in copies {
                note::copy(from, to);
            }
            let nodes: Vec<NodeId> = stacked.iter().flatten().copied().collect();
            let mut tensors = tensors_of(&nodes)?.into_iter();
            return Ok(stacked.iter().map(|node| node.and_then(|_| tensors.next())).collect());
        }
        let all = (0..count).map(seed).collect::<Result<Vec<Tensor>>>()?;
        let rows = self.rows(target, sources, Some(&all))?;
        let column = |number: usize| {
            let rows: Option<Vec<&Tensor>> = rows.iter().map(|row| row[number].as_ref()).collect();
            rows.map(|rows| made(&rows, |graph, nodes| crisol_ops::stack(graph, nodes, 0))).transpose()
        };
        (0..sources.len()).map(column).collect()
    }
}

/// The unit matrix of so many rows in the target's type, brought to the shape of seeds.
fn seeds(target: &Tensor, count: usize, shaped: impl FnOnce(&mut Graph, NodeId) -> Result<NodeId>) -> Result<Tensor> {
    let dtype = target.ty()?.dtype;
    if !dtype.is_float() {
        let text = format!("only floating point values have gradients, found {}", target.ty()?);
        return Err(Error::new(ErrorKind::Gradient, text).help("cast it to float32 before"));
    }
    made(&[], |graph, _| {
        let eye = crisol_ops::eye(graph, dtype, count, count, 0)?;
        shaped(graph, eye)
    })
}

/// A jacobian in its shape, or what stands for one that does not exist.
fn finished(
    rows: Option<Tensor>,
    dtype: DType,
    shape: Shape,
    unconnected: UnconnectedGradients,
) -> Result<Option<Tensor>> {
    match (rows, unconnected) {
        (Some(rows), _) => made(&[&rows], |graph, nodes| crisol_ops::reshape(graph, nodes[0], shape)).map(Some),
        (None, UnconnectedGradients::Zero) => Ok(Some(Tensor::full(dtype, shape, 0.0))),
        (None, UnconnectedGradients::None) => Ok(None),
    }
}

/// A tensor, or an error without a line: that of the question is the one to show.
fn made(inputs: &[&Tensor], build: impl FnOnce(&mut Graph, &[NodeId]) -> Result<NodeId>) -> Result<Tensor> {
    let made = record_many(inputs, |graph, nodes| Ok(vec![Some(build(graph, nodes)?)]))?;
    made.into_iter().flatten().next().ok_or_else(|| Error::new(ErrorKind::Internal, "no tensor was made"))
}

fn no_batch(target: Shape, source: Shape) -> Error {
    let text = format!("target {target} and source {source} given: expected the same batch as first axis of both");
    Error::new(ErrorKind::Shape, text).help("GradientTape::jacobian takes any shapes")
}
