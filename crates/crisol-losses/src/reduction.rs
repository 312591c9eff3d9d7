//! How the losses of the samples become one number, with sample weights and masks.

use crisol_ir::{DType, Error, Result, Shape, Value};
use crisol_tensor::{Tensor, spread_weights};
use serde::{Deserialize, Serialize};

/// How the losses of the samples become one number.
///
/// With losses `l`, weights `w` (1 if none are given) and `n` losses in the batch:
///
/// | reduction | Keras' name | gives |
/// | --- | --- | --- |
/// | `SumOverBatchSize` | `"sum_over_batch_size"` | `sum(l w) / n`: the weights do not count as samples |
/// | `Mean` | `"mean"` | the same |
/// | `MeanWithSampleWeight` | `"mean_with_sample_weight"` | `sum(l w) / sum(w)`, 0 if the weights add up to 0 |
/// | `Sum` | `"sum"` | `sum(l w)` |
/// | `None` | `"none"` | `l w`, one a sample |
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reduction {
    /// Their sum divided by their number: Keras' default.
    #[default]
    SumOverBatchSize,
    /// The same as [`Reduction::SumOverBatchSize`].
    Mean,
    /// Their weighted sum divided by the sum of the weights.
    MeanWithSampleWeight,
    /// Their sum.
    Sum,
    /// Left as they are, one a sample.
    None,
}

const NAMES: [(&str, Reduction); 5] = [
    ("sum_over_batch_size", Reduction::SumOverBatchSize),
    ("mean", Reduction::Mean),
    ("mean_with_sample_weight", Reduction::MeanWithSampleWeight),
    ("sum", Reduction::Sum),
    ("none", Reduction::None),
];

/// The reduction by Keras' name; the error offers the nearest.
impl std::str::FromStr for Reduction {
    type Err = Error;

    fn from_str(name: &str) -> Result<Reduction> {
        let found = NAMES.iter().find(|(known, _)| *known == name);
        found
            .map(|(_, reduction)| *reduction)
            .ok_or_else(|| Error::unknown_name("reduction", name, NAMES.map(|(known, _)| known)))
    }
}

/// Reduces the losses of samples as Keras does.
///
/// A mask (true or not 0 where a sample counts) multiplies the weights. Where the reduction is a mean over the batch, the samples
/// that count weigh `n / (those that count)`, so that the mean is over these alone.
pub(crate) fn reduce(
    values: Tensor,
    weight: Option<&Tensor>,
    mask: Option<&Tensor>,
    reduction: Reduction,
) -> Result<Tensor> {
    let (shape, dtype) = (values.shape()?, values.dtype()?);
    let weight = weight.map(|weight| spread(&weight.cast(dtype), &shape)).transpose()?;
    let mask = mask.map(|mask| mask_weights(mask, &shape, dtype, reduction)).transpose()?;
    let weight = match (weight, mask) {
        (Some(weight), Some(mask)) => Some(weight * mask),
        (weight, mask) => weight.or(mask),
    };
    let values = match &weight {
        Some(weight) => values * weight,
        None => values,
    };
    let count = values.shape()?.elements() as f64;
    Ok(match (reduction, weight) {
        (Reduction::None, _) => values,
        (Reduction::Sum, _) => values.sum_all(),
        (Reduction::MeanWithSampleWeight, Some(weight)) => divide_no_nan(values.sum_all(), &weight.sum_all()),
        // Not `mean_all`: the number of samples is an argument of the plan here, so that another batch size compiles nothing.
        _ => values.sum_all() / count,
    })
}

/// Weights beside the values. One loss of the whole batch (as of Dice, or of predictions of one axis) is counted once for each
/// weight, as in Keras.
fn spread(weight: &Tensor, shape: &Shape) -> Result<Tensor> {
    if shape.rank() == 0 { Ok(weight.clone()) } else { spread_weights(weight, shape) }
}

fn mask_weights(mask: &Tensor, shape: &Shape, dtype: DType, reduction: Reduction) -> Result<Tensor> {
    let mask = if mask.dtype()? == DType::Bool { mask.clone() } else { mask.not_equal(0.0) };
    let mask = spread(&mask.cast(dtype), shape)?;
    if !matches!(reduction, Reduction::Mean | Reduction::SumOverBatchSize) {
        return Ok(mask);
    }
    // A value and not a number: another batch size is no other graph.
    let total = Value::zeros(dtype, &Shape::SCALAR);
    let total = Tensor::from_value(total) + mask.shape()?.elements() as f64;
    let valid = mask.sum_all();
    Ok(mask * divide_no_nan(total, &valid))
}

/// `a / b`, 0 where `b` is 0.
fn divide_no_nan(a: Tensor, b: &Tensor) -> Tensor {
    let zero = b.equal(0.0);
    zero.select(0.0, a / zero.select(1.0, b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_keras() {
        assert_eq!("mean_with_sample_weight".parse::<Reduction>().unwrap(), Reduction::MeanWithSampleWeight);
        let error = "sum_over_batch".parse::<Reduction>().unwrap_err().to_string();
        assert_eq!(error, r#"no reduction is named "sum_over_batch" (did you mean "sum_over_batch_size"?)"#);
    }
}
