//! `Dot`: products of two inputs.

use crate::layer::Layer;
use crate::scope::Scope;
use crisol_tensor::{Error, ErrorKind, Result, Tensor};
use serde::{Deserialize, Serialize};

/// The products of two inputs, sample by sample, summed over one axis of each: `[batch, n]` and `[batch, n]` give `[batch, 1]`. If normalized,
/// the vectors along the axes have length 1 first, so that the result is the cosine of their angle.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Dot {
    axes: [isize; 2],
    normalize: bool,
}

impl Dot {
    /// A layer that sums over an axis of each input: one number for both, or two.
    pub fn new(axes: impl Into<DotAxes>) -> Dot {
        Dot { axes: axes.into().0, normalize: false }
    }

    /// Whether vectors have length 1 first; by default they do not.
    #[must_use]
    pub fn normalize(mut self, normalize: bool) -> Dot {
        self.normalize = normalize;
        self
    }
}

impl Layer for Dot {
    fn call(&self, cx: &mut Scope, x: &Tensor) -> Result<Tensor> {
        self.call_many(cx, std::slice::from_ref(x))
    }

    fn call_many(&self, _cx: &mut Scope, inputs: &[Tensor]) -> Result<Tensor> {
        let [a, b] = inputs else {
            let text = format!("expected two inputs, found {}", inputs.len());
            return Err(Error::new(ErrorKind::Value, text).operation("dot"));
        };
        let axes = [a.shape()?.axis(self.axes[0])?, b.shape()?.axis(self.axes[1])?];
        if axes.contains(&0) {
            return Err(Error::new(ErrorKind::Axis, "the batch, axis 0, cannot be summed over").operation("dot"));
        }
        let unit = |x: &Tensor, axis: usize| x * x.square().sum_keep(axis as isize).maximum(1e-12).rsqrt();
        let (a, b) = if self.normalize { (unit(a, axes[0]), unit(b, axes[1])) } else { (a.clone(), b.clone()) };
        // One letter for the batch, one for the axis that vanishes, others for the rest.
        let mut letters = 'c'..='z';
        let spell = |rank: usize, sum: usize, letters: &mut std::ops::RangeInclusive<char>| -> String {
            (0..rank)
                .map(|at| {
                    if at == 0 {
                        'a'
                    } else if at == sum {
                        'b'
                    } else {
                        letters.next().unwrap_or('z')
                    }
                })
                .collect()
        };
        let left = spell(a.rank()?, axes[0], &mut letters);
        let right = spell(b.rank()?, axes[1], &mut letters);
        let result: String = left.chars().chain(right.chars().skip(1)).filter(|letter| *letter != 'b').collect();
        let y = Tensor::einsum(&format!("{left},{right}->{result}"), &[&a, &b]);
        Ok(if result.len() == 1 { y.expand_dims(-1) } else { y })
    }

    fn config(&self) -> Result<serde_json::Value> {
        crate::config::of(self)
    }
}

/// The axes of a [`Dot`]: one for both inputs, or one for each.
#[derive(Clone, Copy, Debug)]
pub struct DotAxes([isize; 2]);

impl From<isize> for DotAxes {
    fn from(axis: isize) -> DotAxes {
        DotAxes([axis, axis])
    }
}

impl From<(isize, isize)> for DotAxes {
    fn from((first, second): (isize, isize)) -> DotAxes {
        DotAxes([first, second])
    }
}
