//! Constraints: where weights may be, by type and by Keras' names.

mod max_norm;
mod min_max_norm;
mod non_neg;
mod unit_norm;

pub use max_norm::MaxNorm;
pub use min_max_norm::MinMaxNorm;
pub use non_neg::NonNeg;
pub use unit_norm::UnitNorm;

use crate::named::{self, Config, Entry, entry};
use crisol_tensor::{Result, Tensor};
use serde::{Deserializer, Serialize, Serializer};
use std::fmt::Debug;
use std::sync::Arc;

/// What keeps a norm from being divided by 0.
const EPSILON: f64 = 1e-7;

/// Moves a weight, after every update, to where it may be.
///
/// A name is a constraint too, with Keras' defaults; an unknown one is an error at the first update.
///
/// ```
/// use crisol_params::{Constraint, NonNeg};
/// use crisol_tensor::Tensor;
/// let weight = Tensor::from_slice(&[-1.0f32, 2.0], [2]);
/// assert_eq!(NonNeg.project(&weight)?.to_vec::<f32>()?, [0.0, 2.0]);
/// # Ok::<(), crisol_tensor::Error>(())
/// ```
pub trait Constraint: Debug + Send + Sync {
    /// The weight where it may be, of the same element type and shape.
    ///
    /// # Errors
    /// An axis that the weight does not have.
    fn project(&self, weight: &Tensor) -> Result<Tensor>;

    /// What a file says of it; `None` if it cannot be read back from a name.
    fn config(&self) -> Option<Config> {
        None
    }
}

/// Every constraint by its name in Keras.
const CONSTRAINTS: &[Entry<dyn Constraint>] = &[
    entry!("max_norm", MaxNorm),
    entry!("non_neg", NonNeg),
    entry!("unit_norm", UnitNorm),
    entry!("min_max_norm", MinMaxNorm),
];

/// The constraint with the given name in Keras, with its default settings.
///
/// # Errors
/// No such name; the error offers the nearest.
pub fn constraint_by_name(name: &str) -> Result<Arc<dyn Constraint>> {
    Ok((named::find("constraint", CONSTRAINTS, name)?.make)())
}

/// The names of all constraints.
pub fn constraint_names() -> impl Iterator<Item = &'static str> {
    CONSTRAINTS.iter().map(|entry| entry.name)
}

impl Constraint for &'static str {
    fn project(&self, weight: &Tensor) -> Result<Tensor> {
        constraint_by_name(self)?.project(weight)
    }

    fn config(&self) -> Option<Config> {
        constraint_by_name(self).ok()?.config()
    }
}

impl<C: Constraint + ?Sized> Constraint for Arc<C> {
    fn project(&self, weight: &Tensor) -> Result<Tensor> {
        (**self).project(weight)
    }

    fn config(&self) -> Option<Config> {
        (**self).config()
    }
}

impl Serialize for dyn Constraint {
    fn serialize<S: Serializer>(&self, to: S) -> std::result::Result<S::Ok, S::Error> {
        named::write(&self, self.config(), to)
    }
}

/// Reads a constraint that a layer may hold; for `#[serde(deserialize_with)]`.
pub fn read_constraint<'de, D: Deserializer<'de>>(
    from: D,
) -> std::result::Result<Option<Arc<dyn Constraint>>, D::Error> {
    named::read("constraint", CONSTRAINTS, from).map(Some)
}

/// The Euclidean norms along an axis, which stays with size 1.
fn norms(weight: &Tensor, axis: isize) -> Tensor {
    weight.square().sum_keep(axis).sqrt()
}
