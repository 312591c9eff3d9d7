//! Nadam.

use crate::by_name::IntoOptimizer;
use crate::learning_rate::LearningRate;
use crate::optimizer::Optimizer;
use crate::options::{OptimizerOptions, Options};
use crate::transform::{ScaleByNadam, ScaleByRate, Transform};
use crisol_ir::Result;
use crisol_params::Config;
use serde::{Deserialize, Serialize};

/// Adam with Nesterov's momentum, as `keras.optimizers.Nadam`; the formula stands with [`ScaleByNadam`].
///
/// ```
/// use crisol_optim::{Nadam, OptimizerOptions};
/// let optimizer = Nadam::new(0.01).clipnorm(1.0).build()?;
/// assert_eq!((optimizer.name(), optimizer.learning_rate()), ("nadam", 0.01));
/// # Ok::<(), crisol_ir::Error>(())
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Nadam {
    learning_rate: LearningRate,
    beta_1: f64,
    beta_2: f64,
    epsilon: f64,
    options: Options,
}

impl Nadam {
    /// Nadam at a learning rate or [schedule](crate::schedules), with Keras' defaults: `beta_1` 0.9, `beta_2` 0.999, `epsilon` 1e-7.
    pub fn new(learning_rate: impl Into<LearningRate>) -> Nadam {
        Nadam {
            learning_rate: learning_rate.into(),
            beta_1: 0.9,
            beta_2: 0.999,
            epsilon: 1e-7,
            options: Options::default(),
        }
    }

    /// How much of the running mean of gradients stays at each step.
    #[must_use]
    pub fn beta_1(mut self, beta_1: f64) -> Nadam {
        self.beta_1 = beta_1;
        self
    }

    /// How much of the running mean of squared gradients stays at each step.
    #[must_use]
    pub fn beta_2(mut self, beta_2: f64) -> Nadam {
        self.beta_2 = beta_2;
        self
    }

    /// Keeps the divisor from 0.
    #[must_use]
    pub fn epsilon(mut self, epsilon: f64) -> Nadam {
        self.epsilon = epsilon;
        self
    }

    /// The optimizer.
    ///
    /// # Errors
    /// A learning rate that is negative or not finite; options that exclude one another.
    pub fn build(self) -> Result<Optimizer> {
        let config = Config::of("nadam", &self);
        let Nadam { learning_rate, beta_1, beta_2, epsilon, options } = self;
        let transforms: Vec<Box<dyn Transform>> =
            vec![Box::new(ScaleByNadam { beta_1, beta_2, epsilon }), Box::new(ScaleByRate)];
        Optimizer::new("nadam", learning_rate, transforms)?.with_config(config).with_options(options)
    }
}

impl Default for Nadam {
    /// Keras' default: a rate of 1e-3.
    fn default() -> Nadam {
        Nadam::new(1e-3)
    }
}

impl OptimizerOptions for Nadam {
    fn options(&mut self) -> &mut Options {
        &mut self.options
    }
}

impl IntoOptimizer for Nadam {
    fn into_optimizer(self) -> Result<Optimizer> {
        self.build()
    }
}
