//! The activation of a layer, by name or as a function.

use crisol_tensor::{Result, Tensor, activations};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};
use std::fmt;
use std::sync::Arc;

/// A function that a layer applies to its output: one of Keras' names, or any function of a tensor.
///
/// ```
/// use crisol_layers::Dense;
/// use crisol_tensor::Tensor;
/// let by_name = Dense::new(3).activation("tanh");
/// let by_function = Dense::new(3).activation(|x: &Tensor| x.tanh() * 1.7159);
/// # let _ = (by_name, by_function);
/// ```
#[derive(Clone)]
pub struct Function(Kind);

#[derive(Clone)]
enum Kind {
    Linear,
    Name(String),
    Function(Arc<dyn Fn(&Tensor) -> Tensor + Send + Sync>),
}

impl Function {
    /// The function's value.
    ///
    /// # Errors
    /// No function has the name; the error offers the nearest.
    pub fn apply(&self, x: &Tensor) -> Result<Tensor> {
        Ok(match &self.0 {
            Kind::Linear => x.clone(),
            Kind::Name(name) => activations::by_name(name)?(x),
            Kind::Function(function) => function(x),
        })
    }
}

/// The output as it is.
impl Default for Function {
    fn default() -> Function {
        Function(Kind::Linear)
    }
}

impl From<&str> for Function {
    fn from(name: &str) -> Function {
        Function(Kind::Name(name.to_string()))
    }
}

impl From<String> for Function {
    fn from(name: String) -> Function {
        Function(Kind::Name(name))
    }
}

impl<F: Fn(&Tensor) -> Tensor + Send + Sync + 'static> From<F> for Function {
    fn from(function: F) -> Function {
        Function(Kind::Function(Arc::new(function)))
    }
}

impl fmt::Debug for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Linear => f.write_str("\"linear\""),
            Kind::Name(name) => write!(f, "{name:?}"),
            Kind::Function(_) => f.write_str("<function>"),
        }
    }
}

/// By name; a function without one cannot be written.
impl Serialize for Function {
    fn serialize<S: Serializer>(&self, to: S) -> std::result::Result<S::Ok, S::Error> {
        match &self.0 {
            Kind::Linear => to.serialize_str("linear"),
            Kind::Name(name) => to.serialize_str(name),
            Kind::Function(_) => Err(ser::Error::custom("a function without a name cannot be saved")),
        }
    }
}

impl<'de> Deserialize<'de> for Function {
    fn deserialize<D: Deserializer<'de>>(from: D) -> std::result::Result<Function, D::Error> {
        let name = String::deserialize(from)?;
        activations::by_name(&name).map_err(de::Error::custom)?;
        Ok(Function::from(name))
    }
}
