//! Adagrad.

use crate::by_name::IntoOptimizer;
use crate::learning_rate::LearningRate;
use crate::optimizer::Optimizer;
use crate::options::{OptimizerOptions, Options};
use crate::transform::{ScaleByAdagrad, ScaleByRate, Transform};
use crisol_ir::Result;
use crisol_params::Config;
use serde::{Deserialize, Serialize};

/// Steps that shrink with the sum of squared gradients, as `keras.optimizers.Adagrad`; the formula stands with [`ScaleByAdagrad`].
///
/// ```
/// use crisol_optim::{Adagrad, OptimizerOptions};
/// let optimizer = Adagrad::new(0.01).clipnorm(1.0).build()?;
/// assert_eq!((optimizer.name(), optimizer.learning_rate()), ("adagrad", 0.01));
/// # Ok::<(), crisol_ir::Error>(())
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Adagrad {
    learning_rate: LearningRate,
    initial_accumulator_value: f64,
    epsilon: f64,
    options: Options,
}

impl Adagrad {
    /// Adagrad at a learning rate or [schedule](crate::schedules), with Keras' defaults: `initial_accumulator_value` 0.1, `epsilon` 1e-7.
    pub fn new(learning_rate: impl Into<LearningRate>) -> Adagrad {
        Adagrad {
            learning_rate: learning_rate.into(),
            initial_accumulator_value: 0.1,
            epsilon: 1e-7,
            options: Options::default(),
        }
    }

    /// What the sum of squared gradients starts with.
    #[must_use]
    pub fn initial_accumulator_value(mut self, initial_accumulator_value: f64) -> Adagrad {
        self.initial_accumulator_value = initial_accumulator_value;
        self
    }

    /// Keeps the divisor from 0.
    #[must_use]
    pub fn epsilon(mut self, epsilon: f64) -> Adagrad {
        self.epsilon = epsilon;
        self
    }

    /// The optimizer.
    ///
    /// # Errors
    /// A learning rate that is negative or not finite; options that exclude one another.
    pub fn build(self) -> Result<Optimizer> {
        let config = Config::of("adagrad", &self);
        let Adagrad { learning_rate, initial_accumulator_value, epsilon, options } = self;
        let transforms: Vec<Box<dyn Transform>> =
            vec![Box::new(ScaleByAdagrad { initial_accumulator_value, epsilon }), Box::new(ScaleByRate)];
        Optimizer::new("adagrad", learning_rate, transforms)?.with_config(config).with_options(options)
    }
}

impl Default for Adagrad {
    /// Keras' default: a rate of 1e-3.
    fn default() -> Adagrad {
        Adagrad::new(1e-3)
    }
}

impl OptimizerOptions for Adagrad {
    fn options(&mut self) -> &mut Options {
        &mut self.options
    }
}

impl IntoOptimizer for Adagrad {
    fn into_optimizer(self) -> Result<Optimizer> {
        self.build()
    }
}
