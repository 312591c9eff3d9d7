//! RMSprop.

use crate::optimizer::Optimizer;
use crate::transform::{Momentum, ScaleByRate, ScaleByRms, Transform};
use crisol_ir::Result;

/// `w -= rate * g / sqrt(v + epsilon)` with `v` the running mean of `g^2`, as `keras.optimizers.RMSprop`.
#[derive(Clone, Debug)]
pub struct RmsProp {
    learning_rate: f64,
    rho: f64,
    momentum: f64,
    epsilon: f64,
    centered: bool,
}

impl RmsProp {
    /// RMSprop at a learning rate, with Keras' defaults: `rho` 0.9, no momentum, `epsilon` 1e-7, not centred.
    pub fn new(learning_rate: f64) -> RmsProp {
        RmsProp { learning_rate, rho: 0.9, momentum: 0.0, epsilon: 1e-7, centered: false }
    }

    /// How much of the running mean stays at each step.
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

    /// Whether to divide by an estimate of the variance.
    #[must_use]
    pub fn centered(mut self, centered: bool) -> RmsProp {
        self.centered = centered;
        self
    }

    /// The optimizer.
    ///
    /// # Errors
    /// A learning rate that is not a positive number.
    pub fn build(self) -> Result<Optimizer> {
        let RmsProp { learning_rate, rho, momentum, epsilon, centered } = self;
        let mut transforms: Vec<Box<dyn Transform>> =
            vec![Box::new(ScaleByRms { rho, epsilon, centered }), Box::new(ScaleByRate)];
        if momentum > 0.0 {
            transforms.push(Box::new(Momentum { momentum, nesterov: false }));
        }
        Optimizer::new("rmsprop", learning_rate, transforms)
    }
}

impl Default for RmsProp {
    /// Keras' default: a rate of 0.001.
    fn default() -> RmsProp {
        RmsProp::new(1e-3)
    }
}
