//! `orthogonal_regularizer`: rows or columns at right angles cost nothing.

use super::Regularizer;
use crate::named::Config;
use crisol_tensor::{Error, ErrorKind, Result, Tensor};
use serde::{Deserialize, Serialize};

/// `factor` times the mean over all pairs of the size of the product of two rows (or columns), each scaled to length 1; by default the
/// factor is 0.01 and rows are meant.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct OrthogonalRegularizer {
    /// What a right angle missed by all costs.
    pub factor: f64,
    /// What should be at right angles.
    pub mode: OrthogonalMode,
}

/// What [`OrthogonalRegularizer`] wants at right angles.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrthogonalMode {
    /// The rows of a matrix.
    #[default]
    Rows,
    /// Its columns.
    Columns,
}

impl Default for OrthogonalRegularizer {
    fn default() -> OrthogonalRegularizer {
        OrthogonalRegularizer { factor: 0.01, mode: OrthogonalMode::Rows }
    }
}

impl Regularizer for OrthogonalRegularizer {
    fn loss(&self, weight: &Tensor) -> Result<Tensor> {
        if weight.rank()? != 2 {
            let text = format!("expected a matrix, found {}", weight.shape()?);
            return Err(Error::new(ErrorKind::Shape, text).operation("orthogonal_regularizer"));
        }
        let (axis, along) = match self.mode {
            OrthogonalMode::Rows => (1, 0),
            OrthogonalMode::Columns => (0, 1),
        };
        // As Keras: never divided by a length of 0.
        let squares = weight.square().sum_keep(axis).maximum(1e-12);
        let unit = weight * squares.rsqrt();
        let count = weight.dim(along)?;
        let products = match self.mode {
            OrthogonalMode::Rows => unit.matmul(&unit.transpose()),
            OrthogonalMode::Columns => unit.transpose().matmul(&unit),
        };
        let others = -Tensor::eye(count, count, 0).cast(weight.dtype()?) + 1.0;
        let pairs = count as f64 * (count as f64 - 1.0) / 2.0;
        Ok((products * others).abs().sum_all() * (self.factor * 0.5) / pairs)
    }

    fn config(&self) -> Option<Config> {
        Config::of("orthogonal_regularizer", self)
    }
}
