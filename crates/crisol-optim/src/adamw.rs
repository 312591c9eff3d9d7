//! AdamW.

use crate::by_name::IntoOptimizer;
use crate::learning_rate::LearningRate;
use crate::optimizer::Optimizer;
use crate::options::{OptimizerOptions, Options};
use crate::transform::{ScaleByAdam, ScaleByRate, Transform};
use crisol_ir::Result;
use crisol_params::Config;
use serde::{Deserialize, Serialize};

/// Adam whose weights decay apart from the gradient, by 0.004 unless said otherwise, as `keras.optimizers.AdamW` (Loshchilov and Hutter, 2019).
///
/// ```
/// use crisol_optim::{AdamW, OptimizerOptions};
/// let optimizer = AdamW::new(0.01).clipnorm(1.0).build()?;
/// assert_eq!((optimizer.name(), optimizer.learning_rate()), ("adamw", 0.01));
/// # Ok::<(), crisol_ir::Error>(())
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AdamW {
    learning_rate: LearningRate,
    beta_1: f64,
    beta_2: f64,
    epsilon: f64,
    amsgrad: bool,
    options: Options,
}

impl AdamW {
    /// AdamW at a learning rate or [schedule](crate::schedules), with Keras' defaults: `beta_1` 0.9, `beta_2` 0.999, `epsilon` 1e-7, `amsgrad` false.
    pub fn new(learning_rate: impl Into<LearningRate>) -> AdamW {
        AdamW {
            learning_rate: learning_rate.into(),
            beta_1: 0.9,
            beta_2: 0.999,
            epsilon: 1e-7,
            amsgrad: false,
            options: Options { weight_decay: Some(0.004), ..Options::default() },
        }
    }

    /// How much of the running mean of gradients stays at each step.
    #[must_use]
    pub fn beta_1(mut self, beta_1: f64) -> AdamW {
        self.beta_1 = beta_1;
        self
    }

    /// How much of the running mean of squared gradients stays at each step.
    #[must_use]
    pub fn beta_2(mut self, beta_2: f64) -> AdamW {
        self.beta_2 = beta_2;
        self
    }

    /// Keeps the divisor from 0.
    #[must_use]
    pub fn epsilon(mut self, epsilon: f64) -> AdamW {
        self.epsilon = epsilon;
        self
    }

    /// Whether the divisor never falls (Reddi et al., 2018).
    #[must_use]
    pub fn amsgrad(mut self, amsgrad: bool) -> AdamW {
        self.amsgrad = amsgrad;
        self
    }

    /// The optimizer.
    ///
    /// # Errors
    /// A learning rate that is negative or not finite; options that exclude one another.
    pub fn build(self) -> Result<Optimizer> {
        let config = Config::of("adamw", &self);
        let AdamW { learning_rate, beta_1, beta_2, epsilon, amsgrad, options } = self;
        let transforms: Vec<Box<dyn Transform>> =
            vec![Box::new(ScaleByAdam { beta_1, beta_2, epsilon, amsgrad }), Box::new(ScaleByRate)];
        Optimizer::new("adamw", learning_rate, transforms)?.with_config(config).with_options(options)
    }
}

impl Default for AdamW {
    /// Keras' default: a rate of 1e-3.
    fn default() -> AdamW {
        AdamW::new(1e-3)
    }
}

impl OptimizerOptions for AdamW {
    fn options(&mut self) -> &mut Options {
        &mut self.options
    }
}

impl IntoOptimizer for AdamW {
    fn into_optimizer(self) -> Result<Optimizer> {
        self.build()
    }
}
