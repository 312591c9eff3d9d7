//! Adafactor.

use crate::by_name::IntoOptimizer;
use crate::learning_rate::LearningRate;
use crate::optimizer::Optimizer;
use crate::options::{OptimizerOptions, Options};
use crate::transform::{ScaleByAdafactor, Transform};
use crisol_ir::Result;
use crisol_params::Config;
use serde::{Deserialize, Serialize};

/// Adam's idea with means kept for rows and columns alone, as `keras.optimizers.Adafactor`; the formula stands with [`ScaleByAdafactor`].
///
/// Keras' `relative_step` is missing: there it bounds a rate that the formula bounds in the same way again.
///
/// ```
/// use crisol_optim::{Adafactor, OptimizerOptions};
/// let optimizer = Adafactor::new(0.01).clipnorm(1.0).build()?;
/// assert_eq!((optimizer.name(), optimizer.learning_rate()), ("adafactor", 0.01));
/// # Ok::<(), crisol_ir::Error>(())
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Adafactor {
    learning_rate: LearningRate,
    beta_2_decay: f64,
    epsilon_1: f64,
    epsilon_2: f64,
    clip_threshold: f64,
    options: Options,
}

impl Adafactor {
    /// Adafactor at a learning rate or [schedule](crate::schedules), with Keras' defaults: `beta_2_decay` -0.8, `epsilon_1` 1e-30, `epsilon_2` 1e-3, `clip_threshold` 1.0.
    pub fn new(learning_rate: impl Into<LearningRate>) -> Adafactor {
        Adafactor {
            learning_rate: learning_rate.into(),
            beta_2_decay: -0.8,
            epsilon_1: 1e-30,
            epsilon_2: 1e-3,
            clip_threshold: 1.0,
            options: Options::default(),
        }
    }

    /// How the means forget, below 0.
    #[must_use]
    pub fn beta_2_decay(mut self, beta_2_decay: f64) -> Adafactor {
        self.beta_2_decay = beta_2_decay;
        self
    }

    /// Keeps the squares of gradients from 0.
    #[must_use]
    pub fn epsilon_1(mut self, epsilon_1: f64) -> Adafactor {
        self.epsilon_1 = epsilon_1;
        self
    }

    /// Keeps the size of the parameter from 0.
    #[must_use]
    pub fn epsilon_2(mut self, epsilon_2: f64) -> Adafactor {
        self.epsilon_2 = epsilon_2;
        self
    }

    /// The root mean square from which updates are made smaller.
    #[must_use]
    pub fn clip_threshold(mut self, clip_threshold: f64) -> Adafactor {
        self.clip_threshold = clip_threshold;
        self
    }

    /// The optimizer.
    ///
    /// # Errors
    /// A learning rate that is negative or not finite; options that exclude one another.
    pub fn build(self) -> Result<Optimizer> {
        let config = Config::of("adafactor", &self);
        let Adafactor { learning_rate, beta_2_decay, epsilon_1, epsilon_2, clip_threshold, options } = self;
        let transforms: Vec<Box<dyn Transform>> =
            vec![Box::new(ScaleByAdafactor { beta_2_decay, epsilon_1, epsilon_2, clip_threshold })];
        Optimizer::new("adafactor", learning_rate, transforms)?.with_config(config).with_options(options)
    }
}

impl Default for Adafactor {
    /// Keras' default: a rate of 1e-3.
    fn default() -> Adafactor {
        Adafactor::new(1e-3)
    }
}

impl OptimizerOptions for Adafactor {
    fn options(&mut self) -> &mut Options {
        &mut self.options
    }
}

impl IntoOptimizer for Adafactor {
    fn into_optimizer(self) -> Result<Optimizer> {
        self.build()
    }
}
