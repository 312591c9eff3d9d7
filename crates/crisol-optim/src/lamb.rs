//! Lamb.

use crate::by_name::IntoOptimizer;
use crate::learning_rate::LearningRate;
use crate::optimizer::Optimizer;
use crate::options::{OptimizerOptions, Options};
use crate::transform::{ScaleByRate, ScaleByTrustRatio, ScaleByUnbiasedAdam, Transform};
use crisol_ir::Result;
use crisol_params::Config;
use serde::{Deserialize, Serialize};

/// Adam with steps in proportion to the length of each parameter, for large batches, as `keras.optimizers.Lamb` (You et al., 2019); the formulas stand with [`ScaleByUnbiasedAdam`] and [`ScaleByTrustRatio`].
///
/// ```
/// use crisol_optim::{Lamb, OptimizerOptions};
/// let optimizer = Lamb::new(0.01).clipnorm(1.0).build()?;
/// assert_eq!((optimizer.name(), optimizer.learning_rate()), ("lamb", 0.01));
/// # Ok::<(), crisol_ir::Error>(())
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Lamb {
    learning_rate: LearningRate,
    beta_1: f64,
    beta_2: f64,
    epsilon: f64,
    options: Options,
}

impl Lamb {
    /// Lamb at a learning rate or [schedule](crate::schedules), with Keras' defaults: `beta_1` 0.9, `beta_2` 0.999, `epsilon` 1e-7.
    pub fn new(learning_rate: impl Into<LearningRate>) -> Lamb {
        Lamb {
            learning_rate: learning_rate.into(),
            beta_1: 0.9,
            beta_2: 0.999,
            epsilon: 1e-7,
            options: Options::default(),
        }
    }

    /// How much of the running mean of gradients stays at each step.
    #[must_use]
    pub fn beta_1(mut self, beta_1: f64) -> Lamb {
        self.beta_1 = beta_1;
        self
    }

    /// How much of the running mean of squared gradients stays at each step.
    #[must_use]
    pub fn beta_2(mut self, beta_2: f64) -> Lamb {
        self.beta_2 = beta_2;
        self
    }

    /// Keeps the divisor from 0.
    #[must_use]
    pub fn epsilon(mut self, epsilon: f64) -> Lamb {
        self.epsilon = epsilon;
        self
    }

    /// The optimizer.
    ///
    /// # Errors
    /// A learning rate that is negative or not finite; options that exclude one another.
    pub fn build(self) -> Result<Optimizer> {
        let config = Config::of("lamb", &self);
        let Lamb { learning_rate, beta_1, beta_2, epsilon, options } = self;
        let transforms: Vec<Box<dyn Transform>> = vec![
            Box::new(ScaleByUnbiasedAdam { beta_1, beta_2, epsilon }),
            Box::new(ScaleByTrustRatio),
            Box::new(ScaleByRate),
        ];
        Optimizer::new("lamb", learning_rate, transforms)?.with_config(config).with_options(options)
    }
}

impl Default for Lamb {
    /// Keras' default: a rate of 1e-3.
    fn default() -> Lamb {
        Lamb::new(1e-3)
    }
}

impl OptimizerOptions for Lamb {
    fn options(&mut self) -> &mut Options {
        &mut self.options
    }
}

impl IntoOptimizer for Lamb {
    fn into_optimizer(self) -> Result<Optimizer> {
        self.build()
    }
}
