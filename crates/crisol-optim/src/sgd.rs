//! Stochastic gradient descent.

use crate::optimizer::Optimizer;
use crate::transform::{Momentum, ScaleByRate, Transform};
use crisol_ir::{Error, ErrorKind, Result};

/// `w += -rate * g`, with momentum `m = momentum * m - rate * g; w += m`, as `keras.optimizers.SGD`.
#[derive(Clone, Debug)]
pub struct Sgd {
    learning_rate: f64,
    momentum: f64,
    nesterov: bool,
}

impl Sgd {
    /// Plain descent at a learning rate.
    pub fn new(learning_rate: f64) -> Sgd {
        Sgd { learning_rate, momentum: 0.0, nesterov: false }
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
    /// A momentum outside of 0 to 1, or a learning rate that is not a positive number.
    pub fn build(self) -> Result<Optimizer> {
        if !(0.0..=1.0).contains(&self.momentum) {
            return Err(Error::new(ErrorKind::Value, format!("the momentum is {}, expected 0 to 1", self.momentum))
                .operation("sgd"));
        }
        let mut transforms: Vec<Box<dyn Transform>> = vec![Box::new(ScaleByRate)];
        if self.momentum > 0.0 {
            transforms.push(Box::new(Momentum { momentum: self.momentum, nesterov: self.nesterov }));
        }
        Optimizer::new("sgd", self.learning_rate, transforms)
    }
}

impl Default for Sgd {
    /// Keras' default: a rate of 0.01.
    fn default() -> Sgd {
        Sgd::new(0.01)
    }
}
