//! Stochastic gradient descent.

use crate::by_name::IntoOptimizer;
use crate::learning_rate::LearningRate;
use crate::optimizer::Optimizer;
use crate::options::{OptimizerOptions, Options};
use crate::transform::{Momentum, ScaleByRate, Transform};
use crisol_ir::{Error, ErrorKind, Result};
use crisol_params::Config;
use serde::{Deserialize, Serialize};

/// `w += -rate * g`, with momentum `m = momentum * m - rate * g; w += m`, as `keras.optimizers.SGD`.
///
/// ```
/// use crisol_optim::{Sgd, OptimizerOptions};
/// let optimizer = Sgd::new(0.01).clipnorm(1.0).build()?;
/// assert_eq!((optimizer.name(), optimizer.learning_rate()), ("sgd", 0.01));
/// # Ok::<(), crisol_ir::Error>(())
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Sgd {
    learning_rate: LearningRate,
    momentum: f64,
    nesterov: bool,
    options: Options,
}

impl Sgd {
    /// Sgd at a learning rate or [schedule](crate::schedules), with Keras' defaults: `momentum` 0.0, `nesterov` false.
    pub fn new(learning_rate: impl Into<LearningRate>) -> Sgd {
        Sgd { learning_rate: learning_rate.into(), momentum: 0.0, nesterov: false, options: Options::default() }
    }

    /// How much of the last update is repeated, from 0 to 1.
    #[must_use]
    pub fn momentum(mut self, momentum: f64) -> Sgd {
        self.momentum = momentum;
        self
    }

    /// Whether the momentum looks one step ahead.
    #[must_use]
    pub fn nesterov(mut self, nesterov: bool) -> Sgd {
        self.nesterov = nesterov;
        self
    }

    /// The optimizer.
    ///
    /// # Errors
    /// A momentum outside of 0 to 1; a learning rate that is negative or not finite; options that exclude one another.
    pub fn build(self) -> Result<Optimizer> {
        let config = Config::of("sgd", &self);
        let Sgd { learning_rate, momentum, nesterov, options } = self;
        if !(0.0..=1.0).contains(&momentum) {
            return Err(
                Error::new(ErrorKind::Value, format!("the momentum is {momentum}, expected 0 to 1")).operation("sgd")
            );
        }
        let mut transforms: Vec<Box<dyn Transform>> = vec![Box::new(ScaleByRate)];
        if momentum > 0.0 {
            transforms.push(Box::new(Momentum { momentum, nesterov }));
        }
        Optimizer::new("sgd", learning_rate, transforms)?.with_config(config).with_options(options)
    }
}

impl Default for Sgd {
    /// Keras' default: a rate of 0.01.
    fn default() -> Sgd {
        Sgd::new(0.01)
    }
}

impl OptimizerOptions for Sgd {
    fn options(&mut self) -> &mut Options {
        &mut self.options
    }
}

impl IntoOptimizer for Sgd {
    fn into_optimizer(self) -> Result<Optimizer> {
        self.build()
    }
}
