//! A batch as a step gets it: inputs, targets and weights as tensors.

use crate::data::Names;
use crisol_data::{Array, Batch};
use crisol_ir::{DType, Error, ErrorKind, Result};
use crisol_tensor::Tensor;
use std::collections::BTreeMap;

/// The data of one step: inputs, with targets and sample weights where the data has them.
///
/// A model of one input and one output takes [`Data::x`] and [`Data::y`], one of several the lists in the order of its inputs and
/// outputs.
#[derive(Clone, Debug)]
pub struct Data {
    inputs: Vec<Tensor>,
    targets: Option<Vec<Tensor>>,
    weights: Option<Vec<Tensor>>,
    others: Vec<(String, Tensor)>,
}

impl Data {
    pub(crate) fn new(inputs: Vec<Tensor>, targets: Option<Vec<Tensor>>, weights: Option<Vec<Tensor>>) -> Data {
        Data { inputs, targets, weights, others: Vec::new() }
    }

    /// The parts of a batch, each made a tensor. `x` is the first input and `y` the first target of a model; the next ones, and what is neither, come by
    /// name. Targets that are not there are missed where they are needed: predictions need none.
    pub(crate) fn of_batch(batch: &Batch, names: &Names, make: impl Fn(&Array) -> Tensor) -> Result<Data> {
        let mut others: Vec<(String, Tensor)> =
            batch.others.iter().map(|(name, array)| (name.clone(), make(array))).collect();
        let mut take = |name: &String| {
            let place = others.iter().position(|(other, _)| other == name)?;
            Some(others.remove(place).1)
        };
        let mut inputs = vec![make(&batch.x)];
        for name in names.inputs.iter().skip(1) {
            inputs.push(take(name).ok_or_else(|| no_input(name))?);
        }
        let targets = batch.y.as_ref().map(|y| {
            let mut targets = vec![make(y)];
            targets.extend(names.outputs.iter().skip(1).filter_map(take));
            targets
        });
        let weights = batch.sample_weight.as_ref().map(|weights| vec![make(weights)]);
        Ok(Data { inputs, targets, weights, others })
    }

    /// The same samples, weighted by their classes as well.
    pub(crate) fn with_class_weight(mut self, class_weight: &BTreeMap<i64, f64>) -> Result<Data> {
        self.weights = Some(vec![weights_of_classes(&self, class_weight)?]);
        Ok(self)
    }

    /// The number of samples.
    pub fn samples(&self) -> usize {
        self.inputs.first().and_then(|x| x.dim(0).ok()).unwrap_or(0)
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

    /// What else a pipeline's batch holds by name, other than inputs and targets: for steps of one's own.
    ///
    /// # Errors
    /// The batch has nothing of that name.
    pub fn named(&self, name: &str) -> Result<&Tensor> {
        let found = self.others.iter().find(|(other, _)| other == name).map(|(_, tensor)| tensor);
        found.ok_or_else(|| {
            Error::unknown_name("array of the batch", name, self.others.iter().map(|(other, _)| other.as_str()))
        })
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

    /// Data that would train in silence and learn nothing: numbers that are none.
    pub(crate) fn check(&self, what: &str) -> Result<()> {
        for (name, tensors) in [("x", Some(&self.inputs)), ("y", self.targets.as_ref())] {
            for tensor in tensors.into_iter().flatten() {
                if let Some(row) = not_a_number(tensor) {
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

fn no_input(name: &str) -> Error {
    Error::new(ErrorKind::Name, format!("the batch has no input {name:?}"))
        .help(format!("let the pipeline yield batch.with({name:?}, array); x is the first input"))
}

fn no_targets() -> Error {
    Error::new(ErrorKind::Value, "the step needs targets, and the data has only inputs")
        .help("give (x, y), or a pipeline whose batches have y")
}

/// The first row that holds a number that is none.
fn not_a_number(tensor: &Tensor) -> Option<usize> {
    let value = tensor.known_value().filter(|value| value.dtype().is_float())?;
    let numbers = value.cast(DType::F64);
    let numbers = numbers.array::<f64>().ok()?;
    let each = numbers.len() / numbers.shape().first().copied().unwrap_or(1).max(1);
    numbers.iter().position(|x| !x.is_finite()).map(|place| place / each.max(1))
}

/// One weight a sample by its class, 1 for classes without: one-hot targets count as the number of their largest element.
fn weights_of_classes(data: &Data, class_weight: &BTreeMap<i64, f64>) -> Result<Tensor> {
    let wrong = |text: &str| Error::new(ErrorKind::Value, text).operation("class_weight");
    let Some([y]) = data.targets.as_deref() else {
        return Err(wrong("class_weight is for models of a single output, with targets"));
    };
    let numbers = y.to_value()?.cast(DType::F64);
    let numbers = numbers.array::<f64>()?;
    let classes: Vec<i64> = match numbers.shape() {
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
    match data.weights.as_deref() {
        None => {}
        Some([given]) if given.shape()?.elements() == weights.len() => {
            let given = given.to_value()?.cast(DType::F64);
            weights.iter_mut().zip(given.array::<f64>()?).for_each(|(weight, given)| *weight *= *given as f32);
        }
        Some(_) => return Err(wrong("the sample weights of the data are not one a sample")),
    }
    Ok(Tensor::from_slice(&weights, [weights.len()]))
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
