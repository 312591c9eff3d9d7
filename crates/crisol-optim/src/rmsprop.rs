//! RMSprop.

use crate::by_name::IntoOptimizer;
use crate::learning_rate::LearningRate;
use crate::optimizer::Optimizer;
use crate::options::{OptimizerOptions, Options};
use crate::transform::{Momentum, ScaleByRate, ScaleByRms, Transform};
use crisol_ir::Result;
use crisol_params::Config;
use serde::{Deserialize, Serialize};

/// Steps in proportion to the root of the mean of squared gradients, as `keras.optimizers.RMSprop`; the formula stands with [`ScaleByRms`].
///
/// ```
/// use crisol_optim::{RmsProp, OptimizerOptions};
/// let optimizer = RmsProp::new(0.01).clipnorm(1.0).build()?;
/// assert_eq!((optimizer.name(), optimizer.learning_rate()), ("rmsprop", 0.01));
/// # Ok::<(), crisol_ir::Error>(())
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RmsProp {
    learning_rate: LearningRate,
    rho: f64,
    momentum: f64,
    epsilon: f64,
    centered: bool,
    options: Options,
}

impl RmsProp {
    /// RmsProp at a learning rate or [schedule](crate::schedules), with Keras' defaults: `rho` 0.9, `momentum` 0.0, `epsilon` 1e-7, `centered` false.
    pub fn new(learning_rate: impl Into<LearningRate>) -> RmsProp {
        RmsProp {
            learning_rate: learning_rate.into(),
            rho: 0.9,
            momentum: 0.0,
            epsilon: 1e-7,
            centered: false,
            options: Options::default(),
        }
    }

    /// How much of the running mean of squared gradients stays at each step.
    #[must_use]
    pub fn rho(mut self, rho: f64) -> RmsProp {
        self.rho = rho;
        self
    }

    /// How much of the last update is repeated.
    #[must_use]
    pub fn momentum(mut self, momentum: f64) -> RmsProp {
        self.momentum = momentum;
        self
    }

    /// Keeps the divisor from 0.
    #[must_use]
    pub fn epsilon(mut self, epsilon: f64) -> RmsProp {
        self.epsilon = epsilon;
        self
    }

    /// Whether to divide by an estimate of the variance rather than of the mean square.
    #[must_use]
    pub fn centered(mut self, centered: bool) -> RmsProp {
        self.centered = centered;
        self
    }

    /// The optimizer.
    ///
    /// # Errors
    /// A learning rate that is negative or not finite; options that exclude one another.
    pub fn build(self) -> Result<Optimizer> {
        let config = Config::of("rmsprop", &self);
        let RmsProp { learning_rate, rho, momentum, epsilon, centered, options } = self;
        let mut transforms: Vec<Box<dyn Transform>> =
            vec![Box::new(ScaleByRms { rho, epsilon, centered }), Box::new(ScaleByRate)];
        if momentum > 0.0 {
            transforms.push(Box::new(Momentum { momentum, nesterov: false }));
        }
        Optimizer::new("rmsprop", learning_rate, transforms)?.with_config(config).with_options(options)
    }
}

impl Default for RmsProp {
    /// Keras' default: a rate of 1e-3.
    fn default() -> RmsProp {
        RmsProp::new(1e-3)
    }
}

impl OptimizerOptions for RmsProp {
    fn options(&mut self) -> &mut Options {
        &mut self.options
    }
}

impl IntoOptimizer for RmsProp {
    fn into_optimizer(self) -> Result<Optimizer> {
        self.build()
    }
}
