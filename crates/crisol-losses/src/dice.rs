//! Dice loss.

use crate::loss::Loss;
use crisol_ir::Result;
use crisol_params::Config;
use crisol_tensor::{Tensor, distances};
use serde::{Deserialize, Serialize};

/// `1 - 2 sum(y p) / (sum(y) + sum(p) + 1e-7)`, as `keras.losses.Dice`: one number for the whole batch, or one for what stays beside the given axes.
///
/// ```
/// use crisol_losses::{Dice, Loss};
/// use crisol_tensor::Tensor;
/// let y = Tensor::from_slice(&[1.0f32, 1.0, 0.0, 0.0], [4, 1]);
/// let p = Tensor::from_slice(&[1.0f32, 0.0, 0.0, 0.0], [4, 1]);
/// assert!((Dice::new().call(&y, &p, None)?.item()? - 1.0 / 3.0).abs() < 1e-6);
/// # Ok::<(), crisol_ir::Error>(())
/// ```
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Dice {
    axis: Option<Vec<isize>>,
}

impl Dice {
    /// The loss over all axes: the overlap of the whole batch.
    pub fn new() -> Dice {
        Dice::default()
    }

    /// The axes that belong to one overlap: `[1, 2, 3]` gives one loss an image.
    #[must_use]
    pub fn axis(mut self, axis: impl Into<Vec<isize>>) -> Dice {
        self.axis = Some(axis.into());
        self
    }
}

impl Loss for Dice {
    fn name(&self) -> &str {
        "dice"
    }

    fn values(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
        let sum = |x: &Tensor| sum_over(x, self.axis.as_deref());
        let overlap = sum(&(y_true * y_pred)) * 2.0;
        Ok(1.0 - overlap / (sum(y_true) + sum(y_pred) + distances::EPSILON))
    }

    fn config(&self) -> Option<Config> {
        Config::of("dice", self)
    }
}

/// The sum over the axes, or over all.
pub(crate) fn sum_over(x: &Tensor, axes: Option<&[isize]>) -> Tensor {
    match axes {
        Some(axes) => x.sum(axes),
        None => x.sum_all(),
    }
}
