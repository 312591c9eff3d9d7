//! Regularizers: what weights cost, by type and by Keras' names.

mod l1;
mod l1_l2;
mod l2;
mod orthogonal;

pub use l1::L1;
pub use l1_l2::L1L2;
pub use l2::L2;
pub use orthogonal::{OrthogonalMode, OrthogonalRegularizer};

use crate::named::{self, Config, Entry, entry};
use crisol_tensor::{Result, Tensor};
use serde::{Deserializer, Serialize, Serializer};
use std::fmt::Debug;
use std::sync::Arc;

/// Gives a weight, or what a layer computes, a cost that is added to the loss.
///
/// A name is a regularizer too, with Keras' defaults; an unknown one is an error when the loss is computed.
///
/// ```
/// use crisol_params::{L2, Regularizer};
/// use crisol_tensor::Tensor;
/// let weight = Tensor::from_slice(&[3.0f32, 4.0], [2]);
/// assert_eq!(L2(0.1).loss(&weight)?.item()?, 2.5);
/// assert_eq!("l1".loss(&weight)?.item()?, f64::from(0.07f32));
/// # Ok::<(), crisol_tensor::Error>(())
/// ```
pub trait Regularizer: Debug + Send + Sync {
    /// The cost, a scalar.
    ///
    /// # Errors
    /// Settings out of range, or a shape that the regularizer does not take.
    fn loss(&self, weight: &Tensor) -> Result<Tensor>;

    /// What a file says of it; `None` if it cannot be read back from a name.
    fn config(&self) -> Option<Config> {
        None
    }
}

/// Every regularizer by its name in Keras.
const REGULARIZERS: &[Entry<dyn Regularizer>] = &[
    entry!("l1", L1),
    entry!("l2", L2),
    entry!("l1_l2", L1L2),
    entry!("orthogonal_regularizer", OrthogonalRegularizer),
];

/// The regularizer with the given name in Keras, with its default settings.
///
/// # Errors
/// No such name; the error offers the nearest.
pub fn regularizer_by_name(name: &str) -> Result<Arc<dyn Regularizer>> {
    Ok((named::find("regularizer", REGULARIZERS, name)?.make)())
}

/// The names of all regularizers.
pub fn regularizer_names() -> impl Iterator<Item = &'static str> {
    REGULARIZERS.iter().map(|entry| entry.name)
}

impl Regularizer for &'static str {
    fn loss(&self, weight: &Tensor) -> Result<Tensor> {
        regularizer_by_name(self)?.loss(weight)
    }

    fn config(&self) -> Option<Config> {
        regularizer_by_name(self).ok()?.config()
    }
}

impl<R: Regularizer + ?Sized> Regularizer for Arc<R> {
    fn loss(&self, weight: &Tensor) -> Result<Tensor> {
        (**self).loss(weight)
    }

    fn config(&self) -> Option<Config> {
        (**self).config()
    }
}

impl Serialize for dyn Regularizer {
    fn serialize<S: Serializer>(&self, to: S) -> std::result::Result<S::Ok, S::Error> {
        named::write(&self, self.config(), to)
    }
}

/// Reads a regularizer that a layer may hold; for `#[serde(deserialize_with)]`.
pub fn read_regularizer<'de, D: Deserializer<'de>>(
    from: D,
) -> std::result::Result<Option<Arc<dyn Regularizer>>, D::Error> {
    named::read("regularizer", REGULARIZERS, from).map(Some)
}
