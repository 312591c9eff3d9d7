//! What a metric is.

use crate::named::Named;
use crisol_ir::Result;
use crisol_params::Config;
use crisol_tensor::Tensor;

/// A number followed over the batches of an epoch.
///
/// State is kept in [variables](crisol_tensor::Variable), so that an update is part of the step's plan and waits for nothing.
pub trait Metric: std::fmt::Debug + Send {
    /// The name in logs.
    fn name(&self) -> &str;

    /// Takes in a batch.
    ///
    /// # Errors
    /// Shapes that do not fit.
    fn update(&mut self, y_true: &Tensor, y_pred: &Tensor, sample_weight: Option<&Tensor>) -> Result<()>;

    /// The number over all batches since the last reset.
    ///
    /// # Errors
    /// The state could not be computed.
    fn result(&self) -> Result<Tensor>;

    /// Forgets all batches.
    ///
    /// # Errors
    /// The state could not be assigned.
    fn reset(&mut self) -> Result<()>;

    /// What a file needs to hold of it, for [`from_config`](crate::from_config). Nothing, for a metric of one's own.
    fn config(&self) -> Option<Config> {
        None
    }

    /// The same under another name in logs, Keras' argument `name`.
    ///
    /// ```
    /// use crisol_metrics::{Metric, Precision};
    /// assert_eq!(Precision::new().class_id(1).with_name("precision_of_dogs").name(), "precision_of_dogs");
    /// ```
    fn with_name(self, name: impl Into<String>) -> Named<Self>
    where
        Self: Sized,
    {
        Named { name: name.into(), metric: self, config: None }
    }
}

impl Metric for Box<dyn Metric> {
    fn name(&self) -> &str {
        (**self).name()
    }

    fn update(&mut self, y_true: &Tensor, y_pred: &Tensor, sample_weight: Option<&Tensor>) -> Result<()> {
        (**self).update(y_true, y_pred, sample_weight)
    }

    fn result(&self) -> Result<Tensor> {
        (**self).result()
    }

    fn reset(&mut self) -> Result<()> {
        (**self).reset()
    }

    fn config(&self) -> Option<Config> {
        (**self).config()
    }
}
