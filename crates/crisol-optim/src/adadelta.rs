//! Adadelta.

use crate::by_name::IntoOptimizer;
use crate::learning_rate::LearningRate;
use crate::optimizer::Optimizer;
use crate::options::{OptimizerOptions, Options};
use crate::transform::{ScaleByAdadelta, ScaleByRate, Transform};
use crisol_ir::Result;
use crisol_params::Config;
use serde::{Deserialize, Serialize};

/// Steps in the size of late updates, as `keras.optimizers.Adadelta`; the formula stands with [`ScaleByAdadelta`].
///
/// ```
/// use crisol_optim::{Adadelta, OptimizerOptions};
/// let optimizer = Adadelta::new(0.01).clipnorm(1.0).build()?;
/// assert_eq!((optimizer.name(), optimizer.learning_rate()), ("adadelta", 0.01));
/// # Ok::<(), crisol_ir::Error>(())
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Adadelta {
    learning_rate: LearningRate,
    rho: f64,
    epsilon: f64,
    options: Options,
}

impl Adadelta {
    /// Adadelta at a learning rate or [schedule](crate::schedules), with Keras' defaults: `rho` 0.95, `epsilon` 1e-7.
    pub fn new(learning_rate: impl Into<LearningRate>) -> Adadelta {
        Adadelta { learning_rate: learning_rate.into(), rho: 0.95, epsilon: 1e-7, options: Options::default() }
    }

    /// How much of the running means stays at each step.
    #[must_use]
    pub fn rho(mut self, rho: f64) -> Adadelta {
        self.rho = rho;
        self
    }

    /// Keeps both roots from 0.
    #[must_use]
    pub fn epsilon(mut self, epsilon: f64) -> Adadelta {
        self.epsilon = epsilon;
        self
    }

    /// The optimizer.
    ///
    /// # Errors
    /// A learning rate that is negative or not finite; options that exclude one another.
    pub fn build(self) -> Result<Optimizer> {
        let config = Config::of("adadelta", &self);
        let Adadelta { learning_rate, rho, epsilon, options } = self;
        let transforms: Vec<Box<dyn Transform>> =
            vec![Box::new(ScaleByAdadelta { rho, epsilon }), Box::new(ScaleByRate)];
        Optimizer::new("adadelta", learning_rate, transforms)?.with_config(config).with_options(options)
    }
}

impl Default for Adadelta {
    /// Keras' default: a rate of 1e-3.
    fn default() -> Adadelta {
        Adadelta::new(1e-3)
    }
}

impl OptimizerOptions for Adadelta {
    fn options(&mut self) -> &mut Options {
        &mut self.options
    }
}

impl IntoOptimizer for Adadelta {
    fn into_optimizer(self) -> Result<Optimizer> {
        self.build()
    }
}
