//! Losses by the names Keras gives them.

use crate::*;
use crisol_ir::{Error, ErrorKind, Result};
use crisol_params::Config;
use serde_json::Value;
use std::sync::Arc;

/// A loss with its names: Keras' function, its type, and short forms. The first is what messages offer.
pub(crate) struct Entry {
    pub(crate) names: &'static [&'static str],
    /// With Keras' defaults.
    pub(crate) make: fn() -> Arc<dyn Loss>,
    /// From its settings alone.
    pub(crate) read: fn(&Value) -> serde_json::Result<Arc<dyn Loss>>,
}

macro_rules! entry {
    ($type:ty, $($name:literal),+) => {
        $crate::by_name::Entry {
            names: &[$($name),+],
            make: || std::sync::Arc::new(<$type>::default()),
            read: |settings| Ok(std::sync::Arc::new(crisol_params::read_settings::<$type>(settings)?)),
        }
    };
}
pub(crate) use entry;

/// The loss with the given name, with Keras' defaults: `"mse"`, `"mean_squared_error"` or `"MeanSquaredError"`.
///
/// # Errors
/// No such name; the error offers the nearest.
///
/// ```
/// assert_eq!(crisol_losses::by_name("mse")?.name(), "mean_squared_error");
/// assert!(crisol_losses::by_name("binary_crosentropy").unwrap_err().to_string().contains("binary_crossentropy"));
/// # Ok::<(), crisol_ir::Error>(())
/// ```
pub fn by_name(name: &str) -> Result<Arc<dyn Loss>> {
    find(name).map(|entry| (entry.make)())
}

/// The names of all losses, one each.
pub fn names() -> impl Iterator<Item = &'static str> {
    LOSSES.iter().filter_map(|entry| entry.names.first().copied())
}

/// The loss that [`Loss::config`] told.
///
/// # Errors
/// No loss has the name, or settings that it does not take.
///
/// ```
/// use crisol_losses::{Huber, Loss, Reduction, from_config};
/// let loss = Huber::new(0.5).with_reduction(Reduction::Sum);
/// let again = from_config(&loss.config().expect("a built-in loss"))?;
/// assert_eq!((again.config(), again.reduction()), (loss.config(), Reduction::Sum));
/// # Ok::<(), crisol_ir::Error>(())
/// ```
pub fn from_config(config: &Config) -> Result<Arc<dyn Loss>> {
    let entry = find(config.name())?;
    match config.settings() {
        None => Ok((entry.make)()),
        Some(settings) => read(entry, settings.clone()).map_err(|error| {
            Error::new(ErrorKind::Format, format!("the settings of a loss: {error}")).operation(config.name())
        }),
    }
}

fn find(name: &str) -> Result<&'static Entry> {
    let found = LOSSES.iter().find(|entry| entry.names.contains(&name));
    found.ok_or_else(|| Error::unknown_name("loss", name, names()))
}

/// A loss from its settings, beside which its reduction and name may stand.
fn read(entry: &Entry, mut settings: Value) -> serde_json::Result<Arc<dyn Loss>> {
    let mut taken = |key: &str| settings.as_object_mut().and_then(|settings| settings.remove(key));
    let (reduction, name) = (taken("reduction"), taken("name"));
    let loss = (entry.read)(&settings)?;
    if reduction.is_none() && name.is_none() {
        return Ok(loss);
    }
    let mut adapted = Adapted::new(loss);
    if let Some(reduction) = reduction {
        adapted = adapted.with_reduction(serde_json::from_value(reduction)?);
    }
    if let Some(name) = name {
        adapted = adapted.with_name(serde_json::from_value::<String>(name)?);
    }
    Ok(Arc::new(adapted))
}

/// What may be given as a loss: a value, or its name.
pub trait IntoLoss {
    /// The loss.
    ///
    /// # Errors
    /// No loss has the given name.
    fn into_loss(self) -> Result<Arc<dyn Loss>>;
}

impl IntoLoss for &str {
    fn into_loss(self) -> Result<Arc<dyn Loss>> {
        by_name(self)
    }
}

impl IntoLoss for Arc<dyn Loss> {
    fn into_loss(self) -> Result<Arc<dyn Loss>> {
        Ok(self)
    }
}

impl<L: Loss + 'static> IntoLoss for L {
    fn into_loss(self) -> Result<Arc<dyn Loss>> {
        Ok(Arc::new(self))
    }
}
