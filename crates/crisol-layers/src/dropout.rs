//! `Dropout`: in training, some numbers are left out by chance.

use crate::layer::Layer;
use crate::scope::Scope;
use crate::window::expect_float;
use crisol_tensor::{Error, ErrorKind, Result, Tensor};
use serde::{Deserialize, Serialize};

/// In training each number becomes 0 with probability `rate`, and `x / (1 - rate)` otherwise, so that the expected sum
/// stays; in inference the input passes unchanged.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Dropout {
    rate: f64,
    seed: Option<u64>,
    noise_shape: Option<Vec<Option<usize>>>,
}

impl Dropout {
    /// A layer that leaves out a number with probability `rate`, at least 0 and below 1.
    pub fn new(rate: f64) -> Dropout {
        Dropout { rate, seed: None, noise_shape: None }
    }

    /// Decides, with the key of each step, what is left out; by default the step alone does.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Dropout {
        self.seed = Some(seed);
        self
    }

    /// The shape of the random choices, `None` where it is the input's: along an axis of size 1 all numbers share one fate.
    #[must_use]
    pub fn noise_shape(mut self, noise_shape: impl Into<Vec<Option<usize>>>) -> Dropout {
        self.noise_shape = Some(noise_shape.into());
        self
    }

    /// The shape of the random choices for an input.
    fn choices(&self, x: &Tensor) -> Result<Vec<usize>> {
        let shape = x.shape()?;
        let Some(noise) = &self.noise_shape else { return Ok(shape.to_vec()) };
        let sizes: Vec<usize> = noise.iter().zip(shape.iter()).map(|(size, own)| size.unwrap_or(*own)).collect();
        let fits =
            noise.len() == shape.rank() && sizes.iter().zip(shape.iter()).all(|(size, own)| [1, *own].contains(size));
        if !fits {
            let text =
                format!("noise shape {noise:?} does not fit {shape}: expected 1 or the input's size on every axis");
            return Err(Error::new(ErrorKind::Shape, text).operation("dropout"));
        }
        Ok(sizes)
    }
}

impl Layer for Dropout {
    fn call(&self, cx: &mut Scope, x: &Tensor) -> Result<Tensor> {
        let choices = self.choices(x)?;
        leave_out("dropout", cx, x, self.rate, self.seed, &choices)
    }

    fn config(&self) -> Result<serde_json::Value> {
        crate::config::of(self)
    }

    fn passes_mask(&self) -> bool {
        true
    }
}

/// In training, leaves out numbers of `x` by chance; the shape of the choices has size 1 where all numbers of an axis share one fate.
pub(crate) fn leave_out(
    operation: &str,
    cx: &mut Scope,
    x: &Tensor,
    rate: f64,
    seed: Option<u64>,
    choices: &[usize],
) -> Result<Tensor> {
    expect_float(operation, x)?;
    check_rate(operation, rate)?;
    if !cx.training() || rate == 0.0 {
        return Ok(x.clone());
    }
    let key = cx.key();
    let key = seed.map_or(key, |seed| key.fold(seed));
    let keep = Tensor::random_uniform(choices, 0.0, 1.0, key).greater_equal(rate);
    Ok(keep.broadcast_to(x.shape()?).select(x / (1.0 - rate), 0.0))
}

/// A rate is at least 0 and below 1.
pub(crate) fn check_rate(operation: &str, rate: f64) -> Result<()> {
    if (0.0..1.0).contains(&rate) {
        return Ok(());
    }
    let text = format!("expected a rate of at least 0 and below 1, found {rate}");
    Err(Error::new(ErrorKind::Value, text).operation(operation))
}
