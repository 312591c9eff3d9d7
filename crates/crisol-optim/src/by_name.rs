//! Optimizers by the names Keras gives them.

use crate::*;
use crisol_ir::{Error, ErrorKind, Result};
use crisol_params::{Config, read_settings};
use serde::de::DeserializeOwned;
use serde_json::Value;

/// An optimizer by Keras' name, which counts with any letter case.
pub(crate) struct Entry {
    pub(crate) name: &'static str,
    /// With Keras' defaults.
    pub(crate) make: fn() -> Result<Optimizer>,
    pub(crate) read: fn(&Value) -> Result<Optimizer>,
}

macro_rules! entry {
    ($name:literal, $type:ty) => {
        $crate::by_name::Entry {
            name: $name,
            make: || <$type>::default().build(),
            read: $crate::by_name::read::<$type>,
        }
    };
}
pub(crate) use entry;

/// The names of all optimizers.
pub fn names() -> impl Iterator<Item = &'static str> {
    OPTIMIZERS.iter().map(|entry| entry.name)
}

/// The optimizer with the given name, with Keras' defaults.
///
/// # Errors
/// No such name; the error offers the nearest.
///
/// ```
/// assert_eq!(crisol_optim::by_name("adam")?.learning_rate(), 1e-3);
/// assert!(crisol_optim::by_name("adm").unwrap_err().to_string().contains("did you mean \"adam\""));
/// # Ok::<(), crisol_ir::Error>(())
/// ```
pub fn by_name(name: &str) -> Result<Optimizer> {
    (find(name)?.make)()
}

/// The optimizer that [`Optimizer::config`] told, without its state.
///
/// # Errors
/// No optimizer has the name, or settings that it does not take.
///
/// ```
/// use crisol_optim::{OptimizerOptions, Sgd, from_config};
/// let optimizer = Sgd::new(0.1).momentum(0.9).clipnorm(1.0).build()?;
/// let again = from_config(optimizer.config().expect("a built-in optimizer"))?;
/// assert_eq!(format!("{:?}", again.config()), format!("{:?}", optimizer.config()));
/// # Ok::<(), crisol_ir::Error>(())
/// ```
pub fn from_config(config: &Config) -> Result<Optimizer> {
    let entry = find(config.name())?;
    config.settings().map_or_else(entry.make, entry.read)
}

fn find(name: &str) -> Result<&'static Entry> {
    let found = OPTIMIZERS.iter().find(|entry| entry.name.eq_ignore_ascii_case(name));
    found.ok_or_else(|| Error::unknown_name("optimizer", name, names()))
}

pub(crate) fn read<T: IntoOptimizer + DeserializeOwned>(settings: &Value) -> Result<Optimizer> {
    read_settings::<T>(settings).map_err(wrong_settings)?.into_optimizer()
}

fn wrong_settings(error: serde_json::Error) -> Error {
    Error::new(ErrorKind::Format, format!("the settings of an optimizer: {error}"))
}

/// What may be given as an optimizer: a finished one, its description, or a name.
pub trait IntoOptimizer {
    /// The optimizer.
    ///
    /// # Errors
    /// No optimizer has the given name, or the description is wrong.
    fn into_optimizer(self) -> Result<Optimizer>;
}

impl IntoOptimizer for &str {
    fn into_optimizer(self) -> Result<Optimizer> {
        by_name(self)
    }
}

impl IntoOptimizer for Optimizer {
    fn into_optimizer(self) -> Result<Optimizer> {
        Ok(self)
    }
}
