//! A layer ready for a check, and how what it gives is compared.

use crisol_layers::{Mode, Network};
use crisol_params::Role;
use crisol_tensor::ndarray::ArrayD;
use crisol_tensor::random::Key;
use crisol_tensor::{DType, Error, ErrorKind, Result, Tensor, Value};

/// A layer that has been built for a check.
pub(super) struct Built {
    pub(super) network: Network,
    pub(super) check: &'static str,
    pub(super) layer: String,
}

impl Built {
    pub(super) fn call(&self, x: &Tensor, mode: Mode, key: u64) -> Result<Vec<Tensor>> {
        let forward = self.network.forward(std::slice::from_ref(x), mode, Key::new(key));
        Ok(forward.map_err(|error| error.operation(self.check))?.outputs)
    }

    /// Outputs and losses, computed.
    pub(super) fn values(&self, x: &Tensor, mode: Mode, key: u64) -> Result<Vec<Bits>> {
        let forward = self.network.forward(std::slice::from_ref(x), mode, Key::new(key));
        let forward = forward.map_err(|error| error.operation(self.check))?;
        let values = forward.outputs.iter().chain(&forward.losses).map(|tensor| Ok(Bits(tensor.to_value()?)));
        let values = values.collect::<Result<Vec<Bits>>>()?;
        crisol_tensor::evaluate()?;
        Ok(values)
    }

    /// The states, with the values that they start from.
    pub(super) fn states(&self) -> Result<Vec<(crisol_tensor::Variable, Tensor)>> {
        let weights = self.network.tree()?.weights().iter().filter(|weight| weight.role() == Role::State);
        Ok(weights.map(|weight| (weight.variable().clone(), weight.variable().value())).collect())
    }

    pub(super) fn fault(&self, kind: ErrorKind, text: impl Into<String>) -> Error {
        self.context(Error::new(kind, text))
    }

    /// The error with the check and, unless it passed its boundary, the layer.
    pub(super) fn context(&self, error: Error) -> Error {
        let inside = error.layers().next().is_some();
        let error = error.operation(self.check);
        if inside { error } else { error.layer(self.layer.clone()) }
    }
}

/// A value that equals another if all bits do, NaN too.
pub(super) struct Bits(Value);

impl PartialEq for Bits {
    fn eq(&self, other: &Bits) -> bool {
        match (&self.0, &other.0) {
            (Value::F32(a), Value::F32(b)) => {
                a.shape() == b.shape() && a.iter().zip(b).all(|(a, b)| a.to_bits() == b.to_bits())
            }
            (Value::F64(a), Value::F64(b)) => {
                a.shape() == b.shape() && a.iter().zip(b).all(|(a, b)| a.to_bits() == b.to_bits())
            }
            (a, b) => a == b,
        }
    }
}

pub(super) fn floats(tensor: &Tensor) -> Result<ArrayD<f64>> {
    Ok(tensor.to_value()?.cast(DType::F64).array::<f64>()?.clone())
}

/// The first element in which two arrays differ by more than the tolerance.
pub(super) fn apart(found: &ArrayD<f64>, expected: &ArrayD<f64>, tolerance: f64) -> Option<(Vec<usize>, f64, f64)> {
    use crisol_tensor::ndarray::Dimension;
    found.indexed_iter().zip(expected).find_map(|((index, &found), &expected)| {
        let same = found == expected || (found.is_nan() && expected.is_nan());
        let near = (found - expected).abs() <= tolerance * expected.abs().max(1.0);
        (!same && !near).then(|| (index.as_array_view().to_vec(), found, expected))
    })
}

/// A shape as models show it: `[None, 10]`.
pub(super) fn show(shape: &[Option<usize>]) -> String {
    let sizes: Vec<String> =
        shape.iter().map(|size| size.map_or("None".to_string(), |size| size.to_string())).collect();
    format!("[{}]", sizes.join(", "))
}
