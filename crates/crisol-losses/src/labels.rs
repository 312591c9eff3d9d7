//! Class numbers as targets: their shape, and those that no output stands for.

use crisol_ir::{DType, Error, ErrorKind, Result, Shape};
use crisol_tensor::Tensor;

/// Class numbers outside of the classes would count as a loss of 0 and train in silence. Those that are there, as the targets of a
/// batch are, are checked; those that are still to be computed are not.
pub(crate) fn check_labels(labels: &Tensor, classes: usize, ignored: Option<i64>) -> Result<()> {
    let Some(value) = labels.known_value() else { return Ok(()) };
    let right = |label: f64| (0.0..classes as f64).contains(&label) && label.fract() == 0.0;
    let wrong = |label: f64| !right(label) && ignored.is_none_or(|ignored| label != ignored as f64);
    let value = value.cast(DType::F64);
    match value.array::<f64>()?.iter().enumerate().find(|(_, label)| wrong(**label)) {
        None => Ok(()),
        Some((row, label)) => Err(Error::new(
            ErrorKind::Value,
            format!("label {label} in row {row} of y_true, expected 0 to {} for {classes} outputs", classes - 1),
        )
        .help("labels are whole numbers from 0; the last layer needs as many units as there are classes")),
    }
}

/// Class numbers in the shape of the predictions without the axis of classes: one of size 1 in its place is taken off.
pub(crate) fn align_labels(name: &str, y_true: &Tensor, y_pred: &Tensor, axis: isize) -> Result<(Tensor, Tensor)> {
    let (given, predictions) = (y_true.shape()?, y_pred.shape()?);
    let classes = predictions.axis(axis).map_err(|_| {
        let text = format!("y_pred has shape {predictions}, expected [batch, classes]");
        Error::new(ErrorKind::Shape, text).operation(name.to_string())
    })?;
    let mut samples = predictions.sizes().to_vec();
    samples.remove(classes);
    let mut squeezed = given.sizes().to_vec();
    if squeezed.len() == samples.len() + 1 && squeezed.get(classes) == Some(&1) {
        squeezed.remove(classes);
    }
    if squeezed != samples {
        return Err(Error::new(
            ErrorKind::Shape,
            format!("y_true has shape {given}, expected {samples:?} for y_pred of shape {predictions}"),
        )
        .operation(name.to_string())
        .help("this loss takes class numbers; one-hot targets go with categorical_crossentropy"));
    }
    Ok((y_true.reshape(Shape::new(&squeezed)?), y_pred.clone()))
}
