//! What a layer says about one of its weights: how it begins, what it costs, where it may be.

use crate::constraint::{Constraint, read_constraint};
use crate::initializer::{Initializer, Zeros, read_initializer};
use crate::regularizer::{Regularizer, read_regularizer};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Initializer, regularizer and constraint of a weight.
///
/// ```
/// use crisol_params::{L2, WeightSettings};
/// let kernel = WeightSettings::new("glorot_uniform").regularizer(L2(1e-4)).constraint("max_norm");
/// # let _ = kernel;
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct WeightSettings {
    /// What makes its first value.
    #[serde(serialize_with = "write", deserialize_with = "read_initializer")]
    pub initializer: Arc<dyn Initializer>,
    /// What it adds to the loss.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[serde(serialize_with = "write_some", deserialize_with = "read_regularizer")]
    pub regularizer: Option<Arc<dyn Regularizer>>,
    /// Where it is moved after every update.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[serde(serialize_with = "write_some", deserialize_with = "read_constraint")]
    pub constraint: Option<Arc<dyn Constraint>>,
}

impl WeightSettings {
    /// A weight that begins as the initializer says, with no cost and no bounds.
    pub fn new(initializer: impl Initializer + 'static) -> WeightSettings {
        WeightSettings { initializer: Arc::new(initializer), regularizer: None, constraint: None }
    }

    /// Adds a cost.
    #[must_use]
    pub fn regularizer(mut self, regularizer: impl Regularizer + 'static) -> WeightSettings {
        self.regularizer = Some(Arc::new(regularizer));
        self
    }

    /// Sets bounds.
    #[must_use]
    pub fn constraint(mut self, constraint: impl Constraint + 'static) -> WeightSettings {
        self.constraint = Some(Arc::new(constraint));
        self
    }
}

/// Zeros.
impl Default for WeightSettings {
    fn default() -> WeightSettings {
        WeightSettings::new(Zeros)
    }
}

fn write<T: Serialize + ?Sized, S: serde::Serializer>(value: &Arc<T>, to: S) -> Result<S::Ok, S::Error> {
    (**value).serialize(to)
}

fn write_some<T: Serialize + ?Sized, S: serde::Serializer>(value: &Option<Arc<T>>, to: S) -> Result<S::Ok, S::Error> {
    value.as_deref().serialize(to)
}
