//! `variance_scaling`: the family of Glorot, He and LeCun, which fit the spread of weights to the size of their layer.

use super::{Initializer, RandomNormal, RandomUniform, TruncatedNormal};
use crate::named::Config;
use crisol_tensor::random::Key;
use crisol_tensor::{DType, Error, ErrorKind, Result, Shape, Tensor};
use serde::{Deserialize, Serialize};

/// The standard deviation of a standard normal distribution cut at two standard deviations.
const TRUNCATED_DEVIATION: f64 = 0.879_625_661_034_239_8;

/// Random numbers with variance `scale / n`, where `n` is the number of inputs or outputs of a unit.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct VarianceScaling {
    /// The variance times `n`, above 0.
    pub scale: f64,
    /// What `n` is.
    pub mode: Mode,
    /// How the numbers are distributed.
    pub distribution: Distribution,
}

/// The number that [`VarianceScaling`] divides by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Mode {
    /// The inputs of a unit.
    FanIn,
    /// The outputs of a unit.
    FanOut,
    /// The mean of both.
    FanAverage,
}

/// The distribution that [`VarianceScaling`] draws from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Distribution {
    /// Normal, cut at two standard deviations and widened to have the asked variance again.
    TruncatedNormal,
    /// Normal.
    UntruncatedNormal,
    /// Evenly spread around 0.
    Uniform,
}

impl Default for VarianceScaling {
    fn default() -> VarianceScaling {
        VarianceScaling { scale: 1.0, mode: Mode::FanIn, distribution: Distribution::TruncatedNormal }
    }
}

impl Initializer for VarianceScaling {
    fn initialize(&self, shape: Shape, dtype: DType, key: Key) -> Result<Tensor> {
        if !(self.scale > 0.0 && self.scale.is_finite()) {
            let text = format!("expected a scale above 0, found {}", self.scale);
            return Err(Error::new(ErrorKind::Value, text).operation("variance_scaling"));
        }
        let (inputs, outputs) = fans(&shape);
        let n = match self.mode {
            Mode::FanIn => inputs,
            Mode::FanOut => outputs,
            Mode::FanAverage => (inputs + outputs) / 2.0,
        };
        let deviation = (self.scale / n.max(1.0)).sqrt();
        match self.distribution {
            Distribution::TruncatedNormal => {
                TruncatedNormal { mean: 0.0, standard_deviation: deviation / TRUNCATED_DEVIATION }
                    .initialize(shape, dtype, key)
            }
            Distribution::UntruncatedNormal => {
                RandomNormal { mean: 0.0, standard_deviation: deviation }.initialize(shape, dtype, key)
            }
            Distribution::Uniform => {
                let limit = 3.0f64.sqrt() * deviation;
                RandomUniform { low: -limit, high: limit }.initialize(shape, dtype, key)
            }
        }
    }

    fn config(&self) -> Option<Config> {
        Config::of("variance_scaling", self)
    }
}

/// The inputs and outputs of a unit, as Keras counts them: a kernel is `[.., inputs, outputs]`, and the axes in front (the
/// window of a convolution) multiply both.
fn fans(shape: &Shape) -> (f64, f64) {
    match shape.sizes() {
        [] => (1.0, 1.0),
        [size] => (*size as f64, *size as f64),
        [window @ .., inputs, outputs] => {
            let window: usize = window.iter().product();
            ((window * inputs) as f64, (window * outputs) as f64)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fans_count_the_window_of_a_convolution() {
        let fans = |sizes: &[usize]| fans(&Shape::new(sizes).unwrap());
        assert_eq!(fans(&[]), (1.0, 1.0));
        assert_eq!(fans(&[7]), (7.0, 7.0));
        assert_eq!(fans(&[128, 64]), (128.0, 64.0));
        assert_eq!(fans(&[3, 5, 32, 64]), (480.0, 960.0));
    }

    #[test]
    fn every_distribution_has_the_asked_variance() {
        let shape = Shape::new(&[400, 500]).unwrap();
        for distribution in [Distribution::TruncatedNormal, Distribution::UntruncatedNormal, Distribution::Uniform] {
            for (mode, n) in [(Mode::FanIn, 400.0), (Mode::FanOut, 500.0), (Mode::FanAverage, 450.0)] {
                let scaling = VarianceScaling { scale: 2.0, mode, distribution };
                let x = scaling.initialize(shape, DType::F32, Key::new(5)).unwrap();
                let variance = x.var_all().item().unwrap();
                assert!((variance * n / 2.0 - 1.0).abs() < 0.02, "{scaling:?}: {variance}");
            }
        }
    }

    #[test]
    fn a_scale_of_zero_is_refused() {
        let scaling = VarianceScaling { scale: 0.0, ..VarianceScaling::default() };
        let error = scaling.initialize(Shape::SCALAR, DType::F32, Key::new(0)).unwrap_err();
        assert_eq!(error.to_string(), "variance_scaling: expected a scale above 0, found 0");
    }
}
