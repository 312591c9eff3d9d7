//! Ftrl.

use crate::by_name::IntoOptimizer;
use crate::learning_rate::LearningRate;
use crate::optimizer::Optimizer;
use crate::options::{OptimizerOptions, Options};
use crate::transform::{FollowRegularizedLeader, Transform};
use crisol_ir::{Error, ErrorKind, Result};
use crisol_params::Config;
use serde::{Deserialize, Serialize};

/// Follow the regularized leader, for wide sparse models, as `keras.optimizers.Ftrl`; the formula stands with [`FollowRegularizedLeader`].
///
/// ```
/// use crisol_optim::{Ftrl, OptimizerOptions};
/// let optimizer = Ftrl::new(0.01).clipnorm(1.0).build()?;
/// assert_eq!((optimizer.name(), optimizer.learning_rate()), ("ftrl", 0.01));
/// # Ok::<(), crisol_ir::Error>(())
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Ftrl {
    learning_rate: LearningRate,
    learning_rate_power: f64,
    initial_accumulator_value: f64,
    l1_regularization_strength: f64,
    l2_regularization_strength: f64,
    l2_shrinkage_regularization_strength: f64,
    beta: f64,
    options: Options,
}

impl Ftrl {
    /// Ftrl at a learning rate or [schedule](crate::schedules), with Keras' defaults: `learning_rate_power` -0.5, `initial_accumulator_value` 0.1, `l1_regularization_strength` 0.0, `l2_regularization_strength` 0.0, `l2_shrinkage_regularization_strength` 0.0, `beta` 0.0.
    pub fn new(learning_rate: impl Into<LearningRate>) -> Ftrl {
        Ftrl {
            learning_rate: learning_rate.into(),
            learning_rate_power: -0.5,
            initial_accumulator_value: 0.1,
            l1_regularization_strength: 0.0,
            l2_regularization_strength: 0.0,
            l2_shrinkage_regularization_strength: 0.0,
            beta: 0.0,
            options: Options::default(),
        }
    }

    /// How fast the rate falls: at most 0, which keeps it.
    #[must_use]
    pub fn learning_rate_power(mut self, learning_rate_power: f64) -> Ftrl {
        self.learning_rate_power = learning_rate_power;
        self
    }

    /// What the sum of squared gradients starts with.
    #[must_use]
    pub fn initial_accumulator_value(mut self, initial_accumulator_value: f64) -> Ftrl {
        self.initial_accumulator_value = initial_accumulator_value;
        self
    }

    /// Strength of L1: weights below it are exactly 0.
    #[must_use]
    pub fn l1_regularization_strength(mut self, l1_regularization_strength: f64) -> Ftrl {
        self.l1_regularization_strength = l1_regularization_strength;
        self
    }

    /// Strength of L2.
    #[must_use]
    pub fn l2_regularization_strength(mut self, l2_regularization_strength: f64) -> Ftrl {
        self.l2_regularization_strength = l2_regularization_strength;
        self
    }

    /// Strength of L2 that acts on the gradient.
    #[must_use]
    pub fn l2_shrinkage_regularization_strength(mut self, l2_shrinkage_regularization_strength: f64) -> Ftrl {
        self.l2_shrinkage_regularization_strength = l2_shrinkage_regularization_strength;
        self
    }

    /// Added to the strength of L2 as `beta / (2 rate)`.
    #[must_use]
    pub fn beta(mut self, beta: f64) -> Ftrl {
        self.beta = beta;
        self
    }

    /// The optimizer.
    ///
    /// # Errors
    /// A power above 0 or a sum below; a learning rate that is negative or not finite; options that exclude one another.
    pub fn build(self) -> Result<Optimizer> {
        let config = Config::of("ftrl", &self);
        let Ftrl {
            learning_rate,
            learning_rate_power,
            initial_accumulator_value,
            l1_regularization_strength,
            l2_regularization_strength,
            l2_shrinkage_regularization_strength,
            beta,
            options,
        } = self;
        if learning_rate_power > 0.0 || initial_accumulator_value < 0.0 {
            let text = format!(
                "learning_rate_power is {learning_rate_power} and initial_accumulator_value \
                {initial_accumulator_value}, expected at most 0 and at least 0"
            );
            return Err(Error::new(ErrorKind::Value, text).operation("ftrl"));
        }
        let transforms: Vec<Box<dyn Transform>> = vec![Box::new(FollowRegularizedLeader {
            learning_rate_power,
            initial_accumulator_value,
            l1: l1_regularization_strength,
            l2: l2_regularization_strength,
            l2_shrinkage: l2_shrinkage_regularization_strength,
            beta,
        })];
        Optimizer::new("ftrl", learning_rate, transforms)?.with_config(config).with_options(options)
    }
}

impl Default for Ftrl {
    /// Keras' default: a rate of 1e-3.
    fn default() -> Ftrl {
        Ftrl::new(1e-3)
    }
}

impl OptimizerOptions for Ftrl {
    fn options(&mut self) -> &mut Options {
        &mut self.options
    }
}

impl IntoOptimizer for Ftrl {
    fn into_optimizer(self) -> Result<Optimizer> {
        self.build()
    }
}
