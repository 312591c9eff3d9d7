//! `Cropping1D`: a sequence without its ends.

use crate::layer::Layer;
use crate::scope::Scope;
use crate::window::{Pair, sequence_shape};
use crisol_tensor::{Error, ErrorKind, Result, Tensor};
use serde::{Deserialize, Serialize};

/// `[batch, steps, features]` loses steps at its beginning and end.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Cropping1D {
    cropping: Pair,
}

impl Cropping1D {
    /// Steps that are cut off at both ends: one number for both, or two.
    pub fn new(cropping: impl Into<Pair>) -> Cropping1D {
        Cropping1D { cropping: cropping.into() }
    }
}

impl Layer for Cropping1D {
    fn call(&self, _cx: &mut Scope, x: &Tensor) -> Result<Tensor> {
        let shape = sequence_shape("cropping1d", x)?;
        let [before, after] = self.cropping.0;
        if before + after >= shape[1] {
            let text = format!("{before} and {after} of {} steps are cut off: nothing is left", shape[1]);
            return Err(Error::new(ErrorKind::Value, text).operation("cropping1d"));
        }
        Ok(x.slice(&[0..shape[0], before..shape[1] - after, 0..shape[2]]))
    }

    fn config(&self) -> Result<serde_json::Value> {
        crate::config::of(self)
    }
}
