//! Lion.

use crate::by_name::IntoOptimizer;
use crate::learning_rate::LearningRate;
use crate::optimizer::Optimizer;
use crate::options::{OptimizerOptions, Options};
use crate::transform::{ScaleByLion, ScaleByRate, Transform};
use crisol_ir::{Error, ErrorKind, Result};
use crisol_params::Config;
use serde::{Deserialize, Serialize};

/// Steps of one size in the direction of the momentum's sign, as `keras.optimizers.Lion`; the formula stands with [`ScaleByLion`]. A tenth of Adam's rate is a good start.
///
/// ```
/// use crisol_optim::{Lion, OptimizerOptions};
/// let optimizer = Lion::new(0.01).clipnorm(1.0).build()?;
/// assert_eq!((optimizer.name(), optimizer.learning_rate()), ("lion", 0.01));
/// # Ok::<(), crisol_ir::Error>(())
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Lion {
    learning_rate: LearningRate,
    beta_1: f64,
    beta_2: f64,
    options: Options,
}

impl Lion {
    /// Lion at a learning rate or [schedule](crate::schedules), with Keras' defaults: `beta_1` 0.9, `beta_2` 0.99.
    pub fn new(learning_rate: impl Into<LearningRate>) -> Lion {
        Lion { learning_rate: learning_rate.into(), beta_1: 0.9, beta_2: 0.99, options: Options::default() }
    }

    /// How much of the momentum is in the update.
    #[must_use]
    pub fn beta_1(mut self, beta_1: f64) -> Lion {
        self.beta_1 = beta_1;
        self
    }

    /// How much of the momentum stays at each step.
    #[must_use]
    pub fn beta_2(mut self, beta_2: f64) -> Lion {
        self.beta_2 = beta_2;
        self
    }

    /// The optimizer.
    ///
    /// # Errors
    /// A `beta_1` that is not above 0 and at most 1; a learning rate that is negative or not finite; options that exclude one another.
    pub fn build(self) -> Result<Optimizer> {
        let config = Config::of("lion", &self);
        let Lion { learning_rate, beta_1, beta_2, options } = self;
        if beta_1 <= 0.0 || beta_1 > 1.0 {
            let text = format!("beta_1 is {beta_1}, expected above 0 and at most 1");
            return Err(Error::new(ErrorKind::Value, text)
                .operation("lion")
                .help("0 leaves the sign of the gradient alone"));
        }
        let transforms: Vec<Box<dyn Transform>> = vec![Box::new(ScaleByLion { beta_1, beta_2 }), Box::new(ScaleByRate)];
        Optimizer::new("lion", learning_rate, transforms)?.with_config(config).with_options(options)
    }
}

impl Default for Lion {
    /// Keras' default: a rate of 1e-3.
    fn default() -> Lion {
        Lion::new(1e-3)
    }
}

impl OptimizerOptions for Lion {
    fn options(&mut self) -> &mut Options {
        &mut self.options
    }
}

impl IntoOptimizer for Lion {
    fn into_optimizer(self) -> Result<Optimizer> {
        self.build()
    }
}
