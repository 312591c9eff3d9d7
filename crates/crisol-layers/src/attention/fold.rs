//! Attention over some axes of many: inputs of any rank as batches of sequences, and back.

use crisol_tensor::{Error, ErrorKind, Result, Shape, Tensor};

/// Which axes are steps and which are further batches. The first axis is the batch, the last the features.
#[derive(Debug)]
pub(crate) struct Fold {
    /// Neither batch nor steps nor features.
    rest: Vec<usize>,
    steps: Vec<usize>,
}

impl Fold {
    /// For inputs of a rank; all axes between batch and features are steps, if not told.
    pub(crate) fn new(operation: &str, rank: usize, axes: Option<&[isize]>) -> Result<Fold> {
        let wrong = |text: String| Error::new(ErrorKind::Shape, text).operation(operation.to_string());
        if rank < 3 {
            return Err(wrong(format!("expected rank 3 or more [batch, steps, features], found rank {rank}")));
        }
        let Some(axes) = axes else { return Ok(Fold { rest: Vec::new(), steps: (1..rank - 1).collect() }) };
        let mut steps = Vec::new();
        for &axis in axes {
            let place = if axis < 0 { axis + rank as isize } else { axis };
            if place < 1 || place > rank as isize - 2 || steps.contains(&(place as usize)) {
                return Err(wrong(format!(
                    "attention axes {axes:?} are not different axes between the first and the last of {rank}"
                )));
            }
            steps.push(place as usize);
        }
        Ok(Fold { rest: (1..rank - 1).filter(|axis| !steps.contains(axis)).collect(), steps })
    }

    /// Whether the input is one sequence a sample.
    pub(crate) fn is_plain(&self) -> bool {
        self.rest.is_empty() && self.steps == [1]
    }

    /// `[batch * rest, steps, features]`.
    pub(crate) fn fold(&self, x: &Tensor) -> Result<Tensor> {
        if self.is_plain() {
            return Ok(x.clone());
        }
        let shape = x.shape()?;
        let features = shape.last().copied().unwrap_or(1);
        let sizes = [shape[0] * self.count(&shape, &self.rest), self.count(&shape, &self.steps), features];
        Ok(x.permute(&self.order(shape.rank())).reshape(sizes))
    }

    /// What [`Fold::fold`] made of a tensor of a shape, with other features: back to the order of its axes.
    pub(crate) fn unfold(&self, y: &Tensor, shape: &Shape) -> Result<Tensor> {
        if self.is_plain() {
            return Ok(y.clone());
        }
        let order = self.order(shape.rank());
        let mut sizes: Vec<usize> = order.iter().map(|&axis| shape[axis]).collect();
        let features = y.dim(-1)?;
        if let Some(last) = sizes.last_mut() {
            *last = features;
        }
        let mut back = vec![0; order.len()];
        for (place, &axis) in order.iter().enumerate() {
            back[axis] = place;
        }
        Ok(y.reshape(&sizes).permute(&back))
    }

    /// `[batch * rest, heads, queries, keys]` with all axes apart.
    pub(crate) fn unfold_scores(&self, scores: &Tensor, queries: &Shape, keys: &Shape) -> Result<Tensor> {
        if self.is_plain() {
            return Ok(scores.clone());
        }
        let mut sizes = vec![queries[0]];
        sizes.extend(self.rest.iter().map(|&axis| queries[axis]));
        sizes.push(scores.dim(1)?);
        sizes.extend(self.steps.iter().map(|&axis| queries[axis]));
        sizes.extend(self.steps.iter().map(|&axis| keys[axis]));
        Ok(scores.reshape(&sizes))
    }

    /// A mask `[batch, steps of queries, steps of keys]`, with or without the rest behind the batch, as `[batch * rest, queries, keys]`.
    pub(crate) fn fold_mask(&self, mask: &Tensor, queries: &Shape, keys: &Shape) -> Result<Tensor> {
        if self.is_plain() {
            return Ok(mask.clone());
        }
        let (batch, rest) = (queries[0], self.count(queries, &self.rest));
        let (from, to) = (self.count(queries, &self.steps), self.count(keys, &self.steps));
        let shape = mask.shape()?;
        if shape.rank() == 1 + 2 * self.steps.len() {
            let spread = mask.reshape([shape[0], 1, from, to]).broadcast_to([batch, rest, from, to]);
            return Ok(spread.reshape([batch * rest, from, to]));
        }
        Ok(mask.reshape([batch * rest, from, to]))
    }

    fn count(&self, shape: &Shape, axes: &[usize]) -> usize {
        axes.iter().map(|&axis| shape[axis]).product()
    }

    fn order(&self, rank: usize) -> Vec<usize> {
        let middle = self.rest.iter().chain(&self.steps).copied();
        [0].into_iter().chain(middle).chain([rank - 1]).collect()
    }
}
