//! Generalized cross-entropy: between cross-entropy and the absolute error, for labels of which some are wrong.

use crate::labels::align_labels;
use crate::loss::Loss;
use crisol_ir::{DType, Error, ErrorKind, Result, Shape};
use crisol_params::Config;
use crisol_tensor::Tensor;
use serde::{Deserialize, Serialize};

/// `(1 - p[y]^q) / q` for class numbers `y`, as `keras.losses.CategoricalGeneralizedCrossEntropy` (Zhang and Sabuncu, 2018).
///
/// Near `q = 0` it is cross-entropy, at 1 it would be the absolute error: labels that are wrong count the less, the larger `q`. Targets
/// have the shape of the predictions without the last axis; one of size 1 in its place is taken off.
///
/// ```
/// use crisol_losses::{CategoricalGeneralizedCrossEntropy, Loss};
/// use crisol_tensor::Tensor;
/// let y = Tensor::from_slice(&[0i64, 1], [2]);
/// let p = Tensor::from_slice(&[0.64f32, 0.36, 0.75, 0.25], [2, 2]);
/// let loss = CategoricalGeneralizedCrossEntropy::new().call(&y, &p, None)?.item()?;
/// assert!((loss - (0.2 + 0.5)).abs() < 1e-6); // (1 - 0.8) / 0.5 and (1 - 0.5) / 0.5, halved
/// # Ok::<(), crisol_ir::Error>(())
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CategoricalGeneralizedCrossEntropy {
    q: f64,
}

impl CategoricalGeneralizedCrossEntropy {
    /// The loss with Keras' default, `q` 0.5.
    pub fn new() -> CategoricalGeneralizedCrossEntropy {
        CategoricalGeneralizedCrossEntropy { q: 0.5 }
    }

    /// How little count labels that look wrong: more than 0 and less than 1.
    #[must_use]
    pub fn q(mut self, q: f64) -> CategoricalGeneralizedCrossEntropy {
        self.q = q;
        self
    }
}

impl Default for CategoricalGeneralizedCrossEntropy {
    fn default() -> CategoricalGeneralizedCrossEntropy {
        CategoricalGeneralizedCrossEntropy::new()
    }
}

impl Loss for CategoricalGeneralizedCrossEntropy {
    fn name(&self) -> &str {
        "categorical_generalized_cross_entropy"
    }

    fn classes(&self, y_pred: &Shape) -> Option<usize> {
        y_pred.last().copied()
    }

    fn expects_probabilities(&self) -> bool {
        true
    }

    fn align(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<(Tensor, Tensor)> {
        align_labels(self.name(), y_true, y_pred, -1)
    }

    fn values(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
        if !(self.q > 0.0 && self.q < 1.0) {
            let text = format!("q is {}, expected more than 0 and less than 1", self.q);
            return Err(Error::new(ErrorKind::Value, text).operation(self.name()));
        }
        let classes = Tensor::range(DType::I32, y_pred.dim(-1)?);
        let chosen = y_true.cast(DType::I32).expand_dims(-1).equal(classes);
        let p = chosen.select(y_pred, 0.0).sum(-1);
        Ok((1.0 - p.pow(self.q)) / self.q)
    }

    fn config(&self) -> Option<Config> {
        Config::of("categorical_generalized_cross_entropy", self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn q_outside_of_its_range_is_an_error() {
        let (y, p) = (Tensor::from_slice(&[0i64], [1]), Tensor::from_slice(&[0.5f32, 0.5], [1, 2]));
        for q in [0.0, 1.0, -0.5, f64::NAN] {
            let error = CategoricalGeneralizedCrossEntropy::new().q(q).call(&y, &p, None).unwrap_err();
            assert!(error.to_string().contains("expected more than 0"), "{error}");
        }
    }
}
