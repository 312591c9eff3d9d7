//! Class numbers that no output stands for.

use crisol_ir::{DType, Error, ErrorKind, Result};
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
