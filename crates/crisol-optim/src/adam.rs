//! Adam.

use crate::optimizer::Optimizer;
use crate::transform::{ScaleByAdam, ScaleByRate};
use crisol_ir::Result;

/// Adaptive moment estimation, as `keras.optimizers.Adam`; the formula stands with [`ScaleByAdam`].
#[derive(Clone, Debug)]
pub struct Adam {
    learning_rate: f64,
    beta_1: f64,
    beta_2: f64,
    epsilon: f64,
}

impl Adam {
    /// Adam at a learning rate, with Keras' defaults: `beta_1` 0.9, `beta_2` 0.999, `epsilon` 1e-7.
    pub fn new(learning_rate: f64) -> Adam {
        Adam { learning_rate, beta_1: 0.9, beta_2: 0.999, epsilon: 1e-7 }
    }

    /// How much of the running mean of gradients stays at each step.
    #[must_use]
    pub fn beta_1(mut self, beta_1: f64) -> Adam {
        self.beta_1 = beta_1;
        self
    }

    /// How much of the running mean of squared gradients stays at each step.
    #[must_use]
    pub fn beta_2(mut self, beta_2: f64) -> Adam {
        self.beta_2 = beta_2;
        self
    }

    /// Keeps the divisor from 0.
    #[must_use]
    pub fn epsilon(mut self, epsilon: f64) -> Adam {
        self.epsilon = epsilon;
        self
    }

    /// The optimizer.
    ///
    /// # Errors
    /// A learning rate that is not a positive number.
    pub fn build(self) -> Result<Optimizer> {
        let Adam { learning_rate, beta_1, beta_2, epsilon } = self;
        let scale = ScaleByAdam { beta_1, beta_2, epsilon };
        Optimizer::new("adam", learning_rate, vec![Box::new(scale), Box::new(ScaleByRate)])
    }
}

impl Default for Adam {
    /// Keras' default: a rate of 0.001.
    fn default() -> Adam {
        Adam::new(1e-3)
    }
}
