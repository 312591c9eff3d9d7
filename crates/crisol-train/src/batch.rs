//! A batch as a step gets it: inputs, targets and weights as tensors.

use crate::arrays::Arrays;
use crate::data::Samples;
use crisol_data::Array;
use crisol_ir::{Error, ErrorKind, Result};
use crisol_tensor::Tensor;
use std::collections::BTreeMap;

/// The data of one step: inputs, with targets and sample weights where the data has them.
///
/// A model of one input and one output takes [`Data::x`] and [`Data::y`], one of several the lists in the order of its inputs and
/// outputs.
#[derive(Clone, Debug)]
pub struct Data {
    pub(crate) arrays: Samples,
    inputs: Vec<Tensor>,
    targets: Option<Vec<Tensor>>,
    weights: Option<Vec<Tensor>>,
}

impl Data {
    pub(crate) fn new(mut arrays: Samples, class_weight: Option<&BTreeMap<i64, f64>>) -> Result<Data> {
        if let Some(class_weight) = class_weight {
            let weight = weights_of_classes(&arrays, class_weight)?;
            arrays.weight = Some(Arrays::new().push(weight));
        }
        let tensors = |arrays: &Arrays| arrays.arrays.iter().map(tensor).collect::<Vec<Tensor>>();
        let (inputs, targets) = (tensors(&arrays.x), arrays.y.as_ref().map(tensors));
        let weights = arrays.weight.as_ref().map(tensors);
        Ok(Data { arrays, inputs, targets, weights })
    }

    /// The number of samples.
    pub fn samples(&self) -> usize {
        self.arrays.x.samples()
    }

    /// The input; of several, the first.
    pub fn x(&self) -> &Tensor {
        &self.inputs[0]
    }

    /// All inputs, in the model's order.
    pub fn inputs(&self) -> &[Tensor] {
        &self.inputs
    }

    /// The target; of several, the first.
    ///
    /// # Errors
    /// The data has no targets.
    pub fn y(&self) -> Result<&Tensor> {
        match self.targets()? {
            [first, ..] => Ok(first),
            [] => Err(no_targets()),
        }
    }

    /// All targets, in the order of the model's outputs.
    ///
    /// # Errors
    /// The data has no targets.
    pub fn targets(&self) -> Result<&[Tensor]> {
        self.targets.as_deref().ok_or_else(no_targets)
    }

    /// The weights of the samples, if there are any: those of the first output.
    pub fn sample_weight(&self) -> Option<&Tensor> {
        self.weights.as_ref().and_then(|weights| weights.first())
    }

    /// The weights of the samples for each output: one for all of them, or one each.
    pub fn sample_weights(&self) -> Option<&[Tensor]> {
        self.weights.as_deref()
    }

    /// The weights of an output's samples.
    pub(crate) fn weight_of(&self, output: usize) -> Option<&Tensor> {
        let weights = self.weights.as_ref()?;
        weights.get(if weights.len() == 1 { 0 } else { output })
    }

    /// Data that would train in silence and learn nothing: no samples, or numbers that are none.
    pub(crate) fn check(&self, what: &str) -> Result<()> {
        for (name, arrays) in [("x", Some(&self.arrays.x)), ("y", self.arrays.y.as_ref())] {
            for array in arrays.into_iter().flat_map(|arrays| &arrays.arrays) {
                if let Some(row) = not_a_number(array) {
                    let text = format!("{name} holds a NaN or an infinity, in row {row} of the first batch");
                    return Err(Error::new(ErrorKind::Value, text)
                        .operation(what.to_string())
                        .help("fill or leave out missing values first"));
                }
            }
        }
        Ok(())
    }
}

fn no_targets() -> Error {
    Error::new(ErrorKind::Value, "the step needs targets, and the data has only inputs")
        .help("give (x, y), or a pipeline whose batches have y")
}

/// The first row that holds a number that is none.
fn not_a_number(array: &Array) -> Option<usize> {
    let each = (array.shape().iter().product::<usize>() / array.len().max(1)).max(1);
    let place = match array {
        Array::F32(array) => array.iter().position(|x| !x.is_finite()),
        Array::F64(array) => array.iter().position(|x| !x.is_finite()),
        _ => None,
    };
    place.map(|place| place / each)
}

/// One weight a sample by its class, 1 for classes without: one-hot targets count as the number of their largest element.
fn weights_of_classes(samples: &Samples, class_weight: &BTreeMap<i64, f64>) -> Result<Array> {
    let wrong = |text: &str| Error::new(ErrorKind::Value, text).operation("class_weight");
    let Some([y]) = samples.y.as_ref().map(|y| y.arrays.as_slice()) else {
        return Err(wrong("class_weight is for models of a single output, with targets"));
    };
    let numbers = y.to_f64();
    let classes: Vec<i64> = match y.shape() {
        [_, columns] if *columns > 1 => {
            let largest = |row: &[f64]| (0..row.len()).fold(0, |best, at| if row[at] > row[best] { at } else { best });
            let rows: Vec<f64> = numbers.iter().copied().collect();
            rows.chunks_exact(*columns).map(|row| largest(row) as i64).collect()
        }
        [_] | [_, 1] => numbers.iter().map(|class| class.round_ties_even() as i64).collect(),
        _ => return Err(wrong("class_weight takes class numbers or one-hot targets of rank 1 or 2")),
    };
    let mut weights: Vec<f32> =
        classes.iter().map(|class| class_weight.get(class).copied().unwrap_or(1.0) as f32).collect();
    match samples.weight.as_ref().map(|weight| weight.arrays.as_slice()) {
        None => {}
        Some([given]) if given.shape().iter().product::<usize>() == weights.len() => {
            weights.iter_mut().zip(given.to_f64().iter()).for_each(|(weight, given)| *weight *= *given as f32);
        }
        Some(_) => return Err(wrong("the sample weights of the data are not one a sample")),
    }
    Ok(Array::from(weights))
}

/// An array as a tensor of the same element type.
pub(crate) fn tensor(array: &Array) -> Tensor {
    match array {
        Array::F32(array) => Tensor::from(array),
        Array::F64(array) => Tensor::from(array),
        Array::I32(array) => Tensor::from(array),
        Array::I64(array) => Tensor::from(array),
        Array::U8(array) => Tensor::from(array),
        Array::Bool(array) => Tensor::from(array),
    }
}
