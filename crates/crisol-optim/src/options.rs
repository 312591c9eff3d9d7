//! What every optimizer can be told beside its own settings: clipping, weight decay, averages, accumulation.

use crisol_ir::{Error, ErrorKind, Result};
use crisol_tensor::Tensor;
use serde::{Deserialize, Serialize};

/// The settings that all optimizers share; they are set by [`OptimizerOptions`].
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Options {
    pub(crate) clipnorm: Option<f64>,
    pub(crate) global_clipnorm: Option<f64>,
    pub(crate) clipvalue: Option<f64>,
    pub(crate) weight_decay: Option<f64>,
    pub(crate) undecayed: Vec<String>,
    pub(crate) ema_momentum: Option<f64>,
    pub(crate) ema_overwrite_frequency: Option<u64>,
    pub(crate) accumulation: Option<u64>,
    pub(crate) loss_scale: Option<f64>,
}

/// The settings that all optimizers share, as builder methods: `Adam::new(1e-3).clipnorm(1.0).weight_decay(1e-4)`.
///
/// In each step gradients are unscaled, accumulated, clipped; weights decay, the optimizer's rule is applied, averages follow.
pub trait OptimizerOptions: Sized {
    /// The settings, to be changed.
    fn options(&mut self) -> &mut Options;

    /// Makes each gradient longer than this exactly so long. At most one of the three clippings is given.
    #[must_use]
    fn clipnorm(mut self, norm: f64) -> Self {
        self.options().clipnorm = Some(norm);
        self
    }

    /// Makes all gradients together, as one vector, at most this long.
    #[must_use]
    fn global_clipnorm(mut self, norm: f64) -> Self {
        self.options().global_clipnorm = Some(norm);
        self
    }

    /// Keeps each element of gradients between minus this and this.
    #[must_use]
    fn clipvalue(mut self, value: f64) -> Self {
        self.options().clipvalue = Some(value);
        self
    }

    /// Takes `rate * decay * w` off every weight before each step, apart from the gradient.
    #[must_use]
    fn weight_decay(mut self, decay: f64) -> Self {
        self.options().weight_decay = Some(decay);
        self
    }

    /// Parameters that do not decay: those whose name (the last part of the path) contains one of these words, `"bias"`, or whose path is one.
    #[must_use]
    fn exclude_from_weight_decay<W: Into<String>>(mut self, words: impl IntoIterator<Item = W>) -> Self {
        self.options().undecayed.extend(words.into_iter().map(Into::into));
        self
    }

    /// Keeps moving averages of the weights: `average = momentum * average + (1 - momentum) * w` after each step (Keras' `use_ema`, with 0.99).
    /// [`Optimizer::finalize`](crate::Optimizer::finalize) puts them in place of the weights.
    #[must_use]
    fn ema(mut self, momentum: f64) -> Self {
        self.options().ema_momentum = Some(momentum);
        self
    }

    /// Puts the averages in place of the weights after every so many steps.
    #[must_use]
    fn ema_overwrite_frequency(mut self, steps: u64) -> Self {
        self.options().ema_overwrite_frequency = Some(steps);
        self
    }

    /// Changes weights only at every so many steps, by the mean of the gradients since. Schedules count every step, corrections only those, as in Keras.
    #[must_use]
    fn gradient_accumulation_steps(mut self, steps: u64) -> Self {
        self.options().accumulation = Some(steps);
        self
    }

    /// Divides gradients by this: the loss was multiplied by it, see [`Optimizer::scale_loss`](crate::Optimizer::scale_loss).
    #[must_use]
    fn loss_scale_factor(mut self, factor: f64) -> Self {
        self.options().loss_scale = Some(factor);
        self
    }
}

impl Options {
    /// An error unless the settings make sense together.
    pub(crate) fn check(&self) -> Result<()> {
        let wrong = |text: String| Err(Error::new(ErrorKind::Value, text));
        let clippings =
            [("clipnorm", self.clipnorm), ("global_clipnorm", self.global_clipnorm), ("clipvalue", self.clipvalue)];
        let given: Vec<&str> = clippings.iter().filter(|(_, value)| value.is_some()).map(|(name, _)| *name).collect();
        if given.len() > 1 {
            return wrong(format!("{} are given, expected at most one clipping", given.join(" and ")));
        }
        let positive = [("weight_decay", self.weight_decay), ("loss_scale_factor", self.loss_scale)];
        for (name, value) in clippings.iter().chain(&positive) {
            if value.is_some_and(|value| !value.is_finite() || value < 0.0) {
                return wrong(format!("{name} is {}, expected a number from 0 up", value.unwrap_or_default()));
            }
        }
        if let Some(momentum) = self.ema_momentum.filter(|momentum| !(0.0..=1.0).contains(momentum)) {
            return wrong(format!("the momentum of ema is {momentum}, expected 0 to 1"));
        }
        if self.ema_overwrite_frequency == Some(0) {
            return wrong("ema_overwrite_frequency is 0, expected at least 1".to_string());
        }
        if let Some(steps) = self.accumulation.filter(|steps| *steps < 2) {
            return wrong(format!("gradient_accumulation_steps is {steps}, expected at least 2"));
        }
        Ok(())
    }

    /// Whether a parameter decays.
    pub(crate) fn decays(&self, path: &str) -> bool {
        let name = path.rsplit('/').next().unwrap_or(path);
        !self.undecayed.iter().any(|word| name.contains(word.as_str()) || path == word)
    }

    /// Clips the gradients of one step.
    pub(crate) fn clip(&self, gradients: Vec<Tensor>) -> Result<Vec<Tensor>> {
        let positive = |value: Option<f64>| value.filter(|value| *value > 0.0);
        if let Some(norm) = positive(self.clipnorm) {
            return Ok(gradients
                .iter()
                .map(|gradient| gradient * clip_factor(gradient.square().sum_all(), norm))
                .collect());
        }
        if let Some(norm) = positive(self.global_clipnorm) {
            let mut squares: Option<Tensor> = None;
            for gradient in &gradients {
                let square = gradient.square().sum_all();
                squares = Some(match squares {
                    Some(sum) => sum + square.cast(gradients[0].dtype()?),
                    None => square,
                });
            }
            let Some(squares) = squares else { return Ok(gradients) };
            // Times 0: an infinite norm makes all gradients NaN, as in Keras, rather than most of them 0.
            let factor = clip_factor(squares.clone(), norm) + squares * 0.0;
            return gradients.iter().map(|gradient| Ok(gradient * factor.cast(gradient.dtype()?))).collect();
        }
        if let Some(value) = positive(self.clipvalue) {
            return Ok(gradients.iter().map(|gradient| gradient.clip(-value, value)).collect());
        }
        Ok(gradients)
    }
}

/// By what a vector of the given squared length is multiplied, so that it is no longer than `norm`.
fn clip_factor(squares: Tensor, norm: f64) -> Tensor {
    norm / squares.sqrt().maximum(norm)
}
