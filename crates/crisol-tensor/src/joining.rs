//! Tensors joined, cut, turned and repeated along an axis.

use crate::recorder::{fail, record, record_many};
use crate::tensor::Tensor;
use crisol_ir::{Error, ErrorKind, Graph, NodeId, Result};
use std::panic::Location;

impl Tensor {
    /// Tensors one after the other along an axis: one pass of copies.
    ///
    /// ```
    /// # use crisol_tensor::Tensor;
    /// let (x, y) = (Tensor::zeros([2, 1]), Tensor::ones([2, 2]));
    /// assert_eq!(Tensor::concatenate(&[&x, &y], -1).to_vec::<f32>()?, [0.0, 1.0, 1.0, 0.0, 1.0, 1.0]);
    /// # Ok::<(), crisol_tensor::Error>(())
    /// ```
    #[track_caller]
    pub fn concatenate(parts: &[&Tensor], axis: isize) -> Tensor {
        record(parts, |graph, x| crisol_ops::concatenate(graph, x, axis))
    }

    /// Tensors of one shape along a new axis.
    #[track_caller]
    pub fn stack(parts: &[&Tensor], axis: isize) -> Tensor {
        record(parts, |graph, x| crisol_ops::stack(graph, x, axis))
    }

    /// As many equal parts along an axis. If it does not divide, every part carries the error.
    ///
    /// ```
    /// # use crisol_tensor::Tensor;
    /// let halves = Tensor::from_slice(&[1.0f32, 2.0, 3.0, 4.0], [4]).split(2, 0);
    /// assert_eq!(halves[1].to_vec::<f32>()?, [3.0, 4.0]);
    /// # Ok::<(), crisol_tensor::Error>(())
    /// ```
    #[track_caller]
    pub fn split(&self, parts: usize, axis: isize) -> Vec<Tensor> {
        self.parts(parts, |graph, x| crisol_ops::split(graph, x, parts, axis))
    }

    /// The parts between cuts along an axis, one more than there are cuts: `..cuts[0]`, `cuts[0]..cuts[1]`, ...
    #[track_caller]
    pub fn split_at(&self, cuts: &[usize], axis: isize) -> Vec<Tensor> {
        self.parts(cuts.len() + 1, |graph, x| crisol_ops::split_at(graph, x, cuts, axis))
    }

    /// The parts along an axis, which vanishes.
    ///
    /// # Errors
    /// The axis does not exist, or the tensor carries an error.
    #[track_caller]
    pub fn unstack(&self, axis: isize) -> Result<Vec<Tensor>> {
        let count = self.dim(axis).map_err(|error| error.operation("unstack").at(Location::caller()))?;
        Ok(self.parts(count, |graph, x| crisol_ops::unstack(graph, x, axis)))
    }

    /// The elements turned along an axis: element `i` goes to `i + shift`, and what leaves one end comes in at the
    /// other.
    #[track_caller]
    #[must_use]
    pub fn roll(&self, shift: isize, axis: isize) -> Tensor {
        record(&[self], |graph, x| crisol_ops::roll(graph, x[0], shift, axis))
    }

    /// Each element `repeats` times after itself along an axis.
    ///
    /// ```
    /// # use crisol_tensor::Tensor;
    /// let x = Tensor::from_slice(&[1.0f32, 2.0], [2]);
    /// assert_eq!(x.repeat(2, 0).to_vec::<f32>()?, [1.0, 1.0, 2.0, 2.0]);
    /// assert_eq!(x.tile(&[2]).to_vec::<f32>()?, [1.0, 2.0, 1.0, 2.0]);
    /// # Ok::<(), crisol_tensor::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn repeat(&self, repeats: usize, axis: isize) -> Tensor {
        record(&[self], |graph, x| crisol_ops::repeat(graph, x[0], repeats, axis))
    }

    /// The whole beside itself, `repeats[axis]` times along each axis; a shorter list is for the last axes, a longer
    /// one adds axes.
    #[track_caller]
    #[must_use]
    pub fn tile(&self, repeats: &[usize]) -> Tensor {
        record(&[self], |graph, x| crisol_ops::tile(graph, x[0], repeats))
    }

    /// What `build` makes of this tensor, which are `count` parts.
    #[track_caller]
    fn parts(&self, count: usize, build: impl FnOnce(&mut Graph, NodeId) -> Result<Vec<NodeId>>) -> Vec<Tensor> {
        let location = Location::caller();
        let made = record_many(&[self], |graph, x| Ok(build(graph, x[0])?.into_iter().map(Some).collect()));
        let parts = made.and_then(|parts| {
            let parts: Option<Vec<Tensor>> = parts.into_iter().collect();
            parts.ok_or_else(|| Error::new(ErrorKind::Internal, "an operation made no node"))
        });
        parts.unwrap_or_else(|error| vec![fail(error, location); count])
    }
}
