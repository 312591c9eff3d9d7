//! What layers say about their weights: one method a setting, the same in all layers.

/// Methods of a layer that set the initializer, regularizer and constraint of one of its weights. The field holds
/// [`WeightSettings`](crisol_params::WeightSettings).
macro_rules! weight_methods {
    ($layer:ty, $weight:ident: $initializer:ident $regularizer:ident $constraint:ident) => {
        #[doc = concat!("The settings of the weight `", stringify!($weight), "`.")]
        impl $layer {
            #[doc = concat!("What makes the first `", stringify!($weight), "`: an initializer, or its name.")]
            #[must_use]
            pub fn $initializer(mut self, initializer: impl crisol_params::Initializer + 'static) -> Self {
                self.$weight.initializer = std::sync::Arc::new(initializer);
                self
            }

            #[doc = concat!("What `", stringify!($weight), "` adds to the loss: a regularizer, or its name; nothing by default.")]
            #[must_use]
            pub fn $regularizer(mut self, regularizer: impl crisol_params::Regularizer + 'static) -> Self {
                self.$weight.regularizer = Some(std::sync::Arc::new(regularizer));
                self
            }

            #[doc = concat!("Where `", stringify!($weight), "` is moved after every update: a constraint, or its name; anywhere by default.")]
            #[must_use]
            pub fn $constraint(mut self, constraint: impl crisol_params::Constraint + 'static) -> Self {
                self.$weight.constraint = Some(std::sync::Arc::new(constraint));
                self
            }
        }
    };
}
pub(crate) use weight_methods;

/// The method of a layer that sets what its output costs. The field `activity` holds an [`Activity`].
macro_rules! activity_method {
    ($layer:ty) => {
        /// The cost of what the layer computes.
        impl $layer {
            /// What the output adds to the loss, divided by the size of the batch: a regularizer, or its name; nothing by default.
            #[must_use]
            pub fn activity_regularizer(mut self, regularizer: impl crisol_params::Regularizer + 'static) -> Self {
                self.activity = crate::settings::Activity(Some(std::sync::Arc::new(regularizer)));
                self
            }
        }
    };
}
pub(crate) use activity_method;

use crate::scope::Scope;
use crisol_params::{Regularizer, read_regularizer};
use crisol_tensor::{Result, Tensor};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What a layer's output costs.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Activity(
    #[serde(serialize_with = "write", deserialize_with = "read_regularizer")] pub(crate) Option<Arc<dyn Regularizer>>,
);

impl Activity {
    /// Whether it costs nothing: such a setting is not written.
    pub(crate) fn is_free(&self) -> bool {
        self.0.is_none()
    }

    /// Adds the cost of an output, which it returns.
    pub(crate) fn of(&self, cx: &mut Scope, output: Tensor) -> Result<Tensor> {
        cx.add_activity_loss(self.0.as_deref(), &output)?;
        Ok(output)
    }
}

fn write<S: serde::Serializer>(
    regularizer: &Option<Arc<dyn Regularizer>>,
    to: S,
) -> std::result::Result<S::Ok, S::Error> {
    regularizer.as_deref().serialize(to)
}
