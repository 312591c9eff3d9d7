//! A loss with another reduction or name.

use crate::loss::Loss;
use crate::reduction::Reduction;
use crisol_ir::{Result, Shape};
use crisol_params::Config;
use crisol_tensor::Tensor;
use serde_json::json;
use std::sync::Arc;

/// What [`Loss::with_reduction`] and [`Loss::with_name`] make of any loss.
///
/// ```
/// use crisol_losses::{Huber, Loss, Reduction};
/// let loss = Huber::new(1.0).with_reduction(Reduction::Sum).with_name("robust");
/// assert_eq!((loss.name(), loss.reduction()), ("robust", Reduction::Sum));
/// ```
#[derive(Clone, Debug)]
pub struct Adapted {
    loss: Arc<dyn Loss>,
    reduction: Option<Reduction>,
    name: Option<String>,
}

impl Adapted {
    pub(crate) fn new(loss: Arc<dyn Loss>) -> Adapted {
        Adapted { loss, reduction: None, name: None }
    }

    /// The same with another reduction.
    #[must_use]
    pub fn with_reduction(mut self, reduction: Reduction) -> Adapted {
        self.reduction = Some(reduction);
        self
    }

    /// The same under another name.
    #[must_use]
    pub fn with_name(mut self, name: impl Into<String>) -> Adapted {
        self.name = Some(name.into());
        self
    }
}

impl Loss for Adapted {
    fn name(&self) -> &str {
        self.name.as_deref().unwrap_or_else(|| self.loss.name())
    }

    fn values(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
        self.loss.values(y_true, y_pred)
    }

    fn reduction(&self) -> Reduction {
        self.reduction.unwrap_or_else(|| self.loss.reduction())
    }

    fn classes(&self, y_pred: &Shape) -> Option<usize> {
        self.loss.classes(y_pred)
    }

    fn ignored_class(&self) -> Option<i64> {
        self.loss.ignored_class()
    }

    fn expects_probabilities(&self) -> bool {
        self.loss.expects_probabilities()
    }

    fn align(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<(Tensor, Tensor)> {
        self.loss.align(y_true, y_pred)
    }

    fn mask(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<Option<Tensor>> {
        self.loss.mask(y_true, y_pred)
    }

    /// The settings of the loss itself, with `reduction` and `name` beside them as in Keras.
    fn config(&self) -> Option<Config> {
        let config = self.loss.config()?;
        let mut settings = config.settings().cloned().unwrap_or_else(|| json!({}));
        if let Some(reduction) = self.reduction {
            settings["reduction"] = json!(reduction);
        }
        if let Some(name) = &self.name {
            settings["name"] = json!(name);
        }
        Some(Config::Settings { name: config.name().to_string(), settings })
    }
}
